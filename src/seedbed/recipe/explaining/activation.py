"""An activation: what it does to a signal and to a gradient, what goes wrong with it, and what helps."""

from __future__ import annotations

from collections.abc import Callable

from seedbed.recipe.explaining.measured import basics
from seedbed.recipe.explaining.troubles.off_centre import off_centre
from seedbed.recipe.explaining.troubles.saturated import saturated
from seedbed.recipe.explaining.troubles.vanishing import vanishing
from seedbed.reporting.explained.explanation import Section

Trouble = Callable[[str], Section]

TROUBLES: dict[str, tuple[Trouble, ...]] = {
    "sigmoid": (vanishing, saturated, off_centre),
}


def sections(name: str) -> list[Section]:
    """Formula, picture, facts, and each trouble with its remedy."""
    return [*basics(name), *(trouble(name) for trouble in TROUBLES[name])]

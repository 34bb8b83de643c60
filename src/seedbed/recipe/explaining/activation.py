"""An activation: what it does to a signal and to a gradient, what goes wrong with it, and what helps."""

from __future__ import annotations

from collections.abc import Callable

from seedbed.recipe.explaining.measured import basics
from seedbed.recipe.explaining.troubles.alike import alike
from seedbed.recipe.explaining.troubles.collapse import collapse
from seedbed.recipe.explaining.troubles.dead import dead
from seedbed.recipe.explaining.troubles.dips import dips
from seedbed.recipe.explaining.troubles.faint import faint
from seedbed.recipe.explaining.troubles.kept import kept
from seedbed.recipe.explaining.troubles.no_gradient import no_gradient
from seedbed.recipe.explaining.troubles.off_centre import off_centre
from seedbed.recipe.explaining.troubles.saturated import saturated
from seedbed.recipe.explaining.troubles.softmaxes import overflow, single, twice
from seedbed.recipe.explaining.troubles.straight import straight
from seedbed.recipe.explaining.troubles.vanishing import vanishing
from seedbed.reporting.explained.explanation import Section

Trouble = Callable[[str], Section]

TROUBLES: dict[str, tuple[Trouble, ...]] = {
    "step": (no_gradient,),
    "linear": (collapse,),
    "sigmoid": (vanishing, saturated, off_centre),
    "tanh": (vanishing, saturated),
    "relu": (dead, off_centre),
    "leaky_relu": (faint, alike),
    "prelu": (straight, alike),
    "elu": (alike, saturated),
    "selu": (kept,),
    "gelu": (dips, alike),
    "silu": (dips, vanishing),
    "softplus": (alike, off_centre),
    "softmax": (overflow, single, twice),
}


def sections(name: str) -> list[Section]:
    """Formula, picture, facts, and each trouble with its remedy."""
    return [*basics(name), *(trouble(name) for trouble in TROUBLES[name])]

"""From a name to its explanation, and the list of all names."""

from __future__ import annotations

import importlib
from typing import overload

from seedbed.core.errors import UsageError, nearest
from seedbed.core.messages import catalogue
from seedbed.recipe.explaining.registry import ALIASES, EXPLANATIONS
from seedbed.reporting.explained.explanation import Explanation
from seedbed.reporting.explained.listing import Listing


@overload
def explain(name: str, language: str | None = None) -> Explanation: ...
@overload
def explain(name: None = None, language: str | None = None) -> Listing: ...
def explain(name: str | None = None, language: str | None = None) -> Explanation | Listing:
    """The explanation of that name, with everything in it measured now; without a name the list of all by theme.

    It prints, ends a notebook cell as a picture, and has `facts`, `tables`, `plots`, `to_dict()` and `save(path)`. The
    name may have hyphens, spaces or capitals. Without `language` it is the one of SEEDBED_LANG, or English.

    Raises:
        UsageError: there is no explanation of that name, or no catalogue in that language.

    >>> explain("sigmoid").facts["max_slope"]
    0.25
    """
    if language is not None:
        catalogue(language)
    if name is None:
        themes: dict[str, list[str]] = {}
        for one, entry in EXPLANATIONS.items():
            themes.setdefault(entry.theme, []).append(one)
        return Listing({theme: tuple(names) for theme, names in themes.items()}, language)
    key = named(name)
    entry = EXPLANATIONS[key]
    module = importlib.import_module(f"seedbed.recipe.explaining.{entry.module}")
    return Explanation(key, entry.theme, module.sections(key), entry.related, language)


def named(said: str) -> str:
    """The name that was meant.

    Raises:
        UsageError: there is none; the message says the nearest.
    """
    word = "_".join(said.lower().replace("-", " ").replace("_", " ").split())
    word = ALIASES.get(word, word)
    if word not in EXPLANATIONS:
        hint = nearest(word, (*EXPLANATIONS, *ALIASES)) or "`seedbed explain` lists them"
        raise UsageError(f"explain: expected the name of an explanation, got {said!r}", hint)
    return word

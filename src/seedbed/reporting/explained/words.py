"""Sentences of an explanation that are still without a language: a key of the catalogue and the numbers measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seedbed.core.messages import message
from seedbed.reporting.wording import number, percent

DIGITS = 3
EXACT = 1e-6


class Share(float):
    """A share of one, which readers see in percent."""


@dataclass(frozen=True)
class Said:
    """One sentence of the catalogue.

    Attributes:
        key: where it stands, below `explain.`.
        values: what stands in its places: numbers as measured, symbols, or other sentences.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str | None = None) -> str:
        """The sentence in that language.

        Raises:
            UsageError: the catalogue has no such key, or a place has no value.
        """
        return message(f"explain.{self.key}", language, **{k: shown(v, language) for k, v in self.values.items()})


@dataclass(frozen=True)
class Explained:
    """What a value of another room says of itself, by its `explain(language)`."""

    value: Any

    def text(self, language: str | None = None) -> str:
        """What it says in that language."""
        return str(self.value.explain(language))


Words = Said | str  # a string is a symbol or a name, the same in all languages


def say(key: str, **values: Any) -> Said:
    """The sentence under `explain.<key>` with its values."""
    return Said(key, values)


def shown(value: Any, language: str | None = None) -> str:
    """A value as a reader wants it: a sentence in the language, a number with three digits, a list with commas.

    >>> shown(0.123456), shown(-math.inf), shown(1234567), shown([1, 2.5]), shown(-2.0)
    ('0.123', '−∞', '1,234,567', '1, 2.5', '−2')
    """
    if isinstance(value, Said | Explained):
        return value.text(language)
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return message("explain.yes" if value else "explain.no", language)
    if isinstance(value, list | tuple | np.ndarray):
        return ", ".join(shown(one, language) for one in value)
    if isinstance(value, Share):
        return percent(value)
    value = float(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    text = number(value + 0.0, DIGITS)
    if "." in text and "e" not in text:  # 0.25 where it is that and not only near
        short = text.rstrip("0").rstrip(".")
        text = short if math.isclose(float(short.replace(",", "")), value, rel_tol=EXACT) else text
    return "−" + text[1:] if text.startswith("-") else text


def vector(values: Iterable[Any]) -> str:
    """A vector as a reader wants it.

    >>> vector([1.0, -0.5])
    '(1, −0.5)'
    """
    return "(" + ", ".join(f"{value:g}".replace("-", "−") for value in values) + ")"


def plain(value: Any, language: str | None = None) -> Any:
    """A value for JSON, which knows no infinity: numbers as they are, and "inf", "-inf" and "nan" as texts."""
    if isinstance(value, Said | Explained):
        return value.text(language)
    if isinstance(value, Mapping):
        return {str(key): plain(one, language) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one, language) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value

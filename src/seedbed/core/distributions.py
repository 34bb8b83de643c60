"""Distributions: what stands in a setup where a value would stand, so that each member draws its own.

They are plain frozen values that JAX does not know: they are found by walking the fields of a setup, and are gone from
it before anything is compiled.
"""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from seedbed.core.errors import UsageError


@dataclass(frozen=True)
class Distribution:
    """A distribution over the values that may stand at one place of a setup.

    Attributes:
        name: places that carry the same name share one draw; without a name each place draws for itself.
    """

    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Distribution]]] = {}
    __no_type_check__: ClassVar[bool] = True  # each distribution checks its own ends
    name: str | None = dataclasses.field(default=None, kw_only=True)

    def __init_subclass__(cls) -> None:
        Distribution.kinds[cls.kind] = cls

    def __post_init__(self) -> None:
        # A name is written without quotes in texts, so it is a word.
        if self.name is not None and not (isinstance(self.name, str) and re.fullmatch(r"[A-Za-z_][\w-]*", self.name)):
            raise UsageError(f"{self.kind}: expected a word as its name, got {self.name!r}", "such as name='width'")

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The positional arguments that build this distribution again."""
        return tuple(getattr(self, f.name) for f in fields(self) if f.name not in ("name", "log"))

    @property
    def options(self) -> tuple[Any, ...]:
        """What has to be allowed at a place for this distribution to stand there: its ends, or all its options."""
        return self.arguments

    def sample(self, rng: np.random.Generator) -> Any:
        """One draw."""
        raise NotImplementedError

    def __repr__(self) -> str:
        words = [repr(a) for a in self.arguments]
        words += [f"{n}={v!r}" for n in ("log", "name") if (v := getattr(self, n, None))]
        return f"{self.kind}({', '.join(words)})"


@dataclass(frozen=True, repr=False)
class Uniform(Distribution):
    """Every number from `low` up to `high` is equally likely."""

    kind = "uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_ends(self, positive=False)
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))

    def sample(self, rng: np.random.Generator) -> float:
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True, repr=False)
class LogUniform(Distribution):
    """The logarithm is uniform, so that each decade from `low` to `high` is equally likely."""

    kind = "log_uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_ends(self, positive=True)
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))

    def sample(self, rng: np.random.Generator) -> float:
        drawn = math.exp(float(rng.uniform(math.log(self.low), math.log(self.high))))
        return min(max(drawn, self.low), self.high)  # the exponential of a logarithm may be off by a bit


@dataclass(frozen=True, repr=False)
class Integers(Distribution):
    """Every whole number from `low` to `high`, both included, is equally likely; with `log`, every octave is."""

    kind = "integers"
    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for end in (self.low, self.high):
            if isinstance(end, bool) or not isinstance(end, int | np.integer):
                raise UsageError(f"integers: expected whole numbers, got {end!r}", "use uniform for other numbers")
        if not isinstance(self.log, bool):
            raise UsageError(f"integers: expected log to be true or false, got {self.log!r}")
        _check_ends(self, positive=self.log)
        object.__setattr__(self, "low", int(self.low))
        object.__setattr__(self, "high", int(self.high))

    def sample(self, rng: np.random.Generator) -> int:
        if not self.log:
            return int(rng.integers(self.low, self.high + 1))
        drawn = math.exp(float(rng.uniform(math.log(self.low), math.log(self.high + 1))))
        return min(max(int(drawn), self.low), self.high)  # the exponential of a logarithm may be off by a bit


@dataclass(frozen=True, repr=False)
class Choice(Distribution):
    """Every one of `values` is equally likely. A value may be a layer, an optimizer, or hold distributions itself."""

    kind = "choice"
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.values:
            raise UsageError("choice: expected at least one value, got none")

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.values

    def sample(self, rng: np.random.Generator) -> Any:
        return self.values[int(rng.integers(len(self.values)))]


# The four functions give back Any, as `dataclasses.field` does: a distribution stands where a float, a word or a layer
# is declared, and a type checker should let it.


def uniform(low: float, high: float, *, name: str | None = None) -> Any:
    """A number from `low` to `high`, each equally likely."""
    return Uniform(low, high, name=name)


def log_uniform(low: float, high: float, *, name: str | None = None) -> Any:
    """A number from `low` to `high` whose logarithm is uniform: the one to use for rates and scales."""
    return LogUniform(low, high, name=name)


def integers(low: int, high: int, *, log: bool = False, name: str | None = None) -> Any:
    """A whole number from `low` to `high`, both included; with `log`, small ones as likely as in `log_uniform`."""
    return Integers(low, high, log, name=name)


def choice(*values: Any, name: str | None = None) -> Any:
    """One of `values`, each equally likely: numbers, words, layers, optimizers, whole networks."""
    return Choice(values, name=name)


def make(kind: str, arguments: list[Any], name: Any = None, log: Any = False) -> Distribution:
    """The distribution that a text names: its kind, its positional arguments, and what it says by name.

    Raises:
        UsageError: the kind has other arguments, or they are out of order.
    """
    if log and kind != "integers":
        raise UsageError(f"{kind}: expected no log, got log={log!r}", "use log_uniform, or integers with log")
    if kind == "choice":
        return Choice(tuple(arguments), name=name)
    if len(arguments) != 2:
        raise UsageError(f"{kind}: expected two ends, low and high, got {len(arguments)} arguments")
    return Distribution.kinds[kind](*arguments, name=name, **({"log": log} if kind == "integers" else {}))


def _check_ends(d: Uniform | LogUniform | Integers, *, positive: bool) -> None:
    for end in (d.low, d.high):
        if isinstance(end, bool) or not isinstance(end, int | float | np.integer | np.floating):
            raise UsageError(f"{d.kind}: expected numbers as its ends, got {end!r}")
        if not math.isfinite(end):
            raise UsageError(f"{d.kind}: expected finite ends, got {end!r}")
    if positive and d.low <= 0:
        raise UsageError(f"{d.kind}: expected a low end above 0, got {d.low!r}", "a logarithm needs positive numbers")
    if d.low >= d.high:
        raise UsageError(f"{d.kind}: expected low < high, got {d.low!r} and {d.high!r}")

"""What may stand in the fields of a value: numbers, whole numbers, words, flags, and other values.

A field is declared once, with its constraints and its default; validation, messages, text forms and the split into
leaves (`is_leafy`) and static structure all follow from that declaration.
"""

from __future__ import annotations

import dataclasses
import math
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import jax
import numpy as np

from seedbed.core.distributions import Choice, Distribution
from seedbed.core.errors import Fault, SetupError, nearest, one_of

if TYPE_CHECKING:
    from seedbed.core.value import Value


@dataclass(frozen=True)
class Spec:
    """What may stand in one field.

    Attributes:
        optional: None may stand there and means that the thing is absent.
        doc: one line for help texts.
    """

    optional: bool = False
    doc: str = ""
    is_leafy = False

    @property
    def expected(self) -> str:
        """The constraint in words."""
        raise NotImplementedError

    @property
    def allowed(self) -> str:
        """The constraint in words, with None where the thing may be absent."""
        return self.expected + (", or None" if self.optional else "")

    def coerce(self, content: Any) -> Any:
        """`content` in the form in which the field keeps it, or a `Refusal`."""
        raise NotImplementedError

    def admit(self, content: Any) -> Any:
        """`content` as the field keeps it, also where it is None or a distribution.

        Raises:
            SetupError: it may not stand there; paths in its faults begin below this field.
        """
        if content is None and self.optional:
            return None
        if isinstance(content, Distribution):
            return self._admit_distribution(content)
        return self.coerce(content)

    def refuse(self, content: Any, hint: str = "") -> SetupError:
        """The error for content that may not stand there."""
        return SetupError([Fault((), self.allowed, describe(content), hint)])

    def _admit_distribution(self, content: Distribution) -> Distribution:
        try:
            admitted = tuple(self.admit(option) for option in content.options)
        except SetupError as error:
            faults = [dataclasses.replace(f, came=f"{f.came} in {content!r}") for f in error.faults]
            raise SetupError(faults) from None
        return dataclasses.replace(content, values=admitted) if isinstance(content, Choice) else content


@dataclass(frozen=True)
class Number(Spec):
    """A number: a leaf, so that each member of a population may have its own.

    Kept as a Python float: an int, a float, a NumPy and a JAX scalar at one leaf would be four compiled programs.
    Arrays and tracers pass unchecked, because JAX puts them there when it maps and differentiates.
    """

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    may_be_infinite: bool = False
    is_leafy = True

    @property
    def expected(self) -> str:
        low, high = f"{self.low:g}", f"{self.high:g}"
        if math.isinf(self.low) and math.isinf(self.high):
            return "a finite number"
        if math.isinf(self.high):
            return f"a number above {low}" if self.low_open else f"a number of at least {low}"
        return f"a number in {'(' if self.low_open else '['}{low}, {high}{')' if self.high_open else ']'}"

    def coerce(self, content: Any) -> Any:
        if isinstance(content, jax.core.Tracer) or (isinstance(content, np.ndarray | jax.Array) and content.ndim > 0):
            return content
        number = _float(content)
        low_ok = number > self.low if self.low_open else number >= self.low
        high_ok = number < self.high if self.high_open else number <= self.high
        is_sound = math.isfinite(number) or (self.may_be_infinite and math.isinf(number))
        if not (is_sound and low_ok and high_ok):
            raise self.refuse(content)
        return number


@dataclass(frozen=True)
class Numbers(Spec):
    """Several finite numbers, each a leaf. Kept as a tuple."""

    is_leafy = True

    @property
    def expected(self) -> str:
        return "a list of finite numbers"

    def coerce(self, content: Any) -> Any:
        if not isinstance(content, list | tuple):
            raise self.refuse(content)
        return tuple(Number().coerce(item) for item in content)


@dataclass(frozen=True)
class Whole(Spec):
    """A whole number, static; or one of a few words that stand for a number known later."""

    low: int = 0
    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return f"a whole number of at least {self.low}" + "".join(f", or {word!r}" for word in self.words)

    def coerce(self, content: Any) -> Any:
        if isinstance(content, str) and content in self.words:
            return self.words[self.words.index(content)]  # not a subclass of str that only equals it
        if isinstance(content, bool | np.bool_):
            raise self.refuse(content)
        try:
            number = operator.index(content)
        except TypeError:  # also for 1.0: whole by chance is not whole by type
            raise self.refuse(content) from None
        if number < self.low:
            raise self.refuse(content)
        return number


@dataclass(frozen=True)
class Word(Spec):
    """One of a closed list of words, static."""

    options: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return one_of(self.options)

    def coerce(self, content: Any) -> str:
        if not isinstance(content, str) or content not in self.options:
            raise self.refuse(content, nearest(str(content), self.options))
        return self.options[self.options.index(content)]


@dataclass(frozen=True)
class Flag(Spec):
    """True or False, static."""

    @property
    def expected(self) -> str:
        return "true or false"

    def coerce(self, content: Any) -> bool:
        if not isinstance(content, bool | np.bool_):
            raise self.refuse(content)
        return bool(content)


@dataclass(frozen=True)
class Pair(Spec):
    """One or two whole numbers, static: a size along one axis or two, and one number for both where they are equal.

    Kept as a number, or as a pair where the two differ. Where `is_square` a pair is kept in any case.
    """

    low: int = 1
    words: tuple[str, ...] = ()
    is_square: bool = False

    @property
    def expected(self) -> str:
        one = f"a whole number of at least {self.low}, or a pair of them such as {max(self.low, 3)}x{max(self.low, 3)}"
        return one + "".join(f", or {word!r}" for word in self.words)

    def coerce(self, content: Any) -> Any:
        if isinstance(content, str):
            if content in self.words:
                return self.words[self.words.index(content)]
            if not re.fullmatch(r"\d+(x\d+)?", content):
                raise self.refuse(content, nearest(content, self.words))
            content = [int(number) for number in content.split("x")]
        given = content if isinstance(content, list | tuple) else (content,)
        try:
            kept = tuple(Whole(low=self.low).coerce(number) for number in given)
        except SetupError:
            raise self.refuse(content) from None
        if len(kept) not in (1, 2):
            raise self.refuse(content)
        first, last = kept[0], kept[-1]
        return (first, last) if self.is_square or first != last else first


@dataclass(frozen=True)
class Weights(Spec):
    """A word, or one number of at least 0 for each of several things; static."""

    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return "".join(f"{word!r}, or " for word in self.words) + "numbers of at least 0"

    def coerce(self, content: Any) -> Any:
        if isinstance(content, str):
            if content in self.words:
                return self.words[self.words.index(content)]
            raise self.refuse(content, nearest(content, self.words))
        is_vector = isinstance(content, np.ndarray | jax.Array) and content.ndim == 1
        if not (is_vector or isinstance(content, list | tuple)) or not len(content):
            raise self.refuse(content)
        each = Number(low=0.0)
        try:
            kept = tuple(each.coerce(number) for number in content)
        except SetupError:
            raise self.refuse(content) from None
        if not all(isinstance(number, float) for number in kept):  # an array or a tracer: no part of a structure
            raise self.refuse(content)
        return kept


@dataclass(frozen=True)
class Part(Spec):
    """Another value, of one family: an initialiser, an optimizer, a network."""

    family: type[Value] = cast("type[Value]", None)  # always given; it has a default only because `optional` has one
    is_leafy = True

    @property
    def expected(self) -> str:
        return f"{_article(self.family.__name__)} such as {self.family.example()}"

    def coerce(self, content: Any) -> Any:
        if not isinstance(content, self.family):
            hint = "write it with parentheses, so that it is a value" if isinstance(content, type) else ""
            raise self.refuse(content, hint)
        return content


@dataclass(frozen=True)
class Parts(Part):
    """Several values of one family, in order: the layers of a network. Kept as a tuple."""

    @property
    def expected(self) -> str:
        return f"a list of {self.family.__name__} values such as [{self.family.example()}]"

    def coerce(self, content: Any) -> Any:
        if not isinstance(content, list | tuple):
            raise self.refuse(content)
        each, faults, kept = Part(family=self.family, optional=True), [], []
        for place, item in enumerate(content):
            try:
                kept.append(each.admit(item))
            except SetupError as error:
                faults += [fault.under(place) for fault in error.faults]
        if faults:
            raise SetupError(faults)
        # An absent part (None out of a choice) leaves no hole: the network simply has one layer fewer.
        return tuple(item for item in kept if item is not None)


def number(
    default: Any = ...,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    low_open: bool = False,
    high_open: bool = False,
    may_be_infinite: bool = False,
    optional: bool = False,
    doc: str = "",
) -> Any:
    """A field that holds a number, a leaf of the tree."""
    return _field(Number(optional, doc, low, high, low_open, high_open, may_be_infinite), default)


def numbers(*, doc: str = "") -> Any:
    """A field that holds several numbers, leaves of the tree."""
    return _field(Numbers(False, doc), ...)


def whole(
    default: Any = ..., *, low: int = 0, words: tuple[str, ...] = (), optional: bool = False, doc: str = ""
) -> Any:
    """A field that holds a whole number, part of the structure."""
    return _field(Whole(optional, doc, low, words), default)


def pair(
    default: Any = ...,
    *,
    low: int = 1,
    words: tuple[str, ...] = (),
    is_square: bool = False,
    optional: bool = False,
    doc: str = "",
) -> Any:
    """A field that holds a size along one axis or two, part of the structure."""
    return _field(Pair(optional, doc, low, words, is_square), default)


def word(default: Any = ..., *, options: tuple[str, ...], optional: bool = False, doc: str = "") -> Any:
    """A field that holds one word of a closed list, part of the structure."""
    return _field(Word(optional, doc, options), default)


def flag(default: Any = ..., *, doc: str = "") -> Any:
    """A field that holds True or False, part of the structure."""
    return _field(Flag(False, doc), default)


def weights(default: Any = ..., *, words: tuple[str, ...] = (), optional: bool = False, doc: str = "") -> Any:
    """A field that holds a word or a list of weights, part of the structure."""
    return _field(Weights(optional, doc, words), default)


def part(family: type[Value], default: Any = ..., *, optional: bool = False, doc: str = "") -> Any:
    """A field that holds another value."""
    return _field(Part(optional, doc, family), default)


def parts(family: type[Value], default: Any = ..., *, doc: str = "") -> Any:
    """A field that holds several values in order."""
    return _field(Parts(False, doc, family), default)


def describe(content: Any) -> str:
    """What came, as the user would write it, short: `-0.1`, `'adm'`, `an array of shape (3, 4) and type float32`."""
    if hasattr(content, "shape") and hasattr(content, "dtype") and getattr(content, "ndim", 0) > 0:
        return f"an array of shape {tuple(content.shape)} and type {content.dtype}"
    if isinstance(content, type):
        return f"the class {content.__name__}"
    text = repr(content)
    return text if len(text) <= 80 else text[:77] + "..."


def _field(spec: Spec, default: Any) -> Any:
    if default is ...:
        return dataclasses.field(metadata={"spec": spec})
    return dataclasses.field(default=default, metadata={"spec": spec})


def _float(content: Any) -> float:
    """The number that a scalar of any library holds; NaN where it holds none, and flags, words and dates hold none."""
    if not hasattr(content, "__float__") or np.asarray(content).dtype.kind in "bcmMSU":
        return math.nan
    try:
        return float(content)
    except (TypeError, ValueError, OverflowError):  # the last for a whole number beyond the largest float
        return math.nan


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "AEIOU" else f"a {noun}"

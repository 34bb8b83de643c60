"""The errors a user may meet, drawn as a tree.

SeedbedError
├── SetupError     (ValueError)    a setup, or a text that should give one, is not sound
├── ShapeError     (ValueError)    sizes do not fit together
├── DataError      (ValueError)    data cannot be read or used as it is
├── UsageError     (ValueError)    an argument of a function or command is not sound
├── RunError       (RuntimeError)  a run's folder is missing, damaged or in the way
├── TrainingError  (RuntimeError)  training gave nothing to keep, or what it gave cannot be written
└── BackendError   (RuntimeError)  the installed JAX back end computes wrong numbers

Every message says what was expected, what came and where; `hint` says what to do next. The command line prints both,
and exits with 2 for the misuses (ValueError) and for a folder that is in the way, with 1 for a failure.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


class SeedbedError(Exception):
    """What all errors of Seedbed have in common: a message, a hint, and the exit code that the command line gives.

    Arguments:
        message: what was expected, what came, and where.
        hint: what to do next; empty where the message already says it.

    Attributes:
        path: the place that the message begins with, outermost name first; empty where none was told.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path: tuple[str | int, ...] = ()

    def at(self, path: Iterable[str | int]) -> None:
        """Lets the message begin with that place, in the stead of any that it began with."""
        bare = self.message.removeprefix(f"{place_of(self.path)}: ") if self.path else self.message
        self.path = tuple(path)
        self.message = f"{place_of(self.path)}: {bare}"

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class ShapeError(SeedbedError, ValueError):
    """Sizes do not fit together."""


class DataError(SeedbedError, ValueError):
    """Data cannot be read, or cannot be used as it is."""


class UsageError(SeedbedError, ValueError):
    """An argument of a function or a command is not sound."""


class RunError(SeedbedError, RuntimeError):
    """A run's folder is missing, damaged or in the way."""


class TrainingError(SeedbedError, RuntimeError):
    """Training gave nothing to keep, or what it gave cannot be written."""

    exit_code = 1


class BackendError(SeedbedError, RuntimeError):
    """The installed back end computes wrong numbers."""

    exit_code = 1


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong at one place of a tree of values.

    Attributes:
        path: the place, outermost name first, as in ("optimizer", "lr") or ("network", "layers", 2, "rate").
        expected: what may stand there.
        came: what stands there, as the user would write it.
        hint: what to do next, or empty.
        line: the line of the file that says so, where there is one.
    """

    path: tuple[str | int, ...]
    expected: str
    came: str
    hint: str = ""
    line: int | None = None

    def under(self, *parents: str | int) -> Fault:
        """The same fault, seen from further out."""
        return replace(self, path=(*parents, *self.path))

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line else ""
        place = place_of(self.path)
        return f"{where}{place + ': ' if place else ''}expected {self.expected}, got {self.came}"


class SetupError(SeedbedError, ValueError):
    """A setup, or a text that should give one, is not sound. It names all faults at once.

    Attributes:
        faults: one `Fault` for each place that is wrong.
    """

    def __init__(self, faults: Iterable[Fault], source: str = "") -> None:
        self.faults = tuple(faults)
        self.source = source
        lines = [str(fault) for fault in self.faults]
        head = f"{source}: " if source else ""
        message = head + (lines[0] if len(lines) == 1 else f"{len(lines)} faults\n  " + "\n  ".join(lines))
        hints = dict.fromkeys(fault.hint for fault in self.faults if fault.hint)
        super().__init__(message, "; ".join(hints))


@contextlib.contextmanager
def within(*place: str | int) -> Iterator[None]:
    """Inside, an error of sizes or of use is seen from further out: its message begins with this place.

    >>> with within("network", "layers", 1), within("layers", 0):
    ...     raise ShapeError("conv: expected an image")
    Traceback (most recent call last):
    seedbed.core.errors.ShapeError: network.layers[1].layers[0]: conv: expected an image
    """
    try:
        yield
    except (ShapeError, UsageError) as error:
        error.at((*place, *error.path))
        raise


def place_of(path: Iterable[str | int]) -> str:
    """A path as a user would write it: `network.layers[2].rate`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def nearest(word: str, options: Iterable[str]) -> str:
    """A hint that names the option nearest to `word`, or the empty string when none is near."""
    original = {option.lower(): option for option in options}
    close = difflib.get_close_matches(word.lower(), original, n=1, cutoff=0.6)
    return f"did you mean {original[close[0]]!r}?" if close else ""


def one_of(options: Iterable[str]) -> str:
    """A closed choice in words: `one of a, b, c`."""
    return "one of " + ", ".join(options)

"""A training that a diagnosis asks for: told of before it begins, shown while it lasts, and no longer than needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from seedbed.recipe.progress import Tell, showing
from seedbed.training.trained import Trained
from seedbed.training.trainer import Training


@dataclass(frozen=True)
class Shown:
    """How such trainings are shown.

    Attributes:
        progress: whether to show how far one is; None shows it in a notebook only.
        on_progress: is called between device calls.
        on_note: is told in a sentence what is trained, before it is.
    """

    progress: bool | None = None
    on_progress: Tell | None = None
    on_note: Callable[[str], None] | None = None


def to_the_end(training: Training) -> list[Trained]:
    """What a training gives that nothing ends early.

    Raises:
        KeyboardInterrupt: the user ended it.
    """
    training.run()
    if training.is_interrupted:
        raise KeyboardInterrupt
    return training.results


def watched(training: Training, shown: Shown, how: str, *, until: int | None = None) -> list[Trained]:
    """The same of a training that watches its members, which is told of and shown.

    Arguments:
        how: its members train, for the sentence that is told, as in "once more, as the run did".
        until: the epoch behind which it goes no further, or None.

    Raises:
        KeyboardInterrupt: the user ended it.
    """
    n, epochs = len(training.numbers), max(setup.epochs for setup in training.setups)
    training.until = until if until is not None and until < epochs else None
    if shown.on_note is not None:
        who, them = ("1 member", "it") if n == 1 else (f"{n} members", "them")
        part = "" if training.until is None else f" to epoch {until:,} of {epochs:,},"
        shown.on_note(f"trains {who} {how},{part} and watches {them}")
    with showing(shown.progress, shown.on_progress) as tell:
        training.on_progress = tell
        return to_the_end(training)

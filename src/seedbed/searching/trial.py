"""A trial: one point of the space, and what came of it so far."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from seedbed.searching.space import Point

WAITING, RUNNING, COMPLETE, PRUNED, DIVERGED = "waiting", "running", "complete", "pruned", "diverged"


@dataclass(frozen=True)
class Trial:
    """One point of the space, and what came of it so far.

    Attributes:
        number: from 0; also the number of the member that trains it, so that its random streams are its own.
        round: of the search that proposed it.
        point: a value for each dimension that it has.
        state: waiting, running, complete, pruned (given up behind a rung) or diverged.
        rung: how many rungs of its round it has behind it.
        score: the validation score at the epoch with the smallest validation loss, or None before the first rung.
        loss: the validation loss there.
        epochs: how many it has trained.
        best_epoch: the epoch of score and loss, from 0.
        seconds: its share of the wall clock.
        finished: seconds from the beginning of the study to its last rung, or None.
    """

    number: int
    round: int
    point: Point
    state: str = WAITING
    rung: int = 0
    score: float | None = None
    loss: float | None = None
    epochs: int = 0
    best_epoch: int = -1
    seconds: float = 0.0
    finished: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done to it."""
        return self.state in (COMPLETE, PRUNED, DIVERGED)

    @property
    def order(self) -> tuple[float, float, int]:
        """The better trial has the smaller one: by score, then loss, then number; without a score last."""
        if self.score is None or self.state == DIVERGED or not math.isfinite(self.score):
            return math.inf, math.inf, self.number
        return -self.score, math.inf if self.loss is None else self.loss, self.number


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """The trials, the best first."""
    return sorted(trials, key=lambda trial: trial.order)


def best_of(trials: Iterable[Trial]) -> Trial | None:
    """The best trial among those that were trained to the end of their round; None where there is none.

    Those that were given up behind a rung had fewer epochs: their score is the best of them only if nothing is whole.
    """
    scored = [trial for trial in trials if math.isfinite(trial.order[0])]
    whole = [trial for trial in scored if trial.state == COMPLETE]
    return min(whole or scored, key=lambda trial: trial.order, default=None)

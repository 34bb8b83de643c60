"""Rungs: the epochs at which the trials of a round are compared, and how many of them go on.

Successive halving: of n trials the best n/η go on behind each rung, with η times the epochs behind them at the next.
A population is in lock step, so the plain synchronous form has no stragglers.  (Jamieson and Talwalkar 2016)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from seedbed.searching.trial import Trial, ranked

ETA = 3
MOST_RUNGS = 4
FEWEST = 4  # trials that are worth a comparison


def rungs_of(epochs: int, n: int, eta: int = ETA, most: int = MOST_RUNGS) -> tuple[int, ...]:
    """The epochs of the rungs for `n` trials, the last one being all of them.

    >>> rungs_of(20, 512)
    (1, 3, 7, 20)
    >>> rungs_of(20, 5)
    (20,)
    """
    rungs = [epochs]
    while len(rungs) < most and rungs[0] > 1 and n // eta ** len(rungs) >= FEWEST:
        rungs.insert(0, math.ceil(rungs[0] / eta))
    return tuple(dict.fromkeys(rungs))


def n_survivors(n: int, eta: int = ETA) -> int:
    """How many of `n` trials go on."""
    return max(1, math.ceil(n / eta))


def survivors(trials: Sequence[Trial], eta: int = ETA) -> list[Trial]:
    """The trials that go on behind a rung, in the order of their numbers."""
    sound = [trial for trial in ranked(trials) if math.isfinite(trial.order[0])]
    return sorted(sound[: n_survivors(len(trials), eta)], key=lambda trial: trial.number)


def mean_epochs(rungs: Sequence[int], n: int) -> float:
    """The epochs that a trial of a round trains, in the mean."""
    epochs, before, going = 0.0, 0, n
    for rung in rungs:
        epochs += going / n * (rung - before)
        before, going = rung, n_survivors(going)
    return epochs


def last_share(rungs: Sequence[int], n: int) -> float:
    """The share of the trials of a round that train to the end.

    >>> round(512 * last_share((1, 3, 7, 20), 512))
    19
    """
    going = n
    for _ in rungs[1:]:
        going = n_survivors(going)
    return going / n


def brackets(epochs: int, eta: int = ETA) -> list[tuple[tuple[int, ...], float]]:
    """Hyperband's brackets, the widest first: the rungs of each, and its share of the trials.

    A bracket with s + 1 rungs begins with (s_max + 1) / (s + 1) · ηˢ trials.     (Li et al. 2018, algorithm 1)
    """
    widest = min(MOST_RUNGS, int(math.log(epochs, eta) + 1e-9) + 1)
    sizes = [widest / n * eta ** (n - 1) for n in range(widest, 0, -1)]
    lengths = [rungs_of(epochs, 10**9, eta, n) for n in range(widest, 0, -1)]
    return [(rungs, size / sum(sizes)) for rungs, size in zip(lengths, sizes, strict=True)]

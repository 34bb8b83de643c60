"""The proof that a remedy cures: its scores against those of an untouched control, over several seeds each.

An arm is *proved* when it beats the control by both measures:

    p < 0.05    one-sided permutation test of the difference of means (Fisher 1935; Pitman 1937), Holm-corrected over
                all arms (Holm 1979): p̃₍ᵢ₎ = max over j ≤ i of (m - j + 1) · p₍ⱼ₎
    d ≥ 0.5     Cohen's d = (mean of arm - mean of control) / s,  s² = ((n - 1) s₁² + (m - 1) s₂²) / (n + m - 2)

s is never taken to be smaller than `LEAST_DEVIATION`, so that seeds that all agree do not make a difference large that
nobody would notice. With 8 seeds each the smallest p is 1 / C(16, 8) = 1 / 12,870.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import UsageError

SIGNIFICANT, MEDIUM = 0.05, 0.5  # the largest p, and the smallest d, of what counts as proved
LEAST_DEVIATION = 0.01  # of scores
MOST_EXACT = 40  # values in both samples together, up to which every permutation is counted
DRAWS = 100_000  # permutations, where there are too many to count

Scores = Sequence[float] | NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """What is known of one arm.

    Attributes:
        mean, std, worst: of its scores; the deviation with n - 1.
        d: Cohen's d against the control.
        p, p_holm: of the permutation test against the control, alone and corrected for the number of arms.
        is_proved: whether it beats the control by both measures.
        ties_best: whether it is proved, and not worse than the best of the proved arms by either measure.
    """

    mean: float
    std: float
    worst: float
    d: float
    p: float
    p_holm: float
    is_proved: bool
    ties_best: bool


def verdicts(control: Scores, arms: Mapping[str, Scores], *, hopeless: Sequence[str] = ()) -> dict[str, Verdict]:
    """The verdict on every arm.

    Arguments:
        control: the scores of the untouched setup, one for each seed.
        arms: the scores of each arm.
        hopeless: arms that were given up before their end. They cannot be proved: their p is 1, and they count as
            tests, so that giving up makes no other arm look better.
    """
    ps = {name: 1.0 if name in hopeless else permutation_p(scores, control) for name, scores in arms.items()}
    corrected = dict(zip(ps, holm(list(ps.values())), strict=True))
    ds = {name: cohens_d(scores, control) for name, scores in arms.items()}
    proved = {name for name in arms if corrected[name] < SIGNIFICANT and ds[name] >= MEDIUM}
    tied = _tied({name: arms[name] for name in arms if name in proved})
    return {
        name: Verdict(
            *_summary(scores), ds[name], ps[name], corrected[name], is_proved=name in proved, ties_best=name in tied
        )
        for name, scores in arms.items()
    }


def _summary(scores: Scores) -> tuple[float, float, float]:
    values = np.asarray(scores, np.float64)
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0, float(values.min())


def _tied(proved: Mapping[str, Scores]) -> set[str]:
    """The proved arms that are not worse than the best of them: neither p < 0.05 nor d ≥ 0.5 says so."""
    if not proved:
        return set()
    best = max(proved.values(), key=lambda scores: float(np.mean(scores)))
    ties = {name for name, scores in proved.items() if cohens_d(best, scores) < MEDIUM}
    return {name for name in ties if permutation_p(best, proved[name]) >= SIGNIFICANT}


def least_seeds(n_arms: int) -> int:
    """How many seeds each arm needs at least, so that the largest difference can be proved beside that many arms.

    >>> [least_seeds(n) for n in (1, 3, 4, 12, 13)]
    [4, 4, 5, 5, 6]
    """
    seeds = 1
    while n_arms / math.comb(2 * seeds, seeds) >= SIGNIFICANT:
        seeds += 1
    return seeds


def cohens_d(a: Scores, b: Scores, *, least: float = LEAST_DEVIATION) -> float:
    """How far the mean of `a` is above that of `b`, in pooled standard deviations, or in `least` where that is more."""
    x, y = _checked(a), _checked(b)
    squares = float(np.square(x - x.mean()).sum() + np.square(y - y.mean()).sum())
    pooled = math.sqrt(squares / (len(x) + len(y) - 2)) if len(x) + len(y) > 2 else 0.0
    return float(x.mean() - y.mean()) / max(pooled, least)


def permutation_p(a: Scores, b: Scores, *, seed: int = 0, draws: int = DRAWS) -> float:
    """The share of all ways to deal the values into samples of these sizes in which `a` would be as far above `b`.

    Up to 40 values together it is exact: sums of subsets of either half of the values, which together make every
    subset. Beyond that, of random deals, (b + 1) / (n + 1).       (Phipson and Smyth 2010, so that no p is 0)

    Arguments:
        draws, seed: of the random deals.

    >>> round(1 / permutation_p([0.9, 0.8, 0.7], [0.3, 0.2, 0.1]))  # one of C(6, 3) = 20 ways
    20
    """
    x, y = _checked(a), _checked(b)
    pooled = np.concatenate([x, y])
    middle = pooled.mean()
    pooled, reached = pooled - middle, float((x - middle).sum())
    # Rounding must not decide between sums that are equal.
    reached -= 1e-9 * max(1e-12, float(np.abs(pooled).max()))
    if len(pooled) <= MOST_EXACT:
        return _n_above(pooled, len(x), reached) / math.comb(len(pooled), len(x))
    rng = np.random.default_rng(seed)
    n_above = sum(float(rng.permutation(pooled)[: len(x)].sum()) >= reached for _ in range(draws))
    return (n_above + 1) / (draws + 1)


def _n_above(values: NDArray[np.float64], size: int, reached: float) -> int:
    """How many subsets of that size have a sum of at least `reached`."""
    left, right = _sums(values[: len(values) // 2]), _sums(values[len(values) // 2 :])
    found = 0
    for n, sums in enumerate(left):
        if 0 <= size - n < len(right):
            others = np.sort(right[size - n])
            found += int((len(others) - np.searchsorted(others, reached - sums, "left")).sum())
    return found


def _sums(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The sums of all subsets, by the size of the subset."""
    sums: list[NDArray[np.float64]] = [np.zeros(1)]
    for value in values:
        sums = [
            np.concatenate([*([sums[n]] if n < len(sums) else []), *([sums[n - 1] + value] if n else [])])
            for n in range(len(sums) + 1)
        ]
    return sums


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, so that the chance of any false proof stays below the level.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order, largest, corrected = sorted(range(len(ps)), key=lambda i: ps[i]), 0.0, [0.0] * len(ps)
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[i]))
        corrected[i] = largest
    return corrected


def _checked(scores: Scores) -> NDArray[np.float64]:
    """The scores as an array.

    Raises:
        UsageError: there are none, or one is not a finite number.
    """
    values = np.asarray(scores, np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        hint = "a network that diverged has a score too: the lowest"
        raise UsageError(f"scores: expected one finite number for each seed, got {values.tolist()}", hint)
    return values

"""Which learning rate a range test speaks for: from the loss that each rate leaves, all from the same start.

    middle     the middle, on a logarithmic axis, of the rates that bring at least nine tenths of the largest fall
    best       the rate that leaves the smallest loss
    tenth      a tenth of it: "minimum divided by ten", as fastai counts it
    steepest   where the loss falls most per decade, averaged over five rates: Smith 2017 as fastai reads it

The last two are made for a ramp (Smith 2017, Cyclical learning rates for training neural networks, section 3.3), along
which the loss at a rate is the work of all smaller ones before it. Here every rate has the same start and equal time:
the curve falls at rates that merely get somewhere in it, and is flat where rates are good. What a ramp's steepest place
says is too small then; and the middle of the flat part is far from both its ends, whatever the luck of one rate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Losses = NDArray[np.float64]
GOOD = 0.9  # of the largest fall
LEAST = 0.01  # of the loss before: who takes away less has found nothing
SMOOTH = 5  # rates that the slope is averaged over
MOST = 2.0  # times the loss before: beyond that it does not matter how bad a rate is


def rules(rates: NDArray[np.float64], before: float, after: Losses) -> dict[str, float]:
    """The rate that each rule speaks for, by its name; empty where no rate takes the loss down.

    Arguments:
        rates: growing by the same factor, (n,).
        before: the loss without any step.
        after: the loss that each rate leaves; NaN where it diverged.
    """
    left = np.where(np.isfinite(after), after, np.inf)
    best = int(np.argmin(left))
    fall = before - left[best]
    if not fall > LEAST * abs(before):
        return {}
    good = rates[left <= before - GOOD * fall]
    return {
        "middle": float(np.exp(np.median(np.log(good)))),
        "best": float(rates[best]),
        "tenth": float(rates[best]) / 10,
        "steepest": float(rates[_steepest(np.minimum(left, MOST * abs(before)), best)]),
    }


def _steepest(left: Losses, best: int) -> int:
    """The place of the steepest fall up to the best rate."""
    padded = np.concatenate([np.repeat(left[:1], SMOOTH // 2), left, np.repeat(left[-1:], SMOOTH // 2)])
    smooth = np.convolve(padded, np.ones(SMOOTH) / SMOOTH, "valid")
    return int(np.argmin(np.gradient(smooth)[: best + 1]))

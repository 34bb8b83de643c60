"""Findings about how a network steps: learning rate, batch size, and where the loss went."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seedbed.network.losses import BinaryCrossEntropy, CrossEntropy
from seedbed.watching.case import Case
from seedbed.watching.finding import FATAL, SERIOUS, Evidence, Finding

LONG, LEAP, SHORT = 0.1, 1.0, 0.3  # a step over the weights; the first; all steps together over the weights
SWING, OFTEN = 0.03, 0.2  # of the score, and in how many epochs, as Zhang et al. 2021 (AutoTrainer) count it
TINY_BATCH = 4


def found(case: Case) -> Iterator[Finding]:
    """What is found in the steps and the curves of a case."""
    if not case.is_trained:
        return
    yield from _negative(case)
    if not case.struggles:
        return
    if case.diverged:
        n = int(np.isfinite(case.history["train_loss"]).sum()) if case.history is not None else 0
        evidence = (Evidence("epochs until the loss was no number", n, f"none in {case.setup.epochs}"),)
        yield Finding("non_finite", (), (), FATAL, evidence, ("lr_down", "clip", "standardize", "warm_up"))
    yield from _rate(case)
    yield from _swings(case)


def _negative(case: Case) -> Iterator[Finding]:
    assert case.history is not None
    losses = case.history["train_loss"]
    least = float(np.nanmin(losses)) if np.isfinite(losses).any() else 0.0
    if least < 0 and isinstance(case.setup.loss, CrossEntropy | BinaryCrossEntropy):
        yield Finding(
            "negative_loss", (), (), FATAL, (Evidence("smallest loss", least, "0 at least"),), ("fit_output",)
        )


def _rate(case: Case) -> Iterator[Finding]:
    """Steps too long for the weights they change, or so short that these stay where they are."""
    if case.series is None or not case.weighted:
        return
    places = list(case.weighted)
    with np.errstate(all="ignore"):
        relative = case.early("step")[places] / case.early("weight")[places]
    if not np.isfinite(relative).any():
        return
    middle = float(np.nanmedian(relative))
    first = _at_first(case)
    evidence = [Evidence("step / weights, at the beginning", middle, "1e-4 to 1e-2")]
    gain = float(case.early("gain")) if case.has("gain") else np.nan
    if np.isfinite(gain):
        evidence.append(Evidence("decrease of the loss / what a step promised", gain, "0.5 to 1"))
    if first > LEAP:
        evidence.insert(0, Evidence("step / weights, in the first epoch", first, "1e-4 to 1e-2"))
    if middle > LONG or first > LEAP or gain < -1.0:
        remedies = ("lr_down", "clip", "warm_up", "adam")
        yield Finding("lr_too_high", (), (), FATAL if case.learned() < 0.1 else SERIOUS, tuple(evidence), remedies)
    elif middle * case.n_steps < SHORT and not case.diverged:
        evidence.append(Evidence("all steps in a row / weights", middle * case.n_steps, "1 at least"))
        yield Finding("lr_too_low", (), (), SERIOUS, tuple(evidence), ("lr_up", "adam", "longer"))


def _at_first(case: Case) -> float:
    """The steps over the weights in the first epoch: one of them is the very first."""
    assert case.series is not None
    places = list(case.weighted)
    with np.errstate(all="ignore"):
        relative = case.series["step"][0, places] / case.series["weight"][0, places]
    return float(np.nanmedian(relative)) if np.isfinite(relative).any() else 0.0


def _swings(case: Case) -> Iterator[Finding]:
    assert case.history is not None
    score = case.history["train_score"]  # that of a small validation part jumps by chance
    score = score[np.isfinite(score)]
    if len(score) < 5:
        return
    turns = np.diff(np.sign(np.diff(score))) != 0
    size = np.abs(np.diff(score))
    swings = int(np.sum(turns & (np.minimum(size[:-1], size[1:]) > SWING)))
    share = swings / len(score)
    if share < OFTEN:
        return
    turning = Evidence(f"epochs in which the score turns by more than {SWING:g}", share, f"below {OFTEN:g}")
    if case.batch_size <= TINY_BATCH:
        small = Evidence("examples in a batch", case.batch_size, "16 to 256")
        yield Finding("batch_too_small", (), (), SERIOUS, (turning, small), ("larger_batch", "lr_down"))
    yield Finding("oscillating", (), (), SERIOUS, (turning,), ("lr_down", "larger_batch", "adam", "warm_up"))

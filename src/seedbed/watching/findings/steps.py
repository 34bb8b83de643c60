"""Findings about how a network steps: learning rate, batch size, and where the loss went."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seedbed.network.losses import BinaryCrossEntropy, CrossEntropy
from seedbed.watching.case import STRUGGLES, Case
from seedbed.watching.finding import FATAL, SERIOUS, Evidence, Finding

LONG, LEAP, SHORT = 0.1, 1.0, 0.3  # a step over the weights; the first; all steps together over the weights
USUAL = 1e-4, 1e-2  # a step over the weights
GROWN = 5.0  # weights in the first epoch over those that it began with
SWING, OFTEN = 0.03, 0.2  # of the score, and in how many epochs, as Zhang et al. 2021 (AutoTrainer) count it
TINY_BATCH = 4
OVERSHOT = 0.5  # of what a step promised, which the best step along a parabola brings
GAIN = "decrease of the loss / what a step promised"
NOISE = "noise of the gradient / its slope, in the squares"


def found(case: Case) -> Iterator[Finding]:
    """What is found in the steps and the curves of a case."""
    if not case.is_trained:
        return
    yield from _negative(case)
    if not case.struggles:
        return
    if case.diverged:
        remedies = ("lr_down", "clip", "standardize", "warm_up")
        layers = (case.broken,) if 0 <= case.broken < len(case.layers) else ()
        yield Finding("non_finite", (), layers, FATAL, (*_when(case), *_where(case)), remedies)
    yield from _rate(case)
    yield from _swings(case)


def _when(case: Case) -> Iterator[Evidence]:
    """The step with which it began; as far as that is known only the epoch."""
    if case.ended < 0:
        n = int(np.isfinite(case.history["train_loss"]).sum()) if case.history is not None else 0
        yield Evidence("epochs until the loss was no number", n, f"none in {case.setup.epochs}")
        return
    epoch, step = divmod(case.ended, case.n_steps_per_epoch)
    who = "" if case.number is None else f" in member {case.number}"
    at = f"step {step + 1} of epoch {epoch + 1}"
    what = f"the loss was no number first{who}, at {at}; sound steps before it"
    if case.is_ruined:
        what = f"the loss of the validation part was no number first{who}, behind {at}; sound steps before that"
    yield Evidence(what, case.ended, f"all {case.setup.epochs * case.n_steps_per_epoch}")


def _where(case: Case) -> Iterator[Evidence]:
    """The layer with which it began, or that there was none."""
    n = len(case.layers)
    if 0 <= case.broken < n:
        what = f"outputs were no numbers first behind {case.named(case.broken)}; layers with sound outputs before it"
        yield Evidence(what, case.broken, f"all {n}")
    elif case.broken == n:
        yield Evidence("the loss alone was no number; layers with sound outputs before it", n, f"all {n}")


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
    is_leap = first > LEAP  # one line for both: the first epoch is part of the beginning
    when, size = ("in the first epoch", first) if is_leap else ("at the beginning", middle)
    low, high = USUAL
    step = Evidence(f"step / weights, {when}", size, "1e-4 to 1e-2")
    gain = float(case.early("gain")) if case.has("gain") else np.nan
    gains = [Evidence(GAIN, gain, "0.5 to 1")] if np.isfinite(gain) else []
    grown = _grown(case)
    if middle > LONG or is_leap or grown > GROWN or gain < -1.0:
        remedies = ("lr_down", "clip", "warm_up", "adam", "lr_range")
        evidence = [Evidence("weights in the first epoch / as they began", grown, "about 1")] if grown > GROWN else []
        evidence += [*([step] if size > high else []), *gains, *case.turning(early=True)]
        yield Finding("lr_too_high", (), (), FATAL if case.learned() < 0.1 else SERIOUS, tuple(evidence), remedies)
    elif middle * case.n_steps < SHORT and not case.diverged:
        evidence = [Evidence("all steps laid end to end / weights", middle * case.n_steps, "1 at least")]
        evidence += [*([step] if size < low else []), *gains]
        yield Finding("lr_too_low", (), (), SERIOUS, tuple(evidence), ("lr_up", "adam", "longer", "lr_range"))


def _at_first(case: Case) -> float:
    """The steps over the weights in the first epoch: one of them is the very first."""
    assert case.series is not None
    places = list(case.weighted)
    with np.errstate(all="ignore"):
        relative = case.series["step"][0, places] / case.series["weight"][0, places]
    return float(np.nanmedian(relative)) if np.isfinite(relative).any() else 0.0


def _grown(case: Case) -> float:
    """The weights in the first epoch over those that it began with, which one step may have made as large."""
    assert case.series is not None
    ratios = [
        float(case.series["weight"][0, i]) / begun for i in case.weighted if (begun := case.mean_square(i) ** 0.5)
    ]
    return float(np.nanmedian(ratios)) if np.isfinite(ratios).any() else 0.0


def _swings(case: Case) -> Iterator[Finding]:
    """The training part is not learned, and its score goes up and down: steps too long for it, or too few examples."""
    assert case.history is not None
    score = case.history["train_score"]  # that of a small validation part jumps by chance
    score = score[np.isfinite(score)]
    if len(score) < 5 or case.learned("train") >= STRUGGLES:
        return
    turns = np.diff(np.sign(np.diff(score))) != 0
    size = np.abs(np.diff(score))
    swings = int(np.sum(turns & (np.minimum(size[:-1], size[1:]) > SWING)))
    share = swings / len(score)
    gain = float(case.throughout("gain")) if case.has("gain") else np.nan
    is_tiny = case.batch_size <= TINY_BATCH
    if share < OFTEN or (gain >= OVERSHOT and not is_tiny):  # the score of noisy layers goes up and down by itself
        return
    turning = Evidence(f"epochs in which the score turns by more than {SWING:g}", share, f"below {OFTEN:g}")
    scale = case.noise_scale
    causes = [] if np.isnan(gain) else [Evidence(GAIN, gain, "0.5 to 1")]
    causes += [] if np.isnan(scale) else [Evidence(NOISE, scale / case.batch_size, "below 1")]
    causes += case.turning()
    if is_tiny and not scale < case.batch_size:
        small = Evidence("examples in a batch", case.batch_size, "16 to 256")
        yield Finding("batch_too_small", (), (), SERIOUS, (turning, small, *causes), ("larger_batch", "lr_down"))
    remedies = ("larger_batch", "lr_down", "adam", "warm_up")
    if not scale > case.batch_size:  # then it is the rate
        remedies = ("lr_down", "larger_batch", "adam", "warm_up")
    yield Finding("oscillating", (), (), SERIOUS, (turning, *causes), remedies)

"""Findings about what flows through a network: gradients that vanish or explode, units that are flat or dead."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seedbed.watching.case import STRUGGLES, Case
from seedbed.watching.finding import FATAL, SERIOUS, Evidence, Finding

VANISHED, EXPLODED = 1e-3, 1e2  # the gradient of the first layer over that of the last
FADED = 1e-2  # the same where the first layer stays near where it began, and the last does not
STAYS = 0.3  # all steps together over the weights
SATURATED = 0.5  # the share of units
BLOCKS = 0.999  # of the units of a layer that are dead
DEAD = 0.8  # of units; half of them may well be spare in a wide layer, and units that fire seldom pass for dead


def found(case: Case) -> Iterator[Finding]:
    """What is found in the signals of a case that struggles."""
    if case.struggles and case.series is not None:
        yield from _gradients(case)
        yield from _saturated(case)
        yield from _dead(case)


def _gradients(case: Case) -> Iterator[Finding]:
    if len(case.weighted) < 2:
        return
    gradient = case.early("gradient")[list(case.weighted)]
    first, last = gradient[0], gradient[-1]
    ratio = float(first / last) if last > 0 else np.nan
    expected = f"{FADED:g} to {EXPLODED:g}"
    evidence: tuple[Evidence, ...] = (Evidence("gradient of the first layer / of the last", ratio, expected),)
    with np.errstate(all="ignore"):
        moved = (case.early("step") / case.early("weight"))[list(case.weighted)] * case.n_steps
    stays = case.is_over and bool(moved[0] < STAYS <= moved[-1])  # in the middle the first layer may move still
    if ratio < VANISHED or (ratio < FADED and stays):
        if _is_blocked(case):  # the cause is found as such
            return
        if stays:
            evidence += (Evidence("all steps laid end to end / weights, first layer", float(moved[0]), "1 at least"),)
        limit = VANISHED if ratio < VANISHED else FADED
        remedies = ("relu", "tanh", "selu", "batchnorm", "residual", "xavier", "he")
        places = tuple(np.asarray(case.weighted)[gradient < limit * last].tolist())
        yield Finding("vanishing_gradient", (), places, FATAL, evidence, remedies)
    elif ratio > EXPLODED:
        places = tuple(np.asarray(case.weighted)[gradient > EXPLODED * last].tolist())
        yield Finding("exploding_gradient", (), places, SERIOUS, evidence, ("clip", "xavier", "he", "batchnorm"))


def _saturated(case: Case) -> Iterator[Finding]:
    if not case.has("saturated"):
        return
    share = np.nanmax(np.stack([case.early("saturated"), case.late("saturated")]), axis=0, initial=0.0)
    both = [i for i, _, told in case.activations() if np.isfinite(told.low) and np.isfinite(told.high)]
    places = tuple(i for i in both if share[i] > SATURATED and i != len(case.layers) - 1)
    if places:
        worst = max(places, key=lambda i: share[i])
        evidence = (Evidence(f"share of saturated units, {case.named(worst)}", float(share[worst]), "below 0.1"),)
        yield Finding(
            "saturated_units", (), places, SERIOUS, evidence, ("xavier", "lecun", "relu", "batchnorm", "lr_down")
        )


def _is_blocked(case: Case) -> bool:
    """Whether all units of a layer are dead from the beginning, so that no gradient comes past them."""
    return case.has("dead") and any(case.early("dead")[i] >= BLOCKS for i in _one_sided(case))


def _one_sided(case: Case) -> list[int]:
    """The places of activations that are 0 on one side alone."""
    return [i for i, _, told in case.activations() if told.low == 0 and not np.isfinite(told.high)]


def _dead(case: Case) -> Iterator[Finding]:
    if not case.has("dead") or case.learned("train") >= STRUGGLES:  # those that live do
        return
    share = case.late("dead")
    places = tuple(i for i in _one_sided(case) if share[i] > DEAD)
    if places:
        worst = max(places, key=lambda i: share[i])
        evidence = (Evidence(f"share of dead units, {case.named(worst)}", float(share[worst]), "below 0.4"),)
        remedies = ("lr_down", "he", "leaky_relu", "elu", "positive_bias", "batchnorm")
        yield Finding("dead_relu", (), places, FATAL, evidence, remedies)

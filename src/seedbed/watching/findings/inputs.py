"""Findings about what the network reads: its scale, its centre, its labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seedbed.network.norms import Norm
from seedbed.watching.case import Case
from seedbed.watching.finding import SERIOUS, Evidence, Finding

SCALE, SPREAD, OFF_CENTRE = 30.0, 30.0, 2.0
NARROW, WIDE = 0.25, 0.95  # shares of the features, by their deviation
WELL = 0.85  # of the chance loss taken away: nothing to complain of
IMBALANCE, MARGIN = 0.8, 0.02


def found(case: Case) -> Iterator[Finding]:
    """What is found in the inputs and the targets of a case."""
    if case.is_trained and not (case.diverged or case.learned() < WELL):
        return
    is_sick = case.struggles or not case.is_trained
    yield from (one for one in _scaled(case) if is_sick or one.code == "not_centred")
    if is_sick and not case.diverged:  # whose score tells nothing of the classes
        yield from _imbalance(case)


def _scaled(case: Case) -> Iterator[Finding]:
    inputs, kept = case.inputs, case.inputs.varying
    if not kept.any() or case.in_shape == () or isinstance(case.layers[0], Norm):
        return
    scale, targets = inputs.scale, inputs.targets
    evidence = []
    if not 1 / SCALE < scale < SCALE:
        evidence.append(Evidence("root mean square of the inputs", scale, "about 1"))
    if targets is not None and (targets[3] > SCALE or abs(targets[2]) > SCALE or targets[3] < 1 / SCALE):
        evidence.append(Evidence("root mean square of the targets", float(np.hypot(*targets[2:])), "about 1"))
    if evidence:
        yield Finding("data_not_scaled", (), (0,), SERIOUS, tuple(evidence), ("standardize", "clip", "lr_down"))
        return
    # A few features that hardly vary, such as a rim of pixels, do no harm where the others are alike.
    low = np.quantile(inputs.deviation[kept], NARROW, method="lower")
    high = np.quantile(inputs.deviation[kept], WIDE)
    if high / max(low, 1e-300) > SPREAD and kept.sum() > 1 and not inputs.are_images:
        named = "deviation of the widest features / of the narrowest quarter"
        evidence.append(Evidence(named, float(high / low), "about 1"))
        yield Finding("feature_scales", (), (0,), SERIOUS, tuple(evidence), ("standardize",))
    off = float(np.median(np.abs(inputs.mean[kept]) / inputs.deviation[kept]))
    if off > OFF_CENTRE:
        evidence = [Evidence("mean of a feature / its deviation", off, "about 0")]
        if case.has("same_sign") and case.weighted:
            share = float(case.early("same_sign")[case.weighted[0]])
            evidence.append(Evidence("agreement of the signs of a unit's gradients", share, "below 0.5"))
        evidence += case.turning(early=True)
        remedies = ("center", "standardize", "larger_batch")
        yield Finding("not_centred", (), case.weighted[:1], SERIOUS, tuple(evidence), remedies)


def _imbalance(case: Case) -> Iterator[Finding]:
    counts = case.inputs.classes
    if not len(counts) or case.setup.class_weight is not None or not case.is_trained:
        return
    share, best = case.chance_score, case.best_score
    if share > IMBALANCE and best <= share + MARGIN:
        evidence = (
            Evidence("share of the largest class", share, f"{1 / len(counts):.2g} where classes are even"),
            Evidence("accuracy on the validation part", best, f"above {share:.3g}, which that class alone gives"),
        )
        yield Finding("class_imbalance", (), (), SERIOUS, evidence, ("class_weight", "larger_batch"))

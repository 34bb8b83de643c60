"""Checks that need no weights: what setup and data tell by themselves. Each stands for some findings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seedbed.data.dataset import Dataset
from seedbed.data.preprocessor import Preprocessor
from seedbed.training.setup import Setup
from seedbed.watching.case import Case
from seedbed.watching.checks.check import Check, of_findings
from seedbed.watching.finding import FATAL, Evidence, Finding
from seedbed.watching.findings import all_of
from seedbed.watching.findings.data import constant_features, duplicate_rows, finite, labels, leakage

UNFIT = "loss_fits"
OF_DATA = ("finite_data", "labels", "features_vary", "leakage", "duplicates")
OF_CASE = {
    "output_fits": ("softmax_one_unit", "redundant_softmax", "wrong_output"),
    "nonlinearity": ("no_nonlinearity", "step_activation"),
    "batch_norms": ("batchnorm_misused",),
    "inputs_scaled": ("data_not_scaled", "feature_scales"),
    "inputs_centred": ("not_centred",),
    "weights_scaled": ("init_too_small", "init_too_large"),
}


def of_data(data: Dataset, preprocessor: Preprocessor, setup: Setup) -> list[Check]:
    """The checks of the data, as it is and as the network reads it."""
    strange = [
        one
        for name, part in (("training", data.train), ("validation", data.valid))
        for one in finite(preprocessor.x(part.x), preprocessor.y(np.asarray(part.y)), name)
    ]
    checks = [
        of_findings("finite_data", tuple(strange)),
        of_findings("labels", tuple(labels(data, setup.class_weight))),
        of_findings("features_vary", tuple(constant_features(data))),
        of_findings("leakage", tuple(leakage(data))),
    ]
    if data.is_streamed:
        return [*checks, Check("duplicates", None, reason="streamed")]
    return [*checks, of_findings("duplicates", tuple(duplicate_rows(data)))]


def of_case(case: Case) -> list[Check]:
    """The checks of network, loss and first weights, as far as they can be told without drawing any."""
    there = all_of(case)
    found = {name: tuple(one for code in codes for one in there if one.code == code) for name, codes in OF_CASE.items()}
    return [Check(UNFIT, True), *(of_findings(name, own) for name, own in found.items())]


def unfit() -> Check:
    """The check of a loss that cannot compare outputs with these labels."""
    return of_findings(UNFIT, (loss_does_not_fit(),))


def loss_does_not_fit() -> Finding:
    """What is found where a loss is not for the task of the data."""
    evidence = (Evidence("tasks of the loss that are the data's", 0, "1"),)
    return Finding("loss_does_not_fit", (), (), FATAL, evidence, ("fit_output",))


def unknown(names: Sequence[str], reason: str) -> list[Check]:
    """Checks that could not be made."""
    return [Check(name, None, reason=reason) for name in names]

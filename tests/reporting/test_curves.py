"""The learning curves against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from pandas import DataFrame

from seedbed.reporting.curves import BEST, MOST_EPOCHS, NEXT, TRAINING, curves_data, draw_curves

NAMES = ["member", "epoch", "train_loss", "train_score", "valid_loss", "valid_score", "learning_rate", "wall_seconds"]


def test_bands_are_quantiles_of_the_sound_members_and_stopped_ones_keep_their_last_value(make):
    # Ten members; member 9 diverged; member 8 stopped after epoch 0 with loss 8.
    rows = [
        (m, e, 0, 0, float(m) if e == 0 else m + 10.0, 0.5, 0.1, 0.0)
        for m in range(9)
        for e in range(2)
        if (m, e) != (8, 1)
    ]
    rows += [(9, 0, 0, 0, 1e6, 0.0, 0.1, 0.0)]
    evidence = make(members=10, diverged={9}, history=DataFrame(rows, columns=NAMES))
    bands = curves_data(evidence, "loss").bands
    # Epoch 0 holds 0 to 8, so the quantile q is 8 q; epoch 1 holds 8 and 10 to 17: sorted 8, 10, 11, ..., 17.
    np.testing.assert_allclose(bands.loc[0, ["p10", "p25", "p50", "p75", "p90"]].astype(float), [0.8, 2, 4, 6, 7.2])
    np.testing.assert_allclose(bands.loc[1, ["p10", "p25", "p50", "p75", "p90"]].astype(float), [9.6, 11, 13, 15, 16.2])
    assert list(bands["epoch"]) == [0, 1]


def test_the_best_stands_with_its_training_curve_beside_the_next_four(make):
    evidence = make(members=12, epochs=6)
    lines = curves_data(evidence, "score").lines
    best = int(evidence.members.loc[evidence.members["is_best"], "member"].iloc[0])
    assert (
        set(lines.loc[lines["kind"] == BEST, "member"]) == set(lines.loc[lines["kind"] == TRAINING, "member"]) == {best}
    )
    order = evidence.members.sort_values("valid_score", ascending=False)["member"]
    assert set(lines.loc[lines["kind"] == NEXT, "member"]) == set(order[1:5])
    history = evidence.history[evidence.history["member"] == best]
    np.testing.assert_array_equal(lines.loc[lines["kind"] == TRAINING, "value"], history["train_score"])
    kept = curves_data(evidence, "score").kept
    assert kept[["member", "epoch"]].to_numpy().tolist() == [[best, history["epoch"].max()]]


def test_a_few_members_have_lines_and_no_bands(make):
    assert curves_data(make(members=7), "loss").bands.empty
    assert not curves_data(make(members=8), "loss").bands.empty


def test_many_epochs_are_thinned_evenly_with_the_first_and_the_last(make):
    curves = curves_data(make(members=9, epochs=1000), "loss")
    epochs = np.unique(curves.bands["epoch"])
    assert len(epochs) == MOST_EPOCHS
    assert (epochs[0], epochs[-1]) == (0, 999)
    assert np.diff(epochs).max() <= 3


@pytest.mark.parametrize(("low", "is_log"), [(0.05, True), (0.5, False), (-0.1, False)])
def test_a_loss_that_falls_tenfold_is_logarithmic_and_a_score_never(make, low, is_log):
    rows = [(0, 0, 1.0, 0.1, 1.0, 0.1, 0.1, 0.0), (0, 1, low, 0.9, low, 0.9, 0.1, 0.0)]
    evidence = make(members=1, history=DataFrame(rows, columns=NAMES))
    assert curves_data(evidence, "loss").is_log == is_log
    assert not curves_data(evidence, "score").is_log


def test_when_all_diverged_what_was_finite_is_shown(make):
    evidence = make(members=9, diverged=set(range(9)))
    curves = curves_data(evidence, "loss")
    assert curves.bands.empty
    assert np.isfinite(curves.lines["value"]).all()
    assert set(curves.lines["epoch"]) == {0}


def test_data_are_left_as_they_came(make):
    evidence = make(members=9, diverged={1})
    before = evidence.history.copy(), evidence.members.copy()
    draw_curves(evidence, "loss").to_dict()
    assert before[0].equals(evidence.history)
    assert before[1].equals(evidence.members)

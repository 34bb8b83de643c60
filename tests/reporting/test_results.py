"""Confusion, labels, residuals, the most wrong, and the members' table, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from pandas import DataFrame

from seedbed.network import Network
from seedbed.reporting.confusion import MOST_CLASSES, confusion_data
from seedbed.reporting.headline import gap, headline_data
from seedbed.reporting.labels import labels_data
from seedbed.reporting.members import member_lines, members_data, sparkline
from seedbed.reporting.most_wrong import most_wrong, wrong_table
from seedbed.reporting.residuals import histogram_data, residuals_data


def test_the_confusion_matrix_counts_the_ensemble(make):
    y = np.asarray([0, 0, 0, 1, 1, 2])
    said = np.eye(3)[[0, 0, 1, 1, 1, 0]]
    cells, classes, n_left_out = confusion_data(make(test_y=y, test_ensemble=said, names=("a", "b", "c")))
    assert cells["count"].to_numpy().reshape(3, 3).tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    np.testing.assert_allclose(
        cells["share"].to_numpy().reshape(3, 3), [[2 / 3, 1 / 3, 0], [0, 1, 0], [1, 0, 0]], atol=1e-4
    )
    assert (classes, n_left_out) == (("a", "b", "c"), 0)
    assert cells.loc[cells["count"] == 0, "shade"].eq(0).sum() == 4  # the diagonal's empty cell is drawn nowhere
    assert cells.iloc[0]["truth"] == cells.iloc[1]["truth"] == "a"
    assert cells.iloc[1]["prediction"] == "b"


def test_of_very_many_classes_those_mixed_up_most_are_shown(make):
    n = 100
    y = np.repeat(np.arange(n), 2)
    said = y.copy()
    said[-2:] = 3  # class 99 is taken for 3
    cells, classes, n_left_out = confusion_data(
        make(test_y=y, test_ensemble=np.eye(n)[said], names=tuple(range(n)), k=n)
    )
    assert len(cells) == MOST_CLASSES**2
    assert {"3", "99"} <= set(classes)
    assert n_left_out == n - MOST_CLASSES


def test_labels_by_hand(make):
    y = np.asarray([[1, 0], [1, 0], [0, 0], [1, 1.0]])
    said = np.asarray([[0.9, 0.1], [0.2, 0.1], [0.8, 0.2], [0.7, 0.3]])
    table = labels_data(make("multilabel", k=2, names=("x", "z"), test_y=y, test_ensemble=said)).set_index("label")
    assert table.loc["x"].tolist() == pytest.approx([3, 2 / 3, 2 / 3, 0.5, 2 / 3, 1 / 3])
    assert np.isnan(table.loc["z", "precision"])
    assert table.loc["z", ["examples", "recall", "accuracy"]].tolist() == [1, 0, 0.75]
    assert list(table.index) == ["z", "x"]  # the weakest first


def test_residuals_are_truth_less_prediction_of_one_target(make):
    y, said = np.asarray([[1.0, 10], [2, 20], [3, 30]]), np.asarray([[1.0, 13], [2, 18], [3, np.nan]])
    evidence = make("regression", k=2, test_y=y, test_ensemble=said)
    assert residuals_data(evidence, 1)["residual"].tolist() == [-3, 2]
    assert residuals_data(evidence, 0)["residual"].tolist() == [0, 0, 0]


def test_the_histogram_holds_every_residual_once(make):
    evidence = make("regression", k=1)
    bins = histogram_data(evidence)
    residual = residuals_data(evidence)["residual"]
    assert bins["count"].sum() == len(residual)
    first = bins.iloc[0]
    assert first["count"] == residual.between(first["low"], first["high"], inclusive="left").sum()
    np.testing.assert_allclose(bins["low"].to_numpy()[1:], bins["high"].to_numpy()[:-1])


def test_most_wrong_of_classes_by_the_probability_of_the_wrong_name():
    y = np.asarray([0, 0, 1, 1, 0])
    said = np.asarray([[0.9, 0.1], [0.2, 0.8], [0.99, 0.01], [0.4, 0.6], [np.nan, np.nan]])
    rows = most_wrong(y, said, "classification")
    assert rows.tolist() == [2, 1]
    table = wrong_table(y, said, "classification", rows, ("no", "yes"))
    assert table.to_dict("list") == {
        "row": [2, 1],
        "truth": ["yes", "no"],
        "prediction": ["no", "yes"],
        "confidence": [0.99, 0.8],
    }
    assert most_wrong(y, said, "classification", 1).tolist() == [2]
    assert len(most_wrong(np.asarray([0]), np.asarray([[1.0, 0]]), "classification")) == 0
    assert wrong_table(y, said, "classification", np.zeros(0, int)).empty


def test_most_wrong_of_numbers_in_the_unit_of_each_target():
    y = np.asarray([[0.0, 0], [2, 2000], [0, 0], [2, 2000]])  # standard deviations 1 and 1000
    said = y + np.asarray([[0, 0], [0.5, 100], [0, -700], [0.1, 0]])
    rows = most_wrong(y, said, "regression")
    assert rows.tolist() == [2, 1, 3]  # 0.7, 0.5 and 0.1 standard deviations off
    table = wrong_table(y, said, "regression", rows)
    assert table["target"].tolist() == [1, 0, 0]
    np.testing.assert_allclose(table["error"], [-700, 0.5, 0.1])


def test_most_wrong_of_labels_by_the_worst_label():
    y = np.asarray([[1, 0], [1, 1], [0, 0.0]])
    said = np.asarray([[0.9, 0.6], [0.05, 0.9], [0.4, 0.4]])
    rows = most_wrong(y, said, "multilabel")
    assert rows.tolist() == [1, 0]
    table = wrong_table(y, said, "multilabel", rows)
    assert table[["target", "truth", "prediction"]].to_numpy().tolist() == [[0, 1, 0], [1, 0, 1]]
    np.testing.assert_allclose(table["confidence"], [0.95, 0.6])


def test_members_stand_in_the_order_of_their_scores_and_the_diverged_last(make):
    evidence = make(members=30, diverged={4})
    table = members_data(evidence)
    assert len(table) == 20
    assert table["is_best"].tolist() == [True] + [False] * 19
    assert table["valid_score"].is_monotonic_decreasing
    assert evidence.ranked["member"].iloc[-1] == 4
    places, lines = member_lines(evidence, "en")
    assert set(places) == {"optimizer.lr", "network.layers[1]"}
    assert lines[0].is_best


def test_a_sparkline_falls_from_the_upper_left_to_the_lower_right():
    assert sparkline(np.asarray([100.0, 10.0, 1.0]), (22, 12)) == "M1.0,1.0L11.0,6.0L21.0,11.0"
    assert sparkline(np.asarray([1.0])) == sparkline(np.asarray([np.nan, np.inf, 2.0])) == ""
    assert sparkline(np.full(3, 2.0), (22, 12)) == "M1.0,1.0L11.0,1.0L21.0,1.0"


def result(valid, test):
    return {
        part: {"best": {"accuracy": a}, "ensemble": {"accuracy": a}}
        for part, a in (("validation", valid), ("test", test))
    }


def test_the_gap_is_explained(make):
    lower = gap(make(results=result(0.97, 0.95)), "en")
    assert lower.startswith("On the test part the best network scores 2.0 percentage points less")
    assert "winner's curse" in lower
    assert "2.0 percentage points more" in gap(make(results=result(0.95, 0.97)), "en")
    assert "winner" not in gap(make(members=1, results=result(0.97, 0.95)), "en")
    assert gap(make(results=result(0.95, 0.95)), "en").startswith("Validation 95.0\u202f%, test 95.0\u202f%")
    assert gap(make(results={}), "en") == ""
    told = {part: {"best": {"r2": value}} for part, value in (("validation", 0.852), ("test", 0.835))}
    assert "0.017 less than on the validation part (R² 0.835 against R² 0.852)" in gap(
        make("regression", results=told), "en"
    )


def test_the_headline_is_the_ensemble_then_the_best(make):
    ends = {"test": {"ensemble": {"accuracy": (0.93, 0.9688)}}}
    head = headline_data(make(intervals=ends), "en")
    assert head.figures == (
        ("95.0\u202f%", "ensemble · accuracy", "95 %: 93.0\u202f% to 96.9\u202f%"),
        ("95.0\u202f%", "best network · accuracy", ""),
    )
    assert head.metrics == ("accuracy", "log loss", "macro F1")
    assert head.table[0] == ("validation", "ensemble", ("95.0\u202f%", "0.2000", "94.0\u202f%"))
    assert headline_data(make("regression", k=1), "en").figures[0][0] == "3.500"
    assert headline_data(make(diverged=set(range(12))), "en") == ((), "", "", (), ())


def test_rows_of_a_table_are_kept_beside_the_most_wrong(make):
    from seedbed.reporting.tiles import tiles

    evidence = make("regression", k=1)
    shown = tiles(make("regression", k=1, rows=DataFrame({"rooms": range(len(evidence.wrong))})), "en")
    assert shown.columns == ("rooms",) and shown.are_numbers == (True,)
    assert shown.tiles[2].cells == ("2",)
    assert shown.tiles[0].sentence.startswith("It is ")
    assert shown.tiles[0].measure[0] in "+−"
    n = len(evidence.wrong)
    rows = DataFrame({"town": ["Ulm"] * (n - 1) + [None], "zip": ["0012"] * n, "area": [None] * (n - 1) + ["-3.5"]})
    mixed = tiles(make("regression", k=1, rows=rows), "en")
    assert mixed.are_numbers == (False, True, True)
    assert mixed.tiles[0].cells == ("Ulm", "0012", "–") and mixed.tiles[-1].cells == ("–", "0012", "-3.5")


def test_numbers_in_the_names_of_layers_are_short(make):
    from seedbed.reporting.page import page

    summary = Network.parse("linear 8, dropout 0.06011663714210565, linear 3").summary((4,))
    html = page(make(summary=summary), "en")
    assert "dropout 0.06012" in html and "0.0601166" not in html

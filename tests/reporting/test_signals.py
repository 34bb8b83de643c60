"""The figures of what layers told while they learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pandas import DataFrame

from seedbed.reporting.figures import activations, signals
from seedbed.reporting.page import page
from seedbed.reporting.signals import MOST_EPOCHS, RIDGES, ridges_data, signals_data
from tests.reporting.conftest import Make

NAMES = ("linear 8", "tanh", "linear 3")


def rows_of(epochs: int, *, is_full: bool) -> DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for epoch in range(epochs):
        for layer, name in enumerate(NAMES):
            gradient = np.nan if layer == 1 else 10.0 ** (layer - 3) / (1 + epoch)
            row = {"epoch": epoch, "layer": layer, "name": name, "gradient": gradient, "weight": 0.5, "step": 0.01}
            if is_full:
                row |= {"cosine": np.nan if layer == 1 else -0.5}
            if layer == 1:
                row |= {"weight": np.nan, "step": np.nan}
            if is_full:
                shares = rng.random(31)
                saturated = 0.25 if layer == 1 else np.nan
                row |= {"dead": 0.1, "saturated": saturated, "histogram": shares / shares.sum()}
            rows.append(row)
    return DataFrame(rows).assign(member=0)


def test_lines_of_gradients_and_of_steps(make: Make) -> None:
    evidence = replace(make("classification"), signals=rows_of(200, is_full=False))
    gradient, ratio = signals_data(evidence, "gradient"), signals_data(evidence, "ratio")
    assert gradient["epoch"].nunique() == MOST_EPOCHS and {0, 199} <= set(gradient["epoch"])
    assert set(gradient["name"]) == {"linear 8", "linear 3"} and set(gradient["rank"]) == {0.0, 1.0}
    np.testing.assert_allclose(ratio["value"], 0.02)
    figure = signals(evidence, "en")
    assert figure is not None and [panel.title for panel in figure.panels][1] == "step / weights"
    assert activations(evidence, "en") is None


def test_zeros_have_no_place_on_a_logarithmic_scale(make: Make) -> None:
    """Of dead units all gradients are 0; then what is left is drawn, and why is said."""
    rows = rows_of(6, is_full=True)
    some = replace(make("classification"), signals=rows.assign(gradient=0.0))
    assert signals_data(some, "gradient").empty
    figure = signals(some, "en")
    assert figure is not None and "step / weights" in [panel.title for panel in figure.panels]
    assert "a logarithmic scale has no place" in figure.caption
    whole = signals(replace(some, signals=rows), "en")
    assert whole is not None and "logarithmic" not in whole.caption
    none = replace(some, signals=rows_of(6, is_full=False).assign(gradient=0.0, step=0.0))
    assert signals(none, "en") is None


def test_ridges_hold_all_activations(make: Make) -> None:
    evidence = replace(make("classification"), signals=rows_of(30, is_full=True))
    ridges = ridges_data(evidence)
    assert list(ridges) == ["0  linear 8", "1  tanh", "2  linear 3"]
    for table in ridges.values():
        assert table["epoch"].nunique() == RIDGES and (table["top"] >= table["base"]).all()
        areas = (table["top"] - table["base"]).groupby(table["epoch"]).sum()
        np.testing.assert_allclose(areas, areas.iloc[0])  # every epoch the same, for shares add up to 1
    figure = signals(evidence, "ko")
    assert figure is not None and len(figure.panels) == 5


def test_epochs_whose_activations_are_not_known_are_no_ridges(make: Make) -> None:
    """An epoch may have looks at units alone: where what flows became no number."""
    rows = rows_of(4, is_full=True)
    rows["histogram"] = [
        np.full(31, np.nan) if e == 3 else h for e, h in zip(rows["epoch"], rows["histogram"], strict=True)
    ]
    for table in ridges_data(replace(make("classification"), signals=rows)).values():
        assert set(table["epoch"]) == {0, 1, 2} and np.isfinite(table["top"]).all()
    rows["histogram"] = [np.full(31, np.nan)] * len(rows)
    assert activations(replace(make("classification"), signals=rows), "en") is None


def test_without_signals_there_is_no_such_figure_and_with_them_the_page_has_it(make: Make) -> None:
    evidence = make("classification")
    assert signals(evidence, "en") is None and activations(evidence, "en") is None
    text = page(replace(evidence, signals=rows_of(4, is_full=True)), "en")
    assert "How the layers learned" in text and "Activations through the depth" in text

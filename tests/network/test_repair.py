"""Repairs by one weight, against trying it out: each repairs, no smaller one does, and the flips are counted right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from seedbed.network.repair import NAMELESS, Units, nudged, repairs

KINDS = [False, True]


def some(seed, has_steps, n_rows=40, n_features=5, n_hidden=4, n_classes=3):
    rng = np.random.default_rng(seed)
    units = Units(
        rng.normal(size=(n_features, n_hidden)), rng.normal(size=n_hidden),
        2 * rng.normal(size=(n_hidden, n_classes)), rng.normal(size=n_classes), has_steps,
    )  # fmt: skip
    x = rng.normal(size=(n_rows, n_features)) * (rng.random((n_rows, n_features)) < 0.7)
    return units, x, rng.integers(0, n_classes, n_rows)


def names(units, x, unit=0, feature=0, change=0.0):
    """The names of the rows, computed anew, with one weight changed."""
    weight, bias = units.weight.copy(), units.bias.copy()
    if feature == NAMELESS:
        bias[unit] += change
    else:
        weight[feature, unit] += change
    z = x @ weight + bias
    if not units.has_steps:
        return (expit(z) @ units.out_weight + units.out_bias).argmax(axis=1)
    fires = (z > 0).astype(float) @ units.out_weight + units.out_bias > 0
    return np.array([row.argmax() if row.sum() == 1 else NAMELESS for row in fires])


@pytest.mark.parametrize("has_steps", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_every_way_repairs_and_its_price_is_right(seed, has_steps):
    units, x, y = some(seed, has_steps)
    before, found = names(units, x), repairs(units, x, y)
    assert found.n_wrong == (before != y).sum() and found.accuracy == (before == y).mean()
    assert len(found.row) > 10
    for row, unit, feature, change, flipped, broken in zip(
        found.row, found.unit, found.feature, found.change, found.flipped, found.broken, strict=True
    ):
        after = names(units, x, unit, feature, change)
        assert before[row] != y[row] == after[row]
        assert flipped == (after != before).sum() - 1
        assert broken == ((after != before) & (before == y)).sum()
        assert names(units, x, unit, feature, 0.999 * change)[row] != y[row]


@pytest.mark.parametrize("has_steps", KINDS)
@pytest.mark.slow
def test_no_row_can_be_repaired_in_another_way(has_steps):
    units, x, y = some(9, has_steps)
    found = repairs(units, x, y)
    ways = set(zip(found.row.tolist(), found.unit.tolist(), strict=True))
    for row in np.flatnonzero(names(units, x) != y):
        for unit in range(4):
            tried = (names(units, x[[row]], unit, NAMELESS, rise)[0] for rise in np.linspace(-40, 40, 4001))
            assert any(one == y[row] for one in tried) == ((row, unit) in ways)
    features = {row: set(found.feature[found.row == row].tolist()) for row in found.row}
    assert all(places == {NAMELESS, *np.flatnonzero(x[row])} for row, places in features.items())


@pytest.mark.parametrize("has_steps", KINDS)
def test_the_gentlest_way_of_each_row(has_steps):
    found = repairs(*some(3, has_steps))
    assert found.gentlest.sum() == found.n_repaired == len(set(found.row))
    for row in set(found.row):
        size = np.abs(found.change[found.row == row])
        assert np.abs(found.change[found.gentlest & (found.row == row)]) == size.min()


@pytest.mark.parametrize("has_steps", KINDS)
def test_nudges_of_every_weight(has_steps):
    units, x, _ = some(5, has_steps)
    found, before = nudged(units, x, 0.3), names(units, x)
    assert found.flipped.shape == found.moved.shape == (6, 4)
    for feature in range(6):
        for unit in range(4):
            place = NAMELESS if feature == 5 else feature
            assert found.flipped[feature, unit] == (names(units, x, unit, place, 0.3) != before).sum()
    assert set(np.unique(found.moved)) <= {0.0, 1.0} if has_steps else 0 < found.moved.max() < 0.3


def test_rows_that_are_right_need_no_repair():
    units, x, _ = some(1, False)
    found = repairs(units, x, names(units, x))
    assert found.n_wrong == found.n_repaired == 0 and found.accuracy == 1 and len(found.row) == 0

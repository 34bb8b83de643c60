"""The trace of a trained network on raw rows: it is the network that predicts, and the loss that training measured."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from seedbed.recipe.tracing import encoded
from tests.recipe.conftest import houses


def test_the_traced_network_is_the_one_that_predicts(digits_run: sb.Run, digits: Any) -> None:
    rows, y = digits.test.rows[:40], digits.test.y[:40]
    member = next(member for member in digits_run.members if member.temperature == 1)
    told = member.trace(rows, y)
    p = np.exp(told.outputs - told.outputs.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p, member.predict_proba(rows), atol=1e-6)
    assert told.loss == pytest.approx(-np.log(p[np.arange(40), y]).mean(), rel=1e-5)
    assert [layer.name.split()[0] for layer in told.layers] == ["linear", "dropout", "linear"]
    assert told.layers[0].gradients["slope"].shape == ()
    np.testing.assert_allclose(told.layers[-1].delta, (p - np.eye(10)[y]) / 40, atol=1e-6)


def test_targets_are_taken_as_training_took_them(houses_run: sb.Run) -> None:
    """A regression in float64 on a scaled target: the loss is of the scaled one, and its slope is the true one."""
    table = houses()
    x, y, member = table.drop(columns="price"), table["price"], houses_run.best
    train = sb.data.load(table, target="price", name="houses").train.y
    told = member.trace(x, y)
    scaled = (y.to_numpy()[:, None] - train.mean()) / train.std()
    np.testing.assert_allclose(told.targets, scaled, rtol=1e-12)
    predicted = (member.predict(x)[:, None] - train.mean()) / train.std()
    assert told.loss == pytest.approx(((predicted - scaled) ** 2).mean(), rel=1e-9)
    assert told.outputs.dtype == np.float64

    first, _, last = member.params
    h = 1e-6
    for i, j in ((0, 0), (2, 5)):
        costs = []
        for sign in (1, -1):
            weight = first["weight"].copy()
            weight[i, j] += sign * h
            hidden = np.tanh(told.layers[0].x @ weight + first["bias"])
            costs.append(((hidden @ last["weight"] + last["bias"] - scaled) ** 2).mean())
        assert told.layers[0].d_weight[i, j] == pytest.approx((costs[0] - costs[1]) / (2 * h), rel=1e-6, abs=1e-10)


def test_one_example_is_a_batch_of_one(mixed_run: sb.Run, houses_run: sb.Run, digits_run: sb.Run, digits: Any) -> None:
    row = np.array([5.1, 3.5, 1.4, 0.2])
    expected = mixed_run.best.trace(row[None], ["setosa"])
    assert len(expected.losses) == 1
    for x, y in ((row, "setosa"), (row.tolist(), 0), (row[None], np.int32(0)), (row[None], [0])):
        assert mixed_run.best.trace(x, y).loss == expected.loss
    table = houses().drop(columns="price")
    alike = (table.iloc[5], table.iloc[[5]], table.iloc[5].to_dict(), [table.iloc[5].to_dict()])
    assert len({houses_run.best.trace(x, 2e5).loss for x in alike}) == 1
    image = digits.test.rows[0]
    assert digits_run.best.trace(image, 3).loss == digits_run.best.trace(image[None], [3]).loss


def test_several_targets() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3))
    network = sb.Network([sb.Linear(4), sb.Tanh(), sb.Linear("out")])
    for y, loss in (((x @ rng.normal(size=(3, 2)) > 0).astype(int), sb.BinaryCrossEntropy()),
                    (x @ rng.normal(size=(3, 2)), sb.QuadraticCost())):  # fmt: skip
        setup = sb.Setup(network=network, loss=loss, optimizer=sb.SGD(0.1), epochs=1)
        best = sb.train(setup, (x, y), members=1, out=None, watch="off").best
        whole, one = best.trace(x, y), best.trace(x[0], y[0])
        assert one.losses[0] == pytest.approx(whole.losses[0], rel=1e-5) and whole.targets.shape == (80, 2)


def test_a_member_of_a_fold_reads_its_own_features() -> None:
    setup = sb.Setup(
        network=sb.Network([sb.Linear("out")]), loss=sb.MeanSquaredError(), optimizer=sb.SGD(0.01), epochs=1
    )
    table = houses()
    run = sb.train(setup, sb.data.load(table, target="price", name="houses"), folds=2, members=1, out=None)
    x, y = table.drop(columns="price"), table["price"]
    for member in run.members:
        told = member.trace(x, y)
        unscaled = member.trained.preprocessor.unscale(told.outputs)[:, 0]
        np.testing.assert_allclose(unscaled, member.predict(x), rtol=1e-6)
    with pytest.raises(sb.UsageError, match=r"trace: expected one network, got Ensemble\(.*\nhint: trace one of them"):
        run.best.trace(x, y)


def test_what_is_no_target_is_said(mixed_run: sb.Run, houses_run: sb.Run) -> None:
    rows, table = np.ones((2, 4)), houses().drop(columns="price")
    said = "y: expected one of the classes 'setosa', 'versicolor', 'virginica', got 'versicolour'\nhint: did you"
    with pytest.raises(sb.DataError, match=re.escape(said)):
        mixed_run.best.trace(rows, ["setosa", "versicolour"])
    for strange, came in (([0, 3], "3"), ([-1, 0], "-1"), ([0, 1.5], "0.0"), (["setosa", None], "None")):
        with pytest.raises(sb.DataError, match=re.escape(f"got {came}")):
            mixed_run.best.trace(rows, strange)
    with pytest.raises(sb.DataError, match="y: expected 2 targets, one for each row of x, got 3"):
        mixed_run.best.trace(rows, [0, 1, 2])
    with pytest.raises(sb.DataError, match="y: expected numbers, got values such as 'dear'"):
        houses_run.best.trace(table[:1], ["dear"])
    for strange, came in (([[1.0, 2.0]], "shape (1, 2)"), ([np.nan], "nan")):
        with pytest.raises(sb.DataError, match=re.escape(f"y: expected one finite number for each row, got {came}")):
            houses_run.best.trace(table[:1], strange)


def test_names_that_are_numbers_are_names() -> None:
    target = sb.data.Target("classification", ("kind",), (1, 2, 4))
    assert encoded([4, 1, 2.0], target).tolist() == [2, 0, 1]
    with pytest.raises(sb.DataError, match=re.escape("expected one of the classes 1, 2, 4, got 0")):
        encoded([0], target)
    assert encoded(pd.Series(["b", "a"]), sb.data.Target("classification", ("kind",), ("a", "b"))).tolist() == [1, 0]

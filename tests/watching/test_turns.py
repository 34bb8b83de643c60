"""The halves of a look, which take turns: each signal is the mean over the looks of its half, against NumPy."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.network import MeanSquaredError, Network
from seedbed.training import SGD
from seedbed.training.cohorts import bind
from seedbed.training.layout import STACKED
from seedbed.training.member import Batch
from seedbed.training.observe import Shown, look, look_at
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.watching.levels import FULL
from seedbed.watching.series import Series, series_of
from seedbed.watching.signals import COUNTED, OF_FLOW, OF_UNITS, Watch
from tests.training import by_hand
from tests.training.populations import CLASSES, CLASSIFY, QUANTITIES, training

EPOCHS, N_STEPS, N_PROBE = 4, 5, 32
SETUP = CLASSIFY.replace(epochs=EPOCHS)
(X, Y), (VALID_X, VALID_Y) = by_hand.standardised(CLASSES)


def flow_by_hand(weights: Any) -> dict[str, Any]:
    """What flows for the probe: the first examples of the validation part, again and again."""
    rows = np.arange(N_PROBE) % len(VALID_X)
    x, y = VALID_X[rows], VALID_Y[rows]
    hidden, outputs = x @ weights[1] + weights[0], by_hand.forward(weights, x)[-1]
    values = [hidden, np.tanh(hidden), outputs]
    each = [by_hand.slopes(weights, x[i : i + 1], y[i : i + 1], np.ones(1)) for i in range(N_PROBE)]
    rows_of = np.stack([np.concatenate([g.ravel() for g in one]) for one in each])
    variance = np.trace(np.cov(rows_of.T))
    slope = by_hand.loss_of(outputs, y)[1]
    return {
        "mean": [a.mean() for a in values],
        "deviation": [a.std() for a in values],
        "zeros": [(a == 0).mean() for a in values],
        "dead": [(a == 0).all(0).mean() for a in values],
        "delta": [np.nan, np.sqrt(np.mean((slope @ weights[3].T) ** 2)), np.sqrt(np.mean(slope**2))],
        "gradient_variance": variance,
        "gradient_squared": np.sum(rows_of.mean(0) ** 2) - variance / N_PROBE,
    }


def units_by_hand(before: Any, after: Any, rows: Any) -> dict[str, Any]:
    """Of a step: how far the signs of a unit's gradients agree, and how much of its promise came."""
    slopes = by_hand.slopes(before, X[rows], Y[rows], np.ones(len(rows)))
    loss = lambda weights: by_hand.loss_of(by_hand.forward(weights, X[rows])[-1], Y[rows])[0].mean()  # noqa: E731
    promised = -sum(np.sum(g * (b - a)) for g, a, b in zip(slopes, before, after, strict=True))
    gain = np.clip((loss(before) - loss(after)) / promised, -3, 3) if promised > 0 else 1.0
    agree = [np.mean(np.abs(np.sign(g).sum(0)) / len(g)) for g in (slopes[1], slopes[3])]
    return {"gain": gain, "same_sign": [agree[0], np.nan, agree[1]]}


def seen_by(setup: Setup, every: int, member: int = 1) -> Series:
    (result,) = training([setup] * 3, observe=Watch(FULL, every), plan=Plan(2, 2, STACKED)).results
    return series_of(result.setup.network, result.params, result.seen, member)


@pytest.mark.parametrize(
    ("every", "alternates"), [pytest.param(1, True, marks=pytest.mark.slow), (2, True), (3, False)]
)
def test_each_half_is_the_mean_over_its_own_looks(every: int, alternates: bool) -> None:
    """Five steps an epoch: with a cadence of 3 an epoch may have one look, and every look tells all."""
    path: list[Any] = []
    by_hand.run(SETUP, CLASSES, 1, path=path)
    series = seen_by(SETUP, every)
    for epoch in range(EPOCHS):
        looks = [k for k in range(N_STEPS * epoch, N_STEPS * (epoch + 1)) if k % every == 0]
        flows = [k for k in looks if not alternates or k // every % 2 == 0]
        units = [k for k in looks if not alternates or k // every % 2 == 1 or k == 0]
        assert flows and units
        order = by_hand.order_of(SETUP, len(X), epoch, 1)
        rows = {k: order[9 * (k % N_STEPS) : 9 * (k % N_STEPS) + 9] for k in looks}
        told = [flow_by_hand(path[k]) for k in flows], [units_by_hand(path[k], path[k + 1], rows[k]) for k in units]
        for half in told:
            for name in half[0]:
                due, got = np.mean([one[name] for one in half], axis=0), series[name][epoch]
                known = ~np.isnan(due)
                np.testing.assert_allclose(got[known], due[known], rtol=1e-6, atol=1e-12, err_msg=f"{name}, {epoch}")
        np.testing.assert_allclose(series["histogram"][epoch].sum(axis=1), 1.0, rtol=1e-12)
        begun = np.mean([np.sqrt(np.mean(path[k][1] ** 2)) for k in looks])
        np.testing.assert_allclose(series["weight"][epoch, 0], begun, rtol=1e-9)


def test_the_number_of_a_look() -> None:
    watch, steps = Watch(FULL, 2), jnp.arange(0, 20, 2)
    np.testing.assert_array_equal(look_at(watch, 5, steps), np.arange(10))
    assert look_at(watch, 3, steps) is None and look_at(lambda seen: seen.x, 5, steps) is None


def test_every_epoch_has_a_look_of_both_kinds() -> None:
    """Five or three of five steps: from epoch to epoch the kinds change places."""
    for every in (1, 2):
        (result,) = training([SETUP], observe=Watch(FULL, every), plan=Plan(1, 1, STACKED)).results
        halves = result.seen["flow_looks"][0], result.seen["unit_looks"][0]
        assert all((n >= 1).all() for n in halves)
        np.testing.assert_array_equal(halves[0] + halves[1], result.seen["looks"][0] + (np.arange(EPOCHS) == 0))
    assert not set(COUNTED.values()) & set(seen_by(SETUP, 2).values)


@pytest.mark.parametrize(("number", "branches"), [(jnp.int32(1), 2), (None, 0)])
def test_a_half_that_is_not_due_is_not_computed(number: Any, branches: int) -> None:
    """The members share the number of the look, so that their map leaves real branches in the program."""
    setup = bind(SETUP, CLASSES)
    params = jax.vmap(lambda key: setup.network.init((4,), key=key))(jax.random.split(jax.random.key(0), 3))
    members = jax.tree.map(lambda leaf: jnp.full(3, leaf), setup)
    batch, probe = (Batch(jnp.asarray(X[:n], jnp.float32), jnp.asarray(Y[:n], jnp.int32), None, None) for n in (9, 32))

    def seen(params: Any, number: Any) -> Any:
        shown = Shown(batch, None, probe, params, params, params, params, number)
        return look(Watch(FULL), members, shown, jax.tree.map(lambda _: 0, params), None)

    assert jax.jit(seen).lower(params, number).as_text().count("stablehlo.case") == branches


def test_a_half_without_a_sound_look_is_not_known() -> None:
    """The first step ruins the network: what the first look told stands alone, for both halves."""
    ruined = SETUP.replace(
        network=Network.parse("linear out"), loss=MeanSquaredError(), optimizer=SGD(1e15), precision="float32"
    )
    (result,) = training([ruined], observe=Watch(FULL, 1), plan=Plan(1, 1, STACKED), data=QUANTITIES).results
    series = series_of(result.setup.network, result.params, result.seen, 0)
    assert result.seen["looks"][0, 0] == result.seen["flow_looks"][0, 0] == result.seen["unit_looks"][0, 0] == 1
    assert all(np.isfinite(series[name][0]).any() for name in (*OF_FLOW, *OF_UNITS) if name != "saturated")

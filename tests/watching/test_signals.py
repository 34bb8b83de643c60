"""Signals against NumPy written out, in float64."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.core.keys import INITIALISATION, member_key
from seedbed.training.observe import cadence, n_looks
from seedbed.training.trainer import Training
from seedbed.watching.levels import ECONOMY, EDGES, FULL
from seedbed.watching.series import from_table, series_of, table
from seedbed.watching.signals import (
    Watch,
    behind,
    cosines,
    flow_of,
    histogram,
    noise,
    same_sign,
    saturated,
    twins,
    watch_of,
)
from tests.training import by_hand
from tests.training.populations import CLASSES, CLASSIFY

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(120, 5)), RNG.integers(0, 3, 120)
DATA = sb.data.load((X, Y), valid_share=0.25, test_share=0.25)
SETUP = sb.Setup(
    network=sb.Network.parse("linear 8, relu, linear 6, tanh, linear out"),
    loss=sb.CrossEntropy(),
    optimizer=sb.SGD(0.3),
    batch_size=16,
    epochs=3,
    preprocessing=(),
    precision="float64",
)


def trained(watch: Watch, setup: sb.Setup = SETUP, data: Any = DATA, members: int = 2) -> Any:
    training = Training([setup] * members, list(range(members)), data, observe=watch)
    training.run()
    return training.results[0]


@pytest.mark.parametrize("every", [1, 3, 16])
def test_looks_are_at_the_first_step_and_every_so_many_after_it(every: int) -> None:
    watch, n_steps = Watch(ECONOMY, every), -(-len(DATA.train) // 16)
    assert cadence(watch, n_steps) == (every, 0)
    looks = trained(watch).seen["looks"][0]
    by_hand = [sum((epoch * n_steps + i) % every == 0 for i in range(n_steps)) for epoch in range(3)]
    np.testing.assert_array_equal(np.nan_to_num(looks), by_hand)
    assert [n_looks(watch, n_steps, epoch) for epoch in range(3)] == by_hand


def test_looks_of_many_add_up_to_those_of_one_at_a_time() -> None:
    """Every step looked at by itself, against the sum of the same looks at a cadence of 2."""
    setup = SETUP.replace(epochs=2)
    one, two = (trained(Watch(ECONOMY, every), setup).seen for every in (1, 2))
    assert (one["gradient"][:, 0] > two["gradient"][:, 0]).all()
    whole = trained(Watch(ECONOMY, 10**6), setup).seen  # the very first step alone
    first = whole["gradient"][:, 0]
    params = setup.network.bind(3).init((5,), key=jax.random.key(0))
    assert first.shape == (2, len([own for own in params if own]))
    assert np.isnan(whole["gradient"][:, 1]).all()


def test_norms_are_those_of_the_first_step_by_hand() -> None:
    """With one batch that is the whole training part, the first step's gradient is that of the mean loss."""
    setup = SETUP.replace(batch_size=len(DATA.train), epochs=1)
    result = trained(Watch(ECONOMY, 1), setup, members=1)
    network = setup.network.bind(3)
    training = Training([setup], [0], DATA)
    with jax.enable_x64(True):
        from seedbed.training.member import begin

        params = begin(training.bound[0], (5,), jnp.float64, jnp.int32(0), jnp.int32(0))
        x, y = jnp.asarray(DATA.train.x, jnp.float64), jnp.asarray(DATA.train.y)
        loss = lambda p: jnp.mean(setup.loss.per_example(network.apply(p, x), y))  # noqa: E731
        gradients = jax.grad(loss)(params)
    for j, place in enumerate((0, 2, 4)):
        g, w = (np.asarray(arrays[place]["weight"]) for arrays in (gradients, params))
        np.testing.assert_allclose(result.seen["gradient"][0, 0, j], np.sqrt(np.mean(g**2)), rtol=1e-7)
        np.testing.assert_allclose(result.seen["weight"][0, 0, j], np.sqrt(np.mean(w**2)), rtol=1e-7)
        np.testing.assert_allclose(result.seen["step"][0, 0, j], 0.3 * np.sqrt(np.mean(g**2)), rtol=1e-7)


def test_what_stands_behind_layers() -> None:
    network = SETUP.network.bind(3)
    with jax.enable_x64(True):
        params = network.init((5,), key=jax.random.key(1), dtype=jnp.float64)
        params[0]["bias"] = params[0]["bias"].at[0].set(-100.0)  # a dead unit
        params[2]["weight"] = 20 * params[2]["weight"]  # flat ones
        x, y = jnp.asarray(X[:40]), jnp.asarray(Y[:40])
        flow = flow_of(SETUP.replace(network=network), params, x, y)
        found = {name: np.asarray(a) for name, a in behind(network, flow).items()}
        activations = [np.asarray(a) for a in network.activations(params, x)]
        slope = np.asarray(jax.grad(lambda a: jnp.mean(SETUP.loss.per_example(a, y)))(jnp.asarray(activations[-1])))
    for i, a in enumerate(activations):
        np.testing.assert_allclose(found["mean"][i], a.mean(), rtol=1e-12)
        np.testing.assert_allclose(found["deviation"][i], a.std(), rtol=1e-12)
        np.testing.assert_allclose(found["zeros"][i], (a == 0).mean(), rtol=1e-12)
        np.testing.assert_allclose(found["dead"][i], (a == 0).all(axis=0).mean(), rtol=1e-12)
        np.testing.assert_allclose(found["histogram"][i].sum(), 1.0, rtol=1e-12)
    assert found["dead"][1] >= 1 / 8
    flat = np.mean(1 - np.tanh(activations[2]) ** 2 < 0.01)  # where its slope is below a hundredth of the largest, 1
    np.testing.assert_allclose(found["saturated"][3], flat, atol=1 / activations[2].size)
    assert flat > 0.2 and np.isnan(found["saturated"][0])
    np.testing.assert_allclose(found["delta"][-1], 40 * np.sqrt(np.mean(slope**2)), rtol=1e-7)
    before = slope @ np.asarray(params[4]["weight"]).T
    np.testing.assert_allclose(found["delta"][3], 40 * np.sqrt(np.mean(before**2)), rtol=1e-7)


def test_a_histogram_is_that_of_numpy() -> None:
    a = RNG.normal(size=(8, 15)) * 3
    edges = np.array([-np.inf, *EDGES[1:-1], np.inf])
    with jax.enable_x64(True):
        ours = np.asarray(histogram(jnp.asarray(a)))
    np.testing.assert_allclose(ours, np.histogram(a.ravel(), edges)[0] / a.size, atol=1e-12)


def test_same_sign_and_twins_by_counting() -> None:
    g, w = RNG.normal(size=(7, 5)), RNG.normal(size=(7, 5))
    w[:, 3] = w[:, 1]
    counted = np.mean([abs(sum(np.sign(g[:, j]))) / 7 for j in range(5)])
    np.testing.assert_allclose(same_sign({"weight": jnp.asarray(g)}), counted, rtol=1e-6)
    pairs = {j for j in range(5) for k in range(5) if j != k and np.allclose(w[:, j], w[:, k])}
    np.testing.assert_allclose(twins({"weight": jnp.asarray(w)}), len(pairs) / 5, rtol=1e-6)
    many = np.random.default_rng(1).normal(size=(7, 100))  # which are sorted
    many[:, [3, 40, 90]] = many[:, [1, 1, 7]]
    np.testing.assert_allclose(twins({"weight": jnp.asarray(many)}), 5 / 100, rtol=1e-6)
    np.testing.assert_allclose(twins({"weight": jnp.asarray(many[:, :60])}), 3 / 60, rtol=1e-6)
    assert float(same_sign({"weight": jnp.ones((4, 3))})) == 1.0
    assert float(twins({"weight": jnp.zeros((4, 3))})) == 1.0


def test_units_are_saturated_at_both_ends_and_those_of_relu_are_off() -> None:
    z = jnp.asarray([-20.0, -0.5, 0.5, 20.0])
    assert float(saturated(sb.Tanh(), z)) == 0.5
    assert np.isnan(saturated(sb.ReLU(), z)) and np.isnan(saturated(sb.Linear(3), z))


@pytest.mark.parametrize("line", ["linear 8, relu, linear 6, tanh, linear out", "linear 7 bias=none, linear out"])
def test_the_noise_of_gradients_is_that_of_each_example_by_itself(line: str) -> None:
    """The trace of the covariance of the gradients of single examples, and an estimate of their mean's square."""
    network = sb.Network.parse(line).bind(3)
    with jax.enable_x64(True):
        params = network.init((5,), key=jax.random.key(1), dtype=jnp.float64)
        x, y = jnp.asarray(X[:40]), jnp.asarray(Y[:40])
        flow = flow_of(SETUP.replace(network=network), params, x, y)
        found = {name: float(a) for name, a in noise(network, flow).items()}
        loss = lambda p, x, y: SETUP.loss.per_example(network.apply(p, x[None]), y[None])[0]  # noqa: E731
        each = jax.vmap(jax.grad(loss), (None, 0, 0))(params, x, y)
        rows = np.concatenate([np.asarray(g).reshape(40, -1) for g in jax.tree.leaves(each)], axis=1)
    variance = np.trace(np.cov(rows.T))
    np.testing.assert_allclose(found["gradient_variance"], variance, rtol=1e-9)
    np.testing.assert_allclose(found["gradient_squared"], np.sum(rows.mean(0) ** 2) - variance / 40, rtol=1e-9)


def test_the_cosine_of_steps_is_that_of_numpy() -> None:
    """Five steps an epoch, a look at every third; the means are over the looks that have a step before them."""
    setup = CLASSIFY.replace(epochs=4)
    path: list[Any] = []
    by_hand.run(setup, CLASSES, 1, path=path)
    did = [[w[1] - v[1], w[3] - v[3]] for v, w in pairwise(path)]
    cosine = lambda a, b: np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b)  # noqa: E731
    due = np.full((4, 3), np.nan)
    for epoch in range(4):
        looks = [k for k in range(5 * epoch, 5 * epoch + 5) if k % 3 == 0 and k]
        for j, place in enumerate((0, 2)):
            due[epoch, place] = np.mean([cosine(did[k - 1][j], did[k][j]) for k in looks])
    result = trained(Watch(FULL, 3), setup, CLASSES)
    series = series_of(result.setup.network, result.params, result.seen, 1)
    np.testing.assert_allclose(series["cosine"], due, rtol=1e-7)
    assert "turns" not in series and "looks" not in series


def test_cosines_of_a_line_of_a_zig_zag_and_of_rest() -> None:
    step = {"weight": jnp.asarray(np.random.default_rng(1).normal(size=(4, 3))), "bias": jnp.ones(3)}
    rest = jax.tree.map(jnp.zeros_like, step)
    scaled = lambda factor: jax.tree.map(lambda a: factor * a, step)  # noqa: E731
    before, after = (step, step, step, rest), (scaled(0.1), scaled(-2.0), rest, step)
    found, has_one = cosines(before, after, range(4))
    np.testing.assert_allclose(found, [1, -1, 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(has_one, [1, 1, 0, 0])
    assert not np.asarray(cosines(None, after, range(4))).any()


def test_the_cosine_of_who_goes_forth_and_back() -> None:
    """Gradient descent along a parabola with a step too long for it: each step turns round."""
    x, y = np.linspace(-1, 1, 80)[:, None], np.linspace(-2, 2, 80)
    data = sb.data.load((x, y), valid_share=0.2, test_share=0.2)
    curvature = 2 * np.mean(np.asarray(data.train.x, np.float64) ** 2)
    for times, sign in ((1.5, -1.0), (0.5, 1.0)):
        setup = sb.Setup(
            network=sb.Network([sb.Linear("out", bias=None)]), loss=sb.MeanSquaredError(),
            optimizer=sb.SGD(float(times / curvature)), batch_size=len(data.train), epochs=6, preprocessing=(),
            precision="float64",
        )  # fmt: skip
        result = trained(Watch(FULL, 1), setup, data, members=1)
        series = series_of(result.setup.network, result.params, result.seen, 0)
        assert np.isnan(series["cosine"][0]).all()  # the first step has none before it
        np.testing.assert_allclose(series["cosine"][1:, 0], sign, rtol=1e-9)


def test_the_noise_of_one_example_is_not_known() -> None:
    network = SETUP.network.bind(3)
    params = network.init((5,), key=jax.random.key(1))
    for n, known in ((1, network), (40, sb.Network.parse("relu"))):
        setup, own = SETUP.replace(network=known), params if n == 1 else ({},)
        x = jnp.asarray(X[:n], jnp.float32)
        found = noise(known, flow_of(setup, own, x, jnp.asarray(Y[:n])))
        assert all(np.isnan(a) for a in found.values())


@pytest.mark.parametrize("lr", [0.01, 0.5, 2.0])
def test_the_gain_along_a_parabola(lr: float) -> None:
    """Linear regression: a step of SGD brings 1 - lr gᵀHg / 2 gᵀg of what it promised."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(80, 3)), rng.normal(size=80)
    data = sb.data.load((x, y), valid_share=0.2, test_share=0.2)
    n = len(data.train)
    setup = sb.Setup(
        network=sb.Network([sb.Linear("out", bias=None)]), loss=sb.MeanSquaredError(), optimizer=sb.SGD(lr),
        batch_size=n, epochs=1, preprocessing=(), precision="float64",
    )  # fmt: skip
    result = trained(Watch(FULL, 1), setup, data, members=1)
    with jax.enable_x64(True):
        from seedbed.training.member import begin

        bound = Training([setup], [0], data).bound[0]
        w = np.asarray(begin(bound, (3,), jnp.float64, jnp.int32(0), jnp.int32(0))[0]["weight"])[:, 0]
    a, t = np.asarray(data.train.x, np.float64), np.asarray(data.train.y, np.float64)[:, 0]
    g, hessian = 2 * a.T @ (a @ w - t) / n, 2 * a.T @ a / n
    expected = 1 - lr * (g @ hessian @ g) / (2 * g @ g)
    np.testing.assert_allclose(result.seen["gain"][0, 0], np.clip(expected, -3, 3), rtol=1e-7)


def test_a_look_at_what_is_no_number_does_not_cost_those_before() -> None:
    """A linear network that overshoots a hundredfold in each step, until float32 has no number for it."""
    setup = SETUP.replace(
        network=sb.Network.parse("linear out"), loss=sb.MeanSquaredError(), optimizer=sb.SGD(100.0), epochs=8,
        precision="float32",
    )  # fmt: skip
    seen = trained(Watch(FULL, 1), setup).seen
    assert np.isfinite(seen["gradient"][:, :4]).all() and (seen["gradient"][:, 0] > 0).all()
    assert (seen["looks"][:, 0] == 4).all() and (np.nan_to_num(seen["looks"][:, -1]) < 4).all()


def test_series_come_back_from_their_table() -> None:
    result = trained(Watch(FULL, 4))
    series = [series_of(result.setup.network, result.params, result.seen, m) for m in range(2)]
    rows = table(enumerate(series))
    assert list(rows.columns[:4]) == ["member", "epoch", "layer", "name"] and len(rows) == 2 * 3 * 5
    for m, one in enumerate(series):
        again = from_table(rows[rows["member"] == m], 3)
        assert again.names == one.names and again.weights == one.weights
        for name, values in one.values.items():
            np.testing.assert_array_equal(again[name], values)


@pytest.mark.parametrize(
    ("level", "said"), [("ful", "did you mean"), (3, "expected"), (Watch(FULL, 0), "whole number")]
)
def test_a_wrong_level(level: Any, said: str) -> None:
    with pytest.raises(sb.UsageError, match=said):
        watch_of(level)


def test_a_run_keeps_its_signals(tmp_path: Any) -> None:
    run = sb.train(SETUP.replace(precision="float32"), DATA, members=2, out=tmp_path / "run", watch="full")
    again = sb.load_run(tmp_path / "run")
    assert run.signals is not None and again.signals is not None
    assert again.signals.drop(columns="histogram").equals(run.signals.drop(columns="histogram"))
    (tmp_path / "run" / "signals.parquet").write_bytes(b"no")
    with pytest.raises(sb.RunError, match="signals cannot be read"):
        _ = sb.load_run(tmp_path / "run").signals
    assert sb.train(SETUP, DATA, members=1, out=None, watch="off").signals is None


def test_the_layers_of_chains_and_repeats_are_looked_at_one_by_one() -> None:
    """Each copy of a block by itself: the first look finds the weights as they began."""
    line = "linear 6, tanh, repeat(chain(linear 6 weight=normal(2), tanh), 2), chain(linear 4, relu), linear out"
    setup = SETUP.replace(network=sb.Network.parse(line))
    result = trained(Watch(FULL, 10_000), setup)
    series = series_of(result.setup.network, result.params, result.seen, 1)
    assert series.weights == (0, 2, 4, 6, 8) and series.names[2] == series.names[4] == "linear 6 weight=normal(2.0)"
    with jax.enable_x64(True):
        begun = setup.network.bind(3).init((5,), key=member_key(0, 1, INITIALISATION), dtype=jnp.float64)
    blocks = np.asarray(begun[2]["0.weight"])
    weights = [begun[0]["weight"], *blocks, begun[3]["0.weight"], begun[4]["weight"]]
    expected = [np.sqrt(np.mean(np.square(a))) for a in weights]
    np.testing.assert_allclose(series["weight"][0, series.weights], expected, rtol=1e-7)
    for name in ("gradient", "step", "same_sign", "twins", "dead", "delta", "gain"):
        assert np.isfinite(series[name][0, series.weights] if series[name].ndim > 1 else series[name][0]).all(), name
    again = from_table(table([(0, series)]), 3)
    assert again.names == series.names and again.weights == series.weights

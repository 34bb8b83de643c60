"""Networks of convolutions, norms and blocks in the engine: alone as in a population, in every layout.

Tolerance: 1e-9 relative in float64, as in `test_laws`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import seedbed as sb
from seedbed.core.errors import SetupError, ShapeError
from seedbed.core.keys import INITIALISATION, member_key
from seedbed.data import Dataset, load
from seedbed.network import CrossEntropy, Network
from seedbed.training import SGD, Setup
from seedbed.training.layout import LANES, STACKED, WIDE
from seedbed.training.plan import Plan, guess
from tests.training.populations import assert_close, trained, training

RNG = np.random.default_rng(3)
IMAGES = RNG.normal(size=(70, 6, 6, 1))
LABELS = (IMAGES[:, :3].mean((1, 2, 3)) > IMAGES[:, 3:].mean((1, 2, 3))).astype(int)
DATA: Dataset = load((IMAGES, LABELS), name="images")
VECTORS: Dataset = load((IMAGES.reshape(70, 36)[:, :8], LABELS), name="vectors")
CONVOLVED = Setup(
    network=Network.parse(
        "conv 3 3x3 bias=none, batchnorm, tanh, maxpool 2, "
        "residual(conv 3 3x3 bias=none, batchnorm), flatten, linear out"
    ),
    loss=CrossEntropy(),
    optimizer=SGD(0.1, momentum=0.9),
    batch_size=9,  # 44 to train: the last batch of an epoch has eight
    epochs=3,
    precision="float64",
)
DENSE = CONVOLVED.replace(
    network=Network.parse(
        "linear 6 bias=none, batchnorm, tanh, repeat(residual(linear 6 bias=none, batchnorm, tanh), 3), linear out"
    )
)
RATES = (0.3, 0.01, 0.1)


def members(setup: Setup) -> list[Setup]:
    return [setup.replace(optimizer=SGD(lr, momentum=0.5)) for lr in RATES]


ALONE = [
    (CONVOLVED, DATA, Plan(2, 1, STACKED)),
    (DENSE, VECTORS, Plan(1, 3, LANES)),
    *(
        pytest.param(setup, data, plan, marks=pytest.mark.slow)
        for setup, data in ((CONVOLVED, DATA), (DENSE, VECTORS))
        for plan in (Plan(2, 2, STACKED), Plan(1, 3, WIDE))
    ),
    pytest.param(CONVOLVED, DATA, Plan(1, 3, LANES), marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("setup", "data", "plan"), ALONE)
def test_a_member_learns_the_same_alone(setup: Setup, data: Dataset, plan: Plan) -> None:
    together = trained(members(setup), data=data, plan=plan)
    for number, one in enumerate(together):
        (alone,) = trained(members(setup)[number : number + 1], [number], data, plan=Plan(1, 1, STACKED))
        assert_close(one, alone, 1e-9)


def test_running_statistics_are_those_of_the_batches_and_no_step_moves_them() -> None:
    """Worked out by hand: a batch norm in front of a linear layer at rate 0 sees the examples as they are."""
    setup = CONVOLVED.replace(
        network=Network.parse("batchnorm, linear out"), optimizer=SGD(0.0), epochs=2, preprocessing=()
    )
    result = training([setup], [0], VECTORS, plan=Plan(1, 1, STACKED)).results[0]
    from seedbed.training.orders import shared_orders

    x, (mean, variance) = np.asarray(VECTORS.train.x), (np.zeros(8), np.ones(8))
    best = int(result.best_epoch[0])
    for epoch in range(best + 1):
        order = shared_orders(0, epoch, 1, 44, 44)[0]
        for at in range(0, 44, 9):
            rows = x[order[at : at + 9]]
            share = 0.1 * len(rows) / 9
            mean += share * (rows.mean(0) - mean)
            variance += share * (rows.var(0, ddof=1) - variance)
    np.testing.assert_allclose(result.params[0]["running_mean"][0], mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.params[0]["running_variance"][0], variance, rtol=1e-9)


def test_a_diverged_member_keeps_its_statistics_and_touches_no_other() -> None:
    sick = [CONVOLVED, CONVOLVED.replace(optimizer=SGD(1e30, momentum=0.9)), CONVOLVED]
    outcomes = trained(sick, data=DATA, plan=Plan(1, 3, STACKED))
    assert [one.outcome for one in outcomes] == ["trained", "diverged", "trained"]
    (alone,) = trained([CONVOLVED], [2], DATA, plan=Plan(1, 1, STACKED))
    assert_close(outcomes[2], alone, 1e-9)


def test_members_with_convolutions_train_one_by_one_on_a_core() -> None:
    network = CONVOLVED.network.bind(2)
    assert network.has_windows and not DENSE.network.has_windows
    params = network.params_shapes((6, 6, 1))
    assert guess(8, params, 9, shares_order=True, has_windows=True) == Plan(2, 1, STACKED)
    deep = DENSE.network.bind(2)
    assert guess(64, deep.params_shapes((8,)), 9, shares_order=True) == Plan(2, 32, LANES)
    wide = Network.parse("residual(linear 512, relu, linear 8), linear 2").params_shapes((8,))
    assert guess(64, wide, 9, shares_order=True).layout == STACKED


def test_a_vector_that_stands_for_an_image_is_read_as_one() -> None:
    digits = load("digits")
    setup = CONVOLVED.replace(network=Network.parse("conv 2 3x3, relu, flatten, linear out"), epochs=1, batch_size=200)
    result = training([setup.replace(precision="float32")], [0], digits).results[0]
    assert str(result.setup.network).startswith("reshape 8x8, conv 2 3x3")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("conv 2 3x3, flatten, conv 2 3x3, linear out", "network.layers[2]: conv: expected an image"),
        ("conv 2 3x3, flatten", "network.layers[1]: expected 10 outputs for digits, got outputs of shape (128,)"),
        ("conv 2 3x3, flatten, linear 4, residual(batchnorm), linear out", "network.layers[3].layers[0]: batchnorm: "),
    ],
)
def test_layers_are_counted_as_they_were_given(line: str, message: str) -> None:
    """Without the layer that makes images of vectors, when shapes are worked out and when a program is traced."""
    with pytest.raises((ShapeError, SetupError)) as caught:
        trained([CONVOLVED.replace(network=Network.parse(line), batch_size=1)], data=load("digits"), plan=None)
    assert str(caught.value).startswith(message)


@pytest.mark.slow
def test_a_run_with_convolutions_predicts_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    data = load("digits")
    network = Network.parse("conv 2 3x3, batchnorm, relu, residual(conv 2 3x3), flatten, linear out")
    setup = CONVOLVED.replace(network=network, precision="float32", epochs=2, batch_size=100)
    run = sb.train(setup, data, members=2, out=tmp_path / "run")
    again = sb.load_run(tmp_path / "run")
    rows = data.test.rows[:20]
    np.testing.assert_array_equal(again.best.predict_proba(rows), run.best.predict_proba(rows))
    assert [str(member.network) for member in again.members] == [str(member.network) for member in run.members]


def test_a_batch_norm_over_a_batch_of_one_is_refused() -> None:
    with pytest.raises((SetupError, ShapeError)) as caught:
        trained([DENSE.replace(batch_size=1)], data=VECTORS)
    assert "network.layers[1]: batchnorm: expected two examples at least in training" in str(caught.value)


@pytest.mark.slow
def test_bfloat16_learns_about_as_float32_does() -> None:
    short, single = (
        trained([CONVOLVED.replace(precision=precision, epochs=8)], data=DATA)[0]
        for precision in ("bfloat16", "float32")
    )
    assert all(a.dtype == np.float32 for a in short.params)
    # Eight binary digits: a loss is off by some hundredths after forty steps, and not equal.
    np.testing.assert_allclose(short.history[:, 0], single.history[:, 0], atol=0.1)
    assert not np.array_equal(short.history[:, 0], single.history[:, 0])


def test_the_first_weights_are_those_of_the_network() -> None:
    setup = CONVOLVED.replace(optimizer=SGD(0.0), epochs=1, precision="float32")
    result = training([setup], [5], DATA).results[0]
    first = result.setup.network.init((6, 6, 1), key=member_key(0, 5, INITIALISATION))
    np.testing.assert_allclose(result.params[0]["weight"][0], first[0]["weight"], rtol=3e-7)  # one rounding


def test_data_of_categories_is_embedded_and_what_is_out_of_range_named() -> None:
    x = RNG.integers(0, 5, (60, 3)).astype(float)
    data = load((x, (x[:, 0] > 2).astype(int)), name="categories")
    setup = Setup(
        network=Network([sb.Embedding(5, 2), sb.Flatten(), sb.Linear("out")]),
        loss=CrossEntropy(), optimizer=sb.Adam(0.1), batch_size=8, epochs=15, preprocessing=(),
    )  # fmt: skip
    assert trained([setup], data=data)[0].history[-1, 3] > 0.9
    small = setup.replace(network=Network([sb.Embedding(3, 2), sb.Flatten(), sb.Linear("out")]))
    for setups in ([small], [setup, small], [small.replace(network=Network([sb.Flatten(), *small.network.layers]))]):
        with pytest.raises(ShapeError, match=r"embedding: expected whole numbers from 0 to 2, got [34] at"):
            trained(setups, data=data, plan=None)


def test_categories_beyond_256_keep_their_numbers_in_bfloat16() -> None:
    x = RNG.integers(256, 512, (80, 2)).astype(float)
    data = load((x, (x[:, 0] > 384).astype(int)), name="many categories")
    setup = Setup(
        network=Network([sb.Embedding(512, 4), sb.Flatten(), sb.Linear("out")]),
        loss=CrossEntropy(), optimizer=sb.Adam(0.1), batch_size=8, epochs=3, preprocessing=(), precision="bfloat16",
    )  # fmt: skip
    assert trained([setup], data=data)[0].outcome == "trained"


@pytest.mark.slow
def test_fifty_layers_compile_within_ten_seconds() -> None:
    block = "residual(batchnorm, relu, linear 32 bias=none, batchnorm scale=zeros, relu, linear 32)"
    network = Network.parse(f"linear 32, repeat({block}, 24), batchnorm, relu, linear out")
    setup = CONVOLVED.replace(network=network, optimizer=sb.Adam(3e-3), epochs=10, batch_size=64, precision="float32")
    result = training([setup], [0], load("digits"), plan=Plan(1, 1, STACKED))
    assert result.compile_seconds < 10  # 3 s where nothing else runs
    assert result.results[0].history[0, -1, 3] > 0.9

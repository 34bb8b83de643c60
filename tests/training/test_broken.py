"""Where a loss first was no number: the step against a run by hand, the layer against networks built to break there."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from seedbed.data import load
from seedbed.network import MeanSquaredError, Network
from seedbed.training import SGD, Setup, waves
from seedbed.training.augmentation import Noise
from seedbed.training.checkpoint import Checkpoints
from seedbed.training.layout import LANES, STACKED, WIDE
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training
from tests.training import by_hand
from tests.training.populations import QUANTITIES, REGRESS, training

RATES = (1e5, 0.05, 1e30, 0.1, 1e300, 3e3)  # those of the second and the fourth are sound
POPULATION = [REGRESS.replace(optimizer=SGD(lr, momentum=0.9)) for lr in RATES]
N_STEPS = 5  # in an epoch


class StopError(Exception):
    """Ends a training between two device calls."""


def look(observation: Any) -> jax.Array:
    """An observer, so that the layer is looked for."""
    return jnp.sum(observation.x)


def first_unsound(setup: Setup, number: int) -> int:
    """The step by hand, from 0, whose loss was no number, or the last of an epoch behind which that of the validation
    part was none; -1 for none.
    """
    path: list[by_hand.Weights] = []
    train, (valid_x, valid_y) = by_hand.standardised(QUANTITIES)
    with np.errstate(all="ignore"):
        with contextlib.suppress(ValueError):  # who has no sound epoch has no best one
            by_hand.run(setup, QUANTITIES, number, path=path)
        for step, (weights, after) in enumerate(pairwise(path)):
            epoch, i = divmod(step, N_STEPS)
            rows = by_hand.order_of(setup, len(train[0]), epoch, number)[i * setup.batch_size :][: setup.batch_size]
            is_sound = has_loss(weights, train[0][rows], train[1][rows])
            if not is_sound or (i == N_STEPS - 1 and not has_loss(after, valid_x, valid_y)):
                return step
    return -1


def has_loss(weights: by_hand.Weights, x: Any, y: Any) -> bool:
    """Whether the mean loss is a number."""
    return bool(np.isfinite(by_hand.loss_of(by_hand.forward(weights, x)[-1], y)[0].mean()))


@pytest.fixture(scope="module")
def by_numpy() -> list[int]:
    found = [first_unsound(setup, i) for i, setup in enumerate(POPULATION)]
    assert len(set(found)) == 5 and sum(step < 0 for step in found) == 2  # each of the four at a step of its own
    return found


def ended(whole: Training) -> list[int]:
    pairs = [pair for one in whole.results for pair in zip(one.places.tolist(), one.ended.tolist(), strict=True)]
    return [step for _, step in sorted(pairs)]


@pytest.mark.parametrize("layout", [STACKED, WIDE, LANES])
def test_the_step_is_that_of_a_run_by_hand(layout: str, by_numpy: list[int]) -> None:
    assert ended(training(POPULATION, data=QUANTITIES, plan=Plan(2, 3, layout))) == by_numpy


@pytest.mark.parametrize("member", [0, 5])
def test_a_member_alone_ends_at_the_same_step(member: int, by_numpy: list[int]) -> None:
    alone = training([POPULATION[member]], [member], QUANTITIES, plan=Plan(1, 1, STACKED))
    assert ended(alone) == [by_numpy[member]]


def test_each_with_its_own_order_of_examples() -> None:
    setups = [setup.replace(data_order="own") for setup in POPULATION]
    whole = training(setups, data=QUANTITIES, observe=look)
    assert ended(whole) == [first_unsound(setup, i) for i, setup in enumerate(setups)]
    assert [place < 0 for place in whole.results[0].broken] == [step < 0 for step in ended(whole)]


def test_it_is_the_same_across_a_checkpoint_in_front_of_it(
    tmp_path: Path, by_numpy: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the middle of the second epoch: some have ended, one of the others ends later."""
    monkeypatch.setattr(waves, "CALL_SECONDS", 1e-9)
    given: dict[str, Any] = {"plans": [Plan(2, 3, STACKED)], "observe": look}
    whole = Training(POPULATION, list(range(6)), QUANTITIES, **given)
    whole.run()
    kept, calls = Checkpoints(tmp_path, 0.0), []

    def stop(_: Any) -> None:
        calls.append(None)
        if len(calls) == 8:
            raise StopError

    first = Training(POPULATION, list(range(6)), QUANTITIES, checkpoints=kept, on_progress=stop, **given)
    with pytest.raises(StopError):
        first.run()
    point, _ = Checkpoints(tmp_path, 0.0).load()
    again = Training(POPULATION, list(range(6)), QUANTITIES, point=point, **given)
    assert point is not None and 0 < point.n_steps < 6 * max(by_numpy)
    again.run()
    assert ended(again) == by_numpy
    np.testing.assert_array_equal(again.results[0].broken, whole.results[0].broken)


def test_it_goes_on_from_a_pause(by_numpy: list[int]) -> None:
    plans = [Plan(2, 3, STACKED)]
    first = Training(POPULATION, list(range(6)), QUANTITIES, plans=plans, until=2)
    first.run()
    members = [first.pauses[i] for i in range(6)]
    again = Training(POPULATION, list(range(6)), QUANTITIES, plans=plans, paused=members)
    again.run()
    assert ended(again) == by_numpy


def test_weights_that_the_last_step_of_an_epoch_ruins() -> None:
    """One step in an epoch, at rate 1e300: its own loss is sound, that of the validation part behind it is not."""
    setups = [REGRESS.replace(optimizer=SGD(lr), batch_size=1000, epochs=3) for lr in (1e300, 0.1)]
    (one,) = training(setups, data=QUANTITIES, plan=Plan(2, 1, STACKED), observe=look).results
    assert one.outcomes == ["diverged", "trained"]
    assert one.ended.tolist() == [0, -1] and one.broken.tolist()[1] == -1
    # tanh brings what the first layer gives back to 1, so that only weights which are none spoil it.
    assert one.broken[0] in (2, 3)


X = np.random.default_rng(3).normal(size=(60, 3))
Y = X[:, :1] + X[:, 1:2]


def start_of(network: Network, factors: dict[int, float], dtype: Any = np.float32) -> Any:
    """Weights of one tenth in every layer, some of them made larger; biases of zero."""
    shapes = network.params_shapes((3,))
    return tuple(
        {name: np.full(a.shape, 0.1 * factors.get(i, 1.0) * (name != "bias"), dtype) for name, a in own.items()}
        for i, own in enumerate(shapes)
    )


RELU = Network.parse("linear 4, relu, linear 4, relu, linear 1")
OVERFLOWS: list[tuple[dict[int, float], int]] = [
    ({0: 1e25, 2: 1e25}, 2),  # 1e25 · 1e25 > 3.4e38
    ({}, -1),
    ({0: 1e30, 4: 1e12}, 4),
    ({0: 1e22}, 5),  # outputs of 1e20, whose squares are too large
]


def setup_of(network: Network) -> Setup:
    return Setup(network, MeanSquaredError(), SGD(1e-6), batch_size=16, epochs=1, preprocessing=())


@pytest.mark.parametrize("layout", [STACKED, LANES])
def test_the_layer_is_the_one_built_to_overflow(layout: str) -> None:
    """With examples and weights of one sign, so that nothing is cancelled and ReLU lets it pass."""
    setups, start = [setup_of(RELU)] * 4, [start_of(RELU, factors) for factors, _ in OVERFLOWS]
    given: dict[str, Any] = {"data": load((np.abs(X) + 1, np.abs(Y))), "start": start, "plan": Plan(1, 4, layout)}
    (one,) = training(setups, observe=look, **given).results
    assert one.broken.tolist() == [place for _, place in OVERFLOWS]
    assert one.ended.tolist() == [0, -1, 0, 0]


def test_a_layer_in_a_block_is_named_by_its_place_in_the_row() -> None:
    """The third of four copies, whose weights of 1e25 meet numbers near 1e18."""
    network = Network.parse("linear 4, repeat(chain(linear 4, relu), 4), linear 1")
    start = start_of(network, {0: 1e9, 1: 1.0})
    start[1]["0.weight"] = np.stack([np.full((4, 4), a, np.float32) for a in (1e9, 0.1, 1e25, 0.1)])
    start[1]["0.bias"] *= 0
    data, plan = load((np.abs(X) + 1, np.abs(Y))), Plan(1, 1, STACKED)
    (one,) = training([setup_of(network)], data=data, start=[start], observe=look, plan=plan).results
    assert one.ended.tolist() == [0] and one.broken.tolist() == [5]  # behind a linear layer and two pairs


def test_who_was_not_observed_has_a_step_and_no_layer() -> None:
    """That would be one more program to compile for each structure of a search."""
    start = [start_of(RELU, factors) for factors, _ in OVERFLOWS]
    (one,) = training(
        [setup_of(RELU)] * 4, data=load((np.abs(X) + 1, Y)), start=start, plan=Plan(1, 4, STACKED)
    ).results
    assert one.ended.tolist() == [0, -1, 0, 0] and one.broken.tolist() == [-1] * 4


def test_a_noisy_layer_breaks_in_training_alone() -> None:
    """Dropout of 0.999 multiplies what it keeps by a thousand; in prediction all layers are sound."""
    network = Network.parse("linear 4000, dropout 0.999, linear 1")
    setup = setup_of(network).replace(augmentation=(Noise(1e-3),))
    start = start_of(network, {0: 1e37, 2: 1e-30})
    data = load((np.abs(X) + 1, Y))
    (one,) = training([setup], data=data, start=[start], observe=look, plan=Plan(1, 1, STACKED)).results
    assert one.ended.tolist() == [0] and one.broken.tolist() == [1]


def test_streamed_examples_are_told_by_the_validation_part(tmp_path: Path) -> None:
    """Those of the step have gone; where all layers are sound there, nothing is said of a layer."""
    table = pd.DataFrame(np.abs(X) + 1, columns=list("abc")).assign(y=np.abs(Y[:, 0]))
    table.to_parquet(tmp_path / "rows.parquet")
    data, start = load(tmp_path / "rows.parquet", target="y", stream=True), [start_of(RELU, f) for f, _ in OVERFLOWS]
    (one,) = training([setup_of(RELU)] * 4, data=data, start=start, observe=look, plan=Plan(1, 4, STACKED)).results
    assert one.ended.tolist() == [0, -1, 0, 0] and one.broken.tolist() == [2, -1, 4, -1]

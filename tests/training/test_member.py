"""The objective of one member: its gradient against central differences, its sums and its score by hand."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, hamming_loss, r2_score

from seedbed.network import (
    L1,
    L2,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Loss,
    MeanSquaredError,
    Network,
    QuadraticCost,
)
from seedbed.training import SGD, Setup, member
from seedbed.training.augmentation import Noise
from seedbed.training.cohorts import bind
from seedbed.training.score import per_example_score
from tests.training.populations import CLASSES, QUANTITIES

RNG = np.random.default_rng(5)
X = RNG.normal(size=(7, 4))
CLASSIFIED, MEASURED = RNG.integers(0, 3, 7).astype(np.int32), RNG.normal(size=(7, 2))
WEIGHT = np.array([1.0, 0.0, 2.0, 0.5, 1.0, 3.0, 0.0])
NETWORK = Network.parse("linear 5, prelu 0.3, dropout 0.3, linear 4, tanh, linear out")
CASES: list[tuple[Loss, Any, str]] = [
    (CrossEntropy(label_smoothing=0.1), L2(0.3), "classification"),
    (BinaryCrossEntropy(), None, "classification"),
    (QuadraticCost(), L1(0.2), "regression"),
    (MeanSquaredError(), L2(0.1), "regression"),
    (Huber(0.5), None, "regression"),
]


@pytest.mark.parametrize(("loss", "penalty", "task"), CASES, ids=lambda c: getattr(c, "kind", ""))
def test_gradient_is_the_limit_of_differences(loss: Loss, penalty: Any, task: str) -> None:
    """In every direction of every array, with dropout, weights and a penalty."""
    data, y = (CLASSES, CLASSIFIED) if task == "classification" else (QUANTITIES, MEASURED)
    setup = bind(Setup(NETWORK, loss, SGD(0.1), penalty=penalty, precision="float64"), data)
    with jax.enable_x64(True):
        batch = member.Batch(*(jnp.asarray(a) for a in (X, y, WEIGHT)), None)
        variance = jnp.ones(2) if task == "regression" else None
        noise = member.noise_of(setup, jnp.int32(0), jnp.int32(1), jnp.int32(2))
        params = jax.jit(lambda: member.begin(setup, (4,), jnp.float64, jnp.int32(0), jnp.int32(1)))()

        @jax.jit
        def objective(leaves: list[Any]) -> Any:
            tree = jax.tree.unflatten(jax.tree.structure(params), leaves)
            return member.objective(setup, tree, batch, noise, task=task, variance=variance, image_shape=None)[0]

        leaves = jax.tree.leaves(params)
        slopes = jax.jit(jax.grad(objective))(leaves)
        for i, slope in enumerate(slopes):
            for at in np.ndindex(slope.shape):
                # The error of the difference is h² of a third derivative near 1, and 1e-16 / h of rounding: 1e-10.
                h = 1e-5
                ends = [[*leaves[:i], leaves[i].at[at].add(by), *leaves[i + 1 :]] for by in (h, -h)]
                difference = (objective(ends[0]) - objective(ends[1])) / (2 * h)
                np.testing.assert_allclose(slope[at], difference, rtol=1e-6, atol=1e-8)


def test_sums_and_mean() -> None:
    """The mean is weighted; the score counts rows that are not filling, whatever they weigh."""
    setup = bind(Setup(Network.parse("linear out"), CrossEntropy(), SGD(0.1), penalty=L2(1.0)), CLASSES)
    weights = ({"weight": RNG.normal(size=(4, 3)).astype(np.float32), "bias": np.zeros(3, np.float32)},)
    params = jax.tree.map(jnp.asarray, weights)
    counted = np.array([1, 1, 1, 1, 1, 0, 0], np.float32)
    batch = member.Batch(
        jnp.asarray(X, jnp.float32), jnp.asarray(CLASSIFIED), jnp.asarray(WEIGHT * counted, jnp.float32),
        jnp.asarray(counted),
    )  # fmt: skip
    total, (mean, sums, running) = member.objective(
        setup, params, batch, member.Streams(None, None), task="classification", variance=None, image_shape=None
    )
    assert running == ({},)
    outputs = X @ weights[0]["weight"]
    each = np.log(np.exp(outputs).sum(1)) - outputs[np.arange(7), CLASSIFIED]
    expected = (WEIGHT * counted * each).sum()
    np.testing.assert_allclose(sums.loss, expected, rtol=1e-6)
    np.testing.assert_allclose(mean, expected / (WEIGHT * counted).sum(), rtol=1e-6)
    np.testing.assert_allclose(total, mean + 0.5 * (weights[0]["weight"] ** 2).sum(), rtol=1e-6)
    assert sums.score == ((outputs.argmax(1) == CLASSIFIED) * counted).sum()
    again = member.examine(setup, params, batch, task="classification", variance=None)
    np.testing.assert_array_equal(sums.loss, again.loss)


def mean_score(loss: Loss, task: str, outputs: Any, y: Any, variance: Any = None) -> float:
    arrays = [None if a is None else jnp.asarray(a) for a in (outputs, y, variance)]
    return float(per_example_score(loss, task, *arrays).mean())


def test_scores_are_those_of_scikit_learn() -> None:
    z = RNG.normal(size=(50, 3)).astype(np.float32)
    labels, answers = RNG.integers(0, 3, 50).astype(np.int32), (RNG.random((50, 3)) < 0.4).astype(np.float32)
    numbers = RNG.normal(size=(50, 3)).astype(np.float32)
    two = (labels > 0).astype(np.int32)
    for loss in (CrossEntropy(), MeanSquaredError(), BinaryCrossEntropy()):
        score = mean_score(loss, "classification", z, labels)
        assert score == pytest.approx(accuracy_score(labels, z.argmax(1)))
    one = mean_score(BinaryCrossEntropy(), "classification", z[:, :1], two)
    assert one == pytest.approx(accuracy_score(two, z[:, 0] > 0))
    several = mean_score(BinaryCrossEntropy(), "multilabel", z, answers)
    assert several == pytest.approx(1 - hamming_loss(answers, z > 0))
    r2 = mean_score(MeanSquaredError(), "regression", z, numbers, numbers.var(0))
    assert r2 == pytest.approx(r2_score(numbers, z), rel=1e-5)


def test_streams_differ() -> None:
    """By member, by step, by seed, and noise from augmentation and from first weights."""
    setup = Setup(NETWORK, CrossEntropy(), SGD(0.1), augmentation=(Noise(),))
    numbers = [(jnp.int32(s), jnp.int32(n), jnp.int32(i)) for s in (0, 1) for n in (0, 1) for i in (0, 1)]
    noise = [key for three in numbers for key in member.noise_of(setup, *three)]
    first = [member.keys.member_key(s, n, member.keys.INITIALISATION) for s in (0, 1) for n in (0, 1)]
    words = {tuple(jax.random.key_data(key).tolist()) for key in (*noise, *first)}
    assert len(words) == 20

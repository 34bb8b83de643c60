"""Small populations for the tests of training: data, setups, and the engine's results member by member."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.data import Dataset, load
from seedbed.network import CrossEntropy, MeanSquaredError, Network
from seedbed.training import SGD, Setup
from seedbed.training.layout import STACKED
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training

RNG = np.random.default_rng(7)
X = RNG.normal(size=(70, 4))
LABELS = (np.abs(X[:, 0]) + X[:, 1] > 0.3).astype(int) + (X[:, 2] * X[:, 3] > 0)
TARGETS = np.stack([np.sin(X[:, 0]) + X[:, 1] ** 2, 30 * X[:, 2] + 5 * X[:, 0] * X[:, 3] + 100], axis=1)
CLASSES: Dataset = load((X, LABELS), name="classes")
QUANTITIES: Dataset = load((X, TARGETS), name="quantities")

# 44 examples in batches of 9 and a last one of 8: five steps an epoch, fifty in all.
CLASSIFY = Setup(
    network=Network.parse("linear 6, tanh, linear out"),
    loss=CrossEntropy(),
    optimizer=SGD(0.1, momentum=0.9),
    batch_size=9,
    epochs=10,
    precision="float64",
)
REGRESS = CLASSIFY.replace(loss=MeanSquaredError())
RATES = (0.3, 0.01, 0.1, 0.03, 0.2, 0.05)  # of the members of a population, with their momenta
MOMENTA = (0.0, 0.9, 0.5, 0.8, 0.3, 0.95)
MEMBERS = tuple(
    CLASSIFY.replace(optimizer=SGD(lr, momentum=momentum)) for lr, momentum in zip(RATES, MOMENTA, strict=True)
)
ALL = Plan(2, 3, STACKED)  # all of them at once


class One(NamedTuple):
    """What came of one member."""

    history: NDArray[Any]  # (epoch, column)
    params: list[NDArray[Any]]  # the best weights
    best_epoch: int
    outcome: str


def trained(
    setups: Any, numbers: Any = None, data: Dataset = CLASSES, *, plan: Plan | None = ALL, **rest: Any
) -> list[One]:
    """The members of a population after training, in the order of their setups."""
    return members_of(training(setups, numbers, data, plan=plan, **rest))


def training(
    setups: Any, numbers: Any = None, data: Dataset = CLASSES, *, plan: Plan | None = ALL, **rest: Any
) -> Training:
    """A training that is over. One plan stands for all cohorts."""
    whole = Training(setups, list(range(len(setups)) if numbers is None else numbers), data, **rest)
    if plan is not None:
        whole.plans = [plan] * len(whole.groups)
    whole.run()
    return whole


def members_of(whole: Training) -> list[One]:
    found: dict[int, One] = {}
    for part in whole.results:
        for i, place in enumerate(part.places):
            params = [np.asarray(a)[i] for a in jax.tree.leaves(part.params)]
            found[int(place)] = One(part.history[i], params, int(part.best_epoch[i]), part.outcomes[i])
    return [found[place] for place in sorted(found)]


def assert_close(ours: One, theirs: One, rtol: float) -> None:
    """The same outcome and best epoch; history and weights to `rtol`, relative to the largest of a column or array."""
    assert (ours.outcome, ours.best_epoch) == (theirs.outcome, theirs.best_epoch)
    assert_near(list(ours.history.T), list(theirs.history.T), rtol)
    assert_near(ours.params, theirs.params, rtol)


def assert_near(ours: list[Any], theirs: list[Any], rtol: float) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        finite = np.abs(np.asarray(other)[np.isfinite(other)])
        np.testing.assert_allclose(mine, other, rtol=0, atol=rtol * max(finite.max(initial=0.0), 1e-300))


def assert_equal(ours: One, theirs: One) -> None:
    """The same to the bit."""
    assert (ours.outcome, ours.best_epoch) == (theirs.outcome, theirs.best_epoch)
    for mine, other in zip([ours.history, *ours.params], [theirs.history, *theirs.params], strict=True):
        np.testing.assert_array_equal(mine, other)

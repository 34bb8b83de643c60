"""Looking inside the program: what an observer sees, against the last step of every epoch by hand."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

from seedbed.network.penalties import L2
from seedbed.training import SGD, Setup
from seedbed.training.augmentation import Noise
from seedbed.training.layout import LAYOUTS, STACKED
from seedbed.training.observe import Observation
from seedbed.training.plan import Plan
from tests.training import by_hand
from tests.training.populations import (
    CLASSES,
    CLASSIFY,
    MEMBERS,
    QUANTITIES,
    REGRESS,
    assert_equal,
    members_of,
    trained,
    training,
)


def watch(seen: Observation) -> dict[str, Any]:
    return {
        "lr": seen.setup.optimizer.lr,
        "x": seen.x,
        "activations": seen.activations,
        "params": seen.params,
        "gradients": seen.gradients,
        "updates": seen.updates,
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_observer_sees_the_last_step_of_every_epoch(layout: str) -> None:
    """To 1e-9, as the trajectory itself; the last batch is filled up with the first examples of the epoch."""
    (part,) = training(MEMBERS, observe=watch, plan=Plan(2, 3, layout)).results
    seen = part.seen
    for m, setup in enumerate(MEMBERS):
        np.testing.assert_array_equal(seen["lr"][m], setup.optimizer.lr)
        _, steps = by_hand.run(setup, CLASSES, m)
        for epoch, step in enumerate(steps):
            x = seen["x"][m, epoch]
            assert x.shape == (9, 4)
            close(x[:8], step.x)
            hidden, tanh, outputs = (a[m, epoch] for a in seen["activations"])
            close(hidden, x @ step.before[1] + step.before[0])
            close(tanh, np.tanh(hidden))
            close(outputs, by_hand.forward(step.before, x)[-1])
            of = {
                name: [a[m, epoch] for a in jax.tree.leaves(seen[name])] for name in ("params", "gradients", "updates")
            }
            for i in range(4):
                close(of["params"][i], step.before[i])
                close(of["gradients"][i], step.slopes[i])
                close(of["updates"][i], step.after[i] - step.before[i])


def close(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_looking_changes_no_bit(layout: str) -> None:
    plan = Plan(2, 3, layout)
    watched = members_of(training(MEMBERS, observe=watch, plan=plan))
    for mine, other in zip(watched, trained(MEMBERS, plan=plan), strict=True):
        assert_equal(mine, other)


def test_without_an_observer_nothing_is_seen_and_nothing_compiled(compilations: Any) -> None:
    trained(MEMBERS)
    training(MEMBERS, observe=watch)
    compilations.reset()
    (part,) = training(MEMBERS).results
    assert part.seen == ()
    assert compilations.n == 0


def norm_and_count(seen: Observation) -> tuple[Any, Any]:
    squares = sum(jnp.sum(g * g) for g in jax.tree.leaves(seen.gradients))
    return jnp.sqrt(squares), jnp.int32(len(seen.activations))


def test_a_member_that_has_ended_is_still_seen_but_an_epoch_not_trained_is_empty() -> None:
    """A wave ends with its last member, here in the second epoch; NaN or 0 stands where nothing was looked at."""
    setups = [REGRESS.replace(optimizer=SGD(0.0), patience=1)] * 2
    (part,) = training(setups, observe=norm_and_count, plan=Plan(2, 1, STACKED), data=QUANTITIES).results
    norms, counts = part.seen
    assert norms.shape == counts.shape == (2, 10)
    assert set(part.outcomes) == {"stopped early"}
    assert np.isfinite(norms[:, :2]).all()
    n_seen = int(np.isfinite(norms[0]).sum())
    np.testing.assert_array_equal(np.isnan(norms[:, n_seen:]), counts[:, n_seen:] == 0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_the_step_was_to_make_smaller(layout: str) -> None:
    """The mean loss and the penalty before it, in NumPy."""
    setups = [member.replace(batch_size=11, penalty=L2(0.1)) for member in MEMBERS]
    observe = lambda seen: (seen.params, seen.x, seen.y, seen.objective)  # noqa: E731
    (part,) = training(setups, observe=observe, plan=Plan(2, 3, layout)).results
    weights, x, y, objective = part.seen
    assert objective.shape == (len(setups), CLASSIFY.epochs)
    for place in np.ndindex(objective.shape):
        before = [a[place] for a in jax.tree.leaves(weights)]
        z = by_hand.forward(before, x[place])[-1]
        loss = logsumexp(z, axis=1) - z[np.arange(11), y[place]]
        close(objective[place], loss.mean() + 0.05 * sum((a**2).sum() for a in before if a.ndim == 2))


@pytest.mark.parametrize(
    "setup",
    [
        CLASSIFY,  # whose last batch is filled up
        CLASSIFY.replace(batch_size=11, precision="bfloat16"),
        CLASSIFY.replace(batch_size=11, augmentation=(Noise(),)),
    ],
)
def test_there_is_no_objective_of_what_the_network_has_not_read(setup: Setup) -> None:
    told = []

    def observe(seen: Observation) -> Any:
        told.append(seen.objective)
        return seen.x

    training([setup], observe=observe, plan=Plan(1, 1, STACKED))
    assert told and all(each is None for each in told)

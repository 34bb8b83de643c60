"""The gradient check: is what goes backward the slope of what goes forward? Of layers of one's own above all.

    (C(w + h) - C(w - h)) / 2h  against  ∂C/∂w      in float64, for some weights of each layer

The error is relative to the larger of both. A step h that crosses the kink of a ReLU says nothing, so three are tried,
and the nearest answer counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.watching.checks.check import Check
from seedbed.watching.checks.subject import Subject, mean_loss
from seedbed.watching.finding import Evidence

EXAMPLES, WEIGHTS = 16, 4  # of the batch; of each array of weights
MOVED = 0.01
STEPS = (1e-4, 1e-5, 1e-6)
MOST = 1e-4  # the relative error that is let by, as in CS231n for functions with kinks


def gradient_check(subject: Subject) -> Check:
    """Central differences in float64 against the gradient that training would use."""
    x, y = (np.asarray(one[:EXAMPLES]) for one in subject.sample)
    double = lambda a: np.asarray(a, np.float64)  # noqa: E731
    targets = y if y.dtype.kind == "i" else double(y)
    with jax.enable_x64(True):
        batch = jnp.asarray(double(x))
        loss = lambda params: mean_loss(subject.setup, params, batch, jnp.asarray(targets))  # noqa: E731
        error = _largest_error(loss, _apart(subject.params, subject.seed), subject.seed)
    evidence = Evidence("error of the gradient, relative, against central differences", error, f"below {MOST:g}")
    return Check("gradient_check", bool(error < MOST), (evidence,))


def _apart(params: Any, seed: int) -> Any:
    """The weights, each moved a little: a sum that is exactly 0, as where weights are, stands on the kink of a ReLU."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda a: np.asarray(a, np.float64) + rng.normal(0, MOVED, a.shape), params)


def _largest_error(loss: Callable[[Any], Any], params: Any, seed: int) -> float:
    """The largest of the weights that were drawn."""
    leaves, tree = jax.tree.flatten(params)
    value_and_slopes = jax.jit(jax.value_and_grad(loss))
    value, slopes = value_and_slopes(params)
    slopes = [np.asarray(slope) for slope in jax.tree.leaves(slopes)]
    size = float(np.sqrt(np.mean(np.concatenate([slope.ravel() for slope in slopes]) ** 2))) if slopes else 0.0
    rng, worst = np.random.default_rng(seed), 0.0
    for place, slope in enumerate(slopes):
        for at in rng.choice(slope.size, min(WEIGHTS, slope.size), replace=False):

            def moved(h: float, place: int = place, at: int = at) -> float:
                leaf = leaves[place].copy()
                leaf.ravel()[at] += h
                return float(
                    value_and_slopes(jax.tree.unflatten(tree, [*leaves[:place], leaf, *leaves[place + 1 :]]))[0]
                )

            # Gradients that are nothing beside the others may err by as much as rounding makes of those.
            least = max(1e-3 * size, 1e-12)
            worst = max(worst, min(_error(moved, float(slope.ravel()[at]), float(value), least, h) for h in STEPS))
    return worst


def _error(moved: Callable[[float], float], slope: float, value: float, least: float, h: float) -> float:
    """The error of a slope against the central difference, relative to the larger; rounding stays below MOST."""
    other = (moved(h) - moved(-h)) / (2 * h)
    rounding = 8 * np.finfo(np.float64).eps * abs(value) / h
    error = abs(other - slope) / max(abs(slope), abs(other), least, rounding / MOST)
    return error if np.isfinite(error) else np.inf

"""Boolean functions as networks of perceptrons: two layers compute any of them, also those that one unit cannot.

first layer     one unit for each row of the truth table that is true; it fires for that row alone:
                weight 1 where the row has a 1, -1 where it has a 0, bias ½ - (how many 1s)
second layer    fires where any of them does: weights 1, bias -½
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from seedbed.core.errors import UsageError
from seedbed.network.activations import Step
from seedbed.network.linear import Linear
from seedbed.network.network import Network, NetworkParams


def truth_rows(n_inputs: int) -> Float[np.ndarray, "rows n_inputs"]:
    """All inputs of a Boolean function, counted up in binary: (0, 0), (0, 1), (1, 0), (1, 1)."""
    numbers = np.arange(2**n_inputs)[:, None] >> np.arange(n_inputs)[::-1]
    return (numbers & 1).astype(np.float64)


def boolean_network(truth: Sequence[int]) -> tuple[Network, NetworkParams]:
    """Two layers of perceptrons that compute a Boolean function, and their weights.

    Arguments:
        truth: what the function gives for each of `truth_rows(n)`, 0 or 1: [0, 1, 1, 0] is XOR.

    Raises:
        UsageError: they are not 2, 4, 8, ... numbers that are 0 or 1.

    >>> network, params = boolean_network([0, 1, 1, 0])
    >>> str(network)
    'linear 2, step, linear 1, step'
    >>> params[0]["weight"].tolist(), params[0]["bias"].tolist(), params[2]["weight"].tolist()
    ([[-1.0, 1.0], [1.0, -1.0]], [-0.5, -0.5], [[1.0], [1.0]])
    """
    n_inputs = len(truth).bit_length() - 1
    if n_inputs < 1 or len(truth) != 2**n_inputs or not set(truth) <= {0, 1}:
        raise UsageError(f"truth: expected 2, 4, 8, ... numbers that are 0 or 1, got {list(truth)!r}")
    fires = truth_rows(n_inputs)[np.asarray(truth) == 1]
    weight, bias = 2 * fires.T - 1, 0.5 - fires.sum(axis=1)
    if not len(fires):  # a layer has at least one unit; this one never fires
        weight, bias = np.zeros((n_inputs, 1)), np.full(1, -0.5)
    first, second = _params(weight, bias), _params(np.ones((len(bias), 1)), np.full(1, -0.5))
    return Network([Linear(len(bias)), Step(), Linear(1), Step()]), (first, {}, second, {})


def _params(weight: np.ndarray, bias: np.ndarray) -> dict[str, jnp.ndarray]:
    return {"weight": jnp.asarray(weight, jnp.float32), "bias": jnp.asarray(bias, jnp.float32)}

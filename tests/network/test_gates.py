"""Boolean functions by two layers of perceptrons: all of them."""

from __future__ import annotations

import itertools

import jax.numpy as jnp
import pytest

from seedbed import UsageError
from seedbed.network.gates import boolean_network, truth_rows


def test_the_rows_of_a_truth_table():
    assert [tuple(row) for row in truth_rows(3)] == list(itertools.product([0.0, 1.0], repeat=3))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_two_layers_compute_every_boolean_function(n):
    x = jnp.asarray(truth_rows(n), jnp.float32)
    for truth in itertools.product([0, 1], repeat=2**n):
        network, params = boolean_network(truth)
        assert network.apply(params, x)[:, 0].tolist() == list(truth)


def test_xor_is_two_units_and_one():
    network, params = boolean_network([0, 1, 1, 0])
    hidden = network.activations(params, jnp.asarray(truth_rows(2), jnp.float32))[1]
    assert hidden.tolist() == [[0, 0], [1, 0], [0, 1], [0, 0]]  # "second without first", "first without second"
    assert network.n_params((2,)) == 9


@pytest.mark.parametrize("truth", [[], [1], [0, 1, 1], [0, 2]])
def test_what_is_no_truth_table(truth):
    with pytest.raises(UsageError, match=r"^truth: expected 2, 4, 8, \.\.\. numbers that are 0 or 1, got \["):
        boolean_network(truth)

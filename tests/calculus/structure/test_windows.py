"""Convolution and pooling: structured in windows, with the numbers of `jax.jacfwd`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from tests.calculus.structure.test_structure import agrees, numbers

IMAGES, KERNEL, NARROW, GROUPED = numbers(2, 7, 6, 3), numbers(3, 3, 3, 4), numbers(3, 3, 1, 6), numbers(3, 3, 3, 6)
SPEC = ("NHWC", "HWIO", "NHWC")
convolve: Any = partial(jax.lax.conv_general_dilated, dimension_numbers=SPEC)
LAST: Any = numbers(16, 5)


def sums(x: Any, width: tuple[int, ...], step: tuple[int, ...], padding: str) -> Any:
    return jax.lax.reduce_window(x, 0.0, jax.lax.add, width, step, padding)


def small_network(x: Any) -> Any:
    h = jax.nn.relu(convolve(x, KERNEL, (1, 1), "VALID"))
    h = sums(h, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4.0
    return h.reshape(h.shape[0], -1) @ LAST


CASES: dict[str, tuple[Callable[[Any], Any], Any, str, int]] = {
    "same": (lambda x: convolve(x, KERNEL, (1, 1), "SAME"), IMAGES, "Kronecker", 864),
    "steps of 2": (lambda x: convolve(x, KERNEL, (2, 2), "VALID"), IMAGES, "Kronecker", 864),
    "dilated": (
        lambda x: convolve(x, KERNEL, (1, 2), ((2, 1), (0, 3)), lhs_dilation=(2, 1), rhs_dilation=(1, 2)),
        IMAGES,
        "Kronecker",
        864,
    ),
    "relu": (
        lambda x: jax.nn.relu(convolve(x, KERNEL, (1, 1), "SAME")),
        IMAGES,
        "block-diagonal",
        864 + 2 * 7 * 6 * 32,
    ),
    "kernel of 1": (lambda x: convolve(x, KERNEL[:1, :1], (1, 1), "SAME"), IMAGES, "Kronecker", 96),
    "by the kernel": (lambda k: convolve(IMAGES, k, (1, 1), "SAME"), KERNEL, "Kronecker", 84 * 27 * 8),
    "by the kernel, dilated": (
        lambda k: convolve(IMAGES, k, (2, 1), "VALID", rhs_dilation=(2, 1)),
        KERNEL,
        "Kronecker",
        16 * 27 * 8,
    ),
    "depthwise": (
        lambda x: convolve(x, NARROW, (1, 1), "SAME", feature_group_count=3),
        IMAGES,
        "block-diagonal",
        9 * 6 * 8,
    ),
    "channels first": (
        lambda x: jax.lax.conv_general_dilated(x, numbers_kept, (1, 1), "SAME"),
        numbers(2, 3, 5, 5),
        "Kronecker",
        9 * 12 * 8,
    ),
    "a signal": (lambda x: jnp.convolve(x, numbers_kept[0, 0, 0], mode="same"), numbers(9), "banded", 24),
    "means of tiles": (
        lambda x: sums(x, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4.0,
        numbers(2, 6, 4, 3),
        "Kronecker",
        8,
    ),
    "means, a rest left over": (
        lambda x: sums(x, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4.0,
        IMAGES,
        "Kronecker",
        8,
    ),
    "sums that overlap": (lambda x: sums(x, (1, 3, 3, 1), (1, 2, 1, 1), "SAME"), IMAGES, "Kronecker", 0),
    "maxima of tiles": (lambda x: x.reshape(2, 3, 2, 2, 2, 3).max((2, 4)), numbers(2, 6, 4, 3), "block-diagonal", 1500),
    "network": (small_network, numbers(2, 6, 6, 3), "product", 2600),
    "loss": (lambda x: jnp.sum(small_network(x) ** 2), numbers(2, 6, 6, 3), "row", 216 * 8),
}
numbers_kept: Any = numbers(4, 3, 3, 3)


@pytest.mark.parametrize("name", CASES)
def test_a_window_that_slides(name: str) -> None:
    f, x, kind, n_bytes = CASES[name]
    found = agrees(f, x)
    assert (found.kind, found.nbytes <= n_bytes) == (kind, True), found.explain("en")


def test_pooling_by_maximum_keeps_its_products() -> None:
    def pooled(x: Any) -> Any:
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    found = agrees(pooled, numbers(2, 6, 4, 3))
    assert found.kind == "opaque"
    assert "select_and_gather_add" in found.explain("en")


def test_the_hessian_behind_a_convolution() -> None:
    def cost(x: Any) -> Any:
        return jnp.sum(jnp.tanh(convolve(x, KERNEL, (1, 1), "VALID")))

    x = jnp.asarray(numbers(1, 4, 4, 3))
    found = sb.hessian(cost)(x)
    dense = jax.hessian(cost)(x).reshape(found.shape)
    np.testing.assert_allclose(found.as_matrix(), dense, atol=1e-12)
    np.testing.assert_allclose(dense, dense.T, atol=1e-12)

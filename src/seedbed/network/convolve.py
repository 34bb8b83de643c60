"""The convolution of a batch of images as it is fastest on a CPU, with its slopes.

    y[i]      = Σ x[stride · i + dilation · k - padding] W[k]
    ∂C/∂x     is the convolution of ∂C/∂y, its numbers `stride` apart, with W turned round
    ∂C/∂W[k]  is the convolution of x with ∂C/∂y, examples and channels having changed places

In the body of a loop, where training is, XLA hands a convolution to its fast library only where batch, rows, columns
and channels stand in this order. JAX's own slopes do not have it, and take ten times as long; so they are written out.

A few sorts are faster as patches, the numbers under the window at each of its positions, times a matrix
(Chellapilla et al. 2006): groups, images of few channels, and ∂C/∂W where the window moves in strides or is one number.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from seedbed.network.geometry import Geometry, Pair
from seedbed.network.patches import product, product_slopes

ORDER = ("NHWC", "HWIO", "NHWC")
FEW_CHANNELS = 3  # so many, and patches are faster


def convolve(
    x: Float[Array, "batch height width channels"],
    weight: Float[Array, "rows columns fan units"],
    g: Geometry,
    groups: int = 1,
) -> Float[Array, "batch out_rows out_columns units"]:
    """The convolution of a batch of images; as `lax.conv_general_dilated`, but for rounding."""
    if x.dtype != jnp.bfloat16:
        return _convolve(g, groups, x, weight)
    return _convolve(g, groups, x.astype(jnp.float32), weight.astype(jnp.float32)).astype(x.dtype)  # sums in float32


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _convolve(g: Geometry, groups: int, x: Array, weight: Array) -> Array:
    if groups > 1 or x.shape[-1] <= FEW_CHANNELS:
        return product(x, weight, g, groups)
    return _plain(x, weight, g.stride, g.padding, dilation=g.dilation)


def _forward(g: Geometry, groups: int, x: Any, weight: Any) -> tuple[Array, tuple[Array, Array, tuple[()] | None]]:
    # The first layer's images are no weights: who does not ask for their slope does not pay for it.
    asks = () if x.perturbed else None
    return _convolve(g, groups, x.value, weight.value), (x.value, weight.value, asks)


def _backward(g: Geometry, groups: int, kept: tuple[Array, Array, Any], slope: Any) -> tuple[Array | None, Array]:
    x, weight, asks = kept
    if isinstance(slope, jax.custom_derivatives.SymbolicZero):
        return None, jnp.zeros_like(weight)
    if groups > 1:
        return product_slopes(x, slope, weight, g, groups, asks=asks is not None)
    d_x = None if asks is None else _slope_of_images(slope, weight, g, x.shape[1:3])
    if x.shape[-1] <= FEW_CHANNELS or g.stride != (1, 1) or math.prod(g.size) == 1:
        return d_x, product_slopes(x, slope, weight, g, groups, asks=False)[1]
    return d_x, _slope_of_weight(x, slope, g)


_convolve.defvjp(_forward, _backward, symbolic_zeros=True)


def _plain(
    x: Array, weight: Array, stride: Pair, padding: tuple[Pair, ...], *, spread: Pair = (1, 1), dilation: Pair = (1, 1)
) -> Array:
    return lax.conv_general_dilated(
        x, weight, stride, padding, lhs_dilation=spread, rhs_dilation=dilation, dimension_numbers=ORDER
    )


def _slope_of_images(slope: Array, weight: Array, g: Geometry, image: tuple[int, ...]) -> Array:
    turned = weight[::-1, ::-1].transpose(0, 1, 3, 2)
    around = []
    for n, out, size, stride, dilation, (before, _) in _axes(g, image):
        room = (size - 1) * dilation
        first = room - before
        around.append((first, n + room - first - ((out - 1) * stride + 1)))
    return _plain(slope, turned, (1, 1), tuple(around), spread=g.stride, dilation=g.dilation)


def _slope_of_weight(x: Array, slope: Array, g: Geometry) -> Array:
    around = []
    for n, out, size, stride, dilation, (before, _) in _axes(g, x.shape[1:3]):
        around.append((before, (out - 1) * stride + 1 + (size - 1) * dilation - n - before))
    images, slopes = x.transpose(3, 1, 2, 0), slope.transpose(1, 2, 0, 3)
    return _plain(images, slopes, g.dilation, tuple(around), dilation=g.stride).transpose(1, 2, 0, 3)


def _axes(g: Geometry, image: tuple[int, ...]) -> zip[tuple[int, int, int, int, int, Pair]]:
    return zip(image, g.out, g.size, g.stride, g.dilation, g.padding, strict=True)

"""Convolution as patches times a matrix, in blocks of images whose patches stay in a core's cache.

    P[b, i, j] = the numbers under the window at (i, j), size · channels of them          (Chellapilla et al. 2006)
    y = P W            ∂C/∂W = Pᵀ ∂C/∂y            ∂C/∂P = ∂C/∂y Wᵀ, and each of its numbers goes back where it was read

XLA's own convolution on CPU is as fast where it stands alone, but in the body of a loop, where training is, it falls
back to code that is ten times slower; and under `vmap` it becomes a grouped one, which is slow anywhere.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from seedbed.network.geometry import Geometry, put_back, slices

# What the patches of one block may take: a part of a core's second-level cache.
BLOCK_BYTES = 600_000


def patches(
    x: Float[Array, "batch height width channels"], g: Geometry
) -> Float[Array, "batch rows columns place channels"]:
    """The numbers under the window at each of its positions."""
    parts = slices(jnp.pad(x, ((0, 0), *g.padding, (0, 0))), g)
    return jnp.concatenate(parts, axis=-1).reshape(x.shape[0], *g.out, len(parts), x.shape[-1])


def convolve(
    x: Float[Array, "batch height width channels"],
    weight: Float[Array, "rows columns fan units"],
    g: Geometry,
    groups: int = 1,
) -> Float[Array, "batch out_rows out_columns units"]:
    """The convolution of a batch of images, block by block; as `lax.conv_general_dilated`, but for rounding."""
    if x.dtype != jnp.bfloat16:
        return _convolve(g, groups, x, weight)
    return _convolve(g, groups, x.astype(jnp.float32), weight.astype(jnp.float32)).astype(x.dtype)  # sums in float32


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _convolve(g: Geometry, groups: int, x: Array, weight: Array) -> Array:
    return _in_blocks(lambda x: _product(x, weight, g, groups), _block(x, g), x)


def _forward(g: Geometry, groups: int, x: Any, weight: Any) -> tuple[Array, tuple[Array, Array, tuple[()] | None]]:
    # The first layer's images are no weights: who does not ask for their slope does not pay for it.
    asks = () if x.perturbed else None
    return _convolve(g, groups, x.value, weight.value), (x.value, weight.value, asks)


def _backward(g: Geometry, groups: int, kept: tuple[Array, Array, Any], slope: Any) -> tuple[Array | None, Array]:
    x, weight, asks = kept
    if isinstance(slope, jax.custom_derivatives.SymbolicZero):
        return None, jnp.zeros_like(weight)
    both = functools.partial(_slopes, weight=weight, g=g, groups=groups, asks=asks is not None)
    n, size = x.shape[0], _block(x, g)
    if size == n:
        return both(x, slope)
    whole = n - n % size

    def one(total: Array, block: tuple[Array, Array]) -> tuple[Array, Array | None]:
        d_x, d_weight = both(*block)
        return total + d_weight, d_x

    split = lambda a: a[:whole].reshape(-1, size, *a.shape[1:])  # noqa: E731
    d_weight, d_x = lax.scan(one, jnp.zeros_like(weight), (split(x), split(slope)))
    d_x = None if d_x is None else d_x.reshape(whole, *d_x.shape[2:])
    if whole < n:
        rest, more = both(x[whole:], slope[whole:])
        d_weight = d_weight + more
        d_x = None if d_x is None or rest is None else jnp.concatenate([d_x, rest])
    return d_x, d_weight


_convolve.defvjp(_forward, _backward, symbolic_zeros=True)


def _block(x: Array, g: Geometry) -> int:
    """How many images go together."""
    one = math.prod(g.out) * math.prod(g.size) * x.shape[-1] * x.dtype.itemsize
    most = max(1, BLOCK_BYTES // one)
    return x.shape[0] if most >= x.shape[0] else most


def _in_blocks(function: Callable[[Array], Array], size: int, x: Array) -> Array:
    n = x.shape[0]
    if size == n:
        return function(x)
    whole = n - n % size
    out = lax.map(function, x[:whole].reshape(-1, size, *x.shape[1:]))
    out = out.reshape(whole, *out.shape[2:])
    return jnp.concatenate([out, function(x[whole:])]) if whole < n else out


def _product(x: Array, weight: Array, g: Geometry, groups: int) -> Array:
    """P W, group by group of the channels."""
    units = weight.shape[-1]
    p = patches(x, g)
    if groups == 1:
        return (p.reshape(-1, math.prod(p.shape[3:])) @ weight.reshape(-1, units)).reshape(*p.shape[:3], units)
    p, w = _grouped(p, weight, groups)
    return jnp.einsum("mkgc,kcgf->mgf", p, w).reshape(x.shape[0], *g.out, units)


def _slopes(
    x: Array, slope: Array, *, weight: Array, g: Geometry, groups: int, asks: bool
) -> tuple[Array | None, Array]:
    """∂C/∂x, where it is asked for, and ∂C/∂W of some images."""
    units, p = weight.shape[-1], patches(x, g)
    if groups == 1:
        rows = slope.reshape(-1, units)
        d_weight = p.reshape(len(rows), -1).T @ rows
        d_p = rows @ weight.reshape(-1, units).T if asks else None
    else:
        grouped, w = _grouped(p, weight, groups)
        rows = slope.reshape(-1, groups, units // groups)
        d_weight = jnp.einsum("mkgc,mgf->kcgf", grouped, rows)
        d_p = jnp.einsum("mgf,kcgf->mkgc", rows, w) if asks else None
    d_x = None if d_p is None else put_back([d_p.reshape(p.shape)[:, :, :, at] for at in range(len(g.places))], x, g)
    return d_x, d_weight.reshape(weight.shape)


def _grouped(p: Array, weight: Array, groups: int) -> tuple[Array, Array]:
    """Patches (m, place, group, channel) and weights (place, channel, group, unit)."""
    *_, n_places, channels = p.shape
    w = weight.reshape(n_places, channels // groups, groups, -1)
    return p.reshape(-1, n_places, groups, channels // groups), w

"""Convolution as patches times a matrix.

    P[b, i, j] = the numbers under the window at (i, j), size · channels of them          (Chellapilla et al. 2006)
    y = P W            ∂C/∂W = Pᵀ ∂C/∂y            ∂C/∂P = ∂C/∂y Wᵀ, and each of its numbers goes back where it was read

Where there are many patches the images go in blocks whose patches stay in a core's cache.
"""

from __future__ import annotations

import functools
import math

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from seedbed.network.geometry import Geometry, put_back

# What the patches of one block may take: a part of a core's second-level cache.
BLOCK_BYTES = 600_000


def patches(
    x: Float[Array, "batch height width channels"], g: Geometry
) -> Float[Array, "batch rows columns place channels"]:
    """The numbers under the window at each of its positions.

    First those of a row of the window, then row below row: the pieces that are copied are long, five times as fast.
    """
    x = jnp.pad(x, ((0, 0), *g.padding, (0, 0)))
    (rows, columns), (down, right), (low, far) = g.size, g.stride, g.span
    line = [x[:, :, at : at + far : right] for at in range(0, columns * g.dilation[1], g.dilation[1])]
    x = jnp.concatenate(line, axis=-1)
    whole = [x[:, at : at + low : down] for at in range(0, rows * g.dilation[0], g.dilation[0])]
    return jnp.concatenate(whole, axis=-1).reshape(x.shape[0], *g.out, rows * columns, -1)


def product(
    x: Float[Array, "batch height width channels"],
    weight: Float[Array, "rows columns fan units"],
    g: Geometry,
    groups: int,
) -> Float[Array, "batch out_rows out_columns units"]:
    """P W, group by group of the channels."""
    n, size = x.shape[0], _block(x, g)
    if groups == 1 or size == n:
        return _product(x, weight, g, groups)
    whole = n - n % size
    out = lax.map(lambda x: _product(x, weight, g, groups), x[:whole].reshape(-1, size, *x.shape[1:]))
    out = out.reshape(whole, *out.shape[2:])
    return jnp.concatenate([out, _product(x[whole:], weight, g, groups)]) if whole < n else out


def product_slopes(
    x: Float[Array, "batch height width channels"],
    slope: Float[Array, "batch out_rows out_columns units"],
    weight: Float[Array, "rows columns fan units"],
    g: Geometry,
    groups: int,
    *,
    asks: bool,
) -> tuple[Float[Array, "batch height width channels"] | None, Float[Array, "rows columns fan units"]]:
    """∂C/∂x, where it is asked for, and ∂C/∂W."""
    both = functools.partial(_slopes, weight=weight, g=g, groups=groups, asks=asks)
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


def _block(x: Array, g: Geometry) -> int:
    """How many images go together."""
    one = math.prod(g.out) * math.prod(g.size) * x.shape[-1] * x.dtype.itemsize
    most = max(1, BLOCK_BYTES // one)
    return x.shape[0] if most >= x.shape[0] else most


def _product(x: Array, weight: Array, g: Geometry, groups: int) -> Array:
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

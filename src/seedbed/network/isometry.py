"""Isometry: how a network's Jacobian stretches, layer by layer, with the theory of wide networks beside it.

The Jacobian of a network from inputs to outputs carries a small change forward and a gradient back. Its singular values
s are the factors by which lengths change. χ = mean s² = |J|² / m, over the m outputs, is the factor for the squared
length of a gradient on average; where every s is near 1 the network is an isometry, and learns at any depth.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from numpy.typing import NDArray

from seedbed.calculus.derivatives import jacobian
from seedbed.calculus.matrix import Jacobian
from seedbed.core.errors import ShapeError, UsageError
from seedbed.core.plain import to_line
from seedbed.network.expected import Block, Expected, blocks, expectations, in_a_row
from seedbed.network.fitting import Weights, in_double
from seedbed.network.layer import Shape
from seedbed.network.network import Network, NetworkParams

HEADINGS = (
    "layer", "", "kind", "Jacobian", "χ", "theory", "Var s²", "theory", "s max", "s min", "condition", "to output",
    "theory",
)  # fmt: skip
NUMERIC = 4  # from this column on, numbers


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The singular values of one Jacobian, and what theory says of them.

    Attributes:
        layer: the layers that it is of, as a text.
        places: the first and the last of them, counted from 0.
        kind: the structure of the Jacobian, as `sb.jacobian` finds it.
        shape: outputs × inputs.
        singular_values: from the largest to the smallest.
        expected: the theory; its numbers are NaN where there is none.
        onward: mean s² of the Jacobian from here to the network's output: what a gradient keeps on its way back.
        expected_onward: the same, by theory.
    """

    layer: str
    places: tuple[int, int]
    kind: str
    shape: tuple[int, int]
    singular_values: Float[np.ndarray, " values"]
    expected: Expected
    onward: float
    expected_onward: float

    @property
    def mean(self) -> float:
        """The mean of s² over the outputs, χ: |J|² / m."""
        return float((self.singular_values**2).sum() / self.shape[0])

    @property
    def variance(self) -> float:
        """The variance of s², of which an output that no input reaches has 0."""
        return float((self.singular_values**4).sum() / self.shape[0] - self.mean**2)

    @property
    def largest(self) -> float:
        """The largest singular value."""
        return float(self.singular_values[0])

    @property
    def smallest(self) -> float:
        """The smallest singular value."""
        return float(self.singular_values[-1])

    @property
    def condition(self) -> float:
        """The largest singular value over the smallest; infinite where a direction is lost."""
        return self.largest / self.smallest if self.smallest > 0 else math.inf

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as texts."""
        first, last = self.places
        numbers = (
            self.mean, self.expected.mean, self.variance, self.expected.variance, self.largest, self.smallest,
            self.condition, self.onward, self.expected_onward,
        )  # fmt: skip
        place = str(first) if first == last else f"{first}–{last}"
        return (place, self.layer, self.kind, f"{self.shape[0]} × {self.shape[1]}", *map(_number, numbers))


@dataclass(frozen=True, eq=False)
class Isometry:
    """The singular values of a network's Jacobian, and of each block of layers: a table.

    Attributes:
        layers: for each layer with weights, together with the activations behind it.
        network: for the whole, from inputs to outputs.
        x: the example at which it was measured.
    """

    layers: tuple[Spectrum, ...]
    network: Spectrum
    x: Float[np.ndarray, "*in"]

    @property
    def chi(self) -> Float[np.ndarray, " layers"]:
        """Mean s² of each block."""
        return np.array([row.mean for row in self.layers])

    def to_dict(self) -> dict[str, Any]:
        """The rows as plain data."""
        return {"layers": [_plain(row) for row in self.layers], "network": _plain(self.network)}

    def __str__(self) -> str:
        table = [HEADINGS, *(row.cells for row in self.layers), self._total_cells]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(_aligned(n, cell, widths[n]) for n, cell in enumerate(row)).rstrip() for row in table]
        rule = "─" * max(map(len, lines))
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])

    def _repr_html_(self) -> str:
        body = "".join(_html_row("td", row.cells) for row in self.layers)
        return (
            f"<table><thead>{_html_row('th', HEADINGS)}</thead><tbody>{body}</tbody>"
            f"<tfoot>{_html_row('th', self._total_cells)}</tfoot></table>"
        )

    @property
    def _total_cells(self) -> tuple[str, ...]:
        return ("", "network", *self.network.cells[2:])


def isometry(
    network: Network,
    in_shape: Shape,
    *,
    params: Weights | None = None,
    x: Float[Array | np.ndarray, "*in"] | None = None,
    key: Key[Array, ""] | None = None,
) -> Isometry:
    """The singular values of a network's Jacobian at one example, block by block and as a whole, in float64.

    Arguments:
        in_shape: the shape of an example, as for `network.init`.
        params: the weights; by default as the network's initialisers draw them. The theory is of those initialisers.
        x: the example; by default standard normal numbers.
        key: what is drawn is drawn from it; `jax.random.key(0)` by default.

    Raises:
        ShapeError: a layer cannot take what comes, a size is still open, or x or params have other shapes.
        UsageError: a distribution still stands in the network, or x is not finite.

    >>> found = isometry(Network.parse("linear 50 weight=orthogonal, linear 50 weight=orthogonal"), (50,))
    >>> [round(float(chi), 3) for chi in found.chi], round(found.network.mean, 3), round(found.network.condition, 3)
    ([1.0, 1.0], 1.0, 1.0)
    """
    key = jax.random.key(0) if key is None else key
    shapes = [network.input_shape(tuple(in_shape)), *network.shapes(tuple(in_shape))]
    with jax.enable_x64(True):
        if x is None:
            x = jax.random.normal(jax.random.fold_in(key, 1), shapes[0], jnp.float64)
        example = _checked(np.asarray(x, np.float64), tuple(in_shape), shapes[0])
        if params is None:
            params = network.init(in_shape, key=key, dtype=jnp.float64)
        weights = in_double(network, params, in_shape)
        parts = blocks(network.layers)
        found = _jacobians(parts, weights, example)
        sizes = [math.prod(shapes[0]), *(one.shape[0] for one in found)]
        *rows, whole = _spectra(parts, found, expectations(parts, sizes, example))
    return Isometry(tuple(rows), whole, example)


def _checked(x: NDArray[np.float64], in_shape: Shape, read: Shape) -> NDArray[np.float64]:
    if x.shape not in (in_shape, read):
        raise ShapeError(f"x: expected one example of shape {in_shape}, got {x.shape}", "leave the batch axis away")
    if not np.isfinite(x).all():
        raise UsageError(f"x: expected finite numbers, got {x[~np.isfinite(x)][0]}")
    return x.reshape(read)


def _jacobians(parts: Sequence[Block], params: NetworkParams, x: NDArray[np.float64]) -> list[Jacobian]:
    """The Jacobian of each block at what comes to it."""
    found, place, h = [], 0, jnp.asarray(x)
    for block in parts:
        own = params[place : place + len(block)]

        def through(h: Array, block: Block = block, own: NetworkParams = own) -> Array:
            for layer, weights in zip(block, own, strict=True):
                h = layer.apply(weights, h[None])[0]
            return h

        found.append(jacobian(through)(h))
        h, place = through(h), place + len(block)
    return found


def _spectra(parts: Sequence[Block], found: Sequence[Jacobian], theory: Sequence[Expected]) -> list[Spectrum]:
    """The spectrum of each block, and last that of all in a row."""
    rows: list[Spectrum] = []
    end = sum(map(len, parts))
    behind = np.eye(found[-1].shape[0])
    for i in range(len(parts))[::-1]:
        start = end - len(parts[i])
        behind = behind @ np.asarray(found[i].as_matrix())
        onward = float((behind**2).sum() / len(behind)), in_a_row(theory[i:]).mean
        values = np.asarray(found[i].singular_values())
        rows.append(
            Spectrum(to_line(parts[i]), (start, end - 1), found[i].kind, found[i].shape, values, theory[i], *onward)
        )
        end = start
    places, shape = (0, sum(map(len, parts)) - 1), (behind.shape[0], behind.shape[1])
    values = np.linalg.svd(behind, compute_uv=False)
    whole = Spectrum("", places, "product", shape, values, in_a_row(theory), *onward)
    return [*rows[::-1], whole]


def _plain(row: Spectrum) -> dict[str, Any]:
    return {
        "layer": row.layer, "kind": row.kind, "shape": list(row.shape), "mean": row.mean, "variance": row.variance,
        "expected_mean": row.expected.mean, "expected_variance": row.expected.variance, "largest": row.largest,
        "smallest": row.smallest, "condition": row.condition, "onward": row.onward,
        "expected_onward": row.expected_onward,
    }  # fmt: skip


def _number(value: float) -> str:
    return "–" if math.isnan(value) else "∞" if math.isinf(value) else f"{value:.3g}"


def _aligned(n: int, cell: str, width: int) -> str:
    return cell.rjust(width) if n >= NUMERIC else cell.ljust(width)


def _html_row(tag: str, cells: tuple[str, ...]) -> str:
    inner = "".join(
        f"<{tag} align={'right' if n >= NUMERIC else 'left'}>{html.escape(cell)}</{tag}>"
        for n, cell in enumerate(cells)
    )
    return f"<tr>{inner}</tr>"

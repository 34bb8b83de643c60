"""The geometry of a window that slides over an image or a signal: how far it reaches, and how often it fits.

reach = (size - 1) · dilation + 1
out   = ⌊(in + padding - reach) / stride⌋ + 1         with "same" padding ⌈in / stride⌉
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from seedbed.core.errors import ShapeError
from seedbed.network.layer import Shape, batched

Images = Float[Array, "batch height width channels"]
Placed = Float[Array, "batch out_rows out_columns channels"]  # one number for each position of the window
Pair = tuple[int, int]
SAME, VALID = "same", "valid"


@dataclass(frozen=True)
class Geometry:
    """A window over the two axes of an image; a signal is an image of one row.

    Attributes:
        size: of the window, rows and columns.
        stride: how far it moves.
        dilation: how far apart the places are that it reads.
        padding: zeros before and behind, for each axis.
        out: how many places it has.
    """

    size: Pair
    stride: Pair
    dilation: Pair
    padding: tuple[Pair, Pair]
    out: Pair

    @property
    def places(self) -> list[Pair]:
        """Row and column of each place of the window, in the padded image, row by row."""
        (rows, columns), (down, right) = self.size, self.dilation
        return [(i * down, j * right) for i in range(rows) for j in range(columns)]

    @property
    def span(self) -> Pair:
        """From the first to the last row, and column, that one place of the window reads over all its positions."""
        return ((self.out[0] - 1) * self.stride[0] + 1, (self.out[1] - 1) * self.stride[1] + 1)


def as_pair(size: int | Pair) -> Pair:
    """A size for both axes."""
    return size if isinstance(size, tuple) else (size, size)


def geometry(
    name: str, image: Pair, size: Pair, stride: Pair, *, dilation: Pair = (1, 1), padding: str | int | Pair = VALID
) -> Geometry:
    """The geometry of a layer's window over images of a size.

    Raises:
        ShapeError: the window does not fit once; the message names the layer.
    """
    reach = _both(lambda s, d: (s - 1) * d + 1, size, dilation)
    if padding == SAME:
        out = _both(lambda n, s: -(-n // s), image, stride)
        needed = [(o - 1) * s + r for o, s, r in zip(out, stride, reach, strict=True)]
        missing = _both(lambda has, needs: max(0, needs - has), image, (needed[0], needed[1]))
        around = _both(lambda m, _: (m // 2, m - m // 2), missing, missing)
    else:
        one = (0, 0) if padding == VALID else as_pair(padding)  # type: ignore[arg-type]
        around = _both(lambda p, _: (p, p), one, one)
        room = tuple(n + a + b - r for n, (a, b), r in zip(image, around, reach, strict=True))
        if min(room) < 0:
            padded = [n + a + b for n, (a, b) in zip(image, around, strict=True)]
            axes = slice(1 if image[0] == size[0] == 1 else 0, 2)  # a signal has one row, which nobody asked about
            fits, reaches = ("×".join(map(str, pair[axes])) for pair in (padded, reach))
            hint = "take a smaller window or more padding; or pool less before it"
            came = f"a window that reaches over {reaches}"
            raise ShapeError(f"{name}: expected a window that fits into {fits}, got {came}", hint)
        out = _both(lambda r, s: r // s + 1, room, stride)
    return Geometry(size, stride, dilation, around, out)


def as_image(name: str, in_shape: Shape, n_axes: int) -> tuple[int, int, int]:
    """Height, width and channels of an example of an image (2 axes) or a signal (1 axis), which has one row.

    Raises:
        ShapeError: it is of another kind.
    """
    if len(in_shape) == n_axes + 1:
        return (1, *in_shape) if n_axes == 1 else in_shape  # type: ignore[return-value]
    kind = "a signal, (B, length, channels)" if n_axes == 1 else "an image, (B, height, width, channels)"
    hint = "put it before Flatten() and the linear layers" if len(in_shape) == 1 else ""
    raise ShapeError(f"{name}: expected {kind}, got {batched(in_shape)}", hint)


def slices(padded: Images, g: Geometry) -> list[Placed]:
    """What stands at each place of the window, for all its positions, in images with their padding."""
    (down, right), (rows, columns) = g.stride, g.span
    return [padded[:, i : i + rows : down, j : j + columns : right] for i, j in g.places]


def put_back(parts: Sequence[Placed], x: Images, g: Geometry) -> Images:
    """The transpose of padding and `slices`: the sum of what belongs to each number of images like `x`."""
    height, width = (n + before + behind for n, (before, behind) in zip(x.shape[1:3], g.padding, strict=True))
    zero = jnp.zeros((), parts[0].dtype)
    placed = []
    for part, (i, j) in zip(parts, g.places, strict=True):
        down = (i, height - i - g.span[0], g.stride[0] - 1)
        right = (j, width - j - g.span[1], g.stride[1] - 1)
        placed.append(lax.pad(part, zero, ((0, 0, 0), down, right, (0, 0, 0))))
    (top, _), (left, _) = g.padding
    return functools.reduce(jnp.add, placed)[:, top : top + x.shape[1], left : left + x.shape[2]]


def _both(function: Callable[[int, int], int | Pair], a: Pair, b: Pair) -> tuple:  # type: ignore[type-arg]
    return function(a[0], b[0]), function(a[1], b[1])

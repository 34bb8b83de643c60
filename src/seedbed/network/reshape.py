"""The reshape layer: a vector as the image that it stands for."""

from __future__ import annotations

import math
from typing import Any

from jaxtyping import Array, Float, Key

from seedbed.core.errors import ShapeError
from seedbed.core.fields import pair
from seedbed.network.layer import Layer, Params, Shape, batched


class Reshape(Layer, kind="reshape"):
    """The numbers of an example as an image of that many rows and columns, and as many channels as that leaves.

    >>> Reshape((8, 8)).algebra((64,))
    '(B, 64) → (B, 8, 8, 1)'
    """

    size: Any = pair(is_square=True, doc="rows and columns: 8x8")

    def out_shape(self, in_shape: Shape) -> Shape:
        rows, columns = self.size
        n = math.prod(in_shape)
        if n % (rows * columns):
            came = f"{n} of them in {batched(in_shape)}"
            hint = "give it the rows and columns of the image"
            raise ShapeError(f"reshape: expected numbers for whole images of {rows} x {columns}, got {came}", hint)
        return (rows, columns, n // (rows * columns))

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch rows columns channels"]:
        return x.reshape(x.shape[0], *self.out_shape(x.shape[1:]))

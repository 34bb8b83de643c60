"""The flatten layer: an image, or any array, as a vector."""

from __future__ import annotations

import math

from jaxtyping import Array, Float, Key

from seedbed.network.layer import Layer, Params, Shape


class Flatten(Layer, kind="flatten"):
    """All numbers of an example in a row, the last axis fastest: (B, 28, 28, 1) becomes (B, 784)."""

    @property
    def pads(self) -> bool:
        return True

    def out_shape(self, in_shape: Shape) -> Shape:
        return (math.prod(in_shape),)

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch out"]:
        return x.reshape(x.shape[0], math.prod(x.shape[1:]))

"""The layer: what every piece of a network can do, written for one member and a batch of examples."""

from __future__ import annotations

from typing import Any

from jaxtyping import Array, Float, Key

from seedbed.core.value import Value

Shape = tuple[int, ...]
Params = dict[str, Array]


class Layer(Value, family=True):
    """One step from a batch of activations to the next. A new layer is one subclass with `out_shape` and `apply`.

    A layer with weights also has `init`. What may differ between members (a rate, a slope, a gain) is a number field
    and reaches `apply` as a traced array; what decides shapes is a static field.
    """

    @property
    def is_noisy(self) -> bool:
        """Whether `apply` needs a key in training."""
        return False

    def out_shape(self, in_shape: Shape) -> Shape:
        """The shape of one example behind this layer.

        Raises:
            ShapeError: the layer cannot take examples of `in_shape`.
        """
        return in_shape

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any) -> Params:
        """The first weights, by name; empty for a layer that learns nothing."""
        return {}

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, " batch *out"]:
        """The activations behind this layer. In training a noisy layer draws from `key`."""
        raise NotImplementedError

    def flops(self, in_shape: Shape) -> int:
        """Floating-point operations of the forward pass for one example, a multiply-add counted as two."""
        return 0

    def algebra(self, in_shape: Shape) -> str:
        """The shape algebra in the terms of the field: `(B, 64) · (64, 10) + (10,) → (B, 10)`."""
        return f"{batched(in_shape)} → {batched(self.out_shape(in_shape))}"


def batched(shape: Shape) -> str:
    """The shape of a batch of B examples in words: `(B, 64)`."""
    return "(" + ", ".join(["B", *map(str, shape)]) + ")"

"""The linear layer: every unit reads every input."""

from __future__ import annotations

import math
from typing import Any

from jaxtyping import Array, Float, Key

from seedbed.core.errors import ShapeError
from seedbed.core.fields import part, whole
from seedbed.network.initializers import HeNormal, Initializer, Zeros, weight_and_bias
from seedbed.network.layer import Layer, Params, Shape, batched
from seedbed.network.products import product


class Linear(Layer, kind="linear"):
    """y = x W + b, with W of shape (fan_in, units) and b of shape (units,).

    `units` "out" stands for as many as the data and the loss ask for, until the network is bound to them; `bias` None
    leaves b away. Departure from PyTorch, which stores the transpose of W.

    >>> Linear(10).algebra((64,))
    '(B, 64) · (64, 10) + (10,) → (B, 10)'
    """

    units: int | str = whole(low=1, words=("out",), doc="how many outputs; 'out': as many as the data asks for")
    weight: Initializer = part(Initializer, default=HeNormal(), doc="how the weights begin")
    bias: Initializer | None = part(Initializer, default=Zeros(), optional=True, doc="how biases begin; none: absent")

    @property
    def pads(self) -> bool:
        return self.weight.is_by_place and (self.bias is None or self.bias.is_by_place)

    def reads(self, data_shape: Shape) -> Shape:
        return (math.prod(data_shape),)

    def out_shape(self, in_shape: Shape) -> Shape:
        if not isinstance(self.units, int):
            hint = "bind the network to the data first: network.bind(n_outputs)"
            raise ShapeError(f"linear: expected units as a number, got {self.units!r}", hint)
        if len(in_shape) != 1:
            came = f"{batched(in_shape)}, an example of {len(in_shape)} axes"
            pooled = f", or GlobalAvgPool(), which makes {batched(in_shape[-1:])}" if len(in_shape) > 1 else ""
            hint = f"put Flatten() before it, which makes {batched((math.prod(in_shape),))} of them{pooled}"
            raise ShapeError(f"linear: expected a vector for each example, (B, n), got {came}", hint)
        return (self.units,)

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any) -> Params:
        fan = self.weight_shape(in_shape)
        return weight_and_bias(self.weight, self.bias, fan, key=key, dtype=dtype, fan=fan)

    def weight_shape(self, in_shape: Shape) -> tuple[int, int]:
        """The shape of W."""
        (units,) = self.out_shape(in_shape)
        return in_shape[0], units

    def apply(
        self, params: Params, x: Float[Array, "batch in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch out"]:
        y = product(x, params["weight"])
        return y if self.bias is None else y + params["bias"]

    def flops(self, in_shape: Shape) -> int:
        (units,) = self.out_shape(in_shape)
        return 2 * in_shape[0] * units + (0 if self.bias is None else units)

    def algebra(self, in_shape: Shape) -> str:
        (units,) = self.out_shape(in_shape)
        bias = "" if self.bias is None else f" + ({units},)"
        return f"{batched(in_shape)} · ({in_shape[0]}, {units}){bias} → {batched((units,))}"

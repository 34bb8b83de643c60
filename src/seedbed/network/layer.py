"""The layer: what every piece of a network can do, written for one member and a batch of examples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jaxtyping import Array, Float, Key
from numpy.typing import NDArray

from seedbed.core.value import Value

Shape = tuple[int, ...]
Params = dict[str, Array]
RUNNING = "running_"  # so begins the name of a number that is not learned, but follows the activations


class Layer(Value, family=True):
    """One step from a batch of activations to the next. A new layer is one subclass with `out_shape` and `apply`.

    A layer with weights also has `init`. What may differ between members (a rate, a slope, a gain) is a number field
    and reaches `apply` as a traced array; what decides shapes is a static field. Weights have the units on their last
    axis; those named "weight" are what penalties and decay pull at.
    """

    @property
    def is_noisy(self) -> bool:
        """Whether `apply` needs a key in training."""
        return False

    @property
    def pads(self) -> bool:
        """Whether examples may be padded with zeros in front of it: behind it the same places are zeros, and the
        others what they are without padding. A subclass that overrides `init`, `apply` or `forward` says it anew.
        """
        return False

    @property
    def reads_images(self) -> bool:
        """Whether it takes images, (height, width, channels), and nothing else."""
        return False

    def reads(self, data_shape: Shape) -> Shape | None:
        """The shape in which it reads examples of the data as a network's first layer; None: it takes any."""
        return tuple(data_shape)

    def check_input(self, x: NDArray[Any]) -> None:
        """Refuses examples (n, *in) that it cannot read as a network's first layer.

        Raises:
            ShapeError: the message says which number, and where it stands.
        """

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

    def forward(
        self,
        params: Params,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Key[Array, ""] | None = None,
        counted: Float[Array, "batch"] | None = None,
    ) -> tuple[Float[Array, " batch *out"], Params]:
        """As the engine calls it: what `apply` gives, and in training the new values of the running numbers.

        A layer overrides it that has running numbers, mixes the examples of a batch, or computes faster in a compiled
        loop than its plain definition does.

        Arguments:
            counted: 1 for an example, 0 for a row that only fills up the batch; None: all are examples.
        """
        return self.apply(params, x, training=training, key=key), {}

    def flops(self, in_shape: Shape) -> int:
        """Floating-point operations of the forward pass for one example, a multiply-add counted as two."""
        return 0

    def algebra(self, in_shape: Shape) -> str:
        """The shape algebra in the terms of the field: `(B, 64) · (64, 10) + (10,) → (B, 10)`."""
        return f"{batched(in_shape)} → {batched(self.out_shape(in_shape))}"


def role(name: str) -> str:
    """What an array is, whatever block it is in: the last part of its name.

    >>> role("0.weight")
    'weight'
    """
    return name.rpartition(".")[2]


def is_running(name: str) -> bool:
    """Whether an array of that name follows the activations, and is not learned."""
    return role(name).startswith(RUNNING)


def n_learned(params: Mapping[str, Any]) -> int:
    """How many numbers of a layer's arrays, or of their shapes, are learned."""
    return sum(math.prod(array.shape) for name, array in params.items() if not is_running(name))


def batched(shape: Shape) -> str:
    """The shape of a batch of B examples in words: `(B, 64)`."""
    return "(" + ", ".join(["B", *map(str, shape)]) + ")"

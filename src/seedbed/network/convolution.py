"""Convolution: a linear layer whose units each read a window, with the same weights wherever the window stands."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Any, ClassVar

import jax
from jax import lax
from jaxtyping import Array, Float, Key

from seedbed.core.errors import ShapeError
from seedbed.core.fields import pair, part, whole
from seedbed.network.convolve import convolve
from seedbed.network.geometry import SAME, VALID, Geometry, Pair, as_image, as_pair, geometry
from seedbed.network.initializers import HeNormal, Initializer, Zeros, weight_and_bias
from seedbed.network.layer import Layer, Params, Shape, batched


class Convolution(Layer):
    """Abstract: y[i] = Σ over window and channels of x[stride · i + dilation · k - padding] w[k] + b.

    As in all of deep learning the kernel is not flipped: it is a cross-correlation. Weights are (*kernel, channels /
    groups, units), fan_in = kernel · channels / groups, fan_out = kernel · units / groups. Departures from PyTorch:
    channels come last, and the weights' axes stand the other way round.
    """

    n_axes: ClassVar[int]
    units: int | str = whole(low=1, words=("out",), doc="channels that come out; 'out': as many as the data asks for")
    _: KW_ONLY
    groups: int = whole(1, low=1, doc="parts of the channels that are not mixed")
    weight: Initializer = part(Initializer, default=HeNormal(), doc="how the weights begin")
    bias: Initializer | None = part(Initializer, default=Zeros(), optional=True, doc="how biases begin; none: absent")
    if TYPE_CHECKING:  # of a size that depends on the axes; each kind has them
        kernel: Any
        stride: Any
        padding: Any
        dilation: Any

    @property
    def pads(self) -> bool:
        return self.groups == 1 and self.weight.is_by_place and (self.bias is None or self.bias.is_by_place)

    def out_shape(self, in_shape: Shape) -> Shape:
        out = self.geometry(in_shape).out
        return (*out[2 - self.n_axes :], self._units)

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any) -> Params:
        shape = self.weight_shape(in_shape)
        size = math.prod(self._kernel)
        fan = (size * shape[-2], size * self._units // self.groups)
        return weight_and_bias(self.weight, self.bias, shape, key=key, dtype=dtype, fan=fan)

    def weight_shape(self, in_shape: Shape) -> Shape:
        """The shape of w."""
        self.out_shape(in_shape)
        return (*self._kernel[2 - self.n_axes :], in_shape[-1] // self.groups, self._units)

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, " batch *out"]:
        g = self.geometry(x.shape[1:])
        space = "HW"[2 - self.n_axes :]
        y = lax.conv_general_dilated(
            x,
            params["weight"],
            g.stride[2 - self.n_axes :],
            g.padding[2 - self.n_axes :],
            rhs_dilation=g.dilation[2 - self.n_axes :],
            dimension_numbers=(f"N{space}C", f"{space}IO", f"N{space}C"),
            feature_group_count=self.groups,
        )
        return y + params["bias"] if self.bias is not None else y

    def forward(
        self,
        params: Params,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Key[Array, ""] | None = None,
        counted: Float[Array, "batch"] | None = None,
    ) -> tuple[Float[Array, " batch *out"], Params]:
        if jax.default_backend() != "cpu":  # a GPU has kernels for it
            return self.apply(params, x, training=training, key=key), {}
        g, weight = self.geometry(x.shape[1:]), params["weight"]
        images = x if self.n_axes == 2 else x[:, None]
        y = convolve(images, weight if self.n_axes == 2 else weight[None], g, self.groups)
        y = y if self.n_axes == 2 else y[:, 0]
        return (y + params["bias"] if self.bias is not None else y), {}

    def flops(self, in_shape: Shape) -> int:
        places = math.prod(self.out_shape(in_shape)[:-1])
        fan_in = math.prod(self._kernel) * in_shape[-1] // self.groups
        return places * self._units * (2 * fan_in + (0 if self.bias is None else 1))

    def algebra(self, in_shape: Shape) -> str:
        out = self.out_shape(in_shape)
        kernel = (*self._kernel[2 - self.n_axes :], in_shape[-1] // self.groups, self._units)
        bias = "" if self.bias is None else f" + ({self._units},)"
        return f"{batched(in_shape)} ⋆ ({', '.join(map(str, kernel))}){bias} → {batched(out)}"

    @property
    def _units(self) -> int:
        if not isinstance(self.units, int):
            hint = "bind the network to the data first: network.bind(n_outputs)"
            raise ShapeError(f"{self.kind}: expected units as a number, got {self.units!r}", hint)
        return self.units

    @property
    def _kernel(self) -> Pair:
        return as_pair(self.kernel) if self.n_axes == 2 else (1, self.kernel)

    def geometry(self, in_shape: Shape) -> Geometry:
        """The window over examples of that shape, a signal as an image of one row.

        Raises:
            ShapeError: they are of another kind, or it does not fit once.
        """
        height, width, channels = as_image(self.kind, in_shape, self.n_axes)
        if channels % self.groups or self._units % self.groups:
            came = f"{channels} channels in and {self._units} out"
            hint = "take a number of groups that divides both"
            raise ShapeError(f"{self.kind}: expected channels that {self.groups} groups share evenly, got {came}", hint)
        along = (lambda s: as_pair(s)) if self.n_axes == 2 else (lambda s: (1, s))
        padding = self.padding
        if self.n_axes == 1 and isinstance(padding, int):
            padding = (0, padding)
        return geometry(
            f"{self.kind} {_size(self.kernel)}",
            (height, width),
            self._kernel,
            along(self.stride),
            dilation=along(self.dilation),
            padding=padding,
        )


class Conv2d(Convolution, kind="conv"):
    """A convolution over images (B, height, width, channels).

    >>> Conv2d(16, 3).algebra((28, 28, 1))
    '(B, 28, 28, 1) ⋆ (3, 3, 1, 16) + (16,) → (B, 28, 28, 16)'
    """

    n_axes = 2
    kernel: Any = pair(is_square=True, doc="the window: 3 or 3x3")
    stride: Any = pair(1, doc="how far the window moves")
    padding: Any = pair(SAME, low=0, words=(SAME, VALID), doc="zeros on each side; 'same': as many places as inputs")
    dilation: Any = pair(1, doc="how far apart the places are that the window reads")

    @property
    def reads_images(self) -> bool:
        return True

    def reads(self, data_shape: Shape) -> Shape:
        return (*data_shape, 1) if len(data_shape) == 2 else tuple(data_shape)


class Conv1d(Convolution, kind="conv1d"):
    """A convolution over signals (B, length, channels).

    >>> Conv1d(32, 5, stride=2).algebra((256, 4))
    '(B, 256, 4) ⋆ (5, 4, 32) + (32,) → (B, 128, 32)'
    """

    n_axes = 1
    kernel: Any = whole(low=1, doc="the width of the window")
    stride: Any = whole(1, low=1, doc="how far the window moves")
    padding: Any = whole(SAME, low=0, words=(SAME, VALID), doc="zeros on each side; 'same': as many places as inputs")
    dilation: Any = whole(1, low=1, doc="how far apart the places are that the window reads")

    def reads(self, data_shape: Shape) -> Shape:
        return (*data_shape, 1) if len(data_shape) == 1 else tuple(data_shape)


def _size(kernel: Any) -> str:
    return "x".join(map(str, kernel)) if isinstance(kernel, tuple) else str(kernel)

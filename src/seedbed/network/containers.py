"""Layers made of layers: in a row, beside one another, around a shortcut, or one block again and again.

The arrays of a layer inside stand under its place: `2.weight` is the weight of the third. What is repeated has its
arrays once, with an axis for the copies in front.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Key
from numpy.typing import NDArray

from seedbed.core.errors import Fault, ShapeError, within
from seedbed.core.fields import part, parts, whole, word
from seedbed.network.flatten import Flatten
from seedbed.network.layer import Layer, Params, Shape, batched
from seedbed.network.reshape import Reshape

Noise = Key[Array, ""]


class Container(Layer):
    """Abstract: a layer that holds others. A kind says how activations pass them, in `flow`."""

    @property
    def inside(self) -> Sequence[Layer]:
        """The layers inside, first to last."""
        raise NotImplementedError

    @property
    def is_noisy(self) -> bool:
        return any(layer.is_noisy for layer in self.inside)

    @property
    def reads_images(self) -> bool:
        return reads_images(self.inside)

    def reads(self, data_shape: Shape) -> Shape | None:
        return next((shape for layer in self.inside if (shape := layer.reads(data_shape)) is not None), None)

    def check_input(self, x: NDArray[Any]) -> None:
        check_input(self.inside, x)

    def in_shapes(self, in_shape: Shape) -> list[Shape]:
        """The shape of an example in front of each layer inside."""
        raise NotImplementedError

    def init(self, in_shape: Shape, *, key: Noise, dtype: Any) -> Params:
        self.out_shape(in_shape)
        pairs = enumerate(zip(self.inside, self.in_shapes(in_shape), strict=True))
        return {
            f"{i}.{name}": array
            for i, (layer, shape) in pairs
            for name, array in layer.init(shape, key=jax.random.fold_in(key, i), dtype=dtype).items()
        }

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Noise | None = None
    ) -> Float[Array, " batch *out"]:
        return self.flow(
            params, x, lambda layer, own, x, key: (layer.apply(own, x, training=training, key=key), {}), key
        )[0]

    def forward(
        self,
        params: Params,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Noise | None = None,
        counted: Float[Array, "batch"] | None = None,
    ) -> tuple[Float[Array, " batch *out"], Params]:
        passed = lambda layer, own, x, key: layer.forward(own, x, training=training, key=key, counted=counted)  # noqa: E731
        return self.flow(params, x, passed, key)

    def flow(self, params: Params, x: Array, passed: Any, key: Noise | None) -> tuple[Array, Params]:
        """The activations behind it and the running numbers; `passed(layer, params, x, key)` does one layer inside."""
        raise NotImplementedError

    def flops(self, in_shape: Shape) -> int:
        return sum(layer.flops(shape) for layer, shape in zip(self.inside, self.in_shapes(in_shape), strict=True))


class Row(Container):
    """Abstract: layers in a row."""

    layers: Sequence[Layer] = parts(Layer, doc="the layers, first to last")

    def check(self) -> list[Fault]:
        return [] if self.layers else [Fault(("layers",), "at least one layer", "none")]

    @property
    def inside(self) -> Sequence[Layer]:
        return self.layers

    def in_shapes(self, in_shape: Shape) -> list[Shape]:
        return [in_shape, *shapes_behind(self.layers, in_shape, "layers")][:-1]

    def through(self, params: Params, x: Array, passed: Any, key: Noise | None) -> tuple[Array, Params]:
        """The activations behind the last layer."""
        running: Params = {}
        for i, layer in enumerate(self.layers):
            x, moved = _past(("layers", i), layer, params, x, passed, key)
            running |= moved
        return x, running


class Chain(Row, kind="chain"):
    """Layers in a row as one layer: a branch, or a block that is repeated."""

    def out_shape(self, in_shape: Shape) -> Shape:
        return shapes_behind(self.layers, in_shape, "layers")[-1]

    def flow(self, params: Params, x: Array, passed: Any, key: Noise | None) -> tuple[Array, Params]:
        return self.through(params, x, passed, key)


class Residual(Row, kind="residual"):
    """x + f(x), with f the layers in a row: the slope always has a way past them.  (He et al. 2016)

    With `BatchNorm(scale=Zeros())` as the last layer the block begins as the identity.

    >>> from seedbed.network import Linear, ReLU
    >>> Residual([Linear(64), ReLU(), Linear(64)]).out_shape((64,))
    (64,)
    """

    def out_shape(self, in_shape: Shape) -> Shape:
        out = shapes_behind(self.layers, in_shape, "layers")[-1]
        if out != in_shape:
            came = f"{batched(in_shape)} → {batched(out)}"
            hint = "let the last layer give as many units or channels as come in; and stride and pool between blocks"
            raise ShapeError(f"residual: expected a branch that keeps the shape, got {came}", hint)
        return out

    def flow(self, params: Params, x: Array, passed: Any, key: Noise | None) -> tuple[Array, Params]:
        y, running = self.through(params, x, passed, key)
        return x + y, running


class Parallel(Container, kind="parallel"):
    """Several layers read the same x; their outputs are put side by side along the last axis, or added.

    A branch of several layers is a `Chain`.
    """

    branches: Sequence[Layer] = parts(Layer, doc="the layers that read the same")
    join: str = word("concatenate", options=("concatenate", "add"), doc="how outputs become one")

    def check(self) -> list[Fault]:
        return [] if self.branches else [Fault(("branches",), "at least one branch", "none")]

    @property
    def inside(self) -> Sequence[Layer]:
        return self.branches

    def check_input(self, x: NDArray[Any]) -> None:
        for layer in self.branches:
            layer.check_input(x)

    def in_shapes(self, in_shape: Shape) -> list[Shape]:
        return [in_shape] * len(self.branches)

    def out_shape(self, in_shape: Shape) -> Shape:
        outs = [_behind(layer, in_shape, "branches", i) for i, layer in enumerate(self.branches)]
        same = outs if self.join == "add" else [shape[:-1] for shape in outs]
        if len(set(same)) > 1:
            what = "of one shape" if self.join == "add" else "that differ in the last axis alone"
            shown = ", ".join(map(batched, outs))
            raise ShapeError(f"parallel: expected branches {what}, got {shown}", "let strides and paddings agree")
        return outs[0] if self.join == "add" else (*outs[0][:-1], sum(shape[-1] for shape in outs))

    def flow(self, params: Params, x: Array, passed: Any, key: Noise | None) -> tuple[Array, Params]:
        outputs: list[Array] = []
        running: Params = {}
        for i, layer in enumerate(self.branches):
            y, moved = _past(("branches", i), layer, params, x, passed, key)
            outputs.append(y)
            running |= moved
        return (sum(outputs[1:], outputs[0]) if self.join == "add" else jnp.concatenate(outputs, -1)), running


class Repeat(Container, kind="repeat"):
    """A block `n` times, each time with weights of its own. It is compiled once, whatever the depth.

    The block has to keep the shape, because all copies are one loop.
    """

    block: Layer = part(Layer, doc="what is repeated: a layer, a residual, or a chain")
    n: int = whole(low=1, doc="how often")

    @property
    def inside(self) -> Sequence[Layer]:
        return (self.block,)

    def in_shapes(self, in_shape: Shape) -> list[Shape]:
        return [in_shape]

    def out_shape(self, in_shape: Shape) -> Shape:
        out = _behind(self.block, in_shape, "block")
        if out != in_shape:
            came = f"{batched(in_shape)} → {batched(out)}"
            hint = "put what changes the shape in front of it"
            raise ShapeError(f"repeat: expected a block that keeps the shape, got {came}", hint)
        return out

    def init(self, in_shape: Shape, *, key: Noise, dtype: Any) -> Params:
        self.out_shape(in_shape)
        return jax.vmap(lambda key: self.block.init(in_shape, key=key, dtype=dtype))(self._keys(key))

    def flow(self, params: Params, x: Array, passed: Any, key: Noise | None) -> tuple[Array, Params]:
        keys = self._keys(key) if key is not None and self.block.is_noisy else None
        with within("block"):
            return lax.scan(lambda x, each: passed(self.block, each[0], x, each[1]), x, (params, keys), length=self.n)

    def flops(self, in_shape: Shape) -> int:
        return self.n * self.block.flops(in_shape)

    def _keys(self, key: Noise) -> Key[Array, "n"]:
        return jax.vmap(jax.random.fold_in, (None, 0))(key, np.arange(self.n, dtype=np.uint32))


def read_by(layers: Iterable[Layer], data_shape: Shape) -> Shape:
    """The shape in which layers in a row read an example of the data: as the first that minds does."""
    shapes = (layer.reads(data_shape) for layer in layers)
    return next((shape for shape in shapes if shape is not None), tuple(data_shape))


def reads_images(layers: Iterable[Layer]) -> bool:
    """Whether the first of layers in a row that minds takes images alone."""
    minding = (layer for layer in layers if layer.reads((1, 1, 1)) is not None)
    return any(layer.reads_images for layer in itertools.islice(minding, 1))


def check_input(layers: Iterable[Layer], x: NDArray[Any]) -> None:
    """Lets layers in a row look at examples (n, *in) up to the first that computes with them. Raises as they do."""
    for layer in layers:
        layer.check_input(x)
        if layer.reads(x.shape[1:]) is not None and not isinstance(layer, Flatten | Reshape):
            return


def under(params: Mapping[str, Any], place: int) -> dict[str, Any]:
    """The arrays, of JAX or NumPy, of the layer at a place inside."""
    prefix = f"{place}."
    return {name.removeprefix(prefix): array for name, array in params.items() if name.startswith(prefix)}


def _past(
    place: tuple[str, int], layer: Layer, params: Params, x: Array, passed: Any, key: Noise | None
) -> tuple[Array, Params]:
    """The activations behind the layer at a place, as `("layers", 2)`, and its running numbers under that place."""
    _, i = place
    noise = jax.random.fold_in(key, i) if key is not None and layer.is_noisy else None
    with within(*place):
        y, moved = passed(layer, under(params, i), x, noise)
    return y, {f"{i}.{name}": array for name, array in moved.items()}


def shapes_behind(layers: Sequence[Layer], in_shape: Shape, *where: str) -> list[Shape]:
    """The shape of an example behind each of the layers in a row.

    Raises:
        ShapeError: a layer cannot take what comes; it names its place, below `where`.
    """
    shapes = [in_shape]
    for place, layer in enumerate(layers):
        shapes.append(_behind(layer, shapes[-1], *where, place))
    return shapes[1:]


def _behind(layer: Layer, in_shape: Shape, *where: str | int) -> Shape:
    with within(*where):
        return layer.out_shape(in_shape)

"""The network: layers in a row, as a value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from numpy.typing import NDArray

from seedbed.core.draw import distributions, is_plain
from seedbed.core.errors import Fault, ShapeError, UsageError, within
from seedbed.core.fields import Whole, parts
from seedbed.core.plain import from_plain, to_line
from seedbed.core.value import Value, contains, rebuild, walk
from seedbed.network.containers import check_input, read_by, reads_images, shapes_behind
from seedbed.network.convolution import Convolution
from seedbed.network.embedding import Embedding
from seedbed.network.fold import Folded, fold
from seedbed.network.layer import Layer, Params, Shape, n_learned
from seedbed.network.reshape import Reshape
from seedbed.network.summary import Summary, summarise

NetworkParams = tuple[Params, ...]
OUT = "out"


class Network(Value):
    """Layers in a row. Input sizes are inferred; the number of outputs may be left to the data as "out".

    >>> network = Network.parse("linear 64, tanh, linear out").bind(10)
    >>> network.shapes((8, 8, 1))  # an image of 8 x 8 pixels, read as a vector
    [(64,), (64,), (10,)]
    >>> str(network)
    'linear 64, tanh, linear 10'
    """

    layers: Sequence[Layer] = parts(Layer, doc="the layers, first to last")

    @classmethod
    def parse(cls, text: str) -> Network:
        """The network that a line describes: `linear 64, relu, linear out`.

        Raises:
            SetupError: with every fault of the line.
        """
        return from_plain(text, cls)

    def __str__(self) -> str:
        return to_line(self.layers)

    def check(self) -> list[Fault]:
        if self.layers:
            return []
        return [Fault(("layers",), "at least one layer", "none", "begin with Network([Linear('out')])")]

    @property
    def is_bound(self) -> bool:
        """Whether the number of outputs stands everywhere."""
        return not contains(self, lambda content: isinstance(content, Layer) and bool(_own_open_fields(content)))

    def bind(self, n_outputs: int) -> Network:
        """This network with the number of outputs in every place that says "out"."""
        if self.is_bound:
            return self
        return self.replace(layers=[_bound(layer, n_outputs) for layer in self.layers])

    def input_shape(self, data_shape: Shape) -> Shape:
        """The shape in which the network reads an example.

        As the first layer that minds reads it: a `Linear` reads an image (28, 28, 1) as the vector (784,), the last
        axis fastest; a `Conv2d` an image (28, 28) as one of one channel, (28, 28, 1).
        """
        return read_by(self.layers, data_shape)

    @property
    def n_categories(self) -> tuple[int, ...]:
        """How many categories each embedding knows."""
        return tuple(layer.size for _, layer in walk(self) if isinstance(layer, Embedding))

    @property
    def has_windows(self) -> bool:
        """Whether there is a convolution, whose patches fill a core's cache by themselves."""
        return any(isinstance(layer, Convolution) for _, layer in walk(self))

    def for_images(self, image: Shape | None, in_shape: Shape) -> Network:
        """This network; where it takes images and vectors come that stand for some, with a layer that reshapes them.

        Arguments:
            image: the shape of the image that each example stands for, (height, width) or with channels; None: none.
        """
        is_vector = image is not None and len(in_shape) == 1 and math.prod(image) == in_shape[0]
        if image is None or not is_vector or not reads_images(self.layers):
            return self
        return self.replace(layers=[Reshape(image[:2]), *self.layers])

    def in_type(self, dtype: Any) -> Network:
        """This network, whose numbers are arrays, with them in the type that it computes with."""
        return jax.tree.map(lambda a: a.astype(dtype), self)

    def check_input(self, x: NDArray[Any]) -> None:
        """Refuses examples (n, *in) that the first layer cannot read: a category that an embedding does not know.

        Raises:
            ShapeError: the message says which number, and where it stands.
        """
        check_input(self.layers, x)

    def shapes(self, in_shape: Shape) -> list[Shape]:
        """The shape of an example behind each layer.

        Raises:
            ShapeError: a layer cannot take what comes, or a size is still open; it names the layer's place.
            UsageError: a distribution still stands somewhere.
        """
        self._check_settled()
        return shapes_behind(self.layers, self.input_shape(in_shape), "network", "layers")

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any = jnp.float32) -> NetworkParams:
        """The first weights: for each layer a dictionary, empty where there is nothing to learn.

        Raises:
            ShapeError, UsageError: as `shapes`.
        """
        pairs, keys = self._with_inputs(in_shape), self._keys(key)
        return tuple(layer.init(shape, key=keys[i], dtype=dtype) for i, (layer, shape) in enumerate(pairs))

    def apply(
        self,
        params: NetworkParams,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Key[Array, ""] | None = None,
    ) -> Float[Array, " batch *out"]:
        """The outputs for a batch. In training, noisy layers draw from `key`.

        Raises:
            ShapeError: a size is still open, or a layer cannot take what comes; it names the layer's place.
            UsageError: a distribution still stands somewhere, or a noisy layer has no key.
        """
        return self.activations(params, x, training=training, key=key)[-1]

    def forward(
        self,
        params: NetworkParams,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Key[Array, ""] | None = None,
        counted: Float[Array, "batch"] | None = None,
    ) -> tuple[Float[Array, " batch *out"], NetworkParams]:
        """As the engine calls it: `apply` in the form that is fastest in a compiled loop.

        Beside the outputs, in training, the new values of running numbers, for each layer by name. Raises as `apply`.
        """
        self._check_settled()
        x = x.reshape(x.shape[0], *self.input_shape(x.shape[1:]))
        running = []
        noises = self.noise(training, key)
        for i, (layer, own, noise) in enumerate(zip(self.layers, params, noises, strict=True)):
            with within("network", "layers", i):
                x, moved = layer.forward(own, x, training=training, key=noise, counted=counted)
            running.append(moved)
        return x, tuple(running)

    def activations(
        self,
        params: NetworkParams,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Key[Array, ""] | None = None,
    ) -> tuple[Array, ...]:
        """The outputs of every layer for a batch, first to last. Raises as `apply`."""
        self._check_settled()
        x = x.reshape(x.shape[0], *self.input_shape(x.shape[1:]))
        outputs = []
        for i, (layer, own, noise) in enumerate(zip(self.layers, params, self.noise(training, key), strict=True)):
            with within("network", "layers", i):
                x = layer.apply(own, x, training=training, key=noise)
            outputs.append(x)
        return tuple(outputs)

    @property
    def is_noisy(self) -> bool:
        """Whether `apply` needs a key in training."""
        return any(layer.is_noisy for layer in self.layers)

    def n_params(self, in_shape: Shape) -> int:
        """How many numbers the network learns; running statistics are not learned."""
        return sum(n_learned(own) for own in self.params_shapes(in_shape))

    def params_shapes(self, in_shape: Shape) -> Any:
        """The weights as shapes alone, without drawing them."""
        return jax.eval_shape(lambda: self.init(in_shape, key=jax.random.key(0)))

    def flops(self, in_shape: Shape) -> int:
        """Floating-point operations of the forward pass for one example, a multiply-add counted as two."""
        return sum(layer.flops(shape) for layer, shape in self._with_inputs(in_shape))

    def summary(self, in_shape: Shape, *, batch: int = 1, dtype_bytes: int = 4) -> Summary:
        """A table of the layers: shapes, parameters, operations, bytes. Print it, or end a notebook cell with it."""
        return summarise(self, in_shape, batch=batch, dtype_bytes=dtype_bytes)

    def fold(self) -> Folded:
        """This network with linear layers in a row, and batch norms behind them, folded into one, inside blocks too.

        `.network` is the folded one, and `.params(params)` gives its weights.

        >>> print(Network.parse("linear 64, identity, linear 32 bias=none, relu, linear 10").fold())
        linear 64, identity, linear 32 bias=none, relu, linear 10  →  linear 32, relu, linear 10
        layers 0 to 2: linear 64, identity, linear 32 bias=none  →  linear 32
        """
        return fold(self)

    def _with_inputs(self, in_shape: Shape) -> list[tuple[Layer, Shape]]:
        shapes = [self.input_shape(in_shape), *self.shapes(in_shape)]
        return list(zip(self.layers, shapes, strict=False))

    def noise(self, training: bool, key: Key[Array, ""] | None) -> list[Key[Array, ""] | None]:
        """The key of each layer that draws in training."""
        if not (training and key is not None and self.is_noisy):
            return [None] * len(self.layers)
        keys = self._keys(key)
        return [keys[i] if layer.is_noisy else None for i, layer in enumerate(self.layers)]

    def _keys(self, key: Key[Array, ""]) -> Key[Array, " layers"]:
        # Folded all in one call: one generator to compile, whatever the depth.
        return jax.vmap(jax.random.fold_in, (None, 0))(key, np.arange(len(self.layers), dtype=np.uint32))

    def _check_settled(self) -> None:
        if not is_plain(self):
            where, drawn = next(iter(distributions(self).items()))
            hint = "a network with distributions is a search space: draw one from it"
            raise UsageError(f"network.{where}: expected one value, got {drawn!r}", hint)
        for place, layer in enumerate(() if self.is_bound else self.layers):
            if names := _open_fields(layer):
                hint = "bind the network to the data first: network.bind(n_outputs)"
                raise ShapeError(f"network.layers[{place}].{names[0]}: expected a number, got 'out'", hint)


def _open_fields(layer: Any) -> list[str]:
    """The fields of a layer, and of the layers in it, that wait for the number of outputs."""
    places = ((path, value) for path, value in walk(layer) if isinstance(value, Layer))
    return [".".join(map(str, (*path, name))) for path, value in places for name in _own_open_fields(value)]


def _own_open_fields(layer: Layer) -> list[str]:
    return [n for n, spec in layer.specs.items() if isinstance(spec, Whole) and getattr(layer, n) == OUT]


def _bound(layer: Any, n_outputs: int) -> Any:
    def bind(_: Any, value: Any) -> Any:
        names = _own_open_fields(value) if isinstance(value, Layer) else []
        return value.replace(**dict.fromkeys(names, n_outputs)) if names else value

    return rebuild(layer, bind) if _open_fields(layer) else layer

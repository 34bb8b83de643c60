"""The padded network: networks of several widths, activations and depths as one, in which each learns as by itself.

Its layers are a *template*, of the largest widths, and static. What a member's own network is stands beside them in
*slots*, whose numbers are leaves: how many of the units are real, whether a layer is there at all, which of several
activations it is, and the place that the layer has in the member's own network, from which its random numbers follow.
So the first weights and the masks of dropout are those of the member alone, and the rest is `real.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from seedbed.core.errors import Fault, within
from seedbed.core.fields import number, numbers, parts
from seedbed.core.value import Value
from seedbed.network.activations import Activation
from seedbed.network.layer import Layer, Params, Shape
from seedbed.network.network import Network, NetworkParams
from seedbed.network.real import Passed, Real, behind, drawn, passed

NOWHERE = -1.0  # a step that a path does not have


class Slot(Value):
    """What a member has at one place of a padded network.

    A path is the place of the layer in the member's own network, and the steps inside where that is a block; what is
    shorter than the longest path ends with `NOWHERE`.
    """

    path: tuple[float, ...] = numbers(doc="where the layer stands in the member's own network")
    used: float | None = number(None, optional=True, low=1.0, doc="how many units are real; none: all, or none made")
    present: float | None = number(None, optional=True, low=0.0, high=1.0, doc="whether it is there; none: always")
    which: float | None = number(None, optional=True, low=0.0, doc="which of the options of a `OneOf`")


class OneOf(Layer):
    """One of several activations, which one the slot says. Each of them is computed.

    Those that give 0 for 0 stand first.
    """

    options: Sequence[Layer] = parts(Layer, doc="the activations")

    @property
    def pads(self) -> bool:
        return True

    def reads(self, data_shape: Shape) -> Shape | None:
        return None

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any) -> Params:
        return {
            f"{i}.{name}": array
            for i, option in enumerate(self.options)
            for name, array in option.init(in_shape, key=key, dtype=dtype).items()
        }

    def chosen(self, which: Any, params: Params, x: Array, real: Real | None) -> Array:
        """The activations of the option `which`; 0 where a feature is not real."""
        y = None
        for i, option in enumerate(self.options):
            assert isinstance(option, Activation)
            own = {name.removeprefix(f"{i}."): array for name, array in params.items() if name.startswith(f"{i}.")}
            value = option.apply(own, x)
            here = None if real is None or option.keeps_zero else real.places
            if y is None:
                y = value if here is None else jnp.where(here, value, 0)
            else:
                is_it = jnp.asarray(which) == i
                y = jnp.where(is_it if here is None else is_it & here, value, y)
        assert y is not None
        return y

    def flops(self, in_shape: Shape) -> int:
        return sum(option.flops(in_shape) for option in self.options)


class Padded(Network):
    """A network that stands for one of several, see `alignment.padded`. Its methods mean what those of a network do.

    Outputs, and the activations of `activations`, are those of the template's sizes: what is not real is 0.
    """

    slots: Sequence[Slot] = parts(Slot, doc="what the member has at each layer")

    def check(self) -> list[Fault]:
        faults = super().check()
        if len(self.slots) != len(self.layers):
            faults.append(Fault(("slots",), f"one for each of {len(self.layers)} layers", f"{len(self.slots)}"))
        return faults

    def for_images(self, image: Shape | None, in_shape: Shape) -> Network:
        return self  # its networks have the layer that they need

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any = jnp.float32) -> NetworkParams:
        keys, real, params = self._keys(key), None, []
        for i, (layer, slot, (_, shape)) in enumerate(
            zip(self.layers, self.slots, self._with_inputs(in_shape), strict=True)
        ):
            back = behind(layer, slot.used, slot.present, real, shape, layer.out_shape(shape)[-1])
            params.append(drawn(layer, slot.present, real, back, shape, key=keys[i], dtype=dtype))
            real = back
        return tuple(params)

    def forward(
        self,
        params: NetworkParams,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Key[Array, ""] | None = None,
        counted: Float[Array, "batch"] | None = None,
    ) -> tuple[Float[Array, " batch *out"], NetworkParams]:
        call = lambda layer, own, x, key: layer.forward(own, x, training=training, key=key, counted=counted)  # noqa: E731
        outputs, running = self._flow(params, x, self.noise(training, key), call)
        return outputs[-1], running

    def activations(
        self,
        params: NetworkParams,
        x: Float[Array, "batch *in"],
        *,
        training: bool = False,
        key: Key[Array, ""] | None = None,
    ) -> tuple[Array, ...]:
        call: Passed = lambda layer, own, x, key: (layer.apply(own, x, training=training, key=key), {})  # noqa: E731
        return self._flow(params, x, self.noise(training, key), call)[0]

    def _flow(
        self, params: NetworkParams, x: Array, noises: list[Any], call: Passed
    ) -> tuple[tuple[Array, ...], NetworkParams]:
        """The outputs of every layer, and the running numbers."""
        self._check_settled()
        x, real = x.reshape(x.shape[0], *self.input_shape(x.shape[1:])), None
        outputs, running = [], []
        for i, (layer, slot, own, noise) in enumerate(zip(self.layers, self.slots, params, noises, strict=True)):
            with within("network", "layers", i):
                here = _choosing(slot.which, real, call) if isinstance(layer, OneOf) else call
                y, moved = passed(layer, slot.present, own, x, real, noise, here)
            real = behind(layer, slot.used, slot.present, real, x.shape[1:], y.shape[-1])
            x = y
            outputs.append(x)
            running.append(moved)
        return tuple(outputs), tuple(running)

    def in_type(self, dtype: Any) -> Network:
        # The slots' numbers count: bfloat16 has no 257.
        return self.replace(layers=jax.tree.map(lambda a: a.astype(dtype), self.layers))

    def _keys(self, key: Key[Array, ""]) -> Key[Array, " layers"]:
        paths = jnp.stack([jnp.stack([jnp.asarray(step, jnp.int32) for step in slot.path]) for slot in self.slots])
        return jax.vmap(_along, (None, 0))(key, paths)


def _along(key: Key[Array, ""], path: Any) -> Key[Array, ""]:
    """The key of a layer, folded as the member's own network and the blocks in it fold it."""
    for i in range(path.shape[0]):
        deeper = jax.random.fold_in(key, path[i].astype(jnp.uint32))
        key = deeper if i == 0 else jnp.where(path[i] < 0, key, deeper)
    return key


def _choosing(which: Any, real: Real | None, call: Passed) -> Passed:
    """As `call` for a `OneOf`."""
    return lambda layer, params, x, key: (layer.chosen(which, params, x, real), {})

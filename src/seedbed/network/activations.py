"""The activations as layers: each applies its function from the table to every number, softmax to every vector."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Key

from seedbed.core.fields import number
from seedbed.functions import FUNCTIONS, Function
from seedbed.functions.piecewise import LEAKY_SLOPE, PRELU_SLOPE
from seedbed.functions.smooth import ELU_ALPHA
from seedbed.network.layer import Layer, Params, Shape


class Activation(Layer):
    """Abstract: a layer that applies `function`, whose numbers are the fields of the layer."""

    function: ClassVar[Function]
    keeps_zero: ClassVar[bool] = False  # whether it gives 0 for 0, whatever its numbers

    @property
    def pads(self) -> bool:
        return self.function.is_elementwise

    def reads(self, data_shape: Shape) -> Shape | None:
        return None

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *in"]:
        return self.function(x, *(getattr(self, name) for name in self.specs))

    def flops(self, in_shape: Shape) -> int:
        return self.function.n_operations * math.prod(in_shape)


class Step(Activation, kind="step"):
    """1 where x > 0, else 0: the perceptron. No gradient passes it."""

    function = FUNCTIONS["step"]
    keeps_zero = True


class Identity(Activation, kind="identity"):
    """x itself."""

    function = FUNCTIONS["linear"]
    keeps_zero = True


class Sigmoid(Activation, kind="sigmoid"):
    """1 / (1 + e⁻ˣ)."""

    function = FUNCTIONS["sigmoid"]


class Tanh(Activation, kind="tanh"):
    """The hyperbolic tangent."""

    function = FUNCTIONS["tanh"]
    keeps_zero = True


class ReLU(Activation, kind="relu"):
    """max(x, 0)."""

    function = FUNCTIONS["relu"]
    keeps_zero = True


class LeakyReLU(Activation, kind="leaky_relu"):
    """x where x > 0, else slope · x."""

    function = FUNCTIONS["leaky_relu"]
    keeps_zero = True
    slope: float = number(default=LEAKY_SLOPE, doc="the slope for negative inputs")


class PReLU(Activation, kind="prelu"):
    """x where x > 0, else a · x, with one learned a for all units that begins at `slope`."""

    function = FUNCTIONS["prelu"]
    keeps_zero = True
    slope: float = number(default=PRELU_SLOPE, doc="the first slope for negative inputs; it is learned")

    @property
    def pads(self) -> bool:
        return True

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any) -> Params:
        return {"slope": jnp.asarray(self.slope, dtype)}

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch *in"]:
        return self.function(x, params["slope"])


class ELU(Activation, kind="elu"):
    """x where x > 0, else alpha · (eˣ - 1)."""

    function = FUNCTIONS["elu"]
    keeps_zero = True
    alpha: float = number(default=ELU_ALPHA, doc="minus the output for very negative inputs")


class SELU(Activation, kind="selu"):
    """The scaled ELU that keeps mean 0 and variance 1; begin its weights with lecun_normal."""

    function = FUNCTIONS["selu"]
    keeps_zero = True


class Softmax(Activation, kind="softmax"):
    """Probabilities along the last axis. Cross-entropy applies it itself, so it is no last layer for that loss."""

    function = FUNCTIONS["softmax"]

    @property
    def pads(self) -> bool:
        return True

    def among(self, x: Float[Array, "batch *in"], real: Bool[Array, "features"]) -> Float[Array, "batch *in"]:
        """The probabilities of the features that are real; 0 at the others."""
        return self.function(jnp.where(real, x, -jnp.inf))


class GELU(Activation, kind="gelu"):
    """x · Φ(x), exact."""

    function = FUNCTIONS["gelu"]
    keeps_zero = True


class SiLU(Activation, kind="silu"):
    """x · σ(x)."""

    function = FUNCTIONS["silu"]
    keeps_zero = True


class Softplus(Activation, kind="softplus"):
    """ln(1 + eˣ)."""

    function = FUNCTIONS["softplus"]

"""Initialisers: how the first weights and biases are drawn.

    Var w = gain² · 2 / fan_in               He         for ReLU, which drops half of the signal
    Var w = gain² · 2 / (fan_in + fan_out)   Xavier     for tanh: signal and gradient both keep their variance
    Var w = gain² · 1 / fan_in               LeCun      the signal keeps its variance; SELU's fixed point

The numbers are drawn in float32 and then rounded, so that precision does not change the draw. A unit's weights depend
on the key, the unit and the input, not on how many there are: a layer that is padded draws the same for the real ones.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from seedbed.core.fields import number
from seedbed.core.value import Value
from seedbed.network.words import columns, random_words, symmetric

Fan = tuple[Any, Any]  # fan_in and fan_out


class Initializer(Value, family=True):
    """How an array of first weights is drawn. A new one is a subclass with `draw`."""

    # Whether a number depends on the key, its place and the fan alone, so that a padded array has the same real ones.
    is_by_place: ClassVar[bool] = False
    reads_fan: ClassVar[bool] = False

    def sample(
        self, shape: tuple[int, ...], *, key: Key[Array, ""], dtype: Any, fan: Fan | None = None
    ) -> Float[Array, "*fan_in fan_out"]:
        """The first weights of an array whose last axis are the units.

        Arguments:
            fan: how many inputs a unit reads and how many units read an input, where the shape does not say it: for
                a bias, and for a padded layer. The two numbers may be traced. By default all axes but the last
                multiplied, and the last.
        """
        fan_in, fan_out = fan or (math.prod(shape[:-1]), shape[-1])
        return self.draw(shape, (jnp.float32(fan_in), jnp.float32(fan_out)), key).astype(dtype)

    def draw(self, shape: tuple[int, ...], fan: Fan, key: Key[Array, ""]) -> Float[Array, "*fan_in fan_out"]:
        """The numbers, in float32."""
        raise NotImplementedError

    def mean_square(self, shape: tuple[int, ...], fan: tuple[int, int] | None = None) -> float:
        """The mean square of the numbers: their variance, where their mean is 0. Arguments as in `sample`.

        A kind that does not say it is measured, on one draw.
        """
        drawn = self.sample(shape, key=jax.random.key(0), dtype=jnp.float32, fan=fan)
        return float(jnp.mean(jnp.square(drawn)))


class Zeros(Initializer, kind="zeros"):
    """0 everywhere: for biases. Weights that are all equal get equal gradients, and their units never differ."""

    is_by_place = True

    def draw(self, shape: tuple[int, ...], fan: Fan, key: Key[Array, ""]) -> Array:
        return jnp.zeros(shape, jnp.float32)

    def mean_square(self, shape: tuple[int, ...], fan: tuple[int, int] | None = None) -> float:
        return 0.0


class Constant(Initializer, kind="constant"):
    """`value` everywhere."""

    is_by_place = True
    value: float = number()

    def draw(self, shape: tuple[int, ...], fan: Fan, key: Key[Array, ""]) -> Array:
        return jnp.full(shape, self.value, jnp.float32)

    def mean_square(self, shape: tuple[int, ...], fan: tuple[int, int] | None = None) -> float:
        return float(self.value) ** 2


class Normal(Initializer, kind="normal"):
    """Normal with mean 0 and standard deviation gain · std, whatever the fan."""

    is_by_place = True
    std: float = number(low=0.0)
    gain: float = number(default=1.0, low=0.0)

    def draw(self, shape: tuple[int, ...], fan: Fan, key: Key[Array, ""]) -> Array:
        return self.gain * self.std * standard_normal(shape, key)

    def mean_square(self, shape: tuple[int, ...], fan: tuple[int, int] | None = None) -> float:
        return float(self.gain * self.std) ** 2


class RandomUniform(Initializer, kind="random_uniform"):
    """Uniform on [-gain · a, gain · a], whatever the fan. In texts `uniform` is the distribution of a search space."""

    is_by_place = True
    a: float = number(low=0.0)
    gain: float = number(default=1.0, low=0.0)

    def draw(self, shape: tuple[int, ...], fan: Fan, key: Key[Array, ""]) -> Array:
        return self.gain * self.a * standard_uniform(shape, key)

    def mean_square(self, shape: tuple[int, ...], fan: tuple[int, int] | None = None) -> float:
        return float(self.gain * self.a) ** 2 / 3


class Scaled(Initializer):
    """Abstract: mean 0, and a variance that follows from the fan."""

    is_by_place = True
    reads_fan = True
    gain: float = number(default=1.0, low=0.0)

    def variance(self, fan_in: Any, fan_out: Any) -> Any:
        """The variance of a weight at gain 1."""
        raise NotImplementedError

    def draw(self, shape: tuple[int, ...], fan: Fan, key: Key[Array, ""]) -> Array:
        return self.gain * jnp.sqrt(self.variance(*fan)) * standard_normal(shape, key)

    def mean_square(self, shape: tuple[int, ...], fan: tuple[int, int] | None = None) -> float:
        return float(self.gain**2 * self.variance(*(fan or (math.prod(shape[:-1]), shape[-1]))))


class ScaledUniform(Scaled):
    """Abstract: uniform on [-a, a] with a = gain · √(3 Var), which has that variance."""

    is_by_place = True

    def draw(self, shape: tuple[int, ...], fan: Fan, key: Key[Array, ""]) -> Array:
        return self.gain * jnp.sqrt(3.0 * self.variance(*fan)) * standard_uniform(shape, key)


class HeNormal(Scaled, kind="he_normal"):
    """Normal with variance 2 / fan_in. He et al. 2015, Delving deep into rectifiers, eq. (10)."""

    def variance(self, fan_in: Any, fan_out: Any) -> Any:
        return 2.0 / fan_in


class HeUniform(ScaledUniform, kind="he_uniform"):
    """Uniform with variance 2 / fan_in. He et al. 2015, Delving deep into rectifiers, eq. (10)."""

    def variance(self, fan_in: Any, fan_out: Any) -> Any:
        return 2.0 / fan_in


class XavierNormal(Scaled, kind="xavier_normal"):
    """Normal with variance 2 / (fan_in + fan_out). Glorot and Bengio 2010, eq. (12)."""

    def variance(self, fan_in: Any, fan_out: Any) -> Any:
        return 2.0 / (fan_in + fan_out)


class XavierUniform(ScaledUniform, kind="xavier_uniform"):
    """Uniform with variance 2 / (fan_in + fan_out). Glorot and Bengio 2010, eq. (16)."""

    def variance(self, fan_in: Any, fan_out: Any) -> Any:
        return 2.0 / (fan_in + fan_out)


class LeCunNormal(Scaled, kind="lecun_normal"):
    """Normal with variance 1 / fan_in. LeCun et al. 1998, Efficient BackProp, eq. (16)."""

    def variance(self, fan_in: Any, fan_out: Any) -> Any:
        return 1.0 / fan_in


class LeCunUniform(ScaledUniform, kind="lecun_uniform"):
    """Uniform with variance 1 / fan_in. LeCun et al. 1998, Efficient BackProp, eq. (16)."""

    def variance(self, fan_in: Any, fan_out: Any) -> Any:
        return 1.0 / fan_in


class Orthogonal(Initializer, kind="orthogonal"):
    """gain times a matrix whose shorter side is orthonormal, uniform among all such: lengths are kept exactly.

    The one initialiser whose numbers change when the layer is padded. Saxe, McClelland and Ganguli 2014, Exact
    solutions to the nonlinear dynamics of learning in deep linear neural networks.
    """

    gain: float = number(default=1.0, low=0.0)

    def draw(self, shape: tuple[int, ...], fan: Fan, key: Key[Array, ""]) -> Array:
        rows, units = math.prod(shape[:-1]), shape[-1]
        tall = standard_normal((max(rows, units), min(rows, units)), key)
        q, r = jnp.linalg.qr(tall)
        q *= jnp.where(jnp.diagonal(r) < 0, -1.0, 1.0)  # else Householder's signs would favour some directions
        return self.gain * (q if rows >= units else q.T).reshape(shape)

    def mean_square(self, shape: tuple[int, ...], fan: tuple[int, int] | None = None) -> float:
        return float(self.gain) ** 2 / max(math.prod(shape[:-1]), shape[-1])


def weight_and_bias(
    weight: Initializer, bias: Initializer | None, shape: tuple[int, ...], *, key: Key[Array, ""], dtype: Any, fan: Fan
) -> dict[str, Array]:
    """The first weights of a layer whose units are the last axis of `shape`, and a bias for each unless None."""
    params = {"weight": weight.sample(shape, key=key, dtype=dtype, fan=fan)}
    if bias is not None:
        params["bias"] = bias.sample(shape[-1:], key=jax.random.fold_in(key, 1), dtype=dtype, fan=fan)
    return params


def standard_normal(shape: tuple[int, ...], key: Key[Array, ""]) -> Float[Array, "*fan_in fan_out"]:
    """Normal numbers with mean 0 and variance 1, by the inverse of the distribution function."""
    return math.sqrt(2.0) * jax.lax.erf_inv(standard_uniform(shape, key))


def standard_uniform(shape: tuple[int, ...], key: Key[Array, ""]) -> Float[Array, "*fan_in fan_out"]:
    """Numbers uniform on (-1, 1). The inputs of a unit are numbered with the next to last axis slowest."""
    *spatial, n_inputs, n_units = (1, *shape) if len(shape) == 1 else shape
    rows = symmetric(random_words(key, math.prod(spatial) * n_inputs, columns((n_units,))))
    numbers = jnp.moveaxis(rows.reshape(n_inputs, *spatial, n_units), 0, -2)
    return numbers.reshape(shape)

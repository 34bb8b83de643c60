"""The smooth or bent relatives of ReLU: ELU, SELU, GELU, SiLU and softplus.

For large x they are the identity; for negative x they bend towards a constant.

    elu(x) = x if x > 0 else α(eˣ - 1)    gelu(x) = x Φ(x)    silu(x) = x σ(x)    softplus(x) = ln(1 + eˣ)
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array

from seedbed.functions.function import Function, floats

ELU_ALPHA = 1.0
# The fixed point of Klambauer et al.: units with mean 0 and variance 1 behind one layer have them behind the next.
SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def elu(x: ArrayLike, alpha: ArrayLike = ELU_ALPHA) -> Array:
    """The input where it is above 0, else alpha · (eˣ - 1)."""
    x, alpha = floats(x, alpha)
    return jnp.where(x > 0, x, alpha * jnp.expm1(_at_most_zero(x)))


def elu_derivative(x: ArrayLike, alpha: ArrayLike = ELU_ALPHA) -> Array:
    """1 where x > 0, else alpha · eˣ; at 0, where there is none unless alpha is 1, alpha."""
    x, alpha = floats(x, alpha)
    return jnp.where(x > 0, jnp.ones_like(x), alpha * jnp.exp(_at_most_zero(x)))


def selu(x: ArrayLike) -> Array:
    """1.0507 · elu(x, alpha=1.6733): it keeps mean 0 and variance 1 from layer to layer."""
    return SELU_SCALE * elu(x, SELU_ALPHA)


def selu_derivative(x: ArrayLike) -> Array:
    """1.0507 · elu'(x, alpha=1.6733); at 0, where there is none, 1.7581."""
    return SELU_SCALE * elu_derivative(x, SELU_ALPHA)


def gelu(x: ArrayLike) -> Array:
    """The product x · Φ(x), Φ the distribution function of the standard normal; exact, by the error function."""
    (x,) = floats(x)
    return x * _normal_cdf(x)


def gelu_derivative(x: ArrayLike) -> Array:
    """Φ(x) + x φ(x), φ the standard normal density."""
    (x,) = floats(x)
    return _normal_cdf(x) + x * jnp.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def silu(x: ArrayLike) -> Array:
    """The product x · σ(x), also called swish."""
    (x,) = floats(x)
    return x * jax.lax.logistic(x)


def silu_derivative(x: ArrayLike) -> Array:
    """σ(x) (1 + x σ(-x))."""
    (x,) = floats(x)
    return jax.lax.logistic(x) * (1.0 + x * jax.lax.logistic(-x))


def softplus(x: ArrayLike) -> Array:
    """ln(1 + eˣ), the smooth ReLU, as max(x, 0) + ln(1 + e^-|x|) so that nothing overflows."""
    (x,) = floats(x)
    # -|x| as x - 2 max(x, 0): with ReLU's gradient of 0 at 0, the sum's is the one half that belongs there.
    positive = jax.nn.relu(x)
    return positive + jnp.log1p(jnp.exp(x - 2.0 * positive))


def softplus_derivative(x: ArrayLike) -> Array:
    """σ(x)."""
    return jax.lax.logistic(floats(x)[0])


def _at_most_zero(x: Array) -> Array:
    # Inside the branch not taken the exponential of a large x would be inf, and its gradient 0 · inf = NaN.
    return jnp.where(x > 0, jnp.zeros_like(x), x)


def _normal_cdf(x: Array) -> Array:
    # By erf as in PyTorch: erfc is exact in the far left tail, where x Φ(x) is nothing, and takes half as long again.
    return 0.5 * (1.0 + jax.lax.erf(x * math.sqrt(0.5)))


SMOOTH = (
    Function(
        "elu",
        elu,
        elu_derivative,
        "f(x) = x if x > 0 else α (exp(x) - 1); f'(x) = 1 if x > 0 else α exp(x)",
        "Clevert, Unterthiner and Hochreiter 2016, Fast and accurate deep network learning by ELUs, eq. (15)",
        n_operations=4,
    ),
    Function(
        "selu",
        selu,
        selu_derivative,
        "f(x) = λ x if x > 0 else λ α (exp(x) - 1); f'(x) = λ or λ α exp(x)",
        "Klambauer et al. 2017, Self-normalizing neural networks, eq. (2)",
        n_operations=5,
    ),
    Function(
        "gelu",
        gelu,
        gelu_derivative,
        "f(x) = x Φ(x); f'(x) = Φ(x) + x φ(x)",
        "Hendrycks and Gimpel 2016, Gaussian error linear units",
        n_operations=5,
    ),
    Function(
        "silu",
        silu,
        silu_derivative,
        "f(x) = x σ(x); f'(x) = σ(x) (1 + x (1 - σ(x)))",
        "Elfwing, Uchibe and Doya 2018, Sigmoid-weighted linear units",
        n_operations=5,
    ),
    Function(
        "softplus",
        softplus,
        softplus_derivative,
        "f(x) = ln(1 + exp(x)); f'(x) = σ(x)",
        "Dugas et al. 2001, Incorporating second-order functional knowledge",
        n_operations=3,
    ),
)

"""The function: a scalar function of the field as a record, with its derivative, its equation and its source."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array


@dataclass(frozen=True)
class Function:
    """A scalar function. Called like the function itself.

    Attributes:
        name: the word that texts use.
        value: `value(x, *numbers)`, elementwise; softmax works along the last axis.
        derivative: `derivative(x, *numbers)` in closed form, of the shape of x; for softmax the Jacobian, with one more
            axis. Where the derivative does not exist, it is what PyTorch's backward gives.
        equation: the equation, and that of the derivative.
        source: where the function was introduced, or a textbook has it.
        n_operations: arithmetic operations of the equation for one number; exp, log, tanh and erf count as one.
        is_elementwise: whether each output depends on one input only.
    """

    name: str
    value: Callable[..., Array]
    derivative: Callable[..., Array]
    equation: str
    source: str
    n_operations: int = 1
    is_elementwise: bool = True

    def __call__(self, x: ArrayLike, *numbers: ArrayLike) -> Array:
        return self.value(x, *numbers)

    @property
    def numbers(self) -> dict[str, float]:
        """The numbers of the function beside x (a slope, an alpha), with their defaults."""
        given = list(inspect.signature(self.value).parameters.values())[1:]
        return {parameter.name: float(parameter.default) for parameter in given}


def floats(x: ArrayLike, *numbers: ArrayLike) -> tuple[Array, ...]:
    """`x` as an array of floating-point numbers, and `numbers` in its precision.

    A slope that is a leaf of a setup may come in another precision; it must not change that of the activations.
    """
    x = jnp.asarray(x)
    x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.result_type(float))
    return (x, *(jnp.asarray(number, x.dtype) for number in numbers))

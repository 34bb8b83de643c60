"""The embedding: a learned vector for each category."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from numpy.typing import NDArray

from seedbed.core.categories import check_categories
from seedbed.core.fields import part, whole
from seedbed.network.initializers import Initializer, Normal
from seedbed.network.layer import Layer, Params, Shape, batched


class Embedding(Layer, kind="embedding"):
    """y = E[x]: for each whole number x from 0 to size - 1 a row of a table of shape (size, units), which is learned.

    An example of n categories, (B, n), becomes (B, n, units); put Flatten() behind it. All n share the table. The
    numbers have to come as they are: leave preprocessing away. Source: Bengio et al. 2003, A neural probabilistic
    language model; begins as PyTorch's, normal with deviation 1, unless told otherwise.

    >>> Embedding(12, 3).algebra((5,))
    '(B, 5) of 12 → (B, 5, 3)'
    """

    size: int = whole(low=1, doc="how many categories there are")
    units: int = whole(low=1, doc="numbers that stand for a category")
    weight: Initializer = part(Initializer, default=Normal(1.0), doc="how the vectors begin")

    def out_shape(self, in_shape: Shape) -> Shape:
        return (*in_shape, self.units)

    def init(self, in_shape: Shape, *, key: Key[Array, ""], dtype: Any) -> Params:
        fan = (self.size, self.units)
        return {"weight": self.weight.sample(fan, key=key, dtype=dtype, fan=fan)}

    def check_input(self, x: NDArray[Any]) -> None:
        check_categories(self.kind, x, self.size)

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, " batch *out"]:
        if not isinstance(x, jax.core.Tracer):
            self.check_input(np.asarray(x))
        # Compiled code cannot refuse: there what is no category becomes NaN, which the engine holds at the gate.
        index = jnp.where((x >= 0) & (x < self.size) & (x == jnp.floor(x)), x, self.size).astype(jnp.int32)
        return jnp.take(params["weight"], index, axis=0, mode="fill", fill_value=jnp.nan)

    def algebra(self, in_shape: Shape) -> str:
        return f"{batched(in_shape)} of {self.size} → {batched(self.out_shape(in_shape))}"

"""The setup: everything that decides a training run, apart from the data and the seed, as one value."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from seedbed.core.fields import part, parts, weights, whole, word
from seedbed.core.value import Value
from seedbed.data.steps import Preprocessing, Standardize, StandardizeTarget
from seedbed.network import Loss, Network, Penalty
from seedbed.network.layer import is_running
from seedbed.training.augmentation import Augmentation
from seedbed.training.optimizers import Optimizer


class Setup(Value):
    """The network, how it learns, and how its inputs are prepared.

    A distribution may stand at any of its places; then each member of a population draws its own value. The *numbers*
    in it are leaves of a JAX pytree, the rest is structure; setups of one structure train as one program.
    """

    network: Network = part(Network, doc="the layers")
    loss: Loss = part(Loss, doc="what training makes small")
    optimizer: Optimizer = part(Optimizer, doc="how gradients become steps")
    penalty: Penalty | None = part(Penalty, None, optional=True, doc="L1 or L2 on the weights, added to the loss")
    batch_size: int = whole(32, low=1, doc="examples in one step")
    epochs: int = whole(20, low=1, doc="how often training goes through the training part")
    patience: int | None = whole(None, low=1, optional=True, doc="epochs without a better validation loss until a stop")
    preprocessing: tuple[Preprocessing, ...] = parts(
        Preprocessing, (Standardize(), StandardizeTarget()), doc="steps on inputs and targets, fitted on training data"
    )
    augmentation: tuple[Augmentation, ...] = parts(
        Augmentation, (), doc="how examples are varied at random in training, behind the preprocessing"
    )
    class_weight: str | tuple[float, ...] | None = weights(
        None, words=("balanced",), optional=True, doc="weight of each class in the loss; 'balanced': equal totals"
    )
    precision: str = word(
        "float32",
        options=("float32", "float64", "bfloat16"),
        doc="the numbers that training computes with; bfloat16: in the network alone, while weights stay float32",
    )
    data_order: str = word(
        "shared", options=("shared", "own"), doc="one order of examples for all members, or each its own"
    )

    @property
    def storage(self) -> str:
        """The type of weights, statistics and losses: bfloat16 has too few digits for them."""
        return "float32" if self.precision == "bfloat16" else self.precision

    def compute(self, params: Any, x: Any) -> tuple[Network, Any, Any]:
        """The network with its numbers, the weights and the inputs in the type that the network computes with.

        Running statistics stay as they are: a hundredth of a step would be lost in eight digits. So do the numbers of
        categories, of which bfloat16 knows only those up to 256.
        """
        if self.precision != "bfloat16":
            return self.network, params, x
        short = lambda a: a.astype(jnp.bfloat16)  # noqa: E731
        own = tuple({name: a if is_running(name) else short(a) for name, a in layer.items()} for layer in params)
        return self.network.in_type(jnp.bfloat16), own, x if self.network.n_categories else short(x)

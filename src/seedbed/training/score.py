"""The score of one example: always better when higher, and its mean over a part is the score of the part."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from seedbed.network import Loss


def per_example_score(
    loss: Loss,
    task: str,
    outputs: Float[Array, "batch k"],
    targets: Shaped[Array, "batch *k"],
    variance: Float[Array, "k"] | None,
) -> Float[Array, "batch"]:
    """What each example adds to the score.

    Classification: 1 where the most likely class is right, so that the mean is the accuracy. Several labels: the share
    of labels that are right. Regression: 1 - mean over targets of (y - ŷ)² / variance, so that the mean is R² when
    `variance` is that of the part's own targets, averaged evenly over several targets.
    """
    if task == "regression":
        assert variance is not None
        return 1.0 - jnp.mean((targets - outputs) ** 2 / variance, axis=-1)
    if task == "multilabel":
        return jnp.mean((loss.predict(outputs, task) > 0.5) == (targets > 0.5), axis=-1).astype(outputs.dtype)
    # The largest output is the largest probability; only a single output has to be made into two.
    likely = outputs if outputs.shape[-1] > 1 else loss.predict(outputs, task)
    return (jnp.argmax(likely, axis=-1) == targets).astype(outputs.dtype)

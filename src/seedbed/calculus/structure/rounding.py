"""How far rounding moves what a program gives.

Each number that an operation rounds is moved a little, at random. What is small because larger numbers cancel shows by
its move how large they were.

Source: Vignes 1993, A stochastic arithmetic for reliable scientific computation. Departure: the processor rounds as
always, and numbers are moved by several roundings, in one run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from seedbed.calculus.structure.evaluation import performed

STEP = 8  # roundings that a number is moved by: more than those of the two runs that are compared
# What chooses, moves and copies numbers does not round them, and whether two are equal is to stay as it is.
EXACT = frozenset({
    "abs", "argmax", "argmin", "broadcast_in_dim", "ceil", "clamp", "concatenate", "convert_element_type", "copy",
    "copy_p", "cummax", "cummin", "dynamic_slice", "dynamic_update_slice", "expand_dims", "floor", "gather", "iota",
    "max", "min", "neg", "optimization_barrier", "pad", "real", "imag", "reduce_max", "reduce_min", "reduce_precision",
    "reduce_window_max", "reduce_window_min", "reshape", "rev", "round", "scatter", "select_and_gather_add", "select_n",
    "sign", "slice", "sort", "split", "squeeze", "stop_gradient", "tile", "top_k", "transpose", "unstack",
})  # fmt: skip


def magnitudes(closed: jex.ClosedJaxpr, arguments: Sequence[Any]) -> list[NDArray[np.float64]]:
    """For each number that the program gives, how large those are whose rounding shows in it: one rounding times this.

    Arrays of the outputs' shapes. 0 where nothing is rounded, and where a move leads to no finite number.
    """
    rng = np.random.default_rng(0)

    def moved(name: str, result: Any) -> Any:
        if name in EXACT or not jnp.issubdtype(result.dtype, jnp.inexact):
            return result
        noise = STEP * float(jnp.finfo(result.dtype).eps) * rng.standard_normal(np.shape(result))
        return np.asarray(np.asarray(result) * (1 + noise).astype(result.dtype))

    with np.errstate(all="ignore"):
        pairs = zip(performed(closed, arguments), performed(closed, arguments, moved), strict=True)
        return [_apart(plain, other) for plain, other in pairs]


def _apart(plain: Any, other: Any) -> NDArray[np.float64]:
    one, two = (np.asarray(array, np.float64) for array in (plain, other))
    unit = STEP * float(jnp.finfo(plain.dtype).eps) if jnp.issubdtype(plain.dtype, jnp.floating) else 1.0
    return np.asarray(np.nan_to_num(np.abs(one - two) / unit, nan=0.0, posinf=0.0))

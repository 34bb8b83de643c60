"""What each operation gives for arrays in the memory of the processor, by NumPy.

XLA compiles an operation before it is done for the first time, for some hundredths of a second, and a Jacobian takes
many that are done once. NumPy has them ready. What is not in the table, or has a type that NumPy or the processor does
not compute with in the same way, such as numbers of 16 bits, is left to XLA.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

Params = dict[str, Any]
Ready = Callable[..., Any]  # of the parameters and the operands; NotImplemented for what is left to XLA
MOST_PRODUCTS = 2**24  # of numbers in a product of arrays, some milliseconds; beyond, all cores are worth a compilation
TYPES = frozenset(map(np.dtype, ("float32", "float64", "int32", "int64", "uint32", "bool")))


def hosted(value: Any) -> NDArray[Any] | None:
    """The array as one of NumPy, without a copy; None where it is not known yet, or is on another device."""
    if isinstance(value, jax.core.Tracer):
        return None
    if isinstance(value, jax.Array):
        if value.dtype not in TYPES or [device.platform for device in value.devices()] != ["cpu"]:
            return None
        return np.asarray(value)
    return value if isinstance(value, np.ndarray) and value.dtype in TYPES else None


def result(name: str, params: Params, operands: Sequence[Any], like: Any) -> NDArray[Any] | None:
    """What the operation gives, an array of the shape and type of `like`; None where XLA has to say."""
    if name not in READY or any(operand is None for operand in operands):
        return None
    found = READY[name](params, *operands)
    if found is NotImplemented:
        return None
    array = np.asarray(found)
    return array if array.dtype == like.dtype and array.shape == like.shape else None


def _each(function: Callable[..., Any]) -> Ready:
    return lambda params, *operands: function(*operands)


def _integer_power(params: Params, x: NDArray[Any]) -> Any:
    n = params["y"]
    power = x if n else np.ones_like(x)
    for _ in range(min(abs(n), 4) - 1):
        power = power * x
    return NotImplemented if abs(n) > 4 else 1 / power if n < 0 else power


def _converted(params: Params, x: NDArray[Any]) -> Any:
    is_cut = np.issubdtype(x.dtype, np.inexact) and not np.issubdtype(params["new_dtype"], np.inexact)
    return NotImplemented if is_cut else x.astype(params["new_dtype"])


def _chosen(params: Params, which: NDArray[Any], *cases: NDArray[Any]) -> Any:
    return np.where(which, cases[1], cases[0]) if which.dtype == bool and len(cases) == 2 else NotImplemented


def _repeated(params: Params, x: NDArray[Any], *sizes: NDArray[Any]) -> Any:
    shape = [1] * len(params["shape"])
    for axis, place in enumerate(params["broadcast_dimensions"]):
        shape[place] = x.shape[axis]
    return np.broadcast_to(x.reshape(shape), params["shape"])


def _cut_out(params: Params, x: NDArray[Any]) -> Any:
    steps = params["strides"] or (1,) * x.ndim
    return x[tuple(map(slice, params["start_indices"], params["limit_indices"], steps))]


def _padded(params: Params, x: NDArray[Any], value: NDArray[Any]) -> Any:
    config = params["padding_config"]
    if any(low < 0 or high < 0 for low, high, _ in config) or not x.size:
        return NotImplemented
    sizes = [(n - 1) * (inside + 1) + 1 for n, (_, _, inside) in zip(x.shape, config, strict=True)]
    wide = np.full([low + n + high for n, (low, high, _) in zip(sizes, config, strict=True)], value, x.dtype)
    wide[tuple(slice(low, low + n, inside + 1) for n, (low, _, inside) in zip(sizes, config, strict=True))] = x
    return wide


def _counted(params: Params) -> Any:
    shape = [1] * len(params["shape"])
    shape[params["dimension"]] = -1
    counted = np.arange(params["shape"][params["dimension"]], dtype=params["dtype"]).reshape(shape)
    return np.broadcast_to(counted, params["shape"])


def _product(params: Params, a: NDArray[Any], b: NDArray[Any]) -> Any:
    """XLA's general product: the axes of the batch, then what is left of a, then what is left of b."""
    (over_a, over_b), (batch_a, batch_b) = params["dimension_numbers"]
    axes_a, axes_b = list(range(a.ndim)), list(range(a.ndim, a.ndim + b.ndim))
    for own, other in zip((*over_a, *batch_a), (*over_b, *batch_b), strict=True):
        axes_b[other] = own
    batch, left_a, left_b = list(batch_a), set(axes_a) - {*over_a, *batch_a}, [n for n in axes_b if n >= a.ndim]
    if a.size * math.prod(b.shape[n - a.ndim] for n in left_b) > MOST_PRODUCTS:
        return NotImplemented
    # Not by BLAS, whose threads wait for one another for milliseconds where other programs use the cores.
    return np.einsum(a, axes_a, b, axes_b, [*batch, *sorted(left_a), *left_b])


READY: dict[str, Ready] = {
    "abs": _each(np.abs),
    "add": _each(np.add),
    "add_any": _each(np.add),
    "and": _each(np.bitwise_and),
    "broadcast_in_dim": _repeated,
    "concatenate": lambda p, *xs: np.concatenate(xs, p["dimension"]),
    "convert_element_type": _converted,
    "cos": _each(np.cos),
    "cosh": _each(np.cosh),
    "div": _each(np.divide),
    "dot_general": _product,
    "eq": _each(np.equal),
    "exp": _each(np.exp),
    "expm1": _each(np.expm1),
    "floor": _each(np.floor),
    "ge": _each(np.greater_equal),
    "gt": _each(np.greater),
    "integer_pow": _integer_power,
    "iota": _counted,
    "is_finite": _each(np.isfinite),
    "le": _each(np.less_equal),
    "log": _each(np.log),
    "log1p": _each(np.log1p),
    "logistic": _each(lambda x: 1 / (1 + np.exp(-x))),
    "lt": _each(np.less),
    "max": _each(np.maximum),
    "min": _each(np.minimum),
    "mul": _each(np.multiply),
    "ne": _each(np.not_equal),
    "neg": _each(np.negative),
    "not": _each(np.invert),
    "or": _each(np.bitwise_or),
    "pad": _padded,
    "pow": _each(np.power),
    "reduce_max": lambda p, x: np.max(x, p["axes"]) if x.size else NotImplemented,
    "reduce_min": lambda p, x: np.min(x, p["axes"]) if x.size else NotImplemented,
    "reduce_sum": lambda p, x: np.sum(x, p["axes"], x.dtype),
    "reshape": lambda p, x: x.reshape(p["new_sizes"]) if p["dimensions"] is None else NotImplemented,
    "rev": lambda p, x: np.flip(x, p["dimensions"]),
    "rsqrt": _each(lambda x: 1 / np.sqrt(x)),
    "select_n": _chosen,
    "sign": _each(np.sign),
    "sin": _each(np.sin),
    "sinh": _each(np.sinh),
    "slice": _cut_out,
    "sqrt": _each(np.sqrt),
    "square": _each(np.square),
    "squeeze": lambda p, x: np.squeeze(x, p["dimensions"]),
    "sub": _each(np.subtract),
    "tan": _each(np.tan),
    "tanh": _each(np.tanh),
    "transpose": lambda p, x: x.transpose(p["permutation"]),
}

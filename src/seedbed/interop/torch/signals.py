"""The signals of `seedbed.watching.signals`, of tensors: the same names, the same definitions.

Numbers stay on their device until a look is over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seedbed.functions import facts
from seedbed.network.activations import Activation
from seedbed.network.layer import Layer
from seedbed.watching.levels import EDGES
from seedbed.watching.signals import MOST_GAIN, PAIRED, SAMPLE

Tensor = Any
Zones = tuple[tuple[float, float], ...]


def channels_last(a: Tensor) -> Tensor:
    """Activations (B, C, *space) as (B, *space, C)."""
    return a.movedim(1, -1) if a.ndim > 2 else a


def zones_of(layer: Layer) -> Zones | None:
    """Where an activation is flat on both sides; None for what is none of single numbers, or is open on one side."""
    if not (isinstance(layer, Activation) and layer.function.is_elementwise):
        return None
    told = facts(layer.function)
    return tuple(told.saturation) if np.isfinite(told.low) and np.isfinite(told.high) else None


def whole(a: Tensor) -> Tensor:
    """Numbers that sums do not overflow."""
    return a.float() if a.dtype in (torch.float16, torch.bfloat16) else a


def fired(a: Tensor) -> Tensor:
    """How many numbers of each unit, over examples and places, are other than 0."""
    return a.sign().abs_().sum(tuple(range(a.ndim - 1)))


def behind(a: Tensor) -> list[Tensor]:
    """The mean, and the length of the deviations from it: for a few thousand numbers half the time of `var_mean`."""
    mean = a.mean()
    return [mean, torch.linalg.vector_norm(a - mean)]


def saturated(z: Tensor, zones: Zones) -> Tensor:
    """The share of units that lie where their activation is flat."""
    return sum(((z >= low) & (z <= high)).to(z.dtype).mean() for low, high in zones) + torch.zeros_like(z[0, 0])


def sample(a: Tensor) -> Tensor:
    """The numbers that go into the histogram, by themselves: what stands there may be overwritten."""
    size = a.numel()
    return a.contiguous().as_strided((sample_size(size),), (_stride(size),)).clone()


def sample_size(size: int) -> int:
    """How many of so many numbers are sampled."""
    return -(-size // _stride(size))


def _stride(size: int) -> int:
    return -(-size // SAMPLE) | 1


def histogram(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of samples (look, n) between `EDGES`; the outermost bins hold what is beyond."""
    n_bins, looks = len(EDGES) - 1, len(values)
    bins = np.searchsorted(EDGES[1:-1], values, side="right") + n_bins * np.arange(looks)[:, None]
    return np.bincount(bins.ravel(), minlength=n_bins * looks).reshape(looks, n_bins) / values.shape[1]


def same_sign(sums: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """|Σ sign g| / Σ |sign g|, in the mean over units with gradients, from both sums (look, unit)."""
    there = n > 0
    return np.asarray((np.abs(sums) / np.where(there, n, 1)).sum(axis=1) / np.maximum(there.sum(axis=1), 1))


def among(a: Tensor) -> Tensor:
    """The products of the first rows with one another."""
    rows = a[:PAIRED]
    return rows @ rows.T


def noise(sums: NDArray[np.float64], n: int) -> dict[str, NDArray[np.float64]]:
    """The variance of the gradients of examples and the square of their mean, from (look, 2) of n examples' products:
    the sum of those with themselves, and of all.
    """
    alone, total = sums.T
    squared = (total - alone) / (n * (n - 1))
    return {"gradient_variance": alone / n - squared, "gradient_squared": squared}


def cosines(
    before: NDArray[np.float64], after: NDArray[np.float64], products: NDArray[np.float64], least: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The cosines between two steps, from their lengths and their products, (look, place); NaN where one rests.

    Arguments:
        least: the length of a step below which products are too small for a number, (place,).
    """
    has_one = np.minimum(before, after) >= least
    return np.where(has_one, products / np.where(has_one, before * after, 1), np.nan)


def least(weight: Tensor) -> float:
    """The least number whose square is a normal number, of the type that products of weights have."""
    return float(torch.finfo(weight.dtype if weight.dtype == torch.float64 else torch.float32).tiny) ** 0.5


def units_first(weight: Tensor) -> Tensor:
    """Weights (units, in, *window) as (units, (*window, in)), the order in which ours stand."""
    return weight if weight.ndim == 2 else weight.movedim(1, -1).flatten(1)


def direction(weight: Tensor) -> Tensor:
    """What units are projected on: equal ones have equal projections, and different ones nearly never."""
    n = weight[0].numel()
    return torch.sin(1.0 + 12.9898 * torch.arange(n, dtype=weight.dtype, device=weight.device))


def twins(at: NDArray[np.float64], largest: NDArray[np.float64], n_inputs: int) -> NDArray[np.float64]:
    """The share of units whose weights are those of another unit, to a millionth, from their projections."""
    looks, units = at.shape
    if units < 2:
        return np.zeros(looks)
    near = np.diff(np.sort(at, axis=1), axis=1) <= 1e-6 * largest[:, None] * n_inputs**0.5
    no = np.zeros((looks, 1), bool)
    return np.asarray((np.hstack([near, no]) | np.hstack([no, near])).mean(axis=1))


def gain(losses: NDArray[np.float64], dtype: Any) -> NDArray[np.float64]:
    """How much of the promised decrease of the loss came, from (look, 3): before, after, promised."""
    before, after, promised = losses.T
    told = torch.finfo(dtype)
    least = 32 * told.eps * np.abs(before) + told.tiny
    came = (before - after) / np.maximum(promised, least)
    return np.clip(np.where(promised > least, came, 1.0), -MOST_GAIN, MOST_GAIN)

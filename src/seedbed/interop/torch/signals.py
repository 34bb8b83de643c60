"""The signals of `seedbed.watching.signals`, of tensors: the same names, the same definitions.

Numbers stay on their device until a look is over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from seedbed.functions import facts
from seedbed.network.activations import Activation
from seedbed.network.layer import Layer
from seedbed.watching.levels import EDGES
from seedbed.watching.signals import MOST_GAIN, SAMPLE

Tensor = Any
Zones = tuple[tuple[float, float], ...]


def channels_last(a: Tensor) -> Tensor:
    """Activations (B, C, *space) as (B, *space, C)."""
    return a.movedim(1, -1) if a.ndim > 2 else a


def units_last(w: Tensor) -> Tensor:
    """Weights (units, in, *window) as (*window, in, units), in rows."""
    order = (*range(2, w.ndim), 1, 0)
    return w.permute(order).reshape(-1, w.shape[0])


def zones_of(layer: Layer) -> Zones | None:
    """Where an activation is flat on both sides; None for what is none of single numbers, or is open on one side."""
    if not (isinstance(layer, Activation) and layer.function.is_elementwise):
        return None
    told = facts(layer.function)
    return tuple(told.saturation) if np.isfinite(told.low) and np.isfinite(told.high) else None


def fired(a: Tensor) -> Tensor:
    """For each unit whether any example, at any place, makes it other than 0."""
    return (a != 0).reshape(-1, a.shape[-1]).any(0)


def behind(a: Tensor, z: Tensor, zones: Zones | None) -> Tensor:
    """Mean, deviation, share of zeros, share of saturated units, and the histogram, in a row."""
    flat = torch.full((), torch.nan, dtype=a.dtype, device=a.device)
    if zones is not None:
        inside = [((z >= low) & (z <= high)).to(a.dtype).mean() for low, high in zones]
        flat = sum(inside, torch.zeros_like(flat))
    whole = [a.mean(), a.std(correction=0), (a == 0).to(a.dtype).mean(), flat]
    return torch.cat([torch.stack(whole), histogram(a)])


def histogram(a: Tensor) -> Tensor:
    """The shares of activations between `EDGES`; the outermost bins hold what is beyond."""
    flat = a.reshape(-1)
    flat = flat[:: -(-flat.numel() // SAMPLE) | 1]
    edges = torch.as_tensor(EDGES[1:-1], dtype=a.dtype, device=a.device)
    below = (flat[:, None] < edges).to(a.dtype).mean(0)
    return torch.diff(below, prepend=below.new_zeros(1), append=below.new_ones(1))


def rms(a: Tensor) -> Tensor:
    """The root mean square."""
    return a.square().mean().sqrt()


def same_sign(gradient: Tensor) -> Tensor:
    """|Σ sign g| / Σ |sign g| over the weights of a unit, in the mean over units with gradients."""
    signs = units_last(gradient).sign()
    agree, n = signs.sum(0).abs(), signs.abs().sum(0)
    share = torch.where(n > 0, agree / n.clamp(min=1), torch.zeros_like(n))
    return share.sum() / (n > 0).sum().clamp(min=1)


def twins(weight: Tensor) -> Tensor:
    """The share of units whose weights are those of another unit, to a millionth."""
    rows = units_last(weight)
    if rows.shape[1] < 2:
        return rows.new_zeros(())
    direction = torch.sin(1.0 + 12.9898 * torch.arange(len(rows), dtype=rows.dtype, device=rows.device))
    at = (direction @ rows).sort().values
    near = at.diff().abs() <= 1e-6 * rows.abs().max() * len(rows) ** 0.5
    no = near.new_zeros(1)
    return (torch.cat([near, no]) | torch.cat([no, near])).to(rows.dtype).mean()


def gain(before: Tensor, after: Tensor, promised: Tensor) -> Tensor:
    """How much of the promised decrease of the loss came."""
    told = torch.finfo(before.dtype)
    least = 32 * told.eps * before.abs() + told.tiny
    came = (before - after) / torch.maximum(promised, least)
    return torch.where(promised > least, came, torch.ones_like(came)).clamp(-MOST_GAIN, MOST_GAIN)

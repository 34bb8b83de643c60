"""Pictures of how networks stretch: what is left of a gradient layer by layer, and where the singular values lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from seedbed.network.isometry import Isometry
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import Words, say

BINS = 40
LEAST = 1e-8  # of the largest s²: what is smaller stands in the first bin


def gradient_plot(found: Mapping[str, Isometry], label: Mapping[str, Words]) -> Plot:
    """Mean s² from each layer to the output, on a logarithmic axis: dots as measured, and the first one's theory."""
    lines = [
        Line(label[name], _places(one), np.array([row.onward for row in one.layers]), is_dots=True)
        for name, one in found.items()
    ]
    first = next(iter(found.values()))
    theory = np.array([row.expected_onward for row in first.layers])
    if np.isfinite(theory).all():
        lines.insert(1, Line(say("isometry.theory"), _places(first), theory))
    return Plot("gradient", say("isometry.onward"), lines, say("axis.layer"), is_log_y=True)


def spectrum_plot(found: Mapping[str, Isometry], label: Mapping[str, Words]) -> Plot:
    """The shares of s² of whole networks in bins of equal width on a logarithmic axis, the same for all."""
    squares = {name: one.network.singular_values**2 for name, one in found.items()}
    everything = np.concatenate(list(squares.values()))
    high = float(everything.max()) or 1.0
    low = max(float(everything.min()), LEAST * high)
    edges = np.geomspace(low, high * (1 + 1e-9), BINS + 1)
    lines = []
    for name, values in squares.items():
        counts, _ = np.histogram(np.clip(values, low, high), edges)
        lines.append(Line(label[name], edges, np.append(counts, counts[-1]) / len(values), is_steps=True))
    return Plot("spectrum", say("isometry.spectrum"), lines, "s²", is_log_x=True)


def _places(found: Isometry) -> NDArray[np.float64]:
    return np.arange(1.0, 1 + len(found.layers))

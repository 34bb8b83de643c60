"""Two pictures of a nudge: the outputs against the weight, and the error of the linear prediction against its size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seedbed.network.nudge import Nudge
from seedbed.reporting.explained.plot import Line, Plot
from seedbed.reporting.explained.words import say


def nudge_plot(smooth: Nudge, stepped: Nudge) -> Plot:
    """The first output for the first example, in sigmoid neurons and in perceptrons, with the linear prediction."""
    lines = [
        Line(say("nudge.smooth"), *_first(smooth, smooth.outputs)),
        Line(say("nudge.stepped"), *_first(stepped, stepped.outputs), is_steps=True),
        Line(say("nudge.predicted"), *_first(smooth, smooth.predicted)),
    ]
    return Plot("nudge", say("nudge.output"), lines, say("axis.nudge"))


def error_plot(found: Nudge) -> Plot:
    """The error against the size of the nudge, both ways, on logarithmic axes; beside it a line of slope 2."""
    size = np.abs(found.steps)
    order = np.argsort(size, kind="stable")
    size, error = size[order], found.error[order]
    ends = np.array([size[0], size[-1]])
    square = error[-1] * (ends / ends[1]) ** 2
    lines = [
        Line(say("nudge.error"), size, error, is_dots=True),
        Line(say("nudge.slope_two"), ends, square),
    ]
    return Plot("error", say("nudge.error_title"), lines, say("axis.nudge_size"), is_log_x=True, is_log_y=True)


def _first(found: Nudge, outputs: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The nudges in order, with the first output of the first example."""
    order = np.argsort(found.steps)
    return found.steps[order], outputs.reshape(len(outputs), -1)[order, 0]

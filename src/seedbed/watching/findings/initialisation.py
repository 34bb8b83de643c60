"""Findings about how weights begin: alike, too small, or too large for the activation behind them."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from seedbed.functions import Facts, facts
from seedbed.network.initializers import Constant, Zeros
from seedbed.watching.case import Case
from seedbed.watching.finding import FATAL, SERIOUS, Evidence, Finding

SMALL, LARGE = 0.2, 10.0  # of a layer: the variance of the weighted sum per that of the input, against what is due
SHRUNK = 1e-2  # what is left of the signal behind all layers


def found(case: Case) -> Iterator[Finding]:
    """What is found in the initialisers of a case."""
    yield from _symmetric(case)
    if not case.is_trained or case.struggles:
        yield from _scale(case)


def _symmetric(case: Case) -> Iterator[Finding]:
    """Hidden units that begin alike and so stay alike: their gradients are equal in every step."""
    places = tuple(
        i
        for i in case.hidden
        if isinstance(case.layers[i].weight, Zeros | Constant) and case.weight_shapes[i][-1] > 1  # type: ignore[attr-defined]
    )
    if places:
        evidence = (Evidence("share of units that begin as another unit does", 1.0, "0"),)
        yield Finding("symmetric_units", (), places, FATAL, evidence, ("he", "xavier", "lecun"))


def _scale(case: Case) -> Iterator[Finding]:
    ratios = {i: ratio for i in case.hidden if (ratio := against_due(case, i)) is not None and ratio > 0}
    if not ratios:
        return
    left = math.prod(math.sqrt(ratio) for ratio in ratios.values())
    small, large = (
        tuple(i for i, r in ratios.items() if test(r)) for test in (lambda r: r < SMALL, lambda r: r > LARGE)
    )
    against = lambda ratio: Evidence("variance of the weights / what the activation asks for", ratio, "about 1")  # noqa: E731
    if small and left < SHRUNK:
        behind = Evidence("what is left of the signal behind the hidden layers, against that", left, "about 1")
        evidence = (against(min(ratios[i] for i in small)), behind)
        yield Finding("init_too_small", (), small, SERIOUS, evidence, ("he", "selu", "xavier", "batchnorm"))
    elif large:
        worst = (against(max(ratios[i] for i in large)),)
        yield Finding("init_too_large", (), large, SERIOUS, worst, ("xavier", "lecun", "he", "batchnorm"))


def against_due(case: Case, place: int) -> float | None:
    """The variance of a layer's weights times its inputs, over 2 in front of a function like ReLU, else over 1.

    None where a norm behind it takes the scale out, or where weights do not begin at random.
    """
    layer = case.layers[place]
    if case.is_normed(place) or isinstance(layer.weight, Zeros | Constant):  # type: ignore[attr-defined]
        return None
    variance = math.prod(case.weight_shapes[place][:-1]) * case.mean_square(place)
    behind = case.activation_behind(place)
    is_half = behind is not None and behind[1].function.is_elementwise and _is_one_sided(facts(behind[1].function))
    return float(variance) / (2.0 if is_half else 1.0)


def _is_one_sided(told: Facts) -> bool:
    return bool(np.isfinite(told.low) and not np.isfinite(told.high))

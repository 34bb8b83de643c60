"""Findings that setup and data show by themselves: how outputs, loss and labels fit, and what layers cancel out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seedbed.functions import facts
from seedbed.network.activations import Activation, Identity, Sigmoid, Softmax, Step
from seedbed.network.losses import BinaryCrossEntropy, CrossEntropy
from seedbed.network.norms import BatchNorm
from seedbed.watching.case import Case
from seedbed.watching.finding import FATAL, NOTE, SERIOUS, Evidence, Finding

FEW = 4  # examples in a batch, too few for the statistics of a batch norm


def found(case: Case) -> Iterator[Finding]:
    """What is found in the structure of a case."""
    for rule in (_one_unit, _redundant, _output, _step, _linear, _batch_norm):
        yield from rule(case)


def _last(case: Case) -> tuple[int, Activation] | None:
    """The activation at the end of the network."""
    last = case.layers[-1]
    return (len(case.layers) - 1, last) if isinstance(last, Activation) and not isinstance(last, Identity) else None


def _one_unit(case: Case) -> Iterator[Finding]:
    shapes = case.setup.network.shapes(case.in_shape)
    for i, layer in enumerate(case.layers):
        if isinstance(layer, Softmax) and shapes[i][-1] == 1:
            evidence = (
                Evidence("units of the softmax", 1, "2 at least"),
                Evidence("slope of its output", 0.0, "not 0"),
            )
            yield Finding("softmax_one_unit", (), (i,), FATAL, evidence, ("no_softmax", "fit_output"))


def _redundant(case: Case) -> Iterator[Finding]:
    last = _last(case)
    is_softmax = last is not None and isinstance(last[1], Softmax) and isinstance(case.setup.loss, CrossEntropy)
    is_sigmoid = last is not None and isinstance(last[1], Sigmoid)
    if last is None or not (is_softmax or (is_sigmoid and isinstance(case.setup.loss, BinaryCrossEntropy))):
        return
    n = case.setup.network.shapes(case.in_shape)[-1][-1]
    if n == 1 and is_softmax:
        return
    if is_softmax:  # of probabilities the softmax can give the true class e / (e + n - 1) at most
        least = float(np.log(np.e + n - 1) - 1)
        evidence = Evidence("smallest loss that can be reached", least, "0")
    else:
        evidence = Evidence("smallest loss that can be reached", float(np.log1p(np.exp(-1)) + np.log(2)) / 2, "0")
    yield Finding("redundant_softmax", (), (last[0],), SERIOUS, (evidence,), ("no_softmax", "fit_output"))


def _output(case: Case) -> Iterator[Finding]:
    """The last activation cannot say what the loss compares it with."""
    last = _last(case)
    if last is None or not last[1].function.is_elementwise:
        return
    place, activation = last
    told = facts(activation.function)
    if isinstance(case.setup.loss, CrossEntropy) or (
        isinstance(case.setup.loss, BinaryCrossEntropy) and not isinstance(activation, Sigmoid)
    ):
        if np.isfinite(told.low) or np.isfinite(told.high):
            evidence = Evidence("lowest logit that can be said", told.low, "no bound")
            yield Finding("wrong_output", (), (place,), SERIOUS, (evidence,), ("fit_output",))
    elif case.inputs.targets is not None:
        low, high, *_ = case.inputs.targets
        margin = 0.01 * (high - low)
        if low < told.low - margin or high > told.high + margin:
            both = (
                Evidence("lowest target", low, f"{told.low:.3g} at least, which is the lowest output"),
                Evidence("highest target", high, f"{told.high:.3g} at most, which is the highest output"),
            )
            yield Finding("wrong_output", (), (place,), SERIOUS, both, ("fit_output",))


def _step(case: Case) -> Iterator[Finding]:
    places = tuple(i for i, layer in enumerate(case.layers) if isinstance(layer, Step))
    if places:
        evidence = (Evidence("slope of a step", 0.0, "not 0"),)
        yield Finding("step_activation", (), places, FATAL, evidence, ("relu", "tanh"))


def _linear(case: Case) -> Iterator[Finding]:
    """Two layers with weights and nothing between them that is not linear."""
    shapes = case.setup.network.shapes(case.in_shape)
    pairs = []
    for first, second in zip(case.weighted[:-1], case.weighted[1:], strict=True):
        between = case.layers[first + 1 : second]
        # What a batch norm does in prediction is linear too.
        even = (Identity, BatchNorm)
        if all(isinstance(layer, even) or layer.kind in ("flatten", "dropout", "reshape") for layer in between):
            narrow = np.prod(shapes[first]) < min(np.prod(case.in_shape), np.prod(shapes[second]))
            if not narrow:  # a bottleneck lowers the rank, which one layer cannot
                pairs.append((first, second))
    if pairs:
        evidence = (Evidence("layers without anything that is not linear between them", len(pairs) + 1, "1"),)
        places = tuple(sorted({place for pair in pairs for place in pair}))
        yield Finding("no_nonlinearity", (), places, SERIOUS, evidence, ("relu", "tanh"))


def _batch_norm(case: Case) -> Iterator[Finding]:
    norms = tuple(i for i, layer in enumerate(case.layers) if isinstance(layer, BatchNorm))
    behind = tuple(i for i in norms if case.weighted and i > case.weighted[-1])
    if norms and case.batch_size <= FEW:
        evidence = (Evidence("examples in a batch", case.batch_size, "16 at least, for a mean and a deviation"),)
        yield Finding("batchnorm_misused", (), norms, SERIOUS, evidence, ("larger_batch",))
    elif behind:
        evidence = (Evidence("batch norms behind the last layer with weights", len(behind), "0"),)
        yield Finding("batchnorm_misused", (), behind, NOTE, evidence, ("fit_output",))

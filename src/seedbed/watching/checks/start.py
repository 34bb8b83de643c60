"""Checks of a network with its first weights: its loss, what flows forward and back, and whether its units differ."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from seedbed.network.embedding import Embedding
from seedbed.network.expected import blocks, expectations
from seedbed.network.penalties import L2
from seedbed.watching.checks.check import Check
from seedbed.watching.checks.subject import Subject, rms, weights_of
from seedbed.watching.finding import FATAL, SERIOUS, Evidence, Finding
from seedbed.watching.findings.flow import EXPLODED, VANISHED
from seedbed.watching.signals import twins

WIDE = 5.0  # deviation of outputs that a fresh network may have
LOW = 0.5  # of the loss of chance: whoever has less knows something already
HEAVY = 2.0  # gradient of the penalty over that of the loss, as in TheDeepChecker
FAINT, STRONG = 1e-3, 1e3  # deviation of activations over that of the inputs
ALIKE = 0.1  # of the units
TRIED = 1e-4  # strength of the penalty where the setup has none


def initial_loss(subject: Subject) -> Check:
    """Whether the loss before training is that of someone who knows nothing.

    At least half of what the best constant answer has, and at most what random outputs of deviation 5 have. Weights
    that suit their layers give outputs of deviation 1 to 1.5; where examples are few or alike, one draw gives up to
    three times the loss of chance, which is no fault.
    """
    case, (_, y) = subject.case, subject.sample
    outputs = subject.start.flow.values[-1]
    noise = WIDE * np.random.default_rng(subject.seed).normal(size=outputs.shape).astype(outputs.dtype)
    most = float(jax.jit(lambda z, y: jnp.mean(subject.setup.loss.per_example(z, y)))(noise, y))
    most, loss = max(most, 2 * case.chance), float(subject.start.flow.loss)
    expected = f"{case.chance:.3g} by chance, {LOW * case.chance:.3g} to {most:.3g}"
    evidence = (Evidence("loss before training", loss, expected),)
    return Check("initial_loss", bool(LOW * case.chance <= loss <= most), evidence)


def penalty_raises_loss(subject: Subject) -> Check:
    """Whether the objective rises with the penalty, and its pull at the start is not stronger than that of the loss."""
    penalty = subject.setup.penalty or L2(TRIED)
    if not rms([w for own in subject.params for w in weights_of(own)]) > 0:
        return Check("penalty_raises_loss", None, reason="zero_weights")
    rise, pull = jax.jit(jax.value_and_grad(penalty.of))(subject.params)
    against = rms([w for own in subject.start.gradients for w in weights_of(own)])
    ratio = rms([w for own in pull for w in weights_of(own)]) / against if against > 0 else math.nan
    evidence = [Evidence("rise of the loss by the penalty", float(rise), "above 0")]
    if subject.setup.penalty is None:
        return Check("penalty_raises_loss", bool(rise > 0), tuple(evidence))
    evidence.append(Evidence("gradient of the penalty / of the loss", ratio, f"below {HEAVY:g}"))
    heavy = None
    if ratio > HEAVY:
        heavy = Finding("over_regularised", (), (), SERIOUS, tuple(evidence[1:]), ("less_regularisation",))
    return Check("penalty_raises_loss", bool(rise > 0) and heavy is None, tuple(evidence), heavy)


def gradient_reaches(subject: Subject) -> Check:
    """Whether the first layer gets a gradient that is worth one beside the last."""
    name, places = "gradient_reaches", subject.case.weighted
    if len(places) < 2:
        return Check(name, None, reason="one_layer")
    size = {i: rms(weights_of(subject.flowing.gradients[i])) for i in places}
    first, last = size[places[0]], size[places[-1]]
    if not (math.isfinite(first) and math.isfinite(last)):
        return _overflown(subject, name)
    ratio = first / last if last > 0 else 0.0
    evidence = [Evidence("gradient of the first layer / of the last", ratio, f"{VANISHED:g} to {EXPLODED:g}")]
    if (due := reach_due(subject)) is not None:
        measured, theory = due
        evidence.append(
            Evidence("gradient by the first activations / by the last", measured, f"{theory:.2g} by theory")
        )
    if ratio < VANISHED:
        small = tuple(i for i in places if size[i] < VANISHED * last) or places
        cures: tuple[str, ...] = ("relu", "tanh", "selu", "batchnorm", "residual", "xavier", "he")
        return Check(
            name, False, tuple(evidence), Finding("vanishing_gradient", (), small, FATAL, tuple(evidence), cures)
        )
    if ratio > EXPLODED:
        large = tuple(i for i in places if size[i] > EXPLODED * last)
        cures = ("clip", "xavier", "he", "batchnorm")
        return Check(
            name, False, tuple(evidence), Finding("exploding_gradient", (), large, SERIOUS, tuple(evidence), cures)
        )
    return Check(name, True, tuple(evidence))


def _overflown(subject: Subject, name: str) -> Check:
    """The check of gradients that are no numbers; it names the layer that is the first to give none."""
    values, last = subject.flowing.flow.values, len(subject.case.layers) - 1
    place = next((i for i, a in enumerate(values[1:]) if not np.isfinite(np.asarray(a)).all()), last)
    n = sum(int((~np.isfinite(np.asarray(w))).sum()) for own in subject.flowing.gradients for w in weights_of(own))
    evidence = (
        Evidence(f"gradients that are no numbers; the first sums to overflow: {subject.case.named(place)}", n, "0"),
    )
    cures = ("xavier", "lecun", "he", "standardize", "batchnorm")
    return Check(name, False, evidence, Finding("non_finite", (), (place,), FATAL, evidence, cures))


def reach_due(subject: Subject) -> tuple[float, float] | None:
    """The length of the gradient behind the first block over that in front of the last, measured and by theory.

    From one block to the one before the squared length of a gradient is multiplied by the mean of s², which is what
    `network/expected.py` gives; None where it says nothing of these layers.
    """
    parts = blocks(subject.case.layers)
    if len(parts) < 3:
        return None
    flow, ends = subject.flowing.flow, np.cumsum([len(part) for part in parts])
    sizes = [math.prod(flow.values[i].shape[1:]) for i in (0, *ends)]
    theory = expectations(parts, sizes, np.asarray(flow.values[0], np.float64))[1:-1]
    squared = math.prod(one.mean for one in theory)
    first, last = (float(np.linalg.norm(np.asarray(flow.slopes[i - 1], np.float64))) for i in (ends[0], ends[-2]))
    return None if not squared > 0 or last == 0 else (first / last, math.sqrt(squared))


def units_differ(subject: Subject) -> Check:
    """Whether hidden units begin with weights of their own."""
    name, places = "units_differ", subject.case.hidden
    if not places:
        return Check(name, None, reason="no_hidden")
    shares = {i: float(jax.jit(twins)(subject.params[i])) for i in places}
    worst = max(shares.values())
    evidence = (Evidence("share of hidden units that begin as another unit does", worst, "0"),)
    if worst <= ALIKE:
        return Check(name, True, evidence)
    alike = tuple(i for i in places if shares[i] > ALIKE)
    return Check(
        name, False, evidence, Finding("symmetric_units", (), alike, FATAL, evidence, ("he", "xavier", "lecun"))
    )


def activations(subject: Subject) -> Check:
    """Whether examples are still told apart behind each layer: the deviation over examples, against the inputs'."""
    values = subject.start.flow.values
    spread = [_spread(a) for a in values]
    first = 1 if isinstance(subject.case.layers[0], Embedding) else 0  # numbers of categories have no size
    if not spread[first] > 0:
        return Check("activations", None, reason="inputs_alike")
    ratios = {i: spread[i + 1] / spread[first] for i in range(first, len(subject.case.layers))}
    low, high = min(ratios, key=lambda i: ratios[i]), max(ratios, key=lambda i: ratios[i])
    expected = f"{FAINT:g} to {STRONG:g}"
    what = "deviation over examples / that of the inputs"
    evidence = tuple(
        Evidence(f"{what}, {subject.case.named(i)}", ratios[i], expected) for i in dict.fromkeys((low, high))
    )
    return Check("activations", bool(ratios[low] >= FAINT and ratios[high] <= STRONG), evidence)


def _spread(a: jax.Array) -> float:
    """The root mean, over units, of the variance over examples."""
    return float(np.sqrt(np.mean(np.var(np.asarray(a, np.float64), axis=0))))

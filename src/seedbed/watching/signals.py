"""The signals of a member at one step: what the compiled program tells of a network that learns.

    economy   of each layer with weights the root mean square of its gradient, its weights and its step
    full      and of every layer what stands behind it, (B, *out): mean, deviation, histogram, shares of zeros, of dead
              and of saturated units, the root mean square of δ = ∂C/∂a; of weights the share of same-sign gradients per
              unit and that of twins, and the cosine between a step and the one before it; how much of the promised
              decrease of the loss a step brings; and how far the gradients of single examples lie apart, beside the
              square of their mean

Where an epoch has two looks or more, `full` takes what it adds in turns, so that a look costs about half: at even looks
what flows through the network (what stands behind layers, δ, the gradients of single examples), at odd ones what was
done to it (signs, twins, the cosine, the gain). The very first tells both, for a training that fails at once. Each half
counts its looks by itself, in `flow_looks` and in `unit_looks`.

What a step promises is -⟨∂C/∂w, step⟩: the decrease of the batch's loss to first order. 1 is a short step, ½ the best
one along a parabola, 0 one that is twice as long, and below 0 the loss rises.

The cosine is that of all weights of a layer, ⟨Δₖ₋₁, Δₖ⟩ / |Δₖ₋₁| |Δₖ|: 1 where steps follow one another along a line,
about 0 where each goes its own way, and -1 where they go forth and back, in a zig-zag. The first step has none, and a
member that rests has none; looks that have one are counted by themselves, in `turns`.

Of how many examples a batch has to be for its gradient to be more than noise, the *noise scale* tells:

    B = tr Σ / |G|²        (McCandlish et al. 2018, An empirical model of large-batch training, equation 2.9)

Σ is the covariance of the gradients g of single examples, G their mean. Those of a linear layer are gᵢ = aᵢ δᵢᵀ, so
their products gᵢ·gⱼ = (aᵢ·aⱼ)(δᵢ·δⱼ) come from what flows through it, without any gᵢ (Goodfellow 2015, Efficient
per-example gradient computations). The mean of gᵢ·gⱼ over i ≠ j is `gradient_squared`, without bias for |G|²; the mean
of gᵢ·gᵢ less that is `gradient_variance`, for tr Σ. They stand apart, for a mean of one over a mean of the other is
sound, and a mean of ratios is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.functions import facts
from seedbed.network import Network
from seedbed.network.activations import Activation
from seedbed.network.layer import Layer, Params, is_running, role
from seedbed.network.linear import Linear
from seedbed.network.unrolling import in_a_row, pieces
from seedbed.training.observe import PROBE, Observation
from seedbed.training.setup import Setup
from seedbed.watching.levels import ECONOMY, EDGES, EVERY, FULL, LEVELS, OFF

MOST_GAIN = 3.0
SAMPLE = 128  # activations of a layer that go into its histogram, at most
NORMS = ("gradient", "weight", "step")  # all that economy tells
PER_WEIGHT = (*NORMS, "same_sign", "twins", "cosine")
PER_LAYER = ("mean", "deviation", "zeros", "dead", "saturated", "delta")
PER_MEMBER = ("gain", "gradient_variance", "gradient_squared")
OF_FLOW = (*PER_LAYER, "histogram", "gradient_variance", "gradient_squared")
OF_UNITS = ("same_sign", "twins", "gain")
# What counts the looks that a signal is a sum over, where that is not `looks`.
COUNTED = {"cosine": "turns"} | dict.fromkeys(OF_FLOW, "flow_looks") | dict.fromkeys(OF_UNITS, "unit_looks")
COUNTS = ("looks", "turns", "flow_looks", "unit_looks")
FEW_UNITS = 64  # that are held against one another pair by pair, which is faster than sorting them
PAIRED = 64  # examples of a look whose gradients are held against one another, at most


@dataclass(frozen=True)
class Watch:
    """An observer that gives the signals. Equal ones share a compiled program.

    Attributes:
        level: `ECONOMY` or `FULL`.
        every: steps between two looks.
    """

    level: str = ECONOMY
    every: int = EVERY

    @property
    def follows(self) -> bool:
        """Whether it is to be shown what the step before did."""
        return self.level == FULL

    def __call__(self, seen: Observation) -> dict[str, Array]:
        row = _in_a_row(seen)
        places = weight_places(row.setup.network, row.params)
        found = {name: _per_place(arrays, places) for name, arrays in _norms(row).items()}
        # A look at what is no number any more counts for nothing, so that those before it are not lost.
        is_sound = jnp.isfinite(jnp.sum(found["gradient"]) + jnp.sum(found["step"]))
        found["looks"] = jnp.ones(())
        if self.level == FULL:
            found |= _more(row, places, lambda: _gain(seen))
        return {name: jnp.where(is_sound, a, jnp.zeros_like(a)) for name, a in found.items()}


def _in_a_row(seen: Observation) -> Observation:
    """The same without chains and repeats, whose layers are looked at one by one."""
    network = seen.setup.network
    if (row := in_a_row(network)) is network:
        return seen
    return seen._replace(
        setup=seen.setup.replace(network=row),
        params=pieces(network, seen.params),
        gradients=pieces(network, seen.gradients),
        updates=pieces(network, seen.updates),
        previous=None if seen.previous is None else pieces(network, seen.previous),
    )


def watch_of(level: Any, observe: Any = None) -> Watch | None:
    """The watch that a level means; None for "off", and where a function of the user's own looks.

    Raises:
        UsageError: there is no such level.
    """
    given = level.level if isinstance(level, Watch) else level
    if given not in LEVELS:
        raise UsageError(f"watch: expected {one_of(LEVELS)}, got {given!r}", nearest(str(given), LEVELS))
    watch = level if isinstance(level, Watch) else Watch(given)
    if isinstance(watch.every, bool) or not isinstance(watch.every, int) or watch.every < 1:
        raise UsageError(f"watch: expected a whole number of steps between looks, got {watch.every!r}")
    return None if given == OFF or observe is not None else watch


@dataclass(frozen=True)
class Flow:
    """What flows through a network as it trains.

    Attributes:
        values: in front of the first layer and behind each, (B, *shape).
        slopes: ∂C/∂ of what stands behind each layer; C is the mean loss.
        loss: C.
    """

    values: tuple[Array, ...]
    slopes: tuple[Array, ...]
    loss: Array


def flow_of(setup: Setup, params: Sequence[Params], x: Array, y: Array, *, key: Any = None) -> Flow:
    """Values forward and slopes backward, in training: norms take the batch's statistics, noisy layers draw.

    Arguments:
        key: of what is random in the network; None: noisy layers do nothing.
    """
    network = setup.network
    a = x.reshape(x.shape[0], *network.input_shape(x.shape[1:]))
    noises = network.noise(True, key)
    values, pulls = [a], []
    for layer, own, noise in zip(network.layers, params, noises, strict=True):
        is_training = noise is not None or not layer.is_noisy
        a, pull = jax.vjp(lambda a, l=layer, o=own, n=noise, t=is_training: l.forward(o, a, training=t, key=n)[0], a)  # noqa: E741
        values.append(a)
        pulls.append(pull)
    loss, slope = jax.value_and_grad(lambda a: jnp.mean(setup.loss.per_example(a, y)))(a)
    slopes = [slope]
    for pull in reversed(pulls[1:]):
        slopes.insert(0, pull(slopes[0])[0])
    return Flow(tuple(values), tuple(slopes), loss)


def behind(network: Network, flow: Flow) -> dict[str, Array]:
    """The signals of what stands behind each layer, (layer,) or for the histogram (layer, bin)."""
    found: dict[str, list[Array]] = {name: [] for name in (*PER_LAYER, "histogram")}
    for layer, before, a, slope in zip(network.layers, flow.values[:-1], flow.values[1:], flow.slopes, strict=True):
        examples = tuple(range(a.ndim - 1))
        found["mean"].append(jnp.mean(a))
        found["deviation"].append(jnp.std(a))
        found["zeros"].append(jnp.mean(a == 0, dtype=a.dtype))
        found["dead"].append(jnp.mean(jnp.all(a == 0, axis=examples), dtype=a.dtype))
        found["saturated"].append(saturated(layer, before))
        found["delta"].append(_rms(slope) * a.shape[0])
        found["histogram"].append(histogram(a))
    return {name: jnp.stack([jnp.asarray(one, flow.loss.dtype) for one in each]) for name, each in found.items()}


def histogram(a: Array) -> Float[Array, "bin"]:
    """The shares of activations between `EDGES`; the outermost bins hold what is beyond."""
    flat = a.ravel()
    flat = flat[:: -(-flat.size // SAMPLE) | 1]  # an odd stride, or it would meet the same units in every example
    below = jnp.mean(flat[:, None] < jnp.asarray(EDGES[1:-1], a.dtype), axis=0, dtype=a.dtype)
    return jnp.diff(below, prepend=0.0, append=1.0)


def saturated(layer: Layer, z: Array) -> Array:
    """The share of an activation's inputs that lie where it is flat, as measured of the function.

    NaN for what is no activation of single numbers, and for one that is flat on one side alone: its units are not
    saturated there but off.
    """
    if not (isinstance(layer, Activation) and layer.function.is_elementwise):
        return jnp.full((), jnp.nan, z.dtype)
    with jax.ensure_compile_time_eval():
        told = facts(layer.function)
    zones = told.saturation
    if not (np.isfinite(told.low) and np.isfinite(told.high)):
        return jnp.full((), jnp.nan, z.dtype)
    flat = [jnp.mean((z >= low) & (z <= high), dtype=z.dtype) for low, high in zones]
    return sum(flat, jnp.zeros((), z.dtype))


def same_sign(gradients: Any) -> Array:
    """|Σ sign g| / Σ |sign g| over the weights of a unit, in the mean over units: 1 where all point the same way.

    Where the inputs of a unit are all positive, its weights' gradients all have the sign of its δ, and steps towards
    anything else have to go in a zig-zag.
    """
    signs = [jnp.sign(g.reshape(-1, g.shape[-1])) for g in _weights(gradients)]
    agree = jnp.concatenate([jnp.abs(jnp.sum(s, axis=0)) for s in signs])
    n = jnp.concatenate([jnp.sum(jnp.abs(s), axis=0) for s in signs])
    return jnp.sum(jnp.where(n > 0, agree / jnp.maximum(n, 1), 0)) / jnp.maximum(jnp.sum(n > 0), 1)


def cosines(before: Any, after: Any, places: Sequence[int]) -> tuple[Array, Array]:
    """For each place the cosine between two steps, 0 where it has none, and whether it has one, 1 or 0.

    Arguments:
        before, after: what each step did; None for one that is not known.
    """
    if before is None or not places:
        return jnp.zeros(len(places)), jnp.zeros(len(places))
    pairs = [list(zip(_weights(before[i]), _weights(after[i]), strict=True)) for i in places]
    products = jnp.stack([sum(jnp.sum(a * b) for a, b in own) / sum(a.size for a, _ in own) for own in pairs])
    lengths = _per_place(before, places), _per_place(after, places)
    # Of steps whose squares are too small for a normal number no product is known.
    has_one = jnp.square(jnp.minimum(*lengths)) >= jnp.finfo(products.dtype).tiny
    return jnp.where(has_one, products / jnp.where(has_one, lengths[0] * lengths[1], 1), 0), has_one.astype(
        products.dtype
    )


def noise(network: Network, flow: Flow) -> dict[str, Array]:
    """How far the gradients of single examples lie apart, and the square of their mean: over all linear layers that
    read vectors, which stand for the others. NaN where there is none, or a single example.
    """
    n, b = min(PAIRED, len(flow.values[0])), len(flow.values[0])
    products = jnp.zeros((n, n), flow.loss.dtype)
    linear = [i for i, layer in enumerate(network.layers) if isinstance(layer, Linear) and flow.values[i].ndim == 2]
    for i in linear:
        a, delta = flow.values[i][:n], b * flow.slopes[i][:n]  # slopes are those of the mean loss
        has_bias = network.layers[i].bias is not None  # type: ignore[attr-defined]
        products += (a @ a.T + float(has_bias)) * (delta @ delta.T)
    if n < 2 or not linear:
        return dict.fromkeys(("gradient_variance", "gradient_squared"), jnp.full((), jnp.nan, flow.loss.dtype))
    alone = jnp.trace(products)
    squared = (jnp.sum(products) - alone) / (n * (n - 1))
    return {"gradient_variance": alone / n - squared, "gradient_squared": squared}


def twins(params: Any) -> Array:
    """The share of units whose weights are those of another unit, to a millionth."""
    shares, units = jnp.zeros(()), 0
    for w in _weights(params):
        rows = w.reshape(-1, w.shape[-1])
        if w.shape[-1] < 2:
            continue
        # Equal units have equal projections on any vector, and different ones nearly never.
        direction = jnp.sin(1.0 + 12.9898 * jnp.arange(rows.shape[0], dtype=w.dtype))
        at, near = direction @ rows, 1e-6 * jnp.max(jnp.abs(rows)) * jnp.sqrt(rows.shape[0])
        shares, units = shares + jnp.sum(_has_neighbour(at, near)), units + w.shape[-1]
    return shares / max(units, 1)


def _has_neighbour(at: Array, near: Array) -> Array:
    """Which numbers have another one as near as that."""
    if len(at) <= FEW_UNITS:
        return jnp.sum(jnp.abs(at[:, None] - at) <= near, axis=0) > 1
    is_next = jnp.abs(jnp.diff(jnp.sort(at))) <= near  # in another order, on which nothing depends
    return jnp.concatenate([is_next, is_next[:1] & False]) | jnp.concatenate([is_next[:1] & False, is_next])


def _more(seen: Observation, places: Sequence[int], gain: Callable[[], Array]) -> dict[str, Array]:
    """What the level `full` adds: all of it, or both halves in turns."""
    units = lambda: _of_units(seen, places) | {"gain": gain()}  # noqa: E731
    if seen.look is None:
        return _of_flow(seen) | units()
    is_odd = seen.look % 2 == 1
    flow = _where_due(~is_odd, lambda: _of_flow(seen))
    return flow | _where_due(is_odd | (seen.look == 0), units)


def _where_due(is_due: Array, half: Callable[[], dict[str, Array]]) -> dict[str, Array]:
    """What half of a look gives where it is due, else zeros; a real branch, for the members share `is_due`."""
    nothing = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(half))
    return lax.cond(is_due, half, lambda: nothing)


def _of_flow(seen: Observation) -> dict[str, Array]:
    """The signals of what flows."""
    network = seen.setup.network
    is_enough = seen.x.shape[0] >= PROBE  # then the batch itself is the probe
    x, y = (seen.x, seen.y) if is_enough else (seen.probe.x, seen.probe.y)
    flow = flow_of(seen.setup, seen.params, x, y, key=seen.key)
    return behind(network, flow) | noise(network, flow) | {"flow_looks": jnp.ones(())}


def _of_units(seen: Observation, places: Sequence[int]) -> dict[str, Array]:
    """The signals of units, and of two steps in a row."""
    angle, turns = cosines(seen.previous, seen.updates, places)
    return {
        "same_sign": jnp.stack([same_sign(seen.gradients[i]) for i in places]) if places else jnp.zeros(0),
        "twins": jnp.stack([twins(seen.params[i]) for i in places]) if places else jnp.zeros(0),
        "cosine": angle,
        "turns": turns,
        "unit_looks": jnp.ones(()),
    }


def weight_places(network: Network, params: Sequence[Any]) -> list[int]:
    """The places of the layers that have weights, in residuals and branches too."""
    return [i for i in range(len(network.layers)) if _weights(params[i])]


def _weights(arrays: Any) -> list[Any]:
    return [a for name, a in arrays.items() if role(name) == "weight"]


def _norms(seen: Observation) -> dict[str, Any]:
    return dict(zip(NORMS, (seen.gradients, seen.params, seen.updates), strict=True))


def _per_place(arrays: Sequence[Any], places: Sequence[int]) -> Array:
    """The root mean square of the weights of each place."""
    return jnp.stack([_rms(*_weights(arrays[i])) for i in places]) if places else jnp.zeros(0)


def _rms(*arrays: Array) -> Array:
    return jnp.sqrt(sum(jnp.sum(jnp.square(a)) for a in arrays) / sum(a.size for a in arrays))


def _gain(seen: Observation) -> Array:
    """How much of the promised decrease of the batch's loss, with its penalty, the step brings."""
    learned = lambda arrays: [a for layer in arrays for name, a in layer.items() if not is_running(name)]  # noqa: E731
    pairs = zip(learned(seen.gradients), learned(seen.updates), strict=True)
    promised = -sum(jnp.sum(g * step) for g, step in pairs)
    after = jax.tree.map(jnp.add, seen.params, seen.updates)
    before = _objective(seen, seen.params) if seen.objective is None else seen.objective
    # What rounding may give is no decrease; and one look must not outweigh all others.
    least = 32 * jnp.finfo(before.dtype).eps * jnp.abs(before) + jnp.finfo(before.dtype).tiny
    gain = (before - _objective(seen, after)) / jnp.maximum(promised, least)
    return jnp.clip(jnp.where(promised > least, gain, 1.0), -MOST_GAIN, MOST_GAIN)


def _objective(seen: Observation, params: Any) -> Array:
    """What the step was to make smaller: the weighted mean loss of its batch, and the penalty."""
    setup = seen.setup
    outputs, _ = setup.network.forward(params, seen.x, training=True, key=seen.key)
    each = setup.loss.per_example(outputs, seen.y)
    loss = jnp.mean(each) if seen.weight is None else seen.weight @ each / jnp.maximum(jnp.sum(seen.weight), 1e-12)
    return loss if setup.penalty is None else loss + setup.penalty.of(params)

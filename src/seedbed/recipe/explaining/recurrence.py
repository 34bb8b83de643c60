"""The recurrences of a network: values forward and slopes backward, layer by layer, on one small example."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from seedbed.network import Network, QuadraticCost, XavierNormal
from seedbed.network.trace import Trace, trace
from seedbed.recipe.explaining.depth import fitting, passage
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Fact, Facts, Remedy, Table
from seedbed.reporting.explained.words import say, vector

NETWORK = "linear 3 weight=xavier_normal, sigmoid, linear 2 weight=xavier_normal, sigmoid"
EXAMPLE, TARGET = [[0.5, -1.0]], [[1.0, 0.0]]
H = 1e-3
DIGITS = 3
SOURCE = "Nielsen, Neural Networks and Deep Learning, ch. 2"


def sections(name: str) -> list[Section]:
    """The equations, one example forward and backward, the check by differences, and what it costs."""
    shown = trace(*small())
    return [_forward(shown), _backward(shown), _check(shown), _cost(), _depth()]


def small() -> tuple[Network, Any, QuadraticCost, Any, Any]:
    """A network of two layers with its first weights, the cost, an example and its target."""
    network = Network.parse(NETWORK)
    return network, network.init((2,), key=jax.random.key(0)), QuadraticCost(), jnp.array(EXAMPLE), jnp.array(TARGET)


def _forward(found: Trace) -> Section:
    rows = [(n, _row(one.x), _row(one.z), _row(one.a)) for n, one in enumerate(found.layers, start=1)]
    return Section("forward", [
        Equations(["a⁰ = x", "zˡ = aˡ⁻¹ Wˡ + bˡ", "aˡ = σ(zˡ)"], SOURCE),
        say("recurrence.forward", network=NETWORK.replace(" weight=xavier_normal", ""), x=vector(EXAMPLE[0])),
        Table("forward", ["l", "aˡ⁻¹", "zˡ", "aˡ"], rows),
    ])  # fmt: skip


def _backward(found: Trace) -> Section:
    rows = [
        (n, _row(one.delta), _row(one.gradients["bias"][None]), float(np.linalg.norm(one.gradients["weight"])))
        for n, one in reversed(list(enumerate(found.layers, start=1)))
    ]
    equations = [
        "δᴸ = ∂C/∂aᴸ ⊙ σ′(zᴸ)", "δˡ = (δˡ⁺¹ (Wˡ⁺¹)ᵀ) ⊙ σ′(zˡ)", "∂C/∂bˡ = Σ δˡ", "∂C/∂Wˡ = (aˡ⁻¹)ᵀ δˡ"
    ]  # fmt: skip
    return Section("backward", [
        Equations(equations, SOURCE),
        say("recurrence.backward", loss=found.loss, target=vector(TARGET[0])),
        Table("backward", ["l", "δˡ", "∂C/∂bˡ", "‖∂C/∂Wˡ‖"], rows),
    ])  # fmt: skip


def differences() -> tuple[float, int]:
    """How far the slopes of all weights are from central differences of the cost at most, and how many there are."""
    network, params, loss, x, y = small()
    flat, _ = ravel_pytree(params)
    with jax.enable_x64(True):
        weights = np.asarray(flat, np.float64)
        doubles = [jnp.asarray(np.asarray(one, np.float64)) for one in (x, y)]

        def cost(values: Any) -> float:
            return float(loss.per_example(network.apply(_as(params, values), doubles[0]), doubles[1]).mean())

        slopes = np.array([(cost(weights + H * e) - cost(weights - H * e)) / (2 * H) for e in np.eye(len(weights))])
    exact = np.asarray(ravel_pytree(trace(network, params, loss, x, y).gradients)[0])
    return float(np.abs(slopes - exact).max()), len(weights)


def _as(params: Any, values: np.ndarray) -> Any:
    """Numbers in the shapes of weights."""
    leaves, tree = jax.tree.flatten(params)
    pieces = np.split(values, np.cumsum([leaf.size for leaf in leaves])[:-1])
    return jax.tree.unflatten(
        tree, [jnp.asarray(p.reshape(leaf.shape)) for p, leaf in zip(pieces, leaves, strict=True)]
    )


def _check(found: Trace) -> Section:
    largest, count = differences()
    size = max(float(np.abs(slopes).max()) for layer in found.gradients for slopes in layer.values())
    return Section("differences", [
        say("recurrence.check", n=count, difference=largest, size=size),
        Remedy(say("recurrence.checking")),
    ])  # fmt: skip


def operations() -> tuple[float, float]:
    """Operations of the cost, and of the cost with all its slopes, as XLA counts them."""
    network, params, loss, x, y = small()
    cost = lambda p: jnp.mean(loss.per_example(network.apply(p, x), y))  # noqa: E731
    counted = [jax.jit(f).lower(params).compile().cost_analysis() for f in (cost, jax.value_and_grad(cost))]
    return tuple(float((one or {}).get("flops", np.nan)) for one in counted)  # type: ignore[return-value]


def _cost() -> Section:
    forward, both = operations()
    by_differences = forward * 2 * differences()[1]
    facts = [
        Fact("forward_operations", forward),
        Fact("both_operations", both),
        Fact("difference_operations", by_differences),
    ]
    return Section("operations", [say("recurrence.cost", times=both / forward), Facts(facts)])


def _depth() -> Section:
    """What the product of many factors comes to in a deep network of sigmoids."""
    found = passage("sigmoid", XavierNormal())
    rows = [(layer + 1, found.gradient[layer]) for layer in (9, 6, 3, 0)]
    other = passage("relu", fitting("relu"))
    return Section("vanishing", [
        say("recurrence.depth", ratio=found.ratio),
        Table("deltas", ["l", say("recurrence.delta")], rows),
        Remedy(say("recurrence.remedy", ratio=other.ratio)),
    ])  # fmt: skip


def _row(values: Any) -> str:
    return vector(np.round(np.asarray(values, np.float64)[0], DIGITS) + 0.0)

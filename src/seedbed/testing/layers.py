"""Whether a layer keeps what the engine relies on."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from seedbed.core.errors import UsageError
from seedbed.core.plain import from_plain, to_line, to_plain
from seedbed.network.layer import Layer, Params, Shape, is_running
from seedbed.training.layout import LANES, LAYOUTS, STACKED, member_axes, over_members

BATCH, MEMBERS, DIRECTIONS, STEP = 5, 3, 3, 1e-5
PAIR, STEPS, RATE = 2, 3, 0.1  # members, steps and learning rate of a population in training
EXACT, NEAR, SLOPE = 1e-12, 1e-9, 1e-6  # relative, in float64: the same sums; in another order; central differences


def check_layer(layer: Layer, in_shape: Shape, *, seed: int = 0, x: Float[Array, "batch *in"] | None = None) -> None:
    """Nothing, where a layer is sound; else an error that lists everything that is not, with figures.

    It tries the layer in float64 on a batch: shapes as `out_shape` says, at `init` too; texts that read back to the
    same layer; weights that save and load to the same bits; the same numbers compiled, from `forward` and from `apply`;
    slopes as central differences have them; a member of a population as alone, in prediction and after some steps of
    training, in every layout; rows that only fill up a batch without effect; in prediction, examples that do not touch
    one another.

    Arguments:
        layer: with a number in every place that could say "out".
        in_shape: of an example.
        x: the batch to try it on, five examples; normal numbers unless given. What is given stands still where slopes
            are measured, because it may be categories.

    Raises:
        UsageError: it is not sound.
    """
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        trial = _Trial(layer, tuple(in_shape), seed, x)
        # With outputs of another shape than it says, nothing else can be compared.
        faults = _shapes(trial) or [fault for check in CHECKS for fault in check(trial)]
    if faults:
        listed = "".join(f"\n- {fault}" for fault in faults)
        raise UsageError(f"{layer!r} for examples of {tuple(in_shape)}: expected a sound layer, got{listed}")


class _Trial:
    """A layer with weights and a batch."""

    def __init__(self, layer: Layer, in_shape: Shape, seed: int, x: Any) -> None:
        self.layer, self.in_shape, self.key = layer, in_shape, jax.random.key(seed)
        self.rng = np.random.default_rng(seed)
        self.x = jnp.asarray(self.rng.normal(size=(BATCH, *in_shape)) if x is None else x, jnp.float64)
        self.moves = 1.0 if x is None else 0.0
        self.out_shape = layer.out_shape(in_shape)
        self.params = _settled(layer.init(in_shape, key=self.key, dtype=jnp.float64), self.rng)
        self.noise = jax.random.fold_in(self.key, 7)

        compiled = functools.partial(jax.jit, static_argnames="training")
        self.apply, self.forward, self.slopes = compiled(self.plain), compiled(self._forward), compiled(self._slopes)

    def plain(self, params: Params, x: Array, *, training: bool = False) -> Array:
        """What `apply` gives, operation by operation."""
        return self.layer.apply(params, x, training=training, key=self._key(training))

    def _forward(self, params: Params, x: Array, counted: Any = None, *, training: bool) -> tuple[Array, Params]:
        return self.layer.forward(params, x, training=training, key=self._key(training), counted=counted)

    def _slopes(self, params: Params, x: Array, *, training: bool) -> tuple[Array, Any, Any]:
        """A number that all outputs have a part in, and its slopes by `apply` and by `forward`."""
        weights = jnp.asarray(np.random.default_rng(1).normal(size=(len(self.x), *self.out_shape)))
        by_apply = lambda p, x: jnp.sum(weights * self.plain(p, x, training=training))  # noqa: E731
        by_forward = lambda p, x: jnp.sum(weights * self._forward(p, x, training=training)[0])  # noqa: E731
        value, slopes = jax.value_and_grad(by_apply, argnums=(0, 1))(params, x)
        return value, slopes, jax.grad(by_forward, argnums=(0, 1))(params, x)

    def _key(self, training: bool) -> Any:
        return self.noise if training and self.layer.is_noisy else None


def _settled(params: Params, rng: np.random.Generator) -> Params:
    """Weights moved a little, so that nothing is at 0 by its initialiser; variances stay above 0."""
    return {n: jnp.asarray(a) + 0.1 * jnp.asarray(rng.random(a.shape), a.dtype) for n, a in params.items()}


def _shapes(t: _Trial) -> list[str]:
    came = t.apply(t.params, t.x).shape
    expected = (len(t.x), *t.out_shape)
    faults = [] if came == expected else [f"apply gives {came} where out_shape says {expected}"]
    single = t.layer.init(t.in_shape, key=t.key, dtype=jnp.float32)
    wrong = [name for name, a in single.items() if a.dtype != jnp.float32]
    return faults + [f"init gives {name} in {single[name].dtype} where float32 is asked" for name in wrong]


def _texts(t: _Trial) -> list[str]:
    forms = {"its dictionary": to_plain(t.layer), "its line": to_line(t.layer)}
    back = {name: from_plain(form, Layer) for name, form in forms.items()}
    return [f"{name}, {forms[name]!r}, reads back as {b!r}" for name, b in back.items() if b != t.layer]


def _saved(t: _Trial) -> list[str]:
    from safetensors.numpy import load_file, save_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights"
        save_file({name: np.ascontiguousarray(a) for name, a in t.params.items()}, path)
        loaded = {name: jnp.asarray(a) for name, a in load_file(path).items()}
    return _difference("with weights that were saved and loaded", t.apply(loaded, t.x), t.apply(t.params, t.x), 0.0)


def _compiled(t: _Trial) -> list[str]:
    return _difference("compiled", t.apply(t.params, t.x), t.plain(t.params, t.x), NEAR)


def _forward(t: _Trial) -> list[str]:
    faults: list[str] = []
    for training in (False, True):
        when = "in training" if training else "in prediction"
        ours, plain = t.forward(t.params, t.x, training=training), t.apply(t.params, t.x, training=training)
        faults += _difference(f"forward {when}", ours[0], plain, NEAR)
        _, *slopes = t.slopes(t.params, t.x, training=training)
        for a, b in zip(*map(jax.tree.leaves, reversed(slopes)), strict=True):
            faults += _difference(f"slopes of forward {when}", a, b, NEAR)
        running = {name for name in t.params if is_running(name)} if training else set()
        if set(ours[1]) != running:
            faults.append(f"forward {when} gives running numbers {sorted(ours[1])} where {sorted(running)} are there")
    return faults


def _slopes(t: _Trial) -> list[str]:
    faults: list[str] = []
    for training in (False, True):
        _, grads, _ = t.slopes(t.params, t.x, training=training)
        for _ in range(DIRECTIONS):
            at = jax.tree.map(lambda a: jnp.asarray(t.rng.normal(size=a.shape)), (t.params, t.x))
            # Running numbers follow the activations, and no slope goes back through them.
            at = ({name: a * (not is_running(name)) for name, a in at[0].items()}, at[1] * t.moves)
            moved = [jax.tree.map(lambda a, d, s=s: a + s * STEP * d, (t.params, t.x), at) for s in (1, -1)]
            high, low = (t.slopes(*at, training=training)[0] for at in moved)
            measured = (high - low) / (2 * STEP)
            pairs = zip(jax.tree.leaves(grads), jax.tree.leaves(at), strict=True)
            said = sum(jnp.sum(g * d) for g, d in pairs)
            scale = 1 + abs(float(measured))
            if not abs(float(measured) - float(said)) <= SLOPE * scale:
                faults.append(f"a slope of {float(said):.6g} where central differences say {float(measured):.6g}")
    return faults[:1]


def _population(t: _Trial) -> list[str]:
    several = lambda tree: jax.tree.map(lambda a: jnp.stack([a * (1 + 0.1 * m) for m in range(MEMBERS)]), tree)  # noqa: E731
    params, x, layers = (
        several(t.params),
        jnp.stack([t.x] * MEMBERS),
        jax.tree.map(lambda a: jnp.full(MEMBERS, a), t.layer),
    )
    one = lambda layer, params, x: layer.forward(params, x)[0]  # noqa: E731
    single = jax.jit(one)
    alone = jnp.stack([single(t.layer, jax.tree.map(lambda a, m=m: a[m], params), t.x) for m in range(MEMBERS)])
    faults: list[str] = []
    for layout in (STACKED, LANES):
        mapped = jax.jit(over_members(one, layout, 0, 0))
        faults += _difference(f"in a population laid out as {layout}", mapped(layers, params, x), alone, NEAR)
    return faults


def _training(t: _Trial) -> list[str]:
    """Some steps in a compiled loop, of a population and of its members alone, with factors to learn in front."""
    start = ({"gain": jnp.ones(t.in_shape, jnp.float64)}, t.params)
    several = jax.tree.map(lambda a: jnp.stack([a * (1 + 0.1 * m) for m in range(PAIR)]), start)
    keys = jax.vmap(jax.random.fold_in, (None, 0))(t.noise, jnp.arange(PAIR))
    parts = [jax.tree.map(lambda a, m=m: a[m : m + 1], (several, keys)) for m in range(PAIR)]
    single = _trainer(t, STACKED)
    alone = jax.tree.map(lambda *a: jnp.concatenate(a), *(single(*part) for part in parts))
    faults: list[str] = []
    for layout in LAYOUTS:
        for mine, other in zip(_trainer(t, layout)(several, keys), alone, strict=True):
            for name in other:
                faults += _difference(
                    f"{name} trained in a population laid out as {layout}", mine[name], other[name], NEAR
                )
    return faults


def _trainer(t: _Trial, layout: str) -> Any:
    """What trains members, whose weights stand in front, by plain descent on a squared error."""
    target = jnp.asarray(np.random.default_rng(2).normal(size=(len(t.x), *t.out_shape)))

    def cost(layer: Layer, params: Any, key: Any) -> tuple[Array, Params]:
        (first, own), noise = params, key if t.layer.is_noisy else None
        said, running = layer.forward(own, t.x * first["gain"], training=True, key=noise)
        return jnp.mean((said - target) ** 2), running

    def run(params: Any, keys: Any) -> Any:
        axes = member_axes(jax.tree.map(lambda a: a[0], params), layout)
        layers = jax.tree.map(lambda a: jnp.full(len(keys), a), t.layer)
        running = {name: axis for name, axis in axes[1].items() if is_running(name)}
        slopes = over_members(jax.grad(cost, argnums=1, has_aux=True), layout, (0, axes, 0), (axes, running))

        def step(_: Any, params: Any) -> Any:
            grads, moved = slopes(layers, params, keys)
            first, own = jax.tree.map(lambda a, d: a - RATE * d, params, grads)
            return first, own | moved

        placed = jax.tree.map(lambda a, axis: jnp.moveaxis(a, 0, axis), params, axes)
        trained = jax.lax.fori_loop(0, STEPS, step, placed)
        return jax.tree.map(lambda a, axis: jnp.moveaxis(a, axis, 0), trained, axes)

    return jax.jit(run)


def _filling(t: _Trial) -> list[str]:
    """Rows that only fill up the batch: whatever stands in them, the others and the running numbers do not change."""
    counted = jnp.asarray([1.0] * (len(t.x) - 1) + [0.0])
    others = [t.forward(t.params, t.x.at[-1].set(t.x[i]), counted, training=True) for i in (0, 1)]
    faults = _difference("beside another filling row", others[0][0][:-1], others[1][0][:-1], EXACT)
    for name in others[0][1]:
        faults += _difference(f"{name} beside another filling row", others[0][1][name], others[1][1][name], EXACT)
    if t.layer.is_noisy:
        return faults
    short = t.forward(t.params, t.x[:-1], training=True)[0]
    return faults + _difference("of a batch filled up against a short one", others[0][0][:-1], short, NEAR)


def _apart(t: _Trial) -> list[str]:
    together, alone = t.apply(t.params, t.x), t.apply(t.params, t.x[:1])
    return _difference("in prediction, beside other examples", together[:1], alone, NEAR)


CHECKS = (_texts, _saved, _compiled, _forward, _slopes, _population, _training, _filling, _apart)


def _difference(what: str, a: Array, b: Array, tolerance: float) -> list[str]:
    if a.shape != b.shape:
        return [f"outputs {what}: shape {a.shape} where {b.shape} is due"]
    error = float(jnp.max(jnp.abs(a - b), initial=0.0)) / (1e-300 + float(jnp.max(jnp.abs(b), initial=1.0)))
    return [] if error <= tolerance else [f"outputs {what}: {error:.2g} apart, where {tolerance:.0e} is rounding"]

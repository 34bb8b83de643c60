"""The compiled program of a cohort: it begins a wave of members, and trains it for some steps.

A wave is as many members as the devices hold at a time, each device its chunk. The same program serves every wave of a
cohort and any number of steps, so a population of any size, trained in calls of any length, costs one compilation.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Array

from seedbed.training import devices, member
from seedbed.training.epoch import Chunk
from seedbed.training.layout import member_axes
from seedbed.training.member import Batch, Sums
from seedbed.training.observe import PROBE, follows, room_for
from seedbed.training.setup import Setup
from seedbed.training.state import COLUMNS, Blueprint, Examples, Span, State
from seedbed.training.update import remember

EVERYWHERE, SPLIT = PartitionSpec(), PartitionSpec("members")


@dataclass(frozen=True)
class Program:
    """The functions of a blueprint, and where the member axis of each array of a state stands.

    Attributes:
        begin: (setup, number, seed) → State.
        train: (State, train, valid, order, Span) → State; the given state is used up.
        axes: a State with the place of the member axis of each array.
        shapes: a State with the shape and the placement of each array of a wave.
    """

    blueprint: Blueprint
    begin: jax.stages.Wrapped
    train: jax.stages.Wrapped
    axes: State
    shapes: State

    @property
    def bytes_per_member(self) -> int:
        """What the state of one member takes: weights three times over at least, and what the optimizer remembers."""
        return sum(a.size * a.dtype.itemsize for a in jax.tree.leaves(self.shapes)) // self.blueprint.wave


@functools.lru_cache(maxsize=64)
def build(blueprint: Blueprint) -> Program:
    """The program of a blueprint. JAX compiles its functions when they are first called."""
    mesh = devices.mesh(blueprint.n_devices)
    local = jax.eval_shape(functools.partial(_begin, blueprint), *_members(blueprint, blueprint.chunk))
    axes = _axes(blueprint, local)
    specs = jax.tree.map(lambda axis: PartitionSpec(*[None] * axis, "members"), axes)
    order = SPLIT if blueprint.setup.data_order == "own" else EVERYWHERE
    begin = jax.shard_map(
        functools.partial(_begin, blueprint),
        mesh=mesh,
        in_specs=(SPLIT, SPLIT, EVERYWHERE),
        out_specs=specs,
        check_vma=False,
    )
    train = jax.shard_map(
        functools.partial(_train, blueprint, axes),
        mesh=mesh,
        in_specs=(specs, EVERYWHERE, EVERYWHERE, order, EVERYWHERE),
        out_specs=specs,
        check_vma=False,
    )

    def placed(a: jax.ShapeDtypeStruct, axis: int, spec: PartitionSpec) -> jax.ShapeDtypeStruct:
        shape = tuple(n * blueprint.n_devices if i == axis else n for i, n in enumerate(a.shape))
        return jax.ShapeDtypeStruct(shape, a.dtype, sharding=NamedSharding(mesh, spec))

    shapes = jax.tree.map(placed, local, axes, specs)
    return Program(blueprint, jax.jit(begin), jax.jit(train, donate_argnums=0), axes, shapes)


def _train(
    blueprint: Blueprint, axes: State, state: State, train: Examples, valid: Examples, order: Array, span: Span
) -> State:
    return Chunk(blueprint, axes, train, valid, order, span).run(state)


def _begin(blueprint: Blueprint, setup: Setup, number: Array, seed: Array) -> State:
    m, dtype = number.shape[0], blueprint.dtype
    one = functools.partial(member.begin, in_shape=blueprint.in_shape, dtype=dtype, seed=seed)
    axes = member_axes(_shape_of_one(blueprint), blueprint.layout)
    params = jax.vmap(lambda s, n: one(s, number=n), out_axes=axes)(setup, number)
    zero = jnp.zeros(m, dtype)
    return State(
        setup=setup,
        number=number,
        params=params,
        memory=remember(setup.optimizer, params),
        best=jax.tree.map(jnp.copy, params),
        best_loss=jnp.full(m, jnp.inf, dtype),
        best_epoch=jnp.full(m, -1, jnp.int32),
        active=jnp.ones(m, bool),
        stopped=jnp.zeros(m, bool),
        waited=jnp.zeros(m, jnp.int32),
        sums=Sums(zero, zero),
        history=jnp.full((m, setup.epochs, len(COLUMNS)), jnp.nan, dtype),
        seen=room_for(
            blueprint.observe,
            setup,
            _batches(blueprint),
            params,
            axes,
            n_steps=blueprint.n_steps,
            has_objective=blueprint.reads_as_shown,
        ),
        ended=jnp.full(m, -1, jnp.int32),
        earlier=jax.tree.map(jnp.copy, params) if follows(blueprint.observe) else (),
    )


def _batches(blueprint: Blueprint) -> tuple[Batch, Batch]:
    """The shapes of the examples of a step and of the probe."""

    def batch(n: int) -> Batch:
        x = jax.ShapeDtypeStruct((n, *blueprint.in_shape), blueprint.dtype)
        y = jax.ShapeDtypeStruct((n,), jnp.int32)
        if blueprint.task != "classification":
            outputs = blueprint.setup.network.shapes(blueprint.in_shape)[-1]
            y = jax.ShapeDtypeStruct((n, *outputs), blueprint.dtype)
        return Batch(x, y, None, None)  # type: ignore[arg-type]

    return batch(blueprint.batch_size), batch(max(blueprint.batch_size, PROBE))


@functools.lru_cache(maxsize=64)
def _shape_of_one(blueprint: Blueprint) -> Any:
    """The shapes of one member's weights."""
    number = jax.ShapeDtypeStruct((), blueprint.dtype)
    setup = jax.tree.unflatten(blueprint.structure, [number] * blueprint.structure.num_leaves)
    begin = functools.partial(member.begin, in_shape=blueprint.in_shape, dtype=blueprint.dtype)
    return jax.eval_shape(lambda s, n: begin(s, seed=n, number=n), setup, jax.ShapeDtypeStruct((), jnp.int32))


def _members(blueprint: Blueprint, m: int) -> tuple[Any, ...]:
    """The shapes of what begins `m` members."""
    number = jax.ShapeDtypeStruct((m,), blueprint.dtype)
    setup = jax.tree.unflatten(blueprint.structure, [number] * blueprint.structure.num_leaves)
    return setup, jax.ShapeDtypeStruct((m,), jnp.int32), jax.ShapeDtypeStruct((), jnp.int32)


def _axes(blueprint: Blueprint, state: State) -> State:
    params = member_axes(_shape_of_one(blueprint), blueprint.layout)
    memory = [[axis] * len(m) for axis, m in zip(jax.tree.leaves(params), state.memory, strict=True)]
    earlier = params if follows(blueprint.observe) else ()
    return jax.tree.map(lambda _: 0, state)._replace(params=params, best=params, memory=memory, earlier=earlier)

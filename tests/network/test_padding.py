"""Padded networks against the networks that they stand for: first weights to the bit, activations, running numbers."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.core.errors import SetupError
from seedbed.network import (
    Activation,
    Chain,
    Dropout,
    Layer,
    Linear,
    MaxPool,
    Network,
    Normal,
    Repeat,
    Tanh,
    XavierUniform,
)
from seedbed.network.activations import ReLU
from seedbed.network.alignment import own_params, padded
from seedbed.network.layer import role
from seedbed.network.padding import OneOf, Padded, Slot
from seedbed.network.real import pads
from seedbed.network.unrolling import nested, unrolled

Given = str | list[Layer]
KEY = jax.random.key(5)
DROP = Dropout(0.4)
XAVIER, BIAS = XavierUniform(), Normal(0.1)
CASES: dict[str, tuple[tuple[int, ...], list[Given]]] = {
    "widths, kinds, depth, chain": (
        (5,),
        [
            "linear 6, relu, linear 6 weight=xavier_uniform, prelu, dropout 0.4, linear 6 weight=xavier_uniform, "
            "sigmoid, linear out bias=normal(0.1)",
            [Linear(4), ReLU(), Chain([Linear(2, XAVIER), Tanh(), DROP]), Linear("out", bias=BIAS)],
        ],
    ),
    "repeats": (
        (5,),
        [
            "linear 6, relu, linear 6, tanh, dropout 0.4, linear 6, tanh, dropout 0.4, linear out",
            [Linear(4), ReLU(), Repeat(Chain([Linear(4), Tanh(), DROP]), 2), Linear("out")],
            [Linear(3), Tanh(), Repeat(Linear(3), 1), Repeat(Tanh(), 1), Linear("out")],
        ],
    ),
    "flatten": (
        (4, 4, 2),
        [
            "conv 4 3, sigmoid, maxpool 2, layernorm, flatten, dropout 0.4, linear 5, softmax, linear out",
            "conv 2 3, relu, maxpool 2, layernorm, flatten, dropout 0.2, linear 3, softmax, linear out",
        ],
    ),
    "identity": (  # one hidden block, in front of an identity or behind it, or none at all
        (5,),
        [
            "linear 4, relu, chain(linear 3, relu, dropout 0.2), identity, linear out",
            "linear 3, tanh, identity, chain(linear 4, tanh, dropout 0.3), linear out",
            "linear 2, relu, identity, identity, linear out",
        ],
    ),
    "pooling": (
        (4, 4, 1),
        [
            "conv 4 3, batchnorm, relu, dropout 0.4, conv 4 3, elu, global_avgpool, linear out",
            "conv 2 3, batchnorm, softplus, dropout 0.1, global_avgpool, linear out",
        ],
    ),
}

FAST = ("flatten", "identity")  # the others are in the program of `training/test_canonical.py`, or slow


def net(given: Given) -> Network:
    return (Network.parse(given) if isinstance(given, str) else Network(given)).bind(3)


def pad(in_shape: tuple[int, ...], *given: Given, **options: Any) -> list[Padded]:
    members = padded([net(one) for one in given], in_shape, **options)
    assert members is not None
    return members


def leaves(network: Network) -> Network:
    """With its numbers as arrays: a Python float would be multiplied in single precision."""
    return jax.tree.map(np.float64, network)  # type: ignore[no-any-return]


@pytest.mark.parametrize("case", [pytest.param(case, marks=() if case in FAST else pytest.mark.slow) for case in CASES])
def test_a_padded_network_is_the_network_that_it_stands_for(case: str) -> None:
    in_shape, given = CASES[case]
    networks, members = [net(one) for one in given], pad(in_shape, *given)
    x = np.random.default_rng(0).normal(size=(6, *in_shape))

    @jax.jit  # all of them in one program: each costs half a second
    def run(networks: Any, x: Any) -> Any:
        def one(network: Network) -> Any:
            def loss(params: Any) -> Any:
                outputs, running = network.forward(params, x, training=True, key=KEY)
                return jnp.sum(jnp.square(outputs - 1.0)), (outputs, running)

            params = network.init(in_shape, key=KEY, dtype=np.float64)
            slopes, seen = jax.grad(loss, has_aux=True)(params)
            return params, slopes, seen[1], (seen[0], network.apply(params, x))

        return [one(network) for network in networks]

    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):  # as the engine: draws are float32
        results = run([*map(leaves, networks), *map(leaves, members)], x)
    for network, member, alone, here in zip(
        networks, members, results[: len(given)], results[len(given) :], strict=True
    ):
        own = [own_params(member, here[i], network) for i in (0, 1)]
        jax.tree.map(np.testing.assert_array_equal, own[0], alone[0])
        # Sums over more numbers, of which the others are 0, are taken in another order.
        jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=1e-11, atol=1e-11), own[1], alone[1])
        jax.tree.map(functools.partial(np.testing.assert_allclose, rtol=1e-11, atol=1e-11), here[3], alone[3])
        for i in (0, 1):  # what is not the member's is 0, and so are its slopes
            assert _total(here[i]) == pytest.approx(_total(alone[i]), rel=1e-11)
        assert all(np.isfinite(a).all() for a in jax.tree.leaves(here[2]))


def _total(params: Any) -> float:
    """Σ |w| over weights, biases, scales and shifts."""
    learned = ("weight", "bias", "scale", "shift")
    return sum(float(np.abs(a).sum()) for own in params for name, a in own.items() if role(name) in learned)


def test_members_have_one_structure_and_their_own_numbers() -> None:
    wide, narrow = pad((5,), "linear 8, relu, linear out", "linear 3, sigmoid, linear out")
    assert jax.tree.structure(wide) == jax.tree.structure(narrow)
    assert (wide.slots[0].used, narrow.slots[0].used) == (8.0, 3.0)
    assert [type(option).__name__ for option in narrow.layers[1].options] == ["ReLU", "Sigmoid"]  # type: ignore[attr-defined]
    assert (wide.slots[1].which, narrow.slots[1].which) == (0.0, 1.0)
    assert wide.shapes((5,)) == [(8,), (8,), (3,)]
    assert wide.is_bound
    assert not wide.is_noisy
    assert wide.bind(7) is wide
    assert wide.n_params((5,)) == 8 * 6 + 9 * 3
    assert wide.flops((5,)) > net("linear 8, relu, linear out").flops((5,))


def test_in_a_shorter_type_a_slot_keeps_its_count() -> None:
    [member, _] = pad((5,), "linear 300, sigmoid, layernorm, linear out", "linear 257, tanh, layernorm, linear out")
    short = jax.tree.map(jnp.float32, member).in_type(jnp.bfloat16)
    assert isinstance(short, Padded)
    assert {a.dtype for a in jax.tree.leaves(short.slots)} == {jnp.dtype("float32")}  # bfloat16 has no 257
    params = member.params_shapes((5,))
    short_params = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, jnp.bfloat16), params)
    x = jax.ShapeDtypeStruct((4, 5), jnp.bfloat16)
    with jax.numpy_dtype_promotion("standard"):  # as the engine: statistics are float32
        assert jax.eval_shape(short.apply, short_params, x).dtype == jnp.bfloat16


def test_what_all_have_is_not_padded() -> None:
    [one, _] = pad((5,), "linear 4, relu, linear 6, relu, linear out", "linear 4, relu, linear 2, relu, linear out")
    assert [slot.used for slot in one.slots] == [None, None, 6.0, None, None]


def test_an_absent_layer_has_one_shape_around_it() -> None:
    deep, shallow = pad((5,), "linear 4, relu, linear 6, relu, linear out", "linear 7, relu, linear out")
    assert deep.shapes((5,)) == [(7,), (7,), (7,), (7,), (3,)]
    assert [slot.present for slot in shallow.slots] == [None, None, 0.0, 0.0, None]
    assert [slot.used for slot in deep.slots] == [4.0, None, 6.0, None, None]


def test_an_absent_layer_leaves_the_kinds_of_others_alone() -> None:
    [_, other] = pad((5,), "linear 4, relu, linear 4, tanh, linear out", "linear 4, tanh, linear out")
    assert [slot.present for slot in other.slots] == [None, 0.0, 0.0, None, None]
    assert not any(isinstance(layer, OneOf) for layer in other.layers)


def test_widths_may_come_from_a_ladder() -> None:
    [one, _] = pad((5,), "linear 5, relu, linear out", "linear 3, relu, linear out", widths=lambda n: -(-n // 4) * 4)
    assert one.shapes((5,)) == [(8,), (8,), (3,)]
    assert one.slots[0].used == 5.0


@pytest.mark.parametrize(
    "given",
    [
        ("linear 4, groupnorm 2, linear out", "linear 2, groupnorm 2, linear out"),
        ("linear 4 weight=orthogonal, relu, linear out", "linear 2 weight=orthogonal, relu, linear out"),
        ("linear 4, relu, linear out weight=orthogonal", "linear 2, relu, linear out weight=orthogonal"),
        ("linear 4, layernorm eps=0.0, linear out", "linear 2, layernorm eps=0.0, linear out"),
        ("linear 4, batchnorm shift=xavier_normal, linear out", "linear 2, batchnorm shift=xavier_normal, linear out"),
        ("linear 4, relu, linear out", "linear 2, relu, linear out bias=none"),
        ("linear 4, relu, linear out", "linear 2, relu, linear out, softmax"),
        ("linear 4, relu, linear out", "linear 2, softmax, linear out"),
        ("linear 4, relu, linear out", "linear 2, relu, linear 4"),
        ("linear 4, relu, linear 2, relu, linear out", "linear out"),
        ("linear 4, residual(linear 4), linear out", "linear 2, residual(linear 2), linear out"),
    ],
    ids=lambda given: given[1],
)
def test_what_cannot_be_one_program_is_refused(given: tuple[str, str]) -> None:
    assert padded([net(one) for one in given], (5,)) is None


def test_convolutions_in_groups_and_other_strides_are_refused() -> None:
    image = (4, 4, 1)
    for one, other in (
        (
            "conv 4 3, relu, conv 4 3 groups=2, flatten, linear out",
            "conv 2 3, relu, conv 2 3 groups=2, flatten, linear out",
        ),
        ("conv 4 3, conv 4 3 stride=2, flatten, linear out", "conv 4 3, flatten, linear out"),
    ):
        assert padded([net(one), net(other)], image) is None


class Doubled(MaxPool, kind="doubled_for_padding"):
    def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
        return 2 * super().apply(params, x)


class Odd(Activation, kind="odd_for_padding"):
    function = Tanh.function


def test_a_subclass_that_does_something_else_has_to_say_so_anew() -> None:
    assert pads(MaxPool(2))
    assert not pads(Doubled(2))
    assert pads(Odd())
    assert padded([net("linear 4, tanh, linear out"), net([Linear(4), Odd(), Linear(3)])], (5,)) is None  # no option


@pytest.mark.parametrize("kind", Activation.kinds.values(), ids=lambda kind: kind.__name__)
def test_activations_say_whether_they_keep_zero(kind: type[Layer]) -> None:
    if issubclass(kind, Activation) and kind.__module__ == Activation.__module__ and kind.function.is_elementwise:
        numbers = [number + 0.3 for number in kind.function.numbers.values()]
        assert kind.keeps_zero == (float(kind.function(0.0, *numbers)) == 0.0)


def test_unrolled_layers_nest_again() -> None:
    network = Network([Linear(4), Repeat(Chain([Linear(4), Tanh()]), 2), Chain([Linear(3)])])
    assert [piece.path for piece in unrolled(network)] == [(0,), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1), (2, 0)]
    arrays = [{"weight": np.full(2, i)} if i not in (2, 4) else {} for i in range(6)]
    first, repeated, last = nested(network, arrays)
    assert list(first) == ["weight"]
    np.testing.assert_array_equal(repeated["0.weight"], [[1, 1], [3, 3]])
    assert list(last) == ["0.weight"]
    long = Network([Linear(4), Repeat(Linear(4), 30)])
    assert len(unrolled(long)) == 2


def test_a_slot_stands_for_each_layer() -> None:
    with pytest.raises(SetupError, match="slots: expected one for each of 1 layers, got 2"):
        Padded([Linear(3)], [Slot((0.0,)), Slot((1.0,))])
    with pytest.raises(SetupError, match="path: expected a list of finite numbers, got 1"):
        Slot(1)  # type: ignore[arg-type]

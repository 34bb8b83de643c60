"""The suite for layers: every kind of our own passes it, and planted faults do not."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.core.errors import UsageError
from seedbed.core.fields import number
from seedbed.network import Constant, Layer, Normal
from seedbed.testing import check_layer

IMAGE, SIGNAL, VECTOR = (7, 6, 4), (11, 4), (6,)
SOUND: list[tuple[Layer, tuple[int, ...]]] = [
    (sb.Linear(5), VECTOR),
    (sb.Conv2d(6, (3, 2), stride=(2, 1), dilation=2, padding=(2, 1), groups=2), IMAGE),
    (sb.BatchNorm(momentum=0.3, eps=0.1), IMAGE),
    (sb.Reshape((2, 3)), VECTOR),
]
MORE: list[tuple[Layer, tuple[int, ...]]] = [
    (sb.Conv1d(6, 4, stride=3, dilation=2, padding=3, groups=2), SIGNAL),
    (sb.MaxPool(3, stride=2, padding="same"), IMAGE),
    (sb.GlobalAvgPool(), IMAGE),
    (sb.GroupNorm(2), IMAGE),
    (sb.PReLU(), VECTOR),
    (sb.Dropout(0.3), VECTOR),
    (sb.Conv2d(6, 3), IMAGE),
    (sb.MaxPool(2), IMAGE),
    (sb.AvgPool(2), IMAGE),
    (sb.BatchNorm(), VECTOR),
    (sb.LayerNorm(), VECTOR),
    (sb.Residual([sb.Linear(6), sb.BatchNorm(), sb.Tanh()]), VECTOR),
    (sb.Chain([sb.Conv2d(4, 3), sb.GroupNorm(2), sb.MaxPool(2), sb.Dropout(0.2)]), IMAGE),
    (sb.Parallel([sb.Conv2d(2, 1), sb.Chain([sb.Conv2d(3, 3), sb.Tanh()])]), IMAGE),
    (sb.Repeat(sb.Residual([sb.Linear(6), sb.BatchNorm(), sb.Tanh()]), 3), VECTOR),
    (sb.Flatten(), IMAGE),
    (sb.ELU(), VECTOR),
    (sb.Conv2d(6, 3, bias=None, padding="valid", stride=2), IMAGE),
    (sb.Conv2d(4, 3, groups=4), IMAGE),
    (sb.Conv1d(6, 5), SIGNAL),
    (sb.MaxPool((2, 3), stride=1, padding=1), IMAGE),
    (sb.MaxPool(2), SIGNAL),
    (sb.AvgPool(3, stride=2, padding=1), IMAGE),
    (sb.AvgPool(3), SIGNAL),
    (sb.GlobalAvgPool(), SIGNAL),
    (sb.BatchNorm(scale=None, shift=Constant(0.5)), SIGNAL),
    (sb.LayerNorm(eps=0.01), IMAGE),
    (sb.GroupNorm(3), VECTOR),
    (sb.Residual([sb.Conv2d(4, 3), sb.BatchNorm(scale=Normal(0.1)), sb.Tanh(), sb.Conv2d(4, 3)]), IMAGE),
    (sb.Parallel([sb.Linear(6), sb.Identity()], join="add"), VECTOR),
    (sb.Repeat(sb.Chain([sb.Conv1d(4, 3), sb.LayerNorm(), sb.Dropout(0.1)]), 2), SIGNAL),
]


@pytest.mark.parametrize(
    ("layer", "in_shape"), [*SOUND, *(pytest.param(*case, marks=pytest.mark.slow) for case in MORE)], ids=repr
)
def test_every_layer_is_sound(layer: Layer, in_shape: tuple[int, ...]) -> None:
    check_layer(layer, in_shape)


class Scale(Layer, kind="scale_of_a_test"):
    """y = factor · x, sound unless a subclass is not."""

    factor: float = number(1.5)

    def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
        return self.factor * x


class Mixing(Scale, kind="mixing_of_a_test"):
    def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
        return self.factor * (x - x.mean(0))


class Misshapen(Scale, kind="misshapen_of_a_test"):
    def out_shape(self, in_shape: Any) -> Any:
        return (in_shape[0] + 1,)


class Bent(Scale, kind="bent_of_a_test"):
    def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
        return x + jax.lax.stop_gradient(x)


class Otherwise(Scale, kind="otherwise_of_a_test"):
    def forward(self, params: Any, x: Any, **rest: Any) -> Any:
        return self.factor * x * 1.001, {}


@jax.custom_batching.custom_vmap
def among_members(slope: Any) -> Any:
    return slope


@among_members.def_vmap
def _(size: int, in_batched: Any, slope: Any) -> Any:
    return jnp.broadcast_to(slope.mean(0), slope.shape), True


@jax.custom_vjp
def shared(x: Any) -> Any:
    return x


shared.defvjp(lambda x: (x, None), lambda _, slope: (among_members(slope),))


class Sharing(Scale, kind="sharing_of_a_test"):
    """Sound but for a population in training, where members get the mean of their slopes."""

    def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
        return self.factor * shared(x)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Mixing(), "of a batch filled up against a short one"),
        (Misshapen(), "apply gives (5, 6) where out_shape says (5, 7)"),
        (Bent(), "where central differences say"),
        (Sharing(), "gain trained in a population laid out as wide"),
        (Otherwise(), "forward in prediction: 0.001 apart"),
    ],
    ids=lambda c: type(c).__name__ if isinstance(c, Layer) else "",
)
def test_a_planted_fault_is_named(layer: Layer, message: str) -> None:
    check_layer(Scale(), VECTOR)
    with pytest.raises(UsageError) as caught:
        check_layer(layer, VECTOR)
    assert message in str(caught.value)


def test_an_embedding_is_tried_on_categories() -> None:
    layer, x = sb.Embedding(9, 3), np.random.default_rng(0).integers(0, 9, (5, 4))
    params = layer.init((4,), key=jax.random.key(0), dtype=jnp.float32)
    np.testing.assert_array_equal(layer.apply(params, jnp.asarray(x, jnp.float32)), np.asarray(params["weight"])[x])
    check_layer(layer, (4,), x=jnp.asarray(x, jnp.float32))
    compiled = jax.jit(layer.apply)(params, jnp.asarray([[-1.0, 9.0, 2.5, 8.0]]))
    assert np.isnan(compiled).all(-1).tolist() == [[True, True, True, False]]

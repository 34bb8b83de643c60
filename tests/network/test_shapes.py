"""What does not fit: one message each, that names the layer, the shapes and what to change."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

import seedbed as sb
from seedbed.core.errors import ShapeError

MESSAGES = {
    ("conv 8 9x9 padding=valid, relu", (7, 7, 3)):
        "network.layers[0]: conv 9x9: expected a window that fits into 7×7, got a window that reaches over 9×9",
    ("conv 8 3x3 dilation=4 padding=valid", (7, 9, 3)):
        "network.layers[0]: conv 3x3: expected a window that fits into 7×9, got a window that reaches over 9×9",
    ("conv1d 8 9 padding=1", (5, 3)):
        "network.layers[0]: conv1d 9: expected a window that fits into 7, got a window that reaches over 9",
    ("maxpool 2, maxpool 2, maxpool 2", (7, 7, 3)):
        "network.layers[2]: maxpool 2: expected a window that fits into 1×1, got a window that reaches over 2×2",
    ("conv 8 3x3 groups=3", (7, 7, 4)):
        "network.layers[0]: conv: expected channels that 3 groups share evenly, got 4 channels in and 8 out",
    ("linear 6, groupnorm 4", (5,)):
        "network.layers[1]: groupnorm: expected channels that 4 groups share evenly, got 6 of them in (B, 6)",
    ("conv 8 3x3, residual(conv 4 3x3)", (7, 7, 3)):
        "network.layers[1]: residual: expected a branch that keeps the shape, got (B, 7, 7, 8) → (B, 7, 7, 4)",
    ("linear 8, repeat(chain(linear 8, linear 9), 3)", (4,)):
        "network.layers[1]: repeat: expected a block that keeps the shape, got (B, 8) → (B, 9)",
    ("parallel(conv 2 3x3, maxpool 2)", (8, 8, 3)):
        "network.layers[0]: parallel: expected branches that differ in the last axis alone, "
        "got (B, 8, 8, 2), (B, 4, 4, 3)",
    ("conv 8 3x3, relu, maxpool 2, linear 10", (14, 14, 3)):
        "network.layers[3]: linear: expected a vector for each example, (B, n), got (B, 7, 7, 8), an example of 3 axes",
    ("linear 8, conv 8 3x3", (14, 14, 3)):
        "network.layers[1]: conv: expected an image, (B, height, width, channels), got (B, 8)",
    ("chain(conv 8 3x3, residual(linear 3))", (14, 14, 3)):
        "network.layers[0].layers[1].layers[0]: linear: expected a vector for each example, (B, n), "
        "got (B, 14, 14, 8), an example of 3 axes",
    ("global_avgpool", (14,)):
        "network.layers[0]: global_avgpool: expected images or signals with channels, got (B, 14)",
    ("reshape 5x5", (64,)):
        "network.layers[0]: reshape: expected numbers for whole images of 5 x 5, got 64 of them in (B, 64)",
}  # fmt: skip


@pytest.mark.parametrize(("line", "shape"), MESSAGES, ids=lambda c: str(c))
def test_the_message_names_layer_and_shapes(line: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError) as caught:
        sb.Network.parse(line).shapes(shape)
    assert caught.value.message == MESSAGES[line, shape]
    assert caught.value.hint


BEHIND = {
    "conv 3 9x9 padding=valid": ("network.layers[1].layers[0]", "residual({})"),
    "groupnorm 5": ("network.layers[1].layers[1]", "chain(tanh, {})"),
    "global_avgpool": ("network.layers[1].branches[1].layers[0]", "parallel(linear 3, chain({}))"),
    "maxpool 2": ("network.layers[1].block.layers[1]", "repeat(residual(tanh, {}), 2)"),
}


@pytest.mark.parametrize("bad", BEHIND)
def test_what_a_layer_refuses_when_it_is_applied_has_its_place(bad: str) -> None:
    """Weights that were never drawn: each layer is the first to look at what it is given."""
    place, block = BEHIND[bad]
    network = sb.Network.parse(f"tanh, {block.format(bad)}")
    params = ({}, {"0.weight": jnp.ones((3, 3)), "0.bias": jnp.ones(3)} if "linear" in block else {})
    for call in (network.apply, network.activations, network.forward):
        with pytest.raises(ShapeError) as caught:
            jax.eval_shape(call, params, jnp.ones((2, 3)))
        assert caught.value.message.startswith(f"{place}: {bad.split()[0]}")
        assert caught.value.hint


def test_a_noisy_layer_without_a_key_is_named() -> None:
    network = sb.Network.parse("relu, repeat(residual(dropout 0.5), 2)")
    with pytest.raises(sb.UsageError) as caught:
        network.apply(({}, {}), jnp.ones((2, 3)), training=True)
    assert caught.value.message == "network.layers[1].block.layers[0]: dropout: expected a key in training, got None"


def test_flatten_and_pooling_are_both_offered() -> None:
    with pytest.raises(ShapeError) as caught:
        sb.Network.parse("conv 64 3x3, linear 10").shapes((7, 7, 3))
    assert caught.value.hint == (
        "put Flatten() before it, which makes (B, 3136) of them, or GlobalAvgPool(), which makes (B, 64)"
    )


def test_a_category_out_of_range_is_named() -> None:
    layer = sb.Embedding(4, 2)
    params = layer.init((3,), key=jax.random.key(0), dtype=jnp.float32)
    with pytest.raises(ShapeError) as caught:
        layer.apply(params, jnp.asarray([[0.0, 1.0, 3.0], [2.0, 4.0, -1.0]]))
    assert caught.value.message == (
        "embedding: expected whole numbers from 0 to 3, got 4 at (1, 1), and 2 in all that are none"
    )


def test_inputs_of_the_data_are_read_as_the_first_layer_needs_them() -> None:
    shapes = {"conv 2 3x3": (28, 28, 1), "relu, linear 3": (784,), "batchnorm, linear 3": (784,)}
    for line, shape in shapes.items():
        assert sb.Network.parse(line).input_shape((28, 28)) == shape
    assert sb.Network.parse("conv1d 2 3").input_shape((50,)) == (50, 1)
    assert sb.Network.parse("residual(linear 9)").input_shape((3, 3)) == (9,)

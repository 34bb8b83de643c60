"""The network as a value: shapes, binding, weights, activations, populations, and every refusal by its text."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.core.distributions import choice
from seedbed.network import (
    ELU,
    Dropout,
    Flatten,
    HeNormal,
    LeakyReLU,
    Linear,
    Network,
    Normal,
    PReLU,
    ReLU,
    Softmax,
    Tanh,
)  # fmt: skip

KEY = jax.random.key(2)
NET = Network([Linear(5), Tanh(), Dropout(0.5), Linear("out")])


def test_parse_and_print_are_inverse() -> None:
    network = Network.parse("linear 64, relu, dropout 0.2, linear out")
    assert network == Network([Linear(64), ReLU(), Dropout(0.2), Linear("out")])
    assert str(network) == "linear 64, relu, dropout 0.2, linear out"


def test_bind_puts_the_number_of_outputs_in_place() -> None:
    bound = NET.bind(3)
    assert bound.layers[-1] == Linear(3) and bound.is_bound and not NET.is_bound
    assert bound.bind(7) is bound


def test_bind_keeps_leaves_that_are_arrays() -> None:
    many = jax.tree.map(lambda leaf: jnp.full(3, leaf), NET)
    assert many.bind(2).layers[2].rate.shape == (3,)


@pytest.mark.parametrize(("layers", "expected"), [
    ([Linear(3)], (784,)), ([Dropout(0.1), ReLU(), Linear(3)], (784,)), ([Flatten(), Linear(3)], (28, 28, 1)),
    ([ReLU()], (28, 28, 1)),
])  # fmt: skip
def test_a_network_of_vectors_reads_an_image_as_one(layers: list, expected: tuple[int, ...]) -> None:
    assert Network(layers).input_shape((28, 28, 1)) == expected


def test_images_are_read_the_same_with_and_without_flatten() -> None:
    x = jax.random.normal(KEY, (4, 3, 2, 1))
    implicit, explicit = Network([Linear(2)]), Network([Flatten(), Linear(2)])
    (params,) = implicit.init((3, 2, 1), key=KEY)
    np.testing.assert_array_equal(implicit.apply((params,), x), explicit.apply(({}, params), x))


def test_shapes_and_counts() -> None:
    network = Network([Flatten(), Linear(5), PReLU(), Linear(2, bias=None)])
    assert network.shapes((3, 2, 1)) == [(6,), (5,), (5,), (2,)]
    assert network.n_params((3, 2, 1)) == 6 * 5 + 5 + 1 + 5 * 2
    assert network.flops((3, 2, 1)) == 2 * 6 * 5 + 5 + 2 * 5 + 2 * 5 * 2


def test_init_has_one_dictionary_for_each_layer() -> None:
    params = NET.bind(3).init((4,), key=KEY)
    assert [sorted(layer) for layer in params] == [["bias", "weight"], [], [], ["bias", "weight"]]
    assert params[0]["weight"].shape == (4, 5) and params[3]["weight"].shape == (5, 3)
    np.testing.assert_array_equal(params[0]["bias"], np.zeros(5))


def test_each_layer_draws_for_itself() -> None:
    twice = Network([Linear(4), Linear(4, bias=Normal(1.0)), Linear(4)])
    first, second, third = twice.init((4,), key=KEY)
    assert len({float(layer["weight"][0, 0]) for layer in (first, second, third)}) == 3
    assert not np.allclose(second["bias"], second["weight"][0] / np.sqrt(0.5))
    # what stands behind a layer does not change its draw
    np.testing.assert_array_equal(Network([Linear(4), ReLU()]).init((4,), key=KEY)[0]["weight"], first["weight"])


def test_apply_is_the_last_of_the_activations() -> None:
    network = NET.bind(3)
    params, x = network.init((4,), key=KEY), jax.random.normal(KEY, (6, 4))
    outputs = network.activations(params, x)
    assert [o.shape for o in outputs] == [(6, 5), (6, 5), (6, 5), (6, 3)]
    np.testing.assert_array_equal(outputs[-1], network.apply(params, x))
    by_hand = jnp.tanh(x @ params[0]["weight"] + params[0]["bias"]) @ params[3]["weight"] + params[3]["bias"]
    np.testing.assert_allclose(outputs[-1], by_hand, atol=1e-6)


def test_noise_needs_training_and_follows_the_key() -> None:
    network = NET.bind(3)
    params, x = network.init((4,), key=KEY), jax.random.normal(KEY, (6, 4))
    noisy = [network.apply(params, x, training=True, key=jax.random.key(n)) for n in (0, 0, 1)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert not np.allclose(noisy[0], noisy[2])
    np.testing.assert_array_equal(network.apply(params, x, key=KEY), network.apply(params, x))


def test_two_dropouts_draw_apart() -> None:
    network = Network([Dropout(0.5), Dropout(0.5)])
    first, second = network.activations(({}, {}), jnp.ones((50, 40)), training=True, key=KEY)
    # the second keeps half of what the first kept, not all of it
    assert 0.2 < float((second > 0).mean()) < 0.3 < float((first > 0).mean())


@pytest.mark.parametrize("shared", [True, False], ids=["one batch for all", "a batch for each"])
def test_population_is_its_members(shared: bool) -> None:
    network = Network([
        Linear(4, weight=HeNormal(gain=0.5)), LeakyReLU(0.1), Linear(3), PReLU(0.3), Dropout(0.4), ELU(2.0), Linear(2),
    ])  # fmt: skip
    gains = jnp.array([0.5, 1.0, 2.0])
    many = jax.tree.map(lambda leaf: leaf * gains, network)
    keys = jax.random.split(KEY, 3)
    x = jax.random.normal(KEY, (5, 6) if shared else (3, 5, 6))

    def member(network: Network, key: jax.Array, x: jax.Array) -> jax.Array:
        return network.apply(network.init((6,), key=key), x, training=True, key=key)

    jitted = jax.jit(member)
    outputs = jax.jit(jax.vmap(member, in_axes=(0, 0, None if shared else 0)))(many, keys, x)
    for i, gain in enumerate(gains):
        alone = jitted(jax.tree.map(lambda leaf, gain=gain: leaf * gain, network), keys[i], x if shared else x[i])
        np.testing.assert_allclose(outputs[i], alone, rtol=1e-4, atol=1e-5)  # sums in another order


def test_structure_decides_what_runs_together() -> None:
    def structure(line: str) -> object:
        return jax.tree.structure(Network.parse(line))

    assert structure("linear 4, leaky_relu 0.1") == structure("linear 4 weight=he_normal(2.0), leaky_relu 0.5")
    assert structure("linear 4, relu") != structure("linear 5, relu")


def test_initialising_compiles_no_loop_for_a_layer() -> None:
    network = Network.parse("linear 40, relu, linear 30, relu, linear 10")
    keys = jax.random.split(KEY, 16)
    program = jax.jit(jax.vmap(lambda key: network.init((20,), key=key))).lower(keys).compile().as_text()
    # One folds the key for all layers. A loop for each layer's weights takes ten times as long to compile.
    assert program.count(" while(") == 1


def test_an_open_size_is_refused() -> None:
    message = r"network.layers\[3\].units: expected a number, got 'out'\nhint: bind the network to the data first"
    with pytest.raises(ValueError, match=message):
        NET.init((4,), key=KEY)
    with pytest.raises(ValueError, match=message):
        NET.apply(NET.bind(3).init((4,), key=KEY), jnp.ones((1, 4)))
    with pytest.raises(ValueError, match=r"linear: expected units as a number, got 'out'"):
        Linear("out").out_shape((3,))


def test_an_image_in_front_of_a_linear_layer_is_refused_with_the_place() -> None:
    network = Network([Softmax(), Flatten(), Linear(4)])
    assert network.shapes((8, 8, 1))[-1] == (4,)
    message = (r"linear: expected a vector for each example, \(B, n\), got \(B, 8, 8, 1\), an example of 3 axes\n"
               r"hint: put Flatten\(\) before it, which makes \(B, 64\) of them")  # fmt: skip
    with pytest.raises(ValueError, match=message):
        Linear(4).out_shape((8, 8, 1))


def test_the_place_of_a_shape_fault_is_named() -> None:
    class Fold(Flatten, kind="fold_for_this_test"):
        def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
            return (2, in_shape[0] // 2)

    message = r"network.layers\[2\]: linear: expected a vector for each example, \(B, n\), got \(B, 2, 2\)"
    with pytest.raises(ValueError, match=message):
        Network([Linear(4), Fold(), Linear(3)]).shapes((5,))


def test_a_distribution_is_refused() -> None:
    space = Network([Linear(choice(32, 64)), ReLU()])
    message = r"network.layers\[0\].units: expected one value, got choice\(32, 64\)\nhint: a network with distributions"
    with pytest.raises(ValueError, match=message):
        space.init((4,), key=KEY)


def test_a_noisy_network_without_a_key_is_refused() -> None:
    network = NET.bind(3)
    with pytest.raises(ValueError, match="dropout: expected a key in training, got None"):
        network.apply(network.init((4,), key=KEY), jnp.ones((1, 4)), training=True)


def test_an_empty_network_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Network: layers: expected at least one layer, got none\nhint: begin with"):
        Network([])


def test_a_number_of_units_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="Linear: units: expected a whole number of at least 1, or 'out', got 0"):
        Linear(0)

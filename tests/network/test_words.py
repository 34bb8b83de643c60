"""Random words: the generator against JAX's own, and what a word may depend on."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.extend.random import threefry2x32_p
from scipy import stats

from seedbed.network.words import columns, halves, random_words, symmetric, threefry2x32

KEY = jax.random.key(7)


def test_generator_is_that_of_jax() -> None:
    high, low = jax.random.bits(KEY, (2, 1000), jnp.uint32)
    key = jax.random.key_data(KEY)
    twin = threefry2x32_p.bind(jnp.broadcast_to(key[0], (1000,)), jnp.broadcast_to(key[1], (1000,)), high, low)
    np.testing.assert_array_equal(threefry2x32(key, high, low), twin)


@settings(max_examples=8, deadline=None)
@given(rows=st.integers(1, 4), units=st.integers(1, 3), more_rows=st.integers(0, 1), more_units=st.integers(0, 1))
def test_word_depends_on_its_place_alone(rows: int, units: int, more_rows: int, more_units: int) -> None:
    padded = random_words(KEY, rows + more_rows, columns((units + more_units,)))
    np.testing.assert_array_equal(random_words(KEY, rows, columns((units,))), padded[:rows, :units])


def test_columns_number_the_last_axis_slowest() -> None:
    numbers = np.asarray(columns((2, 3, 4)))
    assert sorted(numbers.ravel().tolist()) == list(range(24))
    np.testing.assert_array_equal(numbers[..., :2], columns((2, 3, 2)))


def test_words_differ_between_places_and_keys() -> None:
    words = np.concatenate([random_words(jax.random.key(n), 200, columns((200,))) for n in (0, 1)])
    # of 80,000 words among 2³² about 0.75 pairs agree by chance
    assert len(np.unique(words)) >= words.size - 6


def test_no_word_is_that_of_a_folded_key() -> None:
    folded = {tuple(jax.random.key_data(jax.random.fold_in(KEY, n)).tolist()) for n in range(4)}
    words = np.asarray(random_words(KEY, 8, columns((8,))))
    pairs = {tuple(pair) for pair in words.reshape(4, 2, 8).transpose(0, 2, 1).reshape(-1, 2).tolist()}
    assert not folded & pairs


def test_symmetric_numbers_are_uniform_in_the_open_interval() -> None:
    edge = symmetric(jnp.array([0, 2**32 - 1], jnp.uint32))
    np.testing.assert_array_equal(edge, np.array([-1 + 2.0**-23, 1 - 2.0**-23], np.float32))
    numbers = np.asarray(symmetric(random_words(KEY, 200, columns((200,))))).ravel()
    # Kolmogorov and Smirnov: 1.95 / √n is passed once in a thousand, and the key is fixed
    assert stats.kstest(numbers, stats.uniform(-1, 2).cdf).statistic < 1.95 / np.sqrt(numbers.size)


def test_halves_keep_every_bit() -> None:
    words = random_words(KEY, 3, columns((5,)))
    pair = np.asarray(halves(words)).reshape(3, 2, 5)
    np.testing.assert_array_equal(pair[:, 0] * 65536 + pair[:, 1], words)

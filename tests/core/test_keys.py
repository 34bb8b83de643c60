"""Streams of random numbers: by seed, number and purpose, and nothing else."""

from __future__ import annotations

import itertools

import jax
import numpy as np

from seedbed.core import keys


def bits(key: jax.Array) -> tuple[int, ...]:
    return tuple(np.asarray(jax.random.key_data(key)).tolist())


def test_every_stream_of_every_member_is_another() -> None:
    streams = (keys.INITIALISATION, keys.NOISE, keys.DATA_ORDER)
    drawn = [bits(keys.member_key(s, n, t)) for s, n, t in itertools.product((0, 1), range(8), streams)]
    assert len(set(drawn)) == len(drawn)


def test_a_stream_does_not_depend_on_its_place_in_a_population() -> None:
    numbers = np.array([7, 3, 11], dtype=np.uint32)
    together = jax.vmap(lambda n: jax.random.normal(keys.member_key(5, n, keys.NOISE), (4,)))(numbers)
    alone = jax.random.normal(keys.member_key(5, 3, keys.NOISE), (4,))
    np.testing.assert_array_equal(together[1], alone)

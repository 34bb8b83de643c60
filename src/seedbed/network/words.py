"""Random words by place: the word at (row, column) depends on the key, the row and the column, on nothing else.

A padded array therefore holds the same numbers as the array without padding, in one call and for any padding:

    word(key, i, j) = threefry2x32(key, (2³¹ + j, ⌊i / 2⌋))[i mod 2]

`jax.random.bits` counts through the whole array instead, so its words move when a row becomes longer. A key folded for
each unit cures that too, but runs the generator twice. The generator gives two words a call, of which
`jax.random.bits` keeps one; and JAX's loop over the rounds keeps XLA on CPU from fusing them. Written out, three layers
of 64 members compile in 0.1 s instead of 1.4 s and draw four times as fast.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, UInt32

# `fold_in` counts from (0, 0), so with the top bit set our words are never those that a folded key is made of.
OURS = np.uint32(1 << 31)
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = np.uint32(0x1BD11BDA)


# Called outside a compiled program, it is one program and not a hundred operations.
@partial(jax.jit, static_argnames="n_rows", inline=True)
def random_words(
    key: Key[Array, ""], n_rows: int, columns: UInt32[Array, " *columns"]
) -> UInt32[Array, " rows *columns"]:
    """One random word for each row and each of `columns`, which holds the number of each column."""
    pairs = -(-n_rows // 2)
    shape = (pairs, *columns.shape)
    high = jnp.broadcast_to(columns | OURS, shape)
    low = jax.lax.broadcasted_iota(jnp.uint32, shape, 0)
    words = threefry2x32(jax.random.key_data(key), high, low)
    return jnp.stack(words, axis=1).reshape(2 * pairs, *columns.shape)[:n_rows]


def threefry2x32(key: UInt32[Array, " two"], high: Array, low: Array) -> tuple[Array, Array]:
    """The two words for each counter (high, low): 20 rounds, the key added after every four.

    The same numbers as `jax.random`. Source: Salmon, Moraes, Dror and Shaw 2011, Parallel random numbers: as easy as
    1, 2, 3, section 4.1.
    """
    keys = (key[0], key[1], key[0] ^ key[1] ^ PARITY)
    high, low = high + keys[0], low + keys[1]
    for block in range(5):
        for rotation in ROTATIONS[block % 2]:
            high = high + low
            low = high ^ (low << rotation | low >> 32 - rotation)
        high, low = high + keys[(block + 1) % 3], low + keys[(block + 2) % 3] + np.uint32(block + 1)
    return high, low


def columns(shape: tuple[int, ...]) -> UInt32[Array, " *shape"]:
    """The number of each column of an array whose last axis may be padded: the last axis counts slowest."""
    numbers = jnp.zeros(shape, jnp.uint32)
    stride = 1
    for axis, length in enumerate(shape):
        numbers += jax.lax.broadcasted_iota(jnp.uint32, shape, axis) * np.uint32(stride)
        stride *= length
    return numbers


def symmetric(words: UInt32[Array, " *shape"]) -> Float[Array, " *shape"]:
    """Numbers uniform in (-1, 1), without the ends and without 0: the odd multiples of 2⁻²³."""
    odd = (words >> 8 | np.uint32(1)).astype(jnp.int32) - (1 << 23)
    return odd.astype(jnp.float32) * np.float32(2.0**-23)


def halves(words: UInt32[Array, " rows *columns"]) -> UInt32[Array, " rows2 *columns"]:
    """Each word as two rows of numbers in [0, 2¹⁶)."""
    pair = jnp.stack([words >> 16, words & np.uint32(0xFFFF)], axis=1)
    return pair.reshape(-1, *words.shape[1:])

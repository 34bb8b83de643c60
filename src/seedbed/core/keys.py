"""Random keys: every stream of a member is folded from the seed, the member's number and the stream's own number.

So a member's weights, masks and data order do not depend on its place in a population or on the other members.
"""

from __future__ import annotations

import jax
from jaxtyping import Array, Key

INITIALISATION = 0
NOISE = 1
DATA_ORDER = 2
AUGMENTATION = 3


def member_key(seed: int | Array, number: int | Array, stream: int) -> Key[Array, ""]:
    """The key of one stream of one member."""
    return jax.random.fold_in(jax.random.fold_in(jax.random.key(seed), number), stream)

"""Augmentation: every batch is varied at random in training, on the device, each member with numbers of its own.

The steps come behind the preprocessing. Where an image is moved, its border is repeated outwards.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from seedbed.core.fields import number, word
from seedbed.core.value import Value

Images = Float[Array, "batch height width colour"]


class Augmentation(Value, family=True):
    """One way to vary examples. A new one is a subclass with `apply`, written for one member and a batch."""

    @property
    def needs_images(self) -> bool:
        """Whether examples have to be images, (height, width, colour)."""
        return True

    def apply(self, x: Float[Array, "batch *shape"], *, key: Key[Array, ""]) -> Float[Array, "batch *shape"]:
        """The batch, varied; each example by itself."""
        raise NotImplementedError


class Shift(Augmentation, kind="shift"):
    """Moved by a whole number of pixels, down and to the right, each drawn uniformly from -pixels to pixels."""

    pixels: float = number(2.0, low=0.0, doc="how far at most; rounded down")

    def apply(self, x: Images, *, key: Key[Array, ""]) -> Images:
        most = jnp.floor(jnp.asarray(self.pixels, jnp.float32))
        draws = jax.random.uniform(key, (2, x.shape[0]), jnp.float32, -1.0, 1.0)
        down, right = jnp.clip(jnp.floor((draws + 1) / 2 * (2 * most + 1)), 0, 2 * most) - most
        rows = jnp.clip(jnp.arange(x.shape[1]) - down[:, None], 0, x.shape[1] - 1).astype(jnp.int32)
        columns = jnp.clip(jnp.arange(x.shape[2]) - right[:, None], 0, x.shape[2] - 1).astype(jnp.int32)
        return x[jnp.arange(x.shape[0])[:, None, None], rows[:, :, None], columns[:, None, :]]


class Flip(Augmentation, kind="flip"):
    """Mirrored with probability `rate`."""

    rate: float = number(0.5, low=0.0, high=1.0, doc="the probability")
    direction: str = word("horizontal", options=("horizontal", "vertical"), doc="what changes sides")

    def apply(self, x: Images, *, key: Key[Array, ""]) -> Images:
        mirrored = jnp.flip(x, axis=2 if self.direction == "horizontal" else 1)
        is_mirrored = jax.random.uniform(key, (x.shape[0],), jnp.float32) < self.rate
        return jnp.where(is_mirrored[:, None, None, None], mirrored, x)


class Crop(Augmentation, kind="crop"):
    """A window at a random place, drawn as large as the image again by linear interpolation.

    The window's side is drawn uniformly from `share` of the image's to all of it; height and width shrink alike.
    """

    share: float = number(0.8, low=0.0, high=1.0, low_open=True, doc="the smallest side of the window")

    def apply(self, x: Images, *, key: Key[Array, ""]) -> Images:
        n, height, width, _ = x.shape
        draws = jax.random.uniform(key, (3, n), jnp.float32)
        side = self.share + (1 - self.share) * draws[0]
        rows = _between(side, draws[1], height)
        columns = _between(side, draws[2], width)
        return _sampled(_sampled(x, rows, 1), columns, 2).astype(x.dtype)


class Noise(Augmentation, kind="noise"):
    """Every number plus a normal deviate, in units of what the preprocessing gives."""

    deviation: float = number(0.1, low=0.0, doc="the standard deviation")

    @property
    def needs_images(self) -> bool:
        return False

    def apply(self, x: Float[Array, "batch *shape"], *, key: Key[Array, ""]) -> Float[Array, "batch *shape"]:
        return x + self.deviation * jax.random.normal(key, x.shape, x.dtype)


def augment(
    steps: tuple[Augmentation, ...],
    x: Float[Array, "batch *shape"],
    image_shape: tuple[int, ...] | None,
    *,
    key: Key[Array, ""],
) -> Float[Array, "batch *shape"]:
    """The batch behind all steps; images that come as vectors go as vectors."""
    shape = x.shape
    for i, step in enumerate(steps):
        if step.needs_images:
            assert image_shape is not None
            x = x.reshape(shape[0], *image_shape)
        x = step.apply(x, key=jax.random.fold_in(key, i)).reshape(shape)
    return x


def _between(side: Float[Array, "batch"], at: Float[Array, "batch"], n: int) -> Float[Array, "batch n"]:
    """For each of `n` pixels the place in the image that it shows, from 0 to n - 1."""
    first = at * (1 - side) * n
    return first[:, None] + (jnp.arange(n) + 0.5) * side[:, None] - 0.5


def _sampled(x: Images, places: Float[Array, "batch n"], axis: int) -> Images:
    """The images at places between their pixels along an axis."""
    n = x.shape[axis]
    places = jnp.clip(places, 0, n - 1)
    low = jnp.floor(places).astype(jnp.int32)
    high = jnp.minimum(low + 1, n - 1)
    shape = tuple(size if i in (0, axis) else 1 for i, size in enumerate(x.shape))
    share = (places - low).reshape(shape).astype(x.dtype)
    take = lambda at: jnp.take_along_axis(x, at.reshape(shape), axis=axis)  # noqa: E731
    return take(low) * (1 - share) + take(high) * share

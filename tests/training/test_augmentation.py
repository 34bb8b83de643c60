"""Augmentation: what each step does to an image, by NumPy and SciPy; that only training sees it, member by member."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

import seedbed as sb
from seedbed.training.augmentation import Augmentation, Crop, Flip, Noise, Shift, augment
from tests.training.populations import assert_close, trained

RNG = np.random.default_rng(3)
IMAGES = RNG.normal(size=(400, 5, 7, 2)).astype(np.float32)


def varied(step: Augmentation, x: NDArray[Any] = IMAGES, seed: int = 0) -> NDArray[Any]:
    return np.asarray(jax.jit(lambda x: step.apply(x, key=jax.random.key(seed)))(x))


@pytest.mark.parametrize("pixels", [0.0, 1.0, 2.9])
def test_a_shift_moves_by_whole_pixels_and_repeats_the_border(pixels: float) -> None:
    """Each image is one of the moved ones that NumPy makes, and each of these comes about equally often."""
    most = int(pixels)
    padded = np.pad(IMAGES, ((0, 0), (most, most), (most, most), (0, 0)), mode="edge")
    moves = [(down, right) for down in range(-most, most + 1) for right in range(-most, most + 1)]
    moved = np.stack([padded[:, most - d : most - d + 5, most - r : most - r + 7] for d, r in moves])
    same = (varied(Shift(pixels)) == moved).all(axis=(2, 3, 4))  # (move, image)
    assert (same.sum(axis=0) == 1).all()
    expected = len(IMAGES) / len(moves)
    assert (np.abs(same.sum(axis=1) - expected) <= 5 * np.sqrt(expected) * (len(moves) > 1)).all()


@pytest.mark.parametrize(("direction", "axis"), [("horizontal", 2), ("vertical", 1)])
def test_a_flip_mirrors_as_often_as_its_rate_says(direction: str, axis: int) -> None:
    done = varied(Flip(0.25, direction))
    is_mirrored = (done == np.flip(IMAGES, axis)).all(axis=(1, 2, 3))
    is_same = (done == IMAGES).all(axis=(1, 2, 3))
    assert (is_mirrored ^ is_same).all()
    assert abs(is_mirrored.mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / len(IMAGES))
    np.testing.assert_array_equal(varied(Flip(0.0)), IMAGES)


def test_a_crop_shows_a_window_by_linear_interpolation() -> None:
    """Against SciPy's `map_coordinates`, at the places that the same draws give."""
    draws = np.asarray(jax.random.uniform(jax.random.key(0), (3, len(IMAGES)), jnp.float32), np.float64)
    done = varied(Crop(0.5))
    for image, mine, (s, top, left) in zip(IMAGES[:50], done[:50], draws.T[:50], strict=True):
        side = 0.5 + 0.5 * s
        rows = top * (1 - side) * 5 + (np.arange(5) + 0.5) * side - 0.5
        columns = left * (1 - side) * 7 + (np.arange(7) + 0.5) * side - 0.5
        grid = np.meshgrid(rows, columns, indexing="ij")
        expected = [map_coordinates(image[..., c], grid, order=1, mode="nearest") for c in range(2)]
        np.testing.assert_allclose(mine, np.stack(expected, axis=-1), atol=2e-5)
    np.testing.assert_allclose(varied(Crop(1.0)), IMAGES, atol=1e-6)


def test_noise_has_its_deviation() -> None:
    added = varied(Noise(0.3)) - IMAGES
    assert added.std() == pytest.approx(0.3, rel=0.02)
    assert abs(added.mean()) < 0.3 * 5 / np.sqrt(added.size)
    np.testing.assert_array_equal(varied(Noise(0.0)), IMAGES)


def test_an_example_is_varied_by_itself_and_vectors_stay_vectors() -> None:
    steps = (Shift(1.0), Flip(), Crop(0.7), Noise(0.1))
    images = jnp.asarray(IMAGES)
    flat = images.reshape(400, 70)
    one = augment(steps, images, (5, 7, 2), key=jax.random.key(1))
    other = augment(steps, flat, (5, 7, 2), key=jax.random.key(1))
    np.testing.assert_array_equal(np.asarray(one).reshape(400, 70), other)
    changed = images.at[0].set(jnp.nan)
    three = np.asarray(augment(steps, changed, (5, 7, 2), key=jax.random.key(1)))
    np.testing.assert_array_equal(three[1:], np.asarray(one)[1:])


@pytest.fixture(scope="module")
def halves() -> sb.data.Dataset:
    """Sixty pictures of a bright left or right half."""
    labels = RNG.integers(0, 2, 60)
    pictures = RNG.normal(size=(60, 4, 4, 1)) * 0.3
    pictures[labels == 0, :, :2] += 1.0
    pictures[labels == 1, :, 2:] += 1.0
    return sb.data.load((pictures, labels), name="halves")


SETUP = sb.Setup(sb.Network.parse("linear out"), sb.CrossEntropy(), sb.SGD(0.1), batch_size=10, epochs=3)


def test_members_vary_with_numbers_of_their_own(halves: sb.data.Dataset) -> None:
    """Each trains as it does alone, and strength 0 is as nothing."""
    rates = [0.0, 0.2, 0.5]
    setups = [SETUP.replace(augmentation=(Noise(rate),)) for rate in rates]
    together = trained(setups, data=halves, plan=None)
    for number, setup in enumerate(setups):
        (alone,) = trained([setup], [number], halves, plan=None)
        assert_close(alone, together[number], 1e-4)
    (without,) = trained([SETUP], [0], halves, plan=None)
    assert_close(without, together[0], 1e-4)
    assert not np.allclose(together[1].history[:, 0], together[2].history[:, 0])


def test_training_alone_sees_what_is_varied() -> None:
    """All digits stand upside down in training, and upright in validation."""
    digits = sb.data.load("digits")
    setup = SETUP.replace(augmentation=(Flip(1.0, "vertical"),), epochs=6)
    (flipped,) = trained([setup], [0], digits, plan=None)
    (plain,) = trained([SETUP.replace(epochs=6)], [0], digits, plan=None)
    assert plain.history[-1, 3] > 0.9
    assert flipped.history[-1, 1] > 0.85, "it learns upside-down digits"
    assert flipped.history[-1, 3] < 0.7, "and is told by upright ones"


def test_images_are_asked_for() -> None:
    said = r"augmentation\[0\]: expected images to vary, got shift for examples of shape \(4,\)"
    with pytest.raises(sb.SetupError, match=said):
        sb.train(SETUP.replace(augmentation=(Shift(),)), "iris", members=1, out=None)


def test_it_is_drawn_and_written_like_the_rest() -> None:
    from seedbed.core import toml

    setup = SETUP.replace(augmentation=(Shift(sb.uniform(0.0, 3.0)), Flip(0.5, "vertical"), Crop(), Noise()))
    assert sb.same(toml.loads(toml.dumps(setup), sb.Setup), setup)
    drawn = [sb.draw(setup, seed=0, number=n).augmentation[0].pixels for n in range(3)]
    assert len(set(drawn)) == 3

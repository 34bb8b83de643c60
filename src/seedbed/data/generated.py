"""Generated data sets: two features, a few classes, a picture in the mind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.data.embedded import Entry
from seedbed.data.raw import Raw
from seedbed.data.split import check_seed

ROWS = 1000
Arrays = tuple[NDArray[np.float64], NDArray[np.int64]]


def generate(name: str, *, rows: int = ROWS, noise: float = 0.1, seed: int = 0) -> Arrays:
    """Points (rows, 2) and their class numbers (rows,).

    Arguments:
        name: one of `xor`, `blobs`, `circles`, `moons`, `spiral`.
        rows: how many points, shared out over the classes as evenly as they go.
        noise: standard deviation of the normal noise that is added to each coordinate.
        seed: the same seed gives the same points.

    Raises:
        UsageError: an argument is not sound.

    >>> x, y = generate("xor", rows=4, noise=0.0)
    >>> sorted((*point, label) for point, label in zip(x.tolist(), y.tolist()))
    [(0.0, 0.0, 0), (0.0, 1.0, 1), (1.0, 0.0, 1), (1.0, 1.0, 0)]
    """
    if name not in GENERATORS:
        raise UsageError(f"name: expected {one_of(GENERATORS)}, got {name!r}", nearest(str(name), GENERATORS))
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise UsageError(f"rows: expected a whole number of at least 1, got {rows!r}")
    if not 0 <= noise < np.inf:
        raise UsageError(f"noise: expected a finite number of at least 0, got {noise!r}")
    check_seed("seed", seed)
    rng = np.random.default_rng(seed)
    function, n_classes, _ = GENERATORS[name]
    y = np.arange(rows) * n_classes // rows  # as even as it goes, in order of class
    x = function(y, rng) + rng.normal(0.0, noise, (rows, 2))
    order = rng.permutation(rows)
    return x[order], y[order]


def _xor(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The corners of the unit square; the class is the exclusive or of the two coordinates."""
    first = np.arange(len(y)) % 2
    return np.stack([first, first ^ y], axis=1).astype(np.float64)


def _blobs(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Three normal clouds of deviation 0.4 (before noise) around the corners of a triangle of radius 1.5."""
    angle = 2 * np.pi * y / 3 + np.pi / 2
    centres = 1.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(centres + rng.normal(0.0, 0.4, centres.shape))


def _circles(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A circle of radius 1 and one of radius 0.5 inside it."""
    angle = 2 * np.pi * _progress(y, end=False)
    radius = np.where(y == 0, 1.0, 0.5)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _moons(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Two half circles that reach into one another."""
    angle = np.pi * _progress(y)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return np.where(y[:, None] == 0, upper, lower)


def _spiral(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Three arms, each from the centre to radius 1 in four radians, as in Stanford's CS231n notes."""
    progress = _progress(y)
    angle = 4.0 * (y + progress)
    return np.stack([progress * np.sin(angle), progress * np.cos(angle)], axis=1)


def _progress(y: NDArray[np.int64], *, end: bool = True) -> NDArray[np.float64]:
    """How far along its class each point lies, evenly from 0 to 1; without `end` the last stops short of 1."""
    counts = np.bincount(y)
    return np.concatenate([np.linspace(0.0, 1.0, n, endpoint=end) for n in counts])


Generator = Callable[[NDArray[np.int64], np.random.Generator], NDArray[np.float64]]
GENERATORS: dict[str, tuple[Generator, int, str]] = {
    "xor": (_xor, 2, "the corners of a square, opposite ones alike: no straight line parts them"),
    "blobs": (_blobs, 3, "three clouds that straight lines part"),
    "circles": (_circles, 2, "a ring around a ring"),
    "moons": (_moons, 2, "two half circles that reach into one another"),
    "spiral": (_spiral, 3, "three arms wound around one another"),
}


def _read(name: str) -> Raw:
    x, y = generate(name)
    return Raw(name, "generated", x, {"class": y}, ("x", "y"), task="classification")


def _entry(name: str, n_classes: int, description: str) -> Entry:
    licence, source = "none needed", "generated, seed 0, noise 0.1"
    return Entry(name, ROWS, 2, "classification", n_classes, licence, source, description, partial(_read, name))


GENERATED = {name: _entry(name, n_classes, text) for name, (_, n_classes, text) in GENERATORS.items()}

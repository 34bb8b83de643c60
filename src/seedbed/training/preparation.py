"""From a data set to the examples that a program reads: preprocessed, weighted, and on the devices."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from seedbed.core.errors import Fault, SetupError
from seedbed.core.plain import to_line
from seedbed.data.dataset import Dataset
from seedbed.data.preprocessor import Preprocessor
from seedbed.data.stream import StreamedPart
from seedbed.training import devices
from seedbed.training.feed import Feed, Held, Streamed, filled, rows_held
from seedbed.training.program import EVERYWHERE
from seedbed.training.setup import Setup
from seedbed.training.state import Blueprint, Examples, examples
from seedbed.training.weighting import example_weights


@dataclass(frozen=True)
class Preparation:
    """What is done to the examples of a data set for the members of a cohort."""

    setup: Setup
    data: Dataset
    preprocessor: Preprocessor

    def feed(self, blueprint: Blueprint, seed: int) -> Feed:
        """The examples as the program of a blueprint reads them."""
        sharding = jax.sharding.NamedSharding(devices.mesh(blueprint.n_devices), EVERYWHERE)
        place = lambda examples: jax.device_put(examples, sharding)  # noqa: E731
        part = self.data.valid
        x = self.preprocessor.x(part.x)
        valid = place(self._examples(blueprint, x, part.y, part.weight, fill=True))
        part = self.data.train
        if not isinstance(part, StreamedPart):
            train = self._examples(blueprint, self.preprocessor.x(part.x), part.y, part.weight)
            return Held(place(train), valid)
        assert blueprint.n_held is not None
        read = functools.partial(self._read, part, blueprint, seed, blueprint.n_held, place)
        return Streamed(valid, read, -(-len(part) // blueprint.n_held), self.setup.epochs)

    def _read(
        self, part: StreamedPart, b: Blueprint, seed: int, size: int, place: Any, epoch: int, number: int
    ) -> Iterator[Examples]:
        """The superbatches of an epoch from one of them on, all of one size."""
        whole = self._whole(b)
        for x, y, weight in part.superbatches(epoch, seed, size, number, self.preprocessor.x):
            given = self._examples(b, x, y, weight)
            weights = None if given.weight is None else filled(np.asarray(given.weight), size)
            rows = (filled(np.asarray(given.x), size), filled(np.asarray(given.y), size), weights)
            yield place(Examples(*rows, None, *whole))

    def _examples(self, b: Blueprint, x: Any, y: Any, weight: Any, *, fill: bool = False) -> Examples:
        x, y = x.reshape(len(x), *b.in_shape), np.asarray(y)
        self.setup.network.check_input(x)
        weights = example_weights(self.setup, self.data, y, weight)
        dtype = np.dtype(self.setup.storage)
        return examples(x, self.preprocessor.y(y), weights, task=self.data.task, dtype=dtype, fill=fill)

    def _whole(self, b: Blueprint) -> tuple[Any, Any, Any]:
        """Σ weight, the number of examples and the targets' variance of the whole training part, from its sample."""
        part = self.data.train
        sample = self._examples(b, np.zeros((len(part.y), *b.in_shape), np.float32), part.y, part.weight)
        share = len(part) / len(part.y)
        return np.asarray(sample.total * share, b.dtype), np.int32(len(part)), sample.variance


def n_held(setup: Setup, data: Dataset, in_shape: tuple[int, ...]) -> int | None:
    """How many training examples the devices hold at a time; None where they hold all.

    Raises:
        SetupError: each member is to have its own order of examples that are streamed.
    """
    if not data.is_streamed:
        return None
    if setup.data_order == "own":
        hint = "leave it away: streamed examples come in one fresh order for all members"
        raise SetupError([Fault(("data_order",), "'shared' for data that is streamed", "'own'", hint)])
    row_bytes = math.prod(in_shape) * np.dtype(setup.storage).itemsize
    return rows_held(row_bytes, len(data.train), min(setup.batch_size, len(data.train)))


def image_shape(setup: Setup, data: Dataset, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of an example as an image, (height, width, colour), where the setup varies images; else None.

    Raises:
        SetupError: it varies images, and the examples are none behind the preprocessing.
    """
    places = [i for i, step in enumerate(setup.augmentation) if step.needs_images]
    if not places:
        return None
    found = data.image_shape
    if found is None or math.prod(found) != math.prod(shape):
        came = f"{to_line(setup.augmentation[places[0]])} for examples of shape {shape}"
        hint = "leave it away; or leave away the preprocessing after which images are no images, such as pca"
        raise SetupError([Fault(("augmentation", places[0]), "images to vary", came, hint)])
    return found if len(found) == 3 else (*found, 1)

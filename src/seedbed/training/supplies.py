"""What trainings on the same data share: fitted preprocessing, and the examples on the devices."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import jax

from seedbed.data.dataset import Dataset
from seedbed.data.preprocessor import Preprocessor
from seedbed.training.cohorts import Group
from seedbed.training.feed import Feed
from seedbed.training.preparation import Preparation
from seedbed.training.setup import Setup
from seedbed.training.state import Blueprint


class Supplies:
    """Made when they are first asked for, and kept.

    Arguments:
        fitted: preprocessing to keep, where the steps are the same, in place of fitting it to the data.
    """

    def __init__(self, fitted: Sequence[Preprocessor] = ()) -> None:
        self._given = tuple(fitted)
        self._fitted: dict[Any, Preprocessor] = {}
        self._feeds: dict[Any, Feed] = {}
        self._lock = threading.Lock()

    def preprocessor(self, setup: Setup, data: Dataset) -> Preprocessor:
        """The steps of a setup, fitted to the training part, or as they were given."""
        steps = setup.preprocessing
        key = (id(data), steps, tuple(jax.tree.leaves(steps)))
        if key not in self._fitted:
            given = next((one for one in self._given if one.steps == steps), None)
            self._fitted[key] = given or Preprocessor.fit(steps, data)
        return self._fitted[key]

    def feed(self, members: Group, blueprint: Blueprint, seed: int) -> Feed:
        """The training and validation parts, preprocessed and on every device; the same for cohorts that agree."""
        setup = members.setup
        key = (
            id(members.data),
            *_preparation(setup),
            setup.network.n_categories,  # the examples are held against it
            blueprint.in_shape,
            blueprint.n_devices,
            blueprint.n_held,
            seed if blueprint.n_held is not None else None,
        )
        with self._lock:
            if key not in self._feeds:
                preparation = Preparation(setup, members.data, self.preprocessor(setup, members.data))
                self._feeds[key] = preparation.feed(blueprint, seed)
            return self._feeds[key]


def _preparation(setup: Setup) -> tuple[Any, ...]:
    """What of a setup decides the arrays that the program reads."""
    leaves = tuple(jax.tree.leaves(setup.preprocessing))
    return (setup.preprocessing, leaves, setup.class_weight, setup.storage)

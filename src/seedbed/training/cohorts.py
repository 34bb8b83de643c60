"""Cohorts: members whose setups have the same structure, and so can train as one program."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.draw import distributions, is_plain
from seedbed.core.errors import Fault, SetupError, ShapeError, UsageError
from seedbed.data.dataset import Dataset
from seedbed.network import Network
from seedbed.training.setup import Setup


@dataclass(frozen=True)
class Group:
    """The members of one cohort.

    Attributes:
        places: where they stand among all members.
        setup: the setup of the first of them, bound to the data; its structure is that of all.
        numbers: the leaves of all their setups, float64, every leaf with a member axis.
        data: what they learn from.
    """

    places: NDArray[np.int64]
    setup: Setup
    numbers: Any
    data: Dataset

    @property
    def structure(self) -> Any:
        """The structure that the members share."""
        return jax.tree.structure(self.setup)


def check_drawn(setup: Setup) -> Setup:
    """The setup itself.

    Raises:
        SetupError: a distribution still stands in it.
    """
    if not is_plain(setup):
        place, what = next(iter(distributions(setup).items()))
        raise SetupError([Fault((place,), "a value, drawn", repr(what), "draw(setup, seed=..., number=...) first")])
    return setup


def bind(setup: Setup, data: Dataset, shape: tuple[int, ...] | None = None) -> Setup:
    """The setup with as many outputs as the data and the loss ask for, in place of every "out".

    A network that takes images gets a layer that makes images of vectors, where the data says what they stand for.

    Arguments:
        shape: of an example behind the preprocessing; the data's own unless given.

    Raises:
        SetupError: a distribution still stands in it, or loss and task do not fit.
        ShapeError: the layers do not fit together or to the data.
    """
    check_drawn(setup)
    n_outputs = setup.loss.n_outputs(data.task, n_classes=data.n_classes, n_targets=data.n_targets)
    in_shape = data.shape if shape is None else shape
    network = setup.network.bind(n_outputs).for_images(data.image_shape, in_shape)
    with counted_as_in(setup.network, network):
        last = network.shapes(in_shape)[-1]
    if last != (n_outputs,):
        where = ("network", "layers", len(setup.network.layers) - 1)
        hint = "let the last linear layer have as many units as the data asks for: linear out"
        raise SetupError([Fault(where, f"{n_outputs} outputs for {data.name}", f"outputs of shape {last}", hint)])
    return setup.replace(network=network)


@contextlib.contextmanager
def counted_as_in(given: Network, bound: Network) -> Iterator[None]:
    """Inside, an error at a layer of a bound network counts as the given one does, without a layer put in front."""
    try:
        yield
    except (ShapeError, UsageError) as error:
        if n_more := len(bound.layers) - len(given.layers):
            match error.path:
                case ("network", "layers", int(place), *rest) if place >= n_more:
                    error.at(("network", "layers", place - n_more, *rest))
        raise


def group(setups: Sequence[Setup], data: Sequence[Dataset]) -> list[Group]:
    """The cohorts of bound setups, in the order in which their first members come.

    Preprocessing is fitted before training, so its numbers decide the cohort as its structure does; and so does the
    data set of each member, of which there are several where members learn from different folds.
    """
    places: dict[Any, list[int]] = {}
    for place, (setup, own) in enumerate(zip(setups, data, strict=True)):
        key = (jax.tree.structure(setup), tuple(jax.tree.leaves(setup.preprocessing)), id(own))
        places.setdefault(key, []).append(place)
    groups = []
    for members in places.values():
        stacked = jax.tree.map(lambda *leaves: np.asarray(leaves, np.float64), *(setups[m] for m in members))
        groups.append(Group(np.asarray(members), setups[members[0]], stacked, data[members[0]]))
    return groups

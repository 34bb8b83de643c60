"""From data and what training left to cases, which findings are made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.data.dataset import Dataset
from seedbed.data.preprocessor import Preprocessor
from seedbed.network.unrolling import in_a_row, pieces
from seedbed.training.cohorts import bind
from seedbed.training.setup import Setup
from seedbed.training.state import COLUMNS
from seedbed.training.trained import Trained
from seedbed.training.weighting import example_weights
from seedbed.watching.case import Case, Inputs, chance_of
from seedbed.watching.series import Series, series_of


def cases_of(
    trained: Trained,
    numbers: Sequence[int],
    data: Dataset,
    series: Callable[[int], Series | None] | None = None,
) -> list[Case]:
    """The cases of a cohort.

    Arguments:
        numbers: of all members of the training.
        series: the signals by the number of a member; None: what the training gave itself.
    """
    x, inputs, chance = _read(trained.setup, trained.preprocessor, data)
    in_shape = trained.setup.network.input_shape(x.shape[1:])
    nested = [{name: a.shape[1:] for name, a in own.items()} for own in trained.params]
    shapes = pieces(trained.setup.network, nested, copy=lambda shape, i: shape[1:])
    found = []
    for place, at in enumerate(trained.places):
        number = numbers[at]
        rows = trained.history[place]
        there = np.flatnonzero(~np.isnan(rows[:, -1]))
        own = _setup_of(trained, place)
        signals = _series(trained, place) if series is None else series(number)
        found.append(
            Case(
                setup=own,
                in_shape=in_shape,
                task=data.task,
                inputs=inputs,
                chance=chance,
                number=number,
                history={name: rows[there, c].astype(np.float64) for c, name in enumerate(COLUMNS)},
                outcome=trained.outcomes[place],
                best_epoch=int(trained.best_epoch[place]),
                series=signals,
                shapes=shapes,
                ended=int(trained.ended[place]),
                broken=int(trained.broken[place]),
            )
        )
    return found


def _setup_of(trained: Trained, place: int) -> Setup:
    """A member's own setup, bound to the data; the layers of chains and repeats in a row, as its signals have them."""
    setup: Setup = jax.tree.map(lambda leaf: float(leaf[place]), trained.numbers)
    return setup.replace(network=in_a_row(setup.network))


def _series(trained: Trained, place: int) -> Series | None:
    if not (isinstance(trained.seen, dict) and "looks" in trained.seen):
        return None
    return series_of(trained.setup.network, trained.params, trained.seen, place)


def case_before(setup: Setup, data: Dataset) -> Case:
    """The case of a setup that is still to be trained.

    Raises:
        SetupError, ShapeError: setup and data do not fit.
    """
    preprocessor = Preprocessor.fit(setup.preprocessing, data)
    bound = bind(setup, data, preprocessor.shape)
    x, inputs, chance = _read(bound, preprocessor, data)
    return Case(bound, bound.network.input_shape(x.shape[1:]), data.task, inputs, chance)


def _read(setup: Setup, preprocessor: Preprocessor, data: Dataset) -> tuple[NDArray[Any], Inputs, float]:
    """What a network reads of the training part, or of a sample of it; what is known of that; the loss of chance."""
    part = data.train
    x, y = preprocessor.x(part.x), preprocessor.y(np.asarray(part.y))
    n_outputs = setup.loss.n_outputs(data.task, n_classes=data.n_classes, n_targets=data.n_targets)
    inputs = Inputs.of(x, y, data.task, data.n_classes, n=len(part), are_images=data.image_shape is not None)
    weight = example_weights(setup, data, np.asarray(part.y), part.weight)
    return x, inputs, chance_of(setup.loss, y, n_outputs, weight)

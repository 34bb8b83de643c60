"""The sketch of a cohort's program: all that decides it but how it is laid out on this machine."""

from __future__ import annotations

import jax

from seedbed.data.dataset import Dataset
from seedbed.training.layout import STACKED
from seedbed.training.observe import Observe
from seedbed.training.preparation import image_shape, n_held
from seedbed.training.setup import Setup
from seedbed.training.state import Blueprint


def sketch_of(setup: Setup, data: Dataset, shape: tuple[int, ...], observe: Observe | None = None) -> Blueprint:
    """The blueprint for members of one structure, one of them on one device.

    Arguments:
        setup: of a member, bound.
        shape: of an example behind the preprocessing.
    """
    in_shape = setup.network.input_shape(shape)
    return Blueprint(
        jax.tree.structure(setup),
        in_shape,
        data.task,
        len(data.train),
        1,
        1,
        STACKED,
        observe,
        image_shape=image_shape(setup, data, shape),
        n_held=n_held(setup, data, in_shape),
    )

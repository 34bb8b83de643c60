"""Cohorts of a round: which of its trials train as one program."""

from __future__ import annotations

from collections.abc import Sequence

import jax

from seedbed.training.setup import Setup


def cohorts(setups: Sequence[Setup]) -> list[list[int]]:
    """The places of setups that have one structure, in the order of their first."""
    found: dict[object, list[int]] = {}
    for place, setup in enumerate(setups):
        found.setdefault(jax.tree.structure(setup), []).append(place)
    return list(found.values())

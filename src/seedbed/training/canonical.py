"""The canonical form of setups that differ in structure, and yet may train as one program.

Networks are padded (`network/padding.py`). An optional number of the optimizer, or the penalty, that some setups have
and some do not, gets in those the number that changes nothing, to the bit:

    momentum        0      direction g + 0 · v
    weight_decay    0      direction + 0 · w
    clip_norm       ∞      no norm is above it
    penalty         L1(0), L2(0)    slopes 0 · sign w, 0 · w

A setup as its user wrote it keeps None, which costs nothing; `canonical` fills only what another member has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax

from seedbed.network.alignment import Widths, padded
from seedbed.network.layer import Shape
from seedbed.network.penalties import L1, L2
from seedbed.training.optimizers import SGD, Optimizer, RMSProp
from seedbed.training.setup import Setup

NEUTRAL = {"weight_decay": 0.0, "clip_norm": math.inf}
NEUTRAL_MOMENTUM = (SGD, RMSProp)  # and of these the momentum 0


def canonical(setups: Sequence[Setup], in_shape: Shape, *, widths: Widths | None = None) -> list[Setup] | None:
    """Bound setups in forms of one structure, whose members learn what they learn alone; None where there are none.

    Setups that have one structure as they are stay so.

    Arguments:
        in_shape: of an example behind the preprocessing.
        widths: as for `padded`.
    """
    if len({tuple(jax.tree.leaves(setup.preprocessing)) for setup in setups}) > 1:
        return None  # fitted on the host, before there are members
    filled = _with_penalties(_with_numbers(setups))
    if filled is None or _is_one(filled):
        return filled
    first = filled[0].network
    if not _is_one([setup.replace(network=first) for setup in filled]):
        return None  # what else differs is no matter of the networks: spare the alignment
    networks = padded([setup.network for setup in filled], in_shape, widths=widths)
    if networks is None:
        return None
    return [setup.replace(network=network) for setup, network in zip(filled, networks, strict=True)]


def _is_one(setups: Sequence[Setup]) -> bool:
    return len({jax.tree.structure(setup) for setup in setups}) == 1


def _with_numbers(setups: Sequence[Setup]) -> list[Setup]:
    """With the numbers that some of the optimizers have, and others do not."""
    given = {
        name for setup in setups for name in _neutral(setup.optimizer) if getattr(setup.optimizer, name) is not None
    }
    return [setup.replace(optimizer=_filled(setup.optimizer, given)) for setup in setups]


def _filled(optimizer: Optimizer, given: set[str]) -> Optimizer:
    missing = {
        name: number
        for name, number in _neutral(optimizer).items()
        if name in given and getattr(optimizer, name) is None
    }
    return optimizer.replace(**missing) if missing else optimizer


def _neutral(optimizer: Optimizer) -> dict[str, float]:
    """The optional numbers of an optimizer, with those that change nothing."""
    return NEUTRAL | ({"momentum": 0.0} if type(optimizer) in NEUTRAL_MOMENTUM else {})


def _with_penalties(setups: Sequence[Setup]) -> list[Setup] | None:
    """With the penalty that some of them have; None where there are several kinds, or one whose 0 is not known."""
    kinds = {type(setup.penalty) for setup in setups if setup.penalty is not None}
    if not kinds or all(setup.penalty is not None for setup in setups):
        return list(setups)
    none = next((kind(0.0) for kind in (L1, L2) if kinds == {kind}), None)
    return None if none is None else [s if s.penalty is not None else s.replace(penalty=none) for s in setups]

"""The best plan for a cohort: from its sizes, or where training will be long, measured; and remembered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from seedbed.core.cache import cache_folder
from seedbed.training import devices
from seedbed.training.feed import Feed
from seedbed.training.layout import LANES, STACKED, WIDE
from seedbed.training.plan import Plan, even, guess
from seedbed.training.program import build
from seedbed.training.state import Blueprint
from seedbed.training.waves import Cohort

# A shorter training does not pay for the measurement, whose four programs have to be compiled. 16 members of
# 256-128-128-128-1 on 11,000 rows: 22 CPU seconds to measure, 38 to train, 2 of them saved.
WORTH_SECONDS = 200.0
ASSUMED_FLOPS = 30e9  # per second and device
TRIAL_SECONDS = 0.3

Feeds = Callable[[int], Feed]


def best_plan(sketch: Blueprint, setups: Any, params: Any, feeds: Feeds) -> Plan:
    """The plan for a cohort.

    Arguments:
        sketch: its blueprint; devices, chunk and layout in it do not matter.
        setups: the numbers of its members' setups, every leaf with a member axis.
        params: the shapes of the weights of one member.
        feeds: the examples on so many devices.
    """
    n_members = len(jax.tree.leaves(setups)[0])
    guessed = guess_for(sketch, n_members, params)
    if sketch.setup.augmentation or not devices.is_cpu():
        return guessed
    path = cache_folder() / "plans" / f"{_name(sketch)}.json"
    if (known := _read(path)) is not None:
        return even(n_members, guessed.n_devices, known.chunk, known.layout)
    if _seconds(sketch, n_members, guessed.n_devices) < WORTH_SECONDS:
        return guessed
    candidates = _candidates(guessed, n_members)
    speeds = {plan: _measured(replace(sketch, **plan.to_dict()), setups, feeds) for plan in candidates}
    best = min(speeds, key=lambda plan: speeds[plan])
    _write(path, best)
    return even(n_members, best.n_devices, best.chunk, best.layout)


def guess_for(sketch: Blueprint, n_members: int, params: Any) -> Plan:
    """The plan that the sizes alone ask for; arguments as in `best_plan`."""
    row = sum(math.prod(shape) for shape in sketch.setup.network.shapes(sketch.in_shape)) * sketch.dtype.itemsize
    guessed = guess(
        n_members,
        params,
        sketch.batch_size,
        shares_order=sketch.setup.data_order == "shared",
        has_windows=sketch.setup.network.has_windows,
        row_bytes=row,
    )
    # Random moves are no work for lanes, and leave no batch that all members share.
    return replace(guessed, layout=STACKED) if sketch.setup.augmentation else guessed


def _candidates(guessed: Plan, n_members: int) -> list[Plan]:
    """The guess, half and twice its chunk, and another layout."""
    most = -(-n_members // guessed.n_devices)
    chunks = [guessed.chunk, max(1, guessed.chunk // 2), min(most, guessed.chunk * 2)]
    tried = [replace(guessed, chunk=chunk) for chunk in chunks]
    if guessed.chunk > 1:  # a member alone has no member axis to place
        layouts = {LANES: STACKED, WIDE: STACKED, STACKED: WIDE}
        tried.append(replace(guessed, layout=layouts[guessed.layout]))
    return list(dict.fromkeys(tried))


def _measured(blueprint: Blueprint, setups: Any, feeds: Feeds) -> float:
    """Seconds for a step of one member, over a short trial with the first members."""
    members = np.resize(np.arange(len(jax.tree.leaves(setups)[0])), blueprint.wave)
    leaves = jax.tree.map(lambda leaf: leaf[members].astype(blueprint.dtype), setups)
    cohort = Cohort(build(blueprint), leaves, members.astype(np.int32), feeds(blueprint.n_devices), seed=0)
    return cohort.seconds_per_step(TRIAL_SECONDS)


def _seconds(sketch: Blueprint, n_members: int, n_devices: int) -> float:
    """About how long the whole training will take."""
    flops = 3 * sketch.setup.network.flops(sketch.in_shape) * sketch.n_train * sketch.setup.epochs * n_members
    return flops / (ASSUMED_FLOPS * n_devices)


def _name(sketch: Blueprint) -> str:
    """What a measurement holds for: this machine, this structure, these sizes; not the numbers, not the length."""
    setup = sketch.setup
    structure = str(jax.tree.structure((setup.network, setup.optimizer, setup.loss)))
    what = (devices.machine(), structure, setup.data_order)
    sizes = (sketch.in_shape, sketch.batch_size, setup.precision)
    return hashlib.sha256(repr((what, sizes)).encode()).hexdigest()[:24]


def _read(path: Path) -> Plan | None:
    try:
        return Plan(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None  # not there, or from another version


def _write(path: Path, plan: Plan) -> None:
    partial = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):  # then it is measured again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(plan.to_dict()))
        partial.replace(path)

"""What is asked of a search, checked before anything is begun."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seedbed.core import toml
from seedbed.core.distributions import Distribution
from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.data.dataset import Dataset
from seedbed.recipe.given import a_setup, whole
from seedbed.recipe.searching.budget import seconds_of
from seedbed.recipe.searching.space import propose_space
from seedbed.searching.cohorts import cohorts
from seedbed.searching.config import Config
from seedbed.searching.costs import Costs
from seedbed.searching.methods import LARGEST_GRID, METHODS, checked_grid
from seedbed.searching.rungs import rungs_of
from seedbed.searching.space import Space
from seedbed.training.cohorts import bind
from seedbed.training.setup import Setup
from seedbed.training.supplies import Supplies

METHOD = "coarse-to-fine"
TRIALS = 128  # unless trials or a budget are given
SMALLEST_ROUND, LARGEST_ROUND, PROBED = 8, 512, 32  # trials, where the clock is the budget
LONGEST_NAME = 512  # characters, for Optuna


def configured(
    space: Setup | None,
    data: Dataset,
    *,
    trials: int | None,
    budget: str | float | None,
    method: str,
    seed: int,
    folds: int | None,
    epochs: int | None,
    halving: bool | None,
    steps: int | None,
    rungs: Sequence[int] | None,
) -> Config:
    """What a search is to do, checked.

    Raises:
        UsageError: an argument is not sound.
    """
    halves, compared, n_steps = _halves(method, halving), compared_at(rungs, method, halving), _steps(method, steps)
    last = epochs if compared is None else compared[-1]
    if epochs is not None and epochs != last:
        raise UsageError(f"epochs: expected {last}, as the last of the rungs, got {epochs}", "leave them away")
    setup = _lasting(propose_space(data) if space is None else a_setup(space, "search"), last)
    config = Config(
        space=toml.dumps(setup),
        data=data.name,
        fingerprint=data.fingerprint,
        task=data.task,
        source=data.origin,
        method=method,
        trials=_trials(Space(setup), trials, budget, method, n_steps),
        seconds=None if budget is None else seconds_of(budget),
        epochs=setup.epochs,
        seed=whole("seed", seed, least=0),
        folds=None if folds is None else whole("folds", folds, least=2),
        halves=halves or compared is not None,
        steps=n_steps,
        costs=Costs.known().factors,
        rungs=compared,
    )
    return config if config.seconds is None else replace(config, open_round=_open_round(config, data))


def named(name: Any) -> str:
    """The name of a study.

    Raises:
        UsageError: it is no text, or empty or too long.
    """
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise UsageError(f"name: expected 1 to {LONGEST_NAME} characters, got {name!r}", "such as name='first'")
    return name


def _halves(method: Any, halving: Any) -> bool:
    """Whether trials that fall behind are given up."""
    if method not in METHODS:
        raise UsageError(f"method: expected {one_of(METHODS)}, got {method!r}", nearest(str(method), METHODS))
    if halving is not None and not isinstance(halving, bool):
        raise UsageError(f"halving: expected True, False or None, got {halving!r}")
    if halving is False and method in ("halving", "hyperband"):
        hint = "--method random draws the same and trains every trial to the end"
        raise UsageError(f"halving: expected it with method {method}, which is made of it, got none", hint)
    return METHODS[method][1] if halving is None else halving


def compared_at(rungs: Any, method: str, halving: bool | None) -> tuple[int, ...] | None:
    """The epochs at which trials are compared, where they are given.

    Raises:
        UsageError: they are none, or do not go with the method.
    """
    if rungs is None:
        return None
    if halving is False or method == "hyperband":
        came = "no halving" if halving is False else "method hyperband, which has its own"
        raise UsageError(f"rungs: expected a method that gives up trials at them, got {came}")
    if isinstance(rungs, str) or not isinstance(rungs, Sequence) or not rungs:
        raise UsageError(f"rungs: expected epochs such as (2, 6, 20), got {rungs!r}")
    found = tuple(whole("rungs", epoch, least=1) for epoch in rungs)
    if any(b <= a for a, b in itertools.pairwise(found)):
        raise UsageError(f"rungs: expected epochs in rising order, got {found}", "such as (2, 6, 20)")
    return found


def _lasting(setup: Setup, epochs: int | None) -> Setup:
    """The setup with its own or the given number of epochs."""
    if epochs is None and isinstance(setup.epochs, Distribution):
        hint = "trials are compared after the same epochs; patience may be drawn"
        raise UsageError(f"epochs: expected a whole number in a space, got {setup.epochs!r}", hint)
    return setup if epochs is None else setup.replace(epochs=whole("epochs", epochs, least=1))


def _steps(method: str, steps: int | None) -> int | None:
    """Into how many values a grid cuts a range."""
    if steps is None:
        return None
    if method != "grid":
        hint = "leave them away, or take method='grid' (--method grid)"
        raise UsageError(f"steps: expected them with a grid alone, got method {method}", hint)
    if (n := whole("steps", steps, least=2)) > LARGEST_GRID:
        raise UsageError(f"steps: expected at most {LARGEST_GRID:,}, got {n:,}")
    return n


def _trials(space: Space, trials: int | None, budget: Any, method: str, steps: int | None) -> int | None:
    """How many trials there are; None where the clock is the budget."""
    if trials is not None and budget is not None:
        raise UsageError("budget: expected trials or a budget, got both", "leave one of them away")
    n = None if trials is None else whole("trials", trials, least=1)
    if n is not None and n > LARGEST_GRID:
        raise UsageError(f"trials: expected at most {LARGEST_GRID:,}, got {n:,}")
    if method == "grid":
        size = checked_grid(space, steps)
        return size if n is None else min(n, size)
    return TRIALS if n is None and budget is None else n


def _open_round(config: Config, data: Dataset) -> int:
    """How many trials a round has where the clock is the budget: as many as take about an eighth of it."""
    assert config.seconds is not None
    space, supplies = config.to_space(), Supplies()
    setups = [
        space.setup_at(space.sampled(seed=config.seed, number=n)).replace(epochs=config.epochs) for n in range(PROBED)
    ]
    bound = [bind(one, data, supplies.preprocessor(one, data).shape) for one in setups]
    halved = config.rungs or rungs_of(config.epochs, LARGEST_ROUND)
    rungs, costs = halved if config.halves else (config.epochs,), Costs(*config.costs)
    groups = cohorts(bound, data, supplies, rungs=rungs, n_folds=config.folds or 1, costs=costs)
    each = sum(one.trial_seconds * len(one.places) for one in groups) / PROBED
    if (needed := SMALLEST_ROUND * each) > config.seconds:
        hint = "a larger budget, fewer epochs or smaller networks let rounds follow one another"
        warnings.warn(f"budget: {SMALLEST_ROUND} trials take about {needed:.0f} s here: {hint}", stacklevel=4)
    return int(min(LARGEST_ROUND, max(SMALLEST_ROUND, 2 ** int(np.log2(config.seconds / 8 / each)))))

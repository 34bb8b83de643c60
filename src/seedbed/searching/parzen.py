"""Optuna's sampler for a round: told what is known, asked for all its points at once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from seedbed.core.distributions import Choice, Integers, LogUniform, Uniform
from seedbed.searching.space import Dimension, Point, Space
from seedbed.searching.trial import DIVERGED, Trial

optuna.logging.set_verbosity(optuna.logging.WARNING)  # it would say of each study that it was made


def as_optuna(dimension: Dimension) -> BaseDistribution:
    """The dimension as Optuna describes it: options by their labels."""
    d = dimension.distribution
    if isinstance(d, Choice):
        return CategoricalDistribution(dimension.labels)
    if isinstance(d, Integers):
        return IntDistribution(d.low, d.high, log=d.log)
    assert isinstance(d, Uniform | LogUniform)
    return FloatDistribution(d.low, d.high, log=isinstance(d, LogUniform))


def ask(space: Space, trials: Sequence[Trial], n: int, *, seed: int) -> list[Point]:
    """Points that promise most after these trials; each is chosen as if those before it had already been bad."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # multivariate and group are called experimental
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    known = {dimension.name: as_optuna(dimension) for dimension in space.dimensions}
    worst = min((t.score for t in trials if t.score is not None), default=0.0)
    for trial in trials:
        params = {name: value for name, value in trial.point.items() if name in known}
        if trial.score is not None or trial.state == DIVERGED:
            value = worst if trial.score is None or trial.state == DIVERGED else trial.score
            own: dict[str, Any] = {name: known[name] for name in params}
            study.add_trial(create_trial(state=TrialState.COMPLETE, params=params, distributions=own, value=value))
    return [space_point(study.ask(), space, known) for _ in range(n)]


def space_point(trial: optuna.Trial, space: Space, known: dict[str, BaseDistribution]) -> Point:
    """What a trial of Optuna suggests, dimension by dimension as they are there."""
    point: Point = {}
    for dimension in space.dimensions:
        if dimension.is_in(point):
            point[dimension.name] = trial._suggest(dimension.name, known[dimension.name])
    return point

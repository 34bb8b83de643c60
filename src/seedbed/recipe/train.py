"""`train`: the recipe from data to result, as one function."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seedbed.core.draw import draw
from seedbed.core.errors import UsageError
from seedbed.data.dataset import Dataset
from seedbed.data.loading import load
from seedbed.recipe import folder as folders
from seedbed.recipe import steps
from seedbed.recipe.environment import environment
from seedbed.recipe.member import Member, predict_encoded
from seedbed.recipe.results import Metrics, metrics, select
from seedbed.recipe.run import ENSEMBLE_SIZE, Held, Run, best_of, candidates, members_of
from seedbed.recipe.wrong import most_wrong_of
from seedbed.reporting.evidence import Step
from seedbed.training.observe import Observe
from seedbed.training.plan import Plan
from seedbed.training.selftest import check_back_end
from seedbed.training.setup import Setup
from seedbed.training.trainer import Progress, Training

AUTO = "auto"
MEMBERS = 32


def train(
    setup: Setup,
    data: Any,
    *,
    members: int | Sequence[int] = MEMBERS,
    epochs: int | None = None,
    seed: int = 0,
    out: str | Path | None = AUTO,
    start: Run | Member | None = None,
    plan: Sequence[Plan] | None = None,
    observe: Observe | None = None,
    on_step: Callable[[Step], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """A trained population: each member draws its own setup, all train side by side, and the result is scored once.

    Arguments:
        setup: the setup, or a space of setups: a distribution in it is drawn by each member for itself.
        data: a data set, or what `seedbed.data.load` takes.
        members: how many, numbered from 0; or their numbers: `[3]` is member 3 alone, the same as among others.
        epochs: in place of the setup's.
        seed: decides draws, first weights, noise and the order of the data; not the split.
        out: the run's folder, "auto" for `runs/<data>-<date>-<time>`, None to keep nothing on disk.
        start: a run or a member whose weights to begin with; a run's by the members' numbers.
        plan: the plans of another run on this machine, to repeat it to the bit.
        observe: looks inside the program, see `seedbed.training.observe`.
        on_step: is given each step of the recipe with its evidence as it is done.
        on_progress: is called between device calls.

    Raises:
        SetupError, ShapeError, DataError, UsageError: setup, data or an argument is not sound; nothing is written.
        RunError: the folder is in the way, or every member diverged.
        BackendError: the installed back end computes wrong numbers.
    """
    numbers, seed = member_numbers(members), _whole("seed", seed, least=0)
    if not isinstance(setup, Setup):
        hint = "build one with sb.Setup(...), or let sb.propose(data) do it"
        raise UsageError(f"train: expected a Setup, got {setup!r}", hint)
    if epochs is not None:
        setup = setup.replace(epochs=_whole("epochs", epochs, least=1))
    began = time.perf_counter()
    dataset = data if isinstance(data, Dataset) else load(data)
    target = folders.reserve(out, dataset.name)
    check_back_end()
    told: list[Step] = []

    def tell(step: Step) -> None:
        told.append(step)
        if on_step is not None:
            on_step(step)

    tell(steps.data(dataset))
    tell(steps.preprocess(setup, dataset))
    setups = [draw(setup, seed=seed, number=number) for number in numbers]
    training = Training(
        setups, numbers, dataset, seed, plan, observe, _first_weights(start, numbers), on_progress
    )
    tell(steps.network(setup, training.bound[0], dataset))
    training.run()
    if training.is_interrupted and not training.results:
        raise KeyboardInterrupt
    trained_members = members_of(training.results, numbers, setups, dataset.encoder)
    tell(steps.train(training, trained_members))
    held, results = judge(trained_members, dataset)
    chosen = {number: held.ensemble.count(number) for number in held.ensemble}
    tell(steps.result(results, dataset, chosen, best_of(trained_members)))
    run = Run(
        name=target.name if target else dataset.name,
        folder=target,
        setup=setup,
        data=dataset.describe(),
        encoder=dataset.encoder,
        seed=seed,
        members=trained_members,
        trained=tuple(training.results),
        held=held,
        results=results,
        steps=tuple(told),
        environment=environment(),
        wall_seconds=time.perf_counter() - began,
        is_interrupted=training.is_interrupted,
    )
    if target is not None:
        folders.save(run, target)
    return run


def judge(members: Sequence[Member], data: Dataset) -> tuple[Held, dict[str, dict[str, Metrics]]]:
    """The result: best member and ensemble, chosen on the validation part, scored once on the test part."""
    task, best = data.task, best_of(members)
    chosen = candidates(members)
    if best not in chosen:
        chosen[-1] = best
    valid = predict_encoded(chosen, data.valid.x)
    picked = select(task, data.valid.y, valid, ENSEMBLE_SIZE)
    unlike = sorted(set(picked))
    counts = [picked.count(c) for c in unlike]
    test = predict_encoded([best, *(chosen[c] for c in unlike)], data.test.x)
    test_best, test_ensemble = test[0], np.average(test[1:], axis=0, weights=counts)
    valid_ensemble = np.average(valid[unlike], axis=0, weights=counts)
    results = {
        "validation": {
            "best": metrics(task, data.valid.y, valid[chosen.index(best)]),
            "ensemble": metrics(task, data.valid.y, valid_ensemble),
        },
        "test": {
            "best": metrics(task, data.test.y, test_best),
            "ensemble": metrics(task, data.test.y, test_ensemble),
        },
    }
    held = Held(
        valid_y=data.valid.y,
        valid_predictions=valid,
        ensemble=tuple(chosen[c].number for c in picked),
        candidates=tuple(member.number for member in chosen),
        test_y=data.test.y,
        test_best=test_best,
        test_ensemble=test_ensemble,
        **most_wrong_of(data, test_ensemble),
    )
    return held, results


def member_numbers(members: int | Sequence[int]) -> list[int]:
    """The numbers of the members that are asked for.

    Raises:
        UsageError: there are none, or a number is negative or comes twice.
    """
    if isinstance(members, int | np.integer) and not isinstance(members, bool):
        return list(range(_whole("members", int(members), least=1)))
    if isinstance(members, str | bool) or not isinstance(members, Sequence) or not members:
        hint = "give a count, members=16, or their numbers, members=[3]"
        raise UsageError(f"members: expected a count or a list of numbers, got {members!r}", hint)
    numbers = [_whole("members", number, least=0) for number in members]
    if len(set(numbers)) < len(numbers):
        raise UsageError(f"members: expected different numbers, got {list(members)!r}")
    return numbers


def _whole(name: str, given: Any, *, least: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not least <= given < 2**31:
        raise UsageError(f"{name}: expected a whole number of at least {least}, got {given!r}")
    return int(given)


def _first_weights(start: Run | Member | None, numbers: Sequence[int]) -> list[Any] | None:
    """For each member the weights to begin with."""
    if start is None:
        return None
    if isinstance(start, Member):
        return [start.params] * len(numbers)
    if not isinstance(start, Run):
        raise UsageError(f"start: expected a run or a member of one, got {start!r}", "such as start=run.best")
    there = {member.number: member for member in start.members}
    if missing := [number for number in numbers if number not in there]:
        hint = "start=run.best begins all members with the same weights"
        raise UsageError(f"start: expected a run with members {numbers}, but it has no {missing}", hint)
    return [there[number].params for number in numbers]


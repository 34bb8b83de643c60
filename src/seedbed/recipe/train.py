"""`train`: the recipe from data to result, as one function."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.draw import draw
from seedbed.core.errors import UsageError
from seedbed.data.loading import load
from seedbed.recipe import folder as folders
from seedbed.recipe import steps
from seedbed.recipe.defaults import AUTO, MEMBERS
from seedbed.recipe.environment import environment
from seedbed.recipe.judge import judge
from seedbed.recipe.member import Member
from seedbed.recipe.progress import showing
from seedbed.recipe.report import write
from seedbed.recipe.run import Run, best_of, members_of
from seedbed.recipe.start import first_weights
from seedbed.reporting.evidence import Step
from seedbed.training.observe import Observe
from seedbed.training.plan import Plan
from seedbed.training.scopes import ctrl_c
from seedbed.training.selftest import check_back_end
from seedbed.training.setup import Setup
from seedbed.training.trainer import Progress, Training

MOST = 2**31 - 1  # of a seed or a number that JAX folds into a key


def train(
    setup: Setup,
    data: Any,
    *,
    members: int | Sequence[int] | NDArray[np.integer] = MEMBERS,
    epochs: int | None = None,
    seed: int = 0,
    out: str | Path | None = AUTO,
    start: Run | Member | None = None,
    plan: Run | Sequence[Plan] | None = None,
    observe: Observe | None = None,
    progress: bool | None = None,
    on_step: Callable[[Step], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """A trained population: each member draws its own setup, all train side by side, and the result is scored once.

    Ctrl-C ends the training and keeps the best so far; before the first epoch is over it ends everything. A run that
    is on disk stays there, whatever becomes of its report: a warning says so.

    Arguments:
        setup: the setup, or a space of setups: a distribution in it is drawn by each member for itself.
        data: a data set, or what `seedbed.data.load` takes.
        members: how many, numbered from 0; or their numbers: `[3]` is member 3 alone, the same as among others.
        epochs: in place of the setup's.
        seed: decides draws, first weights, noise and the order of the data; not the split.
        out: the run's folder, "auto" for `runs/<data>-<date>-<time>`, None to keep nothing on disk.
        start: a run or a member whose weights to begin with; a run's by the members' numbers.
        plan: a run on this machine to repeat to the bit, or its plans, one for each cohort.
        observe: looks inside the program, see `seedbed.training.observe`.
        progress: whether to show how far it is; None shows it in a notebook only.
        on_step: is given each step of the recipe with its evidence as it is done.
        on_progress: is called between device calls.

    Raises:
        SetupError, ShapeError, DataError, UsageError: setup, data or an argument is not sound; nothing is written.
        RunError: the folder is in the way.
        TrainingError: every member diverged, or the run cannot be written.
        BackendError: the installed back end computes wrong numbers.
    """
    numbers, seed, setup = member_numbers(members), _whole("seed", seed, least=0), _lasting(setup, epochs)
    began = time.perf_counter()
    dataset = load(data)
    target = folders.reserve(out, dataset.name)
    setups = [draw(setup, seed=seed, number=number) for number in numbers]
    training = Training(setups, numbers, dataset, seed, plan.plans if isinstance(plan, Run) else plan, observe)
    training.start = first_weights(start, numbers, training)
    check_back_end()
    told: list[Step] = []
    tell = _teller(told, on_step)
    tell(steps.data(dataset))
    tell(steps.preprocess(setup, dataset))
    tell(steps.network(setup, training))
    with ctrl_c() as interrupted:  # until the run is safe
        with showing(progress, on_progress) as training.on_progress:
            training.run()
        population = _population(training, setups)
        tell(steps.train(training, population))
        held, results = judge(population, dataset)
        tell(steps.result(results, dataset, held, best_of(population)))
        run = Run(
            name=target.name if target else dataset.name,
            folder=target,
            setup=setup,
            data=dataset.describe(),
            encoder=dataset.encoder,
            seed=seed,
            members=population,
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
    _report(run, is_wanted=not interrupted())
    return run


def _teller(told: list[Step], on_step: Callable[[Step], None] | None) -> Callable[[Step], None]:
    """What is called with each step: it keeps them, and passes them on."""

    def tell(step: Step) -> None:
        told.append(step)
        if on_step is not None:
            on_step(step)

    return tell


def _population(training: Training, setups: Sequence[Setup]) -> tuple[Member, ...]:
    """The members that trained.

    Raises:
        KeyboardInterrupt: the user ended the training before there was anything to keep.
    """
    population = members_of(training.results, training.numbers, setups, training.data.encoder)
    if training.is_interrupted and not any(member.is_sound for member in population):
        raise KeyboardInterrupt
    return population


def _report(run: Run, *, is_wanted: bool) -> None:
    """Writes the report of a run that is safe; a page that cannot be drawn must not cost the training."""
    if run.folder is None:
        return
    try:
        if not is_wanted:
            raise KeyboardInterrupt
        write(run)
    except KeyboardInterrupt:
        trouble = "interrupted before the report was there"
    except Exception as error:  # whatever it is, the run is worth more
        trouble = f"the report could not be written ({type(error).__name__}: {error})"
    else:
        return
    warnings.warn(f"{trouble}; the run is in {run.folder}, and `seedbed report` writes it", stacklevel=3)


def member_numbers(members: int | Sequence[int] | NDArray[np.integer]) -> list[int]:
    """The numbers of the members that are asked for.

    Raises:
        UsageError: there are none, or a number is negative or comes twice.
    """
    if isinstance(members, int | np.integer) and not isinstance(members, bool):
        return list(range(_whole("members", int(members), least=1)))
    if isinstance(members, np.ndarray) and members.ndim == 1:
        members = members.tolist()
    if isinstance(members, str | bool) or not isinstance(members, Sequence) or not members:
        hint = "give a count, members=16, or their numbers, members=[3]"
        raise UsageError(f"members: expected a count or a list of numbers, got {members!r}", hint)
    numbers = [_whole("members", number, least=0) for number in members]
    if len(set(numbers)) < len(numbers):
        raise UsageError(f"members: expected different numbers, got {list(members)!r}")
    return numbers


def _whole(name: str, given: Any, *, least: int) -> int:
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not least <= given <= MOST:
        bounds = f"from {least} to {MOST:,}" if isinstance(given, int) and given > MOST else f"of at least {least}"
        raise UsageError(f"{name}: expected a whole number {bounds}, got {given!r}")
    return int(given)


def _lasting(setup: Any, epochs: int | None) -> Setup:
    """The setup with its own or the given number of epochs."""
    if not isinstance(setup, Setup):
        hint = "build one with sb.Setup(...), or let sb.propose(data) do it"
        raise UsageError(f"train: expected a Setup, got {setup!r}", hint)
    return setup if epochs is None else setup.replace(epochs=_whole("epochs", epochs, least=1))

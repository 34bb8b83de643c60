"""`train`: the recipe from data to result, as one function."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import UsageError
from seedbed.data.loading import load
from seedbed.recipe import folder as folders
from seedbed.recipe import job as jobs
from seedbed.recipe.defaults import AUTO, CHECKPOINT_SECONDS
from seedbed.recipe.given import a_setup, whole
from seedbed.recipe.member import Member
from seedbed.recipe.propose import propose_members
from seedbed.recipe.run import Run
from seedbed.recipe.start import first_weights
from seedbed.recipe.work import Show, Work
from seedbed.reporting.evidence import Step
from seedbed.training.interventions import Intervention, interventions_of
from seedbed.training.observe import Observe
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.training.trainer import Progress
from seedbed.watching.levels import ECONOMY
from seedbed.watching.signals import Watch, watch_of


def train(
    setup: Setup,
    data: Any,
    *,
    members: int | Sequence[int] | NDArray[np.integer] | None = None,
    epochs: int | None = None,
    seed: int = 0,
    folds: int | None = None,
    out: str | Path | None = AUTO,
    start: Run | Member | None = None,
    plan: Run | Sequence[Plan] | None = None,
    watch: str | Watch = ECONOMY,
    interventions: Mapping[int, Mapping[str, float]] | Sequence[Intervention] = (),
    observe: Observe | None = None,
    checkpoint_every: float = CHECKPOINT_SECONDS,
    progress: bool | None = None,
    on_step: Callable[[Step], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Run:
    """A trained population: each member draws its own setup, all train side by side, and the result is scored once.

    Ctrl-C ends the training and keeps the best so far. Whatever stops it, `resume` goes on from the last checkpoint.
    A run that is on disk stays there, whatever becomes of its report: a warning says so.

    Arguments:
        setup: the setup, or a space of setups: a distribution in it is drawn by each member for itself.
        data: a data set, or what `seedbed.data.load` takes.
        members: how many, numbered from 0; or their numbers: `[3]` is member 3 alone, the same as among others.
            None: 32; on a table with more than 2,000 rows to learn from 16, or 8 for a regression.
        epochs: in place of the setup's.
        seed: decides draws, first weights, noise and the order of the data; not the split.
        folds: how many; each setup then trains on every fold of the training and validation parts, all in one
            population, and what it predicts is the mean over them; with folds by time what its network on the last
            fold predicts, which learned from most rows. Its member on fold f has number · folds + f.
        out: the run's folder, "auto" for `runs/<data>-<date>-<time>`, None to keep nothing on disk.
        start: a run or a member whose weights to begin with; a run's by the members' numbers.
        plan: a run on this machine to repeat to the bit, or its plans, one for each cohort.
        watch: how much is told of every member while it learns: "off", "economy" (norms of gradients, weights and
            steps), "full" (all of `seedbed.watching.signals`); or a `Watch`, with a cadence of its own.
        interventions: numbers of the setup that change at the beginning of an epoch, `{10: {"optimizer.lr": 0.01}}`;
            or those of a run that was changed by `resume(folder, change={"optimizer.lr": 0.01})`.
        observe: a function of your own that looks inside the program, in place of the signals; see
            `seedbed.training.observe`.
        checkpoint_every: seconds between two checkpoints, at least.
        progress: whether to show how far it is; None shows it in a notebook only.
        on_step: is given each step of the recipe with its evidence as it is done.
        on_progress: is called between device calls.

    Raises:
        SetupError, ShapeError, DataError, UsageError: setup, data or an argument is not sound; nothing is written.
        RunError: the folder is in the way, cannot be written to, or has no room.
        TrainingError: every member diverged, or the run cannot be written.
        BackendError: the installed back end computes wrong numbers.
    """
    numbers = [] if members is None else member_numbers(members)
    seed, setup = whole("seed", seed, least=0), _lasting(setup, epochs)
    began = time.perf_counter()
    dataset = load(data)
    numbers = numbers or member_numbers(propose_members(dataset))
    folder = folders.reserve(out, dataset.name)
    plans = plan.plans if isinstance(plan, Run) else plan
    looks, changes = watch_of(watch, observe), interventions_of(interventions)
    work = Work(setup, dataset, numbers, seed, plans, observe, looks, n_folds=folds, interventions=changes, began=began)
    work.training.start = first_weights(start, work.own_numbers, work.training)
    show = Show(progress, on_step, on_progress)
    if folder is None:
        return work.done(None, show)
    with jobs.begun(folder, setup, work.job, work.training.start, work.n_bytes):
        work.keep_in(folder, checkpoint_every)
        return work.done(folder, show)


def member_numbers(members: int | Sequence[int] | NDArray[np.integer]) -> list[int]:
    """The numbers of the members that are asked for.

    Raises:
        UsageError: there are none, or a number is negative or comes twice.
    """
    if isinstance(members, int | np.integer) and not isinstance(members, bool):
        return list(range(whole("members", int(members), least=1)))
    if isinstance(members, np.ndarray) and members.ndim == 1:
        members = members.tolist()
    if isinstance(members, str | bool) or not isinstance(members, Sequence) or not members:
        hint = "give a count, members=16, or their numbers, members=[3]"
        raise UsageError(f"members: expected a count or a list of numbers, got {members!r}", hint)
    numbers = [whole("members", number, least=0) for number in members]
    if len(set(numbers)) < len(numbers):
        raise UsageError(f"members: expected different numbers, got {list(members)!r}")
    return numbers


def _lasting(setup: Any, epochs: int | None) -> Setup:
    """The setup with its own or the given number of epochs."""
    setup = a_setup(setup, "train")
    return setup if epochs is None else setup.replace(epochs=whole("epochs", epochs, least=1))

"""What can be told of a run that was stopped before it had a result: from its checkpoint, or trained once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seedbed.core.errors import RunError
from seedbed.recipe import job as jobs
from seedbed.recipe.cases import cases_of
from seedbed.recipe.resume import the_data_of_job
from seedbed.recipe.work import Work
from seedbed.training.checkpoint import Checkpoints
from seedbed.training.interventions import Intervention
from seedbed.training.plan import Plan
from seedbed.training.trainer import Progress, Training
from seedbed.watching.case import Case
from seedbed.watching.levels import FULL
from seedbed.watching.signals import Watch

NEEDS_THE_END = ("lr_too_low", "underfitting", "over_regularised", "overfitting", "noisy_labels")  # of the training


@dataclass(frozen=True)
class Stopped:
    """The members of such a run.

    Attributes:
        cases: what is known of them.
        unknown: what is not, as sentences.
        n_members: of the run.
        is_whole: whether they were trained to the end.
    """

    cases: Sequence[Case]
    unknown: tuple[str, ...]
    n_members: int
    is_whole: bool


def is_stopped(folder: Path) -> bool:
    """Whether a run was begun there that has no result."""
    return (folder / "job.json").is_file() and not (folder / "run.json").is_file()


def told_of(folder: Path, data: Any, most: int) -> Stopped:
    """What a checkpoint tells of a run that was watched in full; else some of its members are trained once more.

    Arguments:
        data: where it came from memory or has another place now.
        most: members to train once more, at most.

    Raises:
        RunError: it still trains, cannot be read, or its data has changed.
        UsageError: the data has to be given.
    """
    if jobs.is_locked(folder):
        raise RunError(f"{folder}: expected a run that nobody works on, got one that still trains", "wait for its end")
    setup, job, start = jobs.read(folder)
    dataset = the_data_of_job(job, data, folder)
    plans = None if job.plans is None else [Plan(**plan) for plan in job.plans]
    watch = None if job.watch is None else Watch(*job.watch)
    changes = tuple(Intervention.of(*one) for one in job.interventions)
    work = Work(setup, dataset, job.numbers, job.seed, plans, None, watch, n_folds=job.folds, interventions=changes)
    if watch is not None and watch.level == FULL and not job.is_observed:
        from_point = _from_checkpoint(work, folder)
        if from_point is not None:
            return from_point
    return _once_more(work, start, most)


@dataclass
class _AtOnce:
    """Ends a training behind its first device call: what the checkpoint held is collected then."""

    is_over: bool = field(default=False)

    def note(self, _: Progress) -> None:
        self.is_over = True


def _from_checkpoint(work: Work, folder: Path) -> Stopped | None:
    """The members as the newest checkpoint has them; None where none has an epoch behind it."""
    training, ends = work.training, _AtOnce()
    training.point, _ = Checkpoints(folder / jobs.CHECKPOINT, 0.0).load()
    if training.point is None or not any(wave.epoch for block in training.point.blocks for wave in block.waves):
        return None
    training.on_progress, training.ends = ends.note, lambda: ends.is_over
    cases = [case for case in _cases(training, work) if case.history is not None and len(case.history["train_loss"])]
    if not cases:
        return None
    epochs = [len(case.history["train_loss"]) for case in cases if case.history is not None]
    n, total = len(work.own_numbers), work.setups[0].epochs
    said: tuple[str, ...] = (
        f"what comes behind epoch {max(epochs)} of {total}, at which the run was stopped: whether these networks would "
        "have learned, or learned by heart",
    )
    said += (f"{n - len(cases)} of {n} members, which had no epoch behind them",) if len(cases) < n else ()
    return Stopped(cases, said, n, is_whole=False)


def _once_more(work: Work, start: Sequence[Any] | None, most: int) -> Stopped:
    """Some members, trained from the beginning and watched in full; of folds those of the first."""
    n, k = len(work.own_numbers), work.n_folds or 1
    chosen = [place for place in range(n) if place % k == 0][:most]
    again = Training(
        [work.setups[place] for place in chosen],
        [work.own_numbers[place] for place in chosen],
        work.folds[0] if work.folds else work.data,
        work.seed,
        observe=Watch(FULL),
        interventions=work.interventions,
        start=None if start is None else [start[place] for place in chosen],
    )
    again.run()
    own, data = [work.own_numbers[place] for place in chosen], again.groups[0].data
    cases = [case for one in again.results for case in cases_of(one, own, data)]
    said = "how the run itself went, which was stopped before anything was kept of it that tells enough"
    said = f"{said}; in its place {len(chosen)} of its {n} members were trained once more, from the beginning"
    return Stopped(cases, (said,), n, is_whole=True)


def _cases(training: Training, work: Work) -> list[Case]:
    training.run()
    pairs = zip(training.results, training.groups, strict=False)  # cohorts that did not begin have no result
    return [case for one, group in pairs for case in cases_of(one, work.own_numbers, group.data)]

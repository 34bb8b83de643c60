"""What can be told of a run that was stopped before it had a result: from its checkpoint, or trained once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seedbed.core.errors import RunError
from seedbed.data.dataset import Dataset
from seedbed.recipe import job as jobs
from seedbed.recipe.again import Shown, watched
from seedbed.recipe.cases import cases_of
from seedbed.recipe.work import Work
from seedbed.training.checkpoint import Checkpoints, Point
from seedbed.training.setup import Setup
from seedbed.training.trainer import Progress, Training
from seedbed.watching.case import Case
from seedbed.watching.levels import FULL
from seedbed.watching.signals import Watch

UNKNOWN = 20  # epochs that members train once more of a run of which nothing tells how far it came


@dataclass(frozen=True)
class Stopped:
    """Such a run, as it stands on disk.

    Attributes:
        setup: of the run.
        job: what was asked for.
        start: weights to begin with, or None.
        point: where the training stands; None where the checkpoint tells nothing of how members learned.
        said: what was wrong with checkpoints, as sentences.
        reached: the epoch that its furthest members had come to; None where nothing tells it.
    """

    setup: Setup
    job: jobs.Job
    start: Sequence[Any] | None
    point: Point | None
    said: tuple[str, ...]
    reached: int | None = None


@dataclass(frozen=True)
class Told:
    """Its members.

    Attributes:
        cases: what is known of them.
        unknown: what is not, as sentences.
    """

    cases: Sequence[Case]
    unknown: tuple[str, ...]


def is_stopped(folder: Path) -> bool:
    """Whether a run was begun there that has no result."""
    return (folder / "job.json").is_file() and not (folder / "run.json").is_file()


def read(folder: Path) -> Stopped:
    """The run of a folder; nobody works in it meanwhile, for reading tidies up, but others may read it as well.

    Raises:
        RunError: it still trains, or cannot be read.
    """
    if jobs.is_locked(folder, to_read=True):
        raise RunError(f"{folder}: expected a run that nobody works on, got one that still trains", "wait for its end")
    with jobs.locked(folder, to_read=True):
        setup, job, start = jobs.read(folder)
        try:
            point, said = Checkpoints(folder / jobs.CHECKPOINT, 0.0).load()
        except RunError as error:
            point, said = None, [_passed_over(error)]
    reached = max((wave.epoch for block in point.blocks for wave in block.waves), default=0) if point else 0
    tells = reached and job.watch is not None and Watch(*job.watch).level == FULL and not job.is_observed
    return Stopped(setup, job, start, point if tells else None, tuple(said), reached or None)


def told_of(stopped: Stopped, data: Dataset, most: int, shown: Shown) -> Told:
    """What a checkpoint tells of a run that was watched in full; else some of its members are trained once more.

    They go as far as the run had come, for what might have come after is not the run's.

    Arguments:
        most: members to train once more, at most.
        shown: how that is shown.

    Raises:
        KeyboardInterrupt: the user ended it.
    """
    job = replace(stopped.job, plans=None)  # they are for the same bits, and may ask for devices that are not here
    work, said = Work.of_job(stopped.setup, job, data), stopped.said
    if stopped.point is not None:
        try:
            told = _from_checkpoint(work, stopped.point)
        except RunError as error:  # one of an older version
            told, said = None, (*said, _passed_over(error))
        if told is not None:
            return replace(told, unknown=(*told.unknown, *said))
    told = _once_more(work, stopped, most, shown)
    return replace(told, unknown=(*told.unknown, *said))


def _passed_over(error: RunError) -> str:
    return f"{error.message}, so the checkpoint was not looked at"


@dataclass
class _AtOnce:
    """Ends a training behind its first device call: what the checkpoint held is collected then."""

    is_told: bool = False
    has_ended: bool = field(default=False)  # by this, not by the user

    def note(self, _: Progress) -> None:
        self.is_told = True

    def __call__(self) -> bool:
        self.has_ended = self.is_told
        return self.is_told


def _from_checkpoint(work: Work, point: Point) -> Told | None:
    """The members as the checkpoint has them; None where none has an epoch behind it.

    Raises:
        RunError: the checkpoint is not one of this training.
        KeyboardInterrupt: the user ended it.
    """
    training, ends = work.training, _AtOnce()
    training.point, training.on_progress, training.ends = point, ends.note, ends
    training.run()
    if training.is_interrupted and not ends.has_ended:
        raise KeyboardInterrupt
    pairs = zip(training.results, training.groups, strict=False)  # cohorts that did not begin have no result
    there = [case for one, group in pairs for case in cases_of(one, work.own_numbers, group.data)]
    epochs = [0 if case.history is None else len(case.history["train_loss"]) for case in there]
    cases = [case for case, n in zip(there, epochs, strict=True) if n]
    if not cases:
        return None
    n, total, said = len(work.own_numbers), work.setups[0].epochs, []
    if reached := [epoch for case, epoch in zip(there, epochs, strict=True) if epoch and not case.is_over]:
        said.append(
            f"what comes behind epoch {max(reached)} of {total}, at which the run was stopped: whether these networks "
            "would have learned, or learned by heart"
        )
    if len(cases) < n:
        said.append(f"{n - len(cases)} of {n} members, which had no epoch behind them")
    return Told(cases, tuple(said))


def _once_more(work: Work, stopped: Stopped, most: int, shown: Shown) -> Told:
    """Some members, trained from the beginning and watched in full; of folds those of the first."""
    n, k, start = len(work.own_numbers), work.n_folds or 1, stopped.start
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
    own, data = [work.own_numbers[place] for place in chosen], again.groups[0].data
    trained = watched(again, shown, "once more, as the run did", until=stopped.reached or UNKNOWN)
    cases = [case for one in trained for case in cases_of(one, own, data)]
    said = "how the run itself went, which was stopped before anything was kept of it that tells enough"
    said = f"{said}; in its place {len(chosen)} of its {n} members were trained once more, from the beginning"
    if again.until is not None:
        why = "as far as the run had come" if stopped.reached else "for nothing tells how far the run had come"
        said += f" to epoch {again.until:,} of {work.setups[0].epochs:,}, {why}"
    return Told(cases, (said,))

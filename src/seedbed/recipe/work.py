"""The work on a run, from its first step to its result: what `train` begins and `resume` goes on with."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seedbed.core.draw import draw
from seedbed.core.errors import TrainingError
from seedbed.data.dataset import Dataset
from seedbed.data.fold_encoder import over_folds
from seedbed.data.folds import told_of_folds
from seedbed.data.preprocessor import Preprocessor
from seedbed.recipe import folder as folders
from seedbed.recipe import steps
from seedbed.recipe.candidates import best_of, calibrated, candidates
from seedbed.recipe.cases import cases_of
from seedbed.recipe.environment import environment
from seedbed.recipe.job import CHECKPOINT, Job
from seedbed.recipe.judge import judge
from seedbed.recipe.member import Member
from seedbed.recipe.progress import showing
from seedbed.recipe.report import write, written
from seedbed.recipe.run import Run, members_of
from seedbed.reporting.evidence import Step
from seedbed.training.checkpoint import Checkpoints
from seedbed.training.interventions import Intervention
from seedbed.training.observe import Observe
from seedbed.training.plan import Plan
from seedbed.training.scopes import ctrl_c
from seedbed.training.setup import Setup
from seedbed.training.trainer import Progress, Training
from seedbed.watching.finding import Finding
from seedbed.watching.findings import diagnosed
from seedbed.watching.signals import Watch

COPIES = 8  # of the weights: best and present ones, what the optimizer remembers, two checkpoints, the result


@dataclass(frozen=True)
class Show:
    """What the user is told on the way.

    Attributes:
        progress: whether to show how far training is; None shows it in a notebook only.
        on_step: is given each step of the recipe with its evidence as it is done.
        on_progress: is called between device calls.
    """

    progress: bool | None = None
    on_step: Callable[[Step], None] | None = None
    on_progress: Callable[[Progress], None] | None = None


@dataclass
class Work:
    """Setup, data and seed, and the training that they give."""

    setup: Setup
    data: Dataset
    numbers: Sequence[int]
    seed: int
    plans: Sequence[Plan] | None = None
    observe: Observe | None = None
    watch: Watch | None = None
    fitted: Sequence[Preprocessor] = ()
    n_folds: int | None = None
    n_looks: int = 0  # at the test part, before this work
    interventions: Sequence[Intervention] = ()
    began: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        k = self.n_folds or 1
        self.folds = () if self.n_folds is None else self.data.folds(self.n_folds)
        if self.folds:
            self.data = told_of_folds(self.data, self.folds)
        self.own_numbers = [number * k + fold for number in self.numbers for fold in range(k)]
        self.setups = [draw(self.setup, seed=self.seed, number=number // k) for number in self.own_numbers]
        data = [self.folds[number % k] for number in self.own_numbers] if self.folds else self.data
        self.training = Training(
            self.setups,
            self.own_numbers,
            data,
            self.seed,
            self.plans,
            self.observe or self.watch,
            fitted=self.fitted,
            interventions=self.interventions,
        )
        self.encoder = over_folds([fold.encoder for fold in self.folds]) if self.folds else self.data.encoder
        self.told: list[Step] = []

    @classmethod
    def of_job(
        cls,
        setup: Setup,
        job: Job,
        data: Dataset,
        *,
        observe: Observe | None = None,
        n_looks: int = 0,
        more: Sequence[Intervention] = (),
    ) -> Work:
        """The work that was written down.

        Arguments:
            observe, n_looks: as above, which the job does not hold.
            more: interventions behind its own.
        """
        return cls(
            setup,
            data,
            job.numbers,
            job.seed,
            plans=None if job.plans is None else [Plan(**plan) for plan in job.plans],
            observe=observe,
            watch=None if job.watch is None else Watch(*job.watch),
            n_folds=job.folds,
            n_looks=n_looks,
            interventions=(*(Intervention.of(*one) for one in job.interventions), *more),
        )

    @property
    def job(self) -> Job:
        """The work as it is written down."""
        return Job(
            name=self.data.name,
            numbers=tuple(self.numbers),
            seed=self.seed,
            folds=self.n_folds,
            origin=self.data.origin,
            fingerprint=self.data.fingerprint,
            is_observed=self.observe is not None,
            watch=None if self.watch is None else (self.watch.level, self.watch.every),
            interventions=tuple((one.epoch, dict(one.changes)) for one in self.interventions),
            plans=None if self.plans is None else tuple(plan.to_dict() for plan in self.plans),
            source=self.data.source,
        )

    @property
    def is_ordered(self) -> bool:
        """Whether there are folds that follow time."""
        return bool(self.folds) and self.data.train.time is not None

    @property
    def n_bytes(self) -> int:
        """About what the run will take on disk at most."""
        sizes = 0
        for group in self.training.groups:
            shape = self.training.preprocessor(group.setup, group.data).shape
            width = np.dtype(group.setup.storage).itemsize
            sizes += width * len(group.places) * group.setup.network.n_params(shape)
        return COPIES * sizes

    def keep_in(self, folder: Path, every: float) -> list[str]:
        """Writes checkpoints there from now on, and goes on from the newest that is there; gives what was wrong."""
        self.training.checkpoints = Checkpoints(folder / CHECKPOINT, every)
        self.training.point, said = self.training.checkpoints.load()
        if self.training.point is not None:
            self.began -= self.training.point.wall_seconds
        return said

    def done(self, folder: Path | None, show: Show) -> Run:
        """The run, trained, judged, and written where there is a folder.

        Raises:
            KeyboardInterrupt: the user ended the training before there was anything to keep.
            TrainingError: every member diverged, or the run cannot be written.
        """
        self._tell(steps.data(self.data, self.folds), show)
        self._tell(steps.preprocess(self.setup, self.data, self.folds), show)
        self._tell(steps.network(self.setup, self.training), show)
        with ctrl_c() as interrupted:  # until the run is safe
            with showing(show.progress, show.on_progress) as self.training.on_progress:
                self.training.run()
            run = self._run(folder, show)
            if folder is not None:
                folders.save(run, folder)
                if not run.is_interrupted and self.training.checkpoints is not None:
                    self.training.checkpoints.clear()
        _report(run, is_wanted=not interrupted())
        return run

    def _run(self, folder: Path | None, show: Show) -> Run:
        findings = self._findings()
        try:
            members = self._members()
            self._tell(steps.train(self.training, members), show)
            held, results = judge(members, self.data, self.folds)
        except TrainingError as error:  # there is no run then, but there is something to learn
            if not findings:
                raise
            raise TrainingError(f"{error.message}: {findings[0].title.lower()}", _told(findings[0])) from None
        self._tell(steps.findings(findings, len(members)), show)
        best, n_looks = best_of(candidates(members, self.n_folds)), self.n_looks + 1
        self._tell(steps.result(results, self.data, held, best, n_looks), show)
        return Run(
            name=folder.name if folder else self.data.name,
            folder=folder,
            setup=self.setup,
            data=self.data.describe(),
            encoder=self.encoder,
            seed=self.seed,
            members=calibrated(members, held.temperature["best"], self.n_folds),
            trained=tuple(self.training.results),
            held=held,
            results=results,
            steps=tuple(self.told),
            environment=environment(),
            wall_seconds=time.perf_counter() - self.began,
            is_interrupted=self.training.is_interrupted,
            n_folds=self.n_folds,
            is_ordered=self.is_ordered,
            n_looks=n_looks,
            findings=tuple(findings),
            interventions=tuple(self.interventions),
        )

    def _findings(self) -> list[Finding]:
        """What keeps members from learning, as far as curves and signals tell."""
        pairs = zip(self.training.results, self.training.groups, strict=False)  # an interrupted one has fewer results
        return diagnosed([case for one, group in pairs for case in cases_of(one, self.own_numbers, group.data)])

    def _members(self) -> tuple[Member, ...]:
        trained, setups = self.training.results, self.setups
        members = members_of(trained, self.own_numbers, setups, self.encoder, self.n_folds, is_ordered=self.is_ordered)
        if self.training.is_interrupted:
            try:
                candidates(members, self.n_folds)
            except TrainingError:
                raise KeyboardInterrupt from None
        return members

    def _tell(self, step: Step, show: Show) -> None:
        self.told.append(step)
        if show.on_step is not None:
            show.on_step(step)


def _told(finding: Finding) -> str:
    evidence = "; ".join(map(str, finding.evidence))
    return f"{finding.because} {evidence[:1].upper()}{evidence[1:]}. Try {', '.join(finding.remedies[:3])}"


def finished(folder: Path) -> Run:
    """The run of a folder that holds its result; what its process left to do when it was killed is done."""
    run = folders.load_run(folder)
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
    if not (folder / "report.html").exists():
        _report(run, is_wanted=True)
    return run


def _report(run: Run, *, is_wanted: bool) -> None:
    """Writes the report into the run's folder, if it has one."""
    if run.folder is not None:
        later = f"the run is in {run.folder}, and `seedbed report` writes it"
        written(lambda: write(run), later, is_wanted=is_wanted)

"""`diagnose`: what keeps the networks of a run from learning, or those of a setup that is tried out for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.core.draw import draw
from seedbed.core.errors import SetupError, UsageError
from seedbed.data.dataset import Dataset
from seedbed.data.loading import load
from seedbed.recipe import job as jobs
from seedbed.recipe import stopped
from seedbed.recipe.again import Shown, watched
from seedbed.recipe.cases import cases_of
from seedbed.recipe.folder import load_run
from seedbed.recipe.resume import the_data_of, the_data_of_job
from seedbed.recipe.run import Run
from seedbed.training.setup import Setup
from seedbed.training.trainer import Progress, Training
from seedbed.watching.case import Case
from seedbed.watching.checks.static import loss_does_not_fit
from seedbed.watching.finding import Finding
from seedbed.watching.findings import diagnosed
from seedbed.watching.levels import FULL
from seedbed.watching.remedies import HOLD_BACK
from seedbed.watching.signals import Watch

MEMBERS = 5  # that a setup is tried out with
GIVE = "give the data again: sb.diagnose(run, data), on the command line --data"


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found.

    Attributes:
        findings: the roots, those of most members first.
        n_members: how many members were looked at.
        unknown: what could not be looked at, as sentences.
        cases: what was known of each member; empty where only the findings were kept.
        hint: what to do so that more is known, or empty.
    """

    findings: tuple[Finding, ...]
    n_members: int
    unknown: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    hint: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the members looked at have come to the end of their training, so that no more is to be expected."""
        return all(case.is_over for case in self.cases)

    @property
    def nothing(self) -> str:
        """What is to be said where there is no finding."""
        if not self.n_members:
            return "nothing could be looked at"
        return f"nothing was found that keeps these networks from learning{'' if self.is_over else ' so far'}"

    def __str__(self) -> str:
        lines = []
        for one in self.findings:
            who = "" if not one.members else f" ({len(one.members)} of {self.n_members} members)"
            lines.append(f"{one.title}{who}: {one.because}")
            lines += [f"  {evidence}" for evidence in one.evidence]
            for symptom in one.symptoms:
                lines += [f"  and so: {symptom.title}", *(f"    {evidence}" for evidence in symptom.beginning)]
            if one.remedies:
                lines.append(f"  try: {to_try(one)}; `seedbed treat` tries them side by side")
            if one.explanation is not None:
                lines.append(f"  more: `seedbed explain {one.explanation}`")
        lines = lines or [self.nothing]
        lines += [f"not known: {sentence}" for sentence in self.unknown]
        return "\n".join([*lines, f"hint: {self.hint}"] if self.hint else lines)


def diagnose(
    run: Run | Setup | str | Path,
    data: Any = None,
    *,
    members: int = MEMBERS,
    seed: int = 0,
    progress: bool | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Diagnosis:
    """What keeps networks from learning, the cause first.

    A run that was not watched in full is trained once more, with the same result, and watched; where its data came from
    memory and is not given, what was found when it trained is all that is known. Of a run that was stopped before it
    had a result its checkpoint is looked at; where that tells too little, some of its members are trained once more, as
    far as the run had come.

    Arguments:
        run: a run, or its folder; or a setup, which is trained for it.
        data: the data of the setup; of a run where it came from memory.
        members: how many members a setup is tried with, or of a stopped run are trained once more at most.
        seed: of that training.
        progress, on_progress: as for `train`.
        on_note: is told in a sentence what is trained, before it is.

    Raises:
        RunError: there is no run, it cannot be read or still trains, or its data has changed.
        SetupError, ShapeError, DataError, UsageError: setup or data are not sound.
        KeyboardInterrupt: the user ended a training.
    """
    shown = Shown(progress, on_progress, on_note)
    if isinstance(run, Setup):
        if data is None:
            raise UsageError("diagnose: expected data for the setup, got none", "sb.diagnose(setup, data)")
        return of_setup(run, load(data), members, seed=seed, shown=shown)
    if isinstance(run, str | Path):
        if stopped.is_stopped(Path(run)):
            return _of_stopped(Path(run), data, members, shown)
        run = load_run(run)
    if not isinstance(run, Run):
        raise UsageError(f"diagnose: expected a run, its folder or a setup, got {run!r}", "such as sb.diagnose(run)")
    return _of_run(run, data, shown)


def to_try(finding: Finding) -> str:
    """The names of its remedies, with what has to be asked for so that `treat` tries one."""
    named = {HOLD_BACK: f'{HOLD_BACK} (with --judged last, in Python judged="last")'}
    return ", ".join(named.get(name, name) for name in finding.remedies)


def of_setup(setup: Setup, data: Dataset, members: int, *, seed: int, shown: Shown) -> Diagnosis:
    """What is found when a setup is trained; a loss that does not fit the task is found before that."""
    try:
        drawn = [draw(setup, seed=seed, number=number) for number in range(members)]
        training = Training(drawn, list(range(members)), data, seed, observe=Watch(FULL))
    except SetupError as error:
        if not any(fault.path[:1] == ("loss",) for fault in error.faults):
            raise
        return Diagnosis((loss_does_not_fit(),), members)
    trained = watched(training, shown, "with this setup")
    return of_cases([case for one in trained for case in cases_of(one, list(range(members)), data)])


def of_cases(cases: Sequence[Case], unknown: Sequence[str] = ()) -> Diagnosis:
    """The diagnosis of members, all together."""
    return Diagnosis(tuple(diagnosed(cases)), len(cases), tuple(unknown), tuple(cases))


def _of_stopped(folder: Path, data: Any, most: int, shown: Shown) -> Diagnosis:
    """The diagnosis of a run without a result."""
    run = stopped.read(folder)
    try:
        dataset = the_data_of_job(run.job, data, folder)
    except UsageError as error:
        if data is not None:  # then it is what was given that is not sound
            raise
        return Diagnosis((), 0, (error.message,), hint=GIVE)
    told = stopped.told_of(run, dataset, most, shown)
    return of_cases(told.cases, told.unknown)


def _of_run(run: Run, data: Any, shown: Shown) -> Diagnosis:
    numbers = [member.number for member in run.members]
    try:
        dataset = the_data_of(run, data)
    except UsageError as error:
        if data is not None:
            raise
        said = f"{error.message}, so this is what was found when it trained, and nothing was looked at again"
        return Diagnosis(run.findings, len(numbers), (said,), hint=GIVE)
    unknown: tuple[str, ...] = ()
    if run.n_folds is not None:
        unknown = (f"networks on {run.n_folds} folds are looked at by the first fold alone",)
        dataset = dataset.folds(run.n_folds)[0]
    is_full = run.signals is not None and "dead" in run.signals
    cases = _as_watched(run, dataset) if is_full else _once_more(run, dataset, shown)
    if n := sum(not case.is_over for case in cases):
        unknown += (f"whether {n} of {len(cases)} members, which were interrupted, would have learned",)
    return of_cases(cases, unknown)


def _as_watched(run: Run, data: Dataset) -> list[Case]:
    """The cases of a run that was watched in full."""
    by_number = {member.number: member for member in run.members}
    series = lambda number: run.series(by_number[number])  # noqa: E731
    return [case for one in run.trained for case in cases_of(one, list(by_number), data, series)]


def _once_more(run: Run, data: Dataset, shown: Shown) -> list[Case]:
    """The cases of members that are trained as they were, as far as they came, and watched; of folds the first."""
    chosen = [member for member in run.members if run.n_folds is None or member.fold == 0]
    numbers = [member.number for member in chosen]
    training = Training(
        [member.setup for member in chosen],
        numbers,
        data,
        run.seed,
        observe=Watch(FULL),
        interventions=run.interventions,
        start=_began_with(run, numbers),
    )
    until = max(int(one.n_epochs.max()) for one in run.trained) if run.is_interrupted else None
    trained = watched(training, shown, "once more, as the run did", until=until)
    return [case for one in trained for case in cases_of(one, numbers, data)]


def _began_with(run: Run, numbers: Sequence[int]) -> list[Any] | None:
    """The weights that these members of a run on disk began with, where they were given to it."""
    if run.folder is None or not (run.folder / "job.json").is_file():
        return None
    _, job, start = jobs.read(run.folder)
    k = job.folds or 1
    place = {number * k + fold: i * k + fold for i, number in enumerate(job.numbers) for fold in range(k)}
    return None if start is None else [start[place[number]] for number in numbers]

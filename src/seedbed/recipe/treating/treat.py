"""`treat`: remedies for what was found, each proved beside the sick setup."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seedbed.core.errors import UsageError, one_of
from seedbed.data.dataset import Dataset
from seedbed.data.holding import valid_share
from seedbed.recipe.given import MOST
from seedbed.recipe.progress import showing
from seedbed.recipe.run import Run
from seedbed.recipe.treating.arms import CONTROL, Arm, arms_for, arms_given
from seedbed.recipe.treating.experiment import BEST, LAST, Experiment
from seedbed.recipe.treating.level import level_for
from seedbed.recipe.treating.patient import Patient, patient
from seedbed.recipe.treating.treatment import Treatment, tables
from seedbed.training.setup import Setup
from seedbed.training.trainer import Progress
from seedbed.watching.finding import Finding
from seedbed.watching.proof import Verdict, least_seeds, verdicts
from seedbed.watching.remedies import HOLD_BACK
from seedbed.watching.signals import Watch, watch_of

SEEDS = 8
WIDE = 0.1  # the deviation of the best arm from which on there are twice as many seeds


def treat(
    run: Run | Setup,
    data: Any = None,
    *,
    findings: Sequence[Finding | str] | None = None,
    arms: Sequence[str] | Mapping[str, Setup] | None = None,
    seeds: int = SEEDS,
    seed: int = 0,
    judged: str = BEST,
    give_up: bool = True,
    watch: str | Watch | None = None,
    progress: bool | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Treatment:
    """Which remedies cure a setup that does not learn, each proved beside it over several seeds.

    All arms train as one population: the setup as it is, every remedy that a finding names and that has a place in it,
    pairs of the likeliest, and one that nothing asks for. They are judged on the validation part. Where the best arm
    spreads widely there are twice as many seeds. Where nothing was found, nothing trains and nothing is changed.

    Arguments:
        run: a run, or the setup that is sick.
        data: of the setup; of a run that came from memory, or None to read it from where the run did.
        findings: what was found; or names of findings among those of `diagnose`. None: all of those. A setup, and a run
            that was not watched in full, trains once more for it.
        arms: what to try instead: names of remedies, several joined by "+", or setups by a name of their own.
        seeds: networks in each arm.
        seed: of the training, and of the lot.
        judged: "best", by the weights that a run keeps, those of the smallest validation loss; or "last", by those
            that training ends with, unless it has patience. Only there is it proposed to hold more data back.
        give_up: whether arms that are behind the control half-way are not trained to their end. They are not proved.
        watch: how closely arms are looked at for what was found in the sick setup: "off", "economy" or "full"; None:
            in economy where what was found is seen there too, else in full.
        progress, on_progress: as for `train`.
        on_note: as for `diagnose`.

    Raises:
        UsageError: an argument is not sound, or something has to be given.
        RunError: the data of the run cannot be read, or has changed.
        SetupError, ShapeError: setup and data do not fit.
        TrainingError: it was interrupted.
        KeyboardInterrupt: the diagnosis was.
    """
    _check(seeds, seed, judged)
    given = None if watch is None else watch_of(watch)
    began = time.perf_counter()
    shown = {"progress": progress, "on_progress": on_progress, "on_note": on_note}
    one = patient(run, data, findings, seed=seed, needs_findings=arms is None, **shown)
    tried = _arms(one, arms, seed, judged)
    if seeds < (least := least_seeds(len(tried) - 1)):
        message = (
            f"seeds: expected at least {least}, with which one of {len(tried) - 1} arms can be proved, got {seeds}"
        )
        raise UsageError(message, f"seeds={least}, or fewer arms: arms=[...]")
    looks = Watch(level_for(one.findings, one.cases)) if watch is None else given
    experiment = Experiment(tried, one.data, seed, judged, give_up, looks if one.findings else None)
    verdict: dict[str, Verdict] = {}
    if len(tried) > 1:
        with showing(progress, on_progress) as tell:
            experiment.on_progress = tell
            verdict = _proved(experiment, seeds)
    codes = [finding.code for finding in one.findings]
    left = {arm.name: experiment.left(arm.name, codes) for arm in tried}
    table, scores = tables(experiment, verdict, left)
    return Treatment(
        name=one.name,
        task=one.data.task,
        sick=one.setup,
        findings=one.findings,
        arms=table,
        scores=scores,
        setups={arm.name: arm.setup for arm in tried},
        shares={arm.name: _share(one.data, arm) for arm in tried if arm.data is not None or arm.role == CONTROL},
        seed=seed,
        judged=judged,
        wall_seconds=time.perf_counter() - began,
        compile_seconds=experiment.compile_seconds,
    )


def _check(seeds: Any, seed: Any, judged: str) -> None:
    """Raises UsageError where an argument is not sound."""
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < least_seeds(1):
        hint = "of fewer networks no difference is large enough to prove anything"
        raise UsageError(f"seeds: expected a whole number of at least {least_seeds(1)}, got {seeds!r}", hint)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST:
        raise UsageError(f"seed: expected a whole number from 0 to {MOST:,}, got {seed!r}")
    if judged not in (BEST, LAST):
        raise UsageError(f"judged: expected {one_of((BEST, LAST))}, got {judged!r}")


def _arms(one: Patient, given: Sequence[str] | Mapping[str, Setup] | None, seed: int, judged: str) -> list[Arm]:
    """The arms; the control alone where nothing was found.

    Judged by its best weights, the control has chosen its epoch by the rows that judge: an arm that holds back more of
    them can hardly do better there, and would cost the others a place in the correction.
    """
    if given is not None:
        return arms_given(one.setup, one.data, given)
    if not one.findings:
        return [Arm(CONTROL, CONTROL, one.setup, 0)]
    is_by_last = judged == LAST and one.setup.patience is None
    return arms_for(one.setup, one.data, one.findings, seed, without=() if is_by_last else (HOLD_BACK,))


def _share(data: Dataset, arm: Arm) -> float:
    """The share of the rows that validate in an arm."""
    return valid_share(data, None if arm.data is None else len(arm.data.valid))


def _proved(experiment: Experiment, seeds: int) -> dict[str, Verdict]:
    """The verdict on each arm, after as many seeds again where the best one spreads widely."""
    experiment.run(range(seeds))
    names = [arm.name for arm in experiment.arms]
    best = max((experiment.scores(name) for name in names), key=lambda scores: float(np.mean(scores)))
    if best.std(ddof=1) > WIDE:
        experiment.run(range(seeds, 2 * seeds))
    arms = {name: experiment.scores(name) for name in names if name != CONTROL}
    return verdicts(experiment.scores(CONTROL), arms, hopeless=experiment.hopeless)

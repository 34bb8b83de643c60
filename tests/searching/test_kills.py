"""What real processes do to a study when they are killed, and when several work on it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import seedbed as sb
from seedbed.recipe.searching.study import Study, load_study
from tests.searching.studies import by_optuna

ROOT = Path(__file__).parents[2]
TRIALS, EPOCHS, KILLS, CHAINS = 160, 60, 3, 2
COMPARED = 20 * EPOCHS  # where trials are given up, or it would be over before it can be killed twice
MANY, LONG = 256, 1500  # for two processes, so that they meet
EXACT = ("trial", "round", "state", "rungs", "score", "loss", "epochs", "best_epoch")

pytestmark = pytest.mark.slow


def start(url: str, *arguments: object, **variables: str) -> subprocess.Popen[str]:
    """A process with these arguments; by default a search with `METHOD TRIALS EPOCHS`."""
    paths = [str(ROOT / "src"), str(ROOT), *sys.path]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **variables}
    command = [sys.executable, "-m", "tests.searching.process", url, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def begun(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None and process.stderr is not None
    line = process.stdout.readline()
    assert line == "begins\n", process.stderr.read()


def ended(process: subprocess.Popen[str]) -> int:
    """How many trials a process has trained, each rung counted."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0 and "Traceback" not in err, err
    return int(out.split()[-1])


def opened(url: str) -> Study:
    return load_study(url, data=sb.data.load("iris"))


def n_done(url: str) -> int:
    """How many trials are written, each rung counted."""
    try:
        return sum(trial.rung for trial in load_study(url).listed)
    except sb.UsageError:  # killed before there was a study
        return 0


def assert_same_study(ours: Study, theirs: Study) -> None:
    """Apart from the seconds, to the bit."""
    columns = [name for name in theirs.trials.columns if name not in ("seconds", "finished")]
    assert set(EXACT) < set(columns)
    a, b = ours.trials[columns], theirs.trials[columns]
    assert a.equals(b), a.compare(b)
    assert ours.rounds == theirs.rounds
    assert ours.winner.number == theirs.winner.number
    np.testing.assert_array_equal(ours.curves.to_numpy(), theirs.curves.to_numpy())
    for column in ("weights", "predictions"):
        assert ours.store.kept(column) == theirs.store.kept(column)
    numbers = [[member.number for member in one.ensemble(8).members] for one in (ours, theirs)]
    assert numbers[0] == numbers[1]


def assert_each_rung_once(study: Study, url: str) -> None:
    """As Optuna has it: one value of a trial for each rung that it has behind it."""
    with by_optuna(url, "search") as found:
        trials = found.get_trials()
    assert [trial.number for trial in trials] == list(range(len(study.listed)))
    for theirs, own in zip(trials, study.listed, strict=True):
        assert len(theirs.intermediate_values) == own.rung
        assert theirs.state.is_finished() and theirs.value == own.score


@pytest.mark.parametrize("method", ["random", "grid", "quasi-random", "coarse-to-fine", "halving"])
def test_what_is_killed_at_any_moment_goes_on_to_the_same_bits(method: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(list(method.encode()))
    epochs = COMPARED if method in ("coarse-to-fine", "halving") else EPOCHS
    ended(start(str(tmp_path / "warm.db"), method, TRIALS, epochs, SEEDBED_CACHE=str(tmp_path / "cache")))

    def of_its_own(name: str) -> dict[str, str]:
        """A cache with what the first study measured: it decides how a new one is grouped."""
        shutil.copytree(tmp_path / "cache", tmp_path / f"cache-{name}")
        return {"SEEDBED_CACHE": str(tmp_path / f"cache-{name}")}

    whole = start(str(tmp_path / "whole.db"), method, TRIALS, epochs, **of_its_own("whole"))
    begun(whole)
    began = time.perf_counter()
    n_rungs = ended(whole)
    life = time.perf_counter() - began
    n_killed, left, done = 0, [], []
    for chain in range(CHAINS):
        url, cache = str(tmp_path / f"killed{chain}.db"), of_its_own(f"killed{chain}")
        for seconds in np.append(rng.uniform(0.1, 0.9, KILLS - 1), 0.9) * life:  # the last leaves little to do
            process = start(url, method, TRIALS, epochs, **cache)
            begun(process)
            time.sleep(seconds)
            process.kill()
            process.communicate()
            n_killed += process.returncode == -signal.SIGKILL
        done.append(n_done(url))
        left.append(ended(start(url, method, TRIALS, epochs, **cache)))
        study = opened(url)
        assert_same_study(study, opened(str(tmp_path / "whole.db")))
        assert_each_rung_once(study, url)
    assert n_killed > CHAINS
    assert left == [n_rungs - there for there in done]  # what was finished is not done again


def test_two_processes_share_a_study(tmp_path: Path) -> None:
    shared_by_two(str(tmp_path / "s.db"))


def shared_by_two(url: str) -> None:
    """Both have done something, nothing was done twice, and it is what one process finds, up to rounding."""
    alone = {"SEEDBED_DEVICES": "1"}
    processes = [start(url, "halving", MANY, LONG, **alone) for _ in range(2)]
    n_trained = [ended(process) for process in processes]
    study = opened(url)
    assert min(n_trained) > 0 and sum(n_trained) == sum(trial.rung for trial in study.listed)
    assert_each_rung_once(study, url)


def test_what_a_dead_process_had_is_done_by_the_other(tmp_path: Path) -> None:
    one_of_two_is_killed(str(tmp_path / "s.db"))


def one_of_two_is_killed(url: str) -> None:
    alone = {"SEEDBED_DEVICES": "1"}
    first, second = (start(url, "halving", MANY, LONG, **alone) for _ in range(2))
    begun(first)
    begun(second)
    until_it_works(url)
    first.kill()
    first.communicate()
    ended(second)
    study = opened(url)
    assert all(trial.is_over for trial in study.listed)
    assert_each_rung_once(study, url)


def until_it_works(url: str) -> None:
    """Waits until two processes each have a task."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        time.sleep(0.05)
        try:
            store = load_study(url).store
        except sb.UsageError:
            continue
        rungs = [(round_.number, rung) for round_ in store.rounds() for rung in range(len(round_.rungs))]
        tasks = [task for at in rungs for task in store.tasks(*at)]
        if len({task.owner for task in tasks if task.is_begun and not task.is_done}) == 2:
            return
    raise AssertionError("two processes have never worked at the same time")

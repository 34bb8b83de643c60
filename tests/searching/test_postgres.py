"""The same store in PostgreSQL, on a real server; also one that goes away for a moment."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import seedbed as sb
from seedbed.searching import database
from seedbed.searching.names import names_in
from seedbed.searching.store import Store, Task
from seedbed.searching.trial import PRUNED
from tests.searching.server import SECRET, Server
from tests.searching.studies import add_round, by_optuna, config, finish, made, open_rung, result
from tests.searching.test_kills import one_of_two_is_killed, shared_by_two
from tests.searching.test_store import created_at_once


def test_a_study_in_postgres(postgres: str) -> None:
    """Types, keys that are there already inside a transaction, and what Optuna reads of it."""
    ours = made(postgres)
    theirs = Store(postgres, "a")
    assert theirs.begin(config(99)).trials == 8 and not theirs.is_new
    assert not add_round(theirs)
    open_rung(theirs)
    theirs.join()
    assert len(ours.workers()) == 2
    first, second = ours.claim(0, 0), theirs.claim(0, 0)
    assert first is not None and second is not None and first.trials != second.trials
    assert not finish(theirs, first) and finish(ours, first) and finish(ours, first)
    theirs.leave()
    task = ours.claim(0, 0)
    assert task is not None and task.trials == second.trials and finish(ours, task)
    for store in (ours, theirs):
        store.open_rung([Task(0, 1, 0, (6, 7))], [trial for trial in ours.trials() if trial.number < 6])
    last = ours.claim(0, 1)
    assert last is not None and finish(ours, last, is_last=True, n_kept=1)
    assert [trial.state for trial in ours.trials()] == [PRUNED] * 6 + ["complete"] * 2
    assert list(ours.kept("weights")) == [7] and len(ours.kept("curve")) == 8
    with by_optuna(postgres, "a") as study:
        assert study.best_trial.number == 7 and len(study.trials_dataframe()) == 8
        assert study.trials[7].intermediate_values == {2: 0.07, 4: 0.07}
    assert names_in(postgres) == ["a"]


def test_a_trial_that_diverged(postgres: str) -> None:
    store = made(postgres)
    task = store.claim(0, 0)
    assert task is not None
    assert store.finish(task, [result(trial, score=np.nan) for trial in store.trials(task.trials)])
    assert [(trial.score, trial.loss) for trial in store.trials(task.trials)] == [(None, None)] * 4


def test_two_create_a_study_at_the_same_time(postgres: str) -> None:
    found: list[tuple[int, bool]] = []

    def create() -> None:
        store = Store(postgres, "a")
        found.append((store.study_id, store.is_new))

    threads = [threading.Thread(target=create) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({key for key, _ in found}) == 1 and sorted(new for _, new in found) == [False, False, True]


def test_a_server_that_is_away_for_a_moment(server: Server, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = made(postgres)
    task = store.claim(0, 0)
    assert task is not None
    server.stop()
    back = threading.Thread(target=lambda: (time.sleep(0.5), server.start()))
    back.start()
    try:
        assert finish(store, task)
    finally:
        back.join()
    monkeypatch.setattr(database, "AWAY_SECONDS", 0.3)
    server.stop()
    try:
        with pytest.raises(sb.UsageError, match=r"seedbed:\*\*\*@127.0.0.1:.* cannot be used") as refused:
            store.trials()
    finally:
        server.start()
    assert SECRET not in str(refused.value)
    assert [trial.rung for trial in store.trials()] == [1] * 4 + [0] * 4


def test_a_server_that_does_not_let_one_in(postgres: str) -> None:
    with pytest.raises(sb.UsageError, match="password authentication failed") as refused:
        Store(postgres.replace(SECRET, "wr0ng"), "a")
    assert "wr0ng" not in str(refused.value) and SECRET not in str(refused.value)


@pytest.mark.slow
def test_several_processes_create_a_study_in_postgres(postgres: str) -> None:
    created_at_once(postgres)


@pytest.mark.slow
def test_two_processes_share_a_study_in_postgres(postgres: str) -> None:
    shared_by_two(postgres)


@pytest.mark.slow
def test_what_a_dead_process_had_is_done_by_the_other_in_postgres(postgres: str) -> None:
    one_of_two_is_killed(postgres)

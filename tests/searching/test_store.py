"""The store: nothing twice, nothing lost, and no password shown; in SQLite, and where it says so in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import optuna
import pytest
import sqlalchemy as sql

import seedbed as sb
from seedbed.searching import blobs, database
from seedbed.searching import store as stores
from seedbed.searching.config import Config
from seedbed.searching.database import Database, address, shown
from seedbed.searching.names import names_in
from seedbed.searching.owners import is_gone, new_owner
from seedbed.searching.store import Store, Task
from seedbed.searching.trial import DIVERGED, PRUNED
from seedbed.training.paused import Paused
from tests.searching.studies import add_round, by_optuna, config, finish, made, open_rung, result


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "s.db")


@pytest.fixture
def ours(url: str) -> Store:
    return made(url)


@pytest.fixture
def theirs(ours: Store, url: str) -> Store:
    """The same study, as another process has it."""
    other = Store(url, "a")
    other.join()
    return other


def owner_that_died() -> str:
    """The name of a process of this machine that is over."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    machine, _, _, rest = new_owner().rsplit(":", 3)
    process.wait()
    return f"{machine}:{process.pid}:1:{rest}"


def tasks(store: Store, rung: int = 0) -> list[Task]:
    return store.tasks(0, rung)


def test_a_task_belongs_to_one(ours: Store, theirs: Store) -> None:
    first, second = ours.claim(0, 0), theirs.claim(0, 0)
    assert first is not None and second is not None
    assert {first.trials, second.trials} == {(0, 1, 2, 3), (4, 5, 6, 7)}
    assert ours.claim(0, 0) is None and theirs.claim(0, 0) is None
    assert [task.owner for task in tasks(ours)] == [ours.owner, theirs.owner]


def test_what_is_written_is_whole_and_only_by_its_owner(ours: Store, theirs: Store) -> None:
    task = ours.claim(0, 0)
    assert task is not None
    assert not finish(theirs, task)
    assert {trial.rung for trial in ours.trials()} == {0}
    assert finish(ours, task)
    assert [trial.rung for trial in ours.trials()] == [1] * 4 + [0] * 4
    assert [task.is_done for task in tasks(ours)] == [True, False]
    before = ours.trials()
    assert finish(ours, task)  # as where the answer to the first try was lost; nothing is written twice
    assert ours.trials() == before


def test_a_claim_whose_answer_was_lost_is_made_again(ours: Store) -> None:
    task = tasks(ours)[0]
    assert ours._take(task, is_begun=True)
    assert ours._take(task, is_begun=True)


def test_what_is_claimed_ahead_goes_to_whoever_has_nothing_to_do(ours: Store, theirs: Store) -> None:
    training, ahead = ours.claim(0, 0), ours.claim(0, 0, ahead=True)
    assert training is not None and ahead is not None
    assert theirs.claim(0, 0, ahead=True) is None  # nobody takes ahead what another has ahead
    taken = theirs.claim(0, 0)
    assert taken is not None and taken.trials == ahead.trials
    assert not ours.start(ahead) and not finish(ours, ahead)
    assert finish(theirs, taken) and finish(ours, training)


def test_what_is_begun_is_left_to_the_living(ours: Store, theirs: Store) -> None:
    ours.claim(0, 0)
    ahead = ours.claim(0, 0, ahead=True)
    assert ahead is not None and ours.start(ahead)
    assert theirs.claim(0, 0) is None


def test_a_process_of_this_machine_that_is_no_more_loses_its_tasks_at_once(ours: Store, theirs: Store) -> None:
    theirs.leave()
    theirs.owner = owner_that_died()
    theirs.join()
    lost = theirs.claim(0, 0)
    assert ours.claim(0, 0) is not None
    taken = ours.claim(0, 0)
    assert taken is not None and lost is not None and taken.trials == lost.trials
    assert not finish(theirs, lost) and finish(ours, taken)
    assert list(ours.workers()) == [ours.owner]


def test_a_number_that_the_system_gave_again_is_another_process() -> None:
    mine = new_owner()
    machine, pid, began, rest = mine.rsplit(":", 3)
    assert not is_gone(mine)
    assert is_gone(f"{machine}:{pid}:{int(began) - 1}:{rest}")
    assert not is_gone(f"elsewhere:{pid}:1:{rest}")
    assert is_gone(owner_that_died())


def test_a_process_elsewhere_loses_its_tasks_when_its_beat_stops(
    ours: Store, theirs: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(stores.time, "monotonic", lambda: now[0])
    theirs.leave()
    theirs.owner = "elsewhere:1:1:1"
    theirs.join()
    lost = theirs.claim(0, 0)
    assert ours.claim(0, 0) is not None and ours.claim(0, 0) is None
    now[0] = stores.STALE_SECONDS - 1
    theirs.beat()
    now[0] = stores.STALE_SECONDS + 1
    assert ours.claim(0, 0) is None  # its beat went on
    now[0] = 2 * stores.STALE_SECONDS + 2
    taken = ours.claim(0, 0)
    assert taken is not None and lost is not None and taken.trials == lost.trials
    theirs.beat()  # it was only asleep, and works on
    assert not finish(theirs, lost) and theirs.owner in theirs.workers()


def test_what_is_given_back_is_free(ours: Store, theirs: Store) -> None:
    task = ours.claim(0, 0)
    ours.leave()
    assert ours.owner not in theirs.workers()
    found = theirs.claim(0, 0)
    assert task is not None and found is not None and found.trials == task.trials


def test_of_two_that_write_a_round_or_a_rung_one_is_first(ours: Store, theirs: Store) -> None:
    won: list[bool] = []
    barrier = threading.Barrier(2)

    def race(store: Store) -> None:
        barrier.wait()
        won.append(add_round(store, 4, first=8, number=1))
        open_rung(store, 2, rung=0, round_=1, n=4)

    threads = [threading.Thread(target=race, args=(store,)) for store in (ours, theirs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, True]
    assert len(ours.rounds()) == 2 and len(ours.trials()) == 12 and len(ours.tasks(1, 0)) == 2


@pytest.mark.parametrize("at_once", [10_000, 4])
def test_behind_a_rung_the_rest_is_given_up_once(
    ours: Store, theirs: Store, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "AT_ONCE", at_once)
    for _ in range(2):
        task = ours.claim(0, 0)
        assert task is not None
        finish(ours, task)
    losers = [trial for trial in ours.trials() if trial.number < 6]
    for store in (ours, theirs):
        store.open_rung([Task(0, 1, 0, (6, 7))], losers)
    assert [trial.state for trial in ours.trials()] == [PRUNED] * 6 + ["running"] * 2
    assert [task.trials for task in tasks(ours, 1)] == [(6, 7)]


def test_weights_are_kept_of_the_best(ours: Store) -> None:
    while (task := ours.claim(0, 0)) is not None:
        finish(ours, task, is_last=True, n_kept=3)
    assert sorted(ours.kept("weights")) == sorted(ours.kept("predictions")) == [5, 6, 7]
    assert [trial.number for trial in ours.heavy()] == [7, 6, 5]
    assert sorted(ours.kept("curve", [0, 7])) == [0, 7]


def test_a_study_that_optuna_deleted_leaves_nothing_behind(ours: Store, url: str) -> None:
    optuna.delete_study(study_name="a", storage=f"sqlite:///{url}")
    again = Store(url, "a")
    assert again.is_new and again.config() is None and again.rounds() == [] and again.trials() == []


def test_a_study_that_optuna_made_by_itself_is_left_alone(url: str) -> None:
    storage = f"sqlite:///{url}"
    for name in ("first", "second"):  # before there are tables of ours, and after
        optuna.create_study(storage=storage, study_name=name).optimize(lambda trial: trial.suggest_float("x", 0, 1), 2)
        with pytest.raises(sb.UsageError, match=f"expected a study of seedbed, got '{name}' in .*, which Optuna made"):
            Store(url, name)
        made(url, "ours")
    assert names_in(url) == ["ours"]
    assert len(optuna.load_study(storage=storage, study_name="second").trials) == 2


def test_optuna_reads_it(url: str) -> None:
    store = made(url)
    while (task := store.claim(0, 0)) is not None:
        found = [
            result(trial, score=np.nan if trial.number == 2 else None, is_last=True)
            for trial in store.trials(task.trials)
        ]
        assert store.finish(task, found)
    add_round(store, 2, first=8, number=1)
    with by_optuna(url, "a") as study:
        assert study.best_trial.number == 7 and study.best_value == 0.07
        assert study.best_params == store.trials([7])[0].point
        table = study.trials_dataframe()
        assert list(table["number"]) == list(range(10))
        assert table["state"].value_counts().to_dict() == {"COMPLETE": 7, "WAITING": 2, "PRUNED": 1}
        assert table["user_attrs_outcome"][2] == "diverged: its loss was no number any more"
        assert study.trials[3].intermediate_values == {4: 0.03}
        assert store.trials()[2].state == DIVERGED
        assert set(optuna.importance.get_param_importances(study)) == set(study.best_params)
        assert len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE])) == 7


CREATOR = """
import sys
from seedbed.searching.store import Store
from tests.searching.studies import add_round, by_optuna, config
sys.stdin.readline()
store = Store(sys.argv[1], "a")
store.begin(config())
print(store.study_id, add_round(store), len(store.trials()))
"""


@pytest.mark.slow
def test_several_processes_create_a_study_at_the_same_time(url: str) -> None:
    created_at_once(url)


def created_at_once(url: str, n: int = 4) -> None:
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [
        subprocess.Popen([sys.executable, "-c", CREATOR, url], cwd=root, env=env, text=True, **pipes) for _ in range(n)
    ]
    said = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        said.append(out.split())
    assert {(key, count) for key, _, count in said} == {(said[0][0], "8")}
    assert sorted(won for _, won, _ in said) == ["False"] * (n - 1) + ["True"]


def test_the_names_of_studies(url: str) -> None:
    made(url, "b")
    Store(url, "empty")
    assert names_in(url) == ["b"]
    with pytest.raises(sb.UsageError, match="expected a database with a study in it, got sqlite:///"):
        names_in(url + "-not-there")
    assert not Path(url.removeprefix("sqlite:///") + "-not-there").exists()  # to look makes no file


def test_a_lock_of_a_moment_is_waited_for(ours: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "FIRST_PAUSE", 0.0)
    asked = []

    def work(db: sql.Connection) -> int:
        asked.append(1)
        if len(asked) < 3:
            raise sql.exc.OperationalError("", {}, Exception("database is locked"))
        return 7

    assert ours.db.write(work) == 7


def test_what_does_not_pass_is_said(ours: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "AWAY_SECONDS", 0.0)

    def work(db: sql.Connection) -> None:
        raise sql.exc.OperationalError("", {}, Exception("database is locked\nmore"))

    with pytest.raises(sb.UsageError, match=r"the database sqlite:///.*/s.db cannot be used: database is locked\n"):
        ours.db.write(work)
    with pytest.raises(sb.UsageError, match="cannot be used: no such table: nonsense"):
        ours.db.read(lambda db: db.execute(sql.text("select * from nonsense")))
    with pytest.raises(sb.UsageError, match="cannot be used: unable to open database file"):
        Store("/not/there/s.db", "a")


SECRET = "s3cret"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@127.0.0.1:1/none",
        f"postgresql://127.0.0.1:1/none?user=me&password={SECRET}",
        f"postgres://me:{SECRET}@host.invalid/none?connect_timeout=2",
        f"nonsense://me:{SECRET}@host/none",
        f"postgresql://me:{SECRET}@127.0.0.1:port/none",
    ],
)
def test_no_password_is_shown(address: str) -> None:
    with pytest.raises(sb.UsageError) as refused:
        Store(address, "a")
    assert SECRET not in str(refused.value) and refused.value.__cause__ is None
    with pytest.raises(sb.UsageError) as refused:
        names_in(address)
    assert SECRET not in str(refused.value)


def test_addresses() -> None:
    assert shown("a.db") == "sqlite:///a.db"
    for path in ("/연구/ü 100%.db", "a b/c.db"):
        assert shown(path) == f"sqlite:///{path}" and address(path).database == path
    assert shown("postgres://me:you@h/d") == "postgresql+psycopg://me:***@h/d"
    assert SECRET not in repr(Database(f"postgresql://me:{SECRET}@h/d"))


def test_a_store_shows_no_password_of_its_address(ours: Store) -> None:
    assert "url" not in repr(ours)


def test_a_study_of_another_version_is_refused() -> None:
    assert Config.from_text(config().to_text()) == config()
    with pytest.raises(sb.UsageError, match="study: expected format 1, got 2\nhint: open it with the version"):
        Config.from_text(config().to_text().replace('"format": 1', '"format": 2'))


def test_a_second_configuration_does_not_replace_the_first(ours: Store) -> None:
    assert ours.begin(config(99)).trials == 8


def test_what_is_paused_keeps_its_shapes() -> None:
    one = Paused(3, (np.array(1.5, np.float32), np.arange(6, dtype=np.int32).reshape(2, 3).T, np.zeros(0)))
    [again] = blobs.paused(blobs.of_paused([one]))
    assert again.epoch == 3 and [a.shape for a in again.leaves] == [(), (3, 2), (0,)]
    for before, after in zip(one.leaves, again.leaves, strict=True):
        np.testing.assert_array_equal(before, after)


def test_of_what_is_paused_the_zeros_of_padding_are_not_written() -> None:
    """And come back: rows, columns, and a minus zero inside and at the end."""
    padded = np.zeros((64, 48), np.float32)
    padded[:20, :7] = np.random.default_rng(0).normal(size=(20, 7))
    padded[3, :] = 0.0
    signed = np.zeros(400, np.float64)
    signed[[5, 300]] = 1.0, -0.0
    leaves = (padded, padded.T, signed, np.zeros((20, 20), np.int32), np.ones((16, 16), bool), np.ones((0, 9)))
    content = blobs.of_paused([Paused(2, leaves), Paused(2, tuple(reversed(leaves)))])
    assert len(content) < 2 * (2 * 20 * 7 * 4 + 301 * 8 + 256) + 4000 < 2 * sum(a.nbytes for a in leaves)
    one, other = blobs.paused(content)
    for before, after in zip((*leaves, *reversed(leaves)), (*one.leaves, *other.leaves), strict=True):
        assert before.shape == after.shape and before.dtype == after.dtype
        assert np.ascontiguousarray(before).tobytes() == np.ascontiguousarray(after).tobytes()

"""A cluster: what each actor gets, what is refused, and a real local one whose worker is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest

import seedbed as sb
from seedbed.recipe.searching.search import search
from seedbed.recipe.searching.study import load_study
from seedbed.searching.cluster import Share, shared
from tests.searching.process import space
from tests.searching.spaces import small
from tests.searching.test_kills import assert_each_rung_once, ended, start

TRIALS, EPOCHS = 96, 200
OPTIONS = {"trials": TRIALS, "method": "halving", "out": None, "retrain": 0, "seed": 5}


def host(cpus: float, gpus: float = 0, *, alive: bool = True) -> dict[str, object]:
    return {"Alive": alive, "Resources": {"CPU": cpus} | ({"GPU": gpus} if gpus else {})}


@pytest.mark.parametrize(
    ("hosts", "workers", "is_local", "expected"),
    [
        ([host(4)], None, True, [Share(1)] * 4),
        ([host(4)], 2, True, [Share(2)] * 2),
        ([host(2)], 3, True, [Share(1)] * 3),
        ([host(4), host(4), host(4)], 2, False, [Share(4)] * 2),  # not half of twelve cores, which no host has
        ([host(8), host(2)], 3, False, [Share(2)] * 3),
        ([host(8), host(2)], 2, False, [Share(4)] * 2),
        ([host(4, 2), host(16)], 2, False, [Share(2, 1)] * 2),
        ([host(8), host(4), host(2, alive=False)], None, False, [Share(8), Share(4)]),
        ([host(8, 2), host(4)], None, False, [Share(4, 1)] * 2 + [Share(4)]),
        ([host(8, 2), host(8, 2)], 4, False, [Share(4, 1)] * 4),
    ],
)
def test_what_each_actor_gets(hosts, workers, is_local, expected) -> None:
    assert shared(hosts, workers, is_local=is_local) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 2}, "workers: expected a cluster to run them, got none"),
        ({"workers": 0, "cluster": "local"}, "workers: expected a whole number of at least 1, got 0"),
    ],
)
def test_what_is_not_sound_is_refused(options, message, tmp_path: Path) -> None:
    with pytest.raises(sb.UsageError, match=message):
        search(small(), sb.data.load("iris"), study=tmp_path / "s.db", **OPTIONS | options)


def test_without_ray_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(sb.UsageError, match=r"expected Ray, which is not installed\nhint: pip install 'seedbed\[cl"):
        search(small(), sb.data.load("iris"), study=tmp_path / "s.db", cluster="local", **OPTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["auto", "127.0.0.1:1", "nonsense://x"])
def test_a_cluster_that_is_not_there(address: str, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(sb.UsageError, match=f"expected a cluster of Ray at {address}, which cannot be reached"):
        search(small(), sb.data.load("iris"), study=tmp_path / "s.db", cluster=address, **OPTIONS)


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:os.fork:RuntimeWarning"
)
def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a real local cluster with PostgreSQL: each trial once, and to the bit what one process finds."""
    pytest.importorskip("ray")
    killed: list[int] = []
    killer = threading.Thread(target=lambda: killed.append(kill_one(postgres)))
    killer.start()
    data = sb.data.load("iris")
    found = search(space(EPOCHS), data, study=postgres, name="search", cluster="local", workers=2, **OPTIONS)
    killer.join()
    assert killed[0] > 0 and found.worker.n_replaced == 1 and not found.is_interrupted
    assert all(trial.is_over for trial in found.listed)
    assert_each_rung_once(found, postgres)
    url = str(tmp_path / "alone.db")
    ended(start(url, "alone", found.config.to_text(), 2, SEEDBED_DEVICES="1"))
    expected = load_study(url, data=data)
    columns = [name for name in expected.trials.columns if name not in ("seconds", "finished")]
    assert found.trials[columns].equals(expected.trials[columns])
    assert found.winner.number == expected.winner.number


def kill_one(url: str) -> int:
    """Kills the process that is at work on a task of the first rung, once two are; its number."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        time.sleep(0.05)
        with contextlib.suppress(sb.UsageError):
            store = load_study(url).store
            owners = {task.owner for task in store.tasks(0, 0) if task.is_begun and not task.is_done}
            if len(owners) == 2:
                pid = int(min(owners, key=str).split(":")[1])
                os.kill(pid, signal.SIGKILL)
                return pid
    return 0

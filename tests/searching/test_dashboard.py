"""Optuna's dashboard opens our studies."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.searching.studies import finish, made

SERVER = "import sys; from optuna_dashboard._cli import main; main()"


@contextlib.contextmanager
def dashboard(url: str) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVER, url, "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def asked(address: str) -> Any:
    """What the dashboard says, once it is there."""
    for _ in range(200):
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(address, timeout=10) as answer:
            return json.loads(answer.read())
        time.sleep(0.2)
    raise AssertionError("the dashboard has not come up")


@pytest.mark.slow
def test_the_dashboard_lists_a_study_and_its_trials(tmp_path: Path) -> None:
    pytest.importorskip("optuna_dashboard")
    store = made(tmp_path / "s.db")
    while (task := store.claim(0, 0)) is not None:
        finish(store, task, is_last=True)
    store.leave()
    with dashboard(f"sqlite:///{tmp_path / 's.db'}") as at:
        [listed] = asked(f"{at}/api/studies")["study_summaries"]
        assert listed["study_name"] == "a"
        detail = asked(f"{at}/api/studies/{listed['study_id']}?after=0")
        assert [trial["state"] for trial in detail["trials"]] == ["Complete"] * 8
        assert detail["trials"][7]["values"] == [0.07]

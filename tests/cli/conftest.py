"""The command in this process, in a folder of its own, and a run that is there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from seedbed.cli import main

BARE = ("--members", "2", "--epochs", "2", "--network", "linear 16, relu, linear out")
QUICK = (*BARE, "--watch", "off")  # which compiles in two thirds of the time


class Said(NamedTuple):
    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def seedbed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command; gives its exit code and what it wrote."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code: int | str | None = 0
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        assert isinstance(code, int)
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on iris; tests copy it."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("trained")
    os.chdir(folder)
    try:
        main(["train", "iris", *QUICK, "--out", "iris", "--quiet"])
    except SystemExit as end:
        assert end.code == 0
    finally:
        os.chdir(before)
    return folder / "iris"


@pytest.fixture
def iris(trained: Path, tmp_path: Path) -> Path:
    """The run on iris in the folder of the test, as `iris`."""
    shutil.copytree(trained, tmp_path / "iris")
    return Path("iris")

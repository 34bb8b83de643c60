"""The README is true: its commands parse, its Python runs, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from seedbed.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """What stands between fences of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


COMMANDS = [
    line.partition(" #")[0].strip()
    for block in blocks("")
    for part in block.splitlines()
    for line in part.split("&&")
    if line.strip().startswith("seedbed ")
]


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one_that_there_is(line: str) -> None:
    name, *arguments = shlex.split(line.partition(">")[0])[1:]
    group: Any = typer.main.get_command(app)
    command = group.commands[name]
    command.make_context(name, arguments)  # raises where an option or an argument is not known


def test_there_are_commands_and_python() -> None:
    assert len(COMMANDS) >= 8 and len(blocks("python")) >= 2


@pytest.mark.slow
def test_the_python_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    assert Path("report.html").is_file() and len(names["run"].members) == 64


@pytest.mark.parametrize("link", re.findall(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)", README))
def test_every_link_and_every_image_leads_to_a_file(link: str) -> None:
    assert re.match("https?://", link) or (ROOT / link).exists()

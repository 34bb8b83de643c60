"""The README and the pages beside it are true: commands parse, Python runs, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import jax
import pytest
import typer

from seedbed.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(language: str, text: str = README) -> list[str]:
    """What stands between fences of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


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


def test_the_page_of_derivatives_runs_as_it_stands() -> None:
    text = (ROOT / "docs" / "calculus.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "calculus"}
    with jax.numpy_dtype_promotion("standard"):
        for block in blocks("python", text):
            exec(compile(block, "calculus.md", "exec"), names)
    assert names["H"].kind == "diagonal"


@pytest.mark.parametrize(
    ("page", "link"),
    [
        (page, link)
        for page in PAGES
        for link in re.findall(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    ],
    ids=lambda value: value.name if isinstance(value, Path) else None,
)
def test_every_link_and_every_image_leads_to_a_file(page: Path, link: str) -> None:
    assert re.match("https?://", link) or (page.parent / link).exists()

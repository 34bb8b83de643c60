"""What the commands print, in one place: steps, progress, tables, errors."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from seedbed.core.errors import SeedbedError
from seedbed.core.messages import message
from seedbed.reporting.evidence import Step
from seedbed.training.trainer import Progress as Tick


class Printer:
    """Prints for a person, or one JSON object for a program.

    Arguments:
        is_quiet: print no steps and no progress.
        is_json: stdout is for one JSON object; everything else goes to stderr.
    """

    def __init__(self, *, is_quiet: bool = False, is_json: bool = False) -> None:
        self.is_quiet, self.is_json = is_quiet, is_json
        self.out = Console(stderr=is_json, highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)
        self._n_steps = 0

    def say(self, text: str | Text | Table) -> None:
        """Prints something for a person, unless quiet."""
        if not self.is_quiet:
            self.out.print(text)

    def result(self, plain: dict[str, Any]) -> None:
        """Prints the one object of `--json`."""
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")

    def step(self, step: Step) -> None:
        """Prints a step of the recipe with its evidence."""
        self._n_steps += 1
        self.say(Text.assemble((f"{self._n_steps} ", "bold cyan"), (message(f"report.step.{step.name}"), "bold")))
        width = max(len(label) for label, _ in step.facts)
        for label, fact in step.facts:
            self.say(Text.assemble((f"  {label:<{width}}  ", "dim"), fact))

    @contextlib.contextmanager
    def progress(self) -> Iterator[Callable[[Tick], None] | None]:
        """Shows training as it goes; gives the function that training calls."""
        if self.is_quiet:
            yield None
            return
        columns = (
            TextColumn("  {task.fields[members]} members"),
            BarColumn(bar_width=24),
            TextColumn("epoch {task.fields[epoch]}  best score {task.fields[best]}  {task.fields[speed]} network steps/s"),
            TimeRemainingColumn(compact=True),
        )
        with Progress(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task("", total=1.0, members="", epoch="compiling", best="...", speed="...", start=True)

            def tell(tick: Tick) -> None:
                bar.update(
                    task,
                    completed=tick.share_done,
                    members=f"{tick.n_members:,}",
                    epoch=f"{tick.epochs_done:.0f}/{tick.epochs}",
                    best=f"{tick.best_score:.4f}",
                    speed=f"{tick.n_steps / max(tick.wall_seconds, 1e-9):,.0f}",
                )

            yield tell


def show_error(error: SeedbedError) -> None:
    """Prints an error for a person: what is wrong, and what to do."""
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    err.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.hint:
        err.print(Text.assemble(("hint: ", "bold yellow"), error.hint))


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table in the house's look."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made

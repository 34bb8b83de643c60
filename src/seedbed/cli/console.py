"""What the commands print, in one place: steps, tables, errors."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seedbed.core.errors import SeedbedError

if TYPE_CHECKING:
    from rich.console import Console, ConsoleRenderable, RichCast
    from rich.table import Table
    from rich.text import Text

    from seedbed.reporting.evidence import Step

WIDTH_OF_A_FILE = 1000  # so that what a program reads has one line for each row
WIDTH_OF_A_TEXT = 80  # of sentences and pictures, where there is no terminal that says how wide it is


class Printer:
    """Prints for a person, or one JSON object for a program.

    Arguments:
        is_quiet: print no steps.
        is_json: stdout is for one JSON object; everything else goes to stderr.
    """

    def __init__(self, *, is_quiet: bool = False, is_json: bool = False) -> None:
        self.is_quiet, self.is_json = is_quiet, is_json
        self.n_steps = 0

    def say(self, text: str | Text | Table) -> None:
        """Prints something for a person, unless quiet."""
        if not self.is_quiet:
            _console(is_error=self.is_json).print(text)

    def picture(self, drawn: RichCast | ConsoleRenderable) -> None:
        """Prints sentences and pictures, in a file as wide as in a terminal of 80 columns."""
        _console(is_error=False, width_of_a_file=WIDTH_OF_A_TEXT).print(drawn)

    def note(self, text: str) -> None:
        """Says something beside the result."""
        _console(is_error=True).print(text)

    @contextlib.contextmanager
    def warnings(self) -> Iterator[None]:
        """Inside, a warning is said as a note, without the line of code that it comes from."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_, **__: self.note(f"warning: {message}")
            yield

    def result(self, plain: dict[str, Any]) -> None:
        """Prints the one object of `--json`."""
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")

    def step(self, step: Step) -> None:
        """Prints a step of the recipe with its evidence."""
        from rich.table import Table
        from rich.text import Text

        from seedbed.core.messages import message
        from seedbed.reporting.wording import fact_label

        self.n_steps += 1
        self.say(Text.assemble((f"{self.n_steps} ", "bold cyan"), (message(f"report.step.{step.name}"), "bold")))
        facts = Table.grid(padding=(0, 2, 0, 0))
        facts.add_column(style="dim", no_wrap=True)
        facts.add_column(overflow="fold")
        for label, fact in step.facts:
            facts.add_row(f"  {fact_label(label)}", Text(fact))
        self.say(facts)


def show_error(error: SeedbedError) -> None:
    """Prints an error for a person: what is wrong, and what to do."""
    from rich.text import Text

    err = _console(is_error=True)
    err.print(Text.assemble(("error: ", "bold red"), error.message))
    if error.hint:
        err.print(Text.assemble(("hint: ", "bold yellow"), error.hint))


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table in the house's look."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="bold")
    for i, column in enumerate(columns):
        made.add_column(column, justify="right" if column in right else "left", overflow="fold", no_wrap=i == 0)
    return made


def _console(*, is_error: bool, width_of_a_file: int = WIDTH_OF_A_FILE) -> Console:
    from rich.console import Console

    stream = sys.stderr if is_error else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else width_of_a_file
    # What is printed holds names of files and columns, in which a bracket is a bracket.
    return Console(stderr=is_error, highlight=False, markup=False, emoji=False, width=width)

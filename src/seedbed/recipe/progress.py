"""Progress while a population trains: a bar on a terminal or in a notebook, nothing where the output goes to a file."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from seedbed.training.trainer import Progress as Tick

Tell = Callable[[Tick], None]


@contextlib.contextmanager
def showing(wanted: bool | None, also: Tell | None = None) -> Iterator[Tell | None]:
    """Shows training as long as it lasts; gives the function that training calls, or None.

    Arguments:
        wanted: whether to show it; None shows it in a notebook only.
        also: is told as well.
    """
    if not (is_notebook() if wanted is None else wanted):
        yield also
        return
    with _in_notebook() if is_notebook() else _on_terminal() as show:

        def tell(tick: Tick) -> None:
            show(tick)
            if also is not None:
                also(tick)

        yield tell


def is_notebook() -> bool:
    """Whether this runs in a notebook, where what is displayed is HTML."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return type(shell).__name__ in ("ZMQInteractiveShell", "Shell")  # Jupyter, Colab


@contextlib.contextmanager
def _on_terminal() -> Iterator[Tell]:
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    width = 24 if console.width >= 110 else 8  # what stands behind it takes about eighty columns
    columns = (BarColumn(bar_width=width), TextColumn("{task.description}"), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("compiling", total=1.0)
        yield lambda tick: bar.update(task, completed=tick.share_done, description=words(tick))


@contextlib.contextmanager
def _in_notebook() -> Iterator[Tell]:
    # Rich would ask for ipywidgets here; a display that is written again needs nothing.
    ipython = importlib.import_module("IPython.display")
    shown = ipython.display(ipython.HTML("compiling"), display_id=True)

    def show(tick: Tick) -> None:
        bar = f'<progress max="1" value="{tick.share_done:.4f}"></progress>'
        shown.update(ipython.HTML(f"{bar} {words(tick)}"))

    yield show
    shown.update(ipython.HTML(""))


def words(tick: Tick) -> str:
    """Where training stands, in a line: members, epochs, the best score so far, and how fast it goes."""
    best = f"best score {tick.best_score:.4f}, " if tick.best_score > float("-inf") else ""
    speed = tick.n_steps / max(tick.wall_seconds, 1e-9)
    return f"{tick.n_members:,} members, epoch {tick.epochs_done:.0f}/{tick.epochs}, {best}{speed:,.0f} network steps/s"

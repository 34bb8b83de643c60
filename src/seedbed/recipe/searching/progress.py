"""Progress of a search: a bar on a terminal, nothing where the output goes to a file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from seedbed.searching.store import Round
from seedbed.searching.worker import Told

Tell = Callable[[Told], None]
Say = Callable[[Round], None]


@contextlib.contextmanager
def showing_search(
    wanted: bool | None, also: Tell | None = None, say: Say | None = None
) -> Iterator[tuple[Tell | None, Say | None]]:
    """Shows a search as long as it lasts; gives the two functions that the worker calls, or None.

    Arguments:
        also: is called beside.
        say: prints something of a round; the bar is away meanwhile, so that nothing is printed behind it.
    """
    if not wanted:
        yield also, say
        return
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (BarColumn(bar_width=16), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("compiling", total=1.0)
        best: list[float] = []

        def tell(told: Told) -> None:
            best[:] = [max([*best, told.best])] if told.best is not None else best
            bar.update(task, completed=told.n_done / told.n_trials, description=words(told, best[0] if best else None))
            if also is not None:
                also(told)

        def saying(one: Round) -> None:
            bar.stop()
            if say is not None:
                say(one)
            bar.update(task, completed=0, description=f"round {one.number + 1}: compiling")
            bar.start()

        yield tell, saying


def words(told: Told, best: float | None) -> str:
    """Where a search stands, in a line."""
    shown = "" if best is None else f", best score {best:.4f}"
    where = f"round {told.round + 1}, rung {told.rung + 1}/{told.n_rungs}"
    return f"{where}: {told.n_done:.0f}/{told.n_trials} trials{shown}, {told.seconds:.0f} s"

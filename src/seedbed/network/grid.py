"""A table of texts, the same in a terminal, on paper and in a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

Cells = tuple[str, ...]


class Shown:
    """What shows itself as its `grid`: printed, by Rich, and at the end of a notebook cell."""

    @property
    def grid(self) -> Grid:
        """The table of texts."""
        raise NotImplementedError

    def __str__(self) -> str:
        return str(self.grid)

    def __rich__(self) -> Table:
        return self.grid.__rich__()

    def _repr_html_(self) -> str:
        return self.grid._repr_html_()


@dataclass(frozen=True)
class Grid:
    """Rows under headings. Print it, give it to Rich, or end a notebook cell with it.

    Attributes:
        headings: one for each column.
        rows: the cells, as many in each row.
        caption: what the table is of.
        n_texts: how many columns, from the left, hold texts; the others hold numbers, and are set to the right.
        totals: a last row under a rule, or none.
    """

    headings: Cells
    rows: tuple[Cells, ...]
    caption: str
    n_texts: int
    totals: Cells | None = None

    def __str__(self) -> str:
        footer = [] if self.totals is None else [self.totals]
        table = [self.headings, *self.rows, *footer]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(self._aligned(n, cell, widths[n]) for n, cell in enumerate(row)).rstrip() for row in table]
        rule = "─" * max(map(len, lines))
        body = lines[1 : 1 + len(self.rows)]
        return "\n".join([lines[0], rule, *body, rule, *lines[1 + len(body) :], self.caption])

    def __rich__(self) -> Table:
        from rich.table import Table  # only a terminal that draws tables needs it

        table = Table(caption=self.caption, show_footer=self.totals is not None)
        for n, (heading, total) in enumerate(zip(self.headings, self.totals or self.headings, strict=True)):
            table.add_column(heading, total, justify="left" if n < self.n_texts else "right")
        for row in self.rows:
            table.add_row(*row)
        return table

    def _repr_html_(self) -> str:
        body = "".join(self._html_row("td", row) for row in self.rows)
        foot = "" if self.totals is None else f"<tfoot>{self._html_row('th', self.totals)}</tfoot>"
        head = f"<thead>{self._html_row('th', self.headings)}</thead>"
        return f"<table><caption>{html.escape(self.caption)}</caption>{head}<tbody>{body}</tbody>{foot}</table>"

    def _aligned(self, n: int, cell: str, width: int) -> str:
        return cell.ljust(width) if n < self.n_texts else cell.rjust(width)

    def _html_row(self, tag: str, cells: Cells) -> str:
        sides = ["left" if n < self.n_texts else "right" for n in range(len(cells))]
        inner = "".join(
            f"<{tag} align={side}>{html.escape(cell)}</{tag}>" for side, cell in zip(sides, cells, strict=True)
        )
        return f"<tr>{inner}</tr>"

"""The list of all explanations, by theme."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seedbed.core.messages import message

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


@dataclass(frozen=True)
class Listing:
    """Names of explanations under their themes. Print it, or end a notebook cell with it."""

    themes: Mapping[str, Sequence[str]]
    language: str | None = None

    @property
    def names(self) -> list[str]:
        """All names."""
        return [name for names in self.themes.values() for name in names]

    def to_dict(self) -> dict[str, Any]:
        """Name, title and theme of each as plain data."""
        return {
            "explanations": [
                {"name": name, "title": self._title(name), "theme": theme}
                for theme, names in self.themes.items()
                for name in names
            ]
        }

    def _title(self, name: str) -> str:
        return message(f"explain.{name}.title", self.language)

    def __str__(self) -> str:
        width = max(map(len, self.names))
        lines = []
        for theme, names in self.themes.items():
            lines += [message(f"explain.theme.{theme}", self.language)]
            lines += [f"  {name:<{width}}  {self._title(name)}" for name in names]
            lines += [""]
        return "\n".join([*lines, message("explain.how", self.language)])

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        headings = {message(f"explain.theme.{theme}", self.language) for theme in self.themes}
        for line in str(self).splitlines():
            yield Text(line, "bold cyan" if line in headings else "")

    def _repr_html_(self) -> str:
        rows = []
        for theme, names in self.themes.items():
            heading = html.escape(message(f"explain.theme.{theme}", self.language))
            rows.append(f"<tr><th colspan=2 align=left>{heading}</th></tr>")
            rows += [f"<tr><td><code>{n}</code></td><td>{html.escape(self._title(n))}</td></tr>" for n in names]
        return f"<table>{''.join(rows)}</table>"

"""An explanation: what something is, what was measured of it, what goes wrong with it and what helps, as a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedbed.core.messages import message
from seedbed.reporting.explained.matrix import Matrix
from seedbed.reporting.explained.parts import Equations, Facts, Remedy, Table
from seedbed.reporting.explained.plot import Plot
from seedbed.reporting.explained.relief import Relief
from seedbed.reporting.explained.words import Said, plain

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

Part = Said | Equations | Facts | Table | Remedy | Plot | Relief | Matrix
Picture = Plot | Relief | Matrix


@dataclass(frozen=True, eq=False)
class Section:
    """Some parts under a heading; its name is the heading's key below `explain.section.`."""

    name: str
    parts: Sequence[Part]

    def heading(self, language: str | None = None) -> str:
        """The heading in that language."""
        return message(f"explain.section.{self.name}", language)


@dataclass(frozen=True, eq=False)
class Explanation:
    """What `seedbed explain` shows. Print it, end a notebook cell with it, save it as a page, or take its data.

    Attributes:
        name: as it is asked for; `explain.<name>.title` and `explain.<name>.lead` say what it is.
        theme: what it belongs to.
        sections: what is shown, in order.
        related: the names of explanations to read next.
        language: of the sentences; the reader's own where None.
    """

    name: str
    theme: str
    sections: Sequence[Section]
    related: Sequence[str] = ()
    language: str | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return message(f"explain.{self.name}.title", self.language)

    @property
    def lead(self) -> str:
        """What it is, in a sentence or two."""
        return message(f"explain.{self.name}.lead", self.language)

    @property
    def parts(self) -> list[Part]:
        """The parts of all sections."""
        return [part for section in self.sections for part in section.parts]

    @property
    def facts(self) -> dict[str, Any]:
        """What was measured, by name."""
        return {fact.name: fact.value for part in self.parts if isinstance(part, Facts) for fact in part.facts}

    @property
    def tables(self) -> dict[str, Table]:
        """The tables by name."""
        return {part.name: part for part in self.parts if isinstance(part, Table)}

    @property
    def plots(self) -> dict[str, Picture]:
        """The pictures by name."""
        return {part.name: part for part in self.parts if isinstance(part, Picture)}

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data, sentences in the explanation's language."""
        sections = [
            {"heading": section.heading(self.language), "sentences": _sentences(section, self.language)}
            for section in self.sections
        ]
        equations = [line for part in self.parts if isinstance(part, Equations) for line in part.lines]
        return {
            "name": self.name, "theme": self.theme, "title": self.title, "lead": self.lead, "equations": equations,
            "facts": plain(self.facts, self.language), "sections": sections,
            "tables": {name: table.to_dict(self.language) for name, table in self.tables.items()},
            "plots": {name: plot.to_dict(self.language) for name, plot in self.plots.items()},
            "related": list(self.related),
        }  # fmt: skip

    def save(self, path: str | Path) -> Path:
        """Writes it as an HTML page that loads nothing, and gives back where. A page like it is replaced.

        Raises:
            UsageError: the name has another ending than .html, another file stands there, or it cannot be written
                there.
        """
        from seedbed.reporting.explained.page import GENERATOR, check_target, page
        from seedbed.reporting.pages import write_page

        target = Path(path)
        check_target(target)
        return write_page(target, page(self), GENERATOR)

    def __str__(self) -> str:
        from seedbed.reporting.explained.terminal import as_text

        return as_text(self).rstrip()

    __repr__ = __str__

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from seedbed.reporting.explained.terminal import rendered

        yield rendered(self, options.max_width)

    def _repr_html_(self) -> str:
        from seedbed.reporting.explained.page import fragment

        return fragment(self)


def _sentences(section: Section, language: str | None) -> list[dict[str, Any]]:
    """What a section says, each with the numbers that stand in it."""
    said = [part.said if isinstance(part, Remedy) else part for part in section.parts]
    return [
        {"text": one.text(language), "values": plain(one.values, language)} for one in said if isinstance(one, Said)
    ]

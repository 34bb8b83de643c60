"""A Jacobian to look at: its structure, its size, how shapes lead to it, and its picture, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedbed.calculus.checking import Check
from seedbed.calculus.expressions.shapes import ShapeOf
from seedbed.calculus.structure.wording import word
from seedbed.core.errors import UsageError, one_of
from seedbed.core.messages import message
from seedbed.reporting.jacobian.pattern import Pattern

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

Shape = tuple[int, ...]
SUFFIXES = (".html", ".png", ".svg")


@dataclass(frozen=True, eq=False)
class JacobianView:
    """The Jacobian of an expression at a random point. Print it, save it, or take its data.

    Attributes:
        text: the expression.
        by: the array that it is differentiated by.
        shapes: of each array, by name.
        seed, dtype: of the random numbers.
        out_shape, in_shape: of the result, and of `by`.
        kind: the word for its structure.
        sentence: that structure in words, and its size.
        stored_bytes, dense_bytes: what it takes, and what all entries would take.
        factors: kind and shape of each Jacobian that it is the product of, as they are applied.
        steps: the shapes of the expression, operation by operation.
        check: how it agrees with JAX's forward and backward passes.
        pattern: where its entries are large, small or nothing.
        language: of the sentences; the reader's own where None.
    """

    text: str
    by: str
    shapes: dict[str, Shape]
    seed: int
    dtype: str
    out_shape: Shape
    in_shape: Shape
    kind: str
    sentence: str
    stored_bytes: int
    dense_bytes: int
    factors: tuple[tuple[str, tuple[int, int]], ...]
    steps: ShapeOf
    check: Check
    pattern: Pattern
    language: str | None = None

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        """What is said of it: a label and a text each."""
        say: Callable[..., str] = lambda key, **values: message(f"jacobian.view.{key}", self.language, **values)  # noqa: E731
        m, n = self.pattern.shape
        arrays = ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
        yield say("structure"), self.sentence
        yield say("size"), say("sizes", out=str(self.out_shape), source=str(self.in_shape), m=f"{m:,}", n=f"{n:,}")
        if len(self.factors) > 1:
            kinds = [f"{word(kind, self.language)} {rows:,} × {n:,}" for kind, (rows, n) in reversed(self.factors)]
            yield say("factors"), " · ".join(kinds)
        error, tolerance = f"{self.check.error:.1e}", f"{self.check.tolerance:.1e}"
        verdict = "agrees" if self.check else "differs"
        yield say("check"), say(verdict, error=error, tolerance=tolerance)
        yield say("point"), say("random", arrays=arrays, seed=self.seed, dtype=self.dtype)

    @property
    def lines(self) -> Iterator[tuple[str, str, str]]:
        """The operations of the expression: the piece, its shapes, and what it does to them."""
        for step in self.steps.steps:
            yield step.piece, step.algebra, message(f"shapes.{step.kind}", self.language)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        steps = [
            {"piece": s.piece, "inputs": list(map(list, s.inputs)), "shape": list(s.shape)} for s in self.steps.steps
        ]
        return {
            "expression": self.text, "by": self.by, "seed": self.seed, "dtype": self.dtype,
            "shapes": {name: list(shape) for name, shape in self.shapes.items()},
            "out_shape": list(self.out_shape), "in_shape": list(self.in_shape), "shape": list(self.pattern.shape),
            "kind": self.kind, "structure": self.sentence, "stored_bytes": self.stored_bytes,
            "dense_bytes": self.dense_bytes, "steps": steps,
            "factors": [{"kind": kind, "shape": list(shape)} for kind, shape in self.factors],
            "check": {
                "agrees": bool(self.check), "forward": self.check.forward, "backward": self.check.backward,
                "tolerance": self.check.tolerance,
            },
            "pattern": {"cells": self.pattern.cells.tolist(), "is_sampled": self.pattern.is_sampled},
        }  # fmt: skip

    def save(self, path: str | Path) -> Path:
        """Writes the page (.html) or the picture alone (.png, .svg), and gives back where.

        Raises:
            UsageError: the name has another ending, or it cannot be written there.
        """
        target = Path(path)
        if target.suffix not in SUFFIXES:
            came = f"{target}: expected a file whose name ends in {one_of(SUFFIXES)[7:]}"
            raise UsageError(f"{came}, got {target.suffix or 'none'}", "a page is .html, a picture .png or .svg")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._write(target)
        except OSError as error:
            raise UsageError(f"{target}: expected a file that can be written, but {error.strerror or error}") from None
        return target

    def _write(self, target: Path) -> None:
        from seedbed.core.files import write_text
        from seedbed.reporting.jacobian.drawing import draw_pattern
        from seedbed.reporting.jacobian.page import page
        from seedbed.reporting.saving import save_png, save_svg

        if target.suffix == ".html":
            write_text(target, page(self))
        else:
            (save_png if target.suffix == ".png" else save_svg)(draw_pattern(self.pattern, self.language), target)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.table import Table
        from rich.text import Text

        from seedbed.reporting.jacobian.blocks import blocks

        yield Text.assemble((self.text, "bold"), (f"   ∂ / ∂{self.by}", "dim"))
        for rows in (self.facts, self.lines):
            grid = Table.grid(padding=(0, 2, 0, 0))
            for row in rows:
                grid.add_row(Text(row[0], "dim"), *map(Text, row[1:]))
            if grid.rows:
                yield ""
                yield grid
        yield ""
        yield from blocks(self.pattern, self.language)

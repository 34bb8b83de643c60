"""The setup that a command works with: of a file or proposed, with what the command line puts in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import seedbed as sb

if TYPE_CHECKING:
    from seedbed.data import Dataset


@dataclass(frozen=True)
class Changes:
    """What the user says of the setup."""

    setup_file: Annotated[
        Path | None, typer.Option("--setup", help="A setup in TOML; see `seedbed setup`.", metavar="FILE")
    ] = None
    network: Annotated[
        str | None, typer.Option(help='Layers, such as "linear 64, relu, linear out".', metavar="LINE")
    ] = None
    optimizer: Annotated[
        str | None, typer.Option(help='Such as "adam lr=log_uniform(1e-4, 1e-1)".', metavar="LINE")
    ] = None
    loss: Annotated[str | None, typer.Option(help='Such as "cross_entropy".', metavar="LINE")] = None
    preprocessing: Annotated[
        str | None,
        typer.Option(
            help='Such as "quantile, pca 16", or none. Steps on targets stay unless it names some.', metavar="LINE"
        ),
    ] = None
    epochs: Annotated[int | None, typer.Option(help="How often training goes through the data.", metavar="N")] = None
    batch_size: Annotated[int | None, typer.Option(help="Examples in one step.", metavar="N")] = None

    def made(self, dataset: Dataset, propose: Callable[[Dataset], sb.Setup] | None = None) -> sb.Setup:
        """The setup for a data set; where no file gives one, the proposed one."""
        from seedbed.core import toml
        from seedbed.core.plain import from_plain

        setup = (propose or sb.propose)(dataset) if self.setup_file is None else toml.load(self.setup_file, sb.Setup)
        setup = setup if self.preprocessing is None else with_steps(setup, self.preprocessing)
        changes: dict[str, Any] = {"epochs": self.epochs, "batch_size": self.batch_size}
        for name, family in (("network", sb.Network), ("optimizer", sb.Optimizer), ("loss", sb.Loss)):
            line = getattr(self, name)
            changes[name] = None if line is None else from_plain(line, family, (name,))
        return setup.replace(**{name: content for name, content in changes.items() if content is not None})


def with_steps(setup: sb.Setup, line: str) -> sb.Setup:
    """The setup with the steps of a line; its own steps on targets stay, unless the line has some."""
    from seedbed.core.plain import from_plain, to_plain

    made = from_plain(to_plain(setup) | {"preprocessing": line}, sb.Setup)
    on_targets = lambda one: [step for step in one.preprocessing if getattr(step, "on", "x") == "y"]  # noqa: E731
    kept = [] if on_targets(made) else on_targets(setup)
    return made.replace(preprocessing=[*made.preprocessing, *kept])

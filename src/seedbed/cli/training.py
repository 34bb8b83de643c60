"""`seedbed train` and `seedbed setup`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from seedbed import data as data_room
from seedbed.cli.console import Printer
from seedbed.core import toml
from seedbed.core.errors import UsageError
from seedbed.core.plain import from_plain
from seedbed.data.dataset import Dataset
from seedbed.network import Loss, Network
from seedbed.recipe import propose
from seedbed.recipe import train as train_recipe
from seedbed.recipe.run import Run
from seedbed.recipe.train import AUTO, MEMBERS
from seedbed.training import Optimizer, Setup

Data = Annotated[
    str,
    typer.Argument(
        help="A name (see `seedbed data`), a .csv or .csv.gz file, or a folder of IDX files.", metavar="DATA"
    ),
]
Target = Annotated[
    str | None, typer.Option(help="The column to predict; several with commas between.", metavar="COLUMN")
]
Task = Annotated[
    str | None, typer.Option(help="classification, regression or multilabel; inferred otherwise.", metavar="TASK")
]
SplitSeed = Annotated[int, typer.Option(help="Decides which rows train, validate and test.", metavar="N")]
Group = Annotated[
    str | None, typer.Option(help="Rows of one group stay in one part, such as a patient's.", metavar="COLUMN")
]
Time = Annotated[
    str | None, typer.Option(help="The oldest rows train, the newest test: a column of dates.", metavar="COLUMN")
]
SetupFile = Annotated[
    Path | None, typer.Option("--setup", help="A setup in TOML; see `seedbed setup`.", metavar="FILE")
]
NetworkLine = Annotated[
    str | None, typer.Option("--network", help='Layers, such as "linear 64, relu, linear out".', metavar="LINE")
]
OptimizerLine = Annotated[
    str | None, typer.Option("--optimizer", help='Such as "adam lr=log_uniform(1e-4, 1e-1)".', metavar="LINE")
]
LossLine = Annotated[str | None, typer.Option("--loss", help='Such as "cross_entropy".', metavar="LINE")]
BatchSize = Annotated[int | None, typer.Option(help="Examples in one step.", metavar="N")]
Epochs = Annotated[int | None, typer.Option(help="How often training goes through the data.", metavar="N")]
Imports = Annotated[
    list[str] | None, typer.Option("--import", help="A module with layers of your own.", metavar="MODULE")
]


def train(
    data: Data = "digits",
    target: Target = None,
    setup_file: SetupFile = None,
    network: NetworkLine = None,
    optimizer: OptimizerLine = None,
    loss: LossLine = None,
    members: Annotated[int, typer.Option(help="How many networks train side by side.", metavar="N")] = MEMBERS,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    seed: Annotated[int, typer.Option(help="Decides draws, first weights, noise and data order.", metavar="N")] = 0,
    split_seed: SplitSeed = 0,
    group: Group = None,
    time: Time = None,
    task: Task = None,
    out: Annotated[
        str,
        typer.Option(
            help="The folder of the run, new or empty; runs/DATA-DATE-TIME otherwise.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = AUTO,
    start: Annotated[
        Path | None, typer.Option("--from", help="Begin with the best weights of another run.", metavar="RUN")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Run as another run did on this machine, to the bit.", metavar="RUN")
    ] = None,
    imports: Imports = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run's folder alone.", metavar="")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Train a population of networks, from data to report. Without arguments: on the embedded handwritten digits."""
    from seedbed.recipe import load_run

    printer = Printer(is_quiet=quiet, is_json=as_json)
    import_modules(imports)
    dataset = load_data(data, target, task, split_seed, group, time)
    setup = build_setup(dataset, setup_file, network, optimizer, loss, epochs, batch_size)
    first = None if start is None else load_run(start).best
    plans = None if plan is None else load_run(plan)
    with printer.warnings():
        run = train_recipe(
            setup, dataset, members=members, seed=seed, out=out, start=first, plan=plans, progress=not quiet,
            on_step=printer.step,
        )  # fmt: skip
    if run.is_interrupted:
        printer.note("interrupted: this is the best so far")
    if as_json:
        printer.result(as_plain(run))
    elif quiet:
        sys.stdout.write(f"{run.folder}\n")
    else:
        seconds = f"({run.wall_seconds:.1f} s in all)"
        page = Path(str(run.folder), "report.html")
        lines = [f"run     {run.folder}", f"report  {page}"] if page.is_file() else [f"run     {run.folder}"]
        printer.say("\n" + "\n".join(lines) + f"   {seconds}")


def setup(
    data: Data = "digits",
    target: Target = None,
    setup_file: SetupFile = None,
    network: NetworkLine = None,
    optimizer: OptimizerLine = None,
    loss: LossLine = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    split_seed: SplitSeed = 0,
    group: Group = None,
    time: Time = None,
    task: Task = None,
    imports: Imports = None,
) -> None:
    """Print the setup that `train` would use, as TOML to read, edit and give back with --setup."""
    import_modules(imports)
    dataset = load_data(data, target, task, split_seed, group, time)
    made = build_setup(dataset, setup_file, network, optimizer, loss, epochs, batch_size)
    sys.stdout.write(toml.dumps(made))


def load_data(
    source: str,
    target: str | None,
    task: str | None,
    split_seed: int,
    group: str | None = None,
    time: str | None = None,
) -> Dataset:
    """The data set that a command names."""
    return data_room.load(source, target=target, task=task, split_seed=split_seed, group=group, time=time)


def build_setup(
    dataset: Dataset,
    file: Path | None,
    network: str | None,
    optimizer: str | None,
    loss: str | None,
    epochs: int | None,
    batch_size: int | None,
) -> Setup:
    """The setup of a file, or the proposed one, with what the command line puts in its place."""
    made = toml.load(file, Setup) if file is not None else propose(dataset)
    changes: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size}
    changes["network"] = None if network is None else from_plain(network, Network, ("network",))
    changes["optimizer"] = None if optimizer is None else from_plain(optimizer, Optimizer, ("optimizer",))
    changes["loss"] = None if loss is None else from_plain(loss, Loss, ("loss",))
    return made.replace(**{name: content for name, content in changes.items() if content is not None})


def import_modules(names: list[str] | None) -> None:
    """Imports modules that define layers of the user's own; the current folder counts.

    Raises:
        UsageError: one cannot be imported.
    """
    for name in names or ():
        if "" not in sys.path:
            sys.path.insert(0, "")
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise UsageError(f"--import {name}: expected a module, but {error}", "give its name without .py") from None


def as_plain(run: Run) -> dict[str, Any]:
    """The object that `--json` prints."""
    return {
        "run": str(run.folder),
        "data": run.data["name"],
        "task": run.task,
        "members": len(run.members),
        "wall_seconds": run.wall_seconds,
        "interrupted": run.is_interrupted,
        **run.results,
    }

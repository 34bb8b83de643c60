"""`seedbed search` and `seedbed study`."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import seedbed as sb
from seedbed.cli.console import Printer, table
from seedbed.cli.loading import Source
from seedbed.cli.options import with_shared_options
from seedbed.cli.setups import Changes
from seedbed.cli.training import Imports, import_modules
from seedbed.recipe.defaults import AUTO

BEST_SHOWN = 10
Name = Annotated[str | None, typer.Option(help="Of the study in its database.", metavar="NAME")]


@with_shared_options
def search(
    source: Source,
    changes: Changes,
    trials: Annotated[
        int | None, typer.Option(help="How many in all; 128 unless there is a budget, of a grid all.", metavar="N")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Wall clock instead of trials: 90s, 5m, 1h30m.", metavar="TIME")
    ] = None,
    method: Annotated[
        str,
        typer.Option(help="coarse-to-fine, random, quasi-random, grid, tpe, halving or hyperband.", metavar="METHOD"),
    ] = "coarse-to-fine",
    steps: Annotated[int | None, typer.Option(help="Into how many values a grid cuts a range.", metavar="N")] = None,
    halving: Annotated[
        bool | None,
        typer.Option("--halving/--no-halving", help="Give up what falls behind at rungs.", show_default=False),
    ] = None,
    rungs: Annotated[
        str | None, typer.Option(help="The epochs at which trials are compared, such as 2,6,20.", metavar="LIST")
    ] = None,
    folds: Annotated[int | None, typer.Option(help="Score a trial by its mean over N folds.", metavar="N")] = None,
    study: Annotated[
        str | None,
        typer.Option(help="The database: a file, sqlite:///s.db or postgresql://host/db.", metavar="URL"),
    ] = None,
    name: Name = None,
    resumed: Annotated[
        bool, typer.Option("--resume", help="Go on with the study as it was begun.", metavar="")
    ] = False,
    ray: Annotated[
        str | None,
        typer.Option(help="A cluster of Ray: local, auto, or the address ray://host:10001.", metavar="CLUSTER"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes on the cluster; one for each GPU, host or core.", metavar="N")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides points, first weights, noise and data order.", metavar="N")] = 0,
    retrain: Annotated[
        int | None,
        typer.Option(help="How often the winner is trained again with fresh seeds; 8 unless given.", metavar="N"),
    ] = None,
    out: Annotated[
        str,
        typer.Option(
            help="The folder of the search; runs/DATA-search-DATE-TIME otherwise.", metavar="FOLDER", show_default=False
        ),
    ] = AUTO,
    only_plan: Annotated[
        bool, typer.Option("--plan", help="Show what would be done, and do nothing.", metavar="")
    ] = False,
    imports: Imports = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the search's folder alone.", metavar="")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Search a space of setups, coarse to fine, as whole populations; and tell the truth about the winner.

    Without --setup it searches the space that `seedbed setup --space` prints.
    """
    import_modules(imports)
    printer = Printer(is_quiet=quiet, is_json=as_json)
    with printer.warnings():
        dataset = source.load()
        for notice in dataset.notices:
            printer.say(f"notice  {notice}")
        is_given = not resumed or changes != Changes(epochs=changes.epochs)  # a study knows its space
        space = changes.made(dataset, sb.propose_space) if is_given else None
        options: dict[str, Any] = {
            "trials": trials, "budget": budget, "method": method, "seed": seed, "folds": folds, "halving": halving,
            "steps": steps, "epochs": changes.epochs, "rungs": None if rungs is None else _epochs(rungs),
        }  # fmt: skip
        if only_plan:
            _show_plan(sb.outlook(space, dataset, **options), printer)
            return
        try:
            found = sb.search(
                space, dataset, study=study, name="search" if name is None else name, resume=resumed,
                retrain=retrain, out=out, cluster=ray, workers=workers, progress=not quiet,
                on_round=lambda one: _show_round(one, printer), **options,
            )  # fmt: skip
        except KeyboardInterrupt as ended:
            if not ended.args:  # before there was a study
                raise
            from seedbed.recipe.searching.report import command_to_go_on

            where = str(ended.args[0]).removeprefix("sqlite:///")
            goes_on = command_to_go_on(dataset.origin, where, name or "search")
            printer.note(f"interrupted before a trial was done; `{goes_on}` goes on")
            sys.exit(1)
    _show(found, printer, as_json=as_json)


def _epochs(said: str) -> tuple[int, ...]:
    """The epochs of a list."""
    words = [word.strip() for word in said.split(",")]
    if not all(word.isdecimal() for word in words):
        raise sb.UsageError(f"rungs: expected epochs with commas between them, got {said!r}", "such as --rungs 2,6,20")
    return tuple(map(int, words))


def study(
    url: Annotated[
        str, typer.Argument(help="The database: a file of SQLite or an address; or a search's folder.", metavar="URL")
    ],
    name: Name = None,
    out: Annotated[Path | None, typer.Option(help="Write its report too, as this page.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Show a study: its best trials, what matters, and what was pruned and why."""
    printer = Printer(is_json=as_json)
    found = sb.load_study(url, name)
    if out is not None:
        printer.note(f"report  {found.report(out)}")
    if as_json:
        printer.result(as_plain(found))
        return
    config, trials = found.config, found.trials
    states = trials["state"].value_counts()
    said = ", ".join(f"{n} {state}" for state, n in states.items()) or "none yet"
    printer.say(f"{found.name}: {config.data}, {config.method}, seed {config.seed}; {len(trials)} trials: {said}\n")
    printer.say(best_trials(found))
    shown = found.importance
    if shown["importance"].max() > 0:
        made = table("dimension", "importance", right=("importance",))
        for row in shown.itertuples():
            made.add_row(str(row.dimension), f"{row.importance:.2f}")
        printer.say("")
        printer.say(made)
    printer.say("")
    printer.say(pruned(found))
    if found.truth is not None:
        printer.say("")
        printer.say(truth(found))


def best_trials(found: sb.Study) -> Any:
    """The best trials as a table."""
    trials = found.trials
    names = [d.name for d in found.space.dimensions if trials[found.column_of(d.name)].notna().any()]
    made = table("trial", "score", "loss", "epochs", *names, right=("score", "loss", "epochs"))
    whole = trials[trials["score"].notna() & (trials["state"] != "diverged")]
    order = whole.assign(whole=whole["state"] == "complete").sort_values(
        ["whole", "score", "loss"], ascending=[False, False, True], kind="stable"
    )
    for row in order.head(BEST_SHOWN).to_dict("records"):
        values = [_value(row[found.column_of(name)]) for name in names]
        made.add_row(str(row["trial"]), f"{row['score']:.4f}", f"{row['loss']:.4f}", str(row["epochs"]), *values)
    return made


def pruned(found: sb.Study) -> Any:
    """How many trials reached each rung of each round."""
    from seedbed.searching.rung_scores import rung_scores

    made = table("round", "epochs", "trials", "best score", right=("epochs", "trials", "best score"))
    scores = rung_scores(found.store)
    for one in found.rounds:
        own = [trial for trial in found.listed if trial.round == one.number]
        for rung, epochs in enumerate(one.rungs):
            there = [score for number, at, score in scores if at == epochs and number in one.numbers]
            shown = f"{max(there):.4f}" if there else ""
            n = sum(trial.rung > rung for trial in own)
            made.add_row(str(one.number + 1) if rung == 0 else "", str(epochs), str(n), shown)
    return made


def as_plain(found: sb.Study) -> dict[str, Any]:
    """The object that `--json` prints."""
    best = found.winner if found.is_scored else None
    plain: dict[str, Any] = {
        "study": found.store.shown,
        "name": found.name,
        "folder": None if found.folder is None else str(found.folder),
        "data": found.config.data,
        "method": found.config.method,
        "trials": len(found.listed),
        "states": found.trials["state"].value_counts().to_dict(),
        "interrupted": found.is_interrupted,
        "wall_seconds": found.wall_seconds,
        "best": best and {"trial": best.number, "score": best.score, "loss": best.loss, "point": best.point},
        "importance": dict(zip(found.importance["dimension"], found.importance["importance"], strict=True)),
    }
    if found.truth is not None:
        plain |= found.truth.results
        plain["retrained"] = {
            "validation": list(found.truth.retrained),
            "test": list(found.truth.retrained_test),
            "gap": found.truth.gap,
        }
    return plain


def _show(found: sb.Study, printer: Printer, *, as_json: bool) -> None:
    from seedbed.recipe.searching.report import command_to_go_on

    where = found.store.shown.removeprefix("sqlite:///")
    if found.is_interrupted:
        goes_on = command_to_go_on(found.config.source, where, found.name)
        printer.note(f"interrupted: this is the best so far; `{goes_on}` goes on")
    elif found.worker is not None and found.worker.n_trained == 0:
        printer.note(f"{found.name}: the study is finished, and nothing was left to do here")
    if as_json:
        printer.result(as_plain(found))
        return
    if printer.is_quiet:
        sys.stdout.write(f"{found.folder or where}\n")
        return
    printer.say("")
    printer.say(best_trials(found))
    if found.truth is None:
        printer.say("\nthe weights of the best trial were not kept: its scores are those of the study alone")
    else:
        printer.say("")
        printer.say(truth(found))
        if (gap := found.truth.gap) is not None:
            much = "better" if gap >= 0 else "worse"
            how = f"{abs(gap):.4f} {much} than" if round(abs(gap), 4) else "as good as"
            printer.say(f"the winner looked {how} its setup is with fresh seeds")
    lines = [f"study   {where}"]
    if found.folder is not None:
        lines += [f"{name:7} {path}" for name, path in _files(found.folder).items() if path.exists()]
    printer.say("\n" + "\n".join(lines) + f"   ({found.wall_seconds:.1f} s in all)")


def _files(folder: Path) -> dict[str, Path]:
    return {"setup": folder / "winner.toml", "run": folder / "winner", "report": folder / "report.html"}


def truth(found: sb.Study) -> Any:
    """What the winner is worth, as a table."""
    told = found.truth
    assert told is not None
    names = told.results["validation"]["winner"]
    metric = "r2" if "r2" in names else next(iter(names))  # what a score is
    has_test = "test" in told.results
    made = table(metric, "validation", "test", right=("validation", "test"))

    def row(label: str, valid: str, model: str) -> None:
        made.add_row(label, valid, f"{told.results['test'][model][metric]:.4f}" if has_test else "")

    row(f"winner, best of {told.n_trials}", f"{told.found:.4f}", "winner")  # with folds their mean
    if told.retrained:
        valid = _spread(told.retrained)
        test = _spread([one[metric] for one in told.retrained_test]) if has_test else ""
        n = len(told.retrained)
        made.add_row(f"retrained, {n} fresh seed{'s' * (n > 1)}", valid, test)
    row("ensemble of 8", f"{told.results['validation']['ensemble'][metric]:.4f}", "ensemble")
    return made


def _spread(scores: Any) -> str:
    mean = sum(scores) / len(scores)
    if len(scores) == 1:
        return f"{mean:.4f}"
    deviation = (sum((s - mean) ** 2 for s in scores) / (len(scores) - 1)) ** 0.5
    return f"{mean:.4f} ± {deviation:.4f}"


def _show_round(one: Any, printer: Printer) -> None:
    programs = "1 program" if len(one.cohorts) == 1 else f"{len(one.cohorts)} programs"
    rungs = ", ".join(map(str, one.rungs))
    epochs = f"{rungs} epochs" if len(one.rungs) == 1 else f"rungs at {rungs} epochs"
    printer.say(f"round {one.number + 1}: {one.size} trials, {epochs}, {programs}")
    for change in one.changes:
        before, after = (", ".join(_value(value) for value in change[side]) for side in ("before", "after"))
        printer.say(f"  {change['name']}: {change['kind']} from {before} to {after}")


def _show_plan(told: sb.Outlook, printer: Printer) -> None:
    config = told.config
    if config.trials is not None:
        budget = f"{config.trials} trials, about"
    else:
        budget = f"rounds for {config.seconds:g} s, the first about"
    printer.say(f"{config.method} on {config.data}: {budget} {told.seconds:.0f} s on this machine\n")
    for number, (size, rungs) in enumerate(zip(told.sizes, told.rungs, strict=True)):
        printer.say(f"round {number + 1}: {size} trials, compared at {', '.join(map(str, rungs))} epochs")
    made = table(
        "trials",
        "waves",
        "MB a wave",
        "compile s",
        "train s",
        "program",
        right=("waves", "MB a wave", "compile s", "train s"),
    )
    for one in told.programs:
        sizes = (f"{one.n_waves} × {one.wave}", f"{one.n_bytes / 1e6:.1f}")
        made.add_row(str(one.n_trials), *sizes, f"{one.compile_seconds:.1f}", f"{one.train_seconds:.1f}", one.layers)
    printer.say("\nthe programs of the first round")
    printer.say(made)
    if told.grid:
        made = table("dimension", "values", "points", right=("values", "points"))
        for name, n, total in told.grid:
            made.add_row(name, str(n), f"{total:,}")
        printer.say("\nhow the grid grows with each dimension")
        printer.say(made)


def _value(value: Any) -> str:
    """A value of a dimension, short; nothing where it is absent."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if not isinstance(value, float):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) >= 1 else f"{value:.3g}"

"""From a study to its report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedbed.core import toml
from seedbed.core.errors import RunError
from seedbed.recipe.environment import environment
from seedbed.searching.narrowing import ends
from seedbed.searching.rung_scores import rung_scores
from seedbed.searching.space import Space
from seedbed.searching.store import Round
from seedbed.searching.trial import best_of
from seedbed.training.setup import Setup

if TYPE_CHECKING:
    from seedbed.recipe.searching.study import Study
    from seedbed.recipe.searching.winner import Truth
    from seedbed.reporting.search import evidence as seen

OPTIONS = (
    "target", "task", "test", "missing", "header", "decimal_comma", "types", "image_size", "skip_broken", "split_seed",
    "valid_share", "group", "time", "stream",
)  # fmt: skip


def evidence_of(study: Study) -> seen.Searched:
    """What the report shows of a study."""
    import pandas as pd

    from seedbed.recipe.searching.study import TRIAL_COLUMNS
    from seedbed.reporting.search.evidence import Axis, Searched

    winner = best_of(study.listed)
    points = pd.DataFrame([t.point for t in study.listed], index=[t.number for t in study.listed], dtype=object)
    return Searched(
        name=study.config.data,
        study=(study.name, study.store.shown),
        task=study.config.task,
        method=study.config.method,
        seed=study.config.seed,
        epochs=study.config.epochs,
        folds=study.config.folds,
        axes=tuple(Axis.of(dimension) for dimension in study.space.dimensions),
        rounds=tuple(map(_round, study.rounds)),
        trials=study.trials[list(TRIAL_COLUMNS)],
        points=points,
        present={t.number: frozenset(t.point) for t in study.listed},
        rung_scores=pd.DataFrame(rung_scores(study.store), columns=["trial", "epochs", "score"]),
        curves=study.curves,
        importance=study.importance,
        winner=None if winner is None else winner.number,
        worth=_worth(study.truth),
        space_toml=study.config.space,
        winner_toml="" if winner is None else toml.dumps(study.setup),
        command=command(study) if winner is not None else "",
        environment=environment(),
        wall_seconds=study.wall_seconds,
        is_interrupted=study.is_interrupted,
    )


def command(study: Study) -> str:
    """What trains the winner's setup again; empty where that is not on disk, or no command loads the data."""
    said = None if study.folder is None else data_words(study.config.source)
    if said is None:
        return ""
    folds = [] if study.config.folds is None else ["--folds", str(study.config.folds)]
    return shlex.join(["seedbed", "train", *said, "--setup", f"{study.folder}/winner.toml", *folds])


def command_to_go_on(origin: Mapping[str, Any] | None, study: str, name: str) -> str:
    """What goes on with a study; the data is named alone where no command loads it.

    Arguments:
        origin: of the data, see `Dataset`.
        study: its database, without a password.
    """
    said = data_words(origin) or ["DATA"]
    return shlex.join(["seedbed", "search", *said, "--study", study, "--name", name, "--resume"])


def data_words(origin: Mapping[str, Any] | None) -> list[str] | None:
    """The words of a command that name the data; None where no command loads it so."""
    words = ["DATA" if origin is None else str(origin["source"])]
    for name, value in (origin or {}).get("options", {}).items():
        if name not in OPTIONS:
            return None
        words += _option(name.replace("_", "-"), value)
    return words


def write(study: Study, path: str | Path | None = None, language: str | None = None) -> Path:
    """Writes the report and gives back where: into the study's folder unless a path is given.

    Raises:
        RunError: the study has no folder and no path is given.
        UsageError: another file stands there, or it cannot be written there.
    """
    from seedbed.reporting.pages import is_page_of, write_page
    from seedbed.reporting.search.page import GENERATOR, page

    if path is None and study.folder is None:
        hint = 'such as study.report("report.html")'
        raise RunError("report: expected a path, because the study has no folder", hint)
    target = Path(path) if path is not None else study.folder / "report.html"  # type: ignore[operator]
    is_page_of(target, GENERATOR)  # before much is drawn in vain
    return write_page(target, page(evidence_of(study), language), GENERATOR)


def _round(one: Round) -> seen.Round:
    from seedbed.reporting.search.evidence import Round as Seen
    from seedbed.reporting.search.evidence import option

    space = Space(toml.loads(one.space, Setup))
    ranges = {
        d.name: tuple(map(option, d.labels)) if d.is_choice else tuple(float(end) for end in ends(d))
        for d in space.dimensions
    }
    kinds = {change["name"]: change["kind"] for change in one.changes}
    return Seen(one.number, one.size, one.rungs, len(one.cohorts), ranges, kinds)


def _worth(truth: Truth | None) -> seen.Worth | None:
    from seedbed.reporting.search.evidence import Worth

    return None if truth is None else Worth(truth.found, truth.retrained, truth.retrained_test, truth.results)


def _option(name: str, value: Any) -> Iterator[str]:
    """An option of the command with its value."""
    if isinstance(value, bool):
        yield f"--{name}" if value else f"--no-{name}"
    elif isinstance(value, dict):
        yield from (f"--{name}", ",".join(f"{key}={one}" for key, one in value.items()))
    elif isinstance(value, list | tuple) and name in ("missing", "decimal-comma"):
        for one in value:
            yield from (f"--{name}", str(one))
    elif isinstance(value, list | tuple):
        yield from (f"--{name}", ("x" if name == "image-size" else ",").join(map(str, value)))
    else:
        yield from (f"--{name}", str(value))

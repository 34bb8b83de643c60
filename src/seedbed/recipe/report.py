"""From a run to its report."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from seedbed.core import toml
from seedbed.core.distributions import Integers, LogUniform
from seedbed.core.draw import distributions
from seedbed.core.errors import RunError
from seedbed.core.files import write_text
from seedbed.core.messages import message
from seedbed.data.raw import shown
from seedbed.recipe.member import encoder_of
from seedbed.recipe.run import Run
from seedbed.reporting.evidence import Evidence
from seedbed.training.trained import DIVERGED

if TYPE_CHECKING:
    from pandas import DataFrame


def written(write: Callable[[], object], otherwise: str, *, is_wanted: bool = True) -> None:
    """Writes the report of work that is safe; a page that cannot be drawn must not cost the work, only a warning.

    Arguments:
        otherwise: where the work is, and what writes the report later.
        is_wanted: False where Ctrl-C came before.
    """
    try:
        if not is_wanted:
            raise KeyboardInterrupt
        write()
    except KeyboardInterrupt:
        trouble = "interrupted before the report was there"
    except Exception as error:  # whatever it is, the work is worth more
        trouble = f"the report could not be written ({type(error).__name__}: {error})"
    else:
        return
    warnings.warn(f"{trouble}; {otherwise}", stacklevel=5)


def evidence_of(run: Run, language: str | None = None) -> Evidence:
    """What the report shows of a run."""
    import pandas as pd

    from seedbed.reporting.most_wrong import wrong_table

    held, first = run.held, run.best.members[0]
    rows = None if held.wrong_rows is None else pd.DataFrame(held.wrong_rows)
    return Evidence(
        name=run.name,
        task=run.task,
        data=run.data,
        seed=run.seed,
        setup_toml=toml.dumps(run.setup),
        steps=run.steps,
        history=run.history,
        members=run.table,
        draws=run.draws,
        results=run.results,
        intervals=run.intervals,
        class_names=run.encoder.target.class_names,
        target_names=run.encoder.target.names,
        test_y=held.test_y,
        test_best=held.test_best,
        test_ensemble=held.test_ensemble,
        wrong=wrong_table(held.test_y, held.test_ensemble, run.task, held.wrong, run.encoder.target.class_names),
        wrong_images=held.wrong_images,
        wrong_rows=rows,
        summary=first.network.summary(first.trained.preprocessor.shape, batch=first.setup.batch_size),
        environment=run.environment,
        wall_seconds=run.wall_seconds,
        warnings=_warnings(run, language),
        preprocessor=first.trained.preprocessor,
        looks=held.looks,
        feature_names=encoder_of([first]).feature_names,
        temperature=held.temperature["ensemble"],
        groups=held.groups,
        importance=held.importance,
        log_places=_log_places(run),
        n_looks=run.n_looks,
        signals=_signals(run),
    )


def _signals(run: Run) -> DataFrame | None:
    """The signals of the best member, as long as it trained; of one that stopped early the engine tells on."""
    try:
        rows = run.signals
    except RunError:  # damaged; the rest of the report is worth having
        return None
    if rows is None:
        return None
    best = run.best.members[0]
    return rows[(rows["member"] == best.number) & (rows["epoch"] < best.trained.n_epochs[best.place])]


def _log_places(run: Run) -> frozenset[str]:
    """The columns of a run's draws whose logarithm was drawn evenly."""
    return frozenset(
        drawn.name or place
        for place, drawn in distributions(run.setup).items()
        if isinstance(drawn, LogUniform) or (isinstance(drawn, Integers) and drawn.log)
    )


def _warnings(run: Run, language: str | None) -> tuple[str, ...]:
    """What the user should not miss: what was done to the data, and what became of the training."""
    said = list(run.data["notices"])
    if run.is_interrupted:
        said.append(message("report.train.interrupted", language, epoch=int(run.history["epoch"].max()) + 1))
    diverged = [member.number for member in run.members if member.outcome == DIVERGED]
    if len(diverged) > len(run.members) / 2:
        count = {"count": f"{len(diverged):,}", "members": shown(diverged, 12)}
        said.append(message("report.train.diverged", language, **count))
    return tuple(said)


def page_of(run: Run, language: str | None = None) -> str:
    """The report as one HTML page."""
    from seedbed.reporting.page import page

    return page(evidence_of(run, language), language)


def card_of(run: Run, language: str | None = None) -> str:
    """What a run shows of itself in a notebook."""
    from seedbed.recipe.card import card

    return card(evidence_of(run, language), str(run.folder or ""), language)


def write(run: Run, path: str | Path | None = None, language: str | None = None) -> Path:
    """Writes the report and gives back where: beside the run unless a path is given.

    At another path it takes the place of a report alone.

    Raises:
        RunError: the run is not on disk and no path is given, or the page cannot be written.
        UsageError: another file stands at the path.
    """
    from seedbed.reporting.page import GENERATOR
    from seedbed.reporting.pages import is_page_of

    if path is None and run.folder is None:
        raise RunError("report: expected a path, because the run is not on disk", 'such as run.report("report.html")')
    own = None if run.folder is None else run.folder / "report.html"
    target = Path(path) if path is not None else run.folder / "report.html"  # type: ignore[operator]
    if target != own:
        is_page_of(target, GENERATOR)  # before much is drawn in vain
    try:
        write_text(target, page_of(run, language))
    except OSError as error:
        raise RunError(f"{target}: the report could not be written: {error.strerror or error}") from None
    return target

"""`predict`: new rows with what is predicted for them, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedbed.core.errors import UsageError
from seedbed.data.oddities import Oddities
from seedbed.data.raw import is_frame
from seedbed.recipe.predictor import Predictor, load_predictor
from seedbed.recipe.streaming import Remarks, columns_of, predicted

if TYPE_CHECKING:
    from pandas import DataFrame

    from seedbed.recipe.member import Ensemble, Member
    from seedbed.recipe.run import Run


def predict(
    model: Run | Member | Ensemble | Predictor | str | Path,
    rows: Any,
    *,
    proba: bool = False,
    missing: str | Sequence[str] | None = None,
    header: bool | None = None,
    skip_broken: bool = False,
) -> DataFrame:
    """What a model says of new rows, as the table that `seedbed predict` writes: a row for each, in their order.

    Its columns are `file`, where the rows are images in files of their own; `prediction`, or the names of the targets
    where there are several; and with `proba` for each class or label `p_` and its name.

    Arguments:
        model: a run, whose ensemble predicts; a member, an ensemble or a predictor; or the path of a run.
        rows: a file of any kind that is read, a folder of images, or raw rows as `Predictor.predict` takes them. The
            table has the index of a DataFrame.
        proba: with the probability of each class or label.
        missing: texts that mean a hole in a file; None for those of the training data.
        header: whether a file's first line names the columns; None: if it did in the training data.
        skip_broken: leave out images that cannot be read, and warn of them.

    Raises:
        DataError: the rows cannot be read, or do not fit.
        UsageError: the model is none, or has no probabilities.
    """
    import pandas as pd

    predictor = predictor_of(model)
    if proba and predictor.task == "regression":
        raise UsageError("proba: expected a model that tells classes apart, got one that predicts values")
    remarks = Remarks(Oddities(n_columns=len(predictor.encoder.feature_names)))
    reading: dict[str, Any] = {"missing": missing, "header": header, "skip_broken": skip_broken}
    if isinstance(rows, str | Path):
        pieces = predicted(predictor, Path(rows), remarks, proba=proba, **reading)
        table = pd.concat([pd.DataFrame(columns) for columns in pieces], ignore_index=True)
    else:
        columns = columns_of(predictor, rows, remarks.odd, proba=proba)
        remarks.odd.check()
        table = pd.DataFrame(columns, index=rows.index if is_frame(rows) else None)
    remarks.warn()
    return table


def predictor_of(model: Any) -> Predictor:
    """What takes raw rows for a model.

    Raises:
        UsageError: it is none.
    """
    if isinstance(model, str | Path):
        return load_predictor(model)
    model = model.ensemble() if callable(getattr(model, "ensemble", None)) else model
    found = getattr(model, "predictor", model)
    if not isinstance(found, Predictor):
        expected = "a run, a member, an ensemble, a predictor, or the path of a run"
        raise UsageError(f"predict: expected {expected}, got {model!r}", 'such as sb.predict("runs/mine", "new.csv")')
    return found

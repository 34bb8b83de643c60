"""Eight tables as CSV files with named columns, and the split that all contestants share.

Adult's two files are joined and split anew as all others are; so are red and white wine, with their colour as a column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TARGET = "target"
ADULT = (
    "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,capital-gain,"
    f"capital-loss,hours-per-week,native-country,{TARGET}"
)


@dataclass(frozen=True)
class TableSet:
    """One table: how to read it, and what is asked."""

    task: str
    read: Callable[[Path], Any]


def prepare(name: str, source: Path, folder: Path) -> dict[str, Any]:
    """Writes `table.csv` for the command, and `train`, `valid` and `test.parquet` of its split for the others.

    Arguments:
        source: the folder with the files as they were published.

    Returns:
        The rows of each part, the number of columns, the task, and a hash of which row is in which part.
    """
    from seedbed import data

    one, table = SETS[name], folder / "table.csv"
    one.read(source).to_csv(table, index=False)
    loaded = data.load(table, target=TARGET, task=one.task)
    for part in ("train", "valid", "test"):
        rows = getattr(loaded, part)
        y = rows.y if rows.y.ndim == 1 else rows.y[:, 0]
        rows.rows.assign(**{TARGET: y}).to_parquet(folder / f"{part}.parquet")
    parts = {part: getattr(loaded, part) for part in ("train", "valid", "test")}
    split = hashlib.sha256(b"".join(part.index.tobytes() for part in parts.values())).hexdigest()[:16]
    rows = {name: len(part) for name, part in parts.items()}
    return {"rows": rows, "columns": loaded.train.rows.shape[1], "task": one.task, "split": split}


def _adult(source: Path) -> Any:
    import pandas as pd

    parts = [_csv(source / f"adult-{part}.csv.gz", names=ADULT.split(","), na_values="?") for part in ("train", "test")]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(**{TARGET: table[TARGET].str.rstrip(".")})


def _wine(source: Path) -> Any:
    import pandas as pd

    parts = [_numbered(source / f"winequality-{colour}.csv.gz").assign(colour=colour) for colour in ("red", "white")]
    return pd.concat(parts, ignore_index=True)


def _named(file: str, target: str) -> Callable[[Path], Any]:
    return lambda source: _csv(source / file).rename(columns={target: TARGET})


def _plain(file: str) -> Callable[[Path], Any]:
    return lambda source: _numbered(source / file)


def _numbered(file: Path) -> Any:
    """A table without a header, whose last column is the target."""
    table = _csv(file, header=None)
    return table.set_axis([*(f"x{i}" for i in range(table.shape[1] - 1)), TARGET], axis=1)


def _csv(file: Path, **options: Any) -> Any:
    import pandas as pd

    return pd.read_csv(file, skipinitialspace=True, **options)


SETS = {
    "adult": TableSet("classification", _adult),
    "covertype": TableSet("classification", _named("covertype-92962.csv.gz", "Cover_Type")),
    "california": TableSet("regression", _named("california-housing.csv.gz", "median_house_value")),
    "diamonds": TableSet("regression", _named("diamonds.csv.gz", "price")),
    "wine": TableSet("regression", _wine),
    "bike": TableSet("regression", _plain("bike.csv.gz")),
    "kin40k": TableSet("regression", _plain("kin40k.csv.gz")),
    "pol": TableSet("regression", _plain("pol.csv.gz")),
}

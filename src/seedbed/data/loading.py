"""Loading: from a name, a path, a DataFrame or arrays to a data set that is ready to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seedbed.core.errors import DataError, UsageError, nearest, one_of
from seedbed.core.fields import describe
from seedbed.data.arrangement import arranged
from seedbed.data.assemble import Shares, assemble, check_weight
from seedbed.data.dataset import Dataset
from seedbed.data.embedded import EMBEDDED, Entry
from seedbed.data.generated import GENERATED
from seedbed.data.idx import is_idx_folder, read_idx, read_idx_folder
from seedbed.data.raw import Raw, check_file, is_frame, is_there
from seedbed.data.split import TEST_SHARE, VALID_SHARE
from seedbed.data.tables import frame_columns, named, read_csv, read_frame
from seedbed.data.target import array_columns

BY_NAME: dict[str, Entry] = EMBEDDED | GENERATED


def load(
    source: Any,
    *,
    target: str | Sequence[str] | None = None,
    split_seed: int = 0,
    valid_share: float = VALID_SHARE,
    test_share: float = TEST_SHARE,
    task: str | None = None,
    sample_weight: Any = None,
    name: str | None = None,
    group: Any = None,
    time: Any = None,
) -> Dataset:
    """A data set: read, its task inferred, split into three parts, encoded as numbers.

    Arguments:
        source: the name of an embedded or generated set (see `catalogue`), the path of a `.csv` or `.csv.gz` file, a
            folder in the MNIST layout, a DataFrame, a pair `(x, y)` of arrays (x may be a DataFrame), or a `Dataset`,
            which is given back as it is.
        target: the target column of a table; or several, as a list or with commas between.
        split_seed: decides which rows go to which part. Apart from the seed of training, so that runs are comparable.
        valid_share: share of the rows that validates; of the training file where the source has its own test part.
        test_share: share of the rows that tests; not used where the source has its own test part.
        task: `classification`, `regression` or `multilabel`; inferred from the target unless given.
        sample_weight: what each row counts in the loss: an array (n,), or the name of a table's column.
        name: a short name for reports and folders; taken from the source unless given.
        group: whose rows stay together in one part: a table's column (such as the patient), or an array (n,).
        time: what orders the rows, dates or numbers: the oldest train and the newest test; a column, or an array (n,).

    Raises:
        DataError: the data is missing, damaged, or cannot be used as it is.
        UsageError: an argument is not sound.

    >>> data = load("iris")
    >>> data.task, data.shape, len(data.train), len(data.valid), len(data.test)
    ('classification', (4,), 95, 25, 30)
    """
    if isinstance(source, Dataset):
        return source
    raw = _read(source, target, sample_weight)
    if name is not None:
        raw = replace(raw, name=name)
    given = sample_weight if raw.weight is None else raw.weight
    if isinstance(given, str):
        raise UsageError(f"sample_weight: expected an array for {raw.source}, got the name {given!r}")
    if given is not None:
        raw = replace(raw, weight=check_weight(given, raw.n_targets))
    raw, notices = arranged(raw, group, time)
    return assemble(raw, Shares(valid_share, test_share, split_seed), task, notices)


def read_rows(path: str | Path) -> Any:
    """New raw rows from a file, without a target: what `Encoder.transform` and `predict` take.

    Raises:
        DataError: the file is missing, damaged, or of no known kind.
    """
    file = Path(path)
    if _is_csv(file):
        return read_csv(file)
    check_file(file)
    if "idx" in file.name:
        return read_idx(file)
    hint = "in Python, read it with pandas and give the DataFrame to predict"
    raise DataError(f"{file}: expected a .csv, .csv.gz or IDX file of rows, got {file.suffix or 'no ending'}", hint)


def catalogue() -> list[Entry]:
    """The data sets that can be loaded by name, with their sizes, licences and sources."""
    return list(BY_NAME.values())


def _read(source: Any, target: Any, sample_weight: Any) -> Raw:
    """What the reader for this kind of source finds."""
    if is_frame(source):
        return read_frame(source, target, sample_weight, name="table", source="a DataFrame")
    if isinstance(source, str) and source in BY_NAME:
        _no_target(target, source)
        return BY_NAME[source].read()
    if isinstance(source, str | Path):
        return _read_path(Path(source).expanduser(), str(source), target, sample_weight)
    if isinstance(source, tuple | list) and len(source) == 2:
        _no_target(target, "a pair of arrays")
        return _read_pair(*source)
    raise UsageError(
        f"source: expected a name, a path, a DataFrame or a pair of arrays (x, y), got {describe(source)}",
        "give arrays as load((x, y))",
    )


def _read_path(path: Path, given: str, target: Any, sample_weight: Any) -> Raw:
    if not is_there(path) and not _is_csv(path):
        hint = nearest(given, BY_NAME) or "for a file, check the spelling and the folder"
        raise DataError(f"expected a path or the name of a data set, {one_of(BY_NAME)}; got {given!r}", hint)
    if path.is_dir():
        return _read_folder(path, target)
    if _is_csv(path):
        stem = path.name.lower().index(".csv")
        return read_frame(read_csv(path), target, sample_weight, name=path.name[:stem], source=str(path))
    if "idx" in path.name:
        raise DataError(f"{path}: expected a folder with images and labels, got one file of it", f"give {path.parent}")
    raise DataError(
        f"{path}: expected a file that ends in .csv or .csv.gz, got {path.suffix or 'no ending'}",
        "in Python, read it with pandas and give the DataFrame",
    )


def _is_csv(path: Path) -> bool:
    return path.name.lower().endswith((".csv", ".csv.gz"))


def _read_folder(path: Path, target: Any) -> Raw:
    if not is_idx_folder(path):
        raise DataError(
            f"{path}: expected a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte (or .gz), "
            "got one without",
            "give the folder that holds the files themselves",
        )
    _no_target(target, str(path))
    return read_idx_folder(path)


def _read_pair(x: Any, y: Any) -> Raw:
    if is_frame(x) and not is_frame(y) and hasattr(y, "to_frame"):
        y = y.to_frame(y.name or "target")  # a Series keeps its name
    columns = frame_columns(named(y, "y")) if is_frame(y) else array_columns(_as_array(y))
    if is_frame(x):
        return Raw("table", "a DataFrame and an array", named(x, "x"), columns)
    return Raw("arrays", "a pair of arrays", x, columns)


def _as_array(y: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(y)
    except ValueError as error:
        raise DataError(f"y: expected an array, got rows of different lengths ({error})") from None


def _no_target(target: Any, source: str) -> None:
    if target is not None:
        raise UsageError(
            f"target: expected none for {source}, which has its own, got {target!r}", "target= names a table's column"
        )

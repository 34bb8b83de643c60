"""Loading: from a name, a path, a DataFrame or arrays to a data set that is ready to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from seedbed.core.errors import DataError, UsageError
from seedbed.data.arrangement import arranged
from seedbed.data.assemble import Shares, assemble, check_weight
from seedbed.data.dataset import Dataset
from seedbed.data.embedded import Entry
from seedbed.data.evidence import AS_WRITTEN, Types, as_asked
from seedbed.data.given_test import with_test
from seedbed.data.origin import origin_of
from seedbed.data.raw import Raw
from seedbed.data.readers.table import RawTable, read_options
from seedbed.data.sources import BY_NAME, read_source
from seedbed.data.split import TEST_SHARE, VALID_SHARE
from seedbed.data.stream import load_streamed, to_stream
from seedbed.data.stream.source import is_parquet
from seedbed.data.tables import split_columns

UNASKED = (
    "the table is read anew in every epoch, because it would take more than 2 GB in memory, or half of what is free; "
    "stream=False (--no-stream) holds it"
)


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
    test: Any = None,
    missing: str | Sequence[str] = (),
    header: bool = True,
    image_size: Any = None,
    skip_broken: bool = False,
    decimal_comma: str | Sequence[str] = (),
    group: Any = None,
    time: Any = None,
    types: Types = None,
    stream: bool | None = None,
) -> Dataset:
    """A data set: read, its task inferred, split into three parts, encoded as numbers.

    Arguments:
        source: the name of an embedded or generated set (see `catalogue`), the path of a file (`readers.registry`
            says which), of a folder in the MNIST layout or with a sub-folder of images for each class, a table
            (a DataFrame of pandas, whatever speaks Arrow's or the older interchange protocol, a Hugging Face data set,
            a dictionary of columns, a list of dictionaries; a dictionary of tables named train and test), a pair
            `(x, y)` of arrays (x may be a DataFrame), a PyTorch data set of such pairs, or a `Dataset`, which is given
            back as it is.
        target: the target column of a table; or several, as a list or with commas between. The only column beside
            the images of a Hugging Face data set need not be named.
        split_seed: decides which rows go to which part. Apart from the seed of training, so that runs are comparable.
        valid_share: share of the rows that validates; of the training file where the source has its own test part.
        test_share: share of the rows that tests; not used where the source has its own test part.
        task: `classification`, `regression` or `multilabel`; inferred from the target unless given.
        sample_weight: what each row counts in the loss: an array (n,), or the name of a table's column.
        name: a short name for reports and folders; taken from the source unless given.
        test: another source of the same kind, which is the test part.
        missing: texts that stand for a hole in a file of text, beside empty fields, NA, nan, null and the like.
        header: whether the first line of a file names the columns; if not, they are named "0", "1", ...
        image_size: what images are resized to, "32x48" or (32, 48), height first; to their most frequent size else.
        skip_broken: leave out images that cannot be read, and say how many.
        decimal_comma: columns of a file of text in which a comma stands before decimals, not between thousands; it
            need not be said where a number tells, such as 0,149.
        group: whose rows stay together in one part: a table's column (such as the patient), or an array (n,).
        time: what orders the rows, dates or numbers: the oldest train and the newest test; a column, or an array (n,).
        types: for a table the kinds of columns that are to be other than their values say, such as
            `{"zip": "category"}` or "age=numeric,zip=category"; `drop` leaves a column out.
        stream: whether Parquet files (one, a folder of them, or a pattern such as `big/*.parquet`) are read anew in
            every epoch, not into memory; None where they would take more than 2 GB there, or half of what is free.

    Raises:
        DataError: the data is missing, damaged, or cannot be used as it is.
        UsageError: an argument is not sound.

    >>> data = load("iris")
    >>> data.task, data.shape, len(data.train), len(data.valid), len(data.test)
    ('classification', (4,), 95, 25, 30)
    """
    given = {key: value for key, value in locals().items() if key != "source"}
    if isinstance(source, Dataset):
        return source
    options = read_options(
        missing=missing, header=header, image_size=image_size, skip_broken=skip_broken, decimal_comma=decimal_comma
    )
    options = replace(options, texts=tuple(name for name, kind in as_asked(types).items() if kind in AS_WRITTEN))
    shares = Shares(valid_share, test_share, split_seed)
    held = stream is None and not (test is None and group is None and time is None)  # what a stream does not offer
    if (files := to_stream(source, False if held else stream)) is not None:
        in_memory = {"test": test, "group": group, "time": time}
        data = load_streamed(
            files, options, shares, target=target, weight=sample_weight, task=task, name=name, types=types, **in_memory
        )
        said = (*data.notices, UNASKED) if stream is None else data.notices
        return replace(data, origin=origin_of(load, source, given | {"stream": True}), notices=said)
    found = read_source(source, options)
    if isinstance(found, RawTable):  # a few other rows alone may not tell what their commas mean
        options = replace(options, decimal_comma=tuple(dict.fromkeys((*options.decimal_comma, *found.decimal_comma))))
    if test is not None:
        found = with_test(found, test, target, options)
    raw = _with_target(found, target, sample_weight)
    if name is not None:
        raw = replace(raw, name=name)
    raw = replace(raw, types=types, reading=options.remembered)
    raw, notices = arranged(raw, group, time)
    data = assemble(raw, shares, task, [*raw.notices, *notices])
    # The free memory of another day must not decide otherwise: a stream is split differently.
    settled = {"stream": False} if stream is None and is_parquet(source) else {}
    return replace(data, origin=origin_of(load, source, given | settled))


def catalogue() -> list[Entry]:
    """The data sets that can be loaded by name, with their sizes, licences and sources."""
    return list(BY_NAME.values())


def _with_target(found: RawTable | Raw, target: Any, weight: Any) -> Raw:
    """The rows with their targets and weights."""
    if isinstance(found, RawTable):
        raw = split_columns(found, target, weight)
    elif target is not None:
        message = f"target: expected none for {found.name}, which has its own, got {target!r}"
        raise UsageError(message, "target= names a table's column")
    elif not found.target:
        message = f"{found.source}: expected examples with their targets, got examples alone"
        raise DataError(message, "give the folder that holds a folder of images for each class, or arrays x and y")
    else:
        raw = found
    given = weight if raw.weight is None else raw.weight
    if isinstance(given, str):
        raise UsageError(f"sample_weight: expected an array for {raw.source}, got the name {given!r}")
    return raw if given is None else replace(raw, weight=check_weight(given, raw.n_targets))

"""Data sets of Hugging Face that are in memory, known by what their documentation promises: the library is no need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from seedbed.core.errors import DataError
from seedbed.data.raw import shown
from seedbed.data.readers.arrow import tidy
from seedbed.data.readers.image_columns import image_columns, read_image_column
from seedbed.data.readers.table import RawTable, ReadOptions

PLAIN = ("Value", "ClassLabel")  # the features that are one value in each row


def is_hugging_face(source: Any) -> bool:
    """Whether something is a data set of Hugging Face, by what its documentation promises."""
    return hasattr(source, "with_format") and hasattr(source, "features")


def read_hugging_face(source: Any, options: ReadOptions) -> RawTable:
    """The rows of a data set; where a column holds images, these are the features, and other columns may be targets.

    Raises:
        DataError: it is streamed, has several columns of images, or one of another kind.
    """
    if not hasattr(source, "__len__"):
        hint = "load it without streaming=True, or take some of it: datasets.Dataset.from_list(list(data.take(10_000)))"
        raise DataError("source: expected a data set in memory, got one that is streamed", hint)
    table = source.with_format("arrow")[:]  # in the order of its rows, which may be a choice from the table beneath
    pictured = image_columns(table.schema)
    plain = [name for name, feature in source.features.items() if _kind(feature) in PLAIN]
    others = [name for name in source.features if name not in (*plain, *pictured)]
    _check(source, plain, pictured, others)
    for name in plain:
        if _kind(feature := source.features[name]) == "ClassLabel":
            table = table.set_column(table.column_names.index(name), name, _named(table[name], feature.names))
    found = replace(tidy(table.select(plain), options), source="a Hugging Face data set")
    if not pictured:
        return found
    mode = {"L": 1, "RGB": 3}.get(getattr(source.features[pictured[0]], "mode", None) or "", options.colours)
    return _pictured(found, table[pictured[0]], pictured[0], replace(options, colours=mode), others)


def _check(source: Any, plain: Sequence[str], pictured: Sequence[str], others: Sequence[str]) -> None:
    """Refuses columns of which no features and targets can be made."""
    if others and not pictured:
        raise DataError(
            f"source: column {others[0]!r}: expected numbers, texts, dates, classes or images, got "
            f"{_kind(source.features[others[0]])}",
            f"data.remove_columns({others[0]!r}) leaves it out; give vectors as arrays: load((x, y))",
        )
    if len(pictured) > 1:
        message = f"source: expected at most one column of images, got {shown(map(repr, pictured))}"
        raise DataError(message, f"data.remove_columns({pictured[1:]}) leaves the others out")
    if pictured and not plain:
        message = f"source: expected a column for the target beside {pictured[0]!r}, got images alone"
        raise DataError(message, "add their classes: data.add_column('label', classes)")


def _pictured(found: RawTable, column: Any, name: str, options: ReadOptions, others: Sequence[str]) -> RawTable:
    """A table with the images of a column beside it, in the rows in which they can be read."""
    images = read_image_column(column, name, options)
    left_out = f"columns beside the images that hold several values in a row are left out: {shown(map(repr, others))}"
    said = (*images.notices, left_out) if others else images.notices
    frame = found.frame[images.is_sound].reset_index(drop=True)
    return replace(found.saying(*said), frame=frame, x=images.x, is_image=images.is_image)


def _named(numbers: Any, names: Sequence[str]) -> Any:
    """The classes behind an Arrow column of their numbers; -1 stands for none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pc.if_else(pc.greater_equal(numbers, 0), numbers, None)
    classes = pa.array(names, pa.string())
    return pa.chunked_array([classes.take(chunk) for chunk in known.chunks], pa.string())


def _kind(feature: Any) -> str:
    return type(feature).__name__

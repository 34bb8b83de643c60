"""How a column of a table becomes features: one class for each kind of column, in a file of its own.

A kind has `fit` (on training rows), `encode`, the names of its features, and which of them are quantities. A new kind
is one more class with its line in `KINDS`; `seedbed.data.evidence` says which columns are of it.
"""

from __future__ import annotations

from typing import Any

from seedbed.data.cells import Cells
from seedbed.data.columns.boolean import BooleanColumn
from seedbed.data.columns.category import CategoryColumn
from seedbed.data.columns.column import MISSING, Column
from seedbed.data.columns.date import DateColumn
from seedbed.data.columns.numeric import NumericColumn

KINDS: dict[str, type[Column]] = {cls.kind: cls for cls in (NumericColumn, CategoryColumn, BooleanColumn, DateColumn)}


def fit_column(cells: Cells, kind: str) -> Column:
    """The column of that kind as the training rows show it."""
    return KINDS[kind].fit(cells)


def column_from_dict(plain: dict[str, Any]) -> Column:
    """The column that `to_dict` wrote."""
    content: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items() if k != "kind"}
    return KINDS[plain["kind"]](**content)


__all__ = ["KINDS", "MISSING", "BooleanColumn", "CategoryColumn", "Column", "DateColumn", "NumericColumn",
           "column_from_dict", "fit_column"]  # fmt: skip

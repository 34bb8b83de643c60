"""The most wrong examples of the test part, kept so that the report can show them as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.dataset import Dataset
from seedbed.reporting.most_wrong import most_wrong
from seedbed.reporting.png import is_picture
from seedbed.reporting.tiles import MOST_COLUMNS

MOST_WHOLE = 1e15  # above it floats have no digit behind the point


def most_wrong_of(data: Dataset, prediction: NDArray[Any]) -> dict[str, Any]:
    """The places of the most wrong test examples, with their images, or their rows as text."""
    places = most_wrong(data.test.y, prediction, data.task)
    images = rows = None
    if data.image_shape is not None and is_picture(data.image_shape):
        images = np.asarray(data.test.x)[places].reshape(len(places), *data.image_shape)
    elif hasattr(data.test.rows, "iloc"):
        shown = data.test.rows.iloc[places, :MOST_COLUMNS]
        rows = [{str(name): _cell(value) for name, value in row.items()} for row in shown.to_dict("records")]
    return {"wrong": places, "wrong_images": images, "wrong_rows": rows}


def _cell(value: Any) -> str | None:
    """A cell as text; None for a hole. Whole numbers that became floats, beside a hole for example, are whole again."""
    from pandas import isna

    if isna(value):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < MOST_WHOLE:
        return str(int(value))
    return str(value)

"""Data: read, split, encoded as numbers, and preprocessed.

- `load("houses.csv", target="price")` gives a `Dataset` of three parts, each with x, y and the raw rows;
- its `encoder` turns raw rows into x, and is saved with a run to encode new rows alike;
- `Preprocessor.fit(steps, data)` fits the steps of a setup on the training part only.
"""

from typing import TYPE_CHECKING

from seedbed.core.lazy import lazily

if TYPE_CHECKING:
    from seedbed.core.tasks import TASKS
    from seedbed.data.dataset import PARTS, Dataset, Part
    from seedbed.data.embedded import Entry
    from seedbed.data.encoder import Encoder
    from seedbed.data.generated import generate
    from seedbed.data.idx import read_idx
    from seedbed.data.loading import catalogue, load
    from seedbed.data.preprocessor import Preprocessor
    from seedbed.data.rows import iter_rows, read_rows
    from seedbed.data.steps import (
        PCA,
        Center,
        Divide,
        Log,
        MinMax,
        PiecewiseLinear,
        Preprocessing,
        Quantile,
        Robust,
        Standardize,
        StandardizeTarget,
        Whiten,
    )
    from seedbed.data.target import Target
else:
    __getattr__, __dir__ = lazily(__name__)

__all__ = [
    "PARTS",
    "PCA",
    "TASKS",
    "Center",
    "Dataset",
    "Divide",
    "Encoder",
    "Entry",
    "Log",
    "MinMax",
    "Part",
    "PiecewiseLinear",
    "Preprocessing",
    "Preprocessor",
    "Quantile",
    "Robust",
    "Standardize",
    "StandardizeTarget",
    "Target",
    "Whiten",
    "catalogue",
    "generate",
    "iter_rows",
    "load",
    "read_idx",
    "read_rows",
]

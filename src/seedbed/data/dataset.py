"""The data set: three parts, each with features, targets and raw rows, and what is known about them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from seedbed.data.encoder import Encoder
    from seedbed.data.statistics import Moments

PARTS = ("train", "valid", "test")


@dataclass(frozen=True, eq=False, repr=False)
class Part:
    """One part of a data set: training, validation or test. Its arrays are read-only.

    Attributes:
        x: features, (n, *shape); float64 or float32, or uint8 for images.
        y: targets: int32 class numbers (n,), float64 quantities (n, k), or float64 zeros and ones (n, k).
        rows: the same examples as they were loaded, a DataFrame or an array: what `Encoder.transform` takes.
        index: the row numbers in the source, (n,), from 0.
        weight: what each example counts in the loss, (n,), or None where all count the same.
        group: the group of each example as text, (n,), for scores by group; None without groups.
        time: the time of each example, (n,), float64 or datetime64; None unless they are split by time.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    rows: Any
    index: NDArray[np.int64]
    weight: NDArray[np.float64] | None = None
    group: NDArray[Any] | None = None
    time: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        for array in (self.x, self.y, self.index, self.weight, self.group, self.time):
            if array is not None:
                array.flags.writeable = False  # the fingerprint is computed late, and must be that of what was split

    @property
    def is_streamed(self) -> bool:
        """Whether the arrays are those of a sample, and all rows are read again in every epoch."""
        return False

    @property
    def known(self) -> dict[str, Moments]:
        """The moments of all rows of `x` and `y` where the arrays are those of a sample; else nothing."""
        return {}

    def class_sizes(self, n_classes: int) -> NDArray[np.int64]:
        """The number of examples of each class, (n_classes,)."""
        return np.bincount(self.y, minlength=n_classes)

    def span(self, what: str, i: int | None = None) -> dict[str, float]:
        """The lowest, highest and mean value of feature or target `i`, of `x` or `y`; of all together with None."""
        values = getattr(self, what)
        values = values if i is None else values[:, i]
        return {
            "low": float(values.min()),
            "high": float(values.max()),
            "mean": float(values.mean(dtype=np.float64)),
        }

    def hash_into(self, digest: Any) -> None:
        """Gives the content to a hash."""
        for array in (self.x, self.y, *(() if self.weight is None else (self.weight,))):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)

    def __len__(self) -> int:
        return len(self.y)

    def __repr__(self) -> str:
        return f"Part(x={self.x.dtype}{list(self.x.shape)}, y={self.y.dtype}{list(self.y.shape)})"


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A data set that is ready to train on: split, encoded as numbers, not yet preprocessed.

    Attributes:
        train: what networks learn from.
        valid: what members are stopped and chosen by.
        test: what nothing looks at until the end.
        encoder: from raw rows to `x`, for new rows as well; it also knows the names behind the targets.
        numeric: which features are quantities rather than 0/1 indicators, a bool mask of `shape`.
        image_shape: the shape in which an example can be shown as an image, (height, width) or (height, width,
            colours); None where it is no image.
        notices: what was done to the data, as sentences for the user.
        source: where it came from: a file, a folder, or words.
        fit: fits an encoder to raw training rows as this data set's was: the encoder, `numeric`, and notices.
        origin: what to give `load` to get the same data again, ready for JSON: `source`, a name or an absolute path,
            and `options`, its other arguments; None for data that came from memory.
        has_own_test: whether the source brought its test part, so that shares were of the other rows.
    """

    name: str
    train: Part
    valid: Part
    test: Part
    encoder: Encoder
    numeric: NDArray[np.bool_]
    image_shape: tuple[int, ...] | None
    split_seed: int
    notices: tuple[str, ...]
    source: str
    fit: Callable[[Any], tuple[Encoder, NDArray[np.bool_], list[str]]]
    origin: dict[str, Any] | None = None
    has_own_test: bool = False

    @property
    def task(self) -> str:
        """One of `classification`, `regression` and `multilabel`."""
        return self.encoder.target.task

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example: (64,) or (28, 28, 1)."""
        return tuple(self.valid.x.shape[1:])

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The name of each feature; empty for images, whose pixels have none."""
        return self.encoder.feature_names

    @property
    def class_names(self) -> tuple[Any, ...]:
        """The classes in the order of their numbers, as the source writes them; empty unless a classification."""
        return self.encoder.target.class_names

    @property
    def target_names(self) -> tuple[str, ...]:
        """The name of each target column."""
        return self.encoder.target.names

    @property
    def n_classes(self) -> int:
        """The number of classes; 0 unless a classification."""
        return len(self.class_names)

    @property
    def n_targets(self) -> int:
        """The number of target columns: 1 for a classification."""
        return len(self.target_names)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of content and split: the same data from another file, split alike, has the same."""
        digest = hashlib.sha256()
        head = [self.task, self.class_names, self.target_names, self.feature_names, self.image_shape]
        digest.update(json.dumps(head, default=str).encode())
        for part in (self.train, self.valid, self.test):
            part.hash_into(digest)
        return digest.hexdigest()[:16]

    @property
    def is_streamed(self) -> bool:
        """Whether the training part is a `StreamedPart`: larger than memory, and read again in every epoch."""
        return self.train.is_streamed

    def folds(self, k: int) -> tuple[Dataset, ...]:
        """`k` data sets of the same rows, in each of which others validate; see `seedbed.data.folds`."""
        from seedbed.data.folds import folds

        return folds(self, k)

    def describe(self) -> dict[str, Any]:
        """What a report or a run's folder says about the data: names, counts, balance and ranges; ready for JSON."""
        return {
            "name": self.name,
            "source": self.source,
            "fingerprint": self.fingerprint,
            "split_seed": self.split_seed,
            "task": self.task,
            "shape": list(self.shape),
            "image_shape": None if self.image_shape is None else list(self.image_shape),
            "rows": {name: len(getattr(self, name)) for name in PARTS},
            "features": _feature_ranges(self),
            "targets": _balance(self) if self.task == "classification" else _target_ranges(self),
            "notices": list(self.notices),
        }

    def __repr__(self) -> str:
        rows = " + ".join(f"{len(getattr(self, name))} {name}" for name in PARTS)
        goal = f"{self.n_classes} classes" if self.n_classes else f"{self.n_targets} targets"
        return f"Dataset({self.name!r}, {self.task}, {rows}, shape {self.shape}, {goal})"


def _balance(data: Dataset) -> list[dict[str, Any]]:
    """For each class its name and its number of examples in each part."""
    counts = {name: getattr(data, name).class_sizes(data.n_classes) for name in PARTS}
    return [{"class": cls, **{name: int(counts[name][i]) for name in PARTS}} for i, cls in enumerate(data.class_names)]


def _target_ranges(data: Dataset) -> list[dict[str, Any]]:
    return [{"name": name, **data.train.span("y", i)} for i, name in enumerate(data.target_names)]


def _feature_ranges(data: Dataset) -> list[dict[str, Any]]:
    """One entry for each named feature of the training part; one for all of them together in an image."""
    if data.image_shape is not None or len(data.shape) != 1:
        return [{"name": "all", **data.train.span("x")}]
    return [{"name": name, **data.train.span("x", i)} for i, name in enumerate(data.feature_names)]

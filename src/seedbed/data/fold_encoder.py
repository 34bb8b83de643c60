"""The encoder of a run on folds: the features that each fold's own encoder makes, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.columns import Column
from seedbed.data.encoder import Encoder
from seedbed.data.oddities import Oddities


@dataclass(frozen=True)
class FoldEncoder(Encoder):
    """For networks that were trained on different folds: each reads the features of its own.

    Attributes:
        folds: the encoder of each fold, fitted on that fold's training rows.
    """

    kind = "folds"
    folds: tuple[Encoder, ...]

    @property
    def source_columns(self) -> tuple[str, ...]:
        """All feature columns of the source in their order."""
        return tuple(getattr(self.folds[0], "source_columns", ()))

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that any fold uses, so that files of new rows are read as all of them need it."""
        return tuple(column for encoder in self.folds for column in getattr(encoder, "columns", ()))

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(name for encoder in self.folds for name in encoder.feature_names)

    def transform(self, rows: Any, odd: Oddities | None = None) -> NDArray[Any]:
        first, *others = self.folds  # what is odd about the rows is said once
        return np.concatenate([first.transform(rows, odd), *(encoder.features(rows) for encoder in others)], axis=1)

    def features(self, rows: Any) -> NDArray[Any]:
        return np.concatenate([encoder.features(rows) for encoder in self.folds], axis=1)

    def of_fold(self, x: NDArray[Any], fold: int | None) -> NDArray[Any]:
        if fold is None:
            return x
        ends = accumulate((len(encoder.feature_names) for encoder in self.folds), initial=0)
        start, stop = list(pairwise(ends))[fold]
        return x[:, start:stop]

    def to_dict(self) -> dict[str, Any]:
        folds = [encoder.to_dict() for encoder in self.folds]
        return {"kind": self.kind, "target": self.target.to_dict(), "folds": folds}


def joined(encoders: Sequence[Encoder]) -> FoldEncoder:
    """The encoder that has the features of these."""
    first = encoders[0]
    return FoldEncoder(first.target, tuple(encoders), reading=first.reading)


def over_folds(encoders: Sequence[Encoder]) -> Encoder:
    """One encoder for all folds: theirs, where it is the same for all."""
    first = encoders[0]
    return first if all(other == first for other in encoders) else joined(encoders)

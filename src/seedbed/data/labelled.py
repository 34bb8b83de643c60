"""Raw rows with their targets, not encoded yet: what parts and folds are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.dataset import Part
from seedbed.data.encoder import Encoder
from seedbed.data.raw import is_frame, take

Fitting = tuple[Encoder, NDArray[np.bool_], list[str]]  # fitted to training rows: encoder, numeric, notices


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Raw rows with what belongs to each; see `Part`, whose attributes they become."""

    rows: Any
    y: NDArray[Any]
    index: NDArray[np.int64]
    weight: NDArray[np.float64] | None = None
    group: NDArray[Any] | None = None
    time: NDArray[Any] | None = None

    def part(self, places: NDArray[np.int64], encoder: Encoder, x: NDArray[Any] | None = None) -> Part:
        """The part of the examples at these places; `x` are the features of all of them, if they are known."""
        own = take(self.rows, places)
        weight, group, time = (None if a is None else a[places] for a in (self.weight, self.group, self.time))
        return Part(
            encoder.features(own) if x is None else x[places],
            self.y[places],
            own,
            self.index[places],
            weight,
            group,
            time,
        )

    @classmethod
    def of(cls, *parts: Part) -> LabelledRows:
        """The examples of several parts together, in the order of the source."""
        order = np.argsort(np.concatenate([part.index for part in parts]), kind="stable")

        def joined(name: str) -> Any:
            arrays = [getattr(part, name) for part in parts]
            return None if arrays[0] is None else np.concatenate(arrays)[order]

        return cls(
            _joined_rows([part.rows for part in parts], order), *map(joined, ("y", "index", "weight", "group", "time"))
        )


def _joined_rows(pieces: list[Any], order: NDArray[np.int64]) -> Any:
    if not is_frame(pieces[0]):
        return np.concatenate(pieces)[order]
    import pandas as pd

    return pd.concat(pieces).iloc[order]

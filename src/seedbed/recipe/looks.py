"""How features look before and after preprocessing, kept with a run so that its report can show it again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.dataset import Dataset
from seedbed.data.preprocessor import Preprocessor
from seedbed.reporting.evidence import Looks
from seedbed.reporting.png import is_picture

ROWS, FEATURES, QUANTILES = 10_000, 12, 64
PIXELS = 1 << 16  # of a picture that is kept


def looks_of(preprocessor: Preprocessor, data: Dataset) -> Looks:
    """A handful of features of the training part as quantiles; of images all pixels together, and two pictures."""
    x = data.train.x[:: -(-len(data.train.x) // ROWS)]
    z = preprocessor.x(x)
    if data.image_shape is not None or len(data.shape) > 1:
        return _of_images(x, z, data.image_shape, preprocessor)
    names = data.feature_names or tuple(map(str, range(data.shape[0])))
    after = preprocessor.names(names)
    shown = np.flatnonzero(data.numeric)[:FEATURES]
    own = [_component(names[i], after) for i in shown]
    places = list(range(min(FEATURES, len(after)))) if None in own else [place for place in own if place is not None]
    return Looks(_named(names, shown), _quantiles(x[:, shown]), _named(after, places), _quantiles(z[:, places]))


def _component(name: str, after: tuple[str, ...]) -> int | None:
    """The place of a feature behind the steps; of its parts, such as bins, the one in the middle; None without any."""
    parts = [i for i, other in enumerate(after) if other == name or other.startswith(f"{name}, ")]
    return parts[len(parts) // 2] if parts else None


def _of_images(x: NDArray[Any], z: NDArray[Any], shape: tuple[int, ...] | None, preprocessor: Preprocessor) -> Looks:
    names = tuple(map(str, range(x[0].size)))
    after = preprocessor.names(names)
    before = ("pixels",), _quantiles(x.reshape(-1, 1))
    if after != names:
        places = range(min(FEATURES, len(after)))
        return Looks(*before, _named(after, places), _quantiles(z[:, places]))
    pictures: list[NDArray[np.float32]] = []
    if shape is not None and is_picture(shape) and x[0].size <= PIXELS:
        pictures = [np.stack([a.mean(axis=0), a[0]]).astype(np.float32).reshape(2, *shape) for a in (x, z)]
    return Looks(*before, ("pixels",), _quantiles(z.reshape(-1, 1)), *pictures)


def _named(names: tuple[str, ...], places: Any) -> tuple[str, ...]:
    return tuple(names[i] for i in places)


def _quantiles(values: NDArray[Any]) -> NDArray[np.float64]:
    """(feature, quantile), from the smallest value to the largest."""
    return np.quantile(values.astype(np.float64), np.linspace(0, 1, QUANTILES), axis=0).T

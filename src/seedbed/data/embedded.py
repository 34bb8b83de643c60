"""The embedded data sets: small, real and well known. They ship inside scikit-learn and are read from its files.

scikit-learn itself is not imported: that takes half a second, the files take a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.raw import Raw, check_file


@dataclass(frozen=True)
class Entry:
    """A data set that needs no file: what the catalogue says about it.

    Attributes:
        classes: the number of classes, 0 for a regression.
        licence: under what terms it may be used.
        source: where it comes from.
        read: reads it.
    """

    name: str
    rows: int
    features: int
    task: str
    classes: int
    licence: str
    source: str
    description: str
    read: Callable[[], Raw]


_UCI = "CC BY 4.0"
_WINE = [
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
]
_CELL = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
_BREAST_CANCER = [
    *(f"mean {what}" for what in _CELL),
    *(f"{what} error" for what in _CELL),
    *(f"worst {what}" for what in _CELL),
]
_IRIS = [f"{part} {side} (cm)" for part in ("sepal", "petal") for side in ("length", "width")]
_DIGITS = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
_DIABETES = ["age", "sex", "bmi", "bp", *(f"s{i}" for i in range(1, 7))]


def _digits() -> Raw:
    table = _numbers("digits.csv.gz")
    return _classes("digits", table, _DIGITS, tuple(range(10)), image_shape=(8, 8))


def _iris() -> Raw:
    return _classes("iris", _numbers("iris.csv", skip=1), _IRIS, ("setosa", "versicolor", "virginica"))


def _wine() -> Raw:
    return _classes("wine", _numbers("wine_data.csv", skip=1), _WINE, ("class_0", "class_1", "class_2"))


def _breast_cancer() -> Raw:
    table = _numbers("breast_cancer.csv", skip=1)
    return _classes("breast_cancer", table, _BREAST_CANCER, ("malignant", "benign"))


def _diabetes() -> Raw:
    x, y = _numbers("diabetes_data_raw.csv.gz", delimiter=None), _numbers("diabetes_target.csv.gz", delimiter=None)
    target = {"progression": y.reshape(-1)}
    return Raw("diabetes", "embedded", x, target, tuple(_DIABETES), task="regression")


EMBEDDED = {
    entry.name: entry
    for entry in (
        Entry(
            "digits",
            1797,
            64,
            "classification",
            10,
            _UCI,
            "UCI, Alpaydin and Kaynak 1998",
            "handwritten digits as images of 8 x 8 pixels from 0 to 16",
            _digits,
        ),
        Entry(
            "iris",
            150,
            4,
            "classification",
            3,
            _UCI,
            "UCI, Fisher 1936",
            "three species of iris by the sizes of their leaves in cm",
            _iris,
        ),
        Entry(
            "wine",
            178,
            13,
            "classification",
            3,
            _UCI,
            "UCI, Aeberhard and Forina 1991",
            "wines of three growers by their chemical analysis",
            _wine,
        ),
        Entry(
            "breast_cancer",
            569,
            30,
            "classification",
            2,
            _UCI,
            "UCI, Wolberg, Street and Mangasarian 1995",
            "tumours, malignant or benign, by measures of their cells",
            _breast_cancer,
        ),
        Entry(
            "diabetes",
            442,
            10,
            "regression",
            0,
            "free, with citation",
            "Efron, Hastie, Johnstone, Tibshirani 2004",
            "progression of the disease after one year, in raw units",
            _diabetes,
        ),
    )
}


def _classes(
    name: str,
    table: NDArray[np.float64],
    names: list[str],
    class_names: tuple[Any, ...],
    image_shape: tuple[int, ...] | None = None,
) -> Raw:
    """A table whose last column is the class number."""
    return Raw(
        name,
        "embedded",
        np.ascontiguousarray(table[:, :-1]),
        {"class": table[:, -1].astype(np.int32)},
        tuple(names),
        class_names,
        task="classification",
        image_shape=image_shape,
    )


def _numbers(name: str, *, delimiter: str | None = ",", skip: int = 0) -> NDArray[np.float64]:
    """The numbers in one of scikit-learn's data files, plain or gzipped."""
    spec = find_spec("sklearn")  # finds the package without running it
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise DataError("embedded data: expected scikit-learn, got no such package", "pip install scikit-learn")
    path = Path(places[0]) / "datasets" / "data" / name
    check_file(path)
    return np.loadtxt(path, delimiter=delimiter, skiprows=skip)

"""The predictor: an ensemble, or one network, that takes raw rows. It starts without JAX where NumPy can compute it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from seedbed.data.encoder import Encoder
from seedbed.recipe.answers import decided, probabilities
from seedbed.recipe.packed import read

FILE = "ensemble.safetensors"


@dataclass(frozen=True, eq=False)
class Predictor:
    """Trained networks, ready to predict.

    Attributes:
        encoder: from raw rows to features.
        mean: from features (n, *shape) to the mean prediction of the networks, (n, k).
        temperature: of the probabilities.
    """

    encoder: Encoder
    mean: Callable[[NDArray[Any]], NDArray[Any]]
    temperature: float = 1.0

    @property
    def task(self) -> str:
        """What the targets are."""
        return self.encoder.target.task

    @property
    def class_names(self) -> tuple[Any, ...]:
        """The classes in the order of their probabilities; empty where there are none."""
        return self.encoder.target.class_names

    def predict(self, rows: Any) -> NDArray[Any]:
        """What is predicted for raw rows: the names of classes (n,), labels 0 and 1 (n, k), or values.

        Values of a single target come as (n,).

        Raises:
            DataError: columns are missing or values do not fit.
        """
        return decided(self.mean(self.encoder.transform(rows)), self.encoder)

    def predict_proba(self, rows: Any) -> NDArray[Any]:
        """The probability of each class, or of each label, (n, k).

        Raises:
            UsageError: values are predicted.
            DataError: columns are missing or values do not fit.
        """
        return probabilities(self.mean(self.encoder.transform(rows)), self.encoder, self.temperature)


def load_predictor(path: str | Path) -> Predictor:
    """The ensemble of a run, to predict new rows with: from its folder, or from its `ensemble.safetensors` alone.

    It starts in a fraction of a second, for it needs neither JAX nor the rest of the run; but where the networks hold
    what NumPy is not taught here, such as layers of one's own, the whole run is loaded.

    Raises:
        RunError: there is no such run or file, or it is damaged.
    """
    file = Path(path, FILE) if Path(path).is_dir() else Path(path)
    if file.is_file():
        packed, encoder, temperature = read(file)
        return Predictor(encoder, packed, temperature)
    from seedbed.recipe.folder import load_run

    return load_run(path).ensemble().predictor

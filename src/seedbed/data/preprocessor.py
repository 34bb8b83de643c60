"""The preprocessor: the steps of a setup, fitted to one data set. Its few numbers are saved with a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.dataset import Dataset
from seedbed.data.preprocessing import Fitted, Preprocessing, float_type


@dataclass(frozen=True, eq=False)
class Preprocessor:
    """Preprocessing steps with what each learned from the training part.

    Attributes:
        steps: the steps in order; those on features and those on targets do not meet.
        fitted: for each step its numbers by name; nothing for a step that has no effect on this task.
    """

    steps: tuple[Preprocessing, ...]
    fitted: tuple[Fitted, ...]

    @classmethod
    def fit(cls, steps: Sequence[Preprocessing], data: Dataset) -> Preprocessor:
        """The steps, fitted on the training part of `data` and on nothing else."""
        x: NDArray[Any] = data.train.x
        y: NDArray[Any] = data.train.y
        fitted: list[Fitted] = []
        for place, step in enumerate(steps):
            later = {other.on for other in steps[place + 1 :]}
            if step.on == "x":
                fitted.append(step.fit(x, data.numeric))
                x = step.apply(fitted[-1], x) if "x" in later else x  # a large array: only where a step follows
            elif data.task == "regression":
                fitted.append(step.fit(y, np.ones(y.shape[1:], dtype=bool)))
                y = step.apply(fitted[-1], y)
            else:
                fitted.append({})
        return cls(tuple(steps), tuple(fitted))

    @classmethod
    def from_arrays(cls, steps: Sequence[Preprocessing], arrays: Mapping[str, Any]) -> Preprocessor:
        """The preprocessor that `arrays` described.

        Raises:
            DataError: there are numbers for more steps than there are, or none for a step on features.
        """
        fitted: list[Fitted] = [{} for _ in steps]
        for key, content in arrays.items():
            place, _, name = key.partition(".")
            if not place.isdigit() or int(place) >= len(steps):
                raise DataError(f"preprocessing: expected numbers for {len(steps)} steps, got {key!r}")
            fitted[int(place)][name] = np.asarray(content, dtype=np.float64)
        if missing := [i for i, step in enumerate(steps) if step.on == "x" and not fitted[i]]:
            raise DataError(f"preprocessing: expected numbers for each step, got none for {steps[missing[0]]!r}")
        return cls(tuple(steps), tuple(fitted))

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """The learned numbers as float64 arrays named `<place of the step>.<name>`, to be stored."""
        return {
            f"{place}.{name}": np.asarray(content, dtype=np.float64)
            for place, fitted in enumerate(self.fitted)
            for name, content in fitted.items()
        }

    def x(self, values: NDArray[Any]) -> NDArray[Any]:
        """Encoded features (n, *shape) as the network sees them: float64 if they were float64, else float32."""
        for step, fitted in self._on("x"):
            values = step.apply(fitted, values)
        return values.astype(float_type(values), copy=False)

    def y(self, values: NDArray[Any]) -> NDArray[Any]:
        """Targets as the network learns them."""
        for step, fitted in self._on("y"):
            values = step.apply(fitted, values)
        return values

    def unscale(self, predictions: Any) -> NDArray[Any]:
        """Predictions (..., k) back in the target's own unit."""
        values = np.asarray(predictions)
        for step, fitted in reversed(self._on("y")):
            values = step.invert(fitted, values)
        return values

    def _on(self, what: str) -> list[tuple[Preprocessing, Fitted]]:
        """The steps that work on features, or on targets, and have an effect."""
        return [(s, f) for s, f in zip(self.steps, self.fitted, strict=True) if s.on == what and f]

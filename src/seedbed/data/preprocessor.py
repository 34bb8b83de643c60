"""The preprocessor: the steps of a setup, fitted to one data set. Its few numbers are saved with a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError, Fault, SetupError
from seedbed.data.dataset import Dataset
from seedbed.data.preprocessing import Affine, Fitted, Preprocessing
from seedbed.data.scaling import float_type
from seedbed.data.statistics import Moments


@dataclass(frozen=True, eq=False)
class Preprocessor:
    """Preprocessing steps with what each learned from the training part.

    Attributes:
        steps: the steps in order; those on features and those on targets do not meet.
        fitted: for each step its numbers by name; nothing for a step that has no effect on this task.
        in_shape: the shape of an encoded example, in front of all steps.
    """

    steps: tuple[Preprocessing, ...]
    fitted: tuple[Fitted, ...]
    in_shape: tuple[int, ...]

    @classmethod
    def fit(
        cls, steps: Sequence[Preprocessing], data: Dataset, known: Mapping[str, Moments] | None = None
    ) -> Preprocessor:
        """The steps, fitted on the training part of `data` and on nothing else.

        Arguments:
            known: the moments of all its "x" and "y", where the part at hand is only a sample of them: the first step
                on each learns from those, if it is affine. What a streamed part knows unless it is given.

        Raises:
            SetupError: a step does not suit the data.
        """
        parts: dict[str, NDArray[Any]] = {"x": data.train.x, "y": data.train.y}
        numeric = {"x": data.numeric, "y": np.ones(data.train.y.shape[1:], dtype=bool)}
        whole, fitted = dict(data.train.known if known is None else known), list[Fitted]()
        for place, step in enumerate(steps):
            on = step.on
            if on == "y" and data.task != "regression":
                fitted.append({})
                continue
            fitted.append(_fitted(step, place, parts[on], numeric[on], whole.pop(on, None)))
            numeric[on] = step.numeric_after(fitted[-1], numeric[on])
            if on in {later.on for later in steps[place + 1 :]}:  # a large array: only where a step follows
                parts[on] = step.apply(fitted[-1], parts[on])
        return cls(tuple(steps), tuple(fitted), tuple(data.train.x.shape[1:]))

    @classmethod
    def from_arrays(
        cls, steps: Sequence[Preprocessing], arrays: Mapping[str, Any], in_shape: Sequence[int]
    ) -> Preprocessor:
        """The preprocessor that `arrays` described, for encoded examples of `in_shape`.

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
        return cls(tuple(steps), tuple(fitted), tuple(in_shape))

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """The learned numbers as float64 arrays named `<place of the step>.<name>`, to be stored."""
        return {
            f"{place}.{name}": np.asarray(content, dtype=np.float64)
            for place, fitted in enumerate(self.fitted)
            for name, content in fitted.items()
        }

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of an example behind all steps, as the network sees it."""
        return tuple(self.x(np.zeros((1, *self.in_shape), np.float32)).shape[1:])

    def names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the features behind all steps, from those of the encoder; empty for images.

        A component that is of several features is called by its number.
        """
        for step, fitted in self._on("x"):
            names = step.names_after(fitted, names) if names else ()
        return names

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


def _fitted(
    step: Preprocessing, place: int, values: NDArray[Any], numeric: NDArray[np.bool_], known: Moments | None
) -> Fitted:
    """What a step learns; its faults name its place in the setup."""
    where = ("preprocessing", place)
    if step.is_for_columns and numeric.ndim != 1:
        hint = "standardize per=channel, min_max per=all and pca are for images"
        raise SetupError([Fault(where, f"rows of a table for {step.kind}", f"examples of shape {numeric.shape}", hint)])
    try:
        if known is not None and isinstance(step, Affine):
            return step.learn(known, numeric)
        return step.fit(values, numeric)
    except SetupError as error:
        raise SetupError([fault.under(*where) for fault in error.faults]) from None

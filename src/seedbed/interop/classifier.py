"""`SeedbedClassifier`: a population of networks as a classifier of scikit-learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from seedbed.core.errors import DataError, UsageError
from seedbed.data.target import Target
from seedbed.interop.estimator import SeedbedEstimator, checked_weight


class SeedbedClassifier(ClassifierMixin, SeedbedEstimator):  # type: ignore[misc]
    """A classifier. Beside the attributes below it has `classes_`, the classes in the order of their columns.

    >>> from sklearn.datasets import load_iris
    >>> x, y = load_iris(return_X_y=True)
    >>> float(SeedbedClassifier(members=2, random_state=0).fit(x, y).score(x, y)) > 0.95
    True
    """

    classes_: NDArray[Any]

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """This estimator, trained from new weights.

        Arguments:
            X: rows, (n, features).
            y: the class of each row, (n,).
            sample_weight: what each row counts, (n,); a row of weight 0 is as if it were not there.

        Raises:
            DataError: there are fewer than two classes among the rows that count.
        """
        X, y, weight = self._checked(X, y, sample_weight, is_first=True)
        self.classes_ = np.unique(y if weight is None else y[weight > 0])
        if len(self.classes_) < 2:
            came = f"only one class, {self.classes_.tolist()[0]!r}"
            raise DataError(f"y: expected at least two classes among the rows that count, got {came}")
        numbers = np.searchsorted(self.classes_, y).astype(np.int32)
        return self._fit(X, numbers, self._target, weight)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """This estimator after one more pass over these rows, each member from the weights that it has.

        The first call, or `fit`, decides how rows are encoded and scaled. What the optimizer remembers is not kept
        from call to call, its rate is constant, and no row is held back. Calls of the same number of rows share one
        compiled program.

        Arguments:
            classes: all classes that will ever come; the first call needs them.

        Raises:
            UsageError: the first call has no `classes`.
            DataError: a class is not among them.
        """
        is_first = not self._is_fitted
        X, y, weight = self._checked(X, y, sample_weight, is_first=is_first)
        if is_first:
            if classes is None:
                raise UsageError("classes: expected all classes in the first call of partial_fit, got None")
            self.classes_ = np.unique(np.asarray(classes))
        elif classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise UsageError(f"classes: expected those of the first call, {self.classes_.tolist()}, got others")
        if not (known := np.isin(y, self.classes_)).all():
            came = y[~known].tolist()[0]
            raise DataError(f"y: expected one of the classes {self.classes_.tolist()}, got {came!r}")
        numbers = np.searchsorted(self.classes_, y).astype(np.int32)
        return self._partial_fit(X, numbers, self._target, weight)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, (n,)."""
        said = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[said])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probability of each class, (n, classes), in the order of `classes_`."""
        rows = self._rows(X)
        return self._voters.predict_proba(rows)

    @property
    def _target(self) -> Target:
        return Target("classification", ("y",), tuple(self.classes_.tolist()))

    def _checked(self, X: Any, y: Any, weight: Any, *, is_first: bool) -> tuple[Any, NDArray[Any], Any]:
        X, y = self._given(X, y, is_first=is_first, ensure_min_samples=1)
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        return X, y, checked_weight(weight, len(y))

"""`SeedbedRegressor`: a population of networks as a regressor of scikit-learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import check_array

from seedbed.core.errors import DataError
from seedbed.data.target import Target
from seedbed.interop.estimator import SeedbedEstimator, checked_weight


class SeedbedRegressor(RegressorMixin, SeedbedEstimator):  # type: ignore[misc]
    """A regressor, of one value for each row or of several.

    >>> from sklearn.datasets import load_diabetes
    >>> x, y = load_diabetes(return_X_y=True)
    >>> float(SeedbedRegressor(members=2, random_state=0).fit(x, y).score(x, y)) > 0.4
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """This estimator, trained from new weights.

        Arguments:
            X: rows, (n, features).
            y: the value of each row, (n,), or several, (n, k).
            sample_weight: what each row counts, (n,); a row of weight 0 is as if it were not there.
        """
        X, y, weight = self._checked(X, y, sample_weight, is_first=True)
        self._n_axes = y.ndim
        return self._fit(X, y.reshape(len(y), -1), _target(y), weight)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """This estimator after one more pass over these rows, each member from the weights that it has.

        The first call, or `fit`, decides how rows are encoded and how rows and values are scaled. What the optimizer
        remembers is not kept from call to call, its rate is constant, and no row is held back. Calls of the same number
        of rows share one compiled program.

        Raises:
            DataError: there are more or fewer values for each row than before.
        """
        is_first = not self._is_fitted
        X, y, weight = self._checked(X, y, sample_weight, is_first=is_first)
        target = _target(y)
        if is_first:
            self._n_axes = y.ndim
        elif len(target.names) != len(self.run_.encoder.target.names):
            before = len(self.run_.encoder.target.names)
            raise DataError(f"y: expected {before} values for each row, as before, got {len(target.names)}")
        return self._partial_fit(X, y.reshape(len(y), -1), target, weight)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The value of each row, (n,), or its values, (n, k): as `y` was."""
        rows = self._rows(X)
        values = self._voters.predict(rows)
        return values if self._n_axes == 1 else values.reshape(len(values), -1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _checked(self, X: Any, y: Any, weight: Any, *, is_first: bool) -> tuple[Any, NDArray[Any], Any]:
        X, y = self._given(X, y, is_first=is_first, multi_output=True, y_numeric=True)
        y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        return X, y, checked_weight(weight, len(y))


def _target(y: NDArray[Any]) -> Target:
    k = 1 if y.ndim == 1 else y.shape[1]
    return Target("regression", ("y",) if k == 1 else tuple(f"y{i}" for i in range(k)))

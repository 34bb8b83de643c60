"""`SeedbedPerceptron`: the perceptron with its own learning rule as a classifier of scikit-learn."""

from __future__ import annotations

import math
import numbers
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from seedbed.core.errors import DataError, UsageError
from seedbed.network.perceptron import Perceptrons, learn_rows, unlearned


class SeedbedPerceptron(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The step perceptron of Rosenblatt 1958, with its own learning rule; for more than two classes one for each.

    It learns row by row, from mistakes alone: w ← w + η t x. Where a line separates the classes it finds one after at
    most (R / γ)² mistakes; where none does, it goes on making mistakes for ever. `sb.separate(x, y)` says which of the
    two it is. Its answers do not depend on η, which only scales the weights.

    Arguments:
        lr: η, how far a mistake moves the weights.
        epochs: how often it goes through the rows at most; it stops after an epoch without a mistake.
        shuffle: whether each epoch takes the rows in another order.
        random_state: decides the orders.

    Attributes:
        classes_: the classes.
        coef_: the weights, (1, features), or (classes, features) for more than two.
        intercept_: the biases, (1,) or (classes,).
        mistakes_: the mistakes of each epoch, those of all units together.
        is_separated_: whether the last epoch was without a mistake.
        n_iter_: the epochs.
        n_features_in_, feature_names_in_: as in scikit-learn.

    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [1, 1, 1, 0]
    >>> nand = SeedbedPerceptron(shuffle=False).fit(x, y)
    >>> nand.predict(x).tolist(), nand.coef_.tolist(), nand.intercept_.tolist(), sum(nand.mistakes_)
    ([1, 1, 1, 0], [[-3.0, -2.0]], [4.0], 18)
    """

    def __init__(
        self,
        lr: Any = 1.0,  # scikit-learn wants anything to be taken here: `fit` is where a parameter is looked at
        epochs: Any = 1000,
        shuffle: Any = True,
        random_state: Any = None,
    ) -> None:
        self.lr = lr
        self.epochs = epochs
        self.shuffle = shuffle
        self.random_state = random_state

    classes_: NDArray[Any]
    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    mistakes_: list[int]

    def fit(self, X: Any, y: Any) -> Self:
        """This perceptron, after it has learned from weights of 0.

        Arguments:
            X: rows, (n, features).
            y: the class of each row, (n,).

        Raises:
            UsageError: a parameter is not sound.
            DataError: there are fewer than two classes.
        """
        epochs = _checked_epochs(self.epochs)
        X, y = self._rows_and_classes(X, y, is_first=True)
        self._begin(np.unique(y))
        rng = check_random_state(self.random_state)
        for _ in range(epochs):
            if self._learn(X, y, rng if self.shuffle else None) == 0:
                break
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """This perceptron after one more time through these rows, in the order in which they come.

        Arguments:
            classes: all classes that will ever come; the first call needs them.

        Raises:
            UsageError: a parameter is not sound, or the first call has no `classes`.
            DataError: a class is not among them.
        """
        is_first = not hasattr(self, "classes_")
        if is_first and classes is None:
            raise UsageError("classes: expected all classes in the first call of partial_fit, got None")
        X, y = self._rows_and_classes(X, y, is_first=is_first)
        if is_first:
            self._begin(np.unique(np.asarray(classes)))
        elif classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise UsageError(f"classes: expected those of the first call, {self.classes_.tolist()}, got others")
        if not (known := np.isin(y, self.classes_)).all():
            came = y[~known].tolist()[0]
            raise DataError(f"y: expected one of the classes {self.classes_.tolist()}, got {came!r}")
        self._learn(X, y, None)
        return self

    @property
    def is_separated_(self) -> bool:
        """Whether the last epoch was without a mistake."""
        return bool(self.mistakes_) and self.mistakes_[-1] == 0

    @property
    def n_iter_(self) -> int:
        """How often it went through rows."""
        return len(self.mistakes_)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """The weighted sums: (n,), above 0 for the second class; or (n, classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        sums = self._units.sums(X)
        return sums[:, 0] if sums.shape[1] == 1 else sums

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row, (n,): by the step of the sum, or the class whose unit has the largest sum."""
        sums = self.decision_function(X)
        places = (sums > 0).astype(np.int64) if sums.ndim == 1 else sums.argmax(axis=1)
        return np.asarray(self.classes_[places])

    @property
    def _units(self) -> Perceptrons:
        return Perceptrons(self.coef_.T, self.intercept_)

    def _begin(self, classes: NDArray[Any]) -> None:
        if len(classes) < 2:
            raise DataError(f"y: expected at least two classes, got only one class, {classes.tolist()[0]!r}")
        self.classes_, self.mistakes_ = classes, []
        self._keep(unlearned(self.n_features_in_, 1 if len(classes) == 2 else len(classes)))

    def _learn(self, X: NDArray[np.float64], y: NDArray[Any], rng: np.random.RandomState | None) -> int:
        """The mistakes of one more time through the rows."""
        order = np.arange(len(y)) if rng is None else rng.permutation(len(y))
        asked = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        signs = np.where(y[order, None] == asked, 1.0, -1.0)
        units, mistakes = learn_rows(self._units, X[order], signs, lr=_checked_lr(self.lr))
        self._keep(units)
        self.mistakes_.append(int(mistakes.sum()))
        return self.mistakes_[-1]

    def _keep(self, units: Perceptrons) -> None:
        self.coef_, self.intercept_ = units.weight.T, units.bias

    def _rows_and_classes(self, X: Any, y: Any, *, is_first: bool) -> tuple[NDArray[np.float64], NDArray[Any]]:
        _checked_lr(self.lr)
        X, y = validate_data(self, X, y, reset=is_first, dtype=np.float64)
        check_classification_targets(y)
        return X, np.asarray(y)


def _checked_lr(lr: Any) -> float:
    if isinstance(lr, bool) or not isinstance(lr, numbers.Real) or not 0 < float(lr) < math.inf:
        raise UsageError(f"lr: expected a finite number above 0, got {lr!r}")
    return float(lr)


def _checked_epochs(epochs: Any) -> int:
    if isinstance(epochs, bool) or not isinstance(epochs, numbers.Integral) or epochs < 1:
        raise UsageError(f"epochs: expected a whole number of at least 1, got {epochs!r}")
    return int(epochs)

"""What both estimators have in common: their parameters, how they train, and how they predict.

Both go through the recipe's own work, so that an estimator learns from its rows what `sb.train` would have learned.
"""

from __future__ import annotations

import inspect
import math
import numbers
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import jax
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from seedbed.core.errors import UsageError
from seedbed.core.plain import from_plain
from seedbed.data.assemble import check_weight
from seedbed.data.dataset import Dataset
from seedbed.data.raw import is_frame
from seedbed.data.split import VALID_SHARE
from seedbed.data.target import Target
from seedbed.interop.rows import dataset, distinct, emptied, onward
from seedbed.network import Network
from seedbed.recipe.given import MOST
from seedbed.recipe.member import Ensemble, Member
from seedbed.recipe.propose import propose
from seedbed.recipe.run import ENSEMBLE_SIZE, Run
from seedbed.recipe.start import first_weights
from seedbed.recipe.train import member_numbers
from seedbed.recipe.work import Show, Work
from seedbed.training.optimizers import Optimizer
from seedbed.training.setup import Setup
from seedbed.training.trained import Trained

if TYPE_CHECKING:
    from pandas import DataFrame

FEWEST_STEPS = 1000  # of the optimizer, in a setup that is proposed: a few rows make short epochs


class SeedbedEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A population of networks that trains as one program, and predicts as an ensemble of its best members.

    Rows are an array of numbers, or a DataFrame: its texts and categories are encoded and its holes filled, as
    `sb.data.load` does. Rows that are equal, targets included, count as one row with the sum of their weights.

    Arguments:
        setup: the setup, or a space from which each member draws its own; None proposes one that suits the rows, with
            at least 1,000 steps of the optimizer.
        network: in place of the setup's: a `Network`, or a line such as `"linear 64, relu, linear out"`.
        optimizer: in place of the setup's: an `Optimizer`, or a line such as `"adam 0.001"`.
        members: how many networks train side by side.
        epochs: in place of the setup's.
        batch_size: in place of the setup's.
        ensemble: how many places the ensemble has that predicts; a good member takes several.
        validation_share: share of the rows by which the best epoch, the best members and the ensemble are chosen.
            Where that leaves fewer than ten rows, all rows train and validate.
        random_state: decides the draws, the first weights, the order of the rows and which of them validate.
        verbose: 1 shows how far training is.

    Attributes:
        run_: the `Run`, with `best`, `ensemble(k)`, `history` and `report(path)`.
        n_iter_: epochs that the member trained that trained longest.
        n_features_in_: the number of columns.
        feature_names_in_: their names, where they came as a DataFrame.
    """

    def __init_subclass__(cls, **rest: Any) -> None:
        """Gives `help` the arguments and attributes, which are the same for both estimators."""
        super().__init_subclass__(**rest)
        shared = inspect.cleandoc(SeedbedEstimator.__doc__ or "")
        cls.__doc__ = f"{inspect.cleandoc(cls.__doc__ or '')}\n\n{shared}"

    def __init__(
        self,
        setup: Any = None,  # scikit-learn wants anything to be taken here: `fit` is where a parameter is looked at
        network: Any = None,
        optimizer: Any = None,
        members: Any = 8,
        epochs: Any = None,
        batch_size: Any = None,
        ensemble: Any = ENSEMBLE_SIZE,
        validation_share: Any = VALID_SHARE,
        random_state: Any = None,
        verbose: Any = 0,
    ) -> None:
        self.setup = setup
        self.network = network
        self.optimizer = optimizer
        self.members = members
        self.epochs = epochs
        self.batch_size = batch_size
        self.ensemble = ensemble
        self.validation_share = validation_share
        self.random_state = random_state
        self.verbose = verbose

    n_iter_: int
    run_: Run

    @property
    def history_(self) -> DataFrame:
        """For each member and epoch of the last training: losses, scores and the learning rate."""
        check_is_fitted(self)
        return self.run_.history

    def _fit(self, X: Any, y: NDArray[Any], target: Target, weight: NDArray[np.float64] | None) -> Self:
        """Trains from new weights."""
        share, seed = self._share(), self._seed()
        data = dataset(distinct(X, y, weight), target, self._names, share, seed)
        return self._train(data, self._setup(data), seed)

    def _partial_fit(self, X: Any, y: NDArray[Any], target: Target, weight: NDArray[np.float64] | None) -> Self:
        """Trains for one pass over the rows, from the weights that there are."""
        rows = (X, y, weight)
        if self._is_fitted:
            run = self.run_
            return self._train(onward(self._data, rows), _one_pass(run.setup), run.seed, run)
        seed = self._seed()
        data = dataset(rows, target, self._names, 0.0, seed)
        return self._train(data, _one_pass(self._setup(data)), seed)

    def _train(self, data: Dataset, setup: Setup, seed: int, start: Run | None = None) -> Self:
        if isinstance(self.ensemble, bool) or not isinstance(self.ensemble, int | np.integer) or self.ensemble < 1:
            raise UsageError(f"ensemble: expected a whole number of at least 1, got {self.ensemble!r}")
        numbers = member_numbers(self.members) if start is None else [member.number for member in start.members]
        fitted = () if start is None else [trained.preprocessor for trained in start.trained]
        work = Work(setup, data, numbers, seed, fitted=fitted)
        work.training.start = first_weights(start, numbers, work.training)
        with warnings.catch_warnings():
            # R² of a single row, which partial_fit may be given, is not defined; nothing is chosen by it.
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            run = work.done(None, Show(bool(self.verbose)))
        self._ensemble = run.ensemble(int(self.ensemble))
        if np.array_equal(data.train.index, data.valid.index):
            # On rows that have taught the networks are surer than on others: no temperature follows from them.
            self._ensemble = replace(self._ensemble, temperature=1.0)
        self._data = emptied(data)
        self.run_ = run
        before: int = 0 if start is None else self.n_iter_
        self.n_iter_ = before + int(run.history["epoch"].max()) + 1
        return self

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "run_")

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(getattr(self, "feature_names_in_", ()))

    def _setup(self, data: Dataset) -> Setup:
        """The setup that the parameters ask for."""
        setup = self.setup
        if setup is None:
            setup = _lasting(propose(data), len(data.train))
        elif not isinstance(setup, Setup):
            raise UsageError(f"setup: expected a Setup or None, got {setup!r}", "build one with sb.Setup(...)")
        given = {
            "network": _read(self.network, Network),
            "optimizer": _read(self.optimizer, Optimizer),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
        }
        return setup.replace(**{name: content for name, content in given.items() if content is not None})

    def _share(self) -> float:
        share = self.validation_share
        if isinstance(share, bool) or not isinstance(share, numbers.Real) or not 0 <= float(share) < 1:
            raise UsageError(f"validation_share: expected a share from 0 to below 1, got {share!r}")
        return float(share)

    def _seed(self) -> int:
        state = self.random_state
        if isinstance(state, int | np.integer) and 0 <= state <= MOST:
            return int(state)  # the same numbers as sb.train(..., seed=) gives
        return int(check_random_state(state).randint(MOST))

    def _given(self, X: Any, y: Any, *, is_first: bool, **checks: Any) -> tuple[Any, NDArray[Any]]:
        """Rows and targets for training, as scikit-learn checks them."""
        if self._is_table(X, is_first=is_first):
            return validate_data(self, X, y, reset=is_first, skip_check_array=True)
        return validate_data(self, X, y, reset=is_first, dtype=[np.float64, np.float32], **checks)

    def _rows(self, X: Any) -> Any:
        """Rows to predict, as scikit-learn checks them."""
        check_is_fitted(self)
        if not self._is_table(X, is_first=False):
            return validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        validate_data(self, X, reset=False, skip_check_array=True)
        return X

    @property
    def _voters(self) -> Ensemble:
        """The ensemble that predicts, in double precision.

        So a row's answer does not depend on the rows beside it: in single precision the order of sums in a matrix
        product, which differs with its size, would show.
        """
        return replace(self._ensemble, members=in_double(self._ensemble.members))

    def _is_table(self, X: Any, *, is_first: bool) -> bool:
        """Whether rows are to be encoded column by column: a DataFrame with texts, categories or holes."""
        if not is_frame(X):
            return False
        if not is_first:
            return self.run_.encoder.kind == "table"
        return bool(X.isna().any(axis=None)) or not all(dtype.kind in "biuf" for dtype in X.dtypes)

    def __sklearn_is_fitted__(self) -> bool:
        return self._is_fitted


def checked_weight(weight: Any, n_rows: int) -> NDArray[np.float64] | None:
    """Sample weights as an array (n,), or None."""
    return None if weight is None else check_weight(weight, n_rows)


def in_double(members: Sequence[Member]) -> tuple[Member, ...]:
    """The same networks, computing in double precision."""
    twins = {id(member.trained): _in_double(member.trained) for member in members}
    return tuple(replace(member, trained=twins[id(member.trained)]) for member in members)


def _in_double(trained: Trained) -> Trained:
    params = jax.tree.map(lambda a: np.asarray(a, np.float64), trained.params)
    return replace(trained, setup=trained.setup.replace(precision="float64"), params=params)


def _lasting(setup: Setup, n_train: int) -> Setup:
    """The setup with so many epochs, and so much more patience, that training has at least `FEWEST_STEPS`."""
    steps = setup.epochs * math.ceil(n_train / setup.batch_size)
    factor = max(1, math.ceil(FEWEST_STEPS / steps))
    patience = None if setup.patience is None else setup.patience * factor
    return setup.replace(epochs=setup.epochs * factor, patience=patience)


def _one_pass(setup: Setup) -> Setup:
    """The setup for one epoch at the full rate: a schedule is made for a training that has an end."""
    optimizer = setup.optimizer
    if isinstance(optimizer, Optimizer):
        optimizer = optimizer.replace(schedule=None)
    return setup.replace(epochs=1, patience=None, optimizer=optimizer)


def _read(content: Any, family: Any) -> Any:
    """A network or an optimizer that may be given as a line."""
    return from_plain(content, family) if isinstance(content, str) else content

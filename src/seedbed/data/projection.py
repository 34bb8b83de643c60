"""Steps that turn the features together: principal components and whitening."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import Fault, SetupError
from seedbed.core.fields import flag, number, whole
from seedbed.data.preprocessing import Fitted, Preprocessing
from seedbed.data.statistics import Moments, blocks

MOST = 4096  # features, or rows if there are fewer: 3,072 take 28 seconds of processor time


class PCA(Preprocessing, kind="pca"):
    """The principal components of zero-centred features: the directions in which the training part varies most.

    y = V (x - mean), the rows of V the eigenvectors of the covariance of the training part, largest eigenvalue
    first; the largest entry of each is positive. It keeps `components` of them, or as many as hold the given `share`
    of the variance, or all. Images are read as vectors and stay vectors. Columns in different units should be
    standardized before; indicators take part like numbers.
    """

    components: int | None = whole(None, low=1, optional=True, doc="how many are kept")
    share: float | None = number(
        None, low=0.0, low_open=True, high=1.0, optional=True, doc="of the variance that those kept hold together"
    )

    def check(self) -> list[Fault]:
        if self.components is None or self.share is None:
            return []
        return [Fault(("share",), "components or share, not both", f"components={self.components}, share={self.share}")]

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        own = principal(values)
        if self.components is not None and self.components > len(own.axes):
            came = f"{self.components} for {len(values):,} training rows of {own.mean.size:,} features"
            raise SetupError([Fault(("components",), f"a whole number of at most {len(own.axes):,}", came)])
        kept = self.components or self._count(own.variances)
        shares = own.variances[:kept] / (own.variances.sum() or 1.0)  # of the variance, for who asks what was kept
        return {"mean": own.mean, "axes": own.axes[:kept], "shares": shares}

    def _count(self, variances: NDArray[np.float64]) -> int:
        """How many components hold the share; all of them where none is given, or nothing varies."""
        total = variances.sum()
        if self.share is None or total == 0:
            return len(variances)
        # Rounding must not ask for a component more than a share that is reached exactly.
        return int(np.argmax(np.cumsum(variances) >= self.share * total * (1 - 1e-12))) + 1

    def numeric_after(self, fitted: Fitted, numeric: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.ones(len(fitted["axes"]), dtype=bool)

    def names_after(self, fitted: Fitted, names: tuple[str, ...]) -> tuple[str, ...]:
        return _numbered(len(fitted["axes"]))


class Whiten(Preprocessing, kind="whiten"):
    """Features without correlation and of unit variance: D V (x - mean), D = 1 / √(λ + eps · mean λ).

    V and λ are the eigenvectors and eigenvalues of the covariance of the training part. `eps` keeps directions in
    which almost nothing varies from being blown up. With `zca` the result is turned back, Vᵀ D V (x - mean): of all
    whitenings the one nearest to the features themselves, so an image stays an image; without it, it becomes a vector.

    Source: A. Bell, T. Sejnowski (1997), "The 'independent components' of natural scenes are edge filters", section 3.
    """

    zca: bool = flag(False, doc="turn back, so that each feature stays close to what it was")
    eps: float = number(1e-3, low=0.0, doc="added to each variance, as a share of their mean")

    def fit(self, values: NDArray[Any], numeric: NDArray[np.bool_]) -> Fitted:
        own = principal(values)
        variances = own.variances + self.eps * own.variances.sum() / own.mean.size
        # A direction in which nothing varies but rounding has no unit to be brought to.
        flat = variances <= np.finfo(np.float64).eps * own.mean.size * variances.max(initial=0.0)
        axes = own.axes * np.where(flat, 0.0, 1 / np.sqrt(np.where(flat, 1.0, variances)))[:, None]
        if not self.zca:
            return {"mean": own.mean, "axes": axes}
        return {"mean": own.mean.reshape(values.shape[1:]), "axes": own.axes.T @ axes}

    def numeric_after(self, fitted: Fitted, numeric: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.ones(numeric.shape if self.zca else len(fitted["axes"]), dtype=bool)

    def names_after(self, fitted: Fitted, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if self.zca else _numbered(len(fitted["axes"]))


class Principal(NamedTuple):
    """The principal axes of data, read as vectors (n, k).

    Attributes:
        mean: (k,).
        axes: (min(n, k), k), of unit length.
        variances: along each, largest first.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    variances: NDArray[np.float64]


def principal(values: NDArray[Any]) -> Principal:
    """The principal axes of (n, *shape): of the covariance, in blocks; by singular values where rows are few.

    Raises:
        SetupError: there are too many features and rows.
    """
    flat = values.reshape(len(values), -1)
    n, k = flat.shape
    if min(n, k) > MOST:
        hint = "make images smaller (--image-size 32x32), or do without this step"
        raise SetupError([Fault((), f"at most {MOST:,} features", f"{k:,} features of {n:,} rows", hint)])
    mean = Moments.of(flat).mean
    if n < k:
        _, singular, axes = np.linalg.svd(flat - mean, full_matrices=False)
        variances = singular**2 / n
    else:
        covariance = np.zeros((k, k))
        for block in blocks(flat, least=k):  # so that adding to the covariance costs little beside the product
            block -= mean
            covariance += block.T @ block
        variances, columns = np.linalg.eigh(covariance / n)
        variances, axes = np.maximum(variances[::-1], 0.0), columns.T[::-1]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return Principal(mean, axes * np.where(largest < 0, -1.0, 1.0), variances)


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(f"component {i + 1}" for i in range(n))

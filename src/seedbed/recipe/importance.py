"""Feature importance by permutation: how much score is lost when a column's values are dealt to other rows.

    drop = score of the ensemble - its score with the column dealt out anew, the mean over several deals

All features that come from one column move together, as do the pixels of one patch of an image. It is measured on the
validation part, because the test part is there for the result alone. Of columns that say the same, each may look
unimportant.
(Breiman 2001, Random forests, section 10; Fisher, Rudin and Dominici 2019, All models are wrong, but many are useful)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.dataset import Dataset
from seedbed.data.encoder import TableEncoder
from seedbed.recipe.member import Member, predict_encoded
from seedbed.reporting.evidence import Importance

REPEATS = 5
MOST_ROWS, LEAST_ROWS = 2000, 50
MOST_COLUMNS = 50  # of more, those that a look at a few rows finds the most important
MOST_SCREENED, SCREENED_ROWS = 1000, 100
MOST_PATCHES = 64
MOST_FLOPS = 2e10  # in all: about half a second on two cores


Predict = Callable[[NDArray[Any]], NDArray[Any]]


def importance_of(members: Sequence[Member], votes: Sequence[int], data: Dataset) -> Importance | None:
    """The importance of each column of a data set for an ensemble; None where it would say too little or take too long.

    Arguments:
        members: of the ensemble, each once.
        votes: how often each counts.
    """
    names, blocks, grid = _blocks(data)
    flops = sum(one.network.flops(one.network.input_shape(one.trained.preprocessor.shape)) for one in members)
    affordable = int(MOST_FLOPS / (max(1, flops) * max(1, min(len(blocks), MOST_COLUMNS)) * REPEATS))
    n = min(len(data.valid), MOST_ROWS, affordable)
    if not 2 <= len(blocks) <= MOST_SCREENED or n < LEAST_ROWS:
        return None

    def predict(x: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.average(predict_encoded(members, x, data.encoder), axis=0, weights=votes))

    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(len(data.valid))[:n])
    x, y = data.valid.x[rows], data.valid.y[rows]
    most = MOST_COLUMNS if grid is None else MOST_PATCHES
    kept = np.arange(len(blocks))
    if len(blocks) > most:
        few = slice(SCREENED_ROWS)
        first = drops(predict, data.task, x[few], y[few], blocks, 1, rng)[0]
        kept = np.sort(np.argsort(-first[:, 0], kind="stable")[:most])
    found, score = drops(predict, data.task, x, y, [blocks[i] for i in kept], REPEATS, rng)
    return Importance(
        names=tuple(names[i] for i in kept),
        drops=tuple(found.mean(axis=1).tolist()),
        deviations=tuple(found.std(axis=1, ddof=1).tolist()),
        score=score,
        rows=n,
        repeats=REPEATS,
        n_left_out=len(blocks) - len(kept),
        grid=grid,
    )


def drops(
    predict: Predict,
    task: str,
    x: NDArray[Any],
    y: NDArray[Any],
    blocks: Sequence[NDArray[np.int64]],
    repeats: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], float]:
    """The score that is lost, (column, deal), and the score without a deal.

    Arguments:
        predict: from encoded rows (n, *shape) to predictions (n, k).
        blocks: for each column the places of its features in a row of `x`, flattened.
        repeats: how many deals; all columns get the same ones.
    """
    score = _score(task, y, predict(x)[None])[0]
    deals = [rng.permutation(len(x)) for _ in range(repeats)]
    flat = x.reshape(len(x), -1)
    lost = []
    for block in blocks:
        copies = np.tile(flat, (repeats, 1, 1))  # (deal, n, feature)
        for copy, deal in zip(copies, deals, strict=True):
            copy[:, block] = flat[deal][:, block]
        said = predict(copies.reshape(-1, *x.shape[1:]))
        lost.append(score - _score(task, y, said.reshape(repeats, len(x), -1)))
    return np.asarray(lost), float(score)


def _score(task: str, y: NDArray[Any], prediction: NDArray[Any]) -> NDArray[np.float64]:
    """The score of each of some predictions (several, n, k): accuracy, share of right labels, or R²."""
    if task == "classification":
        return np.asarray((prediction.argmax(axis=-1) == y).mean(axis=1))
    if task == "multilabel":
        return np.asarray(((prediction > 0.5) == (y > 0.5)).mean(axis=(1, 2)))
    variance = np.where(y.var(axis=0) > 0, y.var(axis=0), 1.0)
    return np.asarray(1 - ((prediction - y) ** 2 / variance).mean(axis=(1, 2)))


def _blocks(data: Dataset) -> tuple[list[str], list[NDArray[np.int64]], tuple[int, int] | None]:
    """Names of columns or patches, the places of their features, and how many patches an image is high and wide."""
    n_features = math.prod(data.shape)
    if data.image_shape is not None and math.prod(data.image_shape) == n_features:
        return _patches(data.image_shape)
    if isinstance(data.encoder, TableEncoder):
        sizes = [len(column.feature_names) for column in data.encoder.columns]
        names = [column.name for column in data.encoder.columns]
        return names, np.split(np.arange(n_features), np.cumsum(sizes)[:-1]), None
    return list(data.feature_names), list(np.arange(len(data.feature_names))[:, None]), None


def _patches(shape: tuple[int, ...]) -> tuple[list[str], list[NDArray[np.int64]], tuple[int, int]]:
    """Squares of an image, 64 at most, each with all its colours."""
    places = np.arange(math.prod(shape)).reshape(shape)
    side = 1
    while math.ceil(shape[0] / side) * math.ceil(shape[1] / side) > MOST_PATCHES:
        side += 1
    corners = [(i, j) for i in range(0, shape[0], side) for j in range(0, shape[1], side)]
    names = [f"{i},{j}" for i, j in corners]
    blocks = [places[i : i + side, j : j + side].ravel() for i, j in corners]
    return names, blocks, (math.ceil(shape[0] / side), math.ceil(shape[1] / side))

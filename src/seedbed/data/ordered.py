"""Rows in the order of time, cut into blocks: the oldest first, rows of one time in one block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError


def blocks(times: NDArray[Any], shares: Sequence[float]) -> list[NDArray[np.int64]]:
    """The row numbers of each block, from the oldest to the newest, as near to the shares as equal times allow.

    Arguments:
        times: the time of each row, (n,), dates or numbers.
        shares: what share of the rows each block gets, oldest first; together 1.

    Raises:
        DataError: there are fewer different times than blocks.
    """
    order = np.argsort(times, kind="stable")
    moments = times[order]
    possible = np.flatnonzero(moments[1:] != moments[:-1]) + 1  # where the time changes
    n_cuts = len(shares) - 1
    if len(possible) < n_cuts:
        raise DataError(
            f"time: expected at least {len(shares)} different times, one for each part, got {len(possible) + 1}",
            "split by another column, or leave time out",
        )
    cuts: list[int] = []
    first = 0
    for i, wanted in enumerate(np.cumsum(shares)[:-1] * len(times)):
        open_ = possible[first : len(possible) - (n_cuts - 1 - i)]  # each later cut needs a place
        first += int(np.argmin(np.abs(open_ - wanted))) + 1
        cuts.append(int(possible[first - 1]))
    return list(np.split(order, cuts))


def shown_time(time: Any) -> str:
    """A time as people write it: the day alone where it is midnight."""
    if not isinstance(time, np.datetime64):
        return f"{time:g}"
    day = time.astype("datetime64[D]")
    return str(day) if day == time else str(time.astype("datetime64[s]")).replace("T", " ")


def time_notice(train: NDArray[Any], valid: NDArray[Any], test: NDArray[Any]) -> str:
    """Where the parts begin and end, by the times of their rows."""
    return f"split by time: trained on {_ends(train)}, validated on {_ends(valid)}, tested on {_ends(test)}"


def fold_notice(trains: Sequence[NDArray[Any]], valids: Sequence[NDArray[Any]], test: NDArray[Any]) -> str:
    """Where the folds begin and end, by the times of their rows."""
    return (
        f"split by time: the first of {len(trains)} folds trained on {_ends(trains[0])} and validated on "
        f"{_ends(valids[0])}, the last trained on {_ends(trains[-1])} and validated on {_ends(valids[-1])}; "
        f"tested on {_ends(test)}"
    )


def _ends(times: NDArray[Any]) -> str:
    return f"{shown_time(times.min())} to {shown_time(times.max())}"

"""Dates and times that are written as texts: one format for a whole column, found by trying the usual ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.cells import DAY, EPOCH

ISO = "ISO"
# Where several fit, the first is taken: a day that never exceeds 12 could be a month.
DAYS = (
    "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%Y.%m.%d", "%Y%m%d",
)  # fmt: skip
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
FORMATS = (ISO, *(day + clock for day in DAYS for clock in CLOCKS))
SAMPLE = 50
BARE = re.compile(r"\d+(\.\d*)?")
PLAIN_DIGITS = ("%Y%m%d",)


def find_format(texts: Sequence[str], least: float) -> str | None:
    """The first format that reads at least this share of the texts; None where none does, or they are bare digits."""
    sample = texts[:: max(1, len(texts) // SAMPLE)][:SAMPLE]
    if all(BARE.fullmatch(text.strip()) for text in sample):
        return None  # 20200131 may be a date, but a number more often
    likely = [one for one in FORMATS if _share(sample, one) >= min(least, 0.8)]
    return next((one for one in likely if _share(texts, one) >= least), None)


def date_format(texts: Sequence[str], least: float) -> str | None:
    """As `find_format`, for a column of which the user says that it holds dates: bare digits may be one, 20200131."""
    return find_format(texts, least) or next((one for one in PLAIN_DIGITS if _share(texts, one) >= least), None)


def is_ambiguous(texts: Sequence[str], found: str) -> bool:
    """Whether the texts can as well be read with day and month exchanged."""
    other = found.translate(str.maketrans("dm", "md"))
    return other != found and other in FORMATS and _share(texts, other) == 1.0


def days_of(texts: Sequence[str], form: str) -> NDArray[np.float64]:
    """The days since 1970 that each text stands for, (n,), as its own clock shows them; NaN where it is no date."""
    if form == ISO:
        found = [_iso(text) for text in texts]
        return _days(np.array(found, dtype="datetime64[us]"))
    import pandas as pd

    read = pd.to_datetime(pd.Series(texts, dtype=object).str.strip(), format=form, errors="coerce")
    return _days(read.to_numpy(dtype="datetime64[us]"))


def _share(texts: Sequence[str], form: str) -> float:
    return 1.0 - float(np.isnan(days_of(texts, form)).mean()) if texts else 0.0


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def _days(instants: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(np.isnat(instants), np.nan, (instants - EPOCH) / DAY)

"""Numbers that are written as texts: `12.5`, `1,234.5`, and `1.234,5` where the comma is the decimal sign."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

POINT, COMMA = ".", ","
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")  # no thousands follow a lone 0
DECIMAL_COMMA = re.compile(r"[+-]?([1-9]\d{0,2}(\.\d{3})+|\d*),\d+(e[+-]?\d+)?", re.IGNORECASE)
LEADING_ZERO = re.compile(r"0\d+")


def decimal_sign(texts: Sequence[str]) -> str:
    """The decimal sign of texts: a comma where more of them can only be read so than with commas for thousands."""
    with_comma = [text.strip() for text in texts if "," in text]
    as_thousands = sum(THOUSANDS.fullmatch(text) is not None for text in with_comma)
    as_decimals = sum(DECIMAL_COMMA.fullmatch(text) is not None for text in with_comma)
    return COMMA if as_decimals > as_thousands else POINT


def parsed(texts: Sequence[str], sign: str = POINT) -> NDArray[np.float64]:
    """The number that each text stands for, (n,); NaN where it stands for none."""
    return np.array([_number(text, sign) for text in texts], dtype=np.float64)


def has_leading_zeros(texts: Sequence[str]) -> bool:
    """Whether these are digits that no number would be written with, such as the postal code 01067."""
    return any(LEADING_ZERO.fullmatch(text) for text in texts)


def _number(text: str, sign: str) -> float:
    try:
        return float(text) if "_" not in text and "," not in text and sign == POINT else _grouped(text.strip(), sign)
    except ValueError:
        return np.nan


def _grouped(text: str, sign: str) -> float:
    if sign == COMMA and DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    if sign == POINT and THOUSANDS.fullmatch(text):
        return float(text.replace(",", ""))
    return float(text) if "_" not in text and "," not in text else np.nan

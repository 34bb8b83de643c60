"""Numbers as a reader wants them: few digits, thousands apart, shares in percent."""

from __future__ import annotations

import math
import re
from typing import Any

from seedbed.core.messages import catalogue, message

SHARES = ("accuracy", "macro_f1")
ABSENT = "–"
THIN = "\u202f"  # a narrow space that does not break


def number(value: Any, digits: int = 4) -> str:
    """A number with that many significant digits; whole numbers in full, with commas.

    >>> number(1234.5678), number(0.000123456), number(12000), number(None)
    ('1,235', '0.0001235', '12,000', '–')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ABSENT
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 10**digits or abs(value) < 1e-4:
        return f"{value:,.0f}" if 1 <= abs(value) < 1e9 else f"{value:.{digits - 1}g}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"


def percent(share: Any) -> str:
    r"""A share of one in percent, with one decimal place.

    >>> percent(0.98333)
    '98.3\u202f%'
    """
    if share is None or not math.isfinite(share):
        return ABSENT
    return f"{100 * share:.1f}{THIN}%"


def metric(name: str, value: Any) -> str:
    """The value of a metric: a share in percent, anything else as a number."""
    if name in ("r2", "roc_auc") and value is not None and math.isfinite(value):
        return f"{value:.3f}"
    return percent(value) if name in SHARES else number(value)


def fact_label(label: str, language: str | None = None) -> str:
    """The label of a fact in the reader's language; as it is where the catalogue has none, such as for an own step.

    >>> fact_label("test examples", "ko"), fact_label("clip", "ko")
    ('테스트 예제', 'clip')
    """
    key = f"fact.{label.replace(' ', '_')}"
    return message(key, language) if key in catalogue("en") else label


def shortened(words: str) -> str:
    """A text with its long decimal numbers as `number` writes them.

    >>> shortened("dropout 0.06011663714210565, linear 128")
    'dropout 0.06012, linear 128'
    """
    return re.sub(r"\d+\.\d{5,}(e[-+]?\d+)?", lambda found: number(float(found[0])), words)


def text(value: Any) -> str:
    """Any drawn value or cell of a table as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ABSENT if value is None else str(value)
    return number(value)

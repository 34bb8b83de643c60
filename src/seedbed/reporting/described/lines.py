"""What is said of a target and of each column in one line, on the terminal and on the page alike."""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.core.messages import message
from seedbed.data.description import Bar, ColumnFacts
from seedbed.reporting.wording import number, percent

MOST_CLASSES = 12


def target_line(bars: Sequence[Bar]) -> str:
    """The classes of a target with their rows and shares, or the range of its numbers."""
    if bars and bars[0].low is not None:
        return f"{number(bars[0].low)} … {number(bars[-1].high)}"
    total = sum(bar.count for bar in bars)
    said = [f"{bar.label} {number(bar.count)} ({percent(bar.count / total)})" for bar in bars[:MOST_CLASSES]]
    return ", ".join(said) + (f" … ({len(bars):,})" if len(bars) > MOST_CLASSES else "")


def column_line(fact: ColumnFacts, n_rows: int, language: str | None = None) -> dict[str, str]:
    """One line of the table of columns: kind, holes, different values, what it holds, and what becomes of it."""
    holds = f"{fact.low} … {fact.median} … {fact.high}" if fact.low else ", ".join(
        f"{text} ({percent(count / n_rows)})" for text, count in fact.top[:3]
    )  # fmt: skip
    count = len(fact.features)
    becomes = message("data.left_out", language, reason=fact.reason) if fact.reason else message(
        "data.feature" if count == 1 else "data.features", language, count=number(count)
    )  # fmt: skip
    return {
        "kind": message(f"data.kind.{fact.kind}", language),
        "holes": percent(fact.holes / n_rows) if fact.holes else "",
        "distinct": number(fact.distinct),
        "holds": holds,
        "becomes": becomes,
        "association": "" if fact.association is None else f"{fact.association:.2f}",
    }

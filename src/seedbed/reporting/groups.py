"""The score of each group of the test part, the worst first."""

from __future__ import annotations

import altair as alt
from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.ranges import draw_ranges


def groups_data(evidence: Evidence) -> DataFrame:
    """label, examples, value, low and high of each group that is shown."""
    assert evidence.groups is not None
    return DataFrame(evidence.groups.rows, columns=["label", "examples", "value", "low", "high"])


def draw_groups(evidence: Evidence, language: str | None = None) -> alt.LayerChart:
    """One line a group, with the whole test part as a line across."""
    assert evidence.groups is not None
    table, metric = groups_data(evidence), evidence.groups.metric
    overall = evidence.results.get("test", {}).get("ensemble", {}).get(metric)
    description = message("report.groups.description", language, count=len(table))
    form = ".4~%" if metric == "accuracy" else ""
    return draw_ranges(
        table, message(f"column.{metric}", language), description, rule=overall, form=form, language=language
    )

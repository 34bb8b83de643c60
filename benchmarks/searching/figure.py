"""The figure: the best score so far against the wall clock from process start, of all contestants."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

FLOOR = 0.1  # below the best score of all nothing is shown


def curves(contests: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The points of all curves; each goes on to the end of its contestant's wall clock."""
    points = []
    for result in contests.values():
        best = max(row["best"] for row in result["rows"].values())
        for name, row in result["rows"].items():
            end = [[row["wall_seconds"], row["best"]]]
            points += [
                {"contest": result["title"], "contestant": name, "seconds": when, "score": score}
                for when, score in [*row["curve"], *end]
                if score >= best - FLOOR
            ]
    return points


def draw(contests: Mapping[str, Any], path: Path) -> None:
    """Draws all curves, a row for each contest, as a PNG."""
    import altair as alt
    import pandas as pd

    from seedbed.reporting.saving import save_png

    table = pd.DataFrame(curves(contests))
    chart = (
        alt.Chart(table)
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("seconds:Q", title="seconds since process start").scale(type="log"),
            y=alt.Y("score:Q", title="best validation score").scale(zero=False),
            color=alt.Color("contestant:N").title(None).scale(scheme="tableau10").legend(labelLimit=400),
            row=alt.Row("contest:N", title=None),
        )
        .properties(width=560, height=260)
        .resolve_scale(x="independent", y="independent")
    )
    save_png(chart, path)

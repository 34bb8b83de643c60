"""Learning curves: where the whole population went, the best few networks, and the best of all on top."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import numpy as np
from numpy.typing import NDArray
from pandas import DataFrame, concat

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.theme import colour, log_ticks, themed
from seedbed.training.trained import DIVERGED

MEASURES = ("loss", "score")
BEST, TRAINING, NEXT = "best", "training", "next"
N_NEXT = 4
MANY = 8  # from this many networks on, quantiles say more than lines
MOST_EPOCHS = 400  # 400 x (bands + best + its training + 4 more) is under Altair's 5,000 rows
QUANTILES = {"p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90}
LOG_FROM = 10.0  # a loss that falls tenfold is drawn on a logarithmic scale
WORST_SCORE = -1.0  # an R² below this is off the figure


class Curves(NamedTuple):
    """One measure over the epochs.

    Attributes:
        bands: epoch, p10, p25, p50, p75, p90 of all networks that did not diverge, on the validation part; one that
            stopped keeps its last value. Empty for a few networks.
        lines: member, kind (best, training, next), epoch, value.
        kept: the epoch whose weights the best network kept, with its value; no or one row.
        is_log: whether a logarithmic scale helps.
    """

    bands: DataFrame
    lines: DataFrame
    kept: DataFrame
    is_log: bool

    @property
    def extent(self) -> tuple[float, float]:
        """The smallest and largest value drawn."""
        drawn = np.concatenate([self.lines["value"], self.bands["p10"], self.bands["p90"]])
        drawn = drawn[np.isfinite(drawn)]
        return (float(drawn.min()), float(drawn.max())) if drawn.size else (0.0, 1.0)


def curves_data(evidence: Evidence, measure: str) -> Curves:
    """The curves of one measure, `loss` or `score`."""
    history = evidence.history.replace([np.inf, -np.inf], np.nan)
    history = history[history["epoch"].isin(_epochs(history))]
    members = evidence.ranked
    sound = members.loc[members["outcome"] != DIVERGED, "member"]
    shown = list((sound if len(sound) else members["member"])[: 1 + N_NEXT])
    column = f"valid_{measure}"
    bands = _bands(history[history["member"].isin(sound if len(sound) >= MANY else [])], column)
    lines = _lines(history, shown, measure)
    best = members.iloc[:1]
    kept = history.merge(best[["member", "best_epoch"]].rename(columns={"best_epoch": "epoch"}), on=["member", "epoch"])
    kept = kept[["member", "epoch", column]].rename(columns={column: "value"})
    curves = Curves(bands, lines, kept, False)
    low, high = curves.extent
    return curves._replace(is_log=measure == "loss" and low > 0 and high / low >= LOG_FROM)


def draw_curves(evidence: Evidence, measure: str, language: str | None = None) -> alt.LayerChart:
    """The curves of one measure as a chart."""
    curves = curves_data(evidence, measure)
    title = message(f"column.{measure}", language)
    axis = alt.Axis(values=log_ticks(*curves.extent), format=".6~g") if curves.is_log else alt.Axis(tickCount=5)
    y = alt.Y("value:Q", title=None, scale=_scale(curves), axis=axis)
    layers = [*_drawn_bands(curves, y), *(_drawn_lines(curves, kind, y) for kind in (NEXT, TRAINING, BEST))]
    layers.append(alt.Chart(curves.kept).mark_point(size=55, filled=True, opacity=1, color=colour("accent")).encode(
        x=_x(language), y=y, tooltip=_tooltip(title, language)
    ))  # fmt: skip
    description = message("report.curves.description", language, measure=title, members=len(evidence.members))
    return themed(layers, description)


def _epochs(history: DataFrame) -> NDArray[np.int64]:
    """All epochs, or evenly spaced ones with the first and the last where there are too many."""
    epochs = np.unique(np.asarray(history["epoch"], np.int64))
    if len(epochs) <= MOST_EPOCHS:
        return epochs
    return np.asarray(epochs[np.linspace(0, len(epochs) - 1, MOST_EPOCHS).round().astype(int)])


def _bands(history: DataFrame, column: str) -> DataFrame:
    if history.empty:
        return DataFrame({name: np.zeros(0) for name in ("epoch", *QUANTILES)})
    table = history.pivot(index="epoch", columns="member", values=column).sort_index().ffill()
    return (
        DataFrame({name: table.quantile(q, axis=1) for name, q in QUANTILES.items()}).rename_axis("epoch").reset_index()
    )


def _lines(history: DataFrame, shown: list[int], measure: str) -> DataFrame:
    wanted = [(member, NEXT, f"valid_{measure}") for member in shown[1:]]
    wanted += [(member, kind, f"{part}_{measure}") for member in shown[:1] for kind, part in _OF_BEST]
    tables = [
        history.loc[history["member"] == member, ["member", "epoch", column]]
        .rename(columns={column: "value"}).assign(kind=kind)
        for member, kind, column in wanted
    ]  # fmt: skip
    empty = DataFrame({"member": [], "epoch": [], "value": [], "kind": []})
    return concat(tables, ignore_index=True).dropna() if tables else empty


_OF_BEST = ((TRAINING, "train"), (BEST, "valid"))
_LOOKS: dict[str, dict[str, Any]] = {
    BEST: {"color": colour("accent"), "strokeWidth": 2.5},
    TRAINING: {"color": colour("accent"), "strokeWidth": 1.25, "strokeDash": [4, 3]},
    NEXT: {"color": colour("muted"), "strokeWidth": 1, "opacity": 0.65},
}


def _drawn_lines(curves: Curves, kind: str, y: alt.Y) -> alt.Chart:
    lines = curves.lines[curves.lines["kind"] == kind]
    only_points = lines.groupby("member").size().max() == 1 if len(lines) else False
    mark = alt.MarkDef(type="point" if only_points else "line", clip=True, **_LOOKS[kind])
    return alt.Chart(lines, mark=mark).encode(x="epoch:Q", y=y, detail="member:N")


def _drawn_bands(curves: Curves, y: alt.Y) -> list[alt.Chart]:
    if curves.bands.empty:
        return []
    base = alt.Chart(curves.bands).encode(x="epoch:Q")
    area = base.mark_area(clip=True, opacity=0.22, color=colour("grey"))
    return [
        area.encode(y=alt.Y(f"{low}:Q", scale=y["scale"], axis=y["axis"], title=None), y2=f"{high}:Q")
        for low, high in (("p10", "p90"), ("p25", "p75"))
    ]


def _scale(curves: Curves) -> alt.Scale:
    low, high = curves.extent
    if curves.is_log:
        return alt.Scale(type="log", domain=[low, high], nice=False)
    return alt.Scale(domain=[max(low, min(WORST_SCORE, high - 1e-9)), high], zero=False, nice=True)


def _x(language: str | None) -> alt.X:
    title = message("column.epoch", language)
    return alt.X(
        "epoch:Q", title=title, axis=alt.Axis(tickMinStep=1, format="d", tickCount=6), scale=alt.Scale(nice=False)
    )


def _tooltip(title: str, language: str | None) -> list[alt.Tooltip]:
    whole = [alt.Tooltip(f"{name}:Q", title=message(f"column.{name}", language)) for name in ("member", "epoch")]
    return [*whole, alt.Tooltip("value:Q", title=title, format=".4")]

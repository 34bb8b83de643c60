"""A figure as a file, without a browser: PNG for a README, SVG for print."""

from __future__ import annotations

from pathlib import Path

import altair as alt
import vl_convert

from seedbed.reporting.theme import colour

WIDTH = 640
SCALE = 2.0


def save_png(chart: alt.TopLevelMixin, path: str | Path, *, width: int = WIDTH, scale: float = SCALE) -> Path:
    """Writes the chart as PNG, `width` wide before scaling, on white paper; gives back where."""
    target = Path(path)
    target.write_bytes(vl_convert.vegalite_to_png(_spec(chart, width), scale=scale))
    return target


def save_svg(chart: alt.TopLevelMixin, path: str | Path, *, width: int = WIDTH) -> Path:
    """Writes the chart as SVG, `width` wide, on white paper; gives back where."""
    target = Path(path)
    target.write_text(svg(chart, width=width), "utf-8")
    return target


def svg(chart: alt.TopLevelMixin, *, width: int = WIDTH) -> str:
    """The chart as SVG, `width` wide, on white paper."""
    return str(vl_convert.vegalite_to_svg(_spec(chart, width)))


def _spec(chart: alt.TopLevelMixin, width: int) -> dict[str, object]:
    spec = chart.to_dict()
    # There is no container to fill, and a viewer may stand on a dark ground.
    width = width if spec["width"] == "container" else spec["width"]
    return {**spec, "width": width, "background": colour("paper"), "padding": 12}

"""The look of figures and page: one palette, one configuration of charts.

A chart carries the light colours, so that a notebook and a PNG show it as it is. On the page each of them becomes the
CSS variable of its name, so that light, dark and paper are one drawing and nothing is drawn again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

# Light and dark. Blue and vermilion stay apart for every kind of colour vision (Okabe and Ito 2008); grey is the rest.
PALETTE = {
    "paper": ("#ffffff", "#0f1216"),
    "panel": ("#f6f7f8", "#171b20"),
    "ink": ("#15191e", "#e8ebee"),
    "muted": ("#5a636e", "#9da7b3"),
    "line": ("#e3e6e9", "#2b3138"),
    "grey": ("#98a1ac", "#707b88"),
    "accent": ("#1662c8", "#71b0ff"),
    "wrong": ("#c44d16", "#f4935f"),
    # From the lowest fifth of scores to the highest: each stands out more from the paper than the one before.
    "shade1": ("#ccd2d9", "#39414a"),
    "shade2": ("#a8bedb", "#3f5877"),
    "shade3": ("#74a0d8", "#4d7fbb"),
    "shade4": ("#2f74cd", "#7db6fb"),
    "shade5": ("#0b2f6b", "#d9e9ff"),
}
SHADES = ("shade1", "shade2", "shade3", "shade4", "shade5")
LIGHT, DARK = 0, 1
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans KR', 'Apple SD Gothic Neo', sans-serif"
HEIGHT = 250


def colour(name: str) -> str:
    """The light colour of that name."""
    return PALETTE[name][LIGHT]


def themed(
    layers: Sequence[alt.Chart], description: str, height: float = HEIGHT, width: float | None = None
) -> alt.LayerChart:
    """Layers as one chart in the house's look, as wide as what it stands in, or of that width.

    `description` is read to who cannot see it.
    """
    size: dict[str, Any] = {
        "width": "container" if width is None else width,
        "height": height,
        "description": description,
    }
    chart = alt.LayerChart(layer=list(layers), **size)
    fitted: alt.LayerChart = chart
    if width is None:
        fitted = chart.properties(autosize={"type": "fit-x", "contains": "padding"})
    return fitted.configure(**_configuration())


def with_variables(spec: Any) -> Any:
    """A chart's specification with the palette's colours as CSS variables. Its data are left alone."""
    if isinstance(spec, dict):
        return {key: value if key == "datasets" else with_variables(value) for key, value in spec.items()}
    if isinstance(spec, list):
        return [with_variables(value) for value in spec]
    return _VARIABLES.get(spec, spec) if isinstance(spec, str) else spec


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten from `low` to `high`; with 2 and 5 between them below two decades, with more within one.

    >>> log_ticks(0.03, 20.0), log_ticks(0.1, 2.5), log_ticks(0.0011, 0.0041)
    ([0.1, 1.0, 10.0], [0.1, 0.2, 0.5, 1.0, 2.0], [0.0015, 0.002, 0.003, 0.004])
    """
    first, last, ratio = math.floor(math.log10(low)), math.ceil(math.log10(high)), high / low
    parts: tuple[float, ...] = (1,) if ratio >= 100 else (1, 2, 5) if ratio >= 10 else (1, 1.5, 2, 3, 4, 5, 7)
    step = max(1, round((last - first) / 6))
    ticks = (float(f"{part}e{power}") for power in range(first, last + 1, step) for part in parts)
    return [tick for tick in ticks if low <= tick <= high]


def axis_format(largest: float) -> str:
    """How the numbers of an axis are written: in full, or as 20k from ten thousand on."""
    return "~s" if largest >= 1e4 else ".6~g"  # without the 6, d3 writes 1e+2


def style_sheet() -> str:
    """The palette as CSS: light, dark where the system or the reader asks for it, light again on paper."""
    light, dark = (";".join(f"--{name}:{pair[i]}" for name, pair in PALETTE.items()) for i in (LIGHT, DARK))
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark)"
        f"{{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}"
    )


_VARIABLES = {pair[LIGHT]: f"var(--{name})" for name, pair in PALETTE.items()}


def _configuration() -> dict[str, Any]:
    axis = {
        "labelColor": colour("muted"), "titleColor": colour("muted"), "gridColor": colour("line"),
        "domain": False, "ticks": False, "labelPadding": 6, "titlePadding": 10, "labelFontSize": 11,
        "titleFontSize": 11, "titleFontWeight": "normal", "labelFlush": True, "aria": False,
    }  # fmt: skip
    return {
        "font": FONT, "background": "transparent", "view": {"stroke": None}, "axis": axis,
        "axisX": {"grid": False}, "mark": {"aria": False}, "text": {"fill": colour("ink")},
    }  # fmt: skip

"""The preprocessing of the best member: the formula of each step, what it learned, and features before and after."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seedbed.core.messages import catalogue, message
from seedbed.core.plain import to_line
from seedbed.data.preprocessing import Fitted, Preprocessing
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.png import as_bytes, data_uri
from seedbed.reporting.wording import number, percent

BARS = (168, 26)  # width and height of a histogram
N_BARS = 32
MOST_NAMES = 6


class Explained(NamedTuple):
    """One step: how a setup says it, what it computes, and what it learned from the training part."""

    line: str
    formula: str
    learned: str


class Shape(NamedTuple):
    """One feature: the shares of its values in bins of equal width, between two ends that 3 % lie beyond."""

    name: str
    low: float
    high: float
    shares: NDArray[np.float64]


class Prepared(NamedTuple):
    """What the section shows.

    Attributes:
        before, after: features, each before on its own axis, all after on one.
        ends: of the axis that all features share afterwards.
    """

    steps: tuple[Explained, ...]
    before: tuple[Shape, ...]
    after: tuple[Shape, ...]
    ends: tuple[float, float]


def preprocessing_data(evidence: Evidence, language: str | None = None) -> Prepared | None:
    """The steps of the best member and some features before and after; None where nothing is done."""
    own, looks = evidence.preprocessor, evidence.looks
    if own is None or not any(own.fitted):
        return None
    steps, names = [], evidence.feature_names
    for step, fitted in zip(own.steps, own.fitted, strict=True):
        if fitted:  # a step on targets does nothing in a classification
            steps.append(Explained(to_line(step), formula(step, language), learned(step, fitted, names, language)))
            names = step.names_after(fitted, names) if names else ()
    if looks is None:
        return Prepared(tuple(steps), (), (), (0.0, 1.0))
    inner = looks.after[:, 1:-1]
    ends = (float(inner.min()), float(inner.max())) if inner.size else (0.0, 1.0)
    before = [_shape(*pair, *_ends(pair[1])) for pair in zip(looks.names_before, looks.before, strict=True)]
    after = [_shape(*pair, *ends) for pair in zip(looks.names_after, looks.after, strict=True)]
    return Prepared(tuple(steps), tuple(before), tuple(after), ends)


def formula(step: Preprocessing, language: str | None = None) -> str:
    """What a step computes, in signs; empty for a step of the user's own."""
    variant = {"quantile": getattr(step, "output", ""), "whiten": "zca" if getattr(step, "zca", False) else ""}
    return _said("formula", step.kind, variant.get(step.kind, ""), language)


def learned(step: Preprocessing, fitted: Fitted, names: tuple[str, ...], language: str | None = None) -> str:
    """What a step learned, in words; empty for a step of the user's own."""
    own = _numbers(step, fitted, names)
    values = {
        name: own_text if isinstance(own_text, str) else spread(own_text, language) for name, own_text in own.items()
    }
    return _said("learned", step.kind, "", language, **values)


def spread(values: NDArray[np.float64], language: str | None = None) -> str:
    """A number, or the two between which several lie."""
    low, high = (number(float(end)) for end in (values.min(initial=np.inf), values.max(initial=-np.inf)))
    return low if low == high else message("preprocessing.range", language, low=low, high=high)


def bars(shares: NDArray[np.float64], size: tuple[int, int] = BARS) -> str:
    """A histogram as the path of an SVG, as high as there is room."""
    width, height = size
    x = np.linspace(0, width, len(shares) + 1)
    y = height * (1 - shares / (shares.max() or 1.0))
    return "".join(
        f"M{x[i]:.1f},{height}V{top:.1f}H{x[i + 1] - 0.8:.1f}V{height}Z" for i, top in enumerate(y) if shares[i] > 0
    )


def pictures(evidence: Evidence) -> list[tuple[str, str]]:
    """The mean image and an example, before and after: the key of its caption, and the picture as an address."""
    looks, shown = evidence.looks, []
    for when, images in (("before", looks and looks.pictures_before), ("after", looks and looks.pictures_after)):
        if isinstance(images, np.ndarray):
            for what, image in zip(("mean", "example"), as_bytes(images), strict=True):
                shown.append((f"preprocessing.{what}_{when}", data_uri(image)))
    return shown


def _numbers(step: Any, fitted: Fitted, names: tuple[str, ...]) -> dict[str, NDArray[np.float64] | str]:
    """What the sentence of a kind needs: arrays, of which the range is said, and texts."""
    if step.kind == "log":
        columns = fitted["columns"].astype(int)
        some = ", ".join(names[c] if names else str(c) for c in columns[:MOST_NAMES])
        more = ", ..." if len(columns) > MOST_NAMES else ""
        return {"count": f"{len(columns)}", "names": f": {some}{more}" if len(columns) else ""}
    if step.kind == "quantile":
        return {"count": f"{len(fitted['columns']):,}", "quantiles": f"{len(fitted['quantiles']):,}"}
    if step.kind == "pca":
        kept, total = fitted["axes"].shape
        share = percent(float(fitted["shares"].sum())) if "shares" in fitted else ""
        return {"count": f"{kept:,}", "total": f"{total:,}", "share": share}
    if step.kind == "whiten":
        return {"total": f"{fitted['mean'].size:,}"}
    if step.kind == "piecewise_linear":
        source = fitted["source"]
        return {"count": f"{len(np.unique(source)):,}", "total": f"{len(source):,}"}
    if "mean" not in fitted or "scale" not in fitted:
        return {}
    is_used = np.broadcast_to((fitted["mean"] != 0) | (fitted["scale"] != 1), fitted["mean"].shape)
    mean, scale = (fitted[name][is_used] if is_used.any() else fitted[name] for name in ("mean", "scale"))
    if step.kind == "min_max":
        return {"low": mean + step.low * scale, "high": mean + step.high * scale}
    return {"mean": mean, "scale": scale}


def _said(what: str, kind: str, variant: str, language: str | None, **values: Any) -> str:
    key = f"preprocessing.{kind}{'_' * bool(variant)}{variant}.{what}"
    return message(key, language, **values) if key in catalogue("en") else ""


def _ends(quantiles: NDArray[np.float64]) -> tuple[float, float]:
    return float(quantiles[1]), float(quantiles[-2])


def _shape(name: str, quantiles: NDArray[np.float64], low: float, high: float) -> Shape:
    """The shares of a feature in bins between two ends, from its quantiles."""
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, N_BARS + 1)
    p = np.linspace(0, 1, len(quantiles))
    # At equal values the share below an edge jumps: by half, so that it falls into two bins; at the ends by all.
    up_to, below = np.interp(edges, quantiles, p), 1 - np.interp(-edges, -quantiles[::-1], p)
    below[1:-1] = (below + up_to)[1:-1] / 2
    below[-1] = up_to[-1]
    return Shape(name, float(quantiles[0]), float(quantiles[-1]), np.maximum(np.diff(below), 0.0))

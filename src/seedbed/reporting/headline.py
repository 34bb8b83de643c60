"""The head of the page: the result on the untouched test part in a few large numbers and two sentences."""

from __future__ import annotations

import functools
from typing import NamedTuple

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.wording import metric

HEAD = {"classification": "accuracy", "multilabel": "accuracy", "regression": "rmse"}
SCORE = {"classification": "accuracy", "multilabel": "accuracy", "regression": "r2"}
PARTS, MODELS = ("validation", "test"), ("ensemble", "best")


class Headline(NamedTuple):
    """What stands at the head of the page.

    Attributes:
        figures: a large number, what it is, and its 95 % interval, or empty; the ensemble's first.
        verdict: the result in a sentence; empty without a test result.
        gap: the way from the validation to the test score in a sentence; empty where one of them is missing.
        metrics: the names of the metrics, the columns of `table`.
        table: part, model and the value of each metric, as texts.
    """

    figures: tuple[tuple[str, str, str], ...]
    verdict: str
    gap: str
    metrics: tuple[str, ...]
    table: tuple[tuple[str, str, tuple[str, ...]], ...]


def headline_data(evidence: Evidence, language: str | None = None) -> Headline:
    """The head of the page, in the reader's language."""
    results, name = evidence.results, HEAD[evidence.task]
    test = results.get("test", {})
    figures = [
        (
            metric(name, test[model][name]),
            f"{_column(language, model)} · {_column(language, name)}",
            _interval(evidence, model, language),
        )
        for model in MODELS
        if name in test.get(model, {})
    ]  # fmt: skip
    said = functools.partial(_column, language)
    names = tuple(next((m for part in results.values() for m in part.values()), {}))
    table = tuple(
        (said(part), said(model), tuple(metric(n, row.get(n)) for n in names))
        for part in PARTS for model in MODELS if (row := results.get(part, {}).get(model))
    )  # fmt: skip
    metrics = tuple(map(said, names))
    return Headline(tuple(figures), _verdict(evidence, language), gap(evidence, language), metrics, table)


def _interval(evidence: Evidence, model: str, language: str | None) -> str:
    """The interval of the figure in words; empty where there is none."""
    name = HEAD[evidence.task]
    ends = evidence.intervals.get("test", {}).get(model, {}).get(name)
    if ends is None:
        return ""
    low, high = (metric(name, end) for end in ends)
    return message("report.interval", language, low=low, high=high)


def gap(evidence: Evidence, language: str | None = None) -> str:
    """The way from the best member's validation score to its test score, and why they differ."""
    name, n = SCORE[evidence.task], len(evidence.members)
    valid, test = (evidence.results.get(part, {}).get("best", {}).get(name) for part in PARTS)
    if valid is None or test is None:
        return ""
    unit = "" if name == "accuracy" else _column(language, name) + " "
    said = {"valid": unit + metric(name, valid), "test": unit + metric(name, test)}
    is_plain = n == 1 or said["valid"] == said["test"]
    key = "report.gap" if is_plain else "report.gap.lower" if test < valid else "report.gap.higher"
    return message(key, language, **said, gap=_distance(name, abs(test - valid), language), members=n)


def _distance(name: str, distance: float, language: str | None) -> str:
    """The distance between two scores: shares are apart by points of a percent, not by percent."""
    if name != "accuracy":
        return metric(name, distance)
    return message("report.points", language, count=f"{100 * distance:.1f}")


def _column(language: str | None, name: str) -> str:
    return message(f"column.{name}", language)


def _verdict(evidence: Evidence, language: str | None) -> str:
    test, name = evidence.results.get("test", {}), HEAD[evidence.task]
    if name not in test.get("best", {}) or name not in test.get("ensemble", {}):
        return ""
    count = int((evidence.members["ensemble_weight"] > 0).sum())
    best, ensemble = (metric(name, test[model][name]) for model in ("best", "ensemble"))
    said = {name: best, f"ensemble_{name}": ensemble, "count": count}
    return message(f"report.verdict.{evidence.task}", language, **said)

"""A search in sentences: what was searched, how much of the winner was luck, what was given up and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seedbed.core.messages import message
from seedbed.reporting.search.evidence import Searched
from seedbed.reporting.search.rungs import rungs_data, totals
from seedbed.reporting.wording import ABSENT, metric, number, percent


def lead(evidence: Searched, language: str | None = None) -> str:
    """What was searched, in a sentence or two."""
    counts = totals(evidence)
    said = {
        "trials": number(counts["trials"]),
        "method": message(f"search.method.{evidence.method}", language),
        "rounds": len(evidence.rounds),
        "dimensions": len(evidence.axes),
        "epochs": number(evidence.epochs),
        "seed": evidence.seed,
    }
    words = [message("search.lead" if len(evidence.rounds) != 1 else "search.lead.one", language, **said)]
    if evidence.folds:
        words.append(message("search.lead.folds", language, folds=evidence.folds))
    if evidence.wall_seconds:
        words.append(message("search.lead.seconds", language, seconds=number(evidence.wall_seconds, 3)))
    return " ".join(words)


def figures(evidence: Searched, language: str | None = None) -> list[tuple[str, str, str]]:
    """The large numbers: value, what it is, and its spread or empty. What is least too good stands first."""
    worth, name, found = evidence.worth, evidence.metric, []
    trials = number(_judged(evidence))
    if worth is None:
        best = evidence.ranked["score"].iloc[0] if len(evidence.ranked) else None
        return (
            [] if best is None else [(metric(name, best), message("search.figure.found", language, trials=trials), "")]
        )
    if worth.retrained:
        spread = _spread(name, worth.retrained, language)
        found.append((metric(name, np.mean(worth.retrained)), message("search.figure.retrained", language), spread))
    as_found = (metric(name, worth.found), message("search.figure.found", language, trials=trials), "")
    found += [as_found] if worth.retrained else []
    for model in ("winner", "ensemble"):
        if name in worth.results.get("test", {}).get(model, {}):
            value = metric(name, worth.results["test"][model][name])
            found.append((value, message(f"search.figure.{model}", language), ""))
    return found if worth.retrained else [*found, as_found]  # it is too good to stand first


def verdict(evidence: Searched, language: str | None = None) -> list[str]:
    """How far the winner's score was luck, and what the test part says."""
    worth, name, said = evidence.worth, evidence.metric, []
    if worth is None:
        return [message("search.untold", language)] if len(evidence.ranked) else [message("search.none", language)]
    trials = number(_judged(evidence))
    if worth.retrained:
        said.append(_gap(evidence, trials, language))
        if evidence.folds:
            said.append(message("search.gap.folds", language, folds=evidence.folds))
    else:
        said.append(message("search.not_retrained", language, trials=trials, found=metric(name, worth.found)))
    if worth.retrained_test:
        said.append(_several("search.retrained_test", name, [one[name] for one in worth.retrained_test], language))
    test = worth.results.get("test", {})
    if name in test.get("winner", {}) and name in test.get("ensemble", {}):
        values = {model: metric(name, test[model][name]) for model in ("winner", "ensemble")}
        said.append(message("search.test", language, **values))
    return said


def notes(evidence: Searched, language: str | None = None) -> list[str]:
    """What the reader should not miss."""
    said, counts = [], totals(evidence)
    if evidence.is_interrupted or counts["unfinished"]:
        said.append(message("search.interrupted", language, count=counts["unfinished"], trials=counts["trials"]))
    if counts["diverged"] > len(evidence.trials) / 2:
        said.append(message("search.many_diverged", language, count=counts["diverged"], trials=counts["trials"]))
    widened = sorted({name for one in evidence.rounds for name, kind in one.kinds.items() if kind == "widened"})
    if widened:
        said.append(message("search.widened", language, names=", ".join(widened)))
    return said


def pruned_words(evidence: Searched, language: str | None = None) -> str:
    """How many trials ended how, and what giving up has saved."""
    counts = totals(evidence)
    words = [message("search.pruned.counts", language, **{name: number(count) for name, count in counts.items()})]
    if counts["pruned"]:
        share = counts["saved"] / max(1, counts["saved"] + counts["trained"])
        values = {"trained": number(counts["trained"]), "saved": number(counts["saved"]), "share": percent(share)}
        words.append(message("search.pruned.saved", language, **values))
    return " ".join(words)


def pruned_lines(evidence: Searched, language: str | None = None) -> list[tuple[str, ...]]:
    """A line for each rung at which trials were given up or diverged, as texts."""
    del language
    name, lines = evidence.metric, []
    for row in rungs_data(evidence).itertuples():
        if row.pruned or row.diverged:
            counts = (row.reached, row.went_on, row.pruned, row.diverged)
            scores = (row.highest_pruned, row.lowest_kept)
            lines.append(
                (
                    str(int(row.round) + 1),
                    number(int(row.epochs)),
                    *(number(int(count)) for count in counts),
                    *(metric(name, score) for score in scores),
                )
            )
    return lines


def distance(name: str, value: float, language: str | None) -> str:
    """The distance between two scores: of shares in points of a percent."""
    return message("report.points", language, count=f"{100 * value:.1f}") if name == "accuracy" else number(value, 3)


def _judged(evidence: Searched) -> int:
    """How many trials came to a rung: of those the winner is the best."""
    return int((evidence.trials["rungs"] > 0).sum())


def _gap(evidence: Searched, trials: str, language: str | None) -> str:
    worth, name = evidence.worth, evidence.metric
    assert worth is not None
    gap = worth.found - float(np.mean(worth.retrained))
    said = {
        "trials": trials, "found": metric(name, worth.found), "gap": distance(name, abs(gap), language),
        "again": _several("search.again", name, worth.retrained, language), "count": len(worth.retrained),
    }  # fmt: skip
    return message("search.gap.lower" if gap > 0 else "search.gap.higher", language, **said)


def _several(key: str, name: str, scores: Sequence[float], language: str | None) -> str:
    """What was scored several times, or once."""
    mean = metric(name, np.mean(scores))
    if len(scores) == 1:
        return message(f"{key}.one", language, mean=mean)
    return message(key, language, mean=mean, spread=_deviation(name, scores, language), count=len(scores))


def _spread(name: str, scores: tuple[float, ...], language: str | None) -> str:
    key = "search.figure.spread" if len(scores) > 1 else "search.figure.once"
    return message(key, language, spread=_deviation(name, scores, language), count=len(scores))


def _deviation(name: str, scores: Sequence[float], language: str | None) -> str:
    return distance(name, float(np.std(scores, ddof=1)), language) if len(scores) > 1 else ABSENT

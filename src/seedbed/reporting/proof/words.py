"""The proof of remedies in sentences: what healed, what came to the same, what was given up."""

from __future__ import annotations

from typing import Any

from pandas import DataFrame

from seedbed.core.messages import message
from seedbed.reporting.proof.told import Told
from seedbed.reporting.wording import ABSENT, metric

CONTROL, RANDOM = "control", "random"  # roles of arms that are named apart


def headline(told: Told, language: str | None = None) -> str:
    """The result in a sentence or two."""
    if not len(told.arms):
        return message("treatment.healthy", language, name=told.name)
    control, others = told.arms.iloc[0], told.arms.iloc[1:]
    if told.chosen is None:
        best = others.loc[others["mean"].idxmax()]
        return message("treatment.unproved", language, **_compared(told, control, best, language))
    chosen = others.iloc[0]
    how = "better" if chosen["cleared"] is False else "healed"
    said = message(f"treatment.{how}", language, **_compared(told, control, chosen, language))
    ties = others[others["ties_best"]]["title"].tolist()[1:]
    if ties:
        said += " " + message("treatment.ties", language, others=", ".join(ties))
    return said


def notes(told: Told, language: str | None = None) -> list[str]:
    """What should be known beside the result."""
    arms, said = told.arms, []
    if told.valid_share is not None:
        said.append(message("treatment.valid_share", language, share=f"{told.valid_share:g}"))
    for name, those in (("random", arms[arms["role"] == RANDOM]), ("given_up", arms[arms["given_up"] == True])):  # noqa: E712
        if len(those):
            said.append(message(f"treatment.{name}", language, arms=", ".join(those["title"])))
    uncured = arms[arms["proved"].astype(bool) & (arms["cleared"] == False)]  # noqa: E712
    if len(uncured):
        said.append(message("treatment.uncured", language, arms=", ".join(uncured["title"])))
    seeming = arms[(arms["cleared"] == True) & ~arms["proved"].astype(bool) & (arms["role"] != CONTROL)]  # noqa: E712
    if len(seeming):
        said.append(message("treatment.seeming", language, arms=", ".join(seeming["title"])))
    if told.findings and len(arms) and arms["cleared"].isna().all():
        said.append(message("treatment.unknown", language))
    return said


def verdict(arm: Any, language: str | None = None) -> str:
    """What is known of an arm, in a word or two."""
    if arm["role"] == CONTROL:
        return ABSENT
    if arm["given_up"]:
        return message("treatment.verdict.given_up", language)
    if arm["proved"] and arm["cleared"] is False:
        return message("treatment.verdict.better", language)
    if arm["proved"]:
        return message("treatment.verdict.best" if arm["ties_best"] else "treatment.verdict.proved", language)
    return message("treatment.verdict.cleared" if arm["cleared"] else "treatment.verdict.none", language)


def sentences(told: Told, language: str | None = None) -> list[str]:
    """The treatment as plain text: findings, the result, a line for each arm, and what changes."""
    lines = [f"{name}. {because}" for name, because, _ in told.findings]
    lines.append(headline(told, language))
    lines += lines_of(told.arms, told.metric, language)
    lines += notes(told, language)
    if told.differences:
        lines.append(message("treatment.change", language))
        lines += [f"  {place}: {before} → {after}" for place, before, after in told.differences]
    return lines


def lines_of(arms: DataFrame, name: str, language: str | None = None) -> list[str]:
    """A line for each arm: its name, the mean of its scores with their deviation, d, p, and the verdict."""
    width = max(map(len, arms["title"]), default=0)
    return [
        f"  {arm['title']:{width}}  {metric(name, arm['mean']):>7} ± {metric(name, arm['std']):>6}"
        + ("" if arm["role"] == CONTROL else f"  d {effect(arm['d']):>5}  p {chance(arm['p_holm']):>7}")
        + f"  {verdict(arm, language)}"
        for _, arm in arms.iterrows()
    ]


def effect(d: float) -> str:
    """Cohen's d as a reader wants it: above ten the digits say nothing.

    >>> effect(0.512), effect(-3.0), effect(31.2)
    ('0.51', '-3.00', '> 10')
    """
    return "> 10" if d > 10 else "< -10" if d < -10 else f"{d:.2f}"


def chance(p: float) -> str:
    """A p-value with two significant digits; the smallest as a bound.

    >>> chance(0.0312), chance(1.0), chance(2e-6)
    ('0.031', '1', '< 0.0001')
    """
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def _compared(told: Told, control: Any, arm: Any, language: str | None) -> dict[str, str]:
    return {
        "remedy": arm["title"],
        "score": message(f"column.{told.metric}", language),
        "before": metric(told.metric, control["mean"]),
        "after": metric(told.metric, arm["mean"]),
        "seeds": str(arm["n_seeds"]),
        "d": effect(arm["d"]),
        "p": chance(arm["p_holm"]),
        "count": str(len(told.arms) - 1),
    }

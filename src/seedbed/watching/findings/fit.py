"""Findings about what was learned: too little, by heart, or against the grain of a penalty."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seedbed.network.dropout import Dropout
from seedbed.watching.case import Case
from seedbed.watching.finding import SERIOUS, Evidence, Finding

SHRUNK = 0.2  # weights at the end over those at the beginning
STRONG_DROPOUT = 0.6
RISE, GAP, FIRST = 1.3, 0.3, 0.5
LEARNED = 0.15  # of the chance loss taken away on the training part, and nothing on the other
LITTLE = 0.2  # of the chance loss taken away, on both parts
CHANCE = 0.05  # a score that is so near to that of a constant answer is no better


def found(case: Case) -> Iterator[Finding]:
    """What is found in the curves of a case."""
    if case.is_trained and not case.diverged:
        yield from _held_back(case)
        yield from _by_heart(case)
        yield from _too_little(case)


def _held_back(case: Case) -> Iterator[Finding]:
    decays = case.setup.penalty is not None or bool(case.setup.optimizer.weight_decay)
    if decays and case.struggles and case.series is not None and case.weighted:
        left = _left_of_weights(case)
        if left < SHRUNK:
            evidence = (Evidence("weights at the end / at the beginning", left, "above 0.5"),)
            yield Finding("over_regularised", (), (), SERIOUS, evidence, ("less_regularisation",))
    rates = {i: float(layer.rate) for i, layer in enumerate(case.layers) if isinstance(layer, Dropout)}
    strong = tuple(i for i, rate in rates.items() if rate > STRONG_DROPOUT)
    if strong and case.history is not None:
        last = slice(-max(1, len(case.history["train_loss"]) // 4), None)
        train, valid = (float(np.nanmean(case.history[f"{part}_loss"][last])) for part in ("train", "valid"))
        if train > RISE * valid or case.struggles:
            measured = [Evidence("dropout rate", max(rates.values()), "0.1 to 0.5")]
            if train > valid > 0:
                measured.append(Evidence("training loss / validation loss", train / valid, "1 at most"))
            yield Finding("dropout_too_strong", (), strong, SERIOUS, tuple(measured), ("less_regularisation",))


def _left_of_weights(case: Case) -> float:
    """The weights at the end over those at the beginning, in the middle over the layers; NaN where all began at 0."""
    assert case.series is not None
    places = list(case.weighted)
    begun = case.series["weight"][0, places]
    ratios = case.late("weight")[places][begun > 0] / begun[begun > 0]
    return float(np.nanmedian(ratios)) if np.isfinite(ratios).any() else np.nan


def _by_heart(case: Case) -> Iterator[Finding]:
    """The training part is learned, and the validation part becomes worse the longer it lasts."""
    assert case.history is not None
    train, valid = case.history["train_loss"], case.history["valid_loss"]
    finite = np.isfinite(valid)
    if finite.sum() < 5:
        return
    best = int(np.nanargmin(np.where(finite, valid, np.nan)))
    rise = float(np.nanmean(valid[-3:]) / valid[best]) if valid[best] > 0 else np.nan
    gap = float(np.nanmean(train[-3:]) / valid[best]) if valid[best] > 0 else np.nan
    evidence = (
        Evidence("validation loss at the end / at its best", rise, "about 1"),
        Evidence("training loss at the end / best validation loss", gap, "about 1"),
        Evidence("epoch with the best validation loss", best, f"near the last, {len(valid) - 1}"),
    )
    is_by_heart = rise > RISE and gap < GAP and best < FIRST * len(valid)
    remedies = ("l2", "dropout", "early_stopping", "hold_back")
    if case.best_score < case.chance_score + CHANCE:
        # Patience may end it before the examples are known by heart; the validation part never was better than chance.
        parts = {"training": case.learned("train"), "validation": case.learned()}
        if is_by_heart:
            yield Finding("noisy_labels", (), (), SERIOUS, evidence, remedies)
        elif parts["training"] > LEARNED and parts["validation"] <= 0:
            said = (f"share of the chance loss taken away, {part} part" for part in parts)
            shares = (Evidence(name, share, "alike") for name, share in zip(said, parts.values(), strict=True))
            yield Finding("noisy_labels", (), (), SERIOUS, tuple(shares), remedies)
    elif is_by_heart and case.struggles:
        yield Finding("overfitting", (), (), SERIOUS, evidence, remedies)


def _too_little(case: Case) -> Iterator[Finding]:
    """Neither part is learned."""
    assert case.history is not None
    train, valid = case.learned("train"), case.learned()
    losses = case.history["train_loss"]
    if len(losses) < 3 or train > LITTLE or valid > LITTLE:
        return
    evidence = (Evidence("share of the chance loss taken away, training part", train, f"above {LITTLE:g}"),)
    yield Finding("underfitting", (), (), SERIOUS, evidence, ("longer", "wider", "lr_up", "adam", "relu"))

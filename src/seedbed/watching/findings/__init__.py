"""The findings of a case, the roots first, with what follows from each listed under it. One line adds a group."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from seedbed.watching.case import Case
from seedbed.watching.finding import Finding
from seedbed.watching.findings import fit, flow, initialisation, inputs, steps, structure
from seedbed.watching.remedies import has_place

GROUPS = (structure, inputs, initialisation, flow, steps, fit)

_OF_LEARNING = (
    "exploding_gradient", "vanishing_gradient", "saturated_units", "dead_relu", "non_finite", "lr_too_high",
    "lr_too_low", "oscillating", "batch_too_small", "underfitting", "overfitting", "noisy_labels", "class_imbalance",
)  # fmt: skip
# What may follow from what, the deepest causes first: a finding stands under the first one here that explains it.
EXPLAINS: dict[str, tuple[str, ...]] = {
    "non_finite_data": ("data_not_scaled", *_OF_LEARNING),
    "labels_out_of_range": _OF_LEARNING,
    "constant_labels": _OF_LEARNING,
    "missing_classes": (),
    "leakage": (),
    "duplicate_rows": (),
    "constant_features": (),
    "loss_does_not_fit": _OF_LEARNING,
    "softmax_one_unit": ("redundant_softmax", "wrong_output", *_OF_LEARNING),
    "redundant_softmax": _OF_LEARNING,
    "step_activation": _OF_LEARNING,
    "wrong_output": _OF_LEARNING,
    "no_nonlinearity": _OF_LEARNING,
    "symmetric_units": ("init_too_small", *_OF_LEARNING),
    "data_not_scaled": ("feature_scales", "not_centred", "init_too_large", "init_too_small", *_OF_LEARNING),
    "init_too_large": _OF_LEARNING,
    "init_too_small": _OF_LEARNING,
    "feature_scales": _OF_LEARNING,
    "not_centred": _OF_LEARNING,
    "over_regularised": ("vanishing_gradient", "dead_relu", "lr_too_low", "underfitting", "lr_too_high", "oscillating"),
    "dropout_too_strong": ("underfitting", "oscillating", "lr_too_low", "lr_too_high"),
    "batchnorm_misused": ("oscillating", "batch_too_small", "underfitting", "overfitting", "noisy_labels"),
    "negative_loss": _OF_LEARNING,
    "lr_too_high": (
        "exploding_gradient", "vanishing_gradient", "saturated_units", "dead_relu", "non_finite", "oscillating",
        "batch_too_small", "underfitting", "overfitting", "noisy_labels", "class_imbalance",
    ),
    "vanishing_gradient": (
        "lr_too_low", "saturated_units", "dead_relu", "underfitting", "oscillating", "class_imbalance",
    ),
    "exploding_gradient": ("non_finite", "saturated_units", "dead_relu", "oscillating", "underfitting"),
    "batch_too_small": ("oscillating", "underfitting"),
    "saturated_units": ("lr_too_low", "oscillating", "underfitting"),
    "dead_relu": ("lr_too_low", "underfitting", "oscillating"),
    "class_imbalance": ("underfitting",),
    "lr_too_low": ("underfitting",),
    "oscillating": ("underfitting",),
    "non_finite": ("underfitting",),
    "noisy_labels": ("overfitting", "underfitting"),
    "overfitting": (),
    "underfitting": (),
}  # fmt: skip
# What rests on how much was learned up to the end, or how smoothly: in the middle a sound network looks alike.
NEEDS_THE_END = (
    "feature_scales", "not_centred", "over_regularised", "dropout_too_strong", "batch_too_small", "class_imbalance",
    "lr_too_low", "oscillating", "noisy_labels", "overfitting", "underfitting",
)  # fmt: skip
RANK = {code: rank for rank, code in enumerate(EXPLAINS)}


def findings_of(case: Case) -> list[Finding]:
    """What is found in a case."""
    return _without((), case)


def _without(codes: Collection[str], case: Case) -> list[Finding]:
    """The same but for some, which explain nothing then."""
    members = () if case.number is None else (case.number,)
    return rooted([replace(one, members=members) for one in all_of(case) if one.code not in codes])


def all_of(case: Case) -> list[Finding]:
    """The same without an order: roots and what follows from them side by side, of no member.

    Of their remedies those are named that have a place in the setup.
    """
    there = [one for group in GROUPS for one in group.found(case)]
    fitting = lambda names: tuple(name for name in names if has_place(name, case.setup, case.task))  # noqa: E731
    return [replace(one, remedies=fitting(one.remedies)) for one in there]


def diagnosed(cases: Sequence[Case]) -> list[Finding]:
    """What is found in several cases, those of most members first.

    Of a case that was interrupted only what more epochs would not change.
    """
    return together([_without(() if case.is_over else NEEDS_THE_END, case) for case in cases])


def rooted(there: Sequence[Finding]) -> list[Finding]:
    """The roots among findings, the deepest first, each with its symptoms under it."""
    ordered = sorted(there, key=lambda one: RANK[one.code])
    roots: list[Finding] = []
    for one in ordered:
        cause = next((i for i, root in enumerate(roots) if one.code in EXPLAINS[root.code]), None)
        if cause is None:
            roots.append(one)
        else:
            roots[cause] = replace(roots[cause], symptoms=(*roots[cause].symptoms, one))
    return roots


def earlier(one: Finding, other: Finding) -> Finding:
    """The one whose evidence stays, of two that are merged: of what spoils a loss the one that did so first."""
    if one.code == "non_finite" and other.evidence[0].value < one.evidence[0].value:
        return other
    return one


def together(of_members: Sequence[Sequence[Finding]]) -> list[Finding]:
    """The findings of several members as one list: equal names become one finding with all their members."""
    merged: dict[str, Finding] = {}
    for findings in of_members:
        for one in findings:
            if one.code not in merged:
                merged[one.code] = one
                continue
            before = merged[one.code]
            symptoms = together([before.symptoms, one.symptoms])
            layers = tuple(sorted({*before.layers, *one.layers}))
            members = (*before.members, *one.members)
            kept = earlier(before, one)
            merged[one.code] = replace(kept, members=members, layers=layers, symptoms=tuple(symptoms))
    return sorted(merged.values(), key=lambda one: (-len(one.members), RANK[one.code]))

"""Remedies at the inputs: features brought to a common scale, or centred."""

from __future__ import annotations

from seedbed.data.steps import PCA, Center, Divide, MinMax, Preprocessing, Quantile, Robust, Standardize, Whiten
from seedbed.data.steps import StandardizeTarget as Target
from seedbed.network.containers import reads_images
from seedbed.training.setup import Setup
from seedbed.watching.remedies.remedy import Cost, Remedy

SCALED = (Standardize, Whiten, Quantile, Robust)  # features behind these have one scale
CENTRED = (*SCALED, Center, PCA)


def standardize(setup: Setup, task: str) -> Setup | None:
    """Inputs of mean 0 and deviation 1, and the targets of a regression as well.

    Pixels share one scale. A step that only shifts and stretches is replaced, for it would do nothing any more.
    """
    steps = list(setup.preprocessing)
    if not any(isinstance(step, SCALED) for step in steps) and not setup.network.n_categories:
        kept = [step for step in steps if not isinstance(step, Center | MinMax | Divide)]
        steps = [*kept, Standardize(per="all" if reads_images(setup.network.layers) else "feature")]
    if task == "regression" and not any(step.on == "y" for step in steps):
        steps.append(Target())
    return setup.replace(preprocessing=_ordered(steps))


def center(setup: Setup, task: str) -> Setup | None:
    """Inputs of mean 0, on the scale that they have. For images the rule; it helps the first layer alone."""
    if any(isinstance(step, CENTRED) for step in setup.preprocessing) or setup.network.n_categories:
        return None
    return setup.replace(preprocessing=_ordered([*setup.preprocessing, Center()]))


def _ordered(steps: list[Preprocessing]) -> list[Preprocessing]:
    """Steps on inputs first, as setups are written."""
    return sorted(steps, key=lambda step: step.on != "x")


REMEDIES = (Remedy("standardize", standardize, Cost.INPUTS), Remedy("center", center, Cost.INPUTS))

"""The arms of a treatment: the untouched control, each remedy that is named, pairs of them, and one drawn by lot."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seedbed.core.errors import SetupError, ShapeError, TrainingError, UsageError, nearest, one_of
from seedbed.core.value import same
from seedbed.data.dataset import Dataset
from seedbed.data.holding import held_back
from seedbed.recipe.lr_range import lr_range
from seedbed.training.cohorts import bind
from seedbed.training.setup import Setup
from seedbed.watching.finding import Finding
from seedbed.watching.remedies import FARTHER, HOLD_BACK, RANGE, REMEDIES, Cost, at_rate, early_stopping

CONTROL, REMEDY, PAIR, RANDOM, GIVEN = "control", "remedy", "pair", "random", "given"  # why an arm is there
JOIN = " + "  # between the names of remedies that are taken together


@dataclass(frozen=True)
class Arm:
    """One setup that is tried.

    Attributes:
        name: of its remedies, or the control.
        role: why it is there: `CONTROL`, `REMEDY`, `PAIR`, `RANDOM` or `GIVEN`.
        setup: what trains.
        cost: how large the change is.
        data: what it learns from, with more rows to validate; None where that is what all learn from.
    """

    name: str
    role: str
    setup: Setup
    cost: int
    data: Dataset | None = None

    def same(self, other: Arm) -> bool:
        """Whether both train the same."""
        return (self.data is None) == (other.data is None) and same(self.setup, other.setup)

    @property
    def remedies(self) -> tuple[str, ...]:
        """The names of its remedies, in the order in which they were applied."""
        return () if self.role == CONTROL else tuple(self.name.split(JOIN))


def arms_for(
    sick: Setup, data: Dataset, findings: Sequence[Finding], seed: int, without: Collection[str] = ()
) -> list[Arm]:
    """The control, then every remedy that a finding names and that has a place, pairs, and one that none names.

    Where another learning rate is named, the one beyond it is tried too.
    Pairs are of what is likeliest: the first remedy of the first finding with the first that adds something to it, of
    the same finding, and of the second where there are several roots. What another arm does already, or the data does
    not fit, is left out.

    Arguments:
        without: names of remedies that are not tried, whatever names them.
    """
    alone = functools.cache(lambda name: _arm([name], REMEDY, sick, data))
    wanted = [[name for name in finding.remedies if name not in without] for finding in findings]
    lists = [_applicable(alone, names) for names in wanted]
    named = list(dict.fromkeys(name for names in lists for one in names for name in (one, FARTHER.get(one, one))))
    arms = [Arm(CONTROL, CONTROL, sick, 0)]
    arms += [arm for name in named if (arm := alone(name)) is not None]
    for others in lists[:2]:
        arms += _pair(lists[0][:1], others, arms, sick, data)
    asked = {*named, *(name for finding in findings for name in _all_remedies(finding))}
    if (drawn := _drawn(sick, data, asked, arms, seed)) is not None:
        arms.append(drawn)
    return _different(arms)


def arms_given(sick: Setup, data: Dataset, given: Sequence[str] | Mapping[str, Setup]) -> list[Arm]:
    """The control and the arms that the user names: remedies, several joined by +, or setups by name.

    Raises:
        UsageError: there is no such remedy, or it has no place in the setup, or changes nothing.
        SetupError, ShapeError: a given setup does not fit the data.
    """
    arms = [Arm(CONTROL, CONTROL, sick, 0)]
    if isinstance(given, Mapping):
        for setup in given.values():
            bind(setup, data)
        return arms + [Arm(name, GIVEN, setup, int(max(Cost))) for name, setup in given.items()]
    for line in given:
        names = [name.strip() for name in line.split(JOIN.strip())]
        for name in names:
            if name not in REMEDIES:
                message = f"arms: expected {one_of(REMEDIES)}, got {name!r}"
                raise UsageError(message, nearest(name, REMEDIES))
        arm = _arm(names, REMEDY if len(names) == 1 else PAIR, sick, data)
        if arm is None:
            came = f"{line!r}, which has no place in it or changes nothing"
            raise UsageError(f"arms: expected remedies that change the setup, got {came}", "leave it out")
        arms.append(arm)
    return arms


def _all_remedies(finding: Finding) -> Iterable[str]:
    yield from finding.remedies
    for symptom in finding.symptoms:
        yield from _all_remedies(symptom)


def _applicable(alone: Callable[[str], Arm | None], names: Sequence[str]) -> list[str]:
    """The remedies that are there and have a place in the setup."""
    return [name for name in names if name in REMEDIES and alone(name) is not None]


def _arm(names: Sequence[str], role: str, sick: Setup, data: Dataset) -> Arm | None:
    """The setup with remedies one after the other; None where one changes nothing, or the data does not fit it."""
    setup: Setup | None = sick
    own = held_back(data) if HOLD_BACK in names else None
    for name in names:
        if setup is not None:
            setup = _changed(name, setup, data, own)
    if setup is None or not fits(setup, own or data):
        return None
    return Arm(JOIN.join(names), role, setup, sum(int(REMEDIES[name].cost) for name in names), own)


def _changed(name: str, setup: Setup, data: Dataset, own: Dataset | None) -> Setup | None:
    """The setup with a remedy; None where it has no place.

    Arguments:
        own: the data with more rows to validate, on which training is stopped.
    """
    if name == HOLD_BACK:
        return None if own is None else early_stopping(setup, data.task) or setup
    return _ranged(setup, own or data) if name == RANGE else REMEDIES[name](setup, data.task)


def _ranged(setup: Setup, data: Dataset) -> Setup | None:
    """The setup with the rate that a range test speaks for; None where no rate helps, or it is the one that it has."""
    if not fits(setup, data):
        return None
    try:
        rate = lr_range(setup, data).suggested
    except TrainingError:
        return None
    changed = None if rate is None else at_rate(setup, rate)
    return None if changed is None or same(changed, setup) else changed


def fits(setup: Setup, data: Dataset) -> bool:
    """Whether loss and layers fit the data."""
    try:
        bind(setup, data)
    except (SetupError, ShapeError):
        return False
    return True


def _pair(first: Sequence[str], others: Sequence[str], arms: Sequence[Arm], sick: Setup, data: Dataset) -> list[Arm]:
    """The first remedy with the first other one that makes a setup of its own of it; none where none does."""
    for pair in ([one, other] for one in first for other in others if other != one):
        arm = _arm(pair, PAIR, sick, data)
        if arm is not None and not any(arm.same(before) for before in arms):
            return [arm]
    return []


def _drawn(sick: Setup, data: Dataset, asked: Iterable[str], arms: Sequence[Arm], seed: int) -> Arm | None:
    """A remedy that nothing found asks for: what it proves is what any change would."""
    taken = {*asked, RANGE, HOLD_BACK}
    others = sorted(name for name in REMEDIES if name not in taken and REMEDIES[name].cost != Cost.TIME)
    for i in np.random.default_rng(seed).permutation(len(others)):
        arm = _arm([others[i]], RANDOM, sick, data)
        if arm is not None and not any(arm.same(other) for other in arms):
            return arm
    return None


def _different(arms: Sequence[Arm]) -> list[Arm]:
    """The arms without those that another in front of them does already."""
    kept: list[Arm] = []
    for arm in arms:
        if not any(arm.same(other) for other in kept):
            kept.append(arm)
    return kept

"""`check`: are data, network, loss and first weights sound? Asked before any time is spent on training."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from seedbed.core.draw import draw
from seedbed.core.errors import SetupError
from seedbed.data.dataset import Dataset
from seedbed.data.loading import load
from seedbed.data.preprocessor import Preprocessor
from seedbed.recipe.cases import case_before
from seedbed.recipe.given import a_setup, whole
from seedbed.training.setup import Setup
from seedbed.watching.checks import DYNAMIC
from seedbed.watching.checks.check import Check
from seedbed.watching.checks.static import OF_CASE, of_case, of_data, unfit, unknown
from seedbed.watching.checks.subject import Subject
from seedbed.watching.finding import Finding

STOPS = ("finite_data", "labels")  # of data that fails here nothing more can be asked


@dataclass(frozen=True, eq=False)
class Checks:
    """What the checks before training found, static ones first.

    Attributes:
        setup: the one that was looked at: of a space the draw of member 0.
        checks: all of them.
        seconds: that they took.
    """

    setup: Setup
    checks: tuple[Check, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether none failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Check, ...]:
        """Those that failed."""
        return tuple(one for one in self.checks if one.passed is False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What has a name, also where it is only worth knowing."""
        return tuple(one.finding for one in self.checks if one.finding is not None)

    def __getitem__(self, name: str) -> Check:
        return next(one for one in self.checks if one.name == name)

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    def __str__(self) -> str:
        return "\n".join(map(str, self.checks))


def check(setup: Setup, data: Any, *, seed: int = 0, on_check: Callable[[Check], None] | None = None) -> Checks:
    """Whether data, network, loss and first weights are sound, before training: in a few seconds.

    Static checks come first: they look at setup and data alone. Then real weights are drawn, and the network is looked
    at as it starts; in the end it learns 20 examples by heart.

    Arguments:
        setup: a setup; of a space what member 0 draws is looked at.
        data: a data set, or what `seedbed.data.load` takes.
        seed: of the draws, the first weights and the examples that are looked at.
        on_check: is given each check as it is done.

    Raises:
        SetupError, ShapeError, DataError, UsageError: setup or data are not sound.
    """
    seed, began = whole("seed", seed, least=0), time.perf_counter()
    drawn: Setup = draw(a_setup(setup, "check"), seed=seed, number=0)
    done = []
    for one in _made(drawn, load(data), seed):
        done.append(one)
        if on_check is not None:
            on_check(one)
    return Checks(drawn, tuple(done), time.perf_counter() - began)


def _made(setup: Setup, data: Dataset, seed: int) -> Iterator[Check]:
    """The checks one after the other; where one fails that the others stand on, these are not known."""
    preprocessor = Preprocessor.fit(setup.preprocessing, data)
    of_data_alone = of_data(data, preprocessor, setup)
    yield from of_data_alone
    others = (*OF_CASE, *DYNAMIC)
    if any(one.passed is False and one.name in STOPS for one in of_data_alone):
        yield from unknown(("loss_fits", *others), "data")
        return
    try:
        case = case_before(setup, data)
    except SetupError as error:
        if not any(fault.path[:1] == ("loss",) for fault in error.faults):
            raise
        yield unfit()
        yield from unknown(others, "loss")
        return
    yield from of_case(case)
    subject = Subject(case, data, preprocessor, seed)
    for look in DYNAMIC.values():
        yield look(subject)

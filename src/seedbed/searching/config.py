"""What a study searches and how, as it is written down once and read by every process that works on it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from seedbed.core import toml
from seedbed.core.errors import UsageError
from seedbed.searching.methods import METHODS, OPEN_ROUND, Method
from seedbed.searching.space import Space
from seedbed.training.setup import Setup

FORMAT = 1
SAME = ("fingerprint", "space", "folds", "epochs", "method", "seed", "halves", "rungs", "steps", "trials", "seconds")
ASKED_AS = {"seconds": "a budget in seconds of", "halves": "halving"}


@dataclass(frozen=True)
class Config:
    """What a study searches and how.

    Attributes:
        space: the setup with distributions, as TOML.
        data: the name of the data set.
        fingerprint: of its content and its split.
        task: what its targets are.
        source: how it is loaded again, or None.
        method: one of `METHODS`.
        trials: how many in all; None where the clock is the budget.
        seconds: the budget by wall clock, or None.
        epochs: of a trial that is trained to the end.
        seed: of the draws, first weights, noise and order of the data.
        folds: of cross-validation, or None.
        halves: whether trials that fall behind are given up at rungs.
        steps: into how many values a grid cuts a range, or None.
        costs: the factors of the cost model when the study began: compiling, training.
        open_round: trials of a round where the clock is the budget.
        rungs: the epochs at which trials are compared, where they were given.
    """

    space: str
    data: str
    fingerprint: str
    task: str
    source: Any
    method: str
    trials: int | None
    seconds: float | None
    epochs: int
    seed: int
    folds: int | None
    halves: bool
    steps: int | None
    costs: tuple[float, float] = (1.0, 1.0)
    open_round: int = OPEN_ROUND
    rungs: tuple[int, ...] | None = None

    @classmethod
    def from_text(cls, text: str) -> Config:
        """A configuration from the study.

        Raises:
            UsageError: another version has written it.
        """
        plain = json.loads(text)
        if plain.get("format") != FORMAT:
            hint = "open it with the version of Seedbed that searched, or search anew under another --name"
            raise UsageError(f"study: expected format {FORMAT}, got {plain.get('format')}", hint)
        rungs = plain.get("rungs")  # later than the others
        own = {field.name: plain.get(field.name) for field in fields(cls)}
        return cls(**own | {"costs": tuple(plain["costs"]), "rungs": None if rungs is None else tuple(rungs)})

    def to_text(self) -> str:
        """The configuration for the study."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1)

    def to_space(self) -> Space:
        """The space."""
        return Space(toml.loads(self.space, Setup))

    def to_method(self, space: Space) -> Method:
        """The method, ready to propose."""
        kind, rest = METHODS[self.method][0], (self.steps, self.open_round, self.rungs)
        return kind(space, self.epochs, self.seed, self.trials, self.halves, *rest)

    def check_same(self, other: Config, where: str) -> None:
        """Refuses a study of something else, which would mix what cannot be compared.

        Raises:
            UsageError: it says what differs; `other` is what the study holds.
        """
        name = next((name for name in SAME if getattr(self, name) != getattr(other, name)), None)
        if name is None:
            return
        mine, theirs = getattr(self, name), getattr(other, name)
        expected, came = f"{ASKED_AS.get(name, name)} {theirs}", mine
        if name == "space":
            expected, came = "the same space", _difference(theirs, mine)
        elif name == "fingerprint" and self.data != other.data:
            expected, came = f"the data {other.data}", self.data
        elif name == "fingerprint":
            expected, came = f"{other.data} with the same rows and split", "others: another file, split seed or share"
        hint = "give the study another --name, or leave the option away and --resume it as it is"
        raise UsageError(f"{where}: expected {expected}, got {came}", hint)


def _difference(theirs: str, mine: str) -> str:
    """The first line that two spaces do not share, as a text."""
    old, new = (text.splitlines() for text in (theirs, mine))
    gone = next((line for line in old if line not in new), None)
    come = next((line for line in new if line not in old), None)
    return f"{(come or 'a line less').strip()!r} in place of {(gone or 'nothing').strip()!r}"

"""The race: contestants take turns in short blocks, so that what disturbs the machine disturbs them all.

The best block of each counts. A disturbance only ever makes a block slower, and with turns no contestant has the quiet
minute for itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.networks import LayerTask, Task
from benchmarks.quiet import waits_for_quiet
from benchmarks.worker import Worker


@dataclass
class Team:
    """The processes of one contestant, which train at the same time; most have one.

    Attributes:
        name: as the table shows it.
        contestant: module and class.
        n_processes: how many.
        environment: variables that are set in them.
        options: what every process's contestant is built with.
    """

    name: str
    contestant: str
    n_processes: int = 1
    environment: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)

    def start(self) -> None:
        """Starts the processes."""
        self.workers = [Worker(self.contestant, self.environment) for _ in range(self.n_processes)]

    def close(self) -> None:
        """Ends the processes."""
        for worker in self.workers:
            worker.close()

    def all(self, **order: Any) -> list[Any]:
        """Gives an order to all processes at a time; their answers."""
        for worker in self.workers:
            worker.ask(**order)
        return [worker.answer() for worker in self.workers]


@dataclass
class Entrant:
    """A team with a task, prepared."""

    team: Team
    key: str
    info: dict[str, Any]
    rates: list[float] = field(default_factory=list)  # of each block: steps in a second, all processes together

    def block(self, seconds: float) -> None:
        """Trains for one block."""
        self.rates.append(sum(n / elapsed for n, elapsed in self.team.all(block=self.key, seconds=seconds)))

    @property
    def best(self) -> float:
        """Steps in a second, in the best block."""
        return max(self.rates)


@contextlib.contextmanager
def started(teams: Sequence[Team]) -> Iterator[None]:
    """Inside, the processes of the teams run."""
    try:
        for team in teams:
            team.start()
        yield
    finally:
        for team in teams:
            team.close()


def enter(team: Team, task: Task | LayerTask, **options: Any) -> Entrant:
    """The team, prepared for a task."""
    key = f"{task.name} {options}"
    info = team.all(prepare=key, task=task.name, options=team.options | options)[0]
    return Entrant(team, key, info)


def race(entrants: Sequence[Entrant], *, rounds: int, seconds: float, patience: float) -> int:
    """Lets the entrants train in turns, and gives back their memory. Returns how many blocks began on a busy machine.

    Arguments:
        patience: how many seconds a block waits for quiet.
    """
    n_disturbed = 0
    for _ in range(rounds):
        for entrant in entrants:
            n_disturbed += not waits_for_quiet(patience)
            entrant.block(seconds)
    for entrant in entrants:
        entrant.team.all(drop=entrant.key)
    return n_disturbed

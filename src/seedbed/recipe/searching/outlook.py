"""What a search will do, before it starts: its rounds, cohorts, compilations, bytes and seconds, by the cost model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from seedbed.data.loading import load
from seedbed.network.layer import Layer
from seedbed.network.padding import OneOf
from seedbed.recipe.searching.asked import METHOD, configured
from seedbed.searching.cohorts import Cohort, cohorts, parts
from seedbed.searching.config import Config
from seedbed.searching.costs import Costs
from seedbed.searching.methods import grid_growth
from seedbed.searching.rungs import mean_epochs
from seedbed.training.cohorts import bind
from seedbed.training.setup import Setup
from seedbed.training.supplies import Supplies

COPIES = 6  # of the weights of a trial in training: present and best ones, gradients, what the optimizer remembers
# Arguments of `search` that say where, and not what.
ELSEWHERE = frozenset(
    ("study", "name", "resume", "retrain", "out", "cluster", "workers", "progress", "on_round", "on_told")
)


@dataclass(frozen=True)
class Program:
    """A cohort of the first round.

    Attributes:
        n_trials: that train as this program.
        layers: of its network, padded.
        n_waves: in which they train, `wave` at a time.
        n_bytes: of a wave.
        compile_seconds, train_seconds: expected.
    """

    n_trials: int
    layers: str
    wave: int
    n_waves: int
    n_bytes: int
    compile_seconds: float
    train_seconds: float


@dataclass(frozen=True)
class Outlook:
    """What a search will do.

    Attributes:
        config: what is searched and how.
        sizes: the trials of each round; of a search by wall clock those of the first alone.
        rungs: of each round.
        programs: of the first round.
        seconds: expected for all rounds, as if all were grouped like the first.
        grid: for a grid the number of values of each dimension, and of points as far as there.
    """

    config: Config
    sizes: tuple[int, ...]
    rungs: tuple[tuple[int, ...], ...]
    programs: tuple[Program, ...]
    seconds: float
    grid: tuple[tuple[str, int, int], ...] = ()


def outlook(space: Setup | None, data: Any, **options: Any) -> Outlook:
    """What `search` would do with the same arguments. Raises as it does."""
    absent: dict[str, Any] = dict.fromkeys(("trials", "budget", "folds", "epochs", "halving", "steps", "rungs"))
    told = {name: value for name, value in options.items() if name not in ELSEWHERE}
    dataset = load(data)
    config = configured(space, dataset, **(absent | {"method": METHOD, "seed": 0} | told))
    seen = config.to_space()
    method = config.to_method(seen)
    first = method.propose(0, [], seen)
    assert first is not None
    open_ended = config.seconds is not None
    sizes = [n for i in range(1 if open_ended else 64) if (n := method.n_in(i))]
    rungs = [method.rungs(i, n) for i, n in enumerate(sizes)]
    supplies = Supplies()
    setups = [first.space.setup_at(point).replace(epochs=config.epochs) for point in first.points]
    bound = [bind(one, dataset, supplies.preprocessor(one, dataset).shape) for one in setups]
    n_folds, costs = config.folds or 1, Costs(*config.costs)
    epochs = mean_epochs(first.rungs, len(bound))
    groups = cohorts(bound, dataset, supplies, rungs=first.rungs, n_folds=n_folds, costs=costs)
    programs = tuple(_program(one) for one in groups)
    training = sum(one.train_seconds for one in programs)
    ratio = sum(n * mean_epochs(own, n) for n, own in zip(sizes, rungs, strict=True)) / (sizes[0] * epochs)
    growth = tuple(grid_growth(seen, config.steps)) if config.method == "grid" else ()
    seconds = sum(one.compile_seconds for one in programs) * len(sizes) ** 0.5 + training * ratio
    return Outlook(config, tuple(sizes), tuple(rungs), programs, seconds, growth)


def _program(one: Cohort) -> Program:
    wave = one.plan.wave
    return Program(
        n_trials=len(one.places),
        layers=_line(one),
        wave=wave,
        n_waves=sum(-(-n // wave) for n in parts(len(one.places))),
        n_bytes=COPIES * one.n_bytes * wave,
        compile_seconds=one.compile_seconds,
        train_seconds=one.trial_seconds * len(one.places),
    )


def _line(one: Cohort) -> str:
    """The layers of a program: kinds and widths, without the numbers that differ between its members."""
    return ", ".join(_layer(layer) for layer in one.setups[0].network.layers)


def _layer(layer: Layer) -> str:
    if isinstance(layer, OneOf):
        return "|".join(_layer(option) for option in layer.options)
    units = getattr(layer, "units", None)
    return layer.kind if units is None else f"{layer.kind} {units}"

"""Trained cohorts on disk: all of a run side by side in three files, and in `run.json` what tells them apart.

weights.safetensors        the best weights, under cohort.layer.name
preprocessing.safetensors  what preprocessing learned from the training part, under cohort.step.name
history.parquet            losses and scores, under the members' numbers
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.plain import from_plain, to_plain
from seedbed.data.preprocessor import Preprocessor
from seedbed.data.target import Target
from seedbed.recipe.member import Member
from seedbed.training.plan import Plan
from seedbed.training.setup import Setup
from seedbed.training.state import COLUMNS
from seedbed.training.trained import Trained

if TYPE_CHECKING:
    from pandas import DataFrame

Arrays = dict[str, NDArray[Any]]


def weights_of(cohorts: Sequence[Trained]) -> Arrays:
    """The best weights of every member, cohort by cohort."""
    return {
        f"{c}.{layer}.{name}": np.ascontiguousarray(a)
        for c, trained in enumerate(cohorts)
        for layer, arrays in enumerate(trained.params)
        for name, a in arrays.items()
    }


def preprocessing_of(cohorts: Sequence[Trained]) -> Arrays:
    """What preprocessing learned, cohort by cohort."""
    return {
        f"{c}.{name}": np.ascontiguousarray(a)
        for c, trained in enumerate(cohorts)
        for name, a in trained.preprocessor.arrays().items()
    }


def cohort_to_plain(trained: Trained, members: Sequence[Member]) -> dict[str, Any]:
    """What is to be said of a cohort beside its arrays; `members` are those of the run."""
    own = sorted((m for m in members if m.trained is trained), key=lambda m: m.place)
    return {
        "plan": trained.plan.to_dict(),
        "shape": trained.preprocessor.in_shape,
        "bound": to_plain(trained.setup),
        "members": [
            {
                "number": m.number,
                "setup": to_plain(m.setup),
                "outcome": m.outcome,
                "best_epoch": m.best_epoch,
                "ended": int(trained.ended[m.place]),
                "broken": int(trained.broken[m.place]),
            }
            for m in own
        ],
    }


@dataclass(frozen=True, eq=False)
class Saved:
    """The three files, read again, and what all cohorts share.

    Attributes:
        shape: of an example, for the cohorts of earlier versions, which do not say it.
    """

    weights: Arrays
    fitted: Arrays
    history: DataFrame
    target: Target
    shape: tuple[int, ...]

    @classmethod
    def read(cls, folder: Path, target: Target, shape: Sequence[int]) -> Saved:
        """What is in a run's folder."""
        import pandas as pd
        from safetensors.numpy import load_file

        weights, fitted = (load_file(folder / f"{name}.safetensors") for name in ("weights", "preprocessing"))
        return cls(weights, fitted, pd.read_parquet(folder / "history.parquet"), target, tuple(shape))

    def cohort(self, c: int, plain: dict[str, Any], setups: Sequence[Setup], places: NDArray[np.int64]) -> Trained:
        """The cohort with the number `c`, whose members drew these setups and have these places in the run."""
        bound = from_plain(plain["bound"], Setup)
        own, numbers = (
            [self._bound(setup, bound) for setup in setups],
            [member["number"] for member in plain["members"]],
        )
        fitted = {key.split(".", 1)[1]: a for key, a in self.fitted.items() if key.startswith(f"{c}.")}
        shape = tuple(plain.get("shape", self.shape))
        rows, seconds = self._history(numbers, bound)
        return Trained(
            setup=bound,
            numbers=jax.tree.map(lambda *leaves: np.asarray(leaves, np.float64), *own),
            places=places,
            preprocessor=Preprocessor.from_arrays(bound.preprocessing, fitted, shape),
            params=self._params(c, len(bound.network.layers)),
            best_epoch=_whole(plain, "best_epoch"),
            outcomes=[member["outcome"] for member in plain["members"]],
            history=rows,
            seconds=seconds,
            seen=(),
            ended=_whole(plain, "ended"),
            broken=_whole(plain, "broken"),
            plan=Plan(**plain["plan"]),
        )

    def _bound(self, setup: Setup, cohort: Setup) -> Setup:
        """A member's own setup with the sizes that the data asked for, and the layer that made images of vectors."""
        n_classes, n_targets = len(self.target.class_names), len(self.target.names)
        n_outputs = setup.loss.n_outputs(self.target.task, n_classes=n_classes, n_targets=n_targets)
        network = setup.network.bind(n_outputs)
        n_more = len(cohort.network.layers) - len(network.layers)
        return setup.replace(network=network.replace(layers=[*cohort.network.layers[:n_more], *network.layers]))

    def _params(self, c: int, n_layers: int) -> tuple[Arrays, ...]:
        layers: list[Arrays] = [{} for _ in range(n_layers)]
        for key in (key for key in self.weights if key.startswith(f"{c}.")):
            _, layer, name = key.split(".", 2)  # a name may hold a dot itself
            layers[int(layer)][name] = self.weights[key]
        return tuple(layers)

    def _history(self, numbers: Sequence[int], setup: Setup) -> tuple[NDArray[Any], NDArray[Any]]:
        """The arrays (member, epoch, column) and (member, epoch) again, NaN where a member did not train."""
        rows = np.full((len(numbers), setup.epochs, len(COLUMNS)), np.nan, setup.storage)
        seconds = np.full((len(numbers), setup.epochs), np.nan)
        place = {number: i for i, number in enumerate(numbers)}
        ours = self.history[self.history["member"].isin(numbers)]
        at = (ours["member"].map(place).to_numpy(), ours["epoch"].to_numpy())
        rows[at] = ours[list(COLUMNS)].to_numpy()
        seconds[at] = ours["wall_seconds"].to_numpy()
        return rows, seconds


def _whole(plain: dict[str, Any], name: str) -> NDArray[np.int32]:
    """A whole number of each member; -1 where a run of an earlier version does not hold it."""
    return np.asarray([member.get(name, -1) for member in plain["members"]], np.int32)

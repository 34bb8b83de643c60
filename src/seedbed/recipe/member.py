"""A trained network as a user holds it: one member of a population, or an ensemble of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import UsageError
from seedbed.data.encoder import Encoder
from seedbed.data.fold_encoder import FoldEncoder
from seedbed.network import Network, Trace
from seedbed.recipe.predictor import Predictor
from seedbed.training.predict import predictions
from seedbed.training.setup import Setup
from seedbed.training.trained import Trained


@dataclass(frozen=True, eq=False, repr=False)
class Member:
    """One trained network.

    Attributes:
        number: its own number, from which its random streams follow.
        setup: the setup that it drew.
        outcome: how its training ended.
        best_epoch: the epoch, from 0, whose weights it keeps: the one of the smallest validation loss; -1 for none.
        valid_loss: the validation loss of that epoch, without penalty.
        valid_score: the validation score of that epoch: accuracy or R².
        temperature: what its probabilities are divided by as logits, so that they are as sure as they are right; 1 but
            for the best member of a run.
        fold: the fold that it did not learn from, in a run on folds.
        has_vote: whether it predicts for its setup. With folds by time only the network of the last one does.
    """

    number: int
    setup: Setup
    outcome: str
    best_epoch: int
    valid_loss: float
    valid_score: float
    trained: Trained
    place: int
    encoder: Encoder
    temperature: float = 1.0
    fold: int | None = None
    has_vote: bool = True

    @property
    def members(self) -> tuple[Member, ...]:
        """The network alone, so that it can stand where an ensemble can."""
        return (self,)

    @property
    def params(self) -> tuple[dict[str, NDArray[Any]], ...]:
        """The weights: for each layer a dictionary of arrays, empty where there is nothing to learn."""
        params: tuple[dict[str, NDArray[Any]], ...] = self.trained.params
        return jax.tree.map(lambda a: np.asarray(a[self.place]), params)

    @property
    def network(self) -> Network:
        """The network, with the sizes that the data asks for."""
        numbers = jax.tree.map(lambda leaf: float(leaf[self.place]), self.trained.numbers)
        return numbers.network

    @property
    def is_sound(self) -> bool:
        """Whether any epoch gave weights with a finite validation loss."""
        return self.best_epoch >= 0

    def predict(self, x: Any) -> NDArray[Any]:
        """What the network says of raw rows: the names of classes (n,), labels 0 and 1 (n, k), or values.

        Values of a single target come as (n,).

        Raises:
            DataError: columns are missing or values do not fit.
        """
        return self.predictor.predict(x)

    def predict_proba(self, x: Any) -> NDArray[Any]:
        """The probability of each class, or of each label, (n, k).

        Raises:
            UsageError: the network predicts values.
            DataError: columns are missing or values do not fit.
        """
        return self.predictor.predict_proba(x)

    def trace(self, x: Any, y: Any) -> Trace:
        """What flows through the network for raw rows and their targets: z, a, δ and ∂C/∂w, layer by layer.

        C is the mean loss over these rows, as training measured it (of targets behind the preprocessing) but without
        penalty, class weights and dropout. Print it for a table.

        Arguments:
            x: raw rows, as `predict` takes them; or one row, with one target.
            y: their targets as they were loaded: names of classes, labels, values in their own unit. Where classes are
                named by texts, also their numbers, as `Dataset` holds them.

        Raises:
            DataError: columns are missing, a class is unknown, or there are not as many targets as rows.
        """
        from seedbed.recipe.tracing import trace_of

        return trace_of(self, x, y)

    @property
    def predictor(self) -> Predictor:
        """What takes raw rows."""
        encoder = encoder_of([self])
        return Predictor(encoder, lambda x: predict_encoded([self], x, encoder)[0], self.temperature)

    def __repr__(self) -> str:
        return f"Member({self.number}, valid_score={self.valid_score:.4f}, {self.outcome}, {self.setup.network})"


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble:
    """Several trained networks whose predictions are averaged; a member may count more than once.

    Attributes:
        members: in the order in which they were chosen.
        temperature: what the mean probabilities are divided by as logits.
    """

    members: tuple[Member, ...]
    temperature: float = 1.0

    @property
    def setup(self) -> Setup:
        """The setup of its first member: of all, where they are the networks of one setup on all folds."""
        return self.members[0].setup

    @property
    def weights(self) -> dict[int, int]:
        """How often each member counts, by its number."""
        return dict(Counter(member.number for member in self.members))

    def predict(self, x: Any) -> NDArray[Any]:
        """What the mean says of raw rows; as `Member.predict`."""
        return self.predictor.predict(x)

    def predict_proba(self, x: Any) -> NDArray[Any]:
        """The mean probability of each class or label; as `Member.predict_proba`."""
        return self.predictor.predict_proba(x)

    def trace(self, x: Any, y: Any) -> Trace:
        """Nothing: a trace is of one network.

        Raises:
            UsageError: always; it says how to trace a member.
        """
        del x, y
        raise UsageError(f"trace: expected one network, got {self!r}", "trace one of them: .members[0].trace(x, y)")

    @property
    def predictor(self) -> Predictor:
        """What takes raw rows."""
        encoder = encoder_of(self.members)
        return Predictor(encoder, lambda x: self._mean(x, encoder), self.temperature)

    def _mean(self, x: NDArray[Any], encoder: Encoder) -> NDArray[Any]:
        unlike = list({member.number: member for member in self.members}.values())
        counts = [self.weights[member.number] for member in unlike]
        return np.average(predict_encoded(unlike, x, encoder), axis=0, weights=counts)

    def __repr__(self) -> str:
        return f"Ensemble({', '.join(f'{count} x {number}' for number, count in self.weights.items())})"


def encoder_of(members: Sequence[Member]) -> Encoder:
    """The encoder that some members need: of a run on folds, that of their fold alone where they are all of one."""
    encoder = members[0].encoder
    fold, *others = {member.fold for member in members}
    return encoder if others or fold is None or not isinstance(encoder, FoldEncoder) else encoder.folds[fold]


def predict_encoded(members: Sequence[Member], x: NDArray[Any], encoder: Encoder) -> NDArray[Any]:
    """What each of some members says of rows that this encoder has encoded, (member, n, k)."""
    folds = list(dict.fromkeys(member.fold for member in members))
    values: dict[int, NDArray[Any]] = {}
    for fold in folds:
        places = [i for i, member in enumerate(members) if member.fold == fold]
        said = predict_apart([members[i] for i in places], encoder.of_fold(x, fold))
        values |= dict(zip(places, said, strict=True))
    return np.stack([values[i] for i in range(len(members))])


def predict_apart(members: Sequence[Member], x: NDArray[Any]) -> NDArray[Any]:
    """What members say that read the same features, (member, n, k), cohort by cohort."""
    task = members[0].encoder.target.task
    values: dict[int, NDArray[Any]] = {}
    cohorts: dict[int, list[int]] = {}
    for i, member in enumerate(members):
        cohorts.setdefault(id(member.trained), []).append(i)
    for places in cohorts.values():
        which = np.asarray([members[i].place for i in places])
        values |= dict(zip(places, predictions(members[places[0]].trained, which, x, task), strict=True))
    return np.stack([values[i] for i in range(len(members))])

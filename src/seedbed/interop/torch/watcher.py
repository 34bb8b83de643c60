"""The watcher of a model of PyTorch: its signals over the epochs, and what is found in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import SetupError, UsageError
from seedbed.core.plain import to_line
from seedbed.interop.torch.looks import Looks
from seedbed.interop.torch.translate import Passed, class_weight_of, loss_of, optimizer_of
from seedbed.network import Network
from seedbed.network.losses import Loss
from seedbed.training.setup import Setup
from seedbed.training.state import COLUMNS
from seedbed.training.trained import DIVERGED, TRAINED
from seedbed.watching.case import Case, Inputs, chance_of
from seedbed.watching.finding import FATAL, Evidence, Finding
from seedbed.watching.findings import findings_of
from seedbed.watching.series import Series, table
from seedbed.watching.signals import PER_WEIGHT

if TYPE_CHECKING:
    from pandas import DataFrame


class Watcher:
    """What `watch` gives. It looks until it is closed, or until the block is left that it is the context of."""

    def __init__(
        self, model: Any, optimizer: Any, found: Sequence[tuple[str, Any]], *, loss: Any, every: int, task: str,
        n_classes: int | None,
    ) -> None:  # fmt: skip
        self._optimizer, self._loss, self._task, self._n_classes = optimizer, loss, task, n_classes
        self._first = optimizer_of(optimizer)
        self._looks = Looks(model, optimizer, found, loss, every)
        self._history: list[tuple[float, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Takes all hooks out of the model. What was seen stays."""
        self._looks.close()

    def epoch(self, *, train_loss: Any, train_score: Any, valid_loss: Any, valid_score: Any) -> None:
        """Closes an epoch: what was looked at since the last belongs to it.

        Arguments:
            train_loss, valid_loss: means over the examples, without penalties.
            train_score, valid_score: better when higher: accuracy, or R² of a regression.

        Raises:
            UsageError: one is no number, or the watcher is closed.
        """
        if not self._looks.is_open:
            raise UsageError("watcher.epoch: expected an open watcher, got a closed one", "close it behind the last")
        given = {
            "train_loss": train_loss, "train_score": train_score, "valid_loss": valid_loss, "valid_score": valid_score,
        }  # fmt: skip
        rate = float(self._optimizer.param_groups[0]["lr"])
        self._history.append((*(_number(name, value) for name, value in given.items()), rate))
        self._looks.epoch()

    @property
    def series(self) -> Series:
        """The signals by name, (epoch, layer), of the epochs that are closed.

        Raises:
            UsageError: there is none yet.
        """
        self._check_seen()
        places = self._looks.places
        weights = tuple(i for i, place in enumerate(places) if place.weight is not None)
        values = {}
        epochs = self._looks.epochs
        names = dict.fromkeys(name for one in epochs for name in one)
        if not names:
            raise UsageError(
                "watcher.series: expected an epoch with a look, got none", "call watcher.epoch behind each"
            )
        for name in names:
            shape = next(one[name].shape for one in epochs if name in one)
            rows = np.stack([one.get(name, np.full(shape, np.nan)) for one in epochs])
            if name in PER_WEIGHT:
                spread = np.full((len(rows), len(places)), np.nan)
                spread[:, weights] = rows
                rows = spread
            values[name] = rows
        named = tuple(p.name if isinstance(p.layer, Passed) else to_line(p.layer) for p in places)
        return Series(values, named, weights)

    @property
    def signals(self) -> DataFrame:
        """The same as a table: one line for each epoch with a look, and layer."""
        return table([(0, self.series)])

    def case(self, x: Any, y: Any) -> Case:
        """All that is known, which findings are made from. Arguments and errors as of `findings`."""
        loss, y = self._sound_loss(), _array(y)
        x, y = _array(x), _targets(y, self._task)
        if len(x) != len(y) or not len(x):
            raise UsageError(f"watcher: expected a target for each example, got {len(x)} examples and {len(y)} targets")
        self._check_seen()
        n_outputs, n_classes = self._looks.places[-1].out[-1], self._classes(y)
        if self._task == "classification" and n_outputs > 1 and y.max() >= n_outputs:
            raise UsageError(f"watcher: expected classes below {n_outputs}, the number of outputs, got {y.max()}")
        x = np.moveaxis(x, 1, -1) if x.ndim > 2 else x
        inputs = Inputs.of(x, y, self._task, n_classes, n=len(x), are_images=x.ndim > 2)
        setup = self._setup(loss)
        weight = None if setup.class_weight is None else np.asarray(setup.class_weight, np.float64)[y]
        chance = chance_of(loss, y, n_outputs, weight)
        case = Case(setup, self._looks.in_shape, self._task, inputs, chance)
        if not self._history:
            return case
        history = dict(zip(COLUMNS, np.asarray(self._history).T, strict=True))
        finite = np.isfinite(history["valid_loss"])
        return replace(
            case,
            history=history,
            outcome=TRAINED if np.isfinite(history["train_loss"]).all() else DIVERGED,
            best_epoch=int(np.nanargmin(np.where(finite, history["valid_loss"], np.nan))) if finite.any() else -1,
            series=self.series if any(self._looks.epochs) else None,
            ended=self._looks.losses.first,
            broken=self._looks.broken,
            epoch_steps=self._looks.n_epoch_steps,
        )

    def findings(self, x: Any, y: Any) -> list[Finding]:
        """What keeps the network from learning, the causes first.

        Arguments:
            x: the examples it is trained on, as the model reads them; images as images, (n, channels, height, width) or
                (n, height, width), also where it reads them flat: their rim is dark in all, which is no fault of them.
            y: their targets.

        Raises:
            UsageError: no step of training was seen, `watch` was given no loss, or the examples are not sound.
        """
        loss, y = self._sound_loss(), _array(y)
        n_targets = y.shape[-1] if y.ndim > 1 else 1
        try:
            loss.n_outputs(self._task, self._n_classes or 2, n_targets)
        except SetupError:
            evidence = (Evidence("tasks of the loss that are the data's", 0, "1"),)
            return [Finding("loss_does_not_fit", (), (), FATAL, evidence, ("fit_output",))]
        return findings_of(self.case(x, y))

    def _setup(self, loss: Loss) -> Setup:
        optimizer, penalty = self._first
        return Setup(
            network=Network([place.layer for place in self._looks.places]),
            loss=loss,
            optimizer=optimizer,
            penalty=penalty,
            batch_size=self._looks.batch_size,
            epochs=max(len(self._history), 1),
            preprocessing=(),
            class_weight=class_weight_of(self._loss) if self._task == "classification" else None,
        )

    def _sound_loss(self) -> Loss:
        if self._loss is None:
            hint = "watch(model, optimizer, loss=criterion)"
            raise UsageError("watcher.findings: expected the loss that is made small, got none", hint)
        return loss_of(self._loss)

    def _check_seen(self) -> None:
        if not self._looks.places:
            hint = "train the model, model.train(), with the optimizer that is watched"
            raise UsageError("watcher: expected a step of training at least, got none", hint)

    def _classes(self, y: NDArray[Any]) -> int:
        if self._task != "classification":
            return 0
        return max(self._n_classes or 2, int(y.max()) + 1)


def _number(name: str, value: Any) -> float:
    try:
        return float(value.detach() if hasattr(value, "detach") else value)
    except (TypeError, ValueError):
        raise UsageError(f"watcher.epoch: expected {name} as a number, got {value!r}") from None


def _array(given: Any) -> NDArray[Any]:
    return given.detach().cpu().numpy() if hasattr(given, "detach") else np.asarray(given)


def _targets(y: NDArray[Any], task: str) -> NDArray[Any]:
    """Targets as losses of ours take them: classes (n,) as whole numbers, else (n, k)."""
    if task != "classification":
        return np.asarray(y, np.float64).reshape(len(y), -1)
    if y.ndim == 2 and y.shape[1] > 1:
        return np.asarray(y.argmax(axis=1), np.int64)
    flat = y.reshape(len(y), -1)[:, 0] if y.size else y.reshape(-1)
    whole = flat.astype(np.int64)
    if (whole != flat).any() or (whole < 0).any():
        hint = "watch(..., task='regression') for targets that are measured"
        raise UsageError("watcher: expected whole numbers as targets, the classes, got others", hint)
    return whole

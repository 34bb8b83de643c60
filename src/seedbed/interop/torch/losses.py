"""The losses of all steps of a model of PyTorch, and the first of them that was no number.

A hook in the loss keeps its values where they are; they are looked at many together, so that no step waits for one.
"""

from __future__ import annotations

from typing import Any

import torch

MOST = 256  # losses that wait to be looked at


class Losses:
    """The losses so far, of which only the first that is no number is kept."""

    def __init__(self) -> None:
        self._first = -1
        self._waiting: list[tuple[int, Any]] = []

    def add(self, step: int, value: Any) -> None:
        """Takes the mean loss of a step, from 0; one without a slope is none of training."""
        if value.requires_grad and self._first < 0:
            self._waiting.append((step, value.detach()))
            if len(self._waiting) >= MOST:
                self._look()

    @property
    def first(self) -> int:
        """The first step whose loss was no number; -1 where there was none."""
        if self._waiting:
            self._look()
        return self._first

    def _look(self) -> None:
        steps, values = zip(*self._waiting, strict=True)
        self._waiting = []
        is_bad = ~torch.isfinite(torch.stack(values))
        if self._first < 0 and is_bad.any():
            self._first = int(steps[int(is_bad.int().argmax())])

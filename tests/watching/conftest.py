"""Setups and data that the tests of this room share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.data.dataset import Dataset
from seedbed.data.preprocessor import Preprocessor
from seedbed.recipe.cases import case_before
from seedbed.watching.checks.subject import Subject

Make = Callable[..., Subject]


def setup_of(network: str, loss: sb.Loss | None = None, optimizer: sb.Optimizer | None = None, **rest: Any) -> sb.Setup:
    """A setup in few words."""
    given: dict[str, Any] = {"loss": loss or sb.CrossEntropy(), "optimizer": optimizer or sb.Adam(3e-3)}
    return sb.Setup(network=sb.Network.parse(network), **given, **rest)


def subject_of(setup: sb.Setup, data: Dataset, seed: int = 0) -> Subject:
    """What the dynamic checks look at."""
    return Subject(case_before(setup, data), data, Preprocessor.fit(setup.preprocessing, data), seed)


@pytest.fixture(scope="session")
def blobs() -> Dataset:
    """Three classes of eight features, a little apart."""
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    return sb.data.load((rng.normal(size=(300, 8)) + rng.normal(size=(3, 8))[y], y))


@pytest.fixture(scope="session")
def waves() -> Dataset:
    """A quantity of two features."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(240, 2))
    return sb.data.load((x, np.sin(x[:, 0]) + x[:, 1] + 0.1 * rng.normal(size=240)))

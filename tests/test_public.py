"""The public face: exactly these names, each explained. What is added or taken away is a change for the changelog."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import seedbed

PUBLIC = """
    AdamW Adagrad Adam BackendError BinaryCrossEntropy Constant ConstantRate Cosine CrossEntropy DataError Dropout ELU
    Ensemble Flatten GELU HeNormal HeUniform Huber Identity L1 L2 Layer LeCunNormal LeCunUniform LeakyReLU Linear
    MeanSquaredError Member Network Normal Orthogonal PReLU QuadraticCost RMSProp RandomUniform ReLU Run RunError SELU
    SGD SeedbedError Setup SetupError ShapeError SiLU Sigmoid Softmax Softplus Standardize StandardizeTarget Step
    StepDecay Tanh TrainingError UsageError WarmUp XavierNormal XavierUniform Zeros choice compare data diff draw environment integers
    load_run log_uniform propose same train training uniform
"""


def test_the_public_names_are_these() -> None:
    rooms = {name for name, thing in vars(seedbed).items() if isinstance(thing, ModuleType)} - set(PUBLIC.split())
    assert sorted(name for name in dir(seedbed) if name[0] != "_" and name not in rooms) == sorted(PUBLIC.split())


@pytest.mark.parametrize("name", PUBLIC.split())
def test_every_public_name_is_explained(name: str) -> None:
    assert getattr(seedbed, name).__doc__


def test_the_version_is_written_once() -> None:
    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    if seedbed.__version__ == "0+unknown":
        pytest.skip("seedbed is not installed here, only on the path")
    assert seedbed.__version__ == importlib.metadata.version("seedbed") == project["project"]["version"]

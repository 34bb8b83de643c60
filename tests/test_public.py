"""The public face: exactly these names, each explained. What is added or taken away is a change for the changelog."""

from __future__ import annotations

import importlib.metadata
import re
import textwrap
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import seedbed

PUBLIC = """
    Adagrad Adam AdamW Augmentation AvgPool BackendError BatchNorm BinaryCrossEntropy Center Chain Check Checks
    Constant ConstantRate Conv1d Conv2d Cosine Crop CrossEntropy DataError Diagnosis Divide Dropout ELU Embedding
    Ensemble Finding Flatten Flip GELU GlobalAvgPool GroupNorm HeNormal HeUniform Huber Identity Initializer
    Jacobian L1 L2 Layer LayerNorm LeCunNormal LeCunUniform LeakyReLU Linear Log Loss MaxPool MeanSquaredError
    Member MinMax Network Noise Normal Optimizer Orthogonal Outlook PCA PReLU Parallel Penalty PiecewiseLinear
    Predictor QuadraticCost Quantile RMSProp RandomUniform Range ReLU Repeat Reshape Residual Robust Run RunError
    SELU SGD Schedule SeedbedClassifier SeedbedError SeedbedPerceptron SeedbedRegressor Setup SetupError ShapeError
    Shift SiLU Sigmoid Softmax Softplus Standardize StandardizeTarget Step StepDecay Study Tanh TrainingError
    Treatment UsageError Value WarmUp Watch Whiten XavierNormal XavierUniform Zeros calculus check choice compare
    data derivative diagnose diff draw environment explain fields gradient hessian integers interop is_linear
    isometry jacobian linearize load_predictor load_run load_study log_uniform lr_range nudge outlook predict
    propose propose_space resume same search separate shape_of train training treat uniform
"""


def test_the_public_names_are_these() -> None:
    rooms = {name for name, thing in vars(seedbed).items() if isinstance(thing, ModuleType)} - set(PUBLIC.split())
    assert sorted(name for name in dir(seedbed) if name[0] != "_" and name not in rooms) == sorted(PUBLIC.split())


@pytest.mark.parametrize("name", PUBLIC.split())
def test_every_public_name_is_explained(name: str) -> None:
    assert getattr(seedbed, name).__doc__


def test_type_checkers_are_told_that_there_are_types() -> None:
    assert (Path(seedbed.__file__).parent / "py.typed").is_file()


def test_the_layer_that_the_architecture_shows_trains() -> None:
    text = (Path(__file__).resolve().parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"\n\n((?:    .*\n|\n)+)", text) if "class Scale" in block)
    names: dict[str, Any] = {"sb": seedbed, "__name__": "architecture"}
    exec(compile(textwrap.dedent(example), "ARCHITECTURE.md", "exec", dont_inherit=True), names)
    try:
        network = seedbed.Network.parse("linear 4, scale factor=choice(1, 2), tanh, linear out")
        setup = seedbed.Setup(network=network, loss=seedbed.CrossEntropy(), optimizer=seedbed.SGD(0.1), epochs=1)
        run = seedbed.train(setup, "iris", members=6, out=None)
        assert {member.setup.network.layers[1].factor for member in run.members} == {1.0, 2.0}
    finally:
        del seedbed.Layer.kinds["scale"]


OWN = """
class Tilted(sb.Loss, kind="tilted"):
    tilt: float = sb.fields.number(2.0, low=1.0)

    def compare(self, outputs, targets):
        error = outputs - targets
        return jnp.mean(jnp.where(error > 0, self.tilt, 1.0) * error**2, axis=-1)

class Signs(sb.Optimizer, kind="signs"):
    def rule(self):
        return optax.scale_by_sign()

class Steady(sb.Initializer, kind="steady"):
    level: float = sb.fields.number(0.1)

    def draw(self, shape, fan, key):
        return jnp.full(shape, self.level, jnp.float32)
"""


def test_pieces_of_ones_own_are_written_with_public_names_alone() -> None:
    own: dict[str, Any] = {"sb": seedbed, "jnp": jnp, "optax": optax, "__name__": "own"}
    exec(compile(OWN, "own.py", "exec", dont_inherit=True), own)
    try:
        network = seedbed.Network([seedbed.Linear("out", weight=own["Steady"](0.2))])
        assert str(network) == "linear out weight=steady(level=0.2)"
        setup = seedbed.Setup(network=network, loss=own["Tilted"](3), optimizer=own["Signs"](0.01), epochs=2)
        x = np.random.default_rng(0).normal(size=(90, 2))
        run = seedbed.train(setup, (x, x.sum(axis=1)), members=1, out=None)
        assert run.best.setup.loss.tilt == 3.0 and run.best.is_sound
    finally:
        for family, kind in ((seedbed.Loss, "tilted"), (seedbed.Optimizer, "signs"), (seedbed.Initializer, "steady")):
            del family.kinds[kind]


def test_the_version_is_written_once() -> None:
    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    if seedbed.__version__ == "0+unknown":
        pytest.skip("seedbed is not installed here, only on the path")
    assert seedbed.__version__ == importlib.metadata.version("seedbed") == project["project"]["version"]

"""Runs that the tests of this room share: small, of every kind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import seedbed as sb

EPOCHS = 3


def digits_setup() -> sb.Setup:
    """Four places are drawn, all of one structure."""
    layers = [sb.Linear(16), sb.PReLU(), sb.Dropout(sb.uniform(0.0, 0.4)), sb.Linear("out")]
    optimizer = sb.Adam(sb.log_uniform(1e-3, 1e-2), weight_decay=sb.log_uniform(1e-4, 1e-1))
    return sb.Setup(network=sb.Network(layers), loss=sb.CrossEntropy(), optimizer=optimizer, batch_size=64)


def houses(n: int = 160) -> pd.DataFrame:
    """A table with numbers, categories, holes and a price."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "area": rng.uniform(30, 200, n), "rooms": rng.integers(1, 7, n), "town": rng.choice(["Ulm", "Bonn", "Köln"], n)
    })  # fmt: skip
    table["price"] = 2000 * table["area"] + 1e4 * table["rooms"] + 5e4 * (table["town"] == "Köln")
    table.loc[3, "area"] = np.nan
    return table


@pytest.fixture(scope="session")
def digits() -> object:
    return sb.data.load("digits")


@pytest.fixture(scope="session")
def digits_run(digits: object, tmp_path_factory: pytest.TempPathFactory) -> sb.Run:
    out = tmp_path_factory.mktemp("runs") / "digits"
    return sb.train(digits_setup(), digits, members=4, epochs=EPOCHS, seed=5, out=out)


@pytest.fixture(scope="session")
def houses_run(tmp_path_factory: pytest.TempPathFactory) -> sb.Run:
    """A regression in float64, with early stopping."""
    setup = sb.Setup(
        network=sb.Network([sb.Linear(8), sb.Tanh(), sb.Linear("out")]),
        loss=sb.MeanSquaredError(),
        optimizer=sb.Adam(sb.log_uniform(1e-3, 1e-1), schedule=sb.Cosine()),
        batch_size=16,
        epochs=8,
        patience=1,
        precision="float64",
    )
    data = sb.data.load(houses(), target="price", name="houses")
    return sb.train(setup, data, members=5, out=tmp_path_factory.mktemp("runs") / "houses")


@pytest.fixture(scope="session")
def mixed_run(tmp_path_factory: pytest.TempPathFactory) -> sb.Run:
    """Several structures: widths and activations are drawn."""
    layers = [sb.Linear(sb.choice(4, 6)), sb.choice(sb.ReLU(), sb.Tanh()), sb.Linear("out")]
    optimizer = sb.SGD(sb.log_uniform(1e-2, 1e-1), momentum=0.9)
    setup = sb.Setup(network=sb.Network(layers), loss=sb.CrossEntropy(), optimizer=optimizer, epochs=2)
    return sb.train(setup, "iris", members=[0, 1, 2, 3, 7, 9], out=tmp_path_factory.mktemp("runs") / "iris")


RUNS = ("digits_run", "houses_run", "mixed_run")


@pytest.fixture(params=RUNS)
def any_run(request: pytest.FixtureRequest) -> sb.Run:
    run: sb.Run = request.getfixturevalue(request.param)
    return run


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path

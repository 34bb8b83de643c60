"""More rows held back: whose they are, what they leave, and where there are none to hold back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from seedbed.data import load
from seedbed.data.dataset import PARTS
from seedbed.data.holding import held_back, valid_share

RNG = np.random.default_rng(0)
N = 200
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(size=N),
        "kind": RNG.choice(["a", "b", "c"], N),
        "y": RNG.choice(["no", "yes", "maybe"], N, p=[0.7, 0.2, 0.1]),
        "who": RNG.integers(0, 30, N),
        "day": pd.date_range("2020-01-01", periods=N),
    }
)
PLAIN = TABLE.drop(columns=["who", "day"])


def test_the_validation_part_grows_by_rows_of_the_training_part_and_the_test_part_stays() -> None:
    data = load(PLAIN, target="y", valid_share=0.1)
    held = held_back(data)
    assert held is not None
    rows = {name: [set(getattr(one, name).index.tolist()) for one in (data, held)] for name in PARTS}
    assert rows["test"][0] == rows["test"][1]
    assert rows["valid"][0] < rows["valid"][1] and len(rows["valid"][1]) == 2 * len(rows["valid"][0])
    assert rows["valid"][1] - rows["valid"][0] == rows["train"][0] - rows["train"][1]
    assert rows["train"][1] < rows["train"][0] and not rows["train"][1] & (rows["valid"][1] | rows["test"][1])
    for part in (held.train, held.valid, held.test):  # each row with what belongs to it
        raw = PLAIN.iloc[part.index]
        np.testing.assert_array_equal(np.asarray(held.class_names)[part.y], raw["y"])
        np.testing.assert_allclose(part.x[:, 0], raw["size"])


def test_classes_are_shared_out_in_proportion() -> None:
    data = load(PLAIN, target="y")
    held = held_back(data)
    assert held is not None
    before, after = (np.bincount(one.valid.y, minlength=3) for one in (data, held))
    taken, there = after - before, np.bincount(data.train.y, minlength=3)
    np.testing.assert_allclose(taken, there * taken.sum() / there.sum(), atol=1)
    assert (np.bincount(held.train.y, minlength=3) > 0).all()


def test_the_seed_of_the_split_decides() -> None:
    one, again, other = (load(PLAIN, target="y", split_seed=seed) for seed in (3, 3, 4))
    first, second = held_back(one), held_back(again)
    assert first is not None and second is not None and first.fingerprint == second.fingerprint
    assert one.fingerprint != first.fingerprint != held_back(other).fingerprint  # type: ignore[union-attr]


def test_two_fifths_at_most() -> None:
    held = held_back(load("iris"))
    assert held is not None
    share = len(held.valid) / (len(held.valid) + len(held.train))
    assert share == 0.4


@pytest.mark.parametrize(
    "options", [{"group": "who"}, {"time": "day"}, {"valid_share": 0.35}], ids=["groups", "times", "enough"]
)
def test_where_nothing_is_held_back(options: dict[str, object]) -> None:
    assert held_back(load(TABLE, target="y", **options)) is None  # type: ignore[arg-type]


def test_of_few_rows_nothing_is_held_back() -> None:
    few = load((RNG.normal(size=(16, 2)), np.arange(16) % 2))
    assert held_back(few) is None


def test_of_a_regression() -> None:
    data = load((RNG.normal(size=(100, 2)), RNG.normal(size=100)), valid_share=0.12)
    held = held_back(data)
    assert held is not None and len(held.valid) == 2 * len(data.valid) == 24


@pytest.mark.parametrize("has_test", [False, True], ids=["its own parts", "a given test part"])
@pytest.mark.parametrize("kind", ["arrays", "quantities", "table", "file"])
@pytest.mark.parametrize("share", [1 / 6, 0.1])
def test_the_share_that_is_told_loads_as_many(kind: str, has_test: bool, share: float, tmp_path: Path) -> None:
    """Loaded with it, the same source gives a validation part of that size, in which the one before is."""
    n = 161  # of a sixth and of a tenth of which something is left
    table = PLAIN.iloc[:n]
    other: Any = PLAIN.iloc[n:]
    options: dict[str, Any] = {} if kind in ("arrays", "quantities") else {"target": "y"}
    source: Any = table
    if kind in ("arrays", "quantities"):
        y = PLAIN["y"] if kind == "arrays" else 3 * PLAIN["size"] + RNG.normal(size=N)
        source, other = ((PLAIN[["size"]].to_numpy()[rows], y.to_numpy()[rows]) for rows in (slice(n), slice(n, N)))
    if kind == "file":
        source, other = tmp_path / "train.csv", tmp_path / "test.csv"
        table.to_csv(source, index=False), PLAIN.iloc[n:].to_csv(other, index=False)
    options |= {"test": other} if has_test else {}
    data = load(source, valid_share=share, **options)
    held = held_back(data)
    assert held is not None and data.has_own_test is has_test
    again = load(source, valid_share=valid_share(data), **options)
    assert len(again.valid) == len(data.valid)
    told = valid_share(data, len(held.valid))
    loaded = load(source, valid_share=told, **options)
    assert len(loaded.valid) == len(held.valid) and len(f"{told:g}") <= 5
    assert set(data.valid.index.tolist()) <= set(loaded.valid.index.tolist())


def test_the_share_of_a_name_is_short() -> None:
    data = load("iris")
    assert valid_share(data) == 0.167 and valid_share(data, 48) == 0.32
    held = held_back(digits := load("digits"))
    assert held is not None
    assert len(load("digits", valid_share=valid_share(digits, len(held.valid))).valid) == len(held.valid)

"""The benchmark on Jacobians: the same function in both libraries, true peaks, and verdicts that can fail."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from benchmarks.contestants.jacobians import CONTESTANTS, PACKAGES, Seedbed
from benchmarks.jacobian import joined
from benchmarks.jacobian_cases import CASES
from benchmarks.jacobian_tables import milliseconds, readable, verdicts
from benchmarks.memory import Peak


@pytest.mark.parametrize("case", CASES)
def test_both_libraries_have_the_same_function(case: str) -> None:
    pytest.importorskip("torch")
    task = CASES[case].task(is_tiny=True)
    results = []
    for contestant in (Seedbed(), CONTESTANTS["torch jacrev"]()):
        f = task.of(contestant.library, contestant.array)
        results.append(np.asarray(f(contestant.array(task.x))))
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)
    assert results[0].shape == task.u.shape


def test_the_sizes_are_those_of_the_titles() -> None:
    dense = {case: CASES[case].task(is_tiny=False).n_bytes for case in CASES}
    assert dense["tanh"] == dense["gelu"] == 4 * 10**12
    assert dense["softmax"] == 4 * 10**10
    assert dense["batch"] == 4 * (64 * 256) ** 2
    assert dense["weights"] == 4 * 512 * 512 * 784
    assert len(CASES["residual"].task(is_tiny=False).kept) == 64


@pytest.mark.filterwarnings("ignore:Coloring used")  # asdex: a small dense matrix is no case for it
@pytest.mark.parametrize("name", CONTESTANTS)
def test_a_contestant_multiplies_with_a_known_matrix(name: str) -> None:
    pytest.importorskip(PACKAGES.get(name, "jax"))
    contestant = CONTESTANTS[name]()
    matrix = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    own, x = contestant.array(matrix), contestant.array(np.ones(4, np.float32))
    jacobian = contestant.prepare(lambda t: own @ (t * t), x)(x)
    v, u = np.arange(4, dtype=np.float32), np.arange(3, dtype=np.float32)
    product, transposed = contestant.products(jacobian, contestant.array(v), contestant.array(u))
    np.testing.assert_allclose(product, 2 * matrix @ v, rtol=1e-5)
    np.testing.assert_allclose(transposed, 2 * matrix.T @ u, rtol=1e-5)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process can be set back on Linux alone")
def test_the_peak_is_that_of_what_came_later() -> None:
    assert np.ones(40_000_000).sum() > 0  # a higher peak, before
    peak = Peak()
    assert np.ones(10_000_000).sum() > 0
    assert peak.is_exact
    assert 60e6 < peak.n_bytes < 160e6


def row(**changes: Any) -> dict[str, dict[str, Any]]:
    """A case whose aims are all met, but for the changes."""
    found = {"kind": "diagonal", "first_seconds": 0.05, "peak_bytes": 9e6, "stored_bytes": 4e6, "python_blocks": 80}
    found |= {"factors": 1, "errors": [1e-7, 2e-7]} | changes
    products = {"product": 2e-5, "jvp": 1e-5, "transposed_product": 1e-5, "vjp": 1e-5}
    return {"tanh": {"dense_bytes": 4 * 10**12, "contestants": {"Seedbed": found}, "products": products}}


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, []),
        ({"kind": "dense"}, ["dense"]),
        ({"first_seconds": 0.11}, ["first call 110 of 100 ms"]),
        ({"peak_bytes": 2e8}, ["peak 200 MB of 100 MB"]),
        ({"python_blocks": 10**6}, ["1000000 Python objects"]),
        ({"errors": [0.0, 0.1]}, ["Seedbed not exact"]),
        ({"stopped": "time", "errors": [0.0]}, ["a Jacobian (time)"]),
    ],
)
def test_an_aim_is_met_or_missed_and_named(changes: dict[str, Any], missed: list[str]) -> None:
    (line,) = verdicts(row(**changes))
    parts = line.removeprefix("tanh, n = 10⁶: ").split("; ")
    assert [part.removesuffix(": MISSED") for part in parts if part.endswith(": MISSED")] == missed
    assert all(part.endswith((": met", ": MISSED")) for part in parts)


def test_a_slow_product_is_a_missed_aim() -> None:
    slow = row()
    slow["tanh"]["products"]["product"] = 2.1e-5
    assert "J v 2.10 of 2 jvp: MISSED; Jᵀ u 1.00 of 2 vjp: met" in verdicts(slow)[0]


def test_rounds_are_joined_by_the_shorter_time_and_the_larger_memory() -> None:
    first = {"first_seconds": 2.0, "warm_seconds": 0.1, "peak_bytes": 10, "kind": "dense"}
    second = {"first_seconds": 1.0, "warm_seconds": 0.2, "peak_bytes": 30, "kind": "dense"}
    assert joined(None, first) == first
    assert joined(first, second) == {"first_seconds": 1.0, "warm_seconds": 0.1, "peak_bytes": 30, "kind": "dense"}
    assert joined(first, {"stopped": "time"}) == {"stopped": "time"}


def test_numbers_are_shown_with_three_digits() -> None:
    assert [milliseconds(s) for s in (1.4e-5, 0.00123, 0.0281, 1.234)] == ["0.0140", "1.23", "28.1", "1,234"]
    assert [readable(n) for n in (16, 3136, 1.07e9, 4e12)] == ["16 bytes", "3.14 kB", "1.07 GB", "4 TB"]

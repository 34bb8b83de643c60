"""Products with a Jacobian that is there, beside those that JAX computes without one.

    python -m benchmarks.contestants.products tanh --folder /tmp/x [--tiny] [--reference]

With `--reference` the products come from JAX in double precision, and are written for the comparison with all others.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contestants.jacobians import Seedbed
from benchmarks.jacobian_cases import CASES, Task

ROUNDS, SHORTEST = 20, 0.01  # turns of each, and the seconds of a turn at least


def timed(task: Task) -> dict[str, float]:
    """The seconds of the fastest call of each, in turns."""
    contestant = Seedbed()
    jax = contestant.jax
    f = task.of(contestant.library, contestant.array)
    x, v, u = map(contestant.array, (task.x, task.v, task.u))
    jacobian = contestant.prepare(f, x)(x)

    def forward(x: Any, v: Any) -> Any:
        return jax.jvp(f, (x,), (v,))[1]

    def backward(x: Any, u: Any) -> Any:
        return jax.vjp(f, x)[1](u)[0]

    push, pull = jax.jit(forward), jax.jit(backward)
    ways: dict[str, Callable[[], Any]] = {
        "product": lambda: jacobian @ v,
        "jvp": lambda: push(x, v),
        "eager_jvp": lambda: forward(x, v),
        "transposed_product": lambda: jacobian.T @ u,
        "vjp": lambda: pull(x, u),
        "eager_vjp": lambda: backward(x, u),
    }
    fastest: dict[str, float] = {}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            fastest[name] = min(fastest.get(name, np.inf), _turn(lambda way=way: jax.block_until_ready(way())))  # type: ignore[misc]
    return fastest


def _turn(call: Callable[[], Any]) -> float:
    """The seconds of the fastest of some calls."""
    found, ends = np.inf, time.perf_counter() + SHORTEST
    while (started := time.perf_counter()) < ends:
        call()
        found = min(found, time.perf_counter() - started)
    return float(found)


def reference(task: Task) -> tuple[Any, Any]:
    """J v and Jᵀ u in double precision, flat, without a Jacobian."""
    contestant = Seedbed()
    jax = contestant.jax
    with jax.enable_x64(True):
        x, v, u = (contestant.array(numbers.astype(np.float64)) for numbers in (task.x, task.v, task.u))
        f = task.of(contestant.library, lambda numbers: contestant.array(numbers.astype(np.float64)))
        (product,) = jax.jvp(f, (x,), (v,))[1:]
        (transposed,) = jax.vjp(f, x)[1](u)
        return np.ravel(product), np.ravel(transposed)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--folder", type=Path, required=True, help="where the products are written")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--reference", action="store_true")
    said = parser.parse_args()
    task = CASES[said.case].task(said.tiny)
    answer, sys.stdout = sys.stdout, sys.stderr
    found: dict[str, float] = {}
    if said.reference:
        np.savez(said.folder / f"reference.{said.case}.npz", *reference(task))
    else:
        found = timed(task)
    print(json.dumps(found), file=answer, flush=True)


if __name__ == "__main__":
    main()

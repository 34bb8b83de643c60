"""Who finds Jacobians. Run as a program, one contestant finds that of one case, and prints what it took.

    python -m benchmarks.contestants.jacobians Seedbed tanh --folder /tmp/x [--tiny]

Before the clock starts a contestant has found the Jacobian of x² at three numbers, so its imports, its devices and its
threads are there. What it then takes is its own: one process finds one Jacobian.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np

from benchmarks.jacobian_cases import CASES, Numbers, Task
from benchmarks.memory import Peak, limit

Function = Callable[[Any], Any]
LEAST_CALLS, LEAST_SECONDS = 3, 0.3  # of warm calls


class Contestant(Protocol):
    """One way to a Jacobian."""

    library: Any

    def array(self, numbers: Numbers) -> Any:
        """Numbers as an array of its library."""
        ...

    def prepare(self, f: Function, x: Any) -> Function:
        """The function that gives the Jacobian at a point."""
        ...

    def wait(self, jacobian: Any) -> None:
        """Returns when the Jacobian is there."""
        ...

    def about(self, jacobian: Any) -> dict[str, Any]:
        """What it is, and the bytes that it stores."""
        ...

    def products(self, jacobian: Any, v: Any, u: Any) -> tuple[Any, Any]:
        """J v and Jᵀ u."""
        ...


class _Jax:
    """What all contestants of JAX have in common."""

    def __init__(self) -> None:
        import jax
        import jax.numpy as jnp

        self.jax = jax
        self.library = SimpleNamespace(tanh=jnp.tanh, gelu=jax.nn.gelu, softmax=jax.nn.softmax)

    def array(self, numbers: Numbers) -> Any:
        return self.jax.block_until_ready(self.jax.device_put(numbers))

    def wait(self, jacobian: Any) -> None:
        self.jax.block_until_ready(jacobian)

    def about(self, jacobian: Any) -> dict[str, Any]:
        return {"kind": "dense", "stored_bytes": jacobian.nbytes}

    def products(self, jacobian: Any, v: Any, u: Any) -> tuple[Any, Any]:
        matrix = jacobian.reshape(u.size, v.size)
        return matrix @ v.ravel(), u.ravel() @ matrix


class Seedbed(_Jax):
    """Finds the structure anew in each call."""

    def prepare(self, f: Function, x: Any) -> Function:
        import seedbed as sb

        return sb.jacobian(f)

    def about(self, jacobian: Any) -> dict[str, Any]:
        kind, factors = jacobian.kind, len(jacobian.layers)
        return {"kind": kind, "stored_bytes": jacobian.nbytes, "factors": factors}

    def products(self, jacobian: Any, v: Any, u: Any) -> tuple[Any, Any]:
        return jacobian @ v.ravel(), jacobian.T @ u.ravel()


class CompiledSeedbed(Seedbed):
    """Finds the structure once, when it is compiled."""

    def prepare(self, f: Function, x: Any) -> Function:
        return self.jax.jit(super().prepare(f, x))


class JaxForward(_Jax):
    """`jax.jacfwd`, compiled."""

    def prepare(self, f: Function, x: Any) -> Function:
        return self.jax.jit(self.jax.jacfwd(f))


class JaxBackward(_Jax):
    """`jax.jacrev`, compiled."""

    def prepare(self, f: Function, x: Any) -> Function:
        return self.jax.jit(self.jax.jacrev(f))


class Asdex(_Jax):
    """asdex: finds which entries can differ from zero, colours them, and compiles; for flat inputs and outputs."""

    def prepare(self, f: Function, x: Any) -> Function:
        import asdex

        flat = asdex.jacobian(lambda t: f(t.reshape(x.shape)).ravel(), x.ravel())
        return self.jax.jit(lambda t: flat(t.ravel()))

    def about(self, jacobian: Any) -> dict[str, Any]:
        return {"kind": "sparse", "stored_bytes": jacobian.data.nbytes + jacobian.indices.nbytes}

    def products(self, jacobian: Any, v: Any, u: Any) -> tuple[Any, Any]:
        return jacobian @ v.ravel(), jacobian.T @ u.ravel()


class PyTorch:
    """`torch.func.jacrev`, eager."""

    def __init__(self) -> None:
        import torch
        from torch.nn import functional

        self.torch = torch
        self.library = SimpleNamespace(
            tanh=torch.tanh,
            gelu=lambda x: functional.gelu(x, approximate="tanh"),  # JAX's default
            softmax=lambda x: torch.softmax(x, -1),
        )

    def array(self, numbers: Numbers) -> Any:
        return self.torch.from_numpy(numbers.copy())

    def prepare(self, f: Function, x: Any) -> Function:
        return self.torch.func.jacrev(f)

    def wait(self, jacobian: Any) -> None:
        pass

    def about(self, jacobian: Any) -> dict[str, Any]:
        return {"kind": "dense", "stored_bytes": jacobian.numel() * jacobian.element_size()}

    def products(self, jacobian: Any, v: Any, u: Any) -> tuple[Any, Any]:
        matrix = jacobian.reshape(u.numel(), v.numel())
        return matrix @ v.ravel(), u.ravel() @ matrix


CONTESTANTS: dict[str, Callable[[], Contestant]] = {
    "Seedbed": Seedbed,
    "Seedbed, compiled": CompiledSeedbed,
    "jax.jacfwd": JaxForward,
    "jax.jacrev": JaxBackward,
    "torch jacrev": PyTorch,
    "asdex": Asdex,
}
DENSE = ("jax.jacfwd", "jax.jacrev", "torch jacrev")
PACKAGES = {"torch jacrev": "torch", "asdex": "asdex"}  # what a contestant needs beside JAX


def measured(contestant: Contestant, task: Task, most_bytes: int) -> tuple[dict[str, Any], Any]:
    """What the Jacobian took, and the Jacobian."""
    tiny = contestant.array(np.ones(3, np.float32))
    contestant.wait(contestant.prepare(lambda t: t * t, tiny)(tiny))
    f, x = task.of(contestant.library, contestant.array), contestant.array(task.x)
    limit(most_bytes)
    peak, wall, cpu = Peak(), time.perf_counter(), time.process_time()
    function = contestant.prepare(f, x)
    jacobian = function(x)
    contestant.wait(jacobian)
    found = {
        "first_seconds": time.perf_counter() - wall,
        "first_cpu_seconds": time.process_time() - cpu,
        "peak_bytes": peak.n_bytes,
        **contestant.about(jacobian),
    }
    del jacobian
    return found, _warm(contestant, function, x, found)


def _warm(contestant: Contestant, function: Function, x: Any, found: dict[str, Any]) -> Any:
    """The Jacobian, found some more times: the shortest counts."""
    seconds: list[float] = []
    jacobian = None
    while len(seconds) < LEAST_CALLS or sum(seconds) < LEAST_SECONDS:
        jacobian = None  # its memory goes before the next one comes
        n_blocks, started = sys.getallocatedblocks(), time.perf_counter()
        jacobian = function(x)
        contestant.wait(jacobian)
        seconds.append(time.perf_counter() - started)
        found["python_blocks"] = max(0, sys.getallocatedblocks() - n_blocks)
    found["warm_seconds"] = min(seconds)
    return jacobian


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--folder", type=Path, required=True, help="where the products are written")
    parser.add_argument("--most-bytes", type=int, default=2**32)
    parser.add_argument("--tiny", action="store_true")
    said = parser.parse_args()
    warnings.simplefilter("ignore")  # asdex says where a sparse Jacobian is no use
    task = CASES[said.case].task(said.tiny)
    answer, sys.stdout = sys.stdout, sys.stderr
    contestant = CONTESTANTS[said.contestant]()
    found: dict[str, Any]
    try:
        found, jacobian = measured(contestant, task, said.most_bytes)
    except (MemoryError, RuntimeError) as error:  # XLA and PyTorch say it with their own kinds of RuntimeError
        if isinstance(error, RuntimeError) and "memory" not in str(error).lower():
            raise
        found = {"stopped": "memory"}
    else:
        products = contestant.products(jacobian, contestant.array(task.v), contestant.array(task.u))
        np.savez(said.folder / f"{said.contestant}.{said.case}.npz", *map(np.ravel, products))
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(found), file=answer, flush=True)


if __name__ == "__main__":
    main()

"""Compilation: once for each program and shape of data, both functions side by side, kept on disk between processes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import threading
import warnings
import zlib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import jax.monitoring
import numpy as np

from seedbed.core.cache import cache_folder
from seedbed.training import devices, orders
from seedbed.training.layout import LANES
from seedbed.training.program import EVERYWHERE, SPLIT, Program
from seedbed.training.state import Blueprint, Examples, Span

MOST_COMPILED = 64  # in memory
ZSTANDARD = b"\x28\xb5\x2f\xfd"  # how a file of that kind begins
_compiled: dict[tuple[Any, ...], tuple[Any, Any]] = {}
_read: list[str] = []
_programs: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)
_turns: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)


def n_read() -> int:
    """How many programs this process has read from disk in place of compiling them."""
    return len(_read)


def _hear(event: str, **_: str | int) -> None:
    if event == "/jax/compilation_cache/cache_hits":
        _read.append(event)


@functools.cache
def keep_programs() -> None:
    """Let JAX keep compiled programs on disk, unless the caller's program has chosen a folder.

    The folder is named after the machine and the versions: a program compiled for another processor may crash, and JAX
    by itself keeps nothing that compiled in under a second.
    """
    jax.monitoring.register_event_listener(_hear)
    if getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    name = hashlib.sha256(devices.machine().encode()).hexdigest()[:16]
    folder = cache_folder() / "compiled" / name
    with contextlib.suppress(OSError):  # then they stay, and JAX compiles again
        drop_damaged(folder)
    # On a full disk nothing is kept and all is compiled again: nothing that a user has to know.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache entry")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def drop_damaged(folder: Path) -> list[Path]:
    """Removes programs that were written half, by a process that was killed or on a full disk, and names them.

    JAX writes them in place and never replaces one, so a damaged one would be read in vain, with a warning, for ever.
    Only those that came since the last look are read.

    Raises:
        OSError: the folder cannot be written to.
    """
    if not folder.is_dir():
        return []
    mark = folder / "looked-at"
    since = mark.stat().st_mtime if mark.exists() else 0.0
    entries = [path for path in folder.glob("*-cache") if path.stat().st_mtime >= since]
    damaged = [path for path in entries if not _is_whole(path)]
    for path in damaged:
        path.unlink(missing_ok=True)
    mark.touch()
    return damaged


def _is_whole(path: Path) -> bool:
    content = path.read_bytes()
    try:
        if content.startswith(ZSTANDARD):  # JAX packs so where a package for it is installed
            import pyarrow

            pyarrow.CompressedInputStream(pyarrow.BufferReader(content), "zstd").read()
        else:
            zlib.decompress(content)
    except (zlib.error, OSError):
        return False
    return True


def compiled(program: Program, parts: tuple[Examples, Examples]) -> tuple[Any, Any]:
    """The compiled `begin` and `train` of a program for data of these shapes."""
    shapes = [(a.shape, a.dtype) for a in jax.tree.leaves(parts)]
    key: tuple[Any, ...] = (program.blueprint, jax.tree.structure(parts), *shapes)
    with _programs[hash(key)]:  # who asks for the same one meanwhile waits for it
        found = _compiled.pop(key, None)
        if found is None:
            keep_programs()
            found = _compile(program, parts)
        _compiled[key] = found  # the one used last stands last
    for old in list(_compiled)[:-MOST_COMPILED]:
        _compiled.pop(old, None)
    return found


def _compile(program: Program, parts: tuple[Examples, Examples]) -> tuple[Any, Any]:
    b = program.blueprint
    n = b.wave
    numbers = jax.ShapeDtypeStruct((n,), b.dtype)
    setups = jax.tree.unflatten(b.structure, [numbers] * b.structure.num_leaves)
    whole = jax.ShapeDtypeStruct((), np.int32)
    mesh = devices.mesh(b.n_devices)
    spec = jax.sharding.NamedSharding(mesh, SPLIT if b.setup.data_order == "own" else EVERYWHERE)
    order = jax.ShapeDtypeStruct(orders.shape(b), np.int32, sharding=spec)
    span = Span(*[whole] * len(Span._fields))  # type: ignore[arg-type]
    tasks = [
        (program.begin, (setups, jax.ShapeDtypeStruct((n,), np.int32), whole)),
        (program.train, (program.shapes, *parts, order, span)),
    ]
    # Tracing holds Python's lock, compiling does not: the two compilations share the cores.
    lowered = [function.lower(*arguments) for function, arguments in tasks]
    with ThreadPoolExecutor(len(lowered)) as pool:
        begin, train = pool.map(lambda one: _once(one, _options(b)), lowered)
    return begin, train


def _once(lowered: jax.stages.Lowered, options: dict[str, Any] | None) -> jax.stages.Compiled:
    """Compiles, but not two equal programs at the same time: the second finds the first on disk.

    Cohorts that differ in their activations begin alike.
    """
    with _turns[hash(lowered.as_text())]:
        return lowered.compile(compiler_options=options)


def _options(b: Blueprint) -> dict[str, Any] | None:
    """On a CPU LLVM's first level, which takes a third less time than its third; what comes out is as fast.

    Whole vector registers for members in lanes: LLVM by itself stays with half of one where there are 512 bits.
    """
    if not devices.is_cpu():
        return None
    options = {"xla_backend_optimization_level": 1}
    return options | {"xla_cpu_prefer_vector_width": 512} if b.layout == LANES else options

"""Checkpoints: where a training stands, on disk, so that it goes on after whatever stopped it.

A checkpoint is a list in JSON that names files of arrays and their digests. Files are never written again, and the list
is written last, so a checkpoint is there whole or not at all. The one before is kept: where a file of the newest turns
out to be damaged, the older is used.

checkpoint/00012.json            the list: plans, and for each block of members how far its waves are
checkpoint/00012-0.safetensors   the arrays of a block; what is over is written once and named by all later lists
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import RunError
from seedbed.core.files import replacing
from seedbed.training.plan import Plan

FORMAT = 1
KEPT = 2  # checkpoints
WRITING_SHARE = 0.03  # of the time, at most


@dataclass(frozen=True)
class WavePoint:
    """Where a wave stands: its members' numbers, how far they are, and the leaves of its state."""

    numbers: tuple[int, ...]
    epoch: int
    step: int
    is_over: bool
    seconds: tuple[float, ...]
    leaves: Sequence[NDArray[Any]]


@dataclass(frozen=True)
class Block:
    """The waves of a cohort that train at the same time.

    Attributes:
        cohort: the place of the cohort.
        first: the place of the block's first member in the cohort.
    """

    cohort: int
    first: int
    waves: tuple[WavePoint, ...]

    @property
    def n_members(self) -> int:
        """How many members it holds."""
        return sum(len(wave.numbers) for wave in self.waves)

    @property
    def is_over(self) -> bool:
        """Whether all its waves are."""
        return all(wave.is_over for wave in self.waves)


@dataclass(frozen=True)
class Point:
    """Where a training stands. Blocks come in the order in which they train; only the last may not be over."""

    plans: tuple[Plan | None, ...]
    blocks: tuple[Block, ...]
    wall_seconds: float
    compile_seconds: float
    n_steps: int


@dataclass
class Checkpoints:
    """The checkpoints of one training.

    Arguments:
        folder: where they are; made when the first is written.
        every: seconds between two of them, at least; more where writing takes long.
    """

    folder: Path
    every: float
    trouble: str = ""  # why the last one could not be written
    _number: int = 0
    _over: list[dict[str, Any]] = field(default_factory=list)  # entries of blocks that are over and written
    _waiting: list[Block] = field(default_factory=list)  # blocks that are over and not written yet
    _next: float | None = None
    _damaged: list[Path] = field(default_factory=list)

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next one. The clock starts when this is asked for the first time."""
        now = time.perf_counter()
        if self._next is None:
            self._next = now + self.every
        return now >= self._next

    def has(self, cohort: int, first: int) -> bool:
        """Whether the block that begins at this place is noted as over."""
        noted = [*((one["cohort"], one["first"]) for one in self._over), *((b.cohort, b.first) for b in self._waiting)]
        return (cohort, first) in noted

    def finished(self, block: Block) -> None:
        """Notes a block that is over; it is written with the next checkpoint."""
        self._waiting.append(block)

    def save(self, plans: Sequence[Plan | None], present: Block | None, **spent: float) -> None:
        """Writes a checkpoint. What cannot be written is said once, and training goes on: the one before stays.

        Arguments:
            plans: of the cohorts, as far as they are known.
            present: the block that trains, unless it is over.
            spent: `wall_seconds`, `compile_seconds` and `n_steps` so far.
        """
        began = time.perf_counter()
        number = self._number + 1
        try:
            self._write(number, plans, present, spent)
            self.trouble = ""
        except OSError as error:
            self._remove([path for path in self._files() if path.name.startswith(f"{number:05d}")])
            if not self.trouble:
                warnings.warn(_not_written(self.folder, error), stacklevel=2)
            self.trouble = str(error.strerror or error)
        took = time.perf_counter() - began
        self._next = time.perf_counter() + max(self.every, took / WRITING_SHARE)

    def load(self) -> tuple[Point | None, list[str]]:
        """The newest checkpoint that is whole, or None where there is none; and what was wrong with newer ones.

        Raises:
            RunError: it was written by a newer version.
        """
        self._remove(list(self.folder.glob(".*")))  # what a process was writing when it was killed
        self._number = max((int(path.name[:5]) for path in self._files()), default=0)
        said = []
        for path in sorted(self.folder.glob("[0-9]*.json"), reverse=True):
            try:
                listed = json.loads(path.read_text(encoding="utf-8"))
                point = self._read(listed)
            except (OSError, ValueError, KeyError, TypeError) as error:
                said.append(f"checkpoint {path} is damaged ({error})")
                self._damaged.append(path)
                continue
            over = [block.is_over for block in point.blocks]
            self._over = [entry for entry, is_over in zip(listed["blocks"], over, strict=True) if is_over]
            return point, [f"{trouble}: an older one is used" for trouble in said]
        return None, [f"{trouble}: training begins anew" for trouble in said]

    def clear(self) -> None:
        """Removes them all: the training is over and kept."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, number: int, plans: Sequence[Plan | None], present: Block | None, spent: dict[str, float]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        new = [*self._waiting, *([present] if present is not None else [])]
        entries = [self._write_block(f"{number:05d}-{i}.safetensors", block) for i, block in enumerate(new)]
        n_over = len(self._waiting)
        kept = [None if plan is None else plan.to_dict() for plan in plans]
        listed = {"format": FORMAT, "plans": kept, "blocks": [*self._over, *entries], **spent}
        with replacing(self.folder / f"{number:05d}.json") as partial:
            partial.write_text(json.dumps(listed) + "\n", encoding="utf-8")
        self._number, self._waiting = number, []
        self._over = [*self._over, *entries[:n_over]]
        self._drop_old()

    def _write_block(self, name: str, block: Block) -> dict[str, Any]:
        from safetensors.numpy import save

        arrays = {
            f"{w}.{i}": np.ascontiguousarray(leaf)
            for w, wave in enumerate(block.waves)
            for i, leaf in enumerate(wave.leaves)
        }
        content = save(arrays)
        with replacing(self.folder / name) as partial:
            partial.write_bytes(content)
        waves = [{k: v for k, v in vars(wave).items() if k != "leaves"} for wave in block.waves]
        return {"cohort": block.cohort, "first": block.first, "waves": waves, "file": name, "digest": _digest(content)}

    def _read(self, listed: dict[str, Any]) -> Point:
        if listed["format"] > FORMAT:
            raise RunError(
                f"{self.folder}: expected checkpoints of format {FORMAT} or older, got {listed['format']}",
                "they were written by a newer version: update seedbed",
            )
        plans = tuple(None if plan is None else Plan(**plan) for plan in listed["plans"])
        blocks = tuple(self._read_block(entry) for entry in listed["blocks"])
        return Point(plans, blocks, listed["wall_seconds"], listed["compile_seconds"], listed["n_steps"])

    def _read_block(self, entry: dict[str, Any]) -> Block:
        from safetensors.numpy import load

        content = (self.folder / entry["file"]).read_bytes()
        if _digest(content) != entry["digest"]:
            raise ValueError(f"{entry['file']} is not what was written")
        arrays = load(content)
        leaves: list[dict[int, Any]] = [{} for _ in entry["waves"]]
        for name, array in arrays.items():
            wave, leaf = map(int, name.split("."))
            leaves[wave][leaf] = array
        waves = [
            WavePoint(
                tuple(one["numbers"]), one["epoch"], one["step"], one["is_over"], tuple(one["seconds"]),
                [own[i] for i in range(len(own))],
            )
            for one, own in zip(entry["waves"], leaves, strict=True)
        ]  # fmt: skip
        return Block(entry["cohort"], entry["first"], tuple(waves))

    def _drop_old(self) -> None:
        """Removes what the checkpoints that are kept do not name."""
        lists = [path for path in sorted(self.folder.glob("[0-9]*.json")) if path not in self._damaged]
        named = {path.name for path in lists[-KEPT:]}
        for path in lists[-KEPT:]:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                named |= {entry["file"] for entry in json.loads(path.read_text(encoding="utf-8"))["blocks"]}
        self._remove([path for path in self._files() if path.name not in named])

    def _files(self) -> list[Path]:
        return [*self.folder.glob("[0-9]*.json"), *self.folder.glob("[0-9]*.safetensors")]

    def _remove(self, paths: Sequence[Path]) -> None:
        for path in paths:
            with contextlib.suppress(OSError):
                path.unlink()


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _not_written(folder: Path, error: OSError) -> str:
    return (
        f"{folder}: no checkpoint could be written ({error.strerror or error}); training goes on, and if it is stopped "
        "now it can go on from the checkpoint before"
    )

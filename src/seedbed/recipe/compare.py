"""Runs side by side: what is there, and what differs between two of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedbed.core.errors import place_of
from seedbed.core.value import diff
from seedbed.recipe.defaults import RUNS
from seedbed.recipe.job import is_locked
from seedbed.recipe.run import Run
from seedbed.recipe.steps import named

if TYPE_CHECKING:
    from pandas import DataFrame


SPLIT = ("group", "time", "test", "valid_share", "test_share")  # arguments of `load` that say who trains and tests


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes:
        differences: for each place that differs (of the setup, the data, the seed, the folds or the members) what
            stands there in both.
        scores: for each metric of the test part its value in both, for best member and ensemble.
        curves: for each epoch the best and the median validation loss of the members of both.
    """

    names: tuple[str, str]
    differences: tuple[tuple[str, Any, Any], ...]
    scores: tuple[tuple[str, float | None, float | None], ...]
    curves: DataFrame


def compare(a: Run, b: Run) -> Comparison:
    """What differs between two runs: setup, data, scores and curves."""
    names = (str(a.folder or a.name), str(b.folder or b.name))
    differences = [(place_of(path), x, y) for path, x, y in diff(a.setup, b.setup)]
    for key in ("name", "fingerprint", "split_seed", "task"):
        if a.data[key] != b.data[key]:
            differences.append((f"data.{key}", a.data[key], b.data[key]))
    one, other = _split_of(a), _split_of(b)
    pairs = [(f"data.{name}", one[name], other[name]) for name in SPLIT if one and other]
    pairs += [("seed", a.seed, b.seed), ("folds", a.n_folds, b.n_folds), ("members", _n_given(a), _n_given(b))]
    differences += [pair for pair in pairs if pair[1] != pair[2]]
    return Comparison(names, tuple(differences), tuple(_scores(a, b)), _curves(a, b))


def _n_given(run: Run) -> int:
    """How many members were asked for: each trains on every fold."""
    return len(run.members) // (run.n_folds or 1)


def _split_of(run: Run) -> dict[str, Any]:
    """How the data was split, as it was asked for; empty where it came from memory or the run is not on disk."""
    path = None if run.folder is None else run.folder / "job.json"
    if path is None or not path.is_file():
        return {}
    try:
        origin = json.loads(path.read_text(encoding="utf-8"))["origin"]
    except (OSError, ValueError, KeyError):  # damaged: the run itself can be read without it
        return {}
    return {} if origin is None else {**dict.fromkeys(SPLIT), **origin["options"]}


def list_runs(folder: str | Path = RUNS) -> list[dict[str, Any]]:
    """What each run in a folder is, newest first: folder, data, members, result, seconds. Damaged ones say so.

    The run of a search is that of its winner, in the search's folder.

    One that was begun and has no result yet is "unfinished": it was stopped, or a process is at work on it.
    """
    # A name with a dot in front is what a process left behind that was killed while it wrote.
    places = ("[!.]*", "[!.]*/winner")  # a run, and that of a search
    files = (f"{place}/{name}" for place in places for name in ("job.json", "run.json"))
    found = {path.parent: path for pattern in files for path in Path(folder).glob(pattern)}
    newest = sorted(found.values(), key=lambda path: path.stat().st_mtime, reverse=True)
    return [_described(path) if path.name == "run.json" else _unfinished(path) for path in newest]


def _unfinished(path: Path) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        described = {"data": plain["name"], "members": len(plain["numbers"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        return {"run": str(path.parent), "damaged": f"{type(error).__name__}: {error}"}
    return {"run": str(path.parent), **described, "unfinished": "working" if is_locked(path.parent) else "stopped"}


def _described(path: Path) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        data = json.loads((path.parent / "data.json").read_text(encoding="utf-8"))["description"]
        test = plain["results"]["test"]["ensemble"]
        metric = "r2" if "r2" in test else next(iter(test))
        return {
            "run": str(path.parent),
            "data": data["name"],
            "members": sum(len(cohort["members"]) for cohort in plain["cohorts"]),
            "metric": named(metric),
            "test": test[metric],
            "seconds": plain["wall_seconds"],
            "is_interrupted": plain["is_interrupted"],
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        return {"run": str(path.parent), "damaged": f"{type(error).__name__}: {error}"}


def _scores(a: Run, b: Run) -> list[tuple[str, float | None, float | None]]:
    rows = []
    for model in ("best", "ensemble"):
        first, second = (run.results["test"][model] for run in (a, b))
        rows += [
            (f"test {named(name)}, {model}", first.get(name), second.get(name))
            for name in dict.fromkeys([*first, *second])
        ]
    return rows


def _curves(a: Run, b: Run) -> DataFrame:
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, run in (("a", a), ("b", b)):
        losses = run.history.groupby("epoch")["valid_loss"]
        columns |= {f"{name}_best": losses.min(), f"{name}_median": losses.median()}
    return pd.DataFrame(columns)

"""What is compiled, counted: two functions for each cohort, once."""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pyarrow

from seedbed.core.cache import cache_folder
from seedbed.data import load
from seedbed.network import Network
from seedbed.training import SGD, Adam, compiling
from seedbed.training.layout import STACKED
from seedbed.training.plan import Plan
from tests.training.populations import ALL, CLASSIFY, LABELS, MEMBERS, X, trained, training

TINY = CLASSIFY.replace(network=Network.parse("linear 3, tanh, linear out"), epochs=2, precision="float32")
FUNCTIONS = 2  # of a program: one that begins members, one that trains them


def of_rates(*rates: float, **changes: Any) -> list[Any]:
    return [TINY.replace(optimizer=SGD(rate, momentum=0.5), **changes) for rate in rates]


def test_other_numbers_compile_nothing_new(compilations: Any) -> None:
    plan = Plan(2, 3, STACKED)
    (part,) = training(of_rates(0.1, 0.2, 0.3, 0.4, 0.5), plan=plan).results
    assert compilations.n == FUNCTIONS
    trained(of_rates(0.01, 0.2, 3.0, 1, 0), plan=plan)  # whole numbers too
    trained(of_rates(0.1, 0.2, 0.3), [7, 8, 9], plan=plan, seed=3)  # fewer, others, with another seed
    trained(of_rates(0.1), start=[jax.tree.map(lambda a: a[2], part.params)], plan=plan)  # from given weights
    assert compilations.n == FUNCTIONS


def test_waves_share_a_program(compilations: Any) -> None:
    trained(of_rates(0.1, 0.2, 0.3, 0.4, 0.5), plan=Plan(1, 2, STACKED))
    assert compilations.n == FUNCTIONS


def test_each_cohort_has_a_program(compilations: Any) -> None:
    setups = [
        *of_rates(0.1, 0.2, penalty=None),
        TINY.replace(optimizer=SGD(0.1)),  # without momentum
        TINY.replace(optimizer=Adam(0.1)),
        *of_rates(0.3),
    ]
    whole = training(setups, plan=Plan(1, 3, STACKED))
    assert len(whole.groups) == 3
    assert compilations.n == 3 * FUNCTIONS


def test_only_data_of_other_sizes_is_another_program(compilations: Any) -> None:
    plan = Plan(2, 3, STACKED)
    trained(of_rates(0.1), plan=plan)
    compilations.reset()
    trained(of_rates(0.1), plan=plan, data=load((X + 1.0, np.roll(LABELS, 1))))
    assert compilations.n == 0
    trained(of_rates(0.1), plan=plan, data=load((X[:60], LABELS[:60])))
    assert compilations.n == FUNCTIONS


def test_a_program_that_two_ask_for_is_compiled_once(compilations: Any) -> None:
    setups = of_rates(0.1, 0.2, network=Network.parse("linear 5, tanh, linear out"))
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda seed: trained(setups, plan=Plan(2, 1, STACKED), seed=seed), (0, 1)))
    assert [len(members) for members in both] == [2, 2]
    assert compilations.n == FUNCTIONS


def test_programs_are_kept_on_disk() -> None:
    """In the folder of the tests, named after machine and versions."""
    trained(MEMBERS, plan=ALL)
    (folder,) = (cache_folder() / "compiled").iterdir()
    assert any("train" in file.name for file in folder.iterdir())


def test_what_was_read_from_disk_is_counted(compilations: Any) -> None:
    """It is no measure of what a compilation takes."""
    setups, plan = of_rates(0.1, 0.2, batch_size=5), Plan(1, 2, STACKED)
    trained(setups, plan=plan)
    before = compiling.n_read()
    trained(setups, plan=plan)  # in memory
    assert compiling.n_read() == before
    jax.clear_caches()
    compiling._compiled.clear()
    trained(setups, plan=plan)
    assert compiling.n_read() - before >= FUNCTIONS


def test_a_program_that_was_written_half_is_removed(tmp_path: Path) -> None:
    """As a process leaves it that was killed; what was looked at before is not read again."""
    whole = zlib.compress(b"a program" * 1000)
    (tmp_path / "a-cache").write_bytes(whole)
    (tmp_path / "b-cache").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c-cache").write_bytes(b"")
    packed = pyarrow.Codec("zstd").compress(b"a program" * 1000, asbytes=True)
    (tmp_path / "d-cache").write_bytes(packed)
    (tmp_path / "f-cache").write_bytes(packed[:-3])
    removed = compiling.drop_damaged(tmp_path)
    assert sorted(path.name for path in removed) == ["b-cache", "c-cache", "f-cache"]
    assert sorted(path.name for path in tmp_path.glob("*-cache")) == ["a-cache", "d-cache"]
    old = tmp_path / "e-cache"
    old.write_bytes(b"half")
    os.utime(old, (1.0, 1.0))
    assert compiling.drop_damaged(tmp_path) == []
    assert compiling.drop_damaged(tmp_path / "not there") == []

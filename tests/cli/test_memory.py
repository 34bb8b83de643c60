"""Memory of the whole command, on a table that would fill far more of it than it may take."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

N_ROWS, N_COLUMNS, GROUP = 10_000_000, 20, 500_000
MOST_BYTES = 2e9  # above what the process has when all is imported
ROOM = 3e9  # on the disk

# Runs the command in a process whose memory is known when all that training imports is there, and at its end.
PROGRAM = """
import json, sys

def of(name):
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(name + ":"))

import altair, jax, optax, pandas, pyarrow.parquet, sklearn.metrics
import seedbed, seedbed.cli
for name in seedbed.__all__:
    getattr(seedbed, name)
jax.devices()
start = of("VmRSS")
try:
    seedbed.cli.main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps({"start": start, "peak": of("VmHWM")}))
"""


@pytest.fixture
def big(tmp_path: Path) -> Iterator[Path]:
    """Ten million rows of twenty numbers and a target, 1.7 GB; it does not stay on the disk."""
    if shutil.disk_usage(tmp_path).free < ROOM:
        pytest.skip("too little room on the disk")
    path = tmp_path / "big.parquet"
    write(path)
    yield path
    path.unlink()


def write(path: Path) -> None:
    """Row group after row group, so that this process stays small too."""
    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(N_COLUMNS)]
    schema = pa.schema([(name, pa.float64()) for name in [*names, "y"]])
    with parquet.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for _ in range(N_ROWS // GROUP):
            x = rng.normal(size=(N_COLUMNS, GROUP))
            y = x[0] - x[1] * x[2] + 0.1 * rng.normal(size=GROUP)
            writer.write_table(pa.table([*x, y], schema=schema), row_group_size=GROUP)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_ten_million_rows_train_in_two_gigabytes_above_the_start(big: Path) -> None:
    command = ["train", str(big), "--target", "y", "--members", "4", "--epochs", "1", "--out", str(big.parent / "run")]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *command, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    result, memory = map(json.loads, done.stdout.splitlines())
    assert memory["peak"] - memory["start"] < MOST_BYTES, memory
    assert result["test"]["ensemble"]["r2"] > 0.9  # of 0.995 that can be known: all columns were read

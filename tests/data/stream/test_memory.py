"""How much memory a streamed table takes, measured in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

COLUMNS = 20
CHILD = """
import json, sys, time
import numpy, pandas, pyarrow.parquet
import seedbed.data as room
from seedbed.data.stream import survey

def kilobytes(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))

path, size, survey.MOST_ROWS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
start, began = kilobytes("VmRSS"), time.perf_counter()
data = room.load(path, target="y", stream=True)
loaded = time.perf_counter()
rows = sum(len(x) for x, y, weight in data.train.superbatches(0, 0, size))
print(json.dumps({
    "rows": rows + len(data.valid) + len(data.test),
    "above_mb": (kilobytes("VmHWM") - start) / 1024,
    "load_seconds": loaded - began,
    "epoch_seconds": time.perf_counter() - loaded,
}))
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")


def write(path, n, row_group, kind):
    """Random numbers in `COLUMNS` columns and two classes, a row group at a time."""
    rng = np.random.default_rng(0)
    writer = None
    for start in range(0, n, row_group):
        x = rng.normal(size=(COLUMNS, min(row_group, n - start))).astype(kind)
        table = pa.table({f"x{i}": column for i, column in enumerate(x)} | {"y": (x[0] + x[1] > 0).astype(np.int64)})
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()
    return path


def peak(path, size, most_rows):
    """What the child process says after a load and an epoch."""
    source = Path(__file__).parents[3] / "src"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), str(size), str(most_rows)],
        env=os.environ | {"PYTHONPATH": str(source)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_table(tmp_path):
    small, large = (
        peak(write(tmp_path / f"{n}.parquet", n, 5_000, np.float64), 20_000, 5_000) for n in (160_000, 640_000)
    )
    assert (small["rows"], large["rows"]) == (160_000, 640_000)
    assert (
        large["above_mb"] - small["above_mb"] < 55
    )  # in memory it would be twice the 80 MB by which the table has grown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "row_group"), [(np.float64, 1_000_000), (np.float32, 100_000), (np.float64, 10_000_000)]
)
def test_ten_million_rows_of_twenty_numbers_stay_under_two_gigabytes(tmp_path, capsys, kind, row_group):
    said = peak(write(tmp_path / "big.parquet", 10_000_000, row_group, kind), 1 << 18, 100_000)
    with capsys.disabled():
        sys.stdout.write(f"\n10,000,000 x 20 {kind.__name__} in row groups of {row_group:,}: {said}\n")
    assert said["rows"] == 10_000_000
    assert said["above_mb"] < 2_000

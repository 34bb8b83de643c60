import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet


def table(n, seed=0):
    """Numbers with and without holes, a category and a whole number, and two classes that depend on them."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(5.0, 2.0, n), rng.normal(size=n)
    b[rng.random(n) < 0.1] = np.nan
    town = rng.choice(["A", "B", "C"], n, p=[0.5, 0.3, 0.2])
    frame = pd.DataFrame({"a": a, "b": b, "town": town, "k": rng.integers(0, 50, n)})
    return frame.assign(number=np.arange(n, dtype=np.float64), y=np.where(a + np.nan_to_num(b) > 5.0, "yes", "no"))


@pytest.fixture
def written(tmp_path):
    """Writes a DataFrame as Parquet and gives its path."""

    def write(frame, name="big.parquet", rows=10_000, **options):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        parquet.write_table(pa.Table.from_pandas(frame), path, row_group_size=rows, **options)
        return str(path)

    return write


@pytest.fixture
def big():
    return table

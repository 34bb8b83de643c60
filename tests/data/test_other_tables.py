"""Tables of other libraries, which come by Arrow's PyCapsule interface."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from seedbed.core.errors import DataError
from seedbed.data import load

FRAME = pd.DataFrame({"a": np.arange(40) * 1.5, "town": ["A", "A", "B", "C"] * 10, "y": np.arange(40) / 7})


@pytest.mark.parametrize("convert", [pl.DataFrame, pa.Table.from_pandas])
def test_they_are_read_like_pandas_frames(convert):
    table = convert(FRAME.to_dict("list")) if convert is pl.DataFrame else convert(FRAME)
    data = load(table, target="y")
    assert data.fingerprint == load(FRAME, target="y").fingerprint
    assert data.source == f"a table of {'polars' if convert is pl.DataFrame else 'pyarrow'}" and data.origin is None


def test_a_table_gets_a_table_as_its_test_part():
    data = load(pl.DataFrame(FRAME.to_dict("list")), target="y", test=FRAME.head(5).assign(a=-1.0))
    assert data.test.rows["a"].tolist() == [-1.0] * 5


def test_what_is_no_table():
    with pytest.raises(DataError, match="source: expected a table, got ChunkedArray"):
        load(pa.chunked_array([[1, 2]]), target="y")

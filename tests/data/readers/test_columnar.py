"""Parquet, Feather and Arrow files."""

import datetime
import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from seedbed.core.errors import DataError
from seedbed.data import iter_rows, load, read_rows

TABLE = pa.table(
    {
        "i": pa.array([1, None, 3] * 20),
        "d": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("2.5")] * 20),
        "b": pa.array([True, None, False] * 20),
        "t": pa.array(["x ", "NA", "y"] * 20),
        "n": pa.array(["1,5", "2,25", "-,5"] * 20),
        "c": pa.array(["u", "v", "u"] * 20).dictionary_encode(),
        "day": pa.array([datetime.date(2020, 1, 31), None, datetime.date(2021, 1, 1)] * 20),
        "nothing": pa.nulls(60),
        "y": pa.array(np.arange(60) / 7),
    }
)


def write(path):
    if path.suffix == ".parquet":
        parquet.write_table(TABLE, path, row_group_size=25)
    elif path.suffix == ".ipc":
        with pa.ipc.new_stream(path, TABLE.schema) as file:
            file.write_table(TABLE)
    else:
        feather.write_feather(TABLE, path)
    return path


@pytest.mark.parametrize("ending", [".parquet", ".feather", ".arrow", ".ipc"])
def test_columns_keep_their_types(tmp_path, ending):
    path = write(tmp_path / f"some{ending}")
    frame = read_rows(path)
    expected = {
        "i": [1.0, np.nan, 3.0],
        "d": [1.25, np.nan, 2.5],
        "b": pd.array([True, None, False], dtype="boolean"),
        "t": ["x", None, "y"],
        "n": [1.5, 2.25, -0.5],
        "c": pd.Categorical(["u", "v", "u"]),
        "day": pd.to_datetime(["2020-01-31", None, "2021-01-01"]).as_unit("ms"),
        "nothing": [np.nan] * 3,
        "y": [0.0, 1 / 7, 2 / 7],
    }
    pd.testing.assert_frame_equal(frame.head(3), pd.DataFrame(expected))
    data = load(path, target="y")
    held = {"stream": False} if path.suffix == ".parquet" else {}  # so that it is held again, whatever is free then
    assert data.name == "some" and data.origin == {"source": str(path), "options": {"target": "y", **held}}
    assert "column 'n': '1,5' is read as the number 1.5" in data.notices
    pieces = list(iter_rows(path, 11, data.encoder))
    assert all(len(piece) <= 11 for piece in pieces)
    np.testing.assert_array_equal(
        np.concatenate([data.encoder.transform(piece) for piece in pieces]), data.encoder.transform(frame)
    )


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_row_labels_of_pandas(tmp_path, ending):
    frame = pd.DataFrame({"a": [1.5, 2.5], "y": [0, 1]}, index=[5, 9])
    path = tmp_path / f"some{ending}"
    (frame.to_parquet if ending == ".parquet" else frame.reset_index(drop=True).to_feather)(path)
    assert read_rows(path).columns.tolist() == ["a", "y"]
    if ending == ".parquet":
        frame.rename_axis("patient").to_parquet(path)
        assert read_rows(path)["patient"].tolist() == [5, 9]


@pytest.mark.parametrize(("ending", "what"), [(".parquet", "Parquet"), (".feather", "Feather")])
def test_damaged_files(tmp_path, ending, what):
    path = write(tmp_path / f"some{ending}")
    content = path.read_bytes()
    for cut in (len(content) - 5, len(content) // 2, 6):
        path.write_bytes(content[:cut])
        for read in (read_rows, lambda path: list(iter_rows(path, 10))):
            with pytest.raises(DataError, match=rf"some{ending}: expected a whole {what} file, got a damaged one"):
                read(path)
    path.write_bytes(b"PK\x03\x04" + content)
    with pytest.raises(DataError, match=f"expected a whole {what} file, got (a ZIP|a damaged one)"):
        read_rows(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="expected data, got an empty file"):
        read_rows(path)
    with pytest.raises(DataError, match=r"none\.parquet: expected a file, got none of that name"):
        read_rows(tmp_path / "none.parquet")


def test_a_table_without_rows(tmp_path):
    parquet.write_table(TABLE.slice(0, 0), tmp_path / "some.parquet")
    with pytest.raises(DataError, match=r"some\.parquet: expected rows, got only the names of 9 columns"):
        load(tmp_path / "some.parquet", target="y")

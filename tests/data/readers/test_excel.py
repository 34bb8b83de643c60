"""Excel files, written here with openpyxl."""

import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest

from seedbed.core.errors import DataError
from seedbed.data import load, read_rows
from seedbed.data.readers import excel


def book(path, *sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


HEAD = ["n", "f", "t", "m", "day", "b"]
ROW = [1, 2.5, " x ", "7", datetime.datetime(2020, 1, 31), True]
HOLES = [None, None, "NA", 8, None, None]


def test_the_first_sheet(tmp_path):
    rows = [HEAD, ROW, [], HOLES, [3, 4, "y", "?", None, False]]
    path = book(tmp_path / "some.xlsx", ("Data", [[None, *row] for row in rows]), ("Notes", [["thanks"]]))
    frame = read_rows(path, missing="?")
    expected = {
        "n": [1, np.nan, 3],
        "f": [2.5, np.nan, 4],
        "t": ["x", None, "y"],
        "m": [7.0, 8.0, np.nan],
        "day": pd.to_datetime(["2020-01-31", None, None]).as_unit("us"),
        "b": pd.array([True, None, False], dtype="boolean"),
    }
    pd.testing.assert_frame_equal(frame, pd.DataFrame(expected))
    assert (
        "of 2 sheets the first is read, 'Data'"
        in load(
            book(tmp_path / "many.xlsx", ("Data", [["a", "y"], *([i, i / 7] for i in range(30))]), ("B", [])),
            target="y",
        ).notices
    )


def test_no_header(tmp_path):
    path = book(tmp_path / "some.xlsx", ("Data", [[1, "x"], [2, "y"]]))
    assert read_rows(path, header=False).to_dict("list") == {"0": [1, 2], "1": ["x", "y"]}


def test_unsound_books(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="expected a table in the sheet 'Data', got an empty one"):
        read_rows(book(tmp_path / "some.xlsx", ("Data", [])))
    with pytest.raises(DataError, match="expected rows below the first line, got only the names of 6 columns"):
        read_rows(book(tmp_path / "some.xlsx", ("Data", [HEAD])))
    with pytest.raises(DataError, match="expected each column once, got 'a' twice"):
        read_rows(book(tmp_path / "some.xlsx", ("Data", [["a", "a"], [1, 2]])))
    path = book(tmp_path / "some.xlsx", ("Data", [HEAD, ROW]))
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(DataError, match=r"some\.xlsx: expected a whole Excel file, got a damaged one"):
        read_rows(path)
    monkeypatch.setattr(excel, "find_spec", lambda name: None)
    message = r"some\.xlsx: expected openpyxl to read it, got no such package\nhint: pip install 'seedbed\[excel\]'"
    with pytest.raises(DataError, match=message):
        read_rows(path)

"""Texts with a row on each line: how they are written is sniffed, and what is wrong is named with its line."""

import gzip
import os
import resource
import time

import numpy as np
import pandas as pd
import pytest
import zstandard

from seedbed.core.errors import DataError, UsageError
from seedbed.data import iter_rows, load, read_rows
from seedbed.data.readers import csv, faults, sniff
from seedbed.data.readers.table import ReadOptions

SEMICOLON = "read with ';' between fields"


def columns(table):
    return {name: [None if pd.isna(cell) else cell for cell in table.frame[name]] for name in table.frame}


@pytest.mark.parametrize(
    ("content", "expected", "notices"),
    [
        ("a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}, ()),
        ("a\tb\n1\tx, y\n2\ty\n", {"a": [1, 2], "b": ["x, y", "y"]}, ()),
        ("a;b\n1;x\n2;y\n", {"a": [1, 2], "b": ["x", "y"]}, (SEMICOLON,)),
        ("a|b\n1|x\n", {"a": [1], "b": ["x"]}, ("read with '|' between fields",)),
        (" a  b\n 1   2.5 \n10  3\n", {"a": [1, 10], "b": [2.5, 3.0]}, ("read with blanks between fields",)),
        ("a;b\n1,5;2\n-,25;3\n", {"a": [1.5, -0.25], "b": [2, 3]}, (f"{SEMICOLON} and a decimal comma",)),
        ("a;b\n1,234;x\n2,345;y\n", {"a": [1.234, 2.345], "b": ["x", "y"]}, (f"{SEMICOLON} and a decimal comma",)),
        ("a\r1\r2\r", {"a": [1, 2]}, ()),
        ("a,b\r\n1,2\r\n\r\n3,4", {"a": [1, 3], "b": [2, 4]}, ()),
        ('a,"b, c"\n1,"x ""y"""\n', {"a": [1], "b, c": ['x "y"']}, ()),
        ('a, "b, c"\n1, "x, y"\n', {"a": [1], "b, c": ["x, y"]}, ()),
        ('a,b\n1,"x\ny"\n2,z\n', {"a": [1, 2], "b": ["x\ny", "z"]}, ()),
        ("a,b,\n1,2,\n3,4,\n", {"a": [1, 3], "b": [2, 4]}, ()),
        (",b\n1,2\n", {"Unnamed: 0": [1], "b": [2]}, ()),
        ("country,2019,2020\nA,1,2\n", {"country": ["A"], "2019": [1], "2020": [2]}, ()),
    ],
)
def test_how_a_text_is_written(read, content, expected, notices):
    table = read(content)
    assert columns(table) == expected and table.notices == notices


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ", "])
def test_encodings(read, encoding, separator):
    rows = "".join(f'{i}{separator}"Zoë, {i}"\n' for i in range(50))
    table = read(f'n{separator}"naïve"\n{rows}'.encode(encoding))
    assert columns(table) == {"n": list(range(50)), "naïve": [f"Zoë, {i}" for i in range(50)]}
    name = "UTF-16" if "16" in encoding else "Windows-1252 (Western European)"
    assert table.notices == (() if "utf-8" in encoding else (f"read with the encoding {name}",))


def test_the_first_accent_may_come_late(read):
    content = b"a,b\n" + b"1,plain\n" * 200_000 + b"1,Zo\xeb\n"
    assert len(content) > sniff.SAMPLE
    table = read(content)
    assert table.frame["b"].iloc[-1] == "Zoë"
    assert table.notices == ("read with the encoding Windows-1252 (Western European)",)


def test_holes(read):
    table = read('a,b,c\n1, ?,true\nNA,x,\n"",nan,False\nnull,  ,TRUE\n-999,N/A,\n', missing=("?", "-999"))
    assert columns(table) == {
        "a": [1, None, None, None, None],
        "b": [None, "x", None, None, None],
        "c": [True, None, False, True, None],
    }
    assert [str(dtype) for dtype in table.frame.dtypes] == ["float64", "str", "boolean"]


def test_numbers_are_numbers_and_whole_ones_stay_whole(read):
    table = read("i,f,t,e\n1,1,x1,1e3\n-2,.5,2,-inf\n+3,1e400,3,0.1\n")
    assert columns(table) == {
        "i": [1, -2, 3],
        "f": [1.0, 0.5, np.inf],
        "t": ["x1", "2", "3"],
        "e": [1000.0, -np.inf, 0.1],
    }


@pytest.mark.parametrize(
    ("cells", "numbers", "said"),
    [
        (['"1,234"', '"1,234,567.5"', "8"], [1234.0, 1234567.5, 8.0], "'1,234' is read as the number 1234.0"),
        (['"12,345"', "7"], [12345, 7], "'12,345' is read as the number 12345"),
        (["1 234", "56"], [1234, 56], "'1 234' is read as the number 1234"),
        (["1\u202f234", "56"], [1234, 56], r"'1\u202f234' is read as the number 1234"),
        (["1'234.5", "-56"], [1234.5, -56.0], "column 'a': \"1'234.5\" is read as the number 1234.5"),
        (["1.234.567", "2"], [1234567, 2], "'1.234.567' is read as the number 1234567"),
    ],
)
def test_thousands(read, cells, numbers, said):
    table = read("a,b\n" + "".join(f"{cell},x\n" for cell in cells))
    assert columns(table)["a"] == numbers
    assert len(table.notices) == 1 and said in table.notices[0]


def test_thousands_with_a_decimal_comma(read):
    table = read("a;b\n1.234,5;0,5\n2.345;1\n")
    assert columns(table) == {"a": [1234.5, 2345.0], "b": [0.5, 1.0]}
    notice = "column 'a': '1.234,5' is read as the number 1234.5"
    assert table.notices == (notice, f"{SEMICOLON} and a decimal comma")


@pytest.mark.parametrize("name", ["some.csv", "some.tsv", "some.txt"])
def test_no_thousands_follow_a_lone_zero(read, name):
    sign = {"some.csv": ",", "some.tsv": "\t", "some.txt": ";"}[name]
    rows = [("1.5", '"4,213"'), ("2.25", '"-5,348"'), ("3.0", "7"), ("0.5", '"-0,149"')]
    table = read("\n".join(map(sign.join, [("x", "y"), *rows])), name)
    assert columns(table)["y"] == [4.213, -5.348, 7.0, -0.149]
    assert table.notices[0] == "column 'y': '4,213' is read as the number 4.213" and table.decimal_comma == ("y",)


def test_commas_that_may_be_both_are_said_with_the_way_out(read):
    content = 'x,y\n1.5,"4,213"\n2.5,"-5,348"\n'
    assert columns(read(content))["y"] == [4213, -5348]
    assert (
        read(content)
        .notices[0]
        .endswith(
            "'4,213' is read as the number 4213; if the comma stands before decimals, say decimal_comma='y' "
            "(--decimal-comma y)"
        )
    )
    assert columns(read(content, decimal_comma="y"))["y"] == [4.213, -5.348]


def test_commas_mean_in_other_rows_what_they_meant_in_training(tmp_path):
    rows = "".join(f'"{i % 9},{i:03}",{i % 2}\n' for i in range(60))
    (tmp_path / "some.csv").write_text("x,y\n" + rows)
    (tmp_path / "new.csv").write_text('x\n"4,213"\n')
    encoder = load(tmp_path / "some.csv", target="y").encoder
    assert read_rows(tmp_path / "new.csv", encoder)["x"].tolist() == [4.213]
    (tmp_path / "test.csv").write_text('x,y\n"4,213",0\n"5,100",1\n')
    given = load(tmp_path / "some.csv", target="y", test=tmp_path / "test.csv")
    assert given.test.rows["x"].values.tolist() == [4.213, 5.1]


@pytest.mark.parametrize("cell", ["12.34,5", "1,2,3", "1,23,456", "2020-01-05", "12:30", "0x1g", "v1.2"])
def test_what_is_no_number_stays_a_text(read, cell):
    table = read(f'a,b\n"{cell}",x\n')
    assert columns(table)["a"] == [cell] and not table.notices


def test_no_header(read):
    assert columns(read("7,x\n8,y\n", header=False)) == {"0": [7, 8], "1": ["x", "y"]}


def test_zeros_in_front_are_kept(read):
    table = read("zip,n,f\n01067,0,0.5\n99084,10,00\n")
    assert columns(table) == {"zip": ["01067", "99084"], "n": [0, 10], "f": ["0.5", "00"]}


@pytest.mark.parametrize("kind", ["category", "text", "id"])
def test_a_column_that_the_user_names_stays_as_it_is_written(tmp_path, kind):
    """Also where no code begins with a zero, or only one far down does; a number stays one where it is asked for."""
    codes = [f"{100 + i % 7}.0" for i in range(60)]
    lines = [f"{code},{i * 7 % 11}.5,{i % 2}" for i, code in enumerate(codes)]
    (tmp_path / "some.csv").write_text("zip,a,y\n" + "\n".join(lines), encoding="utf-8")
    data = load(tmp_path / "some.csv", target="y", types={"zip": kind})
    assert sorted(set(data.train.rows["zip"])) == sorted(set(codes))
    if kind == "category":
        again = data.encoder.transform(read_rows(tmp_path / "some.csv", data.encoder))
        known = pd.DataFrame(again, columns=data.feature_names).filter(regex="^zip=")
        expected = pd.get_dummies(pd.Series(codes).str.removesuffix(".0"), prefix="zip", prefix_sep="=", dtype=float)
        pd.testing.assert_frame_equal(known, expected)
    assert load(tmp_path / "some.csv", target="y", types="zip=numeric").train.rows["zip"].dtype == np.float64


def test_new_rows_without_names_find_their_columns(tmp_path):
    """The target stands in front, and new rows have none: their first column is the second of the source."""
    lines = [f"{i % 2},{i / 3},{'uvw'[i % 3]}" for i in range(60)]
    (tmp_path / "some.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "new.csv").write_text("\n".join(line[2:] for line in lines), encoding="utf-8")
    encoder = load(tmp_path / "some.csv", target="0", header=False).encoder
    for rows in (
        read_rows(tmp_path / "new.csv", encoder),
        next(iter_rows(tmp_path / "new.csv", 99, encoder, as_arrow=True)),
    ):
        np.testing.assert_array_equal(
            encoder.transform(rows), encoder.transform(read_rows(tmp_path / "some.csv", encoder))
        )


@pytest.mark.parametrize("line", ["1.5,2,3", "39, State-gov, 77516, 13", "-1,2", "7,5,6"])
def test_a_missing_header_is_seen(read, line):
    message = "expected the names of the columns in the first line, got .*\nhint: if it has none, say header=False"
    with pytest.raises(DataError, match=message):
        read(f"{line}\n{line}\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected data, got an empty file"),
        (b" \n\n", "expected a table, got an empty file"),
        (b"a,b\n", "expected rows below the first line, got only the names of 2 columns"),
        (b"a,b,a\n1,2,3\n", "expected each column once, got 'a' twice\nhint: rename one of them"),
        (b"a,b\n1,2\n\n1,2,3\n", "line 4: expected 2 fields as in the first line, got 3\nhint: mend that line; a f"),
        (b"a,b\n1,2\n1\n", "line 3: expected 2 fields as in the first line, got 1"),
        (b'a,b\n"1\n2",3\n4,5,6\n', "line 4: expected 2 fields as in the first line, got 3"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "line 3: expected a quote that ends, got: unexpected end of data\nhint: mend"),
        ("a,b\n1,ä\n2,x\n".encode() + b"3,\xf6\n", "line 4: expected UTF-8 as in the lines before, got the byte 0xf6"),
        (
            b"a,b\n1,\xe4\n" + "2,ö\n".encode(),
            r"line 3: expected Windows-1252 \(Western European\) as in the lines before, got UTF-8\nhint: save all of ",
        ),
        (b"a,b\n1,\0\n", "expected a text with a table, got a zero byte in line 2\nhint: give the file its right end"),
        (b"PK\x03\x04\0\0", "expected a text with a table, got a ZIP or Excel file"),
        (b"PAR1\0\0\0\0", "expected a text with a table, got a Parquet file"),
    ],
)
def test_unsound_texts(read, content, message):
    with pytest.raises(DataError, match=rf"some\.csv: {message}"):
        read(content)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_packed_texts(read, ending):
    pack = gzip.compress if ending == ".gz" else zstandard.compress
    content = pack(b"a,b\n" + b"1,2\n" * 50_000)
    for name in ("some.csv", "some.tsv", "some.txt"):
        assert len(read(content, name + ending).frame) == 50_000
    for cut in (len(content) - 3, len(content) // 2):
        with pytest.raises(DataError, match=r"expected a whole (gzip|zstd) file, got a damaged one .*\nhint: fetch it"):
            read(content[:cut], "some.csv" + ending)


@pytest.mark.parametrize(
    ("content", "line"), [(b"x" * 5_000_000, 1), (b"a,b\n1,2\n" + b"x" * 20_000_000 + b",2\n3,4\n", 3)]
)
def test_a_line_that_does_not_end(read, monkeypatch, content, line):
    for module in (sniff, csv, faults):
        monkeypatch.setattr(module, "LONGEST_LINE", 4 << 20)
    with pytest.raises(DataError, match=rf"some\.csv: line {line}: expected a line of at most 4 MiB, got a longer one"):
        read(content)


@pytest.mark.slow
@pytest.mark.parametrize("head", [b"", b"a,b\n1,2\n"])
def test_a_line_of_two_gigabytes_takes_no_two_gigabytes(tmp_path, head):
    path = tmp_path / "long.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(head)
        for _ in range(2048):
            file.write(b"x" * (1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError, match="expected a line of at most 64 MiB, got a longer one\nhint: is a quote open"):
        read_rows(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600 << 10  # KiB


@pytest.mark.parametrize("n_columns", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_many_columns(tmp_path, n_columns):
    rng = np.random.default_rng(0)
    names = ",".join(f"c{i}" for i in range(n_columns))
    values = rng.normal(size=(12, n_columns)).round(3)
    path = tmp_path / "wide.csv"
    path.write_text(names + "\n" + "\n".join(",".join(map(str, row)) for row in values) + "\n")
    start = time.perf_counter()
    frame = csv.read(path, ReadOptions()).frame
    assert time.perf_counter() - start < 60  # about 5 s for 100,000 on an idle machine
    np.testing.assert_array_equal(frame.to_numpy(), values)


def test_paths_that_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match=r"pipe\.csv: expected a file, got a pipe or a device"):
        load(tmp_path / "pipe.csv", target="y")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=r"folder\.csv: expected a folder of images by class, or with train-images"):
        load(tmp_path / "folder.csv", target="y")


def test_missing_has_to_be_text(read, unchecked):
    with pytest.raises(UsageError, match=r"missing: expected a text or a list of texts, got \(-999,\)\nhint: quote it"):
        read("a\n1\n", missing=(-999,))


def test_adult(shared_data):
    """Without names, with blanks behind the commas, with "?" for holes, dots behind the classes of the test file."""
    folder = shared_data / "tables"
    test = folder / "adult-test.csv.gz"
    data = load(folder / "adult-train.csv.gz", header=False, target="14", missing="?", test=str(test))
    assert (len(data.train) + len(data.valid), len(data.test)) == (32_561, 16_281)
    assert data.class_names == ("<=50K", ">50K") and np.bincount(data.test.y).tolist() == [12_435, 3_846]  # published
    assert f"target '14': '<=50K.' in {test} is taken as '<=50K'" in data.notices
    again = load(data.origin["source"], **data.origin["options"])
    assert again.fingerprint == data.fingerprint
    pieces = list(iter_rows(test, 4_000, data.encoder))  # which knows how its own rows were read
    assert len(pieces) > 1
    np.testing.assert_array_equal(np.concatenate([data.encoder.transform(piece) for piece in pieces]), data.test.x)
    reference = pd.read_csv(test, header=None, skipinitialspace=True, na_values="?")
    np.testing.assert_array_equal(pd.concat(pieces)["0"], reference[0])
    assert pd.concat(pieces)["1"].isna().sum() == reference[1].isna().sum() == 963


def test_pieces_of_a_file_are_as_careful_as_the_whole(tmp_path):
    """An open quote loses no row in silence, and an accent far behind the sample is read as it is in the whole."""
    quoted = tmp_path / "quote.csv"
    quoted.write_text("a,b\n" + "1,x\n" * 14 + '1,"x\n' + "1,x\n" * 5)
    for size in (5, 1000):
        with pytest.raises(DataError, match="line 16"):
            list(csv.batches(quoted, ReadOptions(), size))
    late = tmp_path / "late.csv"
    late.write_bytes(b"a,b\n" + b"1,plain\n" * 200_000 + "2,caf\u00e9\n".encode("cp1252"))
    pieces = [piece.frame for piece in csv.batches(late, ReadOptions(), 100_000)]
    assert [len(piece) for piece in pieces] == [100_000, 100_000, 1]
    assert pieces[-1]["b"].tolist() == ["caf\u00e9"]

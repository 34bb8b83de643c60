"""Files and folders that cannot be used: each ends in exit code 2 and one message that says where, and no new file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pyarrow import feather

import seedbed as sb
from tests.cli.conftest import QUICK, Command
from tests.cli.test_bad_input import refuse

ROWS = "".join(f"{i},{i * 7 % 11},{i / 3:.2f}\n" for i in range(60))
TEXTS = {
    "only names": ("a,b,y\n", "expected rows below the first line, got only the names of 3 columns"),
    "names without a line end": ("a,b,y", "expected rows below the first line, got only the names of 3 columns"),
    "nine rows": (f"a,b,y\n{ROWS[:80]}", "expected at least 10 rows to split into training, validation and test, got"),
    "one row": ("a,b,y\n1,2,3.5\n", "expected rows to train, validate and test on, got one"),
    "a name twice": (f"a,a,y\n{ROWS}", "expected each column once, got 'a' twice"),
    "values for names": (ROWS, "expected the names of the columns in the first line, got 0, 0, 0.00"),
    "ragged": (f"a,b,y\n{ROWS}1,2,3,4\n{ROWS}", "line 62: expected 3 fields as in the first line, got 4"),
    "short": (f"a,b,y\n{ROWS}1,2\n", "line 62: expected 3 fields as in the first line, got 2"),
    "an open quote": (f'a,b,y\n{ROWS}1,"2,3\n{ROWS}', "line 62: expected a quote that ends"),
    "two encodings": (
        f"a,b,y\n1,ä,2\n{ROWS}".encode() + b"1,\xf6,2\n",
        "line 63: expected UTF-8 as in the lines before, got the byte 0xf6",
    ),
    "two encodings, far apart": (
        f"a,b,y\n1,ä,2\n{ROWS * 3_000}".encode() + b"1,\xf6,2\n",
        "line 180003: expected UTF-8 as in the lines before, got the byte 0xf6",
    ),
    "two encodings, from UTF-16": (
        f"a,b,y\n{ROWS}".encode("utf-16") + b"1,2,3\n4,5,6\n",
        "line 62: expected UTF-16 as in the lines before, got UTF-8",
    ),
    "ragged in UTF-16": (
        f"a,b,y\r\n{ROWS}1,2\r\n{ROWS}".encode("utf-16"),
        "line 62: expected 3 fields as in the first line, got 2",
    ),
    "cut within a letter": (f"a,b,y\n1,ä,2\n{ROWS}1,2,ä".encode()[:-1], "line 63: expected UTF-8 to the end, got a"),
    "cut within a letter of UTF-16": (
        f"a,b,y\n{ROWS}".encode("utf-16")[:-1],
        "line 61: expected UTF-16 to the end, got a file that ends within a letter",
    ),
    "zeros": (f"a,b,y\n{ROWS}\0\0\0", "expected a text with a table, got a zero byte in line 62"),
    "a ZIP": (b"PK\x03\x04" + bytes(range(256)) * 9, "expected a text with a table, got a ZIP or Excel file"),
}  # fmt: skip


@pytest.mark.parametrize("case", TEXTS)
def test_texts(case: str, seedbed: Command, tmp_path: Path) -> None:
    content, said = TEXTS[case]
    (tmp_path / "some.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    refuse(seedbed, tmp_path, ["some.csv", "--target", "y"], f"error: some.csv: {said}")


@pytest.mark.parametrize("case", sorted(set(TEXTS) - {"nine rows", "one row"}))
def test_texts_to_predict(case: str, seedbed: Command, iris: Path, tmp_path: Path) -> None:
    """Read in pieces, the same files are refused with the same words, but that nobody asks for so many rows."""
    content, said = TEXTS[case]
    (tmp_path / "some.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    found = seedbed("predict", iris, "some.csv", "--out", "p.csv")
    assert found.code == 2 and "Traceback" not in found.err and not (tmp_path / "p.csv").exists()
    assert found.err.startswith(f"error: some.csv: {said}"), found.err


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_tables_cut_short(ending: str, share: float, seedbed: Command, tmp_path: Path) -> None:
    frame, path = pd.DataFrame(np.random.default_rng(0).normal(size=(99, 3)), columns=list("aby")), tmp_path / "some"
    path = path.with_suffix(ending)
    frame.to_parquet(path) if ending == ".parquet" else feather.write_feather(frame, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    what = {".parquet": "Parquet", ".feather": "Feather"}[ending]
    for more in ([], ["--stream"] if ending == ".parquet" else ["--no-stream"]):
        said = f"some{ending}: expected a whole {what} file, got a damaged one"
        refuse(seedbed, tmp_path, [path.name, "--target", "y", *more], said)


def test_thousands_are_numbers_and_said(seedbed: Command, tmp_path: Path) -> None:
    lines = "".join(f'{i},"{i + 1},{i:03},500.25",{i % 7 / 3:.2f}\n' for i in range(60))
    (tmp_path / "some.csv").write_text(f"a,b,y\n{lines}", encoding="utf-8")
    said = seedbed("data", "describe", "some.csv", "--target", "y")
    assert said.code == 0 and "column 'b': '1,000,500.25' is read as the number 1000500.25" in " ".join(
        said.out.split()
    )
    assert sb.data.load("some.csv", target="y").feature_names == ("a", "b")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(20):
            Image.fromarray(rng.integers(0, 256, (6, 6), dtype=np.uint8)).save(tmp_path / f"photos/{name}/{i:02}.png")
    return tmp_path / "photos"


@pytest.mark.parametrize("case", ["cut", "zip", "text", "empty"])
def test_a_broken_image_is_named_or_skipped(case: str, photos: Path, seedbed: Command, tmp_path: Path) -> None:
    path = photos / "dog" / "07.png"
    if case == "zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("dog.png", b"none")
    else:
        path.write_bytes({"cut": path.read_bytes()[:60], "text": b"a picture of a dog", "empty": b""}[case])
    came = {"cut": "a damaged one", "zip": "a ZIP or Excel file", "text": "no image", "empty": "an empty file"}[case]
    refuse(seedbed, tmp_path, ["photos"], f"photos/dog/07.png: expected an image, got {came}")
    said = seedbed("data", "describe", "photos", "--skip-broken")
    assert said.code == 0 and "1 of 40 images cannot be read" in said.out, said


def test_folders_of_images_that_cannot_be_used(photos: Path, seedbed: Command, tmp_path: Path) -> None:
    (photos / "bird").mkdir()
    refuse(seedbed, tmp_path, ["photos"], "photos/bird: expected images of the class, got none")
    assert seedbed("train", "photos", "--skip-broken", *QUICK, "--out", "run").code == 0
    shutil.rmtree("run")
    refuse(seedbed, tmp_path, ["photos/cat"], "photos/cat: expected a folder of images for each class, got 20 images")
    os.mkfifo(photos / "bird" / "00.png")
    refuse(seedbed, tmp_path, ["photos"], "photos/bird: expected images of the class, got none")


@pytest.mark.parametrize("name", ["some.csv", "some.parquet", "some.xlsx", "some.npz", "some.png"])
def test_a_folder_in_place_of_a_file(name: str, seedbed: Command, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    refuse(seedbed, tmp_path, [name, "--target", "y"], f"{name}: expected a folder of images by class")


PROGRAM = "from seedbed.cli import main; main()"


def run_apart(*command: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which is ended when it hangs."""
    return subprocess.run([*command], capture_output=True, text=True, timeout=90, check=False)


@pytest.mark.parametrize("name", ["some.csv", "some.csv.gz", "some.parquet", "some.npz", "some.png", "idx3-ubyte"])
def test_a_pipe_does_not_hang(name: str, seedbed: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(tmp_path / name)
    (tmp_path / "good.csv").write_text(f"a,b,y\n{ROWS}", encoding="utf-8")
    (tmp_path / "nameless").symlink_to(name)  # as /dev/stdin and what a shell makes of <(...)
    for arguments in ([name, "--target", "y"], ["good.csv", "--target", "y", "--test", name], ["nameless"]):
        done = run_apart(sys.executable, "-c", PROGRAM, "train", *arguments)
        assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
        asked = arguments[0] if arguments[0] != "good.csv" else name
        assert done.stderr.count("error: ") == 1 and f"{asked}: expected a" in done.stderr
        if name == "idx3-ubyte":
            break


@pytest.mark.parametrize("name", ["some.csv", "some.csv.gz", "some.parquet", "some.npz", "some.feather"])
def test_a_file_that_may_not_be_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"a,b,y\n1,2,3\n")
    (tmp_path / name).chmod(0)
    command = [sys.executable, "-c", PROGRAM, "train", name, "--target", "y"]
    if os.geteuid() == 0:  # who may read everything, unless that power is given up
        if not shutil.which("setpriv"):
            pytest.skip("the superuser can read every file, and there is no setpriv to give that up")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = run_apart(*command)
    assert done.returncode == 2 and done.stdout == "", done.stderr
    assert done.stderr.count("error: ") == 1 and "Traceback" not in done.stderr
    assert f"error: {name}: expected" in done.stderr and "Permission denied" in done.stderr


@pytest.mark.slow
def test_a_hundred_thousand_columns(tmp_path: Path) -> None:
    """All of `load`: typed, checked against each other, split and encoded, in processor time that is bounded."""
    n_columns = 100_000
    values = np.random.default_rng(0).normal(size=(60, n_columns)).round(3)
    head = ",".join([*(f"c{i}" for i in range(n_columns)), "y"])
    lines = [",".join(map(str, [*row, i % 2])) for i, row in enumerate(values.tolist())]
    (tmp_path / "wide.csv").write_text("\n".join([head, *lines]), encoding="utf-8")
    start = time.process_time()  # which other work on the machine does not lengthen: measured were 27 s
    data = sb.data.load(tmp_path / "wide.csv", target="y")
    took = time.process_time() - start
    assert data.shape == (n_columns,) and len(data.train) + len(data.valid) + len(data.test) == 60
    assert took < 90, f"it took {took:.0f} s"


def test_one_of_several_parquet_files_is_cut_short(seedbed: Command, tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(99, 3)), columns=list("aby"))
    for i in range(3):
        frame.to_parquet(tmp_path / "big" / f"{i}.parquet")
    path = tmp_path / "big" / "1.parquet"
    path.write_bytes(path.read_bytes()[:300])
    refuse(seedbed, tmp_path, ["big", "--target", "y"], "big/1.parquet: expected a whole Parquet file, got a damaged")

"""Misuse: one clear message that says what was expected, what came, where, and what to do; exit code 2, no file."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import Command

NOISE = ("Traceback", "Tracer", "jax", "TypeError", "ValueError", "numpy.", 'File "')


def idx(path: Path, array: np.ndarray, *, magic: bytes | None = None, cut: int | None = None) -> None:
    head = magic or bytes([0, 0, 8, array.ndim])
    content = head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(content[:cut]) if path.suffix == ".gz" else content[:cut])


def mnist(folder: Path, n_images: int = 40, n_labels: int = 40, **broken: object) -> None:
    folder.mkdir()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (n_images, 4, 4), dtype=np.uint8)
    idx(folder / "train-images-idx3-ubyte", images, **broken)  # type: ignore[arg-type]
    idx(folder / "train-labels-idx1-ubyte", np.arange(n_labels, dtype=np.uint8) % 3)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Everything that is wrong with data, one file or folder each."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"]).assign(price=rng.uniform(1, 2, 60))
    table.to_csv(tmp_path / "good.csv", index=False)
    table.assign(kind="one").to_csv(tmp_path / "one_class.csv", index=False)
    table.assign(b=np.where(table.index % 2, np.inf, table["b"])).to_csv(tmp_path / "infinite.csv", index=False)
    table.assign(price=np.where(table.index % 2, np.nan, table["price"])).to_csv(tmp_path / "hole.csv", index=False)
    table.assign(price="").to_csv(tmp_path / "no_target.csv", index=False)
    table.assign(price=np.where(table.index == 7, np.inf, table["price"])).to_csv(tmp_path / "far.csv", index=False)
    table.assign(kind=[*"xy" * 30]).to_csv(tmp_path / "words.csv", index=False)
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    (tmp_path / "head.csv").write_text("a,b,price\n", encoding="utf-8")
    (tmp_path / "notes.doc").write_text("a,b\n1,2\n", encoding="utf-8")
    mnist(tmp_path / "cut", cut=100)
    mnist(tmp_path / "magic", magic=bytes([0, 0, 8, 3])[::-1])
    mnist(tmp_path / "counts", n_labels=39)
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("all of it", encoding="utf-8")
    return tmp_path


SETUP = """\
epochs = 3
[network]
layers = ["linear 8", "relu", "linear out"]
[loss]
kind = "cross_entropy"
[optimizer]
kind = "sgd"
lr = 0.1
"""

DATA = {
    "missing file": (["prices.csv"], "prices.csv: expected a file, got none of that name"),
    "unknown name": (["digts"], "did you mean 'digits'?"),
    "empty file": (["empty.csv", "--target", "a"], "empty.csv: expected data, got an empty file"),
    "only a head": (["head.csv", "--target", "price"], "head.csv: expected rows"),
    "no table": (["notes.doc"], "notes.doc: expected a file that ends in one of .csv, .tsv, .txt, .parquet"),
    "wrong target": (["good.csv", "--target", "prize"], "did you mean 'price'?"),
    "missing target": (["good.csv"], "expected the name of the target column, got none; the columns are a, b, price"),
    "target of a set": (["iris", "--target", "kind"], "target: expected none for iris, which has its own, got 'kind'"),
    "one class": (["one_class.csv", "--target", "kind"], "target 'kind': expected at least two classes, got only"),
    "infinite": (["infinite.csv", "--target", "price"], "column 'b': expected finite numbers, got "),
    "hole in target": (["hole.csv", "--target", "price"], "target 'price': expected a value in most rows, got none in"),
    "no target": (["no_target.csv", "--target", "price"], "expected a value in most rows, got none in 60 of 60"),
    "infinite target": (["far.csv", "--target", "price"], "target 'price': expected finite numbers, got 1 infinite or"),
    "words for a quantity": (
        ["words.csv", "--target", "kind", "--task", "regression"],
        "target 'kind': expected numbers for a regression, got texts such as 'x'",
    ),
    "no name": ([""], "expected a path or the name of a data set, one of digits, "),
    "long name": (["a" * 300 + ".csv"], f"'{'a' * 80}...': expected a path, got one that cannot be looked at: File na"),
    "circle": (["circle.csv"], "'circle.csv': expected a path, got one that cannot be looked at: Too many levels of"),
    "cut": (["cut"], "train-images-idx3-ubyte: is cut short: expected 640 bytes for 40 x 4 x 4 numbers, got 84"),
    "magic": (["magic"], "expected an IDX file, which begins with the bytes 00 00 08 0d, got 03 08 00 00"),
    "counts": (["counts"], "counts: expected as many labels as images, got 40 images"),
    "folder of nothing": (["full"], "full: expected a folder of images by class, or with train-images-idx3-ubyte"),
    "group": (["good.csv", "--target", "price", "--group", "c"], "group: expected one of the columns of good.csv, got"),
    "time": (["one_class.csv", "--target", "a", "--time", "kind"], "time 'kind': expected dates or numbers, got 'one'"),
    "both": (["good.csv", "--target", "price", "--group", "a", "--time", "b"], "group and time: expected one of them"),
    "stream": (["good.csv", "--target", "price", "--stream"], "stream: expected Parquet files, got 'good.csv'"),
    "loss": (["good.csv", "--target", "price", "--loss", "cross_entropy"], "loss"),
    "task": (["good.csv", "--target", "price", "--task", "regresion"], "regression"),
}  # fmt: skip
OPTIONS = {
    "members": (["--members", "0"], "members: expected a whole number of at least 1, got 0"),
    "epochs": (["--epochs", "0"], "epochs: expected a whole number of at least 1, got 0"),
    "batch size": (["--batch-size", "0"], "batch_size: expected a whole number of at least 1, got 0"),
    "seed": (["--seed", "-1"], "seed: expected a whole number of at least 0, got -1"),
    "negative rate": (["--optimizer", "sgd lr=-1"], "optimizer.lr: expected a number of at least 0, got -1"),
    "rate of dropout": (["--network", "dropout 1.5, linear out"], "network.layers[0].rate: expected a number"),
    "distribution": (["--optimizer", "sgd lr=log_uniform(1, 0)"], "optimizer.lr: "),
    "unknown layer": (["--network", "linear 8, reluu, linear out"], "did you mean 'relu'?"),
    "unknown argument": (["--network", "linear 8 wieght=zeros"], "did you mean 'weight'?"),
    "unknown optimizer": (["--optimizer", "adm 0.1"], "did you mean 'adam'?"),
    "unknown loss": (["--loss", "cross_entrpy"], "did you mean 'cross_entropy'?"),
    "unknown step": (["--preprocessing", "pca, wobble"], "preprocessing[1]: expected a preprocessing, one of center"),
    "components": (
        ["--preprocessing", "pca 9"],
        "preprocessing[0].components: expected a whole number of at most 4, got 9 for",
    ),
    "outputs": (["--network", "linear 7"], "network.layers[0]: expected 3 outputs for iris, got outputs of shape (7,)"),
    "folder in the way": (
        ["--out", "full"],
        "full: expected a new or empty folder for the run, but something is there",
    ),
    "file in the way": (["--out", "good.csv"], "good.csv: expected a new or empty folder for the run"),
    "no run": (["--from", "nowhere"], "nowhere: expected the folder of a run, but it has no run.json"),
    "resume and change": (["--resume", "full"], "--resume: expected nothing beside that changes the run"),
    "no setup": (["--setup", "none.toml"], "none.toml: expected a setup file, got No such file or directory"),
}
FILES = {
    "layer": (("relu", "reluu"), "setup.toml: line 3: network.layers[1]: expected a layer, one of"),
    "key": (("epochs", "epocs"), "setup.toml: line 1: epocs: expected one of network, loss, optimizer"),
    "number": (("0.1", "-0.1"), "setup.toml: line 8: optimizer.lr: expected a number of at least 0, got -0.1"),
    "type": (("epochs = 3", 'epochs = "three"'), "setup.toml: line 1: epochs: expected a whole number"),
    "toml": (("[loss]", "[loss"), "setup.toml: line 4: expected TOML, got a text that is none"),
    "size": (("linear out", "linear 7"), "network.layers[2]: expected 3 outputs for iris, got outputs of shape (7,)"),
}


def refuse(seedbed: Command, root: Path, arguments: list[str], said: str) -> None:
    before = sorted(root.rglob("*"))
    code, out, err = seedbed("train", *arguments)
    assert code == 2 and out == "", out
    assert err.count("error: ") == 1 and said in err, err
    assert not any(word in err for word in NOISE), err
    assert sorted(root.rglob("*")) == before


@pytest.mark.parametrize("case", DATA)
def test_data_that_cannot_be_used(case: str, files: Path, seedbed: Command) -> None:
    refuse(seedbed, files, *DATA[case])


@pytest.mark.parametrize("case", OPTIONS)
def test_options_that_are_not_sound(case: str, files: Path, seedbed: Command) -> None:
    options, said = OPTIONS[case]
    refuse(seedbed, files, ["iris", *options], said)


@pytest.mark.parametrize("case", FILES)
def test_setup_files_that_are_not_sound(case: str, tmp_path: Path, seedbed: Command) -> None:
    (old, new), said = FILES[case]
    (tmp_path / "setup.toml").write_text(SETUP.replace(old, new), encoding="utf-8")
    refuse(seedbed, tmp_path, ["iris", "--setup", "setup.toml"], said)


def test_an_input_size_that_does_not_fit(seedbed: Command, tmp_path: Path) -> None:
    """A run on four features has nothing to say of two."""
    rng = np.random.default_rng(0)
    pd.DataFrame(rng.normal(size=(60, 2)), columns=["a", "b"]).assign(y=rng.normal(size=60)).to_csv(
        "two.csv", index=False
    )
    line = ("--network", "linear 8, relu, linear out", "--members", "1", "--epochs", "1")
    assert seedbed("train", "iris", *line, "--out", "four").code == 0
    refuse(
        seedbed, tmp_path, ["two.csv", "--target", "y", *line, "--from", "four"], "start: expected weights for linear 8"
    )


def test_a_folder_that_cannot_be_made(seedbed: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seedbed.recipe.folder.os.access", lambda *_: False)
    refuse(seedbed, tmp_path, ["iris", "--out", "deep/run"], "expected a folder that can be made, but")


@pytest.mark.parametrize("arguments", [["--bogus"], ["--members", "many"], ["one", "two"]])
def test_what_typer_refuses_exits_with_2_too(seedbed: Command, arguments: list[str]) -> None:
    said = seedbed("train", *arguments)
    assert said.code == 2 and said.out == "" and "Usage: seedbed train" in said.err


def test_an_unknown_command(seedbed: Command) -> None:
    assert seedbed("trian").code == 2


def test_when_all_members_diverge_it_is_a_failure(seedbed: Command, tmp_path: Path) -> None:
    line = ("--network", "linear 8, relu, linear out", "--optimizer", "sgd 1e30", "--members", "2", "--epochs", "1")
    said = seedbed("train", "iris", *line, "--out", "run", "--json")
    assert said.code == 1 and said.out == "" and not any(tmp_path.iterdir())
    assert "error: expected a member with a finite validation loss, but all 2 diverged" in said.err
    assert "diverged: learning rate too high" in said.err or "diverged: loss is no number" in said.err
    assert "Try lr_down" in said.err


@pytest.mark.parametrize("command", ["predict", "report", "compare"])
def test_no_run_is_there(seedbed: Command, tmp_path: Path, command: str) -> None:
    said = seedbed(command, "nowhere", *{"predict": ["x.csv"], "compare": ["nowhere"]}.get(command, []))
    assert said.code == 2 and "nowhere: expected the folder of a run, but it has no run.json" in said.err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("folder", ["nowhere", "full", "good.csv"])
def test_no_run_was_begun(files: Path, seedbed: Command, folder: str) -> None:
    before = sorted(files.rglob("*"))
    said = seedbed("train", "--resume", folder)
    assert said.code == 2 and said.out == ""
    assert f"error: {folder}: expected a run that was begun, but it has no job.json\n" in said.err
    assert "hint: seedbed runs lists them" in said.err and sorted(files.rglob("*")) == before


def test_a_finished_run_is_given_back(seedbed: Command, iris: Path) -> None:
    before = {path: path.read_bytes() for path in iris.iterdir()}
    said = seedbed("train", "--resume", iris)
    assert said.code == 0 and "run     iris\n" in said.out
    assert said.err == "iris: the run is finished, and nothing was left to do\n"
    assert {path: path.read_bytes() for path in iris.iterdir()} == before


def test_predictions_have_nowhere_to_go(seedbed: Command, iris: Path) -> None:
    Path("new.csv").write_text("sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5,3,1,0\n")
    said = seedbed("predict", iris, "new.csv", "--out", "deep/p.csv")
    assert said.code == 2 and "--out deep/p.csv: expected a file that can be written" in said.err
    missing = seedbed("predict", iris, "old.csv")
    assert missing.code == 2 and "old.csv" in missing.err

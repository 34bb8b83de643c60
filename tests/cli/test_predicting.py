"""`seedbed predict` from file to file: endings, pieces, warnings, and what is left when it fails."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import seedbed as sb
from tests.cli.conftest import QUICK, Command
from tests.test_start import IMPORTED, said_by

NAMES = [f"{part} {side} (cm)" for part in ("sepal", "petal") for side in ("length", "width")]


def flowers(n: int) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).uniform(0.1, 7, (n, 4)).round(2), columns=NAMES)


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in small pieces."""
    monkeypatch.setattr("seedbed.recipe.streaming.ROWS", 40)
    monkeypatch.setattr("seedbed.data.readers.csv.BLOCK", 1 << 10)


def test_every_ending_holds_the_same(seedbed: Command, iris: Path, in_pieces: None) -> None:
    flowers(333).to_parquet("new.parquet")
    for out in ("p.csv", "p.csv.gz", "p.parquet", "P.CSV"):
        assert seedbed("predict", iris, "new.parquet", "--proba", "--out", out).out == f"333 predictions in {out}\n"
    expected = pd.read_csv("p.csv")
    assert list(expected) == ["prediction", "p_setosa", "p_versicolor", "p_virginica"] and len(expected) == 333
    pd.testing.assert_frame_equal(pd.read_parquet("p.parquet"), expected, check_dtype=False)
    assert gzip.decompress(Path("p.csv.gz").read_bytes()) == Path("p.csv").read_bytes() == Path("P.CSV").read_bytes()
    np.testing.assert_allclose(
        expected.iloc[:, 1:].to_numpy(), sb.load_run(iris).ensemble().predict_proba(flowers(333)), rtol=1e-5
    )


def test_the_rows_that_are_read_are_not_written_over(seedbed: Command, iris: Path) -> None:
    flowers(9).to_csv("mine.csv", index=False)
    Path("linked.csv").symlink_to("mine.csv")
    before = Path("mine.csv").read_bytes()
    for out in ("mine.csv", "linked.csv", iris / ".." / "mine.csv"):
        said = seedbed("predict", iris, "mine.csv", "--out", out)
        assert said.code == 2 and "expected another file than the rows that are predicted, got mine.csv" in said.err
        assert Path("mine.csv").read_bytes() == before


def test_texts_in_pieces_are_predicted_as_a_whole(seedbed: Command, iris: Path, in_pieces: None) -> None:
    flowers(333).to_csv("new.csv", index=False)
    said = seedbed("predict", iris, "new.csv").out.splitlines()
    assert said == ["prediction", *sb.load_run(iris).ensemble().predict(flowers(333))]


def test_a_file_without_names_and_with_holes_of_its_own(seedbed: Command, tmp_path: Path) -> None:
    """As the message about its first line says, and as `sb.predict` takes them."""
    frame = flowers(60).assign(kind=["a", "b"] * 30)
    frame.to_csv("flowers.csv", index=False)
    assert seedbed("train", "flowers.csv", "--target", "kind", *QUICK, "--out", "run", "--quiet").code == 0
    rows = flowers(9).astype(object)
    rows.iloc[2, 1] = rows.iloc[7, 3] = "unknown"
    rows.to_csv("new.csv", index=False, header=False)
    said = seedbed("predict", "run", "new.csv")
    assert said.code == 2 and "--no-header" in said.err
    said = seedbed("predict", "run", "new.csv", "--no-header", "--missing", "unknown")
    assert (said.code, said.err) == (0, "")
    expected = sb.load_run("run").ensemble().predict(rows.replace("unknown", np.nan))
    assert said.out.splitlines() == ["prediction", *expected]
    assert sb.predict("run", "new.csv", header=False, missing="unknown")["prediction"].tolist() == expected.tolist()


def test_it_imports_neither_jax_nor_pandas(seedbed: Command) -> None:
    """Which take longer than the prediction: it is to start within a second."""
    frame = flowers(60).assign(town=["Ulm", "Bonn", "Ulm"] * 20, kind=["a", "b"] * 30)
    frame.iloc[3, 2] = np.nan
    frame.to_csv("flowers.csv", index=False)
    assert seedbed("train", "flowers.csv", "--target", "kind", *QUICK, "--out", "run", "--quiet").code == 0
    frame.to_parquet("flowers.parquet")
    for source in ("flowers.csv", "flowers.parquet"):
        for out in ("p.csv", "p.parquet"):
            command = ["predict", "run", source, "--proba", "--out", out]
            program = f"from seedbed.cli import main\ntry: main({command})\nexcept SystemExit: pass"
            assert said_by(program + IMPORTED) == [], (source, out)
    pd.testing.assert_frame_equal(pd.read_parquet("p.parquet"), pd.read_csv("p.csv"), check_dtype=False)


@pytest.mark.slow
def test_a_file_of_numbers_alone_fits_data_of_images(seedbed: Command) -> None:
    """Their features have names, which a file without names need not know."""
    assert seedbed("train", "digits", "--members", "1", "--epochs", "1", "--out", "run", "--quiet").code == 0
    rows = sb.data.load("digits").test.rows[:20]
    pd.DataFrame(rows.reshape(20, -1)).to_csv("new.csv", index=False, header=False)
    said = seedbed("predict", "run", "new.csv", "--no-header")
    assert said.out.splitlines() == ["prediction", *map(str, sb.load_run("run").ensemble().predict(rows))]


def test_the_file_alone_is_enough(seedbed: Command, iris: Path) -> None:
    flowers(9).to_csv("new.csv", index=False)
    expected = seedbed("predict", iris, "new.csv").out
    (iris / "ensemble.safetensors").rename("alone.safetensors")
    assert seedbed("predict", "alone.safetensors", "new.csv").out == expected
    assert seedbed("predict", iris, "new.csv").out == expected  # from the whole run, and nothing is said
    said = seedbed("predict", "alone.safetensors", "new.csv", "--model", "best")
    assert said.code == 2 and "alone.safetensors: expected the folder of a run" in said.err


def test_an_ending_that_is_not_written(seedbed: Command, iris: Path) -> None:
    for out, came in (("p.xlsx", ".xlsx"), ("p", "no ending")):
        said = seedbed("predict", iris, "nowhere.csv", "--out", out)
        expected = f"error: --out {out}: expected a file that ends in .csv, .csv.gz, .parquet, got {came}\n"
        assert (said.code, said.err) == (2, expected)


def test_what_fails_on_the_way_leaves_nothing(seedbed: Command, iris: Path, in_pieces: None) -> None:
    """Also what stood there before stays."""
    table = flowers(300).astype(str)
    table.loc[250:, NAMES[2]] = "tall"
    table.to_csv("new.csv", index=False)
    Path("p.csv").write_text("before")
    said = seedbed("predict", iris, "new.csv", "--out", "p.csv")
    assert said.code == 2 and f"column {NAMES[2]!r}" in said.err and "rows from row 2" in said.err
    assert Path("p.csv").read_text() == "before"
    assert sorted(path.name for path in Path().iterdir()) == ["iris", "new.csv", "p.csv"]


def test_it_is_interrupted(seedbed: Command, iris: Path, in_pieces: None, monkeypatch: pytest.MonkeyPatch) -> None:
    flowers(300).to_csv("new.csv", index=False)

    from seedbed.recipe import streaming

    columns, calls = streaming.columns_of, []

    def once_then_interrupt(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return columns(*arguments, **named)

    monkeypatch.setattr(streaming, "columns_of", once_then_interrupt)
    said = seedbed("predict", iris, "new.csv", "--out", "p.csv")
    assert (said.code, said.err) == (1, "interrupted before there was a result; nothing was written\n")
    assert sorted(path.name for path in Path().iterdir()) == ["iris", "new.csv"]


def test_no_rows(seedbed: Command, iris: Path) -> None:
    flowers(0).to_csv("new.csv", index=False)
    said = seedbed("predict", iris, "new.csv", "--out", "p.csv")
    assert said.code == 2 and "new.csv: expected rows" in said.err and not Path("p.csv").exists()


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright cats and dark dogs, a run that tells them apart, and new photographs in folders of any depth."""
    folder = tmp_path_factory.mktemp("pets")
    rng = np.random.default_rng(0)

    def photo(path: str, level: int) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(level, level + 80, (6, 5, 3), dtype=np.uint8)).save(folder / path)

    for i in range(20):
        photo(f"photos/cat/{i}.png", 170)
        photo(f"photos/dog/{i}.png", 0)
    for i in range(7):
        photo(f"new/{'b' if i % 2 else 'a/deep'}/{i}.png", 0 if i % 2 else 170)
    setup = sb.Setup(network=sb.Network.parse("linear out"), loss=sb.CrossEntropy(), optimizer=sb.Adam(0.03), epochs=30)
    sb.train(setup, folder / "photos", members=1, out=folder / "run")
    return folder


NEW = [f"new/a/deep/{i}.png" for i in (0, 2, 4, 6)] + [f"new/b/{i}.png" for i in (1, 3, 5)]
PETS = ["cat"] * 4 + ["dog"] * 3


@pytest.fixture
def among_pets(pets: Path, seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a copy of that folder."""
    shutil.copytree(pets, Path(), dirs_exist_ok=True)


@pytest.mark.usefixtures("among_pets")
def test_predictions_of_images_name_their_files(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for n_pixels in (4_000_000, 2 * 90):  # whole, and in pieces of two images
        monkeypatch.setattr("seedbed.recipe.streaming.NUMBERS", n_pixels)
        for out in ("p.csv", "p.parquet"):
            assert seedbed("predict", "run", "new", "--out", out, "--proba").out == f"7 predictions in {out}\n"
        found = pd.read_csv("p.csv")
        assert list(found) == ["file", "prediction", "p_cat", "p_dog"]
        assert found["file"].tolist() == NEW and found["prediction"].tolist() == PETS
        pd.testing.assert_frame_equal(pd.read_parquet("p.parquet"), found, check_dtype=False)
    said = seedbed("predict", "run", Path("new/b/3.png").resolve())
    assert said.out == f"file,prediction\n{Path('new/b/3.png').resolve()},dog\n"


@pytest.mark.usefixtures("among_pets")
def test_broken_images_are_named_or_left_out(seedbed: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they are all of a piece."""
    monkeypatch.setattr("seedbed.recipe.streaming.NUMBERS", 2 * 90)
    for name in NEW[2:4]:
        Path(name).write_bytes(b"no image")
    said = seedbed("predict", "run", "new", "--out", "p.csv")
    assert said.code == 2 and f"{NEW[2]}: expected an image" in said.err and "--skip-broken" in said.err
    said = seedbed("predict", "run", "new", "--out", "p.csv", "--skip-broken")
    assert said.out == "5 predictions in p.csv\n"
    assert said.err == f"warning: images: 2 cannot be read and are left out: {NEW[2]}, {NEW[3]}\n"
    assert pd.read_csv("p.csv")["file"].tolist() == NEW[:2] + NEW[4:]
    for name in NEW:
        Path(name).write_bytes(b"no image")
    said = seedbed("predict", "run", "new", "--out", "none.csv", "--skip-broken")
    assert said.code == 2 and f"{NEW[0]}: expected an image" in said.err and not Path("none.csv").exists()


@pytest.mark.usefixtures("among_pets")
def test_the_same_table_in_python() -> None:
    run = sb.load_run("run")
    table = sb.predict(run, "new")
    assert table.to_dict("list") == {"file": NEW, "prediction": PETS}
    for model in ("run", run.best, run.ensemble(), sb.load_predictor("run")):
        pd.testing.assert_frame_equal(sb.predict(model, Path("new")), table)
    Path(NEW[0]).write_bytes(b"no image")
    with pytest.warns(UserWarning, match=f"images: 1 cannot be read and is left out: {NEW[0]}"):
        table = sb.predict(run, "new", proba=True, skip_broken=True)
    assert list(table) == ["file", "prediction", "p_cat", "p_dog"] and table["file"].tolist() == NEW[1:]
    np.testing.assert_allclose(table[["p_cat", "p_dog"]].sum(axis=1), 1.0, rtol=1e-6)
    pixels = sb.data.read_rows("photos/dog", run.encoder)
    assert sb.predict(run, pixels).to_dict("list") == {"prediction": ["dog"] * 20}


def test_rows_of_a_data_frame_keep_their_index(seedbed: Command, iris: Path) -> None:
    rows = flowers(5).set_axis(list("edcba"))
    table = sb.predict(iris, rows, proba=True)
    assert list(table.index) == list("edcba")
    model = sb.load_predictor(iris)
    assert table["prediction"].tolist() == model.predict(rows).tolist()
    np.testing.assert_array_equal(table.iloc[:, 1:], model.predict_proba(rows))


def test_what_is_no_model_or_has_no_probabilities() -> None:
    with pytest.raises(sb.UsageError, match="predict: expected a run, a member, an ensemble, a predictor, or the path"):
        sb.predict(7, flowers(1))  # type: ignore[arg-type]
    x = np.arange(60.0).reshape(30, 2)
    setup = sb.Setup(
        network=sb.Network.parse("linear out"), loss=sb.MeanSquaredError(), optimizer=sb.SGD(1e-4), epochs=1
    )
    run = sb.train(setup, (x, x.sum(axis=1)), members=1, out=None)
    with pytest.raises(sb.UsageError, match="proba: expected a model that tells classes apart, got one that predicts"):
        sb.predict(run, x, proba=True)
    assert list(sb.predict(run.best, x)) == ["prediction"]

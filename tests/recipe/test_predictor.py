"""The predictor: the ensemble of a run in one file, predicted without JAX, and the same as with it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

import seedbed as sb
from seedbed.recipe.packed import Packed
from seedbed.recipe.packing import pack
from seedbed.recipe.predictor import FILE
from seedbed.recipe.streaming import predict_file
from tests.recipe.conftest import houses

TOLERANCE = {"float32": 3e-6, "float64": 1e-12}


def raw_rows(run: sb.Run) -> Any:
    names = {"houses": lambda: houses().drop(columns="price")}
    return names[run.data["name"]]() if run.data["name"] in names else sb.data.load(run.data["name"]).test.rows


def test_it_predicts_as_the_ensemble_does(any_run: sb.Run) -> None:
    assert any_run.folder is not None
    predictor, ensemble, rows = sb.load_predictor(any_run.folder), any_run.ensemble(), raw_rows(any_run)
    assert isinstance(predictor.mean, Packed)
    assert (predictor.task, predictor.class_names) == (any_run.task, any_run.encoder.target.class_names)
    tolerance = TOLERANCE[any_run.setup.precision]
    if any_run.task == "regression":
        np.testing.assert_allclose(predictor.predict(rows), ensemble.predict(rows), rtol=tolerance)
        with pytest.raises(sb.UsageError, match="expected a classifier, got a network that predicts values"):
            predictor.predict_proba(rows)
    else:
        np.testing.assert_allclose(
            predictor.predict_proba(rows), ensemble.predict_proba(rows), rtol=10 * tolerance, atol=tolerance
        )
        np.testing.assert_array_equal(predictor.predict(rows), ensemble.predict(rows))


def test_the_file_is_enough_and_small(mixed_run: sb.Run, tmp_path: Path) -> None:
    """Its members alone, each once, with the preprocessing that they share."""
    alone = tmp_path / "elsewhere.safetensors"
    shutil.copy(Path(str(mixed_run.folder), FILE), alone)
    rows = sb.data.load("iris").test.rows
    expected = sb.load_predictor(str(mixed_run.folder)).predict(rows)
    np.testing.assert_array_equal(sb.load_predictor(alone).predict(rows), expected)
    numbers = set(mixed_run.held.ensemble)
    with safe_open(alone, "numpy") as file:
        plain, names = json.loads(file.metadata()["seedbed"]), set(file.keys())
    assert len(plain["networks"]) == len(numbers)
    assert sum(one["weight"] for one in plain["networks"]) == len(mixed_run.held.ensemble)
    assert {name for name in names if name.startswith("pre")} == {"preprocessing.0.0.mean", "preprocessing.0.0.scale"}


def test_rows_in_blocks_are_the_same(houses_run: sb.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, predictor = houses().drop(columns="price"), sb.load_predictor(houses_run.folder)
    whole = predictor.predict(rows)
    monkeypatch.setattr("seedbed.recipe.packed.ROWS", 7)
    np.testing.assert_allclose(predictor.predict(rows), whole, rtol=1e-14)
    assert predictor.predict(rows[:0]).shape == (0,)


CONVOLVED = (
    "conv 4 3x3 stride=2 bias=none, batchnorm, relu, repeat(residual(conv 4 3x3 groups=2, groupnorm 2, relu), 2), "
    "parallel(maxpool 2, chain(avgpool 2, conv 2 1x1)), global_avgpool, linear out"
)


@pytest.mark.parametrize("precision", [pytest.param("float32", marks=pytest.mark.slow), "float64"])
def test_convolutions_and_blocks_are_predicted_without_jax(
    precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Digits are vectors of 64 numbers, which the network reads as images."""
    setup = sb.Setup(network=sb.Network.parse(CONVOLVED), loss=sb.CrossEntropy(), optimizer=sb.SGD(0.1), epochs=1,
                     batch_size=200, precision=precision)  # fmt: skip
    run = sb.train(setup, "digits", members=2, out=tmp_path / "run", watch="off")
    rows, predictor = sb.data.load("digits").test.rows, sb.load_predictor(tmp_path / "run")
    assert isinstance(predictor.mean, Packed)
    assert {one.widest for one in predictor.mean.networks} == {4 * 4 * 9 * 2}  # the patches of a group
    found = predictor.predict_proba(rows)
    tolerance = {"float32": 2e-6, "float64": 1e-12}[precision]
    np.testing.assert_allclose(found, run.ensemble().predict_proba(rows), rtol=0, atol=tolerance)
    monkeypatch.setattr("seedbed.recipe.packed.NUMBERS", 7 * 4 * 4 * 9 * 2)  # seven rows at a time
    np.testing.assert_allclose(predictor.predict_proba(rows), found, rtol=0, atol=tolerance)


def test_a_category_that_was_never_there_is_refused_without_jax_as_with_it(tmp_path: Path) -> None:
    x = np.random.default_rng(0).integers(0, 5, (60, 3)).astype(float)
    setup = sb.Setup(network=sb.Network.parse("embedding 5 2, flatten, linear out"), loss=sb.CrossEntropy(),
                     optimizer=sb.Adam(0.1), epochs=1, preprocessing=())  # fmt: skip
    run = sb.train(setup, (x, (x[:, 0] > 2).astype(int)), members=2, out=tmp_path / "run", watch="off")
    predictor = sb.load_predictor(tmp_path / "run")
    np.testing.assert_allclose(predictor.predict_proba(x), run.ensemble().predict_proba(x), rtol=1e-5)
    x[4, 1] = 5.0
    for one in (predictor, run.ensemble()):
        with pytest.raises(sb.ShapeError, match=r"^embedding: expected whole numbers from 0 to 4, got 5 at \(4, 1\)"):
            one.predict(x)


def test_a_layer_of_ones_own_is_predicted_by_jax(tmp_path: Path) -> None:
    class Doubled(sb.Layer, kind="doubled"):
        def apply(self, params: Any, x: Any, *, training: bool = False, key: Any = None) -> Any:
            return 2.0 * x

    try:
        setup = sb.Setup(network=sb.Network([Doubled(), sb.Linear("out")]), loss=sb.CrossEntropy(),
                         optimizer=sb.SGD(0.1), epochs=1)  # fmt: skip
        run = sb.train(setup, "iris", members=2, out=tmp_path / "run", watch="off")
        assert pack(run.ensemble()) is None and not (tmp_path / "run" / FILE).exists()
        rows = sb.data.load("iris").test.rows
        found = sb.load_predictor(tmp_path / "run").predict_proba(rows)
        np.testing.assert_array_equal(found, run.ensemble().predict_proba(rows))
    finally:
        del sb.Layer.kinds["doubled"]


def test_what_is_no_ensemble(mixed_run: sb.Run, tmp_path: Path) -> None:
    whole = Path(str(mixed_run.folder), FILE).read_bytes()
    for content in (b"", whole[:1000], b"x" * 5000, Path(str(mixed_run.folder), "weights.safetensors").read_bytes()):
        (tmp_path / "it").write_bytes(content)
        with pytest.raises(sb.RunError) as caught:
            sb.load_predictor(tmp_path / "it")
        assert (
            caught.value.message
            == f"{tmp_path / 'it'}: expected an ensemble that was saved, got another or a damaged file"
        )
        assert caught.value.hint == "give the folder of a run, or the ensemble.safetensors out of one"
    (tmp_path / "it").write_bytes(whole.replace(b'{\\"format\\": 1', b'{\\"format\\": 2'))
    with pytest.raises(sb.RunError, match="expected an ensemble of format 1, got 2\nhint: update seedbed"):
        sb.load_predictor(tmp_path / "it")
    with pytest.raises(sb.RunError, match=r"nowhere: expected the folder of a run, but it has no run.json"):
        sb.load_predictor(tmp_path / "nowhere")


HEAVY = ("jax", "optax", "sklearn", "altair", "optuna", "torch")


def test_it_starts_without_jax(houses_run: sb.Run, tmp_path: Path) -> None:
    """The real command, in a process of its own."""
    houses().drop(columns="price").to_csv(tmp_path / "new.csv", index=False)
    program = f"""
import sys
from seedbed.cli import main
try:
    main(["predict", {str(houses_run.folder)!r}, "new.csv", "--out", "p.csv"])
except SystemExit as end:
    assert not end.code
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["160 predictions in p.csv", "[]"]
    said = np.loadtxt(tmp_path / "p.csv", skiprows=1)
    np.testing.assert_allclose(said, houses_run.ensemble().predict(houses().drop(columns="price")), rtol=1e-12)


def test_rows_that_are_unlike_are_said_once(
    houses_run: sb.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Square centimetres: every piece has another median, and other strays; one warning each tells of all rows."""
    monkeypatch.setattr("seedbed.recipe.streaming.ROWS", 40)
    table = houses().drop(columns="price")
    table = table.assign(area=table["area"] * 1e4)
    median, texts = table["area"].drop(range(0, 160, 20)).median(), table["area"].map(str, na_action="ignore")
    n_present = int(table["area"].notna().sum())
    table.assign(area=texts.where(table.index % 20 != 0, "big " + texts)).to_parquet(tmp_path / "new.parquet")
    with pytest.warns(UserWarning) as caught:
        done: list[int] = []
        predictor = sb.load_predictor(str(houses_run.folder))
        predict_file(predictor, tmp_path / "new.parquet", tmp_path / "p.csv", on_rows=done.append)
    assert done == [40, 80, 120, 160]
    strays, unit = (str(warning.message) for warning in caught)
    assert strays.startswith(f"column 'area': of {n_present} values that should be finite numbers, 8 are not and count")
    assert strays.endswith(" and others)")
    assert unit.startswith(f"column 'area': median {median:.4g} here, ") and unit.endswith(": another unit?")


STREAMED = """
import resource, sys
from pathlib import Path
import seedbed as sb
from seedbed.recipe.streaming import predict_file
predictor = sb.load_predictor("run")
predict_file(predictor, Path("few.parquet"), Path("p.parquet"), proba=True)  # what is imported counts as the start
start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert predict_file(predictor, Path("many.parquet"), Path("p.parquet"), proba=True) == 2_000_000
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) >> 10)
"""


@pytest.mark.slow
def test_a_large_file_takes_little_memory(in_folder: Path) -> None:
    """2 million rows of 20 numbers: 320 MB as an array, and as much again as features."""
    import pyarrow as pa
    from pyarrow import parquet

    rng = np.random.default_rng(0)
    x = rng.normal(size=(100_000, 20)).round(2)
    setup = sb.Setup(network=sb.Network.parse("linear 8, relu, linear out"), loss=sb.CrossEntropy(),
                     optimizer=sb.Adam(0.01), epochs=1)  # fmt: skip
    sb.train(setup, (x[:500], (x[:500, 0] > 0).astype(int)), members=2, out="run")
    table = pa.table({f"x{i}": x[:, i] for i in range(20)})
    parquet.write_table(table.slice(0, 100), "few.parquet")
    with parquet.ParquetWriter("many.parquet", table.schema) as writer:
        for _ in range(20):
            writer.write_table(table)
    done = subprocess.run([sys.executable, "-c", STREAMED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 200
    assert parquet.read_metadata("p.parquet").num_rows == 2_000_000

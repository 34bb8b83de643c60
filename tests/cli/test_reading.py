"""How the data of a run were read is remembered: new rows are read alike."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import seedbed as sb
from tests.cli.conftest import QUICK, Command


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
@pytest.mark.slow
def test_a_file_without_names_and_with_its_own_word_for_holes(
    seedbed: Command, tmp_path: Path, shared_data: Path, ending: str
) -> None:
    """Rows of the real Adult, which pandas reads as the reference."""
    for part, n_rows in (("train", 3_000), ("test", 400)):
        with gzip.open(shared_data / "tables" / f"adult-{part}.csv.gz", "rb") as file:
            lines = b"".join(line for line, _ in zip(file, range(n_rows), strict=False))
        path = tmp_path / f"{part}{ending}"
        path.write_bytes(gzip.compress(lines) if ending == ".csv.gz" else lines)
    how = ("--no-header", "--missing", "?", "--target", "14")
    said = seedbed("train", f"train{ending}", *how, *QUICK, "--out", "run")
    assert said.code == 0, said.err
    told = seedbed("predict", "run", f"test{ending}", "--out", "p.csv", "--proba")
    assert (told.code, told.out, told.err) == (0, "400 predictions in p.csv\n", "")
    reference = pd.read_csv(f"test{ending}", header=None, skipinitialspace=True, na_values="?").rename(columns=str)
    assert reference["6"].isna().any()
    expected = sb.load_predictor("run").predict_proba(reference)
    np.testing.assert_allclose(pd.read_csv("p.csv")[["p_<=50K", "p_>50K"]], expected, rtol=1e-6)
    reference.drop(columns="14").to_csv("bare.csv", header=False, index=False, na_rep="?")
    assert seedbed("predict", "run", "bare.csv", "--out", "bare_p.csv", "--proba").code == 0
    np.testing.assert_array_equal(pd.read_csv("bare_p.csv"), pd.read_csv("p.csv"))


def test_images_come_to_the_size_of_the_run(seedbed: Command, tmp_path: Path) -> None:
    """Pillow's own resizing is the reference; predictions are in the order of the paths."""
    rng = np.random.default_rng(0)
    for name, level in (("dark", 60), ("light", 180)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(30):
            pixels = rng.integers(level - 50, level + 50, (9 + i % 3, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{i:02}.png")
    said = seedbed("train", "photos", "--image-size", "6x5", *QUICK, "--out", "run")
    assert said.code == 0, said.err
    told = seedbed("predict", "run", "photos", "--out", "p.csv", "--proba")
    assert (told.code, told.out) == (0, "60 predictions in p.csv\n"), told.err
    found = pd.read_csv("p.csv")
    pixels = [
        np.asarray(Image.open(path).resize((5, 6), Image.Resampling.BILINEAR, reducing_gap=3.0))
        for path in sorted(Path("photos").rglob("*.png"))
    ]
    expected = sb.load_predictor("run").predict_proba(np.stack(pixels))
    np.testing.assert_allclose(found[["p_dark", "p_light"]], expected, rtol=1e-5)
    one = seedbed("predict", "run", "photos/light/07.png")
    assert one.out.splitlines() == ["file,prediction", f"photos/light/07.png,{found['prediction'][37]}"]
    assert found["file"].tolist() == [str(path) for path in sorted(Path("photos").rglob("*.png"))]
    Path("photos/light/31.png").write_bytes(b"no image at all")
    broken = seedbed("predict", "run", "photos", "--out", "q.csv")
    assert broken.code == 2 and "error: photos/light/31.png: expected an image, got no image" in broken.err
    assert not Path("q.csv").exists()

"""Files that were damaged at random: each is read or refused in words, whatever its library lets out of it."""

import io
import random
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pyarrow import feather

from seedbed.core.errors import DataError
from seedbed.data import iter_rows, load, read_rows

N = 40
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": RNG.normal(size=N).round(3), "town": RNG.choice([*"xyz"], N), "y": RNG.normal(size=N)})


def table(ending):
    file = io.BytesIO()
    if ending == ".parquet":
        FRAME.to_parquet(file, compression="none", row_group_size=10)
    elif ending == ".feather":
        feather.write_feather(FRAME, file)
    elif ending == ".xlsx":
        pytest.importorskip("openpyxl")
        FRAME.to_excel(file, index=False)
    elif ending == ".npz":
        np.savez(file, x=FRAME[["a", "y"]].to_numpy(), y=np.arange(N) % 2)
    elif ending == ".npy":
        np.save(file, FRAME[["a", "y"]].to_numpy())
    else:
        return FRAME.to_csv(index=False).encode(ending.removeprefix(".csv-") or "utf-8")
    return file.getvalue()


def damaged(content, chance):
    """The bytes with a few of them changed, lost or added, or without their end."""
    content = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8])):
        at = chance.randrange(len(content)) if content else 0
        kind = chance.randrange(4)
        if kind == 0 and content:
            content[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del content[at : at + chance.choice([1, 8, 200])]
        elif kind == 2:
            content[at:at] = chance.randbytes(chance.choice([1, 4, 50]))
        else:
            content = content[:at] if chance.random() < 0.3 else content
    return bytes(content)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("ending", [".csv-", ".csv-utf-16", ".parquet", ".feather", ".xlsx", ".npz", ".npy"])
def test_a_damaged_table_is_read_or_refused(tmp_path, ending):
    whole, chance = table(ending), random.Random(0)
    path = tmp_path / f"some{ending.partition('-')[0]}"
    options = {} if ending == ".npz" else {"target": "1" if ending == ".npy" else "y"}
    ways = [lambda: load(path, **options), lambda: list(iter_rows(path, 15))]
    ways += [lambda: load(path, stream=True, **options)] if ending == ".parquet" else []
    n_refused = 0
    for _ in range(60):
        path.write_bytes(damaged(whole, chance))
        for way in ways:
            try:
                way()
            except ValueError as error:  # what is none of ours has another type, or no such text
                assert hasattr(error, "hint") and "expected" in str(error), error
                n_refused += 1
    assert n_refused > 10


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_damaged_image_is_read_or_refused_and_nothing_else_is_said(tmp_path, kind):
    file, chance = io.BytesIO(), random.Random(0)
    Image.fromarray(RNG.integers(0, 256, (12, 9, 3), dtype=np.uint8)).save(file, kind)
    path = tmp_path / f"some.{kind.lower()}"
    n_refused = 0
    for _ in range(80):
        path.write_bytes(damaged(file.getvalue(), chance))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                read_rows(path)
        except DataError as error:
            assert "expected" in error.message
            n_refused += 1
    assert n_refused > 10

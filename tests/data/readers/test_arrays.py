"""NumPy files."""

import numpy as np
import pytest

from seedbed.core.errors import DataError
from seedbed.data import load, read_rows

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(40, 3)), np.arange(40) % 2
IMAGES = rng.integers(0, 256, (40, 5, 4), dtype=np.uint8)


@pytest.mark.parametrize("names", [("x", "y"), ("X", "Y"), ("data", "target"), ("features", "labels")])
def test_x_and_y(tmp_path, names):
    np.savez(tmp_path / "some.npz", **dict(zip(names, (X, Y), strict=True)))
    data = load(tmp_path / "some.npz")
    assert data.task == "classification" and data.name == "some"
    assert data.fingerprint == load((X, Y)).fingerprint
    np.testing.assert_array_equal(read_rows(tmp_path / "some.npz"), X)


@pytest.mark.parametrize("names", ["{role}_{part}", "{part}-{role}", "{part}_images|{part}_labels"])
def test_parts(tmp_path, names):
    patterns = dict(zip("xy", names.split("|"), strict=True)) if "|" in names else {"x": names, "y": names}
    cuts = {"train": slice(0, 20), "val": slice(20, 30), "test": slice(30, 40)}
    content = {
        patterns[role].format(role=role, part=part): array[cut]
        for role, array in (("x", IMAGES), ("y", Y[:, None]))
        for part, cut in cuts.items()
    }
    np.savez_compressed(tmp_path / "some.npz", **content)
    data = load(tmp_path / "some.npz")
    assert data.test.index.tolist() == list(range(30, 40)) and data.shape == (5, 4, 1)
    np.testing.assert_array_equal(data.test.x[..., 0], IMAGES[30:])
    assert data.notices == ("its validation part joins the training rows, out of which one is drawn",)


def test_one_array_is_a_table(tmp_path):
    np.save(tmp_path / "some.npy", np.column_stack([X, Y]))
    data = load(tmp_path / "some.npy", target="3", task="classification")
    assert data.feature_names == ("0", "1", "2")


class Trap:
    def __reduce__(self):
        return (print, ("run",))


def test_unsound_files(tmp_path, capsys):
    path = tmp_path / "some.npz"
    np.savez(path, a=X, b=Y)
    with pytest.raises(DataError, match=r"some\.npz: expected arrays named x and y, .* got a, b\nhint: numpy\.savez"):
        load(path)
    np.savez(path, x=X)
    with pytest.raises(DataError, match=r"some\.npz: expected examples with their targets, got examples alone"):
        load(path)
    np.savez(path, x=np.array([Trap()], dtype=object), y=Y)
    with pytest.raises(DataError, match="expected arrays of numbers or texts, got Python objects, which could run"):
        load(path)
    assert capsys.readouterr().out == ""
    np.savez(path, x_train=X, y_train=Y, x_test=X[:, :2], y_test=Y)
    with pytest.raises(DataError, match=r"expected parts with examples of one shape, got \(40, 3\) and \(40, 2\)"):
        load(path)
    np.savez(path, x=X, y=Y)
    whole = path.read_bytes()
    for content, came in ((whole[:-30], "a damaged one"), (b"\x93NUMPY", "a damaged one"), (b"hello", "another")):
        path.write_bytes(content)
        with pytest.raises(DataError, match=f"expected a whole NumPy file, got {came}"):
            load(path)
    np.save(tmp_path / "some.npy", IMAGES)
    with pytest.raises(DataError, match=r"a table of shape \(n, k\), got uint8 of shape \(40, 5, 4\)\nhint: numpy"):
        load(tmp_path / "some.npy", target="0")

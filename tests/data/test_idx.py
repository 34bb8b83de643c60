"""IDX files written here byte by byte."""

import gzip
import struct
import time

import numpy as np
import pytest

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load, read_idx

CODES = {8: "B", 9: "b", 11: "h", 12: "i", 13: "f", 14: "d"}


def idx(values, sizes, code=8):
    """The bytes of an IDX file."""
    head = struct.pack(">BBBB", 0, 0, code, len(sizes)) + struct.pack(f">{len(sizes)}I", *sizes)
    return head + struct.pack(f">{len(values)}{CODES[code]}", *values)


def write_folder(folder, n=40, n_test=12, *, packed=False):
    for prefix, count in (("train", n), ("t10k", n_test)):
        if count:
            pixels = [(7 * i) % 256 for i in range(count * 6)]
            labels = [i % 2 for i in range(count)]
            contents = {"images-idx3": idx(pixels, (count, 2, 3)), "labels-idx1": idx(labels, (count,))}
            for what, content in contents.items():
                path = folder / f"{prefix}-{what}-ubyte{'.gz' if packed else ''}"
                path.write_bytes(gzip.compress(content) if packed else content)
    return folder


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("packed", [False, True])
def test_every_number_type(tmp_path, code, packed):
    content = idx([1, 2, 3, 4, 5, 100], (1, 2, 3), code)
    path = tmp_path / "some"
    path.write_bytes(gzip.compress(content) if packed else content)
    array = read_idx(path)
    assert array.tolist() == [[[1, 2, 3], [4, 5, 100]]]
    assert array.dtype == np.dtype(CODES[code]) and array.dtype.isnative


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "some: expected data, got an empty file"),
        (b"\0\0", "expected an IDX file, which begins with the bytes 00 00 08 0d, got 00 00\nhint: fetch"),
        (b"\x89PNG....", "begins with the bytes 00 00 08 0d, got 89 50 4e 47"),
        (idx([1], (1,)).replace(b"\x08", b"\x0a", 1), "got 00 00 0a 01"),
        (
            idx([1, 2], (2,))[:-1],
            "some: is cut short: expected 2 bytes for 2 numbers, got 1\nhint: fetch the file again",
        ),
        (idx([1, 2], (2, 1)) + b"x", "some: goes on too long: expected 2 bytes for 2 x 1 numbers, got 3"),
        (idx([1, 2], (2,))[:6], "is cut short: expected 1 sizes in its head, got 6 bytes"),
        (gzip.compress(idx([1, 2], (2,)), mtime=0)[:-9], r"expected a whole gzip file, got a damaged one"),
        (b"\x1f\x8b" + b"nonsense" * 4, r"expected a whole gzip file, got a damaged one"),
    ],
)
def test_damaged_files(tmp_path, content, message):
    (tmp_path / "some").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "some")


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"some: expected a file, got none of that name\nhint: check the spelling"):
        read_idx(tmp_path / "some")


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_with_its_own_test_part(tmp_path, packed):
    data = load(write_folder(tmp_path, packed=packed))
    assert data.shape == (2, 3, 1) and data.image_shape == (2, 3) and data.feature_names == ()
    assert data.train.x.dtype == np.uint8 and data.class_names == (0, 1)
    assert (len(data.train), len(data.valid), len(data.test)) == (33, 7, 12)
    assert data.test.index.tolist() == list(range(40, 52))  # the test part is the t10k file, in its order
    assert data.test.x[0].ravel().tolist() == [(7 * i) % 256 for i in range(6)]
    assert set(data.train.index) | set(data.valid.index) == set(range(40))
    assert data.valid.y.sum() in (3, 4)  # stratified
    assert data.name == tmp_path.name and data.numeric.shape == (2, 3, 1)


def test_a_folder_without_a_test_part_is_split(tmp_path):
    data = load(str(write_folder(tmp_path, n_test=0)))
    assert (len(data.train), len(data.valid), len(data.test)) == (25, 7, 8)


def test_new_images_may_leave_out_the_colour_axis(tmp_path):
    data = load(write_folder(tmp_path))
    images = data.test.rows
    assert images.shape == (12, 2, 3)
    np.testing.assert_array_equal(data.encoder.transform(images), data.test.x)
    np.testing.assert_array_equal(data.encoder.transform(data.test.x), data.test.x)
    with pytest.raises(DataError, match=r"of shape \(n, 2, 3, 1\), got \(2, 3, 1\)\nhint: add the axis"):
        data.encoder.transform(data.test.x[0])


def test_counts_that_differ(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx([0, 1, 0], (3,)))
    message = "as many labels as images, got 40 images in train-images-idx3-ubyte and 3 labels in train-labels-idx1"
    with pytest.raises(DataError, match=message):
        load(tmp_path)


def test_labels_missing(tmp_path):
    (write_folder(tmp_path) / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"expected the file t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz"):
        load(tmp_path)


def test_images_and_labels_exchanged(tmp_path):
    write_folder(tmp_path)
    images, labels = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
    images.write_bytes(labels.read_bytes())
    with pytest.raises(DataError, match=r"images of shape \(n, height, width\), got \(40,\)\nhint: are the images"):
        load(tmp_path)


def test_images_of_two_sizes(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx([0] * 48, (12, 2, 2)))
    with pytest.raises(DataError, match=r"one size, got \(2, 3\) in the training file and \(2, 2\) in the test"):
        load(tmp_path)


def test_a_class_that_only_the_test_part_has(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx([7] * 12, (12,)))
    assert load(tmp_path).notices == ("classes that are only in the test part, so that no network can learn them: 7",)


def test_a_folder_without_idx_files(tmp_path):
    with pytest.raises(DataError, match="expected a folder of images by class, or with train-images-idx3-ubyte"):
        load(tmp_path)


def test_one_file_of_a_folder(tmp_path):
    path = write_folder(tmp_path) / "train-images-idx3-ubyte"
    with pytest.raises(DataError, match=r"expected a folder with images and labels, got one file of it\nhint: give "):
        load(path)


def test_a_target_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"target: expected none for .*, which has its own, got 'digit'"):
        load(write_folder(tmp_path), target="digit")


def test_mnist(shared_data):
    start = time.perf_counter()
    data = load(shared_data / "mnist")
    assert time.perf_counter() - start < 5.0  # 0.2 s on an idle machine
    assert (len(data.train), len(data.valid), len(data.test)) == (50_000, 10_000, 10_000)
    assert data.shape == (28, 28, 1) and data.train.x.dtype == np.uint8
    assert np.bincount(data.test.y).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # published
    whole = np.bincount(np.concatenate([data.train.y, data.valid.y]))
    assert np.abs(np.bincount(data.valid.y) - whole / 6).max() < 1
    train_file = np.concatenate([data.train.x, data.valid.x])
    assert train_file.mean() / 255 == pytest.approx(0.1307, abs=5e-5)  # the mean that everyone quotes

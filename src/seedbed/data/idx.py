"""IDX files, the form in which MNIST and its kin come, plain or gzipped, and folders of them.

    bytes 0, 1   zero
    byte  2      the number type: 8 uint8, 9 int8, 11 int16, 12 int32, 13 float32, 14 float64
    byte  3      d, the number of sizes
    4 d bytes    the sizes, big-endian uint32
    the rest     the numbers, big-endian, last size fastest

Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits, "File formats".
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.raw import Raw, read_bytes

TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
PREFIXES = {"train": "train", "test": "t10k"}
AGAIN = "fetch the file again: it is damaged, or no IDX file"


def read_idx(path: str | Path) -> NDArray[Any]:
    """The array in an IDX file, plain or gzipped (told by its first bytes), in native byte order.

    Raises:
        DataError: the file is missing, empty, cut short, too long or no IDX file.
    """
    content = read_bytes(Path(path))
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(path, content)
    dtype, shape = _header(path, content)
    start = 4 + 4 * len(shape)
    expected, came = math.prod(shape) * dtype.itemsize, len(content) - start
    if came != expected:
        sizes = " x ".join(map(str, shape))
        trouble = "is cut short" if came < expected else "goes on too long"
        raise DataError(f"{path}: {trouble}: expected {expected:,} bytes for {sizes} numbers, got {came:,}", AGAIN)
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def is_idx_folder(folder: Path) -> bool:
    """Whether a folder holds the images of a training file in the MNIST layout."""
    return _find(folder, "train", "images") is not None


def read_idx_folder(folder: Path) -> Raw:
    """The images and labels of a folder in the MNIST layout. The t10k files, where there are any, are its test part.

    Raises:
        DataError: a file is missing or damaged, or images and labels do not fit together.
    """
    images, labels = _read_pair(folder, "train")
    n_test = 0
    if _find(folder, "test", "images") is not None:
        more_images, more_labels = _read_pair(folder, "test")
        if more_images.shape[1:] != images.shape[1:]:
            raise DataError(
                f"{folder}: expected images of one size, got {images.shape[1:]} in the training file and "
                f"{more_images.shape[1:]} in the test file"
            )
        n_test = len(more_labels)
        images, labels = np.concatenate([images, more_images]), np.concatenate([labels, more_labels])
    name = folder.resolve().name
    return Raw(name, str(folder), images, {"label": labels}, task="classification", is_image=True, n_test=n_test)


def _header(path: str | Path, content: bytes) -> tuple[np.dtype[Any], tuple[int, ...]]:
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES or content[3] == 0:
        shown = content[:4].hex(" ") or "nothing"
        raise DataError(f"{path}: expected an IDX file, which begins with the bytes 00 00 08 0d, got {shown}", AGAIN)
    n_sizes = content[3]
    if len(content) < 4 + 4 * n_sizes:
        raise DataError(f"{path}: is cut short: expected {n_sizes} sizes in its head, got {len(content)} bytes", AGAIN)
    return np.dtype(TYPES[content[2]]), tuple(np.frombuffer(content, ">u4", n_sizes, 4).tolist())


def _unpacked(path: str | Path, content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: expected a whole gzip file, got a damaged one ({error})", AGAIN) from None


def _read_pair(folder: Path, part: str) -> tuple[NDArray[Any], NDArray[Any]]:
    paths = [_find(folder, part, what) for what in ("images", "labels")]
    if paths[0] is None or paths[1] is None:
        missing = "labels" if paths[1] is None else "images"
        wanted = f"{PREFIXES[part]}-{missing}-idx{'1' if missing == 'labels' else '3'}-ubyte"
        raise DataError(f"{folder}: expected the file {wanted} or {wanted}.gz beside the others, got none")
    images, labels = read_idx(paths[0]), read_idx(paths[1])
    if images.ndim not in (3, 4) or labels.ndim != 1:
        wrong, path = ("images", paths[0]) if images.ndim not in (3, 4) else ("labels", paths[1])
        expected = "(n, height, width)" if wrong == "images" else "(n,)"
        raise DataError(
            f"{path}: expected {wrong} of shape {expected}, got {(images if wrong == 'images' else labels).shape}",
            "are the images and the labels exchanged?",
        )
    if len(images) != len(labels):
        raise DataError(
            f"{folder}: expected as many labels as images, got {len(images):,} images in {paths[0].name} and "
            f"{len(labels):,} labels in {paths[1].name}",
            "take both files from the same source",
        )
    return images, labels


def _find(folder: Path, part: str, what: str) -> Path | None:
    """The file of one part, in one of the spellings that are about."""
    stem, number = f"{PREFIXES[part]}-{what}", "1" if what == "labels" else "3"
    for name in (f"{stem}-idx{number}-ubyte", f"{stem}.idx{number}-ubyte", f"{stem}-idx4-ubyte"):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None

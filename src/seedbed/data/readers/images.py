"""Images: a folder with a sub-folder of images for each class, perhaps below `train/` and `test/`; with Pillow.

All images of a set come to one size and one number of colours, as bytes: (n, height, width) grey or (n, height, width,
3) in colour. `pixels` does that to one image, `folders` finds the files.
"""

from __future__ import annotations

import itertools
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import DataError
from seedbed.data.raw import Raw, check_file
from seedbed.data.readers.folders import ENDINGS, class_files, image_files
from seedbed.data.readers.pixels import Broken, Encoded, Look, decoded, look_at
from seedbed.data.readers.table import ReadOptions

MOST_BYTES = 8 << 30
SKIP = "mend it or take it away; or leave such images out: skip_broken=True, on the command line --skip-broken"


def read_folder(folder: Path, options: ReadOptions) -> Raw:
    """The images of a folder and the classes that their sub-folders name, in the order of their paths.

    Raises:
        DataError: there are no classes, a class has no images, or an image cannot be read.
    """
    found = class_files(folder, skip_empty=options.skip_broken)
    paths = [*found.train, *found.test]
    rows, is_sound, notices = read_images([path for path, _ in paths], options)
    labels = np.array([label for _, label in paths], dtype=np.int32)[is_sound]
    n_test = int(is_sound[len(found.train) :].sum())
    return Raw(
        folder.resolve().name, str(folder), rows, {"class": labels}, class_names=found.classes, task="classification",
        is_image=True, n_test=n_test, notices=(*found.notices, *notices),
    )  # fmt: skip


def read_rows(path: Path, options: ReadOptions) -> Raw:
    """The images below a folder, or one image, without classes."""
    return _without_classes(path, _paths(path), options)


def row_batches(path: Path, options: ReadOptions, size: int) -> Iterator[Raw]:
    """The same images in pieces of `size`; in one where `options` do not say what all are brought to."""
    files = _paths(path)
    size = size if options.image_size and options.colours else len(files)
    n_sound = 0
    for start in range(0, len(files), size):
        piece = _without_classes(path, files[start : start + size], options, may_be_none=size < len(files))
        n_sound += len(piece.files)
        yield piece
    if not n_sound:
        _without_classes(path, files[:size], options)  # which says what is wrong


def _without_classes(path: Path, files: Sequence[Path], options: ReadOptions, *, may_be_none: bool = False) -> Raw:
    """Some of the images at a path, with the file of each."""
    rows, is_sound, notices = read_images(files, options, may_be_none=may_be_none)
    found, left_out = (tuple(itertools.compress(files, mask)) for mask in (is_sound, ~is_sound))
    return Raw(
        path.stem, str(path), rows, {}, is_image=True, notices=tuple(notices), files=found, left_out=left_out
    )  # fmt: skip


def read_images(
    paths: Sequence[Path | Encoded], options: ReadOptions, *, may_be_none: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.bool_], list[str]]:
    """The images at these paths or in memory, brought to one size and one number of colours.

    Returns:
        The images (n, height, width) or (n, height, width, 3); which of the paths they are, (len(paths),); notices.

    Raises:
        DataError: an image cannot be read, and is not to be skipped; or all together would fill the memory.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")  # Pillow's, about what a camera wrote beside the pixels
        looks = _mapped(pool, look_at, paths)
        sound = [look for look in looks if isinstance(look, Look)]
        _refuse_broken(looks, options, may_be_none=may_be_none)
        size, notices = _size(sound, options)
        n_colours = options.colours or (3 if any(look.is_colour for look in sound) else 1)
        _check_memory(len(paths), size, n_colours)
        images: NDArray[np.uint8] = np.empty((len(paths), *size, n_colours), np.uint8)

        def put(i: int) -> Look | Broken:
            """Decodes one image into its place: the memory of all is taken once."""
            look = looks[i]
            pixels = decoded(paths[i], size, n_colours) if isinstance(look, Look) else look
            if isinstance(pixels, Broken):
                return pixels
            images[i] = pixels
            return look

        looks = _mapped(pool, put, range(len(paths)))
    _refuse_broken(looks, options, may_be_none=may_be_none)
    is_sound = np.array([isinstance(look, Look) for look in looks], dtype=bool)
    images = images if is_sound.all() else images[is_sound]
    notices += _notices([look for look in looks if isinstance(look, Look)], int((~is_sound).sum()), n_colours)
    if n_colours == 3 and options.colours is None and _is_grey(images):
        images, n_colours = images[..., :1], 1
        notices.append("all images are grey although they are stored in colour, and are taken as grey")
    return (images[..., 0] if n_colours == 1 else images), is_sound, notices


def _mapped(pool: ThreadPoolExecutor, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """`function` of each item, some at a time: to hand over one small image alone takes as long as to decode it."""
    handfuls = [items[start : start + 64] for start in range(0, len(items), 64)]
    return [one for some in pool.map(lambda handful: [function(item) for item in handful], handfuls) for one in some]


def _paths(path: Path) -> list[Path]:
    """One image, or all below a folder."""
    if not path.is_dir():
        check_file(path)
        return [path]
    if not (files := image_files(path)):
        raise DataError(f"{path}: expected images, got none", f"their names end in one of {', '.join(ENDINGS)}")
    return files


def _refuse_broken(looks: Sequence[Look | Broken], options: ReadOptions, *, may_be_none: bool) -> None:
    broken = [look for look in looks if isinstance(look, Broken)]
    if broken and (not options.skip_broken or (len(broken) == len(looks) and not may_be_none)):
        more = f" (and {len(broken) - 1:,} more that cannot be read)" if len(broken) > 1 else ""
        raise DataError(f"{broken[0].path}: expected an image, got {broken[0].reason}{more}", SKIP)


def _size(looks: Sequence[Look], options: ReadOptions) -> tuple[tuple[int, int], list[str]]:
    """The size that all images are brought to, (height, width), and what is to be said about it."""
    sizes = Counter(look.size for look in looks)
    if options.image_size is not None:
        return options.image_size, []
    ((usual, count),) = sizes.most_common(1)
    if len(sizes) == 1:
        return usual, []
    what = "most frequent"
    if 2 * count < len(looks):  # no size that most have: the one in the middle
        height, width = np.median([look.size for look in looks], axis=0).astype(int).tolist()
        usual, what = (height, width), "median"
    heights, widths = zip(*sizes, strict=True)
    return usual, [
        f"images of {len(sizes):,} sizes, heights {min(heights)} to {max(heights)} and widths {min(widths)} to "
        f"{max(widths)}, are resized to the {what}, {usual[0]}x{usual[1]}; image_size= chooses another"
    ]


def _check_memory(n_images: int, size: tuple[int, int], n_colours: int) -> None:
    n_bytes = n_images * size[0] * size[1] * n_colours
    if n_bytes > MOST_BYTES:
        raise DataError(
            f"expected images that fit into {MOST_BYTES >> 30} GiB of memory, got {n_images:,} of {size[0]}x{size[1]}, "
            f"which take {n_bytes / 2**30:.1f} GiB",
            "make them smaller: image_size='64x64', on the command line --image-size 64x64",
        )


def _notices(looks: Sequence[Look], n_broken: int, n_colours: int) -> list[str]:
    """What was done to the images, in sentences."""
    counts = {
        "cannot be read and are left out": n_broken,
        "lose their alpha channel": sum(look.has_alpha for look in looks),
        "are brought from 16 bits a pixel to 8": sum(look.is_deep for look in looks),
        "are grey among others in colour, and get three equal colours": (
            sum(not look.is_colour for look in looks) if n_colours == 3 else 0
        ),
    }
    return [f"{count:,} of {len(looks) + n_broken:,} images {what}" for what, count in counts.items() if count]


def _is_grey(images: NDArray[np.uint8]) -> bool:
    """Whether the three colours of all images (n, height, width, 3) are equal."""
    return all(bool((some == some[..., :1]).all()) for some in (images[:1], images))  # one tells most sets at once

"""One image: a look at its head, and its pixels as bytes in a given size and number of colours."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.data.readers.bytes import kind_of

GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F")
ORIENTATION, ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)  # the EXIF tag, and its values for which width and height change places
DAMAGE = (  # what Pillow lets out of a damaged image
    OSError, SyntaxError, ValueError, TypeError, AttributeError, KeyError, IndexError, EOFError, OverflowError,
    ZeroDivisionError, struct.error, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """What the head of an image says: its size (height, width) as it is shown, and how its pixels are kept."""

    size: tuple[int, int]
    is_colour: bool
    has_alpha: bool
    is_deep: bool


@dataclass(frozen=True)
class Encoded:
    """An image whose file is in memory. It can be opened as a path can."""

    name: str
    content: bytes

    def open(self, mode: str) -> io.BytesIO:
        """The bytes as a file to read."""
        del mode
        return io.BytesIO(self.content)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Broken:
    """An image that cannot be read, and what there is instead."""

    path: Path | Encoded
    reason: str


def look_at(path: Path | Encoded) -> Look | Broken:
    """What the head of an image says, without decoding it."""
    return _tried(path, _look)


def decoded(path: Path | Encoded, size: tuple[int, int], n_colours: int) -> NDArray[np.uint8] | Broken:
    """The pixels of an image (height, width, colours): upright, without alpha, resized where it has another size."""
    return _tried(path, lambda image: _pixels(image, size, n_colours))


def _tried(path: Path | Encoded, action: Any) -> Any:
    """What `action` makes of the image at a path, or why it cannot be read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with path.open("rb") as file, Image.open(file) as image:
            return action(image)
    except UnidentifiedImageError:
        with path.open("rb") as file:
            head = file.read(8)
        return Broken(path, _named(head))
    except DAMAGE as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Broken(path, f"a damaged one ({reason})")
    except Image.DecompressionBombError as error:
        return Broken(path, f"one that is too large ({error})")


def _named(head: bytes) -> str:
    """What a file is that no image could be read from, by its first bytes."""
    kind = kind_of(head) if head else "an empty file"
    return f"a damaged {kind.split(' ', 1)[1]}" if kind.endswith("image") else kind or "no image"


def _look(image: Any) -> Look:
    height, width = image.height, image.width
    if _orientation(image) in ON_ITS_SIDE:
        height, width = width, height
    has_alpha = image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info
    is_colour = image.mode not in GREY
    if image.mode == "P":  # a palette may hold greys alone
        palette = np.asarray(image.getpalette("RGB")).reshape(-1, 3)
        is_colour = bool((palette != palette[:, :1]).any())
    return Look((height, width), is_colour, has_alpha, image.mode.startswith("I"))


def _pixels(image: Any, size: tuple[int, int], n_colours: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    mode = "RGB" if n_colours == 3 else "L"
    wanted = size[::-1]  # Pillow's sizes are (width, height)
    if _orientation(image) == 1:
        image.draft(mode, wanted)  # lets JPEG decode a smaller image, near the size that is wanted
    else:
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        image = _shallow(image)
    if image.mode == "F":
        raise ValueError("its pixels are floating point numbers")
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    image = image.convert(mode)
    if image.size != wanted:
        image = image.resize(wanted, Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(image, np.uint8).reshape(*size, n_colours)


def _orientation(image: Any) -> int:
    """How a camera was held, 1 to 8, by EXIF; 1 where the head of the image does not say."""
    # Without "exif" in the head, a PNG would be decoded whole in search of it.
    has_exif = image.format != "PNG" or "exif" in image.info
    return int(image.getexif().get(ORIENTATION, 1)) if has_exif else 1


def _shallow(image: Any) -> Any:
    """An image of 16 bits a pixel as one of 8; one that holds 8 already, in wider numbers, as it is."""
    from PIL import Image

    wide = np.asarray(image)
    return Image.fromarray((wide >> 8 if wide.max(initial=0) > 255 else wide).astype(np.uint8))

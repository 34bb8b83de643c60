"""A picture as PNG, with the standard library alone (ISO/IEC 15948): 8 bits a channel, grey or red-green-blue."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import UsageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}  # channels → grey, RGB
BITS, NO_FILTER = 8, 0


def encode(image: NDArray[Any]) -> bytes:
    """The bytes of a PNG file that shows `image`, (height, width) or (height, width, 1 or 3).

    Raises:
        UsageError: the array is no such image.
    """
    shaped = image[:, :, None] if image.ndim == 2 else image
    if image.dtype != np.uint8 or shaped.ndim != 3 or shaped.shape[2] not in COLOUR_TYPES or not shaped.size:
        raise UsageError(f"image: expected uint8 of (h, w) or (h, w, 3), got {image.dtype} of {image.shape}")
    height, width, channels = shaped.shape
    head = struct.pack(">IIBBBBB", width, height, BITS, COLOUR_TYPES[channels], 0, 0, 0)
    lines = np.full((height, 1 + width * channels), NO_FILTER, np.uint8)  # each line begins with its filter
    lines[:, 1:] = shaped.reshape(height, -1)
    body = zlib.compress(lines.tobytes(), 9)
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def is_picture(shape: Sequence[int]) -> bool:
    """Whether an array of that shape can be shown: (height, width), or with 1 or 3 colours."""
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in COLOUR_TYPES)


def data_uri(image: NDArray[np.uint8]) -> str:
    """The same as a `data:` address, to stand in a page."""
    return "data:image/png;base64," + base64.b64encode(encode(image)).decode()


def as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Pictures of any range as 0 to 255, all on one scale: the smallest number black, the largest white."""
    numbers = np.nan_to_num(np.asarray(images, np.float64))
    low, high = numbers.min(initial=np.inf), numbers.max(initial=-np.inf)
    spread = high - low if high > low else 1.0
    return np.asarray(np.round(255 * (numbers - low) / spread), np.uint8)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

"""The PNG encoder, read back by hand."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from seedbed.core.errors import UsageError
from seedbed.reporting.png import as_bytes, data_uri, encode


def chunks(data: bytes):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(data):
        (n,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + n]
        assert struct.unpack(">I", data[at + 8 + n : at + 12 + n])[0] == zlib.crc32(kind + body)
        yield kind, body
        at += 12 + n


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1), (2, 5, 3)])
def test_a_picture_comes_back(shape):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    found = dict(chunks(encode(image)))
    width, height, bits, colour_type = struct.unpack(">IIBB", found[b"IHDR"][:10])
    assert (height, width, bits, colour_type) == (*shape[:2], 8, 2 if shape[-1] == 3 else 0)
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(height, -1)
    assert (lines[:, 0] == 0).all()
    np.testing.assert_array_equal(lines[:, 1:].reshape(shape), image)
    assert data_uri(image).startswith("data:image/png;base64,iVBORw0KGgo")


def test_what_is_no_picture_is_refused():
    with pytest.raises(UsageError, match=r"expected uint8 of \(h, w\) or \(h, w, 3\), got float64 of \(2, 2\)"):
        encode(np.zeros((2, 2)))
    with pytest.raises(UsageError, match=r"got uint8 of \(2, 2, 4\)"):
        encode(np.zeros((2, 2, 4), np.uint8))


def test_all_pictures_share_one_scale():
    assert as_bytes(np.asarray([[[0.0, 4]], [[8, 16]]])).ravel().tolist() == [0, 64, 128, 255]
    assert as_bytes(np.full((1, 2, 2), 5.0)).max() == 0

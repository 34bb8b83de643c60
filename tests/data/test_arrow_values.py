"""Arrow's values made without pandas, against those that PyArrow makes itself."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from seedbed.data.arrow_values import column, filled, no_text, texts

WORDS = ["", "Ulm", "Köln", "東京", "a\0b", " x "]


def test_texts() -> None:
    assert texts(WORDS).equals(pa.array(WORDS))
    assert texts([]).equals(pa.array([], pa.string()))
    assert no_text() == pa.scalar(None, pa.string())


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "float32", "float64"])
def test_numbers(dtype: str) -> None:
    values = np.arange(20).astype(dtype)
    for some in (values, values[::3], values[:0]):
        assert column(some).equals(pa.array(some))
        np.testing.assert_array_equal(filled(pa.array(some), 0), some)


def test_words_and_other_objects() -> None:
    for values in (np.array(WORDS), np.array(WORDS, dtype=object), np.array([True, False])):
        assert column(values).equals(pa.array(values.tolist()))


def test_nulls_are_filled_also_in_slices_and_chunks() -> None:
    array = pa.array([1, None, 3, None, 5], pa.int32())
    assert filled(array, -1).tolist() == [1, -1, 3, -1, 5]
    assert filled(array[1:4], -1).tolist() == [-1, 3, -1]
    chunks = pa.chunked_array([array[:2], array[2:], pa.array([], pa.int32())])
    assert filled(chunks, -1).tolist() == [1, -1, 3, -1, 5]
    assert filled(pa.chunked_array([], pa.int32()), -1).tolist() == []
    np.testing.assert_array_equal(filled(pa.array([0.5, None]), np.nan), [0.5, np.nan])

"""Products entry by entry, against NumPy's einsum and exact whole numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.calculus.products import MOST_ENTRIES, multiply
from seedbed.core.errors import ShapeError, UsageError

LENGTHS = st.integers(1, 3)


@st.composite
def factors(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of whole numbers whose product there is: vectors, matrices, and batches that broadcast."""
    m, n, p, batch = draw(LENGTHS), draw(LENGTHS), draw(LENGTHS), draw(st.lists(LENGTHS, max_size=2))
    left = draw(st.sampled_from([(n,), (m, n), (*batch, m, n), (*[1 for _ in batch], m, n)]))
    right = draw(st.sampled_from([(n,), (n, p), (*batch, n, p), (*batch[1:], n, p)]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return rng.integers(-9, 10, left), rng.integers(-9, 10, right)


@given(factors())
def test_every_entry_is_its_row_times_its_column(both: tuple[np.ndarray, np.ndarray]) -> None:
    left, right = both
    made = multiply(left, right)
    rows, columns = np.atleast_2d(left), right[:, None] if right.ndim == 1 else right
    expected = np.einsum("...ij,...jk->...ik", rows, columns)
    expected = expected.reshape(made.value.shape)
    np.testing.assert_array_equal(made.value, expected)
    entries = list(made.entries())
    assert [entry.value for entry in entries] == expected.ravel().tolist()
    for entry in entries:
        assert sum(int(a) * int(b) for a, b in zip(entry.row, entry.column, strict=True)) == entry.value
        # where it is said to stand, it stands
        np.testing.assert_array_equal(eval(f"left{entry.row_at}", {"left": left}), entry.row)
        np.testing.assert_array_equal(eval(f"right{entry.column_at}", {"right": right}), entry.column)
        assert entry.terms.sum() == entry.value


KINDS = [
    ((3,), (3,), "inner", "(3,) · (3,) → ()"),
    ((3,), (3, 2), "vector_matrix", "(3,) · (3, 2) → (2,)"),
    ((2, 3), (3,), "matrix_vector", "(2, 3) · (3,) → (2,)"),
    ((2, 3), (3, 4), "matrix_matrix", "(2, 3) · (3, 4) → (2, 4)"),
    ((5, 2, 3), (3, 4), "batched", "(5, 2, 3) · (3, 4) → (5, 2, 4)"),
]


@pytest.mark.parametrize(("left", "right", "kind", "shapes"), KINDS)
def test_kinds(left: tuple[int, ...], right: tuple[int, ...], kind: str, shapes: str) -> None:
    made = multiply(np.ones(left), np.ones(right))
    assert (made.kind, made.algebra) == (kind, shapes)


def test_an_explanation_shows_every_entry() -> None:
    made = multiply([[1, -2], [0.5, 3]], [[4, 0], [-1, 1]], names=("A", "B"))
    assert made.explain("en").splitlines()[1:] == [
        "(2, 2) · (2, 2) → (2, 2)",
        "[0, 0] = A[0, :] · B[:, 0] = 1·4 + (-2)·(-1) = 6",
        "[0, 1] = A[0, :] · B[:, 1] = 1·0 + (-2)·1 = -2",
        "[1, 0] = A[1, :] · B[:, 0] = 0.5·4 + 3·(-1) = -1",
        "[1, 1] = A[1, :] · B[:, 1] = 0.5·0 + 3·1 = 3",
    ]
    assert multiply([1, 2], [3, 4]).explain("ko").splitlines()[2] == "= left · right = 1·3 + 2·4 = 11"


def test_a_long_one_is_cut() -> None:
    lines = multiply(np.ones((5, 20)), np.ones((20, 5))).explain("en").splitlines()
    assert len(lines) == 2 + MOST_ENTRIES + 1 and lines[-1] == "and 9 more numbers"
    assert lines[2].endswith("1·1 + 1·1 + ... + 1·1 = 20")


BAD = [
    ([1, 2], [[1, 2, 3]], ShapeError,
     "a @ M: expected as many numbers on the left of @ as rows on the right, got (2,) @ (1, 3): 2 against 1"),
    ([[1, 2, 3]], [[1, 2, 3]], ShapeError, "hint: write a @ M.T, which is (1, 1), or a.T @ M, which is (3, 3)"),
    (2, [1], ShapeError, "expected two arrays beside @, got () @ (1,), where () is a number\nhint: write a * M"),
    (["x"], [1], UsageError, "a: expected an array of numbers, got list ['x']"),
    ([[1], [1, 2]], [1], UsageError, "a: expected an array of numbers, got list [[1], [1, 2]]\nhint: give numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "error", "said"), BAD)
def test_what_cannot_be_multiplied(left: Any, right: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        multiply(left, right, names=("a", "M"))


@pytest.mark.parametrize("index", [(), (2,), (-1,), (0, 0)])
def test_a_place_that_is_not_there(index: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=re.escape("entry: expected a place in a result of shape (2,), got ")):
        multiply([1, 2], np.ones((2, 2))).entry(*index)

"""Strides beside what they stand for: matrices of zeros and ones, written out pair by pair."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seedbed.calculus.structure.strides import Strides
from seedbed.calculus.structure.windows import window


def pairs_of(strides: Strides) -> list[tuple[int, int]]:
    return [(strides.start_a + strides.step_a * t, strides.start_b + strides.step_b * t) for t in range(strides.count)]


def matrix_of(pairs: Any, size_a: int, size_b: int) -> np.ndarray:
    """1 where place a stands for place b."""
    matrix = np.zeros((size_a, size_b))
    for a, b in pairs:
        matrix[a, b] += 1.0
    return matrix


def written_out(strides: Strides, size_a: int, size_b: int) -> np.ndarray:
    return matrix_of(pairs_of(strides), size_a, size_b)


@st.composite
def strides_on(draw: Any, size_a: int, size_b: int) -> Strides:
    """Any strides with all places on both axes."""
    start_a, start_b = draw(st.integers(0, size_a - 1)), draw(st.integers(0, size_b - 1))
    step_a, step_b = draw(st.integers(1, 4)), draw(st.sampled_from([-4, -3, -2, -1, 1, 2, 3, 4]))
    room_b = (size_b - 1 - start_b) // step_b if step_b > 0 else start_b // -step_b
    most = 1 + min((size_a - 1 - start_a) // step_a, room_b)
    return Strides(start_a, step_a, start_b, step_b, draw(st.integers(1, most)))


@st.composite
def with_sizes(draw: Any) -> tuple[Strides, int, int]:
    size_a, size_b = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    return draw(strides_on(size_a, size_b)), size_a, size_b


@given(with_sizes(), st.integers(0, 1))
def test_reading_out_is_a_product_with_the_matrix(case: tuple[Strides, int, int], axis: int) -> None:
    strides, size_a, size_b = case
    array = np.random.default_rng(0).normal(size=(size_b, 2) if axis == 0 else (2, size_b))
    matrix = written_out(strides, size_a, size_b)
    expected = matrix @ array if axis == 0 else array @ matrix.T
    np.testing.assert_array_equal(strides.forward(jnp.asarray(array), axis, size_a), expected)


@given(with_sizes())
def test_the_other_way_round_is_the_transpose(case: tuple[Strides, int, int]) -> None:
    strides, size_a, size_b = case
    turned = strides.flipped()
    assert turned.step_a > 0
    np.testing.assert_array_equal(written_out(turned, size_b, size_a), written_out(strides, size_a, size_b).T)
    assert sorted(pairs_of(turned.flipped())) == sorted(pairs_of(strides))


@given(st.data(), st.integers(1, 12), st.integers(1, 12), st.integers(1, 12))
def test_one_after_another_is_the_product(data: st.DataObject, size_a: int, size_b: int, size_c: int) -> None:
    second, first = data.draw(strides_on(size_a, size_b)), data.draw(strides_on(size_b, size_c))
    both = second.after(first)
    expected = written_out(second, size_a, size_b) @ written_out(first, size_b, size_c)
    assert (both is None) == (not expected.any())
    if both is not None:
        assert both.step_a > 0
        np.testing.assert_array_equal(written_out(both, size_a, size_c), expected)


@given(with_sizes())
def test_the_longest_has_all_places_of_the_line(case: tuple[Strides, int, int]) -> None:
    strides, size_a, size_b = case
    longest = strides.maximal(size_a, size_b)
    line = [(strides.start_a + strides.step_a * t, strides.start_b + strides.step_b * t) for t in range(-50, 50)]
    assert pairs_of(longest) == [(a, b) for a, b in line if 0 <= a < size_a and 0 <= b < size_b]
    assert longest.maximal(size_a, size_b) == longest


@given(with_sizes())
def test_what_stands_for_itself_is_the_diagonal(case: tuple[Strides, int, int]) -> None:
    strides, size_a, size_b = case
    matrix = written_out(strides, size_a, size_b)
    assert strides.is_identity(size_a, size_b) == (size_a == size_b and np.array_equal(matrix, np.eye(size_a)))
    assert strides.covers_a(size_a) == bool(matrix.any(1).all())
    size = max(size_a, size_b)
    square = written_out(strides, size, size)
    np.testing.assert_array_equal(strides.fixed(size, float), np.diag(square))


@given(with_sizes())
def test_the_offset_is_that_of_a_band(case: tuple[Strides, int, int]) -> None:
    strides, _, _ = case
    apart = {b - a for a, b in pairs_of(strides)}
    assert strides.offset is None or apart == {strides.offset}


SIZE, STEP = st.integers(1, 9), st.integers(1, 4)


@given(SIZE, SIZE, STEP, st.integers(-8, 8), STEP)
def test_a_window_finds_the_pairs_that_fit(size_out: int, size_in: int, step: int, shift: int, dilation: int) -> None:
    found = window(size_out, size_in, step, shift, dilation)
    fitting = [(i, j) for i in range(size_out) for j in range(size_in) if step * i + shift == dilation * j]
    assert (pairs_of(found) if found is not None else []) == fitting

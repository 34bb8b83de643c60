"""The pattern of a Jacobian: exact where it is small, sampled where it is large, and its pictures."""

from __future__ import annotations

import json

import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.reporting.jacobian import pattern as patterns
from seedbed.reporting.jacobian.blocks import blocks
from seedbed.reporting.jacobian.drawing import draw_pattern, pattern_data
from seedbed.reporting.jacobian.pattern import Pattern, pattern_of

W = jnp.asarray(np.random.default_rng(0).normal(size=(7, 5)), jnp.float32)


def by_hand(matrix: np.ndarray, most: int) -> np.ndarray:
    """The largest entry of each cell, cell by cell."""
    edges = [[i * n // min(n, most) for i in range(min(n, most) + 1)] for n in matrix.shape]
    return np.array([
        [np.abs(matrix[a:b, c:d]).max() for c, d in zip(edges[1], edges[1][1:], strict=False)]
        for a, b in zip(edges[0], edges[0][1:], strict=False)
    ])  # fmt: skip


@pytest.mark.parametrize("most", [2, 3, 5, 64])
def test_each_cell_has_its_largest_entry(most: int) -> None:
    J = sb.jacobian(lambda x: jnp.tanh(W @ x))(jnp.ones(5))
    pattern = pattern_of(J, most)
    np.testing.assert_allclose(pattern.cells, by_hand(np.asarray(J.as_matrix()), most), rtol=1e-6)
    assert pattern.shape == (7, 5) and not pattern.is_sampled
    assert pattern.largest == pytest.approx(float(np.abs(J.as_matrix()).max()), rel=1e-6)


def test_a_large_matrix_is_looked_at_in_some_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    J = sb.jacobian(lambda x: jnp.diff(x) ** 2)(jnp.arange(40.0) ** 2)
    matrix = np.abs(np.asarray(J.as_matrix(), np.float64))
    monkeypatch.setattr(patterns, "MAX_BYTES", 100)
    sampled = pattern_of(J, 8)
    assert sampled.is_sampled and sampled.cells.shape == (8, 8)
    middles = [2, 7, 12, 17, 22, 27, 32, 37]
    starts = np.arange(8) * 39 // 8
    np.testing.assert_allclose(sampled.cells, np.maximum.reduceat(matrix[:, middles], starts), rtol=1e-6)
    assert (np.diag(sampled.cells) > 0).all()


def test_a_million_by_a_million_takes_little_memory() -> None:
    pattern = pattern_of(sb.jacobian(jnp.sin)(jnp.linspace(0.0, 1.0, 1_000_000)))
    assert pattern.is_sampled and pattern.cells.shape == (64, 64)
    np.testing.assert_array_equal(pattern.cells > 0, np.eye(64, dtype=bool))


def test_coarser_cells_keep_the_largest() -> None:
    fine = Pattern(np.arange(42.0).reshape(6, 7), (6, 7), False)
    np.testing.assert_array_equal(fine.coarser(3).cells, [[9, 12, 13], [23, 26, 27], [37, 40, 41]])
    assert fine.coarser(4).cells.shape == (3, 4) and fine.coarser(7).cells.shape == (6, 7)


def test_blocks_are_darker_where_entries_are_larger() -> None:
    cells = np.array([[1.0, 0.1, 0.01], [1e-9, 0.0, np.nan]])
    lines = [str(line) for line in blocks(Pattern(cells, (2, 3), False), "en")]
    assert lines[:2] == ["██▓▓▒▒", "░░··??"] and len(lines) == 3
    assert "30 %" in lines[2] and "|∂|, 1" in lines[2] and len(lines[2]) <= 80
    lines = [str(line) for line in blocks(Pattern(np.ones((64, 64)), (1000, 2000), True), "en")]
    assert lines[0] == "██" * 32 and lines[33:] == [
        "32 × 32 cells for 1,000 × 2,000 entries; each shows its largest",
        "The matrix is not written out: 64 inputs, evenly spread, stand for all.",
    ]
    assert str(next(blocks(Pattern(np.zeros((1, 1)), (1, 1), False), "ko"))) == "··"


def test_the_chart_has_a_cell_for_each_and_none_for_nothing() -> None:
    pattern = pattern_of(sb.jacobian(lambda x: jnp.diff(x) ** 2)(jnp.array([0.0, 1.0, 3.0, 3.0])))
    data = pattern_data(pattern)
    assert len(data) == 12 and (data["shade"] > 0).sum() == 4  # the last difference is 0, and so are its slopes
    assert data["shade"].max() == 1.0 and data.loc[data["largest"].idxmax(), "shade"] == 1.0
    spec = draw_pattern(pattern, "en").to_dict()
    assert spec["description"] == "The entries of a Jacobian of 3 outputs by 4 inputs, the darker the larger"
    assert "NaN" not in json.dumps(spec)

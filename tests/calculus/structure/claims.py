"""What the kind of a Jacobian claims of its entries, held against the dense matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

import seedbed as sb


def claims_hold(jacobian: sb.Jacobian, dense: np.ndarray) -> None:
    """Asserts that the entries are such as kind, blocks, rank, offsets and singular values say."""
    scale = max(1.0, float(np.abs(dense).max(initial=0.0)))
    structure, (m, n) = jacobian.structure, dense.shape
    assert structure.shape == (m, n)
    _of_the_kind(structure, dense, scale)
    if structure.n_blocks > 1 or structure.inner is not None:
        _of_blocks(jacobian, dense, scale)
    if min(m, n) > 0:
        values = np.linalg.svd(dense, compute_uv=False)
        np.testing.assert_allclose(jacobian.singular_values(), values, atol=1e-8 * scale * max(m, n))


def _of_the_kind(structure: Any, dense: np.ndarray, scale: float) -> None:
    (m, n), near = dense.shape, {"atol": 1e-11 * scale, "rtol": 1e-9}
    per_row, per_column = (np.count_nonzero(dense, axis) for axis in (1, 0))
    match structure.name:
        case "zero":
            np.testing.assert_allclose(dense, 0.0, **near)
        case "identity":
            np.testing.assert_allclose(dense, np.eye(n), **near)
        case "scaled identity":
            np.testing.assert_allclose(dense, dense[0, 0] * np.eye(n), **near)
        case "diagonal":
            np.testing.assert_allclose(dense, np.diag(np.diag(dense)), **near)
        case "permutation":
            assert set(np.unique(dense)) <= {0.0, 1.0}
            assert np.all(per_row == 1) and np.all(per_column == 1)
        case "scaled permutation":
            assert np.all(per_row <= 1) and np.all(per_column <= 1) and m == n
        case "selection":
            assert np.all(per_row <= 1) and np.all(per_column <= 1)
        case "row" | "column" | "scalar":
            assert (m == 1, n == 1) == (structure.name != "column", structure.name != "row")
        case "low rank":
            assert np.linalg.matrix_rank(dense, tol=1e-8 * scale * max(m, n)) <= structure.rank
        case "banded" if all(len(own) == 1 for own in structure.offsets):
            offsets = np.subtract.outer(-np.arange(m), -np.arange(n))
            assert np.all(dense[~np.isin(offsets, [own[0] for own in structure.offsets])] == 0.0)
        case "scaled identity plus low rank":
            c = np.linalg.eigvals(dense)
            rest = [np.linalg.matrix_rank(dense - one.real * np.eye(n), tol=1e-7 * scale * n) for one in c]
            assert min(rest) <= structure.rank


def _of_blocks(jacobian: sb.Jacobian, dense: np.ndarray, scale: float) -> None:
    blocks, near = np.asarray(jacobian.blocks()), {"atol": 1e-11 * scale, "rtol": 1e-9}
    structure, (m, n) = jacobian.structure, dense.shape
    n_blocks, rows, columns = blocks.shape
    assert (n_blocks, n_blocks * rows, n_blocks * columns) == (structure.n_blocks, m, n)
    # Whatever the order, nothing lies outside of the blocks.
    np.testing.assert_allclose(
        np.sort(np.abs(blocks).ravel())[::-1][: np.count_nonzero(dense)],
        np.sort(np.abs(dense[dense != 0.0]))[::-1],
        **near,
    )
    if not structure.is_interleaved:
        laid = np.zeros((n_blocks, rows, n_blocks, columns))
        laid[np.arange(n_blocks), :, np.arange(n_blocks), :] = blocks
        np.testing.assert_allclose(laid.reshape(m, n), dense, **near)
    if structure.name == "Kronecker":
        np.testing.assert_allclose(blocks, np.broadcast_to(blocks[0], blocks.shape), **near)
    for block in blocks[:3]:
        _of_the_kind(structure.inner, block, scale)

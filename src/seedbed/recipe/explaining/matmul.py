"""Products of vectors and matrices, entry by entry with the shapes; and what goes wrong where they do not fit."""

from __future__ import annotations

import numpy as np

from seedbed.calculus.products import Product, multiply
from seedbed.core.errors import ShapeError
from seedbed.network import Linear
from seedbed.reporting.explained.explanation import Section
from seedbed.reporting.explained.parts import Equations, Remedy, Table
from seedbed.reporting.explained.words import Words, say, vector

A, B = np.array([1, 2, 3]), np.array([2, -1])
M, P = np.array([[1, 0], [0, 1], [2, 2]]), np.array([[1, -1, 0], [2, 0, 1]])
BATCH = np.stack([M, M[::-1], 10 * M])
EXAMPLES, FEATURES, UNITS = 32, 64, 10
KINDS = {
    "inner": (A, A, ("a", "a")), "vector_matrix": (A, M, ("a", "M")), "matrix_vector": (M, B, ("M", "b")),
    "matrix_matrix": (M, P, ("M", "P")), "batched": (BATCH, B, ("X", "b")),
}  # fmt: skip
EQUATIONS = {
    "inner": "a · b = Σᵢ aᵢ bᵢ", "vector_matrix": "(a M)ⱼ = Σᵢ aᵢ Mᵢⱼ", "matrix_vector": "(M b)ᵢ = Σⱼ Mᵢⱼ bⱼ",
    "matrix_matrix": "(M P)ᵢₖ = Σⱼ Mᵢⱼ Pⱼₖ", "batched": "(X b)ₙᵢ = Σⱼ Xₙᵢⱼ bⱼ",
}  # fmt: skip
MOST_ROWS = 4


def sections(name: str) -> list[Section]:
    """Each kind of product entry by entry, the layer that it is in a network, and shapes that do not fit."""
    return [*(_entries(kind) for kind in KINDS), _layer(), _misfit()]


def product(kind: str) -> Product:
    """The example of that kind."""
    left, right, names = KINDS[kind]
    return multiply(left, right, names=names)


def _entries(kind: str) -> Section:
    """The first entries of a product: which numbers are multiplied and added."""
    found = product(kind)
    names, rows = KINDS[kind][2], []
    for entry, _ in zip(found.entries(), range(MOST_ROWS), strict=False):
        place = str(list(entry.index)) if entry.index else ""
        sum_of, _, value = str(entry).replace("-", "−").rpartition(" = ")
        rows.append((place, f"{names[0]}{entry.row_at} · {names[1]}{entry.column_at}", sum_of, value))
    factors = [f"{label}{_written(array)}" for label, array in zip(names, (found.left, found.right), strict=True)]
    return Section(kind, [
        Equations([EQUATIONS[kind], found.algebra]),
        say("matmul.factors", factors="; ".join(dict.fromkeys(factors))),
        Table(kind, [say("matmul.entry"), say("matmul.made_of"), say("matmul.sum"), say("matmul.value")], rows),
    ])  # fmt: skip


def _written(array: np.ndarray) -> str:
    """A vector or a matrix row by row; of a batch the shape alone."""
    if array.ndim == 1:
        return " = " + vector(array)
    return f": {array.shape}" if array.ndim > 2 else " = [" + ", ".join(vector(row) for row in array) + "]"


def _layer() -> Section:
    """A linear layer on a batch: its shape algebra, and how many multiplications that is."""
    layer = Linear(UNITS)
    count = EXAMPLES * FEATURES * UNITS
    return Section("layer", [
        say("matmul.layer", examples=EXAMPLES, count=count, flops=EXAMPLES * layer.flops((FEATURES,))),
        Equations([layer.algebra((FEATURES,))]),
    ])  # fmt: skip


def _misfit() -> Section:
    """A pair of shapes, what comes of it, and what the message of a pair that does not fit says."""
    rows = []
    for label, left, right in (("M M", M, M), ("Mᵀ M", M.T, M), ("M Mᵀ", M, M.T), ("a M", A, M), ("M a", M, A)):
        try:
            result: Words = str(multiply(left, right).value.shape)
        except ShapeError:
            result = say("matmul.none")
        rows.append((label, str(left.shape), str(right.shape), result))
    try:
        multiply(M, M, names=("M", "M"))
        message = ""
    except ShapeError as error:
        message = error.message
    return Section("misfit", [
        say("matmul.misfit"),
        Table("shapes", [say("matmul.product"), say("matmul.left"), say("matmul.right"), say("matmul.result")], rows),
        say("matmul.message", message=message),
        Remedy(say("matmul.remedy")),
    ])  # fmt: skip

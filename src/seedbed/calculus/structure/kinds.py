"""What kind of matrix a sum of terms is: read off the labels, not searched for in the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from seedbed.calculus.structure.opaque import Opaque
from seedbed.calculus.structure.sums import Sum, dense_over
from seedbed.calculus.structure.terms import Label, Term, sizes_of

ZERO, IDENTITY, SCALED_IDENTITY, DIAGONAL = "zero", "identity", "scaled identity", "diagonal"
PERMUTATION, SCALED_PERMUTATION = "permutation", "scaled permutation"
SCALAR, ROW, COLUMN, LOW_RANK, BANDED, SELECTION = "scalar", "row", "column", "low rank", "banded", "selection"
KRONECKER, BLOCKS, DENSE, SUM = "Kronecker", "block-diagonal", "dense", "sum"
DIAGONAL_PLUS, SCALED_PLUS = "diagonal plus low rank", "scaled identity plus low rank"
WINDOWS, FACTORED, PRODUCT, OPAQUE = "windows", "factored", "product", "opaque"


@dataclass(frozen=True)
class Kind:
    """The kind of a matrix, with what belongs to it.

    Attributes:
        name: the word for it.
        shape: rows and columns of the matrix.
        n_blocks: of a block-diagonal or Kronecker matrix, how many blocks lie on its diagonal.
        inner: the kind of one block.
        is_interleaved: whether the blocks are side by side only after rows or columns are put in another order.
        rank: at most, of what has low rank.
        offsets: of a banded matrix, how far right of the diagonal its bands lie, for one axis or several.
        n_terms: how many matrices a sum has, or how many factors a product.
        operation: what made it opaque.
    """

    name: str
    shape: tuple[int, int]
    n_blocks: int = 1
    inner: Kind | None = None
    is_interleaved: bool = False
    rank: int = 0
    offsets: tuple[tuple[int, ...], ...] = ()
    n_terms: int = 1
    operation: str = ""

    def explain(self, language: str | None = None) -> str:
        """The word for it, in English or Korean."""
        from seedbed.calculus.structure.wording import word

        return word(self.name, language)


class View(NamedTuple):
    """A term without the labels that all terms have in common as rows and columns."""

    rows: tuple[Label, ...]
    columns: tuple[Label, ...]
    factors: tuple[frozenset[Label], ...]
    term: Term

    @property
    def coupled(self) -> tuple[Label, ...]:
        """Its labels that are rows and columns."""
        return tuple(label for label in self.rows if label in self.columns)

    @property
    def offsets(self) -> tuple[int, ...] | None:
        """How far the column stands from the row, for each row; None where one of them goes another way."""
        if len(self.rows) != len(self.columns):
            return None
        links = {link.a: link for link in self.term.links}
        found: list[int] = []
        for row, column in zip(self.rows, self.columns, strict=True):
            if row == column:
                found.append(0)
            elif row in links and links[row].b == column and links[row].strides.offset is not None:
                found.append(links[row].strides.offset or 0)
            else:
                return None
        return tuple(found)

    @property
    def couplings(self) -> frozenset[tuple[int, int]]:
        """The places of the rows and columns that are coupled, by a label or by strides."""
        pairs = [(link.a, link.b) for link in self.term.links] + [(label, label) for label in self.coupled]
        return frozenset((self.rows.index(a), self.columns.index(b)) for a, b in pairs if a in self.rows)

    @property
    def has_parts_of_its_own(self) -> bool:
        """Whether any row and column are coupled, by a label or by strides."""
        return bool(self.coupled) or any(link.a in self.rows for link in self.term.links)

    @property
    def bridges(self) -> list[set[Label]]:
        """The groups of labels that factors tie together and that have both rows and columns."""
        groups: list[set[Label]] = []
        for labels in self.factors:
            touching = [group for group in groups if group & labels]
            groups = [group for group in groups if not group & labels]
            groups.append(set(labels).union(*touching))
        return [group for group in groups if group & set(self.rows) and group & set(self.columns)]


def kind_of(pieces: Sequence[Sum | Opaque], out_shape: Sequence[int], in_shape: Sequence[int]) -> Kind:
    """The kind of the product of some maps."""
    shape = (math.prod(out_shape), math.prod(in_shape))
    if len(pieces) > 1:
        return Kind(PRODUCT, shape, n_terms=len(pieces))
    (piece,) = pieces
    return Kind(OPAQUE, shape, operation=piece.operation) if isinstance(piece, Opaque) else of_sum(piece)


def of_sum(piece: Sum) -> Kind:
    """The kind of one sum of terms."""
    shape = (math.prod(piece.out_shape), math.prod(piece.in_shape))
    if not piece.terms:
        return Kind(ZERO, shape)
    if shape == (1, 1):
        return Kind(SCALAR, shape)
    common, views = in_common(piece.terms)
    if not common:
        return _plain(views, shape)
    n_blocks = math.prod(sizes_of(common[0]))
    if all(not view.rows and not view.columns for view in views):
        return _diagonal(views, shape)
    inner = _plain(views, (shape[0] // n_blocks, shape[1] // n_blocks))
    owners = [set(own) for own in common]
    is_shared = not any(
        set(factor.labels) & own for term, own in zip(piece.terms, owners, strict=True) for factor in term.factors
    )
    leads = all(
        term.row_labels[: len(own)] == term.column_labels[: len(own)] and set(term.row_labels[: len(own)]) == set(own)
        for term, own in zip(piece.terms, common, strict=True)
    )
    return Kind(KRONECKER if is_shared else BLOCKS, shape, n_blocks, inner, is_interleaved=not leads)


def in_common(terms: Sequence[Term]) -> tuple[list[tuple[Label, ...]], list[View]]:
    """For each term the labels that couple the same row with the same column in all of them, and what is left."""
    layouts = {(tuple(map(sizes_of, term.rows)), tuple(map(sizes_of, term.columns))) for term in terms}
    pairs: set[tuple[int, int]] = set()
    if len(layouts) == 1:
        places = [
            {(term.row_labels.index(label), term.column_labels.index(label)) for label in term.coupled}
            for term in terms
        ]
        pairs = set.intersection(*places)
    common = [tuple(term.row_labels[row] for row, _ in sorted(pairs)) for term in terms]
    return (common if pairs else []), [_view(term, own) for term, own in zip(terms, common, strict=True)]


def _view(term: Term, common: Sequence[Label]) -> View:
    gone = set(common)
    return View(
        tuple(label for label in term.row_labels if label not in gone),
        tuple(label for label in term.column_labels if label not in gone),
        tuple(frozenset(factor.labels) - gone for factor in term.factors),
        term,
    )


def _diagonal(views: Sequence[View], shape: tuple[int, int]) -> Kind:
    """Every row stands for one column."""
    term = views[0].term
    is_ordered = term.row_labels == term.column_labels
    has_factors = any(factor.labels for view in views for factor in view.term.factors)
    is_one = len(views) == 1 and not term.factors and term.coefficient == 1.0
    if not is_ordered:
        return Kind(PERMUTATION if is_one else SCALED_PERMUTATION, shape)
    return Kind(DIAGONAL if has_factors else IDENTITY if is_one else SCALED_IDENTITY, shape)


def _plain(views: Sequence[View], shape: tuple[int, int]) -> Kind:
    """The kind where no row and column are coupled in all terms."""
    if len(views) == 1:
        return _single(views[0], shape)
    offsets = [view.offsets for view in views]
    if all(offsets) and all(len(view.rows) > 0 for view in views):
        return Kind(BANDED, shape, offsets=tuple(sorted({own for own in offsets if own is not None})))
    low = [view for view in views if not view.has_parts_of_its_own and not view.bridges]
    if len(low) == len(views):
        name = ROW if shape[0] == 1 else COLUMN if shape[1] == 1 else LOW_RANK
        return Kind(name, shape, rank=len(low))
    rest = [view for view in views if view not in low]
    if len(rest) == 1 and rest[0].rows == rest[0].columns:
        has_factors = any(labels for labels in rest[0].factors)
        return Kind(DIAGONAL_PLUS if has_factors else SCALED_PLUS, shape, rank=len(low))
    if not any(view.has_parts_of_its_own for view in views):
        return Kind(DENSE, shape, n_terms=len(views))
    if len({view.couplings for view in views}) == 1:
        return Kind(WINDOWS, shape, n_terms=len(views))
    return Kind(SUM, shape, n_terms=len(views))


def _single(view: View, shape: tuple[int, int]) -> Kind:
    if shape[0] == 1:
        return Kind(ROW, shape, rank=1)
    if shape[1] == 1:
        return Kind(COLUMN, shape, rank=1)
    if view.term.links and not view.bridges:
        if view.offsets:
            return Kind(BANDED, shape, offsets=(view.offsets,))
        linked = {link.a for link in view.term.links} | {link.b for link in view.term.links} | set(view.coupled)
        if linked >= {*view.rows, *view.columns}:
            is_whole = all(link.strides.count == link.a.size == link.b.size for link in view.term.links)
            is_bare = not view.factors and view.term.coefficient == 1.0
            name = (PERMUTATION if is_bare else SCALED_PERMUTATION) if is_whole else SELECTION
            return Kind(name, shape)
    if view.has_parts_of_its_own:
        return Kind(SUM, shape)
    bridges = view.bridges
    if not bridges:
        return Kind(LOW_RANK, shape, rank=1)
    tied = set().union(*bridges)
    if len(bridges) > 1 and tied >= {*view.rows, *view.columns}:
        return Kind(KRONECKER, shape, n_terms=len(bridges))
    is_one_array = any(set().union(*view.factors) <= labels for labels in view.factors)  # others scale its rows
    return Kind(DENSE if is_one_array else FACTORED, shape, n_terms=len([labels for labels in view.factors if labels]))


def blocks_of(piece: Sum) -> Array | None:
    """The blocks on the diagonal, (block, row, column), in the order of the rows; None where there are none."""
    common, views = in_common(piece.terms)
    if not common:
        return None
    shape = (math.prod(piece.out_shape), math.prod(piece.in_shape))
    n_blocks = math.prod(sizes_of(common[0]))
    inner = (n_blocks, shape[0] // n_blocks, shape[1] // n_blocks)
    total = jnp.zeros(inner, piece.dtype)
    for term, own, view in zip(piece.terms, common, views, strict=True):
        total = total + dense_over(term, own, view.rows, view.columns).reshape(inner)
    return total

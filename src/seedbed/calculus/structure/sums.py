"""A sum of terms: what a structured Jacobian is made of, with its products, and the merging of like terms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from seedbed.calculus.structure.terms import (
    Factor,
    Label,
    Term,
    UnalignedError,
    arranged,
    composed,
    contracted,
    fresh,
    normal,
    sizes_of,
)

Shape = tuple[int, ...]


@jax.tree_util.register_pytree_node_class
@dataclass(frozen=True, eq=False)
class Sum:
    """A linear map from arrays of `in_shape` to arrays of `out_shape`, as a sum of terms."""

    terms: tuple[Term, ...]
    out_shape: Shape
    in_shape: Shape
    dtype: Any

    def apply(self, v: Array) -> Array:
        """The product with an array of the input's shape."""
        v = v.astype(self.dtype)  # a program may compute in several types of numbers
        parts = [_applied(term, v, self.out_shape) for term in self.terms]
        return _added(parts, self.out_shape, self.dtype)

    def transpose(self) -> Sum:
        """The map the other way round."""
        return Sum(tuple(term.transposed for term in self.terms), self.in_shape, self.out_shape, self.dtype)

    def dense(self) -> Array:
        """All entries, of shape (m, n)."""
        shape = (math.prod(self.out_shape), math.prod(self.in_shape))
        return _added([_dense(term).reshape(shape) for term in self.terms], shape, self.dtype)

    def diagonal(self) -> Array | None:
        """The entries where the place in the output is that in the input; None where axes do not match one to one."""
        try:
            parts = [_diagonal(term) for term in self.terms]
        except UnalignedError:
            return None
        n = math.prod(self.out_shape)
        return _added([part.reshape(n) for part in parts], (n,), self.dtype)

    @property
    def has_products(self) -> bool:
        """It can be multiplied with from both sides."""
        return True

    @property
    def stored(self) -> list[Any]:
        """What is stored, each array once."""
        return list({id(f.array): f.array for term in self.terms for f in term.factors}.values())

    def after(self, first: Sum) -> Sum | None:
        """This map behind another, as one sum; None where that is no simpler than to keep both."""
        n_terms = max(len(self.terms), len(first.terms))
        if min(len(self.terms), len(first.terms)) > 1:
            return None
        n_hidden = sum(len(term.hidden) for term in (*self.terms, *first.terms))
        found: list[Term] = []
        for second, other in itertools.product(self.terms, first.terms):
            try:
                term = composed(second, other)
            except UnalignedError:
                return None
            if term is not None:
                found.append(term)
                if sum(len(term.hidden) for term in found) > n_hidden:
                    return None
        terms = merged(found)
        return Sum(terms, self.out_shape, first.in_shape, self.dtype) if len(terms) <= n_terms else None

    def tree_flatten(self) -> tuple[Any, Any]:
        """For JAX: the arrays are leaves."""
        return (self.terms,), (self.out_shape, self.in_shape, self.dtype)

    @classmethod
    def tree_unflatten(cls, rest: Any, children: Any) -> Sum:
        """For JAX."""
        return cls(*children, *rest)


def row(array: Array, out_shape: Shape) -> Sum:
    """The map from arrays like this one to the inner product with it, as an array of size 1."""
    columns = tuple(fresh(size) for size in array.shape)
    labels = tuple(itertools.chain(*columns))
    factor = Factor(array.reshape(sizes_of(labels)), labels)
    term = Term(((),) * len(out_shape), columns, array.dtype, factors=(factor,))
    return Sum((term,), out_shape, array.shape, array.dtype)


def _added(parts: Sequence[Array], shape: Sequence[int], dtype: Any) -> Array:
    total = None
    for part in parts:
        total = part if total is None else total + part
    return jnp.zeros(shape, dtype) if total is None else jnp.broadcast_to(total, shape)


def _scaled(array: Array, coefficient: float) -> Array:
    return array if coefficient == 1.0 else -array if coefficient == -1.0 else coefficient * array


def _applied(term: Term, v: Array, out_shape: Shape) -> Array:
    operand = Factor(v.reshape(sizes_of(term.column_labels)), term.column_labels)
    for link in term.links:
        axis = operand.labels.index(link.b)
        array = link.strides.forward(operand.array, axis, link.a.size)
        operand = Factor(array, tuple(link.a if label == link.b else label for label in operand.labels))
    return _spread([operand, *term.factors], term, term.row_labels).reshape(out_shape)


def _spread(factors: Sequence[Factor], term: Term, labels: Sequence[Label]) -> Array:
    """The product of the factors as an array with these labels, repeated along those that no factor has."""
    present = {label for factor in factors for label in factor.labels}
    own = [label for label in labels if label in present]
    if all(factor.labels == tuple(own) for factor in factors):  # elementwise: no need for a search of contractions
        array = factors[0].array
        for factor in factors[1:]:
            array = array * factor.array
    else:
        array = contracted(factors, own)
    array = arranged(Factor(_scaled(array, term.coefficient), tuple(own)), labels)
    return jnp.broadcast_to(array, sizes_of(labels))


def _dense(term: Term) -> Array:
    """All entries of a term, axes of rows before those of columns."""
    return dense_over(term, (), term.row_labels, term.column_labels)


def dense_over(term: Term, shared: Sequence[Label], rows: Sequence[Label], columns: Sequence[Label]) -> Array:
    """The entries over shared labels, which are rows and columns at once, and the rows and columns beside them.

    Links and the other identities are written out.
    """
    factors, names = list(term.factors), {}
    for label in rows:
        if label in columns:
            names[label] = Label(label.size)
            factors.append(Factor(jnp.eye(label.size, dtype=term.dtype), (label, names[label])))
    for a, b, strides in term.links:
        eye = strides.forward(jnp.eye(b.size, dtype=term.dtype), 0, a.size)
        factors.append(Factor(eye, (a, b)))
    labels = (*shared, *rows, *(names.get(label, label) for label in columns))
    return _spread(factors or [Factor(jnp.ones((), term.dtype), ())], term, labels)


def _diagonal(term: Term) -> Array:
    """The diagonal of a term.

    Raises:
        UnalignedError: its rows and columns do not have the same axes, or an identity couples one axis with another.
    """
    dtype = term.dtype
    if sizes_of(term.row_labels) != sizes_of(term.column_labels):
        raise UnalignedError
    names = dict(zip(term.column_labels, term.row_labels, strict=True))
    if any(names[label] != label for label in term.coupled):
        raise UnalignedError
    factors = [_merged_axes(factor, names) for factor in term.factors]
    for a, b, strides in term.links:
        if names[b] != a:
            raise UnalignedError
        factors.append(Factor(strides.fixed(a.size, dtype), (a,)))
    return _spread(factors or [Factor(jnp.ones((), dtype), ())], term, term.row_labels)


def _merged_axes(factor: Factor, names: dict[Label, Label]) -> Factor:
    labels = tuple(names.get(label, label) for label in factor.labels)
    if len(set(labels)) == len(labels):
        return Factor(factor.array, labels)
    numbers = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    keep = list(numbers)
    array = jnp.einsum(factor.array, [numbers[label] for label in labels], [numbers[label] for label in keep])
    return Factor(array, tuple(keep))


def merged(terms: Iterable[Term]) -> tuple[Term, ...]:
    """The terms with like ones added.

    Two terms are alike where they differ in factors that one array, with no more labels than one of these, can replace:
    two diagonals are one, x and D x are (1 + D) x, a u vᵀ and b w vᵀ are (a u + b w) vᵀ.
    """
    found: list[Term] = []
    for term in terms:
        for place, known in enumerate(found):
            both = _merged_pair(known, term)
            if both is not None:
                found[place : place + 1] = [both] if both.coefficient != 0.0 else []
                break
        else:
            found.append(term)
    return tuple(found)


def _merged_pair(one: Term, other: Term) -> Term | None:
    renamed = _with_names_of(one, other)
    if renamed is None or set(one.hidden) != set(renamed.hidden) or set(one.links) != set(renamed.links):
        return None
    left, right, shared = list(one.factors), [], []
    for factor in renamed.factors:
        twin = next((i for i, f in enumerate(left) if f.array is factor.array and f.labels == factor.labels), None)
        if twin is None:
            right.append(factor)
        else:
            shared.append(left.pop(twin))
    if not left and not right:
        return replace(one, coefficient=one.coefficient + renamed.coefficient)
    union = {label for factor in (*left, *right) for label in factor.labels}
    widest = next((f.labels for f in (*left, *right) if union <= set(f.labels)), None)
    if widest is None:
        return None
    array = _product(left, one.coefficient, widest) + _product(right, renamed.coefficient, widest)
    return normal(replace(one, coefficient=1.0, factors=(*shared, Factor(array, widest))))


def _with_names_of(one: Term, other: Term) -> Term | None:
    """The other term with the names of the first one's rows and columns; None where their identities differ."""
    names: dict[Label, Label] = {}
    for axes, own in ((one.rows, other.rows), (one.columns, other.columns)):
        for axis, own_axis in zip(axes, own, strict=True):
            if sizes_of(axis) != sizes_of(own_axis):
                return None
            for label, own_label in zip(axis, own_axis, strict=True):
                if names.setdefault(own_label, label) != label:
                    return None
    if len(set(names.values())) < len(names):
        return None
    for hidden in other.hidden:
        if hidden in names.values():
            names[hidden] = Label(hidden.size)
    return other.renamed(names)


def _product(factors: Sequence[Factor], coefficient: float, labels: Sequence[Label]) -> Any:
    """The product of the factors and a number, with axes that line up with `labels`."""
    array = None
    for factor in factors:
        own = arranged(factor, labels)
        array = own if array is None else array * own
    return coefficient if array is None else _scaled(array, coefficient)

"""The sentence that says what structure a Jacobian has, and what that saves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from seedbed.calculus.structure import kinds
from seedbed.calculus.structure.kinds import Kind
from seedbed.calculus.structure.sums import Sum
from seedbed.core.messages import message
from seedbed.core.sizes import readable

if TYPE_CHECKING:
    from seedbed.calculus.matrix import Jacobian


def sentence(jacobian: Jacobian, language: str | None) -> str:
    """Kind, what it consists of, and its bytes beside those of the dense matrix."""
    said = described(jacobian.structure, language)
    if jacobian.structure.inner is not None:
        said += _shared(jacobian, language)
    stored, dense = readable(jacobian.nbytes), readable(jacobian.dense_bytes)
    key = (
        "bytes" if jacobian.nbytes < jacobian.dense_bytes else "more_bytes"
    )  # factors may have more numbers than entries
    return f"{said}; {message(f'jacobian.{key}', language, stored=stored, dense=dense)}"


def described(structure: Kind, language: str | None) -> str:
    """The kind in words, with the numbers that belong to it."""
    rows, columns = structure.shape
    inner = structure.inner
    values = {
        "rows": f"{rows:,}",
        "columns": f"{columns:,}",
        "rank": structure.rank,
        "count": f"{(structure.n_blocks if inner else structure.n_terms):,}",
        "offsets": ", ".join(_offset(own) for own in structure.offsets),
        "operation": structure.operation,
        "block": f"{inner.shape[0]:,} × {inner.shape[1]:,}" if inner else "",
    }
    is_product = structure.name == kinds.KRONECKER and inner is None  # of matrices, of which none is an identity
    said = message(f"jacobian.{'kronecker_product' if is_product else _key(structure.name)}", language, **values)
    if inner is not None and inner.name != kinds.DENSE:
        said += message("jacobian.inner", language, inner=described(inner, language))
    return said + (message("jacobian.interleaved", language) if structure.is_interleaved else "")


def word(kind: str, language: str | None) -> str:
    """The name of a kind, as it is called in the language."""
    return message(f"jacobian.word.{_key(kind)}", language)


def _key(kind: str) -> str:
    return kind.lower().replace(" ", "_")


def _offset(own: tuple[int, ...]) -> str:
    return f"{own[0]:+d}" if len(own) == 1 else "(" + ", ".join(f"{one:+d}" for one in own) + ")"


def _shared(jacobian: Jacobian, language: str | None) -> str:
    """The arrays that all blocks share, and those that each has of its own."""
    piece = jacobian.pieces[0]
    assert isinstance(piece, Sum)
    common, _ = kinds.in_common(piece.terms)
    shared: dict[int, str] = {}
    own: dict[int, str] = {}
    for term, labels in zip(piece.terms, common, strict=True):
        for factor in term.factors:
            kept = own if set(labels) & set(factor.labels) else shared
            kept[id(factor.array)] = " × ".join(f"{label.size:,}" for label in factor.labels if label not in labels)
    said = ""
    if any(shared.values()):
        said += message("jacobian.shared", language, arrays=_counted(shared.values()))
    if own:
        said += message("jacobian.own", language, arrays=_counted(own.values()))
    return said


def _counted(shapes: Iterable[str]) -> str:
    """Shapes, each once with how often it comes: `9 × (4 × 3)`."""
    counts = Counter(shape or "1" for shape in shapes)
    return ", ".join(shape if count == 1 else f"{count} × ({shape})" for shape, count in counts.items())

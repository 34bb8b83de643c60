"""Derivatives, gradients and Jacobians, and the linear algebra under them."""

from typing import TYPE_CHECKING

from seedbed.core.lazy import lazily

if TYPE_CHECKING:
    from seedbed.calculus.expressions import Expression
    from seedbed.calculus.products import Entry, Product, multiply
    from seedbed.calculus.shapes import ShapeOf, shape_of
    from seedbed.calculus.vectors import CauchySchwarz, angle, cauchy_schwarz, inner, norm
else:
    __getattr__, __dir__ = lazily(__name__)

__all__ = [
    "CauchySchwarz",
    "Entry",
    "Expression",
    "Product",
    "ShapeOf",
    "angle",
    "cauchy_schwarz",
    "inner",
    "multiply",
    "norm",
    "shape_of",
]

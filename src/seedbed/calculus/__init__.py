"""Derivatives, gradients and Jacobians that know their structure, and the linear algebra under them."""

from typing import TYPE_CHECKING

from seedbed.core.lazy import lazily

if TYPE_CHECKING:
    from seedbed.calculus.checking import Check
    from seedbed.calculus.derivatives import derivative, gradient, hessian, jacobian
    from seedbed.calculus.expressions.expression import Expression
    from seedbed.calculus.expressions.shapes import ShapeOf, shape_of
    from seedbed.calculus.linear import Counterexample, Linearity, is_linear
    from seedbed.calculus.linearization import Linearization, Prediction, linearize
    from seedbed.calculus.matrix import Jacobian
    from seedbed.calculus.products import Entry, Product, multiply
    from seedbed.calculus.structure.kinds import Kind
    from seedbed.calculus.vectors import CauchySchwarz, angle, cauchy_schwarz, inner, norm
else:
    __getattr__, __dir__ = lazily(__name__)

__all__ = [
    "CauchySchwarz",
    "Check",
    "Counterexample",
    "Entry",
    "Expression",
    "Jacobian",
    "Kind",
    "Linearity",
    "Linearization",
    "Prediction",
    "Product",
    "ShapeOf",
    "angle",
    "cauchy_schwarz",
    "derivative",
    "gradient",
    "hessian",
    "inner",
    "is_linear",
    "jacobian",
    "linearize",
    "multiply",
    "norm",
    "shape_of",
]

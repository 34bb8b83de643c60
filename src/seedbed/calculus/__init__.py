"""Derivatives, gradients and Jacobians, and the linear algebra under them."""

from typing import TYPE_CHECKING

from seedbed.core.lazy import lazily

if TYPE_CHECKING:
    from seedbed.calculus.expressions import Expression
    from seedbed.calculus.shapes import ShapeOf, shape_of
else:
    __getattr__, __dir__ = lazily(__name__)

__all__ = ["Expression", "ShapeOf", "shape_of"]

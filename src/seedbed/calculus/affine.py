"""A proof that a function is affine, f(x) = A x + b, from its program alone: no point is tried.

Every operation of the program must be one that keeps affine things affine: sums, moves and copies of numbers, and
products in which one factor does not depend on x. What is not in the list proves nothing, either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

# Affine in all their operands together.
SUMS = frozenset(
    {
        "add",
        "add_any",
        "sub",
        "neg",
        "reduce_sum",
        "cumsum",
        "concatenate",
        "stack",
        "broadcast_in_dim",
        "reshape",
        "transpose",
        "squeeze",
        "expand_dims",
        "slice",
        "rev",
        "pad",
        "copy",
        "copy_p",
        "reduce_window_sum",
        "stop_gradient",
        "optimization_barrier",
    }
)
# Affine in some operands, while all others do not depend on x.
IN_FIRST = frozenset({"div", "gather", "dynamic_slice"})
IN_ONE = frozenset({"mul", "dot_general", "conv_general_dilated"})
IN_LAST = frozenset({"triangular_solve"})
CALLS = frozenset(
    {"jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "remat", "remat2", "checkpoint"}
)


def is_affine(program: ClosedJaxpr) -> bool:
    """Whether a program is proved to be affine in all its inputs together."""
    states = _walk(program.jaxpr, [True] * len(program.jaxpr.invars))
    return states is not None


def _walk(program: Jaxpr, depends: Sequence[bool]) -> list[bool] | None:
    """For each output whether it depends on x, affinely if so; None where something is not proved.

    Arguments:
        depends: for each input whether it depends on x, affinely if so.
    """
    known: dict[Any, bool] = dict(zip(program.invars, depends, strict=True))

    def of(operand: Any) -> bool:
        return False if isinstance(operand, Literal) else known.get(operand, False)  # constants of the program

    for equation in program.eqns:
        inputs = [of(operand) for operand in equation.invars]
        outputs = [False] * len(equation.outvars) if not any(inputs) else _outputs(equation, inputs)
        if outputs is None:
            return None
        known |= dict(zip(equation.outvars, outputs, strict=True))
    return [of(operand) for operand in program.outvars]


def _outputs(equation: JaxprEqn, inputs: list[bool]) -> list[bool] | None:
    """As `_walk`, of one operation of which some operand depends on x."""
    name = equation.primitive.name
    if name in CALLS:
        inner = next((p for p in equation.params.values() if isinstance(p, ClosedJaxpr | Jaxpr)), None)
        program = inner.jaxpr if isinstance(inner, ClosedJaxpr) else inner
        return None if program is None or len(program.invars) != len(inputs) else _walk(program, inputs)
    is_fine = (
        name in SUMS
        or (name in IN_FIRST and not any(inputs[1:]))
        or (name in IN_ONE and sum(inputs) == 1)
        or (name in IN_LAST and not any(inputs[:-1]))
        or (name == "select_n" and not inputs[0])
        or (name == "convert_element_type" and jnp.issubdtype(equation.params["new_dtype"], jnp.floating))
    )
    return [True] * len(equation.outvars) if is_fine else None

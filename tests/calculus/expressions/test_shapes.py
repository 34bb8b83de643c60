"""The algebra of shapes, against NumPy's own on random shapes, and what it says where shapes do not fit."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seedbed as sb
from seedbed.calculus.expressions.shapes import shape_of
from seedbed.core.errors import ShapeError, UsageError

FITTING = [
    ("a.T @ M", {"a": (3,), "M": (3, 2)}, (2,)),
    ("M @ a", {"a": (2,), "M": (3, 2)}, (3,)),
    ("A @ B", {"A": (4, 3), "B": (3, 2)}, (4, 2)),
    ("a @ b", {"a": (3,), "b": 3}, ()),
    ("A @ B", {"A": (7, 4, 3), "B": (3, 2)}, (7, 4, 2)),
    ("A @ B", {"A": (7, 1, 4, 3), "B": (5, 3, 2)}, (7, 5, 4, 2)),
    ("tanh(W @ x + b)", {"W": (32, 64), "x": 64, "b": 32}, (32,)),
    ("softmax(X @ X.T) @ X", {"X": (5, 3)}, (5, 3)),
    ("x[1:] - x[:-1]", {"x": 6}, (5,)),
    ("diff(x)**2", {"x": (2, 6)}, (2, 5)),
    ("sum((X @ w - y)**2)/2", {"X": (5, 3), "w": 3, "y": 5}, ()),
    ("outer(x, y)", {"x": 3, "y": 2}, (3, 2)),
    ("concat([sin(x), cos(y)])", {"x": 3, "y": 2}, (5,)),
    ("stack(x, x, axis=-1)", {"x": 3}, (3, 2)),
    ("X.mT @ X", {"X": (2, 3, 4)}, (2, 4, 4)),
    ("x", {"x": np.zeros((2, 1))}, (2, 1)),
    ("2 * pi", {}, ()),
    ("-x * 2.5", {"x": ()}, ()),
]


@pytest.mark.parametrize(("text", "shapes", "expected"), FITTING)
def test_shapes_that_fit(text: str, shapes: dict[str, Any], expected: tuple[int, ...]) -> None:
    shape = sb.shape_of(text, **shapes)
    assert shape == expected and isinstance(shape, tuple)


MISFITS = [
    ("tanh(a @ M + b)", {"a": 3, "M": (2, 3), "b": 3},
     "a @ M: expected as many numbers on the left of @ as rows on the right, got (3,) @ (2, 3): 3 against 2\n"
     "  tanh(a @ M + b)\n"
     "       ^^^^^\n"
     "hint: write a @ M.T, which is (2,), or M @ a, which is (2,)"),
    ("A @ B", {"A": (2, 3), "B": (2, 3)}, "write A @ B.T, which is (2, 2), or A.T @ B, which is (3, 3)"),
    ("A @ B", {"A": (2, 3), "B": (4, 2)}, "write A.T @ B.T, which is (3, 4), or B @ A, which is (4, 3)"),
    ("A @ B", {"A": (2, 3, 4), "B": (2, 5, 4)}, "write A @ B.mT, which is (2, 3, 5)"),
    ("A @ B", {"A": (2, 3, 4), "B": (3, 4, 5)}, "the same batch on both sides of @, in front of rows and columns, got"),
    ("2 @ x", {"x": 3}, "expected two arrays beside @, got () @ (3,), where () is a number"),
    ("W @ x + b", {"W": (4, 3), "x": 3, "b": 3},
     "W @ x + b: expected axes of one length, or of length 1, on both sides of +, counted from the last, got (4,) + "
     "(3,): 4 against 3"),
    ("x - y", {"x": 3, "y": 4}, "write x[:, None] - y, which is (3, 4), or x - y[:, None], which is (4, 3)"),
    ("x * M", {"x": 3, "M": (3, 4)}, "write x[:, None] * M, which is (3, 4), or x * M.T, which is (4, 3)"),
    ("maximum(x, y)", {"x": 3, "y": 4}, "in both arrays, counted from the last, got (3,) and (4,): 3 against 4"),
    ("x[3]", {"x": 3}, "expected an index from -3 to 2 along axis 0 of (3,), got 3"),
    ("x[3:]", {"x": 3}, "expected at least one number along axis 0 of (3,), got a slice that leaves none"),
    ("x[0, 0]", {"x": 3}, "expected at most 1 indices for (3,), got 2"),
    ("sum(x, axis=1)", {"x": 3}, "expected an axis from -1 to 0 of (3,), got axis 1"),
    ("sum(x, axis=(0, -1))", {"x": 3}, "expected each axis of (3,) once, got axis (0, -1)"),
    ("softmax(x)", {"x": ()}, "expected an array with axes, got (), a number, which has no axis -1"),
    ("concat(x, y)", {"x": (3, 2), "y": (3, 1)}, "expected arrays that differ along axis 0 alone in concat, got (3"),
    ("concat(x, y)", {"x": 3, "y": (3, 1)}, "hint: give them 2 axes each, with x[:, None]"),
    ("stack(x, y)", {"x": 3, "y": 4}, "expected arrays of one shape in stack, got (3,) and (4,)"),
    ("dot(A, x)", {"A": (3, 3), "x": 3}, "hint: write A @ x for matrices"),
    ("dot(x, y)", {"x": 2, "y": 3}, "expected two vectors of one length in dot, got (2,) and (3,)"),
    ("outer(A, x)", {"A": (3, 3), "x": 3}, "expected two vectors in outer, got (3, 3) and (3,)"),
    ("x.mT", {"x": 3}, "expected a matrix, or a batch of them, in front of .mT, got (3,)"),
    ("diff(x)", {"x": 1}, "expected at least two numbers along the axis of diff, got (1,)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shapes", "said"), MISFITS)
def test_shapes_that_do_not_fit(text: str, shapes: dict[str, Any], said: str) -> None:
    with pytest.raises(ShapeError, match=re.escape(said)):
        shape_of(text, **shapes)


MISUSES = [
    ({"W": (4, 3)}, "expected a shape for each array, got none for x at character 5\n  W @ x\n      ^\nhint: give x"),
    ({"W": (4, 3), "X": 3}, "got none for x at character 5\n  W @ x\n      ^\nhint: did you mean 'X'?"),
    ({"W": (4, 3), "x": 3, "b": 4}, "expression: expected a shape for W, x, got one for b\nhint: leave it away"),
    ({"W": (4, 3), "x": "3"}, "shape of x: expected whole numbers of at least 1, such as (3, 2), got '3'"),
    ({"W": (4, 0), "x": 3}, "shape of W: expected whole numbers of at least 1, such as (3, 2), got (4, 0)"),
    ({"W": (4, 3.0), "x": 3}, "got (4, 3.0)"),
    ({"W": (4, 3), "x": True}, "got True"),
]


@pytest.mark.parametrize(("shapes", "said"), MISUSES)
def test_names_and_shapes_that_do_not_match(shapes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        shape_of("W @ x", **shapes)


def test_an_array_called_as_a_function_is_needed_as_an_array() -> None:
    with pytest.raises(UsageError, match=re.escape("sum is a function: write sum(x)")):
        shape_of("sum + x", x=3)


def test_every_step_says_what_goes_in_and_what_comes_out() -> None:
    shape = shape_of("tanh(W @ x + b)[1:].T", W=(4, 3), x=3, b=4)
    assert [(step.piece, step.algebra) for step in shape.steps] == [
        ("W @ x", "(4, 3) · (3,) → (4,)"),
        ("W @ x + b", "(4,), (4,) → (4,)"),
        ("tanh(W @ x + b)", "(4,) → (4,)"),
        ("tanh(W @ x + b)[1:]", "(4,) → (3,)"),
        ("tanh(W @ x + b)[1:].T", "(3,) → (3,)"),
    ]
    english, korean = shape.explain("en").splitlines(), shape.explain("ko").splitlines()
    assert english[0].endswith("matrix × vector: entry i is the sum over j of left[i, j] · right[j]")
    assert "행렬 × 벡터" in korean[0] and len(korean) == len(english) == 5
    assert shape_of("x", x=3).explain() == ""


SHAPES = st.lists(st.integers(1, 3), max_size=3).map(tuple)
FORMS = ["x @ y", "x + y", "x / y.T", "x.T @ y", "x[:, None] * y", "x[..., 0] - y", "x[1:] @ y[:2]", "x[-1, ::2]"]
WORDS = {
    "sum(x, axis=1, keepdims=True)": lambda x: np.sum(x, axis=1, keepdims=True),
    "mean(x, axis=(0, -1))": lambda x: np.mean(x, axis=(0, -1)),
    "cumsum(x, axis=-2)": lambda x: np.cumsum(x, axis=-2),
    "diff(x, axis=0)": lambda x: np.diff(x, axis=0),
    "stack([x, x], axis=1)": lambda x: np.stack([x, x], axis=1),
    "concat((x, x), axis=-1)": lambda x: np.concatenate((x, x), axis=-1),
    "flatten(x)": np.ravel,
    "transpose(x)": np.transpose,
}


@given(st.sampled_from(FORMS), SHAPES, SHAPES)
def test_numpy_gives_the_same_shape_or_refuses_too(text: str, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    names = {name: shape for name, shape in (("x", x), ("y", y)) if name in text}
    try:
        expected = eval(text, {name: np.ones(shape) for name, shape in names.items()}).shape
    except (ValueError, IndexError):
        expected = None
    if expected is None or 0 in expected:  # NumPy has arrays without a number
        with pytest.raises(ShapeError):
            shape_of(text, **names)
    else:
        assert shape_of(text, **names) == expected


@given(st.sampled_from(list(WORDS)), SHAPES)
def test_words_have_numpys_shapes(text: str, shape: tuple[int, ...]) -> None:
    try:
        expected = WORDS[text](np.ones(shape)).shape
    except (ValueError, IndexError):  # an AxisError is both
        expected = None
    if expected is None or 0 in expected:
        with pytest.raises(ShapeError):
            shape_of(text, x=shape)
    else:
        assert shape_of(text, x=shape) == expected

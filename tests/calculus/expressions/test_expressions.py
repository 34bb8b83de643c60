"""Expressions, against Python's own evaluation with NumPy in float64, and everything that is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from seedbed.calculus.expressions.expression import Expression
from seedbed.calculus.expressions.parsing import DEEPEST, MOST_CHARACTERS, parse
from seedbed.calculus.expressions.shapes import shape_of
from seedbed.calculus.expressions.tree import Number
from seedbed.calculus.expressions.vocabulary import WORDS
from seedbed.core.errors import ShapeError, UsageError
from seedbed.functions import ACTIVATIONS

RNG = np.random.default_rng(0)
ARRAYS = {
    "x": RNG.uniform(0.2, 2.0, size=4),
    "y": RNG.normal(size=4),
    "b": RNG.normal(size=3),
    "W": RNG.normal(size=(3, 4)),
    "X": RNG.normal(size=(5, 4)),
    "T": RNG.normal(size=(2, 3, 4)),
}


def layernorm(x: np.ndarray, axis: int = -1, eps: float = 1e-5) -> np.ndarray:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + eps)


def erf_gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + scipy.special.erf(x / np.sqrt(2)))


# What NumPy and SciPy call by these names, or the formula of the source.
NUMPY: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in (
        "exp", "expm1", "log", "log1p", "sqrt", "square", "abs", "sin", "cos", "tan", "arctan", "maximum", "minimum",
        "sum", "mean", "max", "min", "var", "sort", "diff", "dot", "outer", "transpose", "stack", "tanh",
    )},
    "logsumexp": scipy.special.logsumexp, "cumsum": lambda x, axis=-1: np.cumsum(x, axis),
    "flip": lambda x, axis=-1: np.flip(x, axis),
    "softmax": lambda x, axis=-1: scipy.special.softmax(x, axis=axis),
    "log_softmax": lambda x, axis=-1: scipy.special.log_softmax(x, axis=axis),
    "sigmoid": scipy.special.expit,
    "relu": lambda x: np.maximum(x, 0), "leaky_relu": lambda x, slope=0.01: np.where(x > 0, x, slope * x),
    "prelu": lambda x, slope=0.25: np.where(x > 0, x, slope * x),
    "elu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(x)),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    "gelu": erf_gelu, "silu": lambda x: x * scipy.special.expit(x), "softplus": lambda x: np.logaddexp(x, 0),
    "step": lambda x: (x > 0) * 1.0, "linear": lambda x: x, "norm": lambda x, axis=None, keepdims=False:
        np.linalg.norm(x if axis is not None else x.ravel(), axis=axis, keepdims=keepdims and axis is not None),
    "layernorm": layernorm, "flatten": np.ravel, "concat": lambda *a, axis=0: np.concatenate(
        a[0] if isinstance(a[0], list | tuple) else a, axis=axis), "pi": np.pi,
}  # fmt: skip

TEXTS = [
    "tanh(W @ x + b)", "x @ W.T", "softmax(X @ X.T) @ X", "x[1:] - x[:-1]", "sum((X @ x - sum(X, axis=1))**2)/2",
    "diff(x)**2", "-x**2", "2**-x", "x / y - 3 * x", "T.mT @ W", "T.T", "T[0, :, -1]", "T[..., ::-2]", "x[:, None] * y",
    "concat([sin(x), cos(y)])", "concat(W, X)", "stack((x, y), axis=1)", "leaky_relu(y, 0.3)", "elu(y, alpha=2)",
    "sum(X, axis=0, keepdims=True)", "mean(X, 1)", "var(T, axis=(0, 2))", "max(X, axis=-1)", "norm(X, axis=1)",
    "cumsum(X, axis=0)", "sort(X, axis=0)", "flip(X, axis=1)", "dot(x, y)", "outer(b, x)", "flatten(T)", "x ** 0.5",
    "maximum(x, y) + minimum(y, 0)", "layernorm(X, axis=0, eps=0)", "logsumexp(X, axis=1)", "log_softmax(X, axis=0)",
    "x * 2 ** 3 / (1 + 1)", "+x + sin(pi * x)", "  (x)\n + y\t", "square(x) - log1p(x) * expm1(y)", "--x",
    "sqrt(x) + log(x) + tan(y) + arctan(y) + abs(y) + exp(y)", "diff(X, axis=0)", "transpose(W) @ b", "norm(x)",
]  # fmt: skip


@pytest.fixture(autouse=True)
def double_precision() -> None:
    """Nothing: these tests choose their precision themselves."""


def names_in(text: str) -> dict[str, np.ndarray]:
    return {name: ARRAYS[name] for name in Expression.read(text).names}


def reference(text: str) -> Any:
    """What Python and NumPy make of a text."""
    as_numpy = text.replace(".mT", ".swapaxes(-1, -2)")
    return eval(as_numpy.strip().replace("\n", " "), NUMPY, ARRAYS)


@pytest.mark.parametrize("text", TEXTS)
def test_expressions_are_worth_what_numpy_says(text: str) -> None:
    with jax.enable_x64(True):
        value = Expression.read(text)(**names_in(text))
        expected = reference(text)
        assert value.shape == np.shape(expected) and value.dtype == np.float64
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-14)


TAKE_MORE = ("dot", "outer", "maximum", "minimum", "stack")


@pytest.mark.parametrize("word", [name for name in WORDS if name not in TAKE_MORE])
def test_every_word_is_worth_what_numpy_says(word: str) -> None:
    with jax.enable_x64(True):
        value = Expression.read(f"{word}(X + 3)")(X=ARRAYS["X"])
        np.testing.assert_allclose(value, reference(f"{word}(X + 3)"), rtol=1e-12, atol=1e-14)


def test_every_activation_can_be_called() -> None:
    assert set(ACTIVATIONS) <= set(WORDS)


def test_names_come_in_the_order_of_the_text() -> None:
    assert Expression.read("tanh(W @ x + b) * x").names == ("W", "x", "b")
    assert Expression.read("2 * pi").names == ()


def test_an_expression_keeps_the_precision_of_its_arrays() -> None:
    expression = Expression.read("leaky_relu(tanh(W @ x + b) * 0.5 + 1, 0.1) ** 2 / sqrt(2) + layernorm(b)")
    with jax.enable_x64(True):
        for dtype in (np.float32, np.float64):
            arrays = {name: ARRAYS[name].astype(dtype) for name in expression.names}
            assert expression(**arrays).dtype == dtype


def test_jax_traces_and_differentiates_it() -> None:
    slope = jax.jit(jax.grad(Expression.read("sum(x**2) * k").by("x", k=jnp.float32(3))))
    np.testing.assert_allclose(slope(jnp.array([1.0, -2.0, 0.0])), [6.0, -12.0, 0.0])


def test_a_whole_power_has_a_slope_at_zero() -> None:
    assert jax.grad(Expression.read("x**1").by("x"))(0.0) == 1.0


# Everything that Python would do and an expression does not: the message points at it.
STRANGE = [
    ("__import__('os').system('ls')", "__import__('os').system('ls')\n  ^^^^^^^^^^^^^^^^^^^^^^^"),
    ("(lambda: 0)()", "got lambda: 0 at character 2"),
    ("lambda x: x", "got lambda at character 1"),
    ("x.__class__", "got .__class__ at character 1\n  x.__class__\n  ^^^^^^^^^^^\nhint: of attributes there are only"),
    ("x.t", "hint: did you mean 'T'?"),
    ("x.exp", "hint: write exp(x)"),
    ("x.tofile('f')", "got x.tofile at character 1"),
    ("np.exp(x)", "expected a function by its name alone, got np.exp at character 1\n  np.exp(x)\n  ^^^^^^\nhint: "),
    ("[y for y in x]", "got [y for y in x] at character 1"),
    ("{x}", "got {x}"), ("{'x': x}", "got {'x': x}"), ("[x]", "got a list"), ("x, y", "got several expressions"),
    ("(z := x)", "got :="), ("f'{x}'", "got a text at"), ("x @ 'b'", "got a text at character 5\n  x @ 'b'\n      ^^^"),
    ("b'x'", "got a text"), ("...", "got ... at"), ("None", "got None"), ("True", "got True"), ("1j * x", "got 1j"),
    ("x if x else y", "got if/else"), ("x == y", "got a comparison"), ("x < y", "got a comparison"),
    ("x and y", "got x and y"), ("not x", "got not x"), ("~x", "got ~x"), ("x | y", "got | at character 3"),
    ("tanh((W @ x) ^ (b))", "got ^ at character 14\n  tanh((W @ x) ^ (b))\n               ^\nhint: a power is"),
    ("x // 2", "hint: a quotient is written /"), ("x % 2", "got %"), ("await x", "got await x"), ("yield x", "got 'y'"),
    ("σ + x == 1", "got a comparison at character 1\n  σ + x == 1\n  ^^^^^^^^^^"),
    ("σ + (x == 1)", "got a comparison at character 6\n  σ + (x == 1)\n       ^^^^^^"),
    ("y = W @ x", "got '=' at character 3\n  y = W @ x\n    ^\nhint: give the right side of an equation alone"),
    ("2x", "hint: a product is written 2 * x"), ("a b", "got 'b' at character 3"), ("(a", "hint: close it"),
    ("a)", "hint: take it away"), ("x +", "got the end of the text at character 4"), ("x;y", "got ';'"),
    ("import os", "got 'i'"),
    ("x # y", "got # at character 3"), ("", "got nothing"), (" \n", "got nothing"), ("x\0y", "expected arithmetic"),
    ("x[y]", "expected a whole number, :, None or ... in brackets, got y at character 3"), ("x[1.5]", "got 1.5"),
    ("x[True]", "got True"), ("x[::0]", "expected a step other than 0, got 0"),
    ("x[..., ...]", "expected one ... in brackets"),
    ("x[[0, 1]]", "got [0, 1]"), ("x[99999999999999999999]", "in brackets, got 99999999999999999999"),
    ("tahnh(x)", "got tahnh at character 1\n  tahnh(x)\n  ^^^^^\nhint: did you mean 'tanh'?"),
    ("W(x)", "hint: a product is written * or @"), ("x(2)", "expected one of abs, arctan, "),
    ("sum(x, axis=y)", "expected a whole number for axis, got y at character 13"),
    ("softmax(x, axis=(0, 1))", "for axis, got (0, 1)"),
    ("sum(x, axes=0)", "expected an option of sum, once, got axes= at character 13\n  sum(x, axes=0)\n              ^"),
    ("sum(x, 0, axis=0)", "expected an option of sum, once, got axis="), ("sum(x, **o)", "got **= at"),
    ("sum(x, keepdims=1)", "expected True or False for keepdims, got 1"), ("sum(*x)", "got *x"),
    ("relu(x, 0.1)", "expected one array in relu, got 2 at character 1\n  relu(x, 0.1)\n  ^^^^^^^^^^^^\nhint: write"),
    ("leaky_relu(x, y)", "expected a number for slope in leaky_relu, got y"),
    ("dot(x)", "expected 2 arrays in dot, got 1"),
    ("concat()", "expected 1 or more arrays in concat, got 0"), ("relu()", "expected one array in relu, got 0"),
    ("9**9**9", "expected a finite number, got 9**9**9, which is inf"),
    ("1/0 * x", "got 1/0, which is inf at character 1"),
    ("(-8)**0.5", "which is nan"), ("1e999", "expected a finite number, got one that is too large"),
    ("x + " + "9" * 400, "expected a finite number, got one that is too large at character 5"),
    ("(" * 300 + "x" + ")" * 300, "expected arithmetic"),
    ("-" * 1900 + "x", f"at most {DEEPEST} pieces inside one another"),
    ("x" * (MOST_CHARACTERS + 1), "expected at most 2,000 characters, got 2,001"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), STRANGE, ids=[text[:20] for text, _ in STRANGE])
def test_what_is_no_arithmetic_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        parse(text)


def test_a_long_text_is_shown_around_the_fault() -> None:
    with pytest.raises(UsageError) as told:
        parse("x + " * 40 + "(a ^ b)" + " + x" * 40)
    _, shown, carets, hint = str(told.value).splitlines()
    assert len(shown) == 102 and shown[carets.index("^")] == "^" and "(a ^ b)" in shown and hint.startswith("hint")


@given(st.text(alphabet="xyW()[]:.,T@*+-/= 012e'\"#\\\n\0σsumtanhaxis{}", max_size=30))
def test_any_text_is_read_or_refused_with_one_message(text: str) -> None:
    try:
        tree = parse(text)
    except UsageError as error:
        assert error.message.startswith("expression: expected ")
    else:
        assert 0 <= tree.span[0] < tree.span[1] <= len(text)


@given(st.integers(-9, 9), st.integers(-9, 9), st.sampled_from(["+", "-", "*", "**"]))
def test_numbers_alone_are_worked_out(a: int, b: int, sign: str) -> None:
    if sign == "**" and (b < 0 or a < 0):
        return
    tree = parse(f"({a}) {sign} ({b})")
    expected = eval(f"({a}) {sign} ({b})")
    assert isinstance(tree, Number) and tree.value == expected and type(tree.value) is type(expected)


def combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A larger expression of vectors of one length from smaller ones."""
    signs, words = st.sampled_from(["+", "-", "*"]), st.sampled_from(["tanh", "sin", "cumsum", "sort", "-", "sigmoid"])
    ends = st.sampled_from(["[::-1]", ".T", "[None, :][0]", " * 0.5", "**2"])
    return st.one_of(
        st.builds("({} {} {})".format, parts, signs, parts),
        st.builds("{}({})".format, words, parts),
        st.builds("({}){}".format, parts, ends),
        st.builds("(W.T @ W @ {} + x * sum({}))".format, parts, parts),
    )


@given(st.recursive(st.sampled_from(["x", "y", "x * 2"]), combined, max_leaves=5))
def test_compositions_are_worth_what_numpy_says(text: str) -> None:
    with jax.enable_x64(True):
        np.testing.assert_allclose(Expression.read(text)(**names_in(text)), reference(text), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("arrays", "error", "said"), [
    ({"x": [1.0]}, UsageError, "expected a value for each array, got none for y at character 5\n  x * y\n      ^"),
    ({"x": [1.0], "Y": [1.0]}, UsageError, "hint: did you mean 'Y'?"),
    ({"x": [1.0], "y": [1.0], "z": [1.0]}, UsageError, "expected a value for x, y, got one for z"),
    ({"x": [1.0], "y": "one"}, UsageError, "expected an array of numbers for y, got str"),
    ({"x": [1.0] * 2, "y": [1.0] * 3}, ShapeError, "x * y: expected axes of one length"),
])  # fmt: skip
def test_arrays_that_do_not_suit(arrays: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        Expression.read("x * y")(
            **{name: given if given == "one" else np.float32(given) for name, given in arrays.items()}
        )


def test_an_index_outside_is_said_and_not_moved_inside() -> None:
    with pytest.raises(ShapeError, match=r"x\[4\]: expected an index from -4 to 3"):
        Expression.read("x[4]")(x=jnp.arange(4.0))


def test_arrays_may_be_called_as_arguments_are() -> None:
    shapes = {"self": 3, "name": 3, "expression": 3, "text": 3}
    text = " + ".join(shapes)
    assert shape_of(text, **shapes) == (3,)
    arrays = {name: jnp.ones(3) for name in shapes}
    np.testing.assert_array_equal(Expression.read(text)(**arrays), 4 * np.ones(3))
    np.testing.assert_array_equal(Expression.read("name * 2").by("name")(jnp.ones(3)), 2 * np.ones(3))


def test_an_expression_is_its_text_and_can_be_compiled() -> None:
    ours, theirs = Expression.read("x[1:] - x[:-1]"), Expression.read("x[1:] - x[:-1]")
    assert ours == theirs and hash(ours) == hash(theirs) and ours != Expression.read("x[1:]")
    np.testing.assert_array_equal(jax.jit(ours)(x=jnp.array([1.0, 4.0, 9.0])), [3.0, 5.0])

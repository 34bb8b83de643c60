"""From an expression and shapes to the Jacobian to look at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import seedbed as sb
from seedbed.recipe.differentiate import differentiate

SHAPES = {"x": (6,), "W": (4, 6), "b": (4,)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_picture_is_that_of_the_true_jacobian(dtype: str) -> None:
    view = differentiate("tanh(W @ x + b)", SHAPES, seed=3, dtype=dtype)
    rng = np.random.default_rng(3)
    W, x, b = rng.normal(size=(4, 6)) / np.sqrt(6), rng.normal(size=6), rng.normal(size=4)
    expected = (1 - np.tanh(W @ x + b)[:, None] ** 2) * W
    np.testing.assert_allclose(view.pattern.cells, np.abs(expected), rtol=1e-4 if dtype == "float32" else 1e-12)
    assert view.by == "x" and (view.out_shape, view.in_shape) == ((4,), (6,)) and view.check
    assert view.dense_bytes == 24 * np.dtype(dtype).itemsize
    assert view.stored_bytes <= (24 + 4) * np.dtype(dtype).itemsize


CASES = [
    ("x * 2", {"x": 5}, None, "scaled identity"), ("sin(a)", {"a": 5}, None, "diagonal"),
    ("W @ x", {"W": (3, 4), "x": 4}, "W", "Kronecker"), ("softmax(x)", {"x": 5}, "x", "diagonal plus low rank"),
    ("diff(x)**2", {"x": 5}, "x", "banded"), ("sum(x**2)", {"x": 5}, "x", "row"),
    ("x * z", {"x": 3, "z": ()}, "z", "column"),
    ("step(x)", {"x": 4}, "x", "zero"), ("A.T", {"A": (2, 3)}, "A", "permutation"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shapes", "by", "kind"), CASES)
def test_kinds(text: str, shapes: dict[str, Any], by: str | None, kind: str) -> None:
    view = differentiate(text, shapes, by=by)
    assert view.kind == kind and view.check
    assert view.sentence in str(dict(view.facts))


def test_the_facts_come_in_both_languages_and_as_data() -> None:
    view = differentiate("relu(W @ relu(V @ x))", {"W": (3, 4), "V": (4, 5), "x": 5}, language="en")
    facts = dict(view.facts)
    assert facts["size"] == "from (5,) to (3,): 3 × 5, outputs are rows"
    assert facts["factors"] == "dense 3 × 4 · dense 4 × 5"  # as they stand in a product
    assert facts["check"].startswith("agrees with JAX's forward and backward passes to ")
    assert facts["point"] == "random numbers of seed 0, float32: W (3, 4), V (4, 5), x (5,)"
    korean = differentiate("sin(x)", {"x": 5}, language="ko")
    assert dict(korean.facts)["크기"] == "(5,)에서 (5,)로: 5 × 5, 행이 출력입니다"
    layers = differentiate("relu(W @ relu(V @ x))", {"W": (3, 4), "V": (4, 5), "x": 5}, language="ko")
    assert dict(layers.facts)["인수"] == "밀집행렬 3 × 4 · 밀집행렬 4 × 5"
    plain = view.to_dict()
    assert plain["shape"] == [3, 5] and plain["factors"][0] == {"kind": "dense", "shape": [4, 5]}
    assert plain["steps"][0] == {"piece": "V @ x", "inputs": [[4, 5], [5]], "shape": [4]}
    assert plain["check"]["agrees"] and len(plain["pattern"]["cells"]) == 3


def test_it_is_written_as_a_page_and_as_pictures(tmp_path: Path) -> None:
    view = differentiate("tanh(X @ W.T)", {"X": (4, 3), "W": (2, 3)}, by="X", language="en")
    page = view.save(tmp_path / "deep" / "page.html").read_text("utf-8")
    assert "<code>tanh(X @ W.T)</code>" in page and view.sentence in page and "∂ / ∂X" in page
    assert "matrix × matrix" in page and "default-src &#39;none&#39;" in page and "http-equiv" in page
    assert view.save(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert view.save(tmp_path / "a.svg").read_text("utf-8").startswith("<svg")
    escaped = differentiate("x * 1", {"x": 2}).save(tmp_path / "b.html").read_text("utf-8")
    assert "<h1><code>x * 1</code></h1>" in escaped


BAD = [
    ("log(x)", {"x": 9}, {}, "jacobian: expected numbers, but the function gives NaN at [", "(--positive)"),
    ("x / 0", {"x": 3}, {}, "function gives an infinite number at [0] (3 of 3), first made by div", "a division by"),
    ("exp(x * 1000)", {"x": 3}, {"is_positive": True}, "the function gives an infinite number at [", "grow too large"),
    ("sqrt(x - x)", {"x": 3}, {}, "the derivative of the output is infinite or NaN at [0] (3 of 3)", "a root of 0"),
    ("norm(x - x)", {"x": 3}, {}, "the derivative of the output is infinite or NaN at its only number", "a root of 0"),
    ("relu(sqrt(x - x))", {"x": 3}, {}, "the derivative by the input is infinite or NaN at [0] (3 of", "a root"),
    ("x", {"x": 5}, {"dtype": "int32"}, "dtype: expected one of float32, float64, got 'int32'", "have no derivative"),
    ("x", {"x": 5}, {"dtype": "float46"}, "dtype: expected one of float32, float64", "did you mean 'float64'?"),
    ("a + b", {"a": 3, "b": 3}, {}, "by: expected one of a, b, got none", "say which"),
    ("weight * b", {"weight": 3, "b": 3}, {"by": "wieght"}, "by: expected one of weight, b, got wieght", "'weight'?"),
    ("2 * pi", {}, {}, "by: expected an array to differentiate by, got an expression without any", "name one"),
    ("W @ y", {"W": (3, 4), "x": 4}, {}, "expected a shape for each array, got none for y", "did you mean 'x'?"),
    ("W @ x", {"W": (100_000, 100_000), "x": 100_000}, {}, "W and x: expected at most 2.15 GB, got 40 GB", "smaller"),
    ("outer(x, x)", {"x": 100_000}, {}, "outer(x, x): expected at most 2.15 GB, got 40 GB", "smaller shapes"),
    ("x", {"x": 5}, {"language": "fr"}, "language: expected one of en, ko, got 'fr'", ""),
    ("W @ x", {"W": (3, 4), "x": 5}, {}, "got (3, 4) @ (5,): 4 against 5", "give W 5 columns, or x 4 numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shapes", "options", "said", "hint"), BAD)
def test_what_cannot_be_differentiated(text: str, shapes: Any, options: Any, said: str, hint: str) -> None:
    with pytest.raises((sb.UsageError, sb.ShapeError), match=re.escape(said)) as told:
        differentiate(text, shapes, **options)
    assert hint in told.value.hint


def test_positive_numbers_suit_a_logarithm() -> None:
    view = differentiate("log(x)", {"x": 9}, is_positive=True)
    assert view.kind == "diagonal" and view.check and np.isfinite(view.pattern.cells).all()


def test_it_cannot_be_written_anywhere(tmp_path: Path) -> None:
    view = differentiate("x", {"x": 2})
    with pytest.raises(sb.UsageError, match=r"expected a file whose name ends in .html, .png, .svg, got .pdf"):
        view.save(tmp_path / "a.pdf")
    with pytest.raises(sb.UsageError, match=r"a.png: expected a file that can be written, but"):
        view.save(Path("/proc/nowhere/a.png"))


def test_the_precision_of_the_session_is_left_alone() -> None:
    differentiate("sin(x)", {"x": 3}, dtype="float64")
    assert not jax.config.jax_enable_x64 and jnp.asarray(1.0).dtype == jnp.float32

"""`seedbed jacobian`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

ISSUE = ("jacobian", "tanh(W @ x + b)", "--shape", "x=64", "W=32x64", "b=32", "--by", "x")


def test_jacobian_prints_structure_size_shapes_and_picture(seedbed: Command) -> None:
    said = seedbed(*ISSUE)
    lines = said.out.splitlines()
    assert said.code == 0 and not said.err
    assert lines[0] == "tanh(W @ x + b)   ∂ / ∂x" and max(map(len, lines)) <= 80
    assert any(line.startswith("size") and "from (64,) to (32,): 32 × 64" in line for line in lines)
    assert any(line.startswith("W @ x ") and "(32, 64) · (64,) → (32,)" in line for line in lines)
    assert sum(line[:1] in "█▓▒░" and len(line) == 64 for line in lines if line) == 32


@pytest.mark.parametrize("arguments", [
    ("--by", "x", "b=32", "x=64", "tanh(W @ x + b)", "W=32x64"), ("tanh(W @ x + b)", "x=64", "W=32×64", "b=32"),
    ("tanh(W @ x + b)", "--shape", "x=64", "--shape", "W=32x64", "--shape", " b = 32 "),
])  # fmt: skip
def test_shapes_may_stand_anywhere(arguments: tuple[str, ...], seedbed: Command) -> None:
    said = seedbed("jacobian", *arguments, "--json")
    assert json.loads(said.out)["shape"] == [32, 64] and not said.err


def test_jacobian_in_korean_as_a_page_and_for_programs(tmp_path: Path, seedbed: Command) -> None:
    assert "구조" in seedbed("jacobian", "softmax(x)", "x=5", "--lang", "ko").out
    data = json.loads(seedbed("jacobian", "x * z", "x=3", "z=scalar", "--by", "z", "--out", "a.html", "--json").out)
    assert data["kind"] == "column" and data["file"] == "a.html" and (tmp_path / "a.html").is_file()
    said = seedbed("jacobian", "diff(x)", "x=4", "--out", "a.png")
    assert said.out.endswith("\nwritten  a.png\n") and (tmp_path / "a.png").is_file()


def test_the_seed_moves_the_point(seedbed: Command) -> None:
    cells = [
        json.loads(seedbed("jacobian", "x**2", "x=3", "--seed", seed, "--json").out)["pattern"] for seed in (0, 0, 1)
    ]
    assert cells[0] == cells[1] != cells[2]
    positive = json.loads(seedbed("jacobian", "log(x)", "x=9", "--positive", "--dtype", "float64", "--json").out)
    assert positive["dtype"] == "float64" and positive["dense_bytes"] == 8 * 81


BAD = {
    "python": (("__import__('os').system('touch x')",), "expression: expected one of abs, ", "an expression is"),
    "python alone": (("__import__('os')",), "got __import__ at character 1", "an expression is arithmetic alone"),
    "module": (("np.tahnh(x)", "x=5"), "got np.tahnh at character 1", "did you mean 'tanh'?"),
    "no arithmetic": (("x if x else x", "x=3"), "expression: expected arithmetic on named arrays", "write relu(x)"),
    "equation": (("y = W @ x", "W=3x4", "x=4"), "got '=' at character 3", "give the right side of an equation alone"),
    "unknown name": (("tanh(W @ y)", "x=5", "W=3x5"), "shape for each array, got none for y", "did you mean 'x'?"),
    "near name": (("weight * x", "x=5", "wieght=5"), "got none for weight at character 1", "did you mean 'wieght'?"),
    "spare shape": (("x", "x=5", "y=5"), "expression: expected a shape for x, got one for y", "leave it away"),
    "unknown word": (("tahnh(x)", "x=5"), "got tahnh at character 1", "did you mean 'tanh'?"),
    "no fit": (("W @ x + b", "W=3x5", "x=5", "b=4"), "W @ x + b: expected axes of one length", "write (W @ x)[:,"),
    "no product": (("W @ x", "W=3x4", "x=5"), "got (3, 4) @ (5,): 4 against 5", "give W 5 columns, or x 4 numbers"),
    "integers": (("x", "x=5", "--dtype", "int32"), "dtype: expected one of float32, float64", "whole numbers have no"),
    "size": (("x", "--shape", "x=5.5"), "--shape: expected a name and sizes such as W=32x64, got 'x=5.5'", "--shape "),
    "no size": (("x", "--shape", "x"), "--shape: expected a name and sizes such as W=32x64, got 'x'", "--shape x=64"),
    "nothing": (("x", "x=0"), "shape of x: expected whole numbers of at least 1, such as (3, 2), got (0,)", "a vector"),
    "twice": (("x", "x=5", "x=4"), "--shape: expected one shape for x, got two", "give each name once"),
    "no expression": (("x=5",), "expected one expression, got none", "put it in quotes"),
    "two": (("tanh(x)", "+", "b", "x=5"), "expected one expression, got 3: 'tanh(x)', '+', 'b'", "put it in quotes"),
    "by": (("a + b", "a=3", "b=3"), "by: expected one of a, b, got none", "say which"),
    "no such by": (("x * 2", "x=3", "--by", "z"), "by: expected one of x, got z", "name an array of the"),
    "NaN": (("sqrt(x)", "x=9"), "jacobian: expected numbers, but the function gives NaN at [", "take another seed"),
    "infinite": (("x/0", "x=3"), "the function gives an infinite number at [0] (3 of 3), first made by div", "write"),
    "infinite slope": (("sqrt(x-x)", "x=3"), "but the derivative of the output is infinite or NaN at [0]", "write it"),
    "file": (("x", "x=3", "--out", "a.pdf"), "a.pdf: expected a file whose name ends in .html, .png, .svg", "a page"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_jacobian_refuses_in_one_message(name: str, tmp_path: Path, seedbed: Command) -> None:
    arguments, error, hint = BAD[name]
    said = seedbed("jacobian", *arguments)
    assert said.code == 2 and not said.out and said.err.startswith("error: ") and said.err.count("error:") == 1
    assert error in said.err and f"hint: {hint}" in said.err
    assert not list(tmp_path.iterdir()) and "Traceback" not in said.err

"""`seedbed jacobian`: the structure of a Jacobian, from an expression and the shapes of its arrays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from seedbed.cli.console import Printer
from seedbed.core.errors import UsageError

ASSIGNMENT = re.compile(r"\s*([^\W\d]\w*)\s*=\s*([^-+*/@\s]*)\s*")  # with a sign in it, it is an equation
SIZES = re.compile(r"[0-9]+(?:[x×][0-9]+)*")
EXAMPLE = '--shape x=64 W=32x64; a number is "scalar"'


def jacobian(
    expression: Annotated[
        list[str],
        typer.Argument(help='Arithmetic on named arrays, as "tanh(W @ x + b)"; and NAME=SHAPE.', metavar="EXPRESSION"),
    ],
    shape: Annotated[
        list[str] | None, typer.Option(help="Shapes of the arrays, as x=64 W=32x64 b=32.", metavar="NAME=SHAPE ...")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="The array that is varied; x, or the only one, otherwise.", metavar="NAME")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the random numbers in the arrays.", metavar="N", min=0)] = 0,
    dtype: Annotated[str, typer.Option(help="float32 or float64.", metavar="DTYPE")] = "float32",
    positive: Annotated[
        bool, typer.Option("--positive", help="Take positive numbers, as for log(x) or sqrt(x).", metavar="")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write a page (.html), or the picture alone (.png, .svg).", metavar="FILE")
    ] = None,
    language: Annotated[str | None, typer.Option("--lang", "--language", help="en or ko.", metavar="LANGUAGE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.", metavar="")] = False,
) -> None:
    """Find the structure of a Jacobian: kind, size, shapes step by step, and a picture."""
    # A list behind an option ends where the shell's words do not: what follows --shape x=64 comes as arguments.
    words = [word for word in expression if not ASSIGNMENT.fullmatch(word)]
    if len(words) != 1:
        came = "none" if not words else f"{len(words)}: {', '.join(map(repr, words))}"
        raise UsageError(f"expected one expression, got {came}", 'put it in quotes: "tanh(W @ x + b)"')
    given = [*(shape or ()), *(word for word in expression if word is not words[0])]
    from seedbed.recipe.differentiate import differentiate

    printer = Printer(is_json=as_json)
    told = differentiate(
        words[0], _shapes(given), by=by, seed=seed, dtype=dtype, is_positive=positive, language=language
    )
    written = None if out is None else told.save(out)
    if as_json:
        printer.result(told.to_dict() | ({} if written is None else {"file": str(written)}))
        return
    printer.picture(told)
    if written is not None:
        printer.say(f"\nwritten  {written}")


def _shapes(given: list[str]) -> dict[str, tuple[int, ...]]:
    """The shapes by name."""
    shapes: dict[str, tuple[int, ...]] = {}
    for text in given:
        found = ASSIGNMENT.fullmatch(text)
        sizes = found.group(2) if found else ""
        if found is None or not (SIZES.fullmatch(sizes) or sizes == "scalar"):
            raise UsageError(f"--shape: expected a name and sizes such as W=32x64, got {text!r}", EXAMPLE)
        if found.group(1) in shapes:
            raise UsageError(f"--shape: expected one shape for {found.group(1)}, got two", "give each name once")
        shapes[found.group(1)] = () if sizes == "scalar" else tuple(map(int, re.split("[x×]", sizes)))
    return shapes

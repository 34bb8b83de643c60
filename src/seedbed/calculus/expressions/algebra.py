"""The algebra of shapes: what the shape of a result is, without any array.

Each rule takes shapes and gives a shape, or raises a `Misfit`. The rules are NumPy's:

    (n,) @ (n,) → ()      (n,) @ (n, p) → (p,)      (m, n) @ (n,) → (m,)      (m, n) @ (n, p) → (m, p)
    (B, m, n) @ (B, n, p) → (B, m, p)               (m, n) + (n,) → (m, n)

The hint of a misfit has places for the two operands as they stand in a text: `write {left} @ {right}.T`.
"""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.calculus.expressions.tree import Index

Shape = tuple[int, ...]
Axis = int | tuple[int, ...] | None

MOST_ALTERNATIVES = 3


class Misfit(Exception):  # noqa: N818 (it is no error of the program yet)
    """Shapes that do not fit. It never leaves this room: who knows the text turns it into a `ShapeError`.

    Attributes:
        expected, came: what had to fit, and the shapes that came.
        hint: what to write instead, with places for operands.
    """

    def __init__(self, expected: str, came: str, hint: str = "") -> None:
        super().__init__(expected)
        self.expected, self.came, self.hint = expected, came, hint


def kind_of_product(a: Shape, b: Shape) -> str:
    """The name of a product by its shapes: inner, vector_matrix, matrix_vector, matrix_matrix or batched."""
    if max(len(a), len(b)) > 2:
        return "batched"
    return {(1, 1): "inner", (1, 2): "vector_matrix", (2, 1): "matrix_vector"}.get((len(a), len(b)), "matrix_matrix")


def product(a: Shape, b: Shape) -> Shape:
    """The shape of a @ b.

    Raises:
        Misfit: one is a number, or the axes that meet, or those of the batch, differ in length.
    """
    if not (a and b):
        raise Misfit("two arrays beside @", f"{a} @ {b}, where () is a number", "write {left} * {right}")
    rows, columns = a[-2:-1], b[-1:] if len(b) > 1 else ()
    across, down = a[-1], b[-2] if len(b) > 1 else b[0]
    if across != down:
        expected = f"as many {_across(a)} on the left of @ as {_down(b)} on the right"
        hint = _other_products(a, b) or f"give {{left}} {down} {_across(a)}, or {{right}} {across} {_down(b)}"
        raise Misfit(expected, f"{a} @ {b}: {across} against {down}", hint)
    try:
        return (*broadcast(a[:-2], b[:-2]), *rows, *columns)
    except Misfit:
        expected = "the same batch on both sides of @, in front of rows and columns"
        raise Misfit(expected, f"{a} @ {b}: {a[:-2]} against {b[:-2]}", "give both the same batch axes") from None


def inner(a: Shape, b: Shape) -> Shape:
    """The shape of `dot`, a number.

    Raises:
        Misfit: they are not two vectors of one length.
    """
    if len(a) != 1 or len(b) != 1:
        hint = "write {left} @ {right} for matrices" if a and b else "write {left} * {right}"
        raise Misfit("two vectors in dot", f"{a} and {b}", hint)
    if a != b:
        raise Misfit("two vectors of one length in dot", f"{a} and {b}", "take a part, x[:n], of the longer one")
    return ()


def outer(a: Shape, b: Shape) -> Shape:
    """The shape of `outer`, the products of every number of a with every number of b.

    Raises:
        Misfit: they are not two vectors.
    """
    if len(a) != 1 or len(b) != 1:
        raise Misfit("two vectors in outer", f"{a} and {b}", "write flatten(x) for all numbers of x as a vector")
    return a + b


def broadcast(a: Shape, b: Shape, sign: str = "") -> Shape:
    """The shape of two arrays combined number by number; a missing axis in front, or one of length 1, repeats.

    Arguments:
        sign: what stands between them, for the message; nothing where they are arguments of a function.

    Raises:
        Misfit: two axes differ, and neither has length 1.
    """
    shape: list[int] = []
    for back in range(1, max(len(a), len(b)) + 1):
        n, m = (a[-back] if back <= len(a) else 1), (b[-back] if back <= len(b) else 1)
        if n != m and 1 not in (n, m):
            where = f"on both sides of {sign}" if sign else "in both arrays"
            expected = f"axes of one length, or of length 1, {where}, counted from the last"
            hint = (
                _other_sums(a, b, sign) if sign else ""
            ) or "give both the same length, or one of them length 1, there"
            raise Misfit(expected, f"{a} {sign or 'and'} {b}: {n} against {m}", hint)
        shape.insert(0, m if n == 1 else n)
    return tuple(shape)


def transposed(shape: Shape, is_matrix_only: bool) -> Shape:
    """The shape behind `.T`, all axes reversed, or behind `.mT`, the last two exchanged.

    Raises:
        Misfit: `.mT` of fewer than two axes.
    """
    if not is_matrix_only:
        return shape[::-1]
    if len(shape) < 2:
        raise Misfit("a matrix, or a batch of them, in front of .mT", f"{shape}", "write {left}.T, or nothing")
    return (*shape[:-2], shape[-1], shape[-2])


def sliced(shape: Shape, index: Sequence[Index]) -> Shape:
    """The shape behind constant indices and slices.

    Raises:
        Misfit: there are more of them than axes, one lies outside, or nothing is left.
    """
    n_used = sum(one is not None and one is not Ellipsis for one in index)
    if n_used > len(shape):
        raise Misfit(f"at most {len(shape)} indices for {shape}", f"{n_used}", "leave the last ones away")
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    kept: list[int] = []
    axis = 0
    for one in index:
        if one is None:
            kept.append(1)
        elif one is Ellipsis:
            kept += shape[axis : axis + len(shape) - n_used]
            axis += len(shape) - n_used
        else:
            kept += _within(shape, axis, one)
            axis += 1
    return tuple(kept)


def reduced(shape: Shape, axis: Axis, keepdims: bool = False) -> Shape:
    """The shape behind a sum, a mean or another reduction over an axis, over several, or over all with None.

    Raises:
        Misfit: there is no such axis, or one is named twice.
    """
    axes = list(range(len(shape))) if axis is None else [axis_of(shape, one) for one in _several(axis)]
    if len(set(axes)) < len(axes):
        raise Misfit(f"each axis of {shape} once", f"axis {axis}")
    return tuple(1 if i in axes else n for i, n in enumerate(shape) if keepdims or i not in axes)


def along(shape: Shape, axis: int) -> Shape:
    """The shape itself, of what works along an axis: softmax, cumsum, sort.

    Raises:
        Misfit: there is no such axis.
    """
    axis_of(shape, axis)
    return shape


def differences(shape: Shape, axis: int) -> Shape:
    """The shape of diff(x): one number less along the axis.

    Raises:
        Misfit: there is no such axis, or only one number along it.
    """
    i = axis_of(shape, axis)
    if shape[i] < 2:
        raise Misfit("at least two numbers along the axis of diff", f"{shape}", "give it a longer vector")
    return (*shape[:i], shape[i] - 1, *shape[i + 1 :])


def concatenated(shapes: Sequence[Shape], axis: int) -> Shape:
    """The shape of arrays one behind the other along an axis.

    Raises:
        Misfit: there is no such axis, or the other axes differ.
    """
    first = shapes[0]
    i = axis_of(first, axis)
    for shape in shapes:
        if len(shape) != len(first) or shape[:i] + shape[i + 1 :] != first[:i] + first[i + 1 :]:
            came = " and ".join(map(str, shapes))
            raise Misfit(f"arrays that differ along axis {axis} alone in concat", came, _concat_hint(first, shape))
    return (*first[:i], sum(shape[i] for shape in shapes), *first[i + 1 :])


def stacked(shapes: Sequence[Shape], axis: int) -> Shape:
    """The shape of arrays of one shape side by side along a new axis.

    Raises:
        Misfit: their shapes differ, or the new axis has no place.
    """
    first = shapes[0]
    if any(shape != first for shape in shapes):
        came = " and ".join(map(str, shapes))
        raise Misfit("arrays of one shape in stack", came, "write concat(...) for different lengths")
    i = axis_of((*first, 1), axis)
    return (*first[:i], len(shapes), *first[i:])


def axis_of(shape: Shape, axis: int) -> int:
    """The axis counted from the front.

    Raises:
        Misfit: there is none of that number.
    """
    if not -len(shape) <= axis < len(shape):
        n = len(shape)
        allowed = f"an axis from {-n} to {n - 1} of {shape}" if n else "an array with axes"
        raise Misfit(allowed, f"axis {axis}" if n else f"{shape}, a number, which has no axis {axis}")
    return axis % len(shape)


def _within(shape: Shape, axis: int, one: int | slice) -> list[int]:
    """The length that is left of an axis: none for an index, one for a slice."""
    n = shape[axis]
    if isinstance(one, int):
        if not -n <= one < n:
            raise Misfit(f"an index from {-n} to {n - 1} along axis {axis} of {shape}", f"{one}")
        return []
    if not (left := len(range(*one.indices(n)))):
        raise Misfit(f"at least one number along axis {axis} of {shape}", "a slice that leaves none")
    return [left]


def _several(axis: int | tuple[int, ...]) -> tuple[int, ...]:
    return axis if isinstance(axis, tuple) else (axis,)


def _across(a: Shape) -> str:
    return "numbers" if len(a) == 1 else "columns"


def _down(b: Shape) -> str:
    return "numbers" if len(b) == 1 else "rows"


TURNS = (("{{left}} @ {{right}}{}", 0, 1), ("{{left}}{} @ {{right}}", 1, 0), ("{{left}}{} @ {{right}}{}", 1, 1))


def _other_products(a: Shape, b: Shape) -> str:
    """The products of the same two that would fit, with their shapes."""
    turn = ".T" if max(len(a), len(b)) <= 2 else ".mT"
    tries = [(text.format(turn, turn), _turned(a, left), _turned(b, right)) for text, left, right in TURNS]
    fitting: dict[tuple[Shape, Shape], str] = {}
    for text, x, y in (*tries, ("{right} @ {left}", b, a)):
        if shape := _product(x, y):
            fitting.setdefault((x, y), f"{text}, which is {shape}")
    return "write " + ", or ".join(list(fitting.values())[:MOST_ALTERNATIVES]) if fitting else ""


def _turned(shape: Shape, is_turned: int) -> Shape:
    """The shape with its last two axes exchanged; a vector's stays the same, and makes no new product."""
    return (*shape[:-2], *shape[-2:][::-1]) if is_turned else shape


def _product(a: Shape, b: Shape) -> Shape | None:
    """The shape of a @ b, or None where they do not fit."""
    down = b[-2] if len(b) > 1 else b[0]
    batch = _broadcast(a[:-2], b[:-2])
    if a[-1] != down or batch is None:
        return None
    return (*batch, *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def _other_sums(a: Shape, b: Shape, sign: str) -> str:
    """What a new axis of length 1, or a transposition, would make of the same two."""
    tries = (
        (f"{{left}}[:, None] {sign} {{right}}", (*a, 1), b, len(a) == 1),
        (f"{{left}} {sign} {{right}}[:, None]", a, (*b, 1), len(b) == 1),
        (f"{{left}} {sign} {{right}}.T", a, b[::-1], len(b) == 2),
    )
    fitting = [f"{text}, which is {shape}" for text, x, y, ok in tries if ok and (shape := _broadcast(x, y))]
    return "write " + ", or ".join(fitting) if fitting else ""


def _broadcast(a: Shape, b: Shape) -> Shape | None:
    n = max(len(a), len(b))
    long = [(1,) * (n - len(shape)) + shape for shape in (a, b)]
    pairs = list(zip(*long, strict=True))
    return tuple(map(max, pairs)) if all(x == y or 1 in (x, y) for x, y in pairs) else None


def _concat_hint(first: Shape, shape: Shape) -> str:
    return "" if len(first) == len(shape) else f"give them {max(len(first), len(shape))} axes each, with x[:, None]"

"""Random programs: what may come into a function whose Jacobian is asked for.

A step is drawn for the shape that it will be given, and is a function of one array. Hypothesis draws how many there are
and a seed, and the seed the rest: left to draw each choice, it tries the same few small programs again and again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st

Shape = tuple[int, ...]
Step = Callable[[Any], Any]
MOST = 72  # numbers in an array, so that a Jacobian can be written out


class Draw:
    """Choices by a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def whole(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, max(low, high) + 1))

    def coin(self) -> bool:
        return self.whole(0, 1) == 1

    def one_of(self, *options: Any) -> Any:
        return options[self.whole(0, len(options) - 1)]

    def order(self, items: Sequence[Any]) -> list[Any]:
        return [items[i] for i in self.rng.permutation(len(items))]

    def numbers(self, shape: Sequence[int]) -> Any:
        return jnp.asarray(self.rng.normal(size=tuple(shape)))


STEPS: dict[str, Callable[[Draw, Shape], Step]] = {}


def step(maker: Callable[[Draw, Shape], Step]) -> Callable[[Draw, Shape], Step]:
    STEPS[maker.__name__] = maker
    return maker


def axis_of(draw: Draw, shape: Shape) -> int:
    return draw.whole(0, len(shape) - 1)


def some_axes(draw: Draw, shape: Shape) -> tuple[int, ...]:
    return tuple(axis for axis in range(len(shape)) if draw.coin())


ELEMENTWISE: dict[str, Step] = {
    "sin": jnp.sin,
    "tanh": jnp.tanh,
    "square": jnp.square,
    "relu": jax.nn.relu,
    "gelu": jax.nn.gelu,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "abs": jnp.abs,
    "root": lambda x: jnp.sqrt(x * x + 0.1),
    "swish": lambda x: x * jax.nn.sigmoid(x),
    "inverse": lambda x: 1.0 / (1.5 + x * x),
    "minus": lambda x: 0.5 - x,
    "doubled": lambda x: 2.0 * x + x,
    "nothing": lambda x: x - x,
    "held": lambda x: jax.lax.stop_gradient(x) * x,
    "bent": lambda x: jnp.where(x > 0.1, x, 0.2 * x),
    "clipped": lambda x: jnp.clip(x, -0.7, 0.8),
    "cubed": lambda x: x**3 / (1.0 + x**2),
    "sinh": lambda x: jnp.sinh(jnp.tanh(x)),
}


@step
def elementwise(draw: Draw, shape: Shape) -> Step:
    return ELEMENTWISE[draw.one_of(*sorted(ELEMENTWISE))]


def broadcast_shape(draw: Draw, shape: Shape, can_grow: bool = True) -> Shape:
    """A shape that broadcasts with the given one, in either direction."""
    sizes = [draw.one_of(1, size) if size > 1 or not can_grow else draw.whole(1, 3) for size in shape]
    return tuple(sizes[draw.whole(0, len(sizes)) :])


@step
def with_constant(draw: Draw, shape: Shape) -> Step:
    other = draw.numbers(broadcast_shape(draw, shape))
    binary = draw.one_of(jnp.add, jnp.subtract, jnp.multiply, jnp.divide, jnp.maximum, jnp.minimum)
    if draw.coin():
        return lambda x: binary(x, other)
    return lambda x: binary(other, x * x + 1.0)


@step
def by_number(draw: Draw, shape: Shape) -> Step:
    number = draw.one_of(2.0, -1.0, 0.0, 1.0, 0.3)
    return lambda x: number * x


@step
def einsum(draw: Draw, shape: Shape) -> Step:
    own = "abcd"[: len(shape)]
    kept = [letter for letter in own if draw.coin()]
    shared = [letter for letter in own if draw.coin()]
    new = "yz"[: draw.whole(0, 2)]
    sizes = {**dict(zip(own, shape, strict=True)), **{letter: draw.whole(1, 3) for letter in new}}
    theirs = draw.order([*shared, *new])
    result = draw.order([*kept, *new])
    other = draw.numbers([sizes[letter] for letter in theirs])
    if draw.coin():
        spec = f"{own},{''.join(theirs)}->{''.join(result)}"
        return lambda x: jnp.einsum(spec, x, other)
    spec = f"{''.join(theirs)},{own}->{''.join(result)}"
    return lambda x: jnp.einsum(spec, other, x)


@step
def layer(draw: Draw, shape: Shape) -> Step:
    if draw.coin():
        weights = draw.numbers((shape[-1], draw.whole(1, 4)))
        return lambda x: x @ weights
    weights = draw.numbers((draw.whole(1, 4), shape[-2] if len(shape) > 1 else shape[0]))
    return lambda x: weights @ x


@step
def two_sided(draw: Draw, shape: Shape) -> Step:
    left, right = draw.numbers((draw.whole(1, 4), shape[-2] if len(shape) > 1 else 1)), draw.numbers((shape[-1], 3))
    return lambda x: left @ (x if x.ndim > 1 else x[None]) @ right


@step
def general_dot(draw: Draw, shape: Shape) -> Step:
    roles = [draw.one_of("contract", "batch", "free") for _ in shape]
    contract = [axis for axis, role in enumerate(roles) if role == "contract"]
    batch = [axis for axis, role in enumerate(roles) if role == "batch"]
    order = draw.order([*contract, *batch, *[None] * draw.whole(0, 2)])
    sizes = [draw.whole(1, 3) if axis is None else shape[axis] for axis in order]
    other = draw.numbers(sizes)
    theirs = tuple(tuple(order.index(axis) for axis in own) for own in (contract, batch))
    if draw.coin():
        return lambda x: jax.lax.dot_general(x, other, ((contract, theirs[0]), (batch, theirs[1])))
    return lambda x: jax.lax.dot_general(other, x, ((theirs[0], contract), (theirs[1], batch)))


@step
def transpose(draw: Draw, shape: Shape) -> Step:
    order = draw.order(range(len(shape)))
    return lambda x: jnp.transpose(x, order)


@step
def reshape(draw: Draw, shape: Shape) -> Step:
    left, sizes = math.prod(shape), []
    for _ in range(draw.whole(0, 2)):
        size = draw.one_of(*[d for d in range(1, left + 1) if left % d == 0])
        sizes.append(size)
        left //= size
    sizes.append(left)
    if draw.coin():
        sizes.insert(draw.whole(0, len(sizes)), 1)
    return lambda x: jnp.reshape(x, sizes)


@step
def slices(draw: Draw, shape: Shape) -> Step:
    cuts = []
    for size in shape:
        start, stop = sorted((draw.whole(0, size - 1), draw.whole(1, size)))
        stop = max(stop, start + 1)
        step = draw.whole(1, 3)
        cuts.append(slice(start, stop, step) if draw.coin() else slice(stop - 1, start - 1 if start else None, -step))
    return lambda x: x[tuple(cuts)]


@step
def pad(draw: Draw, shape: Shape) -> Step:
    config = []
    for size in shape:
        inner = draw.whole(0, 2)
        low, high = draw.whole(-2, 2), draw.whole(-2, 2)
        if size + inner * (size - 1) + low + high < 1:
            low, high = 0, 1
        config.append((low, high, inner))
    return lambda x: jax.lax.pad(x, jnp.zeros((), x.dtype), config)


@step
def numpy_pad(draw: Draw, shape: Shape) -> Step:
    mode = draw.one_of("constant", "edge", "wrap", "reflect", "symmetric", "mean")
    width = [(draw.whole(0, 1), draw.whole(0, 1)) for _ in shape]
    return lambda x: jnp.pad(x, width, mode=mode)


@step
def concatenate(draw: Draw, shape: Shape) -> Step:
    axis, other = axis_of(draw, shape), elementwise(draw, shape)
    case = draw.whole(0, 3)
    kept = draw.numbers(shape)
    return lambda x: jnp.concatenate([(x, other(x)), (other(x), kept, x), (kept, x), (x, x, x)][case], axis)


@step
def stack(draw: Draw, shape: Shape) -> Step:
    axis, other, kept = draw.whole(0, len(shape)), elementwise(draw, shape), draw.numbers(shape)
    parts = draw.whole(0, 2)
    return lambda x: jnp.stack([[x, other(x)], [kept, x], [x, kept, other(x)]][parts], axis)


@step
def roll(draw: Draw, shape: Shape) -> Step:
    axis, shift = axis_of(draw, shape), draw.whole(-2, 3)
    return lambda x: jnp.roll(x, shift, axis)


@step
def flip(draw: Draw, shape: Shape) -> Step:
    axes = some_axes(draw, shape)
    return lambda x: jnp.flip(x, axes)


@step
def repeat(draw: Draw, shape: Shape) -> Step:
    axis, times = axis_of(draw, shape), draw.whole(1, 3)
    if draw.coin():
        return lambda x: jnp.repeat(x, times, axis)
    return lambda x: jnp.tile(x, [times if place == axis else 1 for place in range(x.ndim)])


@step
def spread(draw: Draw, shape: Shape) -> Step:
    """The same along one axis more."""
    place, size = draw.whole(0, len(shape)), draw.whole(2, 3)
    return lambda x: jnp.broadcast_to(jnp.expand_dims(x, place), (*shape[:place], size, *shape[place:]))


@step
def total(draw: Draw, shape: Shape) -> Step:
    axis = axis_of(draw, shape)
    return lambda x: jnp.sum(x, axis)


@step
def reduction(draw: Draw, shape: Shape) -> Step:
    axes, keep = some_axes(draw, shape), draw.coin()
    reduce = draw.one_of(jnp.sum, jnp.mean, jnp.max, jnp.min, jnp.prod, jnp.var, jax.nn.logsumexp)
    return lambda x: reduce(x, axis=axes, keepdims=keep)


@step
def beside_its_sum(draw: Draw, shape: Shape) -> Step:
    axes = some_axes(draw, shape)
    reduce = draw.one_of(jnp.sum, jnp.mean, jnp.max)
    binary = draw.one_of(jnp.add, jnp.subtract, jnp.multiply, lambda a, b: a / (b * b + 1.0))
    return lambda x: binary(x, reduce(x, axis=axes, keepdims=True))


@step
def normalised(draw: Draw, shape: Shape) -> Step:
    axis = axis_of(draw, shape)
    kind = draw.one_of("softmax", "log softmax", "layernorm", "length")
    if kind == "layernorm":
        return lambda x: (x - x.mean(axis, keepdims=True)) / jnp.sqrt(x.var(axis, keepdims=True) + 1e-2)
    if kind == "length":
        return lambda x: x / jnp.sqrt(jnp.sum(x * x, axis, keepdims=True) + 1e-2)
    return partial(jax.nn.softmax if kind == "softmax" else jax.nn.log_softmax, axis=axis)


@step
def place(draw: Draw, shape: Shape) -> Step:
    axis = axis_of(draw, shape)
    index = (slice(None),) * axis + (draw.whole(-shape[axis], shape[axis] - 1),)
    return lambda x: x[index]


@step
def written_to(draw: Draw, shape: Shape) -> Step:
    axis = axis_of(draw, shape)
    index = (slice(None),) * axis + (draw.whole(0, shape[axis] - 1),)
    case = draw.whole(0, 4)
    return lambda x: [
        x.at[index].set(0.0),
        x.at[index].set(0.7),
        x.at[index].add(jnp.sin(x[index])),
        x.at[index].multiply(3.0),
        x.at[index].set(jnp.cos(x[index])),
    ][case]


@step
def masked(draw: Draw, shape: Shape) -> Step:
    mask = draw.numbers(broadcast_shape(draw, shape, can_grow=False)) > 0
    other, kept = elementwise(draw, shape), draw.numbers(shape)
    case = draw.whole(0, 3)
    return lambda x: [
        jnp.where(mask, x, 0.0),
        jnp.where(mask, x, other(x)),
        jnp.where(mask, kept, x),
        jax.lax.select_n(jnp.broadcast_to(mask, x.shape).astype(jnp.int32), x, other(x)),
    ][case]


@step
def of_a_square(draw: Draw, shape: Shape) -> Step:
    name = draw.one_of("triu", "tril", "diag", "diagonal", "trace", "outer", "gram", "kron")
    kept = draw.numbers((2,))
    if name == "outer":
        return lambda x: jnp.outer(x.reshape(-1)[:6], x.reshape(-1)[-4:])
    if name == "kron":
        return lambda x: jnp.kron(x.reshape(-1)[:6], kept)
    if name == "gram":
        return lambda x: x @ jnp.swapaxes(x, -1, -2) if x.ndim > 1 else x @ x
    if len(shape) < 2:
        return lambda x: jnp.diag(x[:5])
    return lambda x: getattr(jnp, name)(x[..., :4, :4].reshape(-1, *x[..., :4, :4].shape[-2:])[0])


@step
def split(draw: Draw, shape: Shape) -> Step:
    axis, other = axis_of(draw, shape), elementwise(draw, shape)
    at = draw.whole(0, shape[axis])
    if draw.coin():
        return lambda x: jnp.concatenate([other(part) for part in jnp.unstack(x, axis=axis)][::-1])
    return lambda x: jnp.concatenate(jnp.split(other(x), [at], axis)[::-1], axis)


@step
def uncovered(draw: Draw, shape: Shape) -> Step:
    axis = axis_of(draw, shape)
    index = jnp.asarray([draw.whole(0, shape[axis] - 1) for _ in range(draw.whole(1, 4))])
    rng = np.random.default_rng(0)
    square = jnp.eye(shape[0]) * 3.0 + jnp.asarray(rng.normal(size=(shape[0], shape[0]))) * 0.3
    options: dict[str, Step] = {
        "cumsum": lambda x: jnp.cumsum(x, axis),
        "cumprod": lambda x: jnp.cumprod(x, axis),
        "sort": lambda x: jnp.sort(x, axis),
        "gather": lambda x: jnp.take(x, index, axis),
        "scan": lambda x: jax.lax.scan(lambda c, a: (jnp.tanh(c + a), c * a), jnp.zeros(x.shape[1:]) + 0.3, x)[1],
        "scatter": lambda x: jnp.zeros((5, *x.shape)).at[index[0] % 5].add(x),
        "fft": lambda x: jnp.real(jnp.fft.fft(x, axis=axis)),
        "imaginary": lambda x: jnp.imag(jnp.sum(jnp.fft.fft(x, axis=axis) * (1.0 + 2.0j), axis)),
        "solve": lambda x: jnp.linalg.solve(square, x.reshape(x.shape[0], -1)),
        "interp": lambda x: jnp.interp(x, jnp.linspace(-3.0, 3.0, 5), jnp.arange(5.0) ** 2),
        "while": lambda x: jax.lax.fori_loop(0, 3, lambda i, h: jnp.sin(h) + h, x),
        "cond": lambda x: jax.lax.cond(jnp.sum(x) > 0, jnp.sin, jnp.cos, x),
    }
    return options[draw.one_of(*sorted(options))]


def as_images(draw: Draw, shape: Shape, n_axes: int) -> Shape:
    """A shape (batch, channel, places …) with as many numbers."""
    left, sizes = math.prod(shape), []
    for _ in range(n_axes + 1):
        size = draw.one_of(*[d for d in range(1, left + 1) if left % d == 0])
        sizes.append(size)
        left //= size
    return (*sizes, left)


@step
def convolution(draw: Draw, shape: Shape) -> Step:
    n_axes = draw.whole(1, 2)
    images = as_images(draw, shape, n_axes)
    groups = draw.one_of(*[g for g in range(1, images[1] + 1) if images[1] % g == 0])
    widths = [draw.whole(1, 3) for _ in range(n_axes)]
    n_out = groups * draw.whole(1, 2)
    spatial = "XY"[:n_axes]
    layouts = [f"NC{spatial}", f"OI{spatial}", f"NC{spatial}"]
    options = {
        "window_strides": [draw.whole(1, 3) for _ in range(n_axes)],
        "padding": [(draw.whole(0, 2), draw.whole(0, 3)) for _ in range(n_axes)],
        "lhs_dilation": [draw.whole(1, 2) for _ in range(n_axes)],
        "rhs_dilation": [draw.whole(1, 2) for _ in range(n_axes)],
    }
    if draw.coin():
        turned = draw.order(layouts[2])
        layouts[2] = "".join(turned)
    if draw.coin():
        other = draw.numbers((draw.whole(1, 2), images[1], *[draw.whole(1, 4) for _ in range(n_axes)]))
        return lambda x: jax.lax.conv_general_dilated(
            other, x.reshape(images), dimension_numbers=tuple(layouts), **options
        )
    kernel = draw.numbers((n_out, images[1] // groups, *widths))
    return lambda x: jax.lax.conv_general_dilated(
        x.reshape(images), kernel, dimension_numbers=tuple(layouts), feature_group_count=groups, **options
    )


@step
def pooling(draw: Draw, shape: Shape) -> Step:
    if draw.coin():  # tiles without a rest
        widths = [draw.one_of(*[d for d in range(1, size + 1) if size % d == 0]) for size in shape]
        return lambda x: jax.lax.reduce_window(x, 0.0, jax.lax.add, widths, widths, "VALID")
    widths = [draw.whole(1, 3) for _ in shape]
    steps = [draw.whole(1, 3) for _ in shape]
    if draw.coin():
        return lambda x: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, widths, steps, "SAME")
    padding = [(draw.whole(0, 2), draw.whole(0, 2)) for _ in shape]
    dilations = {
        "base_dilation": [draw.whole(1, 2) for _ in shape],
        "window_dilation": [draw.whole(1, 2) for _ in shape],
    }
    return lambda x: jax.lax.reduce_window(x, 0.0, jax.lax.add, widths, steps, padding, **dilations)


LEAVES = tuple(STEPS)


@step
def residual(draw: Draw, shape: Shape) -> Step:
    """x and what a program makes of it, added, multiplied or the like, where the shapes allow it."""
    inner = composed(draw, shape, draw.whole(1, 2))
    binary = draw.one_of(jnp.add, jnp.subtract, jnp.multiply)

    def joined(x: Any) -> Any:
        y = inner(x)
        try:
            np.broadcast_shapes(x.shape, y.shape)
        except ValueError:
            return y
        return binary(x, y)

    return joined


@step
def wrapped(draw: Draw, shape: Shape) -> Step:
    way = draw.one_of(jax.jit, jax.checkpoint, jax.vmap, partial(jax.lax.map))
    if way in (jax.jit, jax.checkpoint):
        return way(composed(draw, shape, draw.whole(1, 2)))
    inner = composed(draw, shape[1:] or (1,), 1)
    mapped = inner if len(shape) > 1 else lambda x: inner(x.reshape(1))
    return jax.vmap(mapped) if way is jax.vmap else lambda x: jax.lax.map(mapped, x)


def composed(draw: Draw, shape: Shape, depth: int, names: Sequence[str] = ()) -> Step:
    """Some steps, one behind the other; one that makes an array too large or none at all is left out."""
    steps: list[Step] = []
    for _ in range(depth):
        name = draw.one_of(*(names or LEAVES))
        if not shape and name not in ("elementwise", "by_number"):
            name = "elementwise"
        made = STEPS[name](draw, shape)
        try:
            out = jax.eval_shape(made, jax.ShapeDtypeStruct(shape, jnp.float64)).shape
        except (TypeError, ValueError, ZeroDivisionError):
            continue
        if 0 < math.prod(out) <= MOST and len(out) <= 4:
            steps.append(made)
            shape = out

    def program(x: Any) -> Any:
        for one in steps:
            x = one(x)
        return x

    return program


def program_of(seed: int, depth: int, names: Sequence[str] = ()) -> tuple[Step, Any]:
    """A program and a point."""
    draw = Draw(seed)
    shape = tuple(draw.whole(1, 5) for _ in range(draw.whole(1, 3)))
    shape = shape if math.prod(shape) <= 40 else shape[:2]
    point = draw.numbers(shape)
    return composed(draw, shape, depth, names or tuple(STEPS)), point


def programs(most: int = 8, names: Sequence[str] = ()) -> st.SearchStrategy[tuple[Step, Any]]:
    """Programs of up to so many steps, each with a point."""
    seeds, depths = st.integers(0, 2**32 - 1), st.integers(1, most)
    return st.builds(lambda seed, depth: program_of(seed, depth, names), seeds, depths)

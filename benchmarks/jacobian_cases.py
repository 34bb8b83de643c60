"""Functions whose Jacobians are compared, each written once for JAX and PyTorch, with what is aimed at."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Numbers = NDArray[np.float32]


class Library(Protocol):
    """What a function takes from JAX or PyTorch; products and sums are the same in both."""

    tanh: Callable[[Any], Any]
    gelu: Callable[[Any], Any]
    softmax: Callable[[Any], Any]


@dataclass(frozen=True)
class Aim:
    """What Seedbed's Jacobian shall be, and take: seconds of the first call, bytes above the start, bytes stored.

    `n_elements` is how many numbers there are, none of which may become an object of Python.
    """

    kind: str
    seconds: float = math.inf
    peak_bytes: float = math.inf
    stored_bytes: float = math.inf
    factors: int = 1
    n_elements: int = 0


@dataclass(frozen=True)
class Case:
    """A function of one array, in a size to be measured and in a tiny one.

    Attributes:
        shapes: from the size, the shapes of the input, the output and the arrays that the function keeps.
        function: of the library, the kept arrays and the input.
    """

    title: str
    size: Shape
    tiny: Shape
    shapes: Callable[..., tuple[Shape, Shape, list[Shape]]]
    function: Callable[[Library, Sequence[Any], Any], Any]
    aim: Aim | None = None

    def task(self, is_tiny: bool) -> Task:
        """The case with its numbers, the same in every process."""
        size = self.tiny if is_tiny else self.size
        input_shape, output_shape, kept_shapes = self.shapes(*size)
        rng = np.random.default_rng(0)
        x, v = _normal(rng, input_shape), _normal(rng, input_shape)
        kept = [_normal(rng, shape) / np.float32(math.sqrt(shape[-1])) for shape in kept_shapes]
        return Task(self.function, x, kept, v, _normal(rng, output_shape))


@dataclass(frozen=True, eq=False)
class Task:
    """The numbers of a case: the input, the arrays that the function keeps, and a vector for each side of J."""

    function: Callable[[Library, Sequence[Any], Any], Any]
    x: Numbers
    kept: list[Numbers]
    v: Numbers
    u: Numbers
    n_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_bytes", self.x.size * self.u.size * self.x.itemsize)

    def of(self, library: Library, array: Callable[[Numbers], Any]) -> Callable[[Any], Any]:
        """The function in a library whose arrays are made by `array`."""
        kept = [array(one) for one in self.kept]
        return lambda x: self.function(library, kept, x)


def _normal(rng: np.random.Generator, shape: Shape) -> Numbers:
    return rng.normal(size=shape).astype(np.float32)


def _elementwise(n: int) -> tuple[Shape, Shape, list[Shape]]:
    return (n,), (n,), []


def _residual(library: Library, kept: Sequence[Any], x: Any) -> Any:
    for w in kept:
        x = x + library.tanh(w @ x)
    return x


_TANH: dict[str, Any] = {"shapes": _elementwise, "function": lambda library, kept, x: library.tanh(x)}
_GELU: dict[str, Any] = {"shapes": _elementwise, "function": lambda library, kept, x: library.gelu(x)}
_SOFTMAX: dict[str, Any] = {"shapes": _elementwise, "function": lambda library, kept, x: library.softmax(x)}

CASES = {
    "tanh": Case("tanh, n = 10⁶", (10**6,), (40,), aim=Aim("diagonal", 0.1, 100e6, n_elements=10**6), **_TANH),
    "tanh-small": Case("tanh, n = 10⁴", (10**4,), (20,), **_TANH),
    "gelu": Case("GELU, n = 10⁶", (10**6,), (40,), aim=Aim("diagonal", 0.1, 100e6, n_elements=10**6), **_GELU),
    "gelu-small": Case("GELU, n = 10⁴", (10**4,), (20,), **_GELU),
    "softmax": Case(
        "softmax, n = 10⁵", (10**5,), (30,), aim=Aim("diagonal plus low rank", stored_bytes=5e6), **_SOFTMAX
    ),
    "softmax-small": Case("softmax, n = 10⁴", (10**4,), (20,), **_SOFTMAX),
    "batch": Case(
        "tanh(X Wᵀ) by X, 64 × 256 → 256",
        (64, 256),
        (3, 4),
        lambda rows, width: ((rows, width), (rows, width), [(width, width)]),
        lambda library, kept, x: library.tanh(x @ kept[0].T),
        Aim("block-diagonal", stored_bytes=1e6),
    ),
    "weights": Case(
        "W x + b by W, 784 → 512",
        (784, 512),
        (4, 3),
        lambda n_in, n_out: ((n_out, n_in), (n_out,), [(n_in,), (n_out,)]),
        lambda library, kept, x: x @ kept[0] + kept[1],
        Aim("Kronecker", stored_bytes=10e3),
    ),
    "residual": Case(
        "residual network, 64 wide, 64 deep",
        (64, 64),
        (4, 3),
        lambda width, depth: ((width,), (width,), [(width, width)] * depth),
        _residual,
        Aim("product", seconds=0.2, factors=64),
    ),
}

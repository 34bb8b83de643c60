"""Small families of values for the tests of this room, and Hypothesis strategies that build trees of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from seedbed.core.distributions import choice, integers, log_uniform, uniform
from seedbed.core.errors import Fault
from seedbed.core.fields import flag, number, part, parts, weights, whole, word
from seedbed.core.value import Value


class Start(Value, family=True):
    pass


class Even(Start, kind="even"):
    gain: float = number(1.0, low=0.0, low_open=True)


class Flat(Start, kind="flat"):
    height: float = number()


class Piece(Value, family=True):
    pass


class Dense(Piece, kind="dense"):
    units: int | str = whole(low=1, words=("out",))
    start: Start = part(Start, default=Even())
    bias: Start | None = part(Start, default=Flat(0.0), optional=True)


class Leaky(Piece, kind="leaky_relu"):
    slope: float = number(0.01)


class Noise(Piece, kind="noise"):
    rate: float = number(low=0.0, high=1.0, high_open=True)


class Block(Piece, kind="block"):
    pieces: Sequence[Piece] = parts(Piece)
    scale: float = number(1.0)


class Net(Value):
    pieces: Sequence[Piece] = parts(Piece)


class Rule(Value, family=True):
    pass


class Descent(Rule, kind="descent"):
    lr: float = number(low=0.0)
    momentum: float | None = number(None, optional=True, low=0.0, high=1.0, high_open=True)
    nesterov: bool = flag(False)


class Newton(Rule, kind="newton"):
    damping: float = number(1e-3, low=0.0)


class Plan(Value):
    net: Net = part(Net)
    rule: Rule = part(Rule, default=Descent(0.1))
    batch: int = whole(32, low=1)
    patience: int | None = whole(None, optional=True, low=1)
    precision: str = word("float32", options=("float32", "float64"))
    balance: str | Sequence[float] | None = weights(None, words=("balanced",), optional=True)
    decay: float | None = number(0.0, low=0.0, optional=True)

    def check(self) -> list[Fault]:
        if self.patience == self.batch:
            return [Fault(("patience",), "another number than the batch", repr(self.patience))]
        return []


def example(**changes: Any) -> Plan:
    return Plan(net=Net([Dense(64), Leaky(), Noise(0.2), Dense("out")])).replace(**changes)


names = st.none() | st.sampled_from(["width", "shared", "true", "none", "x-1"])
numbers = st.floats(0, 0.99, allow_subnormal=False)


@st.composite
def ranges(draw: st.DrawFn, low: float = 0.0, high: float = 0.99) -> Any:
    ends = st.floats(max(low, 1e-6), high, exclude_max=True)
    a, b = sorted(draw(st.tuples(ends, ends).filter(lambda ends: ends[0] != ends[1])))
    return draw(st.sampled_from([uniform, log_uniform]))(a, b, name=draw(names))


@st.composite
def wholes(draw: st.DrawFn) -> Any:
    low, n = draw(st.integers(1, 50)), draw(st.integers(1, 50))
    return integers(low, low + n, log=draw(st.booleans()), name=draw(names))


def perhaps_drawn(plain: st.SearchStrategy[Any], ranged: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value, a range, or a choice between both."""
    inner = plain | ranged
    chosen = st.builds(
        lambda options, name: choice(*options, name=name), st.lists(inner, min_size=1, max_size=3), names
    )
    return inner | chosen


rates = perhaps_drawn(numbers, ranges())
units = perhaps_drawn(st.integers(1, 1000) | st.just("out"), wholes())
starts = st.builds(Even, st.floats(0.1, 10) | ranges(0.1)) | st.builds(Flat, st.floats(-1e9, 1e9))
leaves = (
    st.builds(Dense, units, start=starts, bias=st.none() | starts) | st.builds(Leaky, rates) | st.builds(Noise, rates)
)
pieces = st.recursive(
    leaves | st.builds(lambda a, b: choice(a, b, None), leaves, leaves),
    lambda inner: st.builds(Block, st.lists(inner, min_size=1, max_size=3), scale=rates),
    max_leaves=5,
)
nets = st.builds(Net, st.lists(pieces, min_size=1, max_size=4))
rules = st.builds(Descent, rates, st.none() | rates, st.booleans()) | st.builds(Newton, rates)
plans = st.builds(
    Plan,
    nets | st.builds(choice, nets, nets),
    rules | st.builds(choice, rules, rules),
    st.integers(1, 30),
    st.none() | st.integers(31, 60),
    st.sampled_from(["float32", "float64"]) | st.just(choice("float32", "float64")),
    st.none() | st.just("balanced") | st.lists(numbers, min_size=1, max_size=3),
    st.none() | rates,
)

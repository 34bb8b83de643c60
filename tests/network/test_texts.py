"""Every kind through its one-line text and back, with every default and with other numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.core.fields import Number, Pair, Part, Parts, Spec, Whole, Word
from seedbed.core.plain import from_plain, to_line, to_plain
from seedbed.core.value import Value, is_required
from seedbed.network import (
    BatchNorm,
    Conv2d,
    Dropout,
    HeNormal,
    Initializer,
    Layer,
    Linear,
    Loss,
    Network,
    Normal,
    Penalty,
    ReLU,
)  # fmt: skip

FAMILIES: list[type[Value]] = [Layer, Initializer, Loss, Penalty]
INSIDE = (Linear, Conv2d, BatchNorm, Dropout, ReLU)  # what stands in blocks here
KINDS = [(family, cls) for family in FAMILIES for cls in family.kinds.values()
         if cls.__module__.startswith("seedbed.")]  # fmt: skip


def contents(spec: Spec) -> st.SearchStrategy:
    if isinstance(spec, Number):
        low, high = max(spec.low, -1e6), min(spec.high, 1e6)
        numbers = st.floats(low, high, exclude_min=spec.low_open, exclude_max=spec.high_open)
        return st.none() | numbers if spec.optional else numbers
    if isinstance(spec, Word):
        return st.sampled_from(spec.options)
    if isinstance(spec, Whole | Pair):
        whole = st.integers(spec.low, 10**6)
        whole = whole | st.tuples(whole, whole) if isinstance(spec, Pair) else whole
        whole = whole | st.sampled_from(spec.words) if spec.words else whole
        return st.none() | whole if spec.optional else whole
    assert isinstance(spec, Part) and spec.family in (Initializer, Layer)
    some = st.one_of(values(cls) for cls in (INSIDE if spec.family is Layer else Initializer.kinds.values()))
    if isinstance(spec, Parts):
        return st.lists(some, min_size=1, max_size=3)
    return st.none() | some if spec.optional else some


def values(cls: type[Value]) -> st.SearchStrategy:
    required = {f for f, spec in cls.specs.items() if is_required(cls.__dataclass_fields__[f])}
    needed = {name: contents(cls.specs[name]) for name in cls.specs if name in required}
    other = {name: contents(cls.specs[name]) for name in cls.specs if name not in required}
    return st.fixed_dictionaries(needed, optional=other).map(lambda fields: cls(**fields))


@pytest.mark.parametrize(("family", "cls"), KINDS, ids=lambda c: c.kind or c.__name__)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_round_trip(family: type[Value], cls: type[Value], data: st.DataObject) -> None:
    value = data.draw(values(cls))
    assert from_plain(to_line(value), family) == value
    assert from_plain(to_plain(value), family) == value
    assert from_plain(to_plain(value, keep_defaults=True), family) == value


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_round_trip_of_a_network(data: st.DataObject) -> None:
    every = [cls for family, cls in KINDS if family is Layer]
    kinds = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=6))
    layers = [data.draw(values(cls)) for cls in kinds]
    network = Network(layers)
    assert Network.parse(str(network)) == network


def test_lines_as_one_writes_them() -> None:
    assert to_line(Linear(64)) == "linear 64"
    line = "linear out weight=he_normal(gain=0.5) bias=none"
    assert to_line(Linear("out", weight=HeNormal(gain=0.5), bias=None)) == line
    assert Network.parse("LeakyReLU 0.2, linear 3 weight=normal(0.1)").layers[1] == Linear(3, weight=Normal(0.1))


def test_all_kinds_are_there() -> None:
    assert {cls.kind for family, cls in KINDS if family is Layer} >= {
        "linear", "flatten", "dropout", "step", "identity", "sigmoid", "tanh", "relu", "leaky_relu", "prelu", "elu",
        "selu", "softmax", "gelu", "silu", "softplus", "conv", "conv1d", "maxpool", "avgpool", "global_avgpool",
        "batchnorm", "layernorm", "groupnorm", "embedding", "residual", "parallel", "chain", "repeat", "reshape",
    }  # fmt: skip


def test_an_unknown_layer_is_named_with_the_nearest() -> None:
    message = r"layers\[1\]: expected a layer, one of .*, got 'rellu'\nhint: did you mean 'relu'"
    with pytest.raises(ValueError, match=message):
        Network.parse("linear 3, rellu")

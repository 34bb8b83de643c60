"""The one-line form: it reads back what it writes, and says where a line goes wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.core.distributions import choice, integers, log_uniform, uniform
from seedbed.core.errors import SetupError
from seedbed.core.plain import from_plain, has_distribution, to_line, to_plain
from seedbed.core.text import ARGUMENTS, parse, write
from seedbed.core.value import same
from tests.core.families import (
    Block,
    Dense,
    Descent,
    Even,
    Flat,
    Leaky,
    Net,
    Newton,
    Noise,
    Piece,
    Rule,
    nets,
    rules,
)


@pytest.mark.parametrize(
    ("line", "net"),
    [
        ("dense 64", Net([Dense(64)])),
        ("dense 64, leaky-relu, dense out", Net([Dense(64), Leaky(), Dense("out")])),
        ("LeakyReLU 0.2,noise rate=.5", Net([Leaky(0.2), Noise(0.5)])),
        ("dense(64), noise(0.2)", Net([Dense(64), Noise(0.2)])),
        ("dense units=8 start=flat(0.1) bias=none", Net([Dense(8, start=Flat(0.1), bias=None)])),
        ("dense 8 even(2) flat(1)", Net([Dense(8, Even(2), Flat(1))])),
        ("dense choice(16, 32, name=width)", Net([Dense(choice(16, 32, name="width"))])),
        ("dense integers(8, 64, log=true)", Net([Dense(integers(8, 64, log=True))])),
        (
            "choice(leaky_relu 0.1, noise(uniform(0, 0.5)), none)",
            Net([choice(Leaky(0.1), Noise(uniform(0, 0.5)), None)]),
        ),
        ("block dense(8) leaky_relu scale=2, dense out", Net([Block([Dense(8), Leaky()], scale=2), Dense("out")])),
        ("block(dense 8, leaky_relu, scale=2)", Net([Block([Dense(8), Leaky()], scale=2)])),
        ("dense +8 , none", Net([Dense(8)])),
    ],
)
def test_a_line_is_a_network(line: str, net: Net) -> None:
    assert from_plain(line, Net) == net
    assert from_plain(to_line(net), Net) == net


def test_a_line_is_an_optimizer() -> None:
    assert from_plain("descent lr=log_uniform(1e-4, 1e-1) nesterov=true", Rule) == Descent(
        log_uniform(1e-4, 1e-1), nesterov=True
    )
    assert same(from_plain("choice(descent 0.1, newton)", Rule), choice(Descent(0.1), Newton()))


def test_what_is_written_is_short_and_in_the_order_of_the_fields() -> None:
    assert to_line(Net([Dense(64), Leaky(), Noise(0.2), Dense("out")])) == "dense 64, leaky_relu, noise 0.2, dense out"
    assert to_line(Descent(0.1, nesterov=True)) == "descent 0.1 nesterov=true"
    assert to_line(Dense(8, bias=None)) == "dense 8 bias=none"
    assert to_line(Block([Dense(8), Leaky(0.5)], 2.0)) == "block(dense 8, leaky_relu slope=0.5, scale=2.0)"
    assert to_line(choice(Dense(8), None, name="p")) == "choice(dense 8, none, name=p)"
    assert to_line(Net([Block(choice([Leaky()], [Dense(1), Leaky()]))])) == (
        "block pieces=choice(list(leaky_relu), list(dense 1, leaky_relu))"
    )


@given(nets)
def test_a_network_reads_back(net: Net) -> None:
    assert same(from_plain(to_line(net), Net), net)


@given(rules)
def test_an_optimizer_reads_back(rule: Any) -> None:
    assert same(from_plain(to_line(rule), Rule), rule)
    assert same(from_plain(to_plain(rule), Rule), rule)


@given(nets, st.booleans())
def test_plain_data_reads_back(net: Net, keep_defaults: bool) -> None:
    assert same(from_plain(to_plain(net, keep_defaults=keep_defaults), Net), net)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text("ab-_ (),=0", min_size=1))
def test_a_term_reads_back(content: Any) -> None:
    assert parse(write([content])) == [content]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "expected a name or a number, got the end of the line"),
        ("dense 64,", "expected a name or a number after 'dense 64,', got the end of the line"),
        ("dense 64,, leaky_relu", "expected a name or a number after 'dense 64,', got ','"),
        ("dense(64", "expected ')' after 'dense(64', got the end of the line"),
        ("dense 64)", "expected a comma or the end of the line after 'dense 64', got ')'"),
        ("dense 64 units=", "expected a name or a number after 'dense 64 units=', got the end of the line"),
        ("dense 64; relu", "expected a comma or the end of the line after 'dense 64', got '; relu'"),
        ("dense 1e", "expected a comma or the end of the line after 'dense', got '1e'"),
        ("dense(64) 3", "expected a comma after 'dense(64)', got '3'"),
        ("dense 'x", "expected a comma or the end of the line after 'dense', got \"'x\""),
        ("units=64", "expected a name before units=, got 'units=64'\nhint: such as: adam lr=0.001"),
        ("dense units=1 units=2", "expected units= once at most, for dense, got units= again"),
        ("dense 1 kind=noise", "expected kind= once at most, for dense, got kind= again"),
    ],
)
def test_a_line_that_does_not_follow_the_grammar_says_where(line: str, message: str) -> None:
    with pytest.raises(SetupError) as caught:
        parse(line)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("dense 64, rleu", "pieces[1]: expected a piece, one of dense, leaky_relu, noise, block, got 'rleu'"),
        ("dense", "pieces[0].units: expected a whole number of at least 1, or 'out', got nothing"),
        ("dense 1 2 3 4", "pieces[0]: expected at most 3 arguments (units, start, bias) for dense, got 4"),
        ("leaky_relu 1 slope=2", "pieces[0].slope: expected one value, got one by position and one by name"),
        ("leaky_relu slop=2", "pieces[0].slop: expected one of slope, got the unknown key 'slop'"),
        ("noise 1", "pieces[0].rate: expected a number in [0, 1), got 1"),
        ("noise uniform(0.5)", "pieces[0].rate: expected a sound distribution, got uniform: expected two ends"),
        ("noise uniform(0, 1, width=2)", "pieces[0].rate: expected { uniform = [...], name = ... }, got"),
        ("noise uniform(0, 1)", "pieces[0].rate: expected a number in [0, 1), got 1.0 in uniform(0.0, 1.0)"),
        ("dense flat(3)", "pieces[0].units: expected a whole number of at least 1, or 'out', got flat 3"),
        ("3", "pieces[0]: expected one of dense, leaky_relu, noise, block, got 3"),
    ],
)
def test_a_line_that_means_nothing_says_what_and_where(line: str, message: str) -> None:
    with pytest.raises(SetupError) as caught:
        from_plain(line, Net)
    assert message in str(caught.value)


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(SetupError, match="hint: did you mean 'leaky_relu'"):
        from_plain("leaky_rellu", Net)
    with pytest.raises(SetupError, match="did you mean 'slope'"):
        from_plain("leaky_relu slop=2", Net)
    with pytest.raises(SetupError, match="a piece of your own has to be imported first: --import MODULE"):
        from_plain("wavelet", Piece)


def test_all_faults_of_a_line_come_at_once() -> None:
    with pytest.raises(SetupError) as caught:
        from_plain("dense 0, rleu, noise 2, block dense(0) noise(uniform(0)) scale=x", Net)
    assert [fault.path for fault in caught.value.faults] == [
        ("pieces", 0, "units"),
        ("pieces", 1),
        ("pieces", 2, "rate"),
        ("pieces", 3, "pieces", 0, "units"),
        ("pieces", 3, "pieces", 1, "rate"),
        ("pieces", 3, "scale"),
    ]


def test_plain_data_of_a_line_keeps_positions_apart() -> None:
    assert parse("dense 64 bias=none") == [{"kind": "dense", ARGUMENTS: [64], "bias": "none"}]
    assert parse("list(1, 2.5)") == [[1, 2.5]]
    assert parse("a-b_c, 'true', true") == ["a-b_c", "true", True]
    assert has_distribution(to_plain(Net([Noise(uniform(0, 0.5))])))
    assert not has_distribution(to_plain(Net([Noise(0.5)])))

"""TOML: a setup reads back, numbers keep every digit, and each fault has its line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.core.distributions import choice, integers, log_uniform, uniform
from seedbed.core.errors import SetupError
from seedbed.core.lines import line_map, line_of
from seedbed.core.toml import dumps, load, loads
from seedbed.core.value import same
from tests.core.families import Block, Dense, Descent, Even, Leaky, Net, Newton, Noise, Plan, example, plans


@given(plans, st.booleans())
def test_a_setup_reads_back(plan: Plan, keep_defaults: bool) -> None:
    assert same(loads(dumps(plan, keep_defaults=keep_defaults), Plan), plan)


@given(st.floats(0, 1e300))
def test_a_number_keeps_every_digit(decay: float) -> None:
    assert loads(dumps(example(decay=decay)), Plan).decay == decay


def test_a_tenth_stays_a_tenth() -> None:
    text = dumps(example(rule=Descent(0.1)))
    assert "lr = 0.1\n" in text
    assert loads(text, Plan).rule == Descent(0.1)
    assert loads(text.replace("lr = 0.1", "lr = 1"), Plan).rule == Descent(1.0)


def test_a_file_is_made_to_be_read_and_edited() -> None:
    space = example(
        net=Net([Dense(choice(32, 64, name="width")), Block([Leaky()]), choice(Noise(0.1), None)]),
        rule=Descent(log_uniform(1e-4, 1)),
        balance=[1, 2],
    )
    assert dumps(space) == (
        "batch = 32\n"
        'precision = "float32"\n'
        "balance = [1.0, 2.0]\n"
        "decay = 0.0\n"
        "\n"
        "[net]\n"
        "pieces = [\n"
        '  { kind = "dense", units = { choice = [32, 64], name = "width" } },\n'
        '  "block(leaky_relu)",\n'
        '  { choice = [{ kind = "noise", rate = 0.1 }, "none"] },\n'
        "]\n"
        "\n"
        "[rule]\n"
        'kind = "descent"\n'
        "lr = { log_uniform = [0.0001, 1.0] }\n"
        "nesterov = false\n"
    )
    assert dumps(example(), keep_defaults=False).startswith("[net]\n")


def test_absent_is_an_absent_key_unless_the_default_is_something() -> None:
    text = dumps(example(rule=Descent(0.1, None), decay=None))
    assert "momentum" not in text
    assert 'decay = "none"' in text
    assert loads(text, Plan).decay is None


@pytest.mark.parametrize(
    "net",
    ['"dense 8, leaky_relu"', '["dense 8", "leaky_relu"]', '{ pieces = ["dense 8", { kind = "leaky_relu" }] }'],
)
def test_a_network_may_be_written_in_several_ways(net: str) -> None:
    assert loads(f"net = {net}", Plan).net == Net([Dense(8), Leaky()])


def test_parts_may_be_lines_tables_and_choices() -> None:
    text = """
        rule = "choice(descent 0.1, newton)"
        [[net.pieces]]
        kind = "dense"
        units = { integers = [8, 64], log = true }
        start.kind = "even"
        start.gain = { uniform = [1, 2] }
        [[net.pieces]]
        choice = ["leaky_relu", "noise 0.5"]
    """
    plan = loads(text, Plan)
    assert same(plan.rule, choice(Descent(0.1), Newton()))
    first = Dense(integers(8, 64, log=True), Even(uniform(1, 2)))
    assert same(plan.net, Net([first, choice(Leaky(), Noise(0.5))]))


FAULTY = '''\
# a comment [with] = signs
batch = 0
precision = """
float""" # over two lines
colour = "red"

[net]
pieces = [
  "dense 64",  # right
  "dnese 64",
  # a comment
  { kind = "noise", rate = 2.0 },
  { choice = [
      "leaky_relu",
      "noise 1.5",
  ] }, "dense",
]

[rule]
kind = "descent"
lr = { uniform = [1, 0] }
momentum = { gauss = [0, 1] }
'''


def test_every_fault_of_a_file_comes_at_once_with_its_line() -> None:
    with pytest.raises(SetupError) as caught:
        loads(FAULTY, Plan, name="setup.toml")
    assert str(caught.value).splitlines() == [
        "setup.toml: 9 faults",
        "  line 2: batch: expected a whole number of at least 1, got 0",
        "  line 3: precision: expected one of float32, float64, got 'float'",
        "  line 5: colour: expected one of net, rule, batch, patience, precision, balance, decay, "
        "got the unknown key 'colour'",
        "  line 10: net.pieces[1]: expected a piece, one of dense, leaky_relu, noise, block, got 'dnese'",
        "  line 12: net.pieces[2].rate: expected a number in [0, 1), got 2.0",
        "  line 15: net.pieces[3][1].rate: expected a number in [0, 1), got 1.5",
        "  line 16: net.pieces[4].units: expected a whole number of at least 1, or 'out', got nothing",
        "  line 21: rule.lr: expected a sound distribution, got uniform: expected low < high, got 1 and 0",
        "  line 22: rule.momentum: expected a number in [0, 1), or None, got {'gauss': [0, 1]}",
        "hint: did you mean 'float64'?; did you mean 'dense'?",
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("batch = 1\nnet = [", 2, "expected TOML, got a text that is none: Invalid value"),
        ("batch = 1\nbatch 2\nnet = []", 2, "expected TOML, got a text that is none: Expected '=' after a key"),
        ("batch = 1\nbatch = 2", 2, "expected TOML, got a text that is none: Cannot overwrite a value"),
        ("batch = 1", None, "net: expected a Net such as Net(...), got nothing"),
        ("\nnet = 3", 2, "net: expected a table for Net, got 3"),
        ("\nnet = { pieces = 3 }", 2, "net.pieces: expected a list of Piece values such as [Dense(...)], got 3"),
        ("net = 'leaky_relu'\nrule = 'adm'", 2, "rule: expected a rule, one of descent, newton, got 'adm'"),
        ("net = 'leaky_relu'\n[rule]\nlr = 1", 2, "rule: expected a kind, one of descent, newton, got none"),
        ("net = ['leaky_relu',\n 'noise 1']", 2, "net.pieces[1].rate: expected a number in [0, 1), got 1"),
        ("net = 'leaky_relu'\nbatch = true", 2, "batch: expected a whole number of at least 1, got True"),
        ("net = 'leaky_relu'\nrule.kind='newton'\nrule.damping=-1", 3, "rule.damping: expected a number of at least 0"),
        ("net = 'leaky_relu'\n\n'patience' = 32", 3, "patience: expected another number than the batch, got 32"),
        (
            "[net]\npieces = 'noise('",
            2,
            "net.pieces: expected a name or a number after 'noise(', got the end of the line",
        ),
        ("[[net.pieces]]\nkind='noise'\nrate=.5", 3, "expected TOML"),
        ("[[net.pieces]]\nkind='noise'\nrate=0.5\n[[net.pieces]]\nkind='noise'\nrate=5", 6, "net.pieces[1].rate"),
        ("net = 'leaky_relu'\ndecay = { uniform = [0, 1], log = true }", 2, "uniform: expected no log, got log=True"),
        ("net = 'leaky_relu'\ndecay = { uniform = [0, 1], name = 3 }", 2, "uniform: expected a word as its name"),
        ("net = 'leaky_relu'\ndecay = { uniform = 1 }", 2, "decay: expected { uniform = [...], name = ... }"),
        ("net = 'leaky_relu'\nkind = 'plan'", 2, "got the unknown key 'kind'"),
    ],
)
def test_a_fault_has_its_line(text: str, line: int | None, message: str) -> None:
    with pytest.raises(SetupError) as caught:
        loads(text, Plan)
    assert message in str(caught.value)
    assert caught.value.faults[0].line == line


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"missing\.toml: expected a setup file, got No such file or directory"):
        load(tmp_path / "missing.toml", Plan)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SetupError, match=r"bytes\.toml: expected a text in UTF-8, got other bytes"):
        load(tmp_path / "bytes.toml", Plan)
    (tmp_path / "good.toml").write_text(dumps(example()))
    assert load(tmp_path / "good.toml", Plan) == example()


def test_lines_are_found_in_every_form_of_toml() -> None:
    source = (
        "a.b = 1 # c = 2\n"
        "'quoted key'.\"x y\" = '''\nq = [\n'''\n"
        "list = [1, [2,\n 3], { k = 4, l = [5,\n 6] }]\n"
        "[table . 'sub']\n"
        'when = 2020-01-01T00:00:00Z\ntext = "a \\" [ # b"\n'
        "[[items]]\nn = 1\n[[items]]\nn = 2\n[items.inner]\nm = 3\n"
    )
    lines = line_map(source)
    assert lines["a", "b"] == 1
    assert lines["quoted key", "x y"] == 2
    assert (lines["list",], lines["list", 1, 1], lines["list", 2, "k"], lines["list", 2, "l", 1]) == (5, 6, 6, 7)
    assert (lines["table", "sub"], lines["table", "sub", "when"], lines["table", "sub", "text"]) == (8, 9, 10)
    assert (lines["items", 0, "n"], lines["items", 1], lines["items", 1, "inner", "m"]) == (12, 13, 16)
    assert set(lines) >= set(places(tomllib.loads(source)))


@given(plans)
def test_every_place_of_a_file_has_a_line(plan: Plan) -> None:
    source = dumps(plan)
    lines = line_map(source)
    assert set(lines) == set(places(tomllib.loads(source)))
    assert max(lines.values(), default=1) <= source.count("\n")


def test_a_place_that_the_text_writes_shorter_has_the_line_around_it() -> None:
    lines = line_map("net = [\n'dense 1',\n'noise 2']\nrule = 'newton'\nlr = { choice = [\n1,\n-2] }")
    assert line_of(("net", "pieces", 1, "rate"), lines) == 3
    assert line_of(("lr", 1), lines) == 7
    assert line_of(("elsewhere",), lines) is None


def places(plain: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of plain data, as `tomllib` sees it: the independent reference for the scanner of lines."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    below = [place for step, content in inside for place in places(content, (*path, step))]
    return ([path] if path else []) + below

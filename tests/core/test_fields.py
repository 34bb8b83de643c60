"""Fields: what each kind of field takes, in what form it keeps it, and what it says to the rest."""

from __future__ import annotations

import decimal
import enum
import fractions
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from seedbed.core.distributions import choice, integers, log_uniform, uniform
from seedbed.core.errors import SetupError
from seedbed.core.fields import describe
from tests.core.families import Dense, Descent, Even, Leaky, Net, Noise, Plan, example


def refusal(build: Any, **changes: Any) -> str:
    with pytest.raises(SetupError) as caught:
        build(**changes)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [True, np.True_, np.array(True), jnp.array(True), "0.1", np.str_("0.1"), None, 1j, np.datetime64("2020"), [0.1]],
)
def test_a_number_refuses_what_is_none(content: Any) -> None:
    assert "Descent: lr: expected a number of at least 0, got" in refusal(Descent, lr=content)


@pytest.mark.parametrize("content", [np.inf, -np.inf, np.nan, 10**400, jnp.array(np.nan), -1e-300])
def test_a_number_is_finite_and_in_its_range(content: Any) -> None:
    assert "Descent: lr: expected a number of at least 0, got" in refusal(Descent, lr=content)


def test_a_number_is_taken_from_every_library_and_kept_in_double_precision() -> None:
    taken: list[Any] = [decimal.Decimal("0.1"), fractions.Fraction(1, 10), np.float64(0.1), np.longdouble("0.1")]
    assert [Leaky(content).slope for content in taken] == [0.1] * 4
    assert Leaky(jnp.array(0.5, jnp.bfloat16)).slope == 0.5  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("build", "changes", "message"),
    [
        (Noise, {"rate": 1}, "Noise: rate: expected a number in [0, 1), got 1"),
        (Noise, {"rate": -0.1}, "Noise: rate: expected a number in [0, 1), got -0.1"),
        (Even, {"gain": 0}, "Even: gain: expected a number above 0, got 0"),
        (Leaky, {"slope": np.nan}, "Leaky: slope: expected a finite number, got nan"),
        (Descent, {"lr": 1, "momentum": 1}, "Descent: momentum: expected a number in [0, 1), or None, got 1"),
        (Dense, {"units": 0}, "Dense: units: expected a whole number of at least 1, or 'out', got 0"),
        (Descent, {"lr": 1, "nesterov": 1}, "Descent: nesterov: expected true or false, got 1"),
        (example, {"precision": "float23"}, "Plan: precision: expected one of float32, float64, got 'float23'"),
        (example, {"balance": []}, "Plan: balance: expected 'balanced', or numbers of at least 0, or None, got []"),
        (example, {"rule": Leaky()}, "Plan: rule: expected a Rule such as Descent(...), got Leaky()"),
        (Net, {"pieces": Leaky()}, "Net: pieces: expected a list of Piece values such as [Dense(...)], got Leaky()"),
    ],
)
def test_a_refusal_says_what_was_expected_what_came_and_where(build: Any, changes: Any, message: str) -> None:
    assert refusal(build, **changes).splitlines()[0] == message


@pytest.mark.parametrize("content", [1.0, 2.5, True, "2", np.array([2]), np.array(2.0), jnp.array(2.0), np.True_, -1])
def test_a_whole_number_is_whole_by_type(content: Any) -> None:
    assert "Dense: units: expected a whole number of at least 1, or 'out', got" in refusal(Dense, units=content)


@pytest.mark.parametrize("content", [3, np.int8(3), np.array(3), jnp.array(3)])
def test_a_whole_number_is_kept_as_a_python_int(content: Any) -> None:
    assert type(Dense(content).units) is int


def test_a_word_is_kept_as_itself_and_a_near_one_is_offered() -> None:
    class Precision(enum.StrEnum):
        DOUBLE = "float64"

    assert type(example(precision=Precision.DOUBLE).precision) is str
    assert type(Dense(np.str_("out")).units) is str
    assert refusal(example, precision="flaot64").endswith("hint: did you mean 'float64'?")
    assert refusal(example, precision=64)


def test_weights_are_a_tuple_of_floats() -> None:
    for content in ([1, 2], (1, 2.0), np.array([1, 2]), jnp.array([1.0, 2.0]), [np.float32(1), jnp.array(2)]):
        kept = example(balance=content).balance
        assert kept == (1.0, 2.0)
        assert {type(weight) for weight in kept} == {float}


@pytest.mark.parametrize(
    "content", [np.array(1.0), np.ones((2, 2)), [np.ones(2)], [True], [-1.0], [None], "balance", 3, {"a": 1}]
)
def test_weights_refuse_what_is_no_list_of_numbers(content: Any) -> None:
    assert "Plan: balance: expected 'balanced', or numbers of at least 0" in refusal(example, balance=content)


def test_a_class_where_a_value_belongs_is_named() -> None:
    message = refusal(example, rule=Descent)
    assert "got the class Descent" in message
    assert "hint: write it with parentheses" in message


def test_all_faults_of_a_value_come_at_once_each_with_its_place() -> None:
    message = refusal(example, batch=0, decay=-1.0, precision="half", net=Net([Dense(1)]).pieces)
    assert message.splitlines()[:5] == [
        "Plan: 4 faults",
        "  net: expected a Net such as Net(...), got (Dense(1),)",
        "  batch: expected a whole number of at least 1, got 0",
        "  precision: expected one of float32, float64, got 'half'",
        "  decay: expected a number of at least 0, or None, got -1.0",
    ]
    message = refusal(Net, pieces=[Dense(1), "relu", 3])
    assert "pieces[1]: expected" in message
    assert "pieces[2]: expected" in message


def test_a_check_between_fields_comes_after_the_fields() -> None:
    assert refusal(example, patience=32) == "Plan: patience: expected another number than the batch, got 32"
    assert "patience" not in refusal(example, batch=0, patience=32)


def test_a_distribution_is_held_to_the_range_of_its_place() -> None:
    assert refusal(Noise, rate=uniform(0.5, 1.5)).startswith(
        "Noise: rate: expected a number in [0, 1), got 1.5 in uniform(0.5, 1.5)"
    )
    assert "got 'sgd' in choice(0.1, 'sgd')" in refusal(Descent, lr=choice(0.1, "sgd"))
    assert "got 1.0 in uniform(1.0, 8.0)" in refusal(Dense, units=uniform(1, 8))
    assert "got 0 in integers(0, 8)" in refusal(Dense, units=integers(0, 8))
    assert "got None in choice(0.1, None)" in refusal(Descent, lr=choice(0.1, None))
    assert "got -1 in choice(0.1, choice(-1, 0))" in refusal(Descent, lr=choice(0.1, choice(-1, 0))).replace(
        "in choice(-1, 0) ", ""
    )


def test_the_options_of_a_choice_are_kept_in_the_form_of_the_place() -> None:
    lr: Any = Descent(choice(1, np.float32(2), log_uniform(1e-3, 1))).lr
    assert [type(option) for option in lr.values[:2]] == [float, float]
    momentum: Any = Descent(0.1, momentum=choice(None, 0.9)).momentum
    assert momentum.values == (None, 0.9)
    pieces: Any = Net(choice([Dense(1)], [Dense(2), Leaky()])).pieces
    assert pieces.values == ((Dense(1),), (Dense(2), Leaky()))


def test_content_is_described_as_a_user_would_write_it() -> None:
    assert describe(np.zeros((3, 4), np.float32)) == "an array of shape (3, 4) and type float32"
    assert describe(Plan) == "the class Plan"
    assert describe("x" * 200).endswith("xxx...")
    assert len(describe("x" * 200)) == 80

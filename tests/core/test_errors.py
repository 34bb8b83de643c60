"""Errors: one tree, drawn at the head of its file, with exit codes and messages in four parts."""

from __future__ import annotations

import re

import pytest

from seedbed.core import errors
from seedbed.core.errors import Fault, SeedbedError, SetupError, UsageError, nearest, place_of, within

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SeedbedError)]


def test_the_tree_at_the_head_of_the_file_is_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+) +\((\w+)\)", errors.__doc__ or "")
    assert {(kind.__name__, kind.__bases__[1].__name__) for kind in KINDS if kind is not SeedbedError} == set(drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_misuse_exits_with_2_and_failure_with_1(kind: type[SeedbedError]) -> None:
    assert kind.exit_code == (1 if kind in (errors.BackendError, errors.TrainingError) else 2)
    assert kind.__doc__


def test_an_error_seen_from_further_out_begins_with_the_place() -> None:
    with pytest.raises(UsageError) as caught, within("network", "layers", 2), within("block"):
        raise UsageError("dropout: expected a key", "pass one")
    assert str(caught.value) == "network.layers[2].block: dropout: expected a key\nhint: pass one"
    caught.value.at(("network", "layers", 1))
    assert caught.value.message == "network.layers[1]: dropout: expected a key"
    with pytest.raises(errors.RunError, match=r"^no folder"), within("network"):
        raise errors.RunError("no folder")


def test_an_error_shows_its_message_and_what_to_do_next() -> None:
    error = UsageError("--members: expected a number of at least 1, got 0", "try --members 16")
    assert (error.message, error.hint) == ("--members: expected a number of at least 1, got 0", "try --members 16")
    assert str(error) == "--members: expected a number of at least 1, got 0\nhint: try --members 16"
    assert str(UsageError("short")) == "short"


def test_faults_have_a_place_a_line_and_are_listed_together() -> None:
    fault = Fault(("rate",), "a number in [0, 1)", "2", "try 0.5").under("network", "layers", 2)
    assert place_of(fault.path) == "network.layers[2].rate"
    assert str(fault) == "network.layers[2].rate: expected a number in [0, 1), got 2"
    one = SetupError([Fault((), "a name", "3", line=7)], source="setup.toml")
    assert str(one) == "setup.toml: line 7: expected a name, got 3"
    two = SetupError([fault, fault])
    assert two.message.startswith("2 faults\n  network.layers[2].rate: expected")
    assert two.hint == "try 0.5"
    assert isinstance(two, ValueError)


def test_the_nearest_of_a_closed_choice_is_offered() -> None:
    assert nearest("Adm", ["sgd", "adam"]) == "did you mean 'adam'?"
    assert nearest("rulu", ["ReLU"]) == "did you mean 'ReLU'?"
    assert nearest("xyz", ["sgd", "adam"]) == ""

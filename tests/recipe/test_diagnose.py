"""A finished run that was not watched in full is trained once more: as it was, with all that made it what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import seedbed as sb
from seedbed.cli.diagnosing import shown
from seedbed.training.interventions import Intervention
from seedbed.watching.finding import SERIOUS, Finding

X = np.random.default_rng(0).normal(size=(200, 4))
DATA = (X, (X[:, 0] * X[:, 1] > 0).astype(int))
SETUP = sb.Setup(
    network=sb.Network.parse("linear 8, tanh, linear out"), loss=sb.CrossEntropy(), optimizer=sb.SGD(0.05), epochs=5,
    batch_size=16,
)  # fmt: skip


def is_seen_as_it_was(run: sb.Run, found: sb.Diagnosis) -> bool:
    """Whether the curves of each member that was looked at are those of the run."""
    curves = {number: rows["train_loss"].to_numpy() for number, rows in run.history.groupby("member")}
    assert found.cases
    for case in found.cases:
        assert case.history is not None
        if not np.allclose(case.history["train_loss"], curves[case.number], rtol=1e-5):
            return False
    return True


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_run_that_was_changed_on_its_way_is_changed_again(is_folded: bool) -> None:
    changes = [Intervention.of(2, {"optimizer.lr": 0.5})]
    rest: dict[str, Any] = {"folds": 2} if is_folded else {}
    run = sb.train(SETUP, DATA, members=2, out=None, watch="off", interventions=changes, **rest)
    assert is_seen_as_it_was(run, sb.diagnose(run, DATA))


@pytest.mark.parametrize("is_folded", [False, True])
def test_a_run_that_began_with_given_weights_begins_with_them_again(is_folded: bool, tmp_path: Path) -> None:
    rest: dict[str, Any] = {"folds": 2} if is_folded else {}
    first = sb.train(SETUP, DATA, members=4, out=None, watch="off", **rest)
    run = sb.train(SETUP, DATA, members=[3, 1], out=tmp_path / "run", watch="off", start=first, **rest)
    assert is_seen_as_it_was(run, sb.diagnose(run, DATA))
    assert is_seen_as_it_was(run, sb.diagnose(tmp_path / "run", DATA))


def test_a_remedy_that_has_to_be_asked_for_is_named_so() -> None:
    finding = Finding("overfitting", (0,), (), SERIOUS, (), ("l2", "hold_back"))
    assert 'try: l2, hold_back (with --judged last, in Python judged="last"); ' in str(sb.Diagnosis((finding,), 1))


def test_shuffled_labels_are_named_before_they_are_known_by_heart() -> None:
    """Patience ends it early: what is learned of the training part holds for no other."""
    whole = load_digits()
    shuffled = np.random.default_rng(0).permutation(whole.target)
    setup = sb.Setup(
        sb.Network.parse("linear 64, relu, linear out"), sb.CrossEntropy(), sb.Adam(1e-2), epochs=40, patience=10
    )
    found = sb.diagnose(setup, (whole.data, shuffled), members=2)
    assert [one.code for one in found.findings] == ["noisy_labels"] and found.cases[0].outcome == "stopped early"
    assert not sb.diagnose(setup, (whole.data, whole.target), members=2).findings


@pytest.mark.parametrize(("line", "code", "layers"), [
    ("linear 16, tanh, repeat(chain(linear 16 weight=normal(8), tanh), 4), linear out", "init_too_large", {2, 4, 6, 8}),
    pytest.param(
        "linear 16 bias=constant(-50), relu, linear 16, relu, linear out", "dead_relu", {1}, marks=pytest.mark.slow,
    ),
    pytest.param(
        "linear 16, relu, repeat(chain(linear 16 bias=constant(-50), relu), 3), linear out", "dead_relu", {3, 5, 7},
        marks=pytest.mark.slow,
    ),
])  # fmt: skip
def test_what_is_wrong_in_a_block_is_named_with_its_layers(line: str, code: str, layers: set[int]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 16))
    y = (x[:, 0] * x[:, 1] > 0).astype(int) + (x[:, 2] > 0)
    setup = sb.Setup(sb.Network.parse(line), sb.CrossEntropy(), sb.Adam(1e-3), epochs=15)
    found = sb.diagnose(setup, (x, y), members=3).findings[0]
    assert found.code == code and set(found.layers) >= layers


def test_where_a_loss_first_was_no_number_is_kept_with_the_run(tmp_path: Path) -> None:
    y = np.stack([3 * np.sin(X[:, 0]), X[:, 1] ** 2], axis=1)
    network = sb.Network.parse("linear 8, relu, linear 8, relu, linear out")
    setup = sb.Setup(network=network, loss=sb.MeanSquaredError(), optimizer=sb.SGD(3.0), epochs=5, batch_size=16)
    run = sb.train(setup, (X, y), members=3, out=tmp_path / "run", watch="full")
    assert {member.outcome for member in run.members} == {"diverged", "trained"}
    now = sb.diagnose(run, (X, y))
    places = [(case.ended, case.broken) for case in now.cases]
    assert [ended >= 0 for ended, _ in places] == [member.outcome == "diverged" for member in run.members]
    assert [broken >= 0 for _, broken in places] == [ended >= 0 for ended, _ in places]
    again = sb.diagnose(tmp_path / "run", (X, y))
    assert [(case.ended, case.broken) for case in again.cases] == places
    assert str(again) == str(now)
    first = min(ended for ended, _ in places if ended >= 0)
    member = next(case.number for case in now.cases if case.ended == first)
    told = f"no number first in member {member}, at step {first % 8 + 1} of epoch {first // 8 + 1};"
    (symptom,) = [one for root in now.findings for one in root.symptoms if one.code == "non_finite"]
    assert told in str(now) and told in symptom.evidence[0].what
    assert told in shown(now.findings[0], 3).plain  # though it is a symptom
    _forget(tmp_path / "run" / "run.json")
    before = sb.diagnose(tmp_path / "run", (X, y))
    assert "epochs until the loss was no number: 0" in str(before)


def _forget(path: Path) -> None:
    """Makes a run one of an earlier version, which did not know the step."""
    plain = json.loads(path.read_text(encoding="utf-8"))
    for member in (member for cohort in plain["cohorts"] for member in cohort["members"]):
        del member["ended"], member["broken"]
    path.write_text(json.dumps(plain), encoding="utf-8")

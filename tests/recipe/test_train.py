"""`train`: the public face, the laws of a run, and what it refuses."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from seedbed.core.errors import SeedbedError
from seedbed.core.messages import catalogue

SETUP = sb.Setup(
    network=sb.Network([sb.Linear(8), sb.Tanh(), sb.Linear("out")]),
    loss=sb.CrossEntropy(),
    optimizer=sb.SGD(lr=0.05, momentum=0.9),
    epochs=2,
)

WILD = SETUP.replace(network=sb.Network([sb.Linear(8), sb.ReLU(), sb.Linear("out")]))  # no unit here saturates


def quick(data: Any = "iris", setup: sb.Setup = SETUP, **options: Any) -> sb.Run:
    return sb.train(setup, data, **{"members": 2, "out": None, "watch": "off", **options})


def equal(a: Any, b: Any) -> None:
    jax.tree.map(np.testing.assert_array_equal, a, b)


def no_seconds(run: sb.Run) -> pd.DataFrame:
    return run.history.drop(columns="wall_seconds")


def test_the_public_face_works_as_the_design_writes_it(in_folder: Path) -> None:
    data = sb.data.load("digits")
    net = sb.Network([sb.Linear(64), sb.ReLU(), sb.Linear(10)])
    setup = sb.Setup(network=net, loss=sb.CrossEntropy(), optimizer=sb.SGD(lr=0.1, momentum=0.9), batch_size=32)
    run = sb.train(setup, data, members=16, epochs=2, seed=0)
    assert run.folder is not None and run.folder.parent == Path("runs")
    assert re.fullmatch(r"digits-\d{8}-\d{6}", run.folder.name)
    assert list(run.history.columns) == (
        "member epoch train_loss train_score valid_loss valid_score learning_rate wall_seconds".split()
    )
    assert len(run.history) == 16 * 2
    rows = data.test.rows
    assert run.best.setup.optimizer.lr == 0.1
    assert run.best.params[0]["weight"].shape == (64, 64)
    assert run.best.predict(rows).shape == (359,) and run.best.predict_proba(rows).shape == (359, 10)
    assert run.ensemble(k=8).predict(rows).shape == (359,)
    assert run.report("report.html") == Path("report.html")
    assert "<html" in Path("report.html").read_text(encoding="utf-8")
    assert run.results["test"]["best"]["accuracy"] > 0.9
    assert repr(run).startswith(f"Run('{run.name}', 16 members, test accuracy 0.9")


def test_the_same_setup_data_and_seed_give_the_same_bits(digits_run: sb.Run, digits: Any) -> None:
    again = sb.train(digits_run.setup, digits, members=4, seed=5, out=None)
    pd.testing.assert_frame_equal(no_seconds(again), no_seconds(digits_run), check_exact=True)
    equal([m.params for m in again.members], [m.params for m in digits_run.members])
    assert again.results == digits_run.results


def test_another_seed_gives_another_run(digits_run: sb.Run, digits: Any) -> None:
    other = sb.train(digits_run.setup, digits, members=4, seed=6, out=None)
    assert not (no_seconds(other)["valid_loss"] == no_seconds(digits_run)["valid_loss"]).any()
    assert (other.draws["optimizer.lr"] != digits_run.draws["optimizer.lr"]).all()


def test_a_member_alone_is_the_member_among_others(digits_run: sb.Run, digits: Any) -> None:
    alone = sb.train(digits_run.setup, digits, members=[3], seed=5, out=None)
    (member,) = alone.members
    there = digits_run.members[3]
    assert (member.number, member.setup) == (3, there.setup)
    # Another plan adds in another order: float32 over three epochs of a small network.
    ours = no_seconds(digits_run).query("member == 3").reset_index(drop=True)
    pd.testing.assert_frame_equal(no_seconds(alone), ours, rtol=1e-3)


def test_members_may_be_named_by_an_array() -> None:
    assert [member.number for member in quick(members=np.arange(1, 3), epochs=1).members] == [1, 2]


def test_members_are_in_the_order_of_their_numbers_whatever_their_cohort(mixed_run: sb.Run) -> None:
    assert [member.number for member in mixed_run.members] == [0, 1, 2, 3, 7, 9]
    assert len(mixed_run.trained) == len({jax.tree.structure(member.setup) for member in mixed_run.members}) > 1
    for member in mixed_run.members:
        width = member.params[0]["weight"].shape[1]
        assert member.setup.network.layers[0].units == width == member.network.layers[0].units
        assert member.network.layers[2].units == 3
    assert set(mixed_run.draws["network.layers[1]"]) == {"relu", "tanh"}
    assert list(mixed_run.history["member"].unique()) == [0, 1, 2, 3, 7, 9]


def test_a_member_keeps_the_weights_of_its_best_epoch(any_run: sb.Run) -> None:
    for member in any_run.members:
        losses = any_run.history.query(f"member == {member.number}").set_index("epoch")["valid_loss"]
        assert member.best_epoch == losses.idxmin()
        assert member.valid_loss == pytest.approx(losses.min())
    best = max(any_run.members, key=lambda m: (m.valid_score, -m.valid_loss))
    assert any_run.best is best


def test_the_scored_ensemble_is_the_one_that_a_user_gets(any_run: sb.Run) -> None:
    assert tuple(member.number for member in any_run.ensemble().members) == any_run.held.ensemble
    assert list(any_run.table["ensemble_weight"]) == [
        any_run.held.ensemble.count(member.number) for member in any_run.members
    ]


def test_steps_are_told_in_the_order_of_the_recipe(any_run: sb.Run) -> None:
    assert [step.name for step in any_run.steps] == ["data", "preprocess", "network", "train", "findings", "result"]
    known = catalogue("en")
    titles = {text.lower() for key, text in known.items() if key.startswith("finding.") and key.endswith(".title")}
    labels = {label for step in any_run.steps for label, _ in step.facts} - titles
    assert all(f"fact.{label.replace(' ', '_')}" in known for label in labels)
    assert all(isinstance(text, str) and text for step in any_run.steps for fact in step.facts for text in fact)


@pytest.mark.parametrize("kind", ["frame", "path", "arrays"])
def test_data_may_come_in_every_form(kind: str, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(90, 3))
    table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(kind=np.where(x[:, 0] > 0, "warm", "cold"))
    table.to_csv(tmp_path / "weather.csv", index=False)
    loaded = {
        "frame": lambda: sb.data.load(table, target="kind"),
        "path": lambda: sb.data.load(tmp_path / "weather.csv", target="kind"),
        "arrays": lambda: (x, table["kind"].to_numpy()),
    }[kind]()
    run = quick(loaded)
    rows = x if kind == "arrays" else table.drop(columns="kind")
    assert set(run.best.predict(rows)) <= {"warm", "cold"}


def test_class_and_sample_weights_reach_the_training() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 2)), (np.arange(200) % 10 == 0).astype(int)  # noise, one tenth of it ones
    plain = quick((x, y), epochs=5)
    balanced = quick((x, y), SETUP.replace(class_weight="balanced"), epochs=5)
    assert balanced.best.predict_proba(x)[:, 1].mean() > 2 * plain.best.predict_proba(x)[:, 1].mean()
    weighted = quick(sb.data.load((x, y), sample_weight=np.where(y == 1, 9.0, 1.0)), epochs=5)
    assert weighted.best.predict_proba(x)[:, 1].mean() > 2 * plain.best.predict_proba(x)[:, 1].mean()


def test_training_may_begin_with_weights_of_another_run(digits_run: sb.Run, digits: Any) -> None:
    still = digits_run.setup.replace(optimizer=sb.SGD(0.0), epochs=1)
    from_run = sb.train(still, digits, members=[1, 2], seed=9, start=digits_run, out=None)
    equal([m.params for m in from_run.members], [m.params for m in digits_run.members[1:3]])
    from_best = sb.train(still, digits, members=[1, 2], seed=9, start=digits_run.best, out=None)
    equal([m.params for m in from_best.members], [digits_run.best.params] * 2)


def test_ctrl_c_keeps_the_best_so_far(tmp_path: Path) -> None:
    def interrupt(tick: Any) -> None:
        if tick.epochs_done >= 1:
            signal.raise_signal(signal.SIGINT)

    run = quick("digits", epochs=4000, on_progress=interrupt, out=tmp_path / "run")
    assert run.is_interrupted and {member.outcome for member in run.members} == {"interrupted"}
    assert 0 < run.history["epoch"].max() + 1 < 4000
    again = sb.load_run(tmp_path / "run")
    assert again.is_interrupted
    pd.testing.assert_frame_equal(again.history, run.history)


def test_ctrl_c_between_cohorts_keeps_those_that_trained() -> None:
    setup = SETUP.replace(network=sb.Network([sb.Linear(sb.choice(4, 5, 6)), sb.Tanh(), sb.Linear("out")]))

    def interrupt(tick: Any) -> None:
        if tick.share_done >= 1 / 6:
            signal.raise_signal(signal.SIGINT)

    run = quick(setup=setup, members=8, on_progress=interrupt)
    assert run.is_interrupted and 0 < len(run.members) < 8
    assert len(run.draws) == len(run.table) == len(run.members)


def test_ctrl_c_before_the_first_epoch_is_over_writes_nothing(tmp_path: Path) -> None:
    setup = SETUP.replace(
        batch_size=1, network=sb.Network([sb.Linear(512), sb.Tanh(), sb.Linear(512), sb.Linear("out")])
    )
    with pytest.raises(KeyboardInterrupt):
        quick("digits", setup, on_progress=lambda _: signal.raise_signal(signal.SIGINT), out=tmp_path / "run")
    assert not any(tmp_path.iterdir())


def test_when_all_members_diverge_there_is_no_run(tmp_path: Path) -> None:
    setup = WILD.replace(optimizer=sb.SGD(1e30))
    with pytest.raises(sb.TrainingError, match="expected a member with a finite validation loss, but all 2 diverged"):
        quick(setup=setup, out=tmp_path / "run")
    assert not any(tmp_path.iterdir())


def test_a_member_that_diverged_takes_no_part_in_the_result() -> None:
    run = quick(setup=WILD.replace(optimizer=sb.SGD(sb.choice(1e30, 0.1))), members=8)
    outcomes = {member.number: member.outcome for member in run.members}
    assert set(outcomes.values()) == {"trained", "diverged"}
    assert all(outcomes[number] == "trained" for number in {*run.held.candidates, run.best.number})


def test_a_plan_repeats_a_run(digits_run: sb.Run, digits: Any) -> None:
    plans = digits_run.plans
    for plan in (plans, digits_run):
        again = sb.train(digits_run.setup, digits, members=4, seed=5, plan=plan, out=None)
        pd.testing.assert_frame_equal(no_seconds(again), no_seconds(digits_run), check_exact=True)
        equal([m.params for m in again.members], [m.params for m in digits_run.members])
        assert again.plans == plans and again.results == digits_run.results
    with pytest.raises(sb.UsageError, match="plans: expected one for each cohort, got 2 for 1 cohorts"):
        sb.train(digits_run.setup, digits, members=4, plan=plans * 2, out=None)


REFUSED = {
    "no members": ({"members": 0}, "members: expected a whole number of at least 1, got 0"),
    "empty list": ({"members": []}, r"members: expected a count or a list of numbers, got \[\]"),
    "truth": ({"members": True}, "members: expected a count or a list of numbers, got True"),
    "twice": ({"members": [1, 1]}, r"members: expected different numbers, got \[1, 1\]"),
    "negative member": ({"members": [-1]}, "members: expected a whole number of at least 0, got -1"),
    "epochs": ({"epochs": 0}, "epochs: expected a whole number of at least 1, got 0"),
    "seed": ({"seed": -1}, "seed: expected a whole number of at least 0, got -1"),
    "large seed": ({"seed": 2**31}, "seed: expected a whole number from 0 to 2,147,483,647, got 2147483648"),
    "frame": ({"data": pd.DataFrame({"a": [1.0], "b": [2]})}, r"as in sb.data.load\(source, target='b'\)"),
    "data": ({"data": "irsi"}, "did you mean 'iris'"),
    "outputs": (
        {"setup": SETUP.replace(network=sb.Network([sb.Linear(7)]))},
        r"network.layers\[0\]: expected 3 outputs for iris, got outputs of shape \(7,\)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_misuse_is_told_before_anything_is_done(case: str, tmp_path: Path) -> None:
    options, said = REFUSED[case]
    told: list[Any] = []
    with pytest.raises(SeedbedError, match=said) as caught:
        quick(**{"out": tmp_path / "run", "on_step": told.append, **options})
    assert caught.value.exit_code == 2 and not told and not any(tmp_path.iterdir())


def test_weights_of_another_network_are_refused(digits_run: sb.Run) -> None:
    with pytest.raises(
        sb.UsageError, match="start: expected weights for linear 8, tanh, linear 3, got those of linear 16"
    ):
        quick(start=digits_run.best)
    with pytest.raises(sb.UsageError, match=r"start: expected a run with members \[0, 8\], but it has no \[8\]"):
        quick("digits", digits_run.setup, members=[0, 8], start=digits_run)

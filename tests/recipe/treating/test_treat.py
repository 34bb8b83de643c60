"""Treatment: what is tried, what is proved, what is said; on networks small enough that the truth is known."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import seedbed as sb
from seedbed.core import toml
from seedbed.recipe.treating.arms import CONTROL, PAIR, RANDOM, arms_for, arms_given
from seedbed.recipe.treating.patient import patient
from seedbed.recipe.treating.treatment import COLUMNS
from seedbed.watching.finding import SERIOUS, Finding
from seedbed.watching.proof import cohens_d, permutation_p
from seedbed.watching.remedies import REMEDIES

pytestmark = pytest.mark.slow  # each of these trains networks

UNWATCHED: dict[str, Any] = {"watch": "off"}


def found(*remedies: str, code: str = "saturated_units", members: tuple[int, ...] = ()) -> Finding:
    return Finding(code, members, (), SERIOUS, (), remedies)


def faint(**changes: Any) -> sb.Setup:
    """Weights so small that nothing passes: it stays at chance for longer than it trains."""
    small = "random_uniform(0.05)"
    network = sb.Network.parse(f"linear 12 {small}, relu, linear 12 {small}, relu, linear out {small}")
    setup = sb.Setup(network=network, loss=sb.CrossEntropy(), optimizer=sb.SGD(0.1), batch_size=16, epochs=12)
    return setup.replace(**changes)


@pytest.fixture(scope="module")
def rings() -> sb.data.Dataset:
    """Two rings, which no straight line parts."""
    rng = np.random.default_rng(5)
    angle, y = rng.uniform(0, 2 * np.pi, 500), np.arange(500) % 2
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (0.5 + y)[:, None]
    return sb.data.load((x + rng.normal(0, 0.1, x.shape), y), task="classification", name="rings")


@pytest.fixture(scope="module")
def treated(rings: sb.data.Dataset) -> sb.Treatment:
    return sb.treat(faint(), rings, arms=["he", "lr_down", "tanh"])


def test_the_cure_is_proved_and_the_wrong_arm_is_not(treated: sb.Treatment) -> None:
    assert treated.arms["arm"].tolist() == [CONTROL, "he", "tanh", "lr_down"]  # the cheaper of two that tie first
    assert treated.arms["proved"].tolist() == treated.arms["ties_best"].tolist() == [False, True, True, False]
    assert treated.chosen == "he" and treated.arms["mean"].iloc[0] < 0.6 < 0.95 < treated.arms["mean"].iloc[1]


def test_its_numbers_are_those_of_the_scores(treated: sb.Treatment) -> None:
    scores = {arm: rows["score"].to_numpy() for arm, rows in treated.scores.groupby("arm")}
    for _, arm in treated.arms.iterrows():
        own = scores[arm["arm"]]
        assert arm["n_seeds"] == len(own) and arm["mean"] == pytest.approx(own.mean())
        assert arm["std"] == pytest.approx(own.std(ddof=1)) and arm["worst"] == own.min()
        if arm["role"] != CONTROL and not arm["given_up"]:
            assert arm["p"] == pytest.approx(permutation_p(own, scores[CONTROL]))
            assert arm["d"] == pytest.approx(cohens_d(own, scores[CONTROL]))


@pytest.mark.slow
def test_an_arm_scores_as_the_same_members_do_in_a_run(treated: sb.Treatment, rings: sb.data.Dataset) -> None:
    run = sb.train(treated.sick, rings, members=8, out=None, **UNWATCHED)
    control = treated.scores[treated.scores["arm"] == CONTROL].sort_values("seed")
    np.testing.assert_allclose(control["score"][:8], [m.valid_score for m in run.members], atol=0.011)


def test_the_healed_setup_is_a_difference_from_the_sick_one(treated: sb.Treatment, tmp_path: Path) -> None:
    assert treated.healed is not None
    path = treated.save(tmp_path / "healed.toml")
    assert sb.same(toml.load(path, sb.Setup), treated.healed)
    places = [place for place, _, _ in treated.differences]
    assert places and all(place.startswith(("network", "optimizer", "epochs")) for place in places)
    assert treated.save(path) == path  # a setup in the way is replaced, other files are not
    with pytest.raises(sb.UsageError, match=r"ends in \.toml"):
        treated.save(tmp_path / "healed.txt")


def test_the_page_and_the_sentences_tell_it(treated: sb.Treatment, tmp_path: Path) -> None:
    page = treated.report(tmp_path / "treatment.html").read_text("utf-8")
    for title in ("control, as it is", REMEDIES["lr_down"].title, "Proved: "):
        assert title in page
    assert "입증됨" in treated.report(tmp_path / "ko.html", language="ko").read_text("utf-8")
    assert str(treated).startswith("Proved: ") and "What changes" in str(treated)
    assert "<svg" in treated._repr_html_()
    other = tmp_path / "mine.html"
    other.write_text("my own")
    with pytest.raises(sb.UsageError, match="got another file"):
        treated.report(other)


def test_a_healthy_setup_stays_as_it_is(rings: sb.data.Dataset, compilations: Any, tmp_path: Path) -> None:
    compilations.reset()
    treated = sb.treat(faint(), rings, findings=[])
    assert treated.is_healthy and treated.healed is None and treated.differences == []
    assert compilations.n == 0 and len(treated.arms) == len(treated.scores) == 0
    assert str(treated).startswith("Nothing was found in rings")
    assert "Nothing was found" in treated.report(tmp_path / "t.html").read_text("utf-8")
    with pytest.raises(sb.RunError, match="expected a proved remedy"):
        treated.save(tmp_path / "healed.toml")


def test_the_arms_are_the_remedies_that_have_a_place(rings: sb.data.Dataset) -> None:
    findings = [found("relu", "xavier", "lecun", "batchnorm"), found("lr_up", "adam", code="lr_too_low")]
    arms = arms_for(faint(), rings, findings, seed=0)
    names = [arm.name for arm in arms]
    assert names[:7] == [CONTROL, "xavier", "lecun", "batchnorm", "lr_up", "lr_far_up", "adam"]  # ReLU is there already
    assert [arm.name for arm in arms if arm.role == PAIR] == ["xavier + batchnorm", "xavier + lr_up"]
    (drawn,) = [arm for arm in arms if arm.role == RANDOM]
    assert drawn.name in REMEDIES and drawn.name not in names[:-1] and drawn.name != "relu"
    assert names == [arm.name for arm in arms_for(faint(), rings, findings, seed=0)]
    assert len({arms_for(faint(), rings, findings, seed=i)[-1].name for i in range(8)}) > 2


def test_the_rate_of_a_range_test_is_measured_once(rings: sb.data.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def measured(setup: sb.Setup, data: sb.data.Dataset) -> Any:
        asked.append((setup, data))
        return SimpleNamespace(suggested=0.0321)

    monkeypatch.setattr("seedbed.recipe.treating.arms.lr_range", measured)
    names = {arm.name: arm for arm in arms_for(faint(), rings, [found("clip", "adam", "lr_range")], seed=0)}
    assert names["lr_range"].setup == faint(optimizer=sb.SGD(0.032)) and asked == [(faint(), rings)]
    assert arms_given(faint(), rings, ["he + lr_range"])[1].setup.optimizer.lr == 0.032
    monkeypatch.setattr("seedbed.recipe.treating.arms.lr_range", lambda *_: SimpleNamespace(suggested=None))
    with pytest.raises(sb.UsageError, match="expected remedies that change the setup, got 'lr_range'"):
        arms_given(faint(), rings, ["lr_range"])
    asked.clear()
    monkeypatch.setattr("seedbed.recipe.treating.arms.lr_range", measured)
    for seed in range(8):  # by lot nothing is measured
        arms_for(faint(), rings, [found("clip")], seed=seed)
    assert not asked


@pytest.mark.slow
def test_a_rate_that_is_too_high_is_cured_by_a_range_test(rings: sb.data.Dataset) -> None:
    network = sb.Network.parse("linear 16 weight=he_normal, relu, linear out")
    sick = faint(network=network, optimizer=sb.Adam(100.0))
    cured = sb.treat(sick, rings, arms=["lr_range"])
    assert cured.chosen == "lr_range" and cured.healed is not None and 1e-3 < cured.healed.optimizer.lr < 0.5


def test_symptoms_ask_for_their_remedies_too_so_that_none_is_drawn_by_lot(rings: sb.data.Dataset) -> None:
    every = tuple(REMEDIES)
    root = dataclasses.replace(found("xavier"), symptoms=(found(*every, code="oscillating"),))
    assert [arm.name for arm in arms_for(faint(), rings, [root], seed=0)] == [CONTROL, "xavier"]


def test_arms_may_be_named_or_given(rings: sb.data.Dataset) -> None:
    arms = arms_given(faint(), rings, ["he + lr_down"])
    assert arms[1].remedies == ("he", "lr_down") and arms[1].setup.optimizer.lr == 0.01
    own = {"mine": faint(epochs=3)}
    assert arms_given(faint(), rings, own)[1].setup.epochs == 3
    with pytest.raises(
        sb.UsageError, match=r"arms: expected one of lr_down, .*, got 'tahn'\nhint: did you mean 'tanh'"
    ):
        arms_given(faint(), rings, ["tahn"])
    with pytest.raises(sb.UsageError, match="expected remedies that change the setup, got 'relu'"):
        arms_given(faint(), rings, ["relu"])


def test_findings_of_a_run_may_be_chosen_by_name(rings: sb.data.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    space = faint(optimizer=sb.SGD(sb.log_uniform(1e-4, 1e-2)), epochs=1)
    run = sb.train(space, rings, members=3, out=None, **UNWATCHED)
    there = [found("xavier", members=(2, 1)), found("lr_up", code="lr_too_low", members=(0,))]
    monkeypatch.setattr("seedbed.recipe.treating.patient.diagnose", lambda *_, **__: sb.Diagnosis(tuple(there), 3))
    one = patient(run, rings, None)
    assert one.findings == tuple(there) and one.setup.optimizer.lr == run.members[2].setup.optimizer.lr
    other = patient(run, rings, ["lr_too_low"])
    assert other.findings == (there[1],) and other.setup.optimizer.lr == run.members[0].setup.optimizer.lr
    with pytest.raises(sb.UsageError, match="findings: expected one of saturated_units, lr_too_low, got 'lr_to_low'"):
        patient(run, rings, ["lr_to_low"])


@pytest.mark.parametrize("watch", ["economy", "full"])
def test_what_is_treated_is_what_a_diagnosis_of_the_run_finds(
    watch: str, rings: sb.data.Dataset, compilations: Any
) -> None:
    """All units are dead, which is not seen in economy."""
    network = sb.Network.parse("linear 12 bias=constant(-10), relu, linear out")
    run = sb.train(faint(network=network), rings, members=3, out=None, watch=watch)
    assert ("dead_relu" in {one.code for one in run.findings}) == (watch == "full")
    compilations.reset()
    notes: list[str] = []
    one = patient(run, rings, None, on_note=notes.append)
    assert one.findings[0].code == "dead_relu" and one.findings == sb.diagnose(run, rings).findings
    assert patient(run, rings, ["dead_relu"]).findings == one.findings[:1]
    if watch == "full":  # then nothing trains for it
        assert compilations.n == 0 and not notes
    else:
        assert notes == ["trains 3 members once more, as the run did, and watches them"]


def test_the_data_of_a_run_is_read_again_and_what_changed_is_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "data.csv"

    def write(n: int, shift: float = 0.0) -> None:
        x = rng.normal(size=(n, 2)) + shift
        rows = "\n".join(f"{a:.6f},{b:.6f},{'yes' if a + b > shift else 'no'}" for a, b in x)
        file.write_text(f"a,b,y\n{rows}\n")

    write(60)
    setup = faint(epochs=1, loss=sb.MeanSquaredError())
    data = sb.data.load(file, target="a", types="y=drop", task="regression")
    run = sb.train(setup, data, members=1, out=tmp_path / "run", **UNWATCHED)
    assert patient(run, None, [found("xavier")]).data.fingerprint == data.fingerprint
    moved = tmp_path / "elsewhere.csv"
    moved.write_bytes(file.read_bytes())
    for place in (moved, str(moved)):  # read as the run read its own
        assert patient(run, place, [found("xavier")]).data.fingerprint == data.fingerprint
    write(80)
    with pytest.raises(sb.RunError, match=r"but rows \{'train': .*\} is now .*; fingerprint .* is now"):
        sb.treat(run, findings=[found("xavier")])
    file.unlink()
    with pytest.raises(sb.RunError, match="the data that the run began with cannot be read"):
        sb.treat(run, findings=[found("xavier")])
    apart = sb.train(setup, (rng.normal(size=(60, 2)), np.arange(60) % 2), members=1, out=None, **UNWATCHED)
    with pytest.raises(sb.UsageError, match="which came from memory"):
        sb.treat(apart, findings=[found("xavier")])


def test_too_few_seeds_for_the_arms_are_refused(rings: sb.data.Dataset) -> None:
    with pytest.raises(
        sb.UsageError, match="seeds: expected at least 5, with which one of 4 arms can be proved, got 4"
    ):
        sb.treat(faint(), rings, arms=["he", "xavier", "lecun", "tanh"], seeds=4)


BAD = [
    (lambda s, d: patient("run", d, None), "treat: expected a run or a setup, got 'run'"),
    (lambda s, d: sb.treat(s), "expected the data that the setup learns from, got none"),
    (lambda s, d: sb.treat(s, d, arms=["he"], watch="close"), "watch: expected one of off, economy, full"),
    (lambda s, d: sb.treat(s, d, arms=["he"], seeds=2), "seeds: expected a whole number of at least 4, got 2"),
    (lambda s, d: sb.treat(s, d, arms=["he"], seed=-1), "seed: expected a whole number from 0"),
    (lambda s, d: sb.treat(s, d, arms=["he"], judged="first"), "judged: expected one of best, last, got 'first'"),
    (
        lambda s, d: sb.treat(s.replace(optimizer=sb.SGD(sb.log_uniform(1e-3, 1.0))), d, arms=["he"]),
        r"expected a setup without distributions, got log_uniform\(.*\) at optimizer.lr",
    ),
]


@pytest.mark.parametrize(("call", "said"), BAD)
def test_bad_input_is_refused(call: Any, said: str, rings: sb.data.Dataset) -> None:
    with pytest.raises(sb.UsageError, match=said):
        call(faint(), rings)


@pytest.mark.slow
def test_a_setup_is_diagnosed_first_and_what_is_left_of_it_is_told(rings: sb.data.Dataset) -> None:
    treated = sb.treat(faint(), rings, seeds=6)
    assert "init_too_small" in {one.code for one in treated.findings}
    arms = treated.arms.set_index("arm")
    assert arms.loc["he", "cleared"] is True and arms.loc["he", "proved"] and arms.loc[CONTROL, "cleared"] is False
    unwatched = sb.treat(faint(epochs=2), rings, findings=[found("he")], seeds=5, watch="off")
    assert unwatched.arms["cleared"].tolist() == [None] * len(unwatched.arms)


def test_a_cleared_symptom_is_no_better_score() -> None:
    own = sb.Treatment("x", "classification", faint(), (), *seeming(), {}, {}, 0, "best", 1.0, 0.0)
    assert "The symptom is gone, but the score is not proved to be better: gradients clipped" in str(own)
    assert own.chosen is None and str(own).startswith("No remedy is proved. The best of 1 arms, gradients clipped")


def seeming() -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [
        (CONTROL, CONTROL, (), 0.5, 0.1, 0.4, 8, 0.0, np.nan, np.nan, False, False, False, False, 0, 1.0),
        ("clip", "remedy", ("clip",), 0.51, 0.1, 0.4, 8, 0.1, 0.4, 0.4, False, False, False, True, 2, 1.0),
    ]
    scores = pd.DataFrame([(arm, i, 0.5, "trained") for arm in (CONTROL, "clip") for i in range(8)])
    return pd.DataFrame(rows, columns=list(COLUMNS)), scores.set_axis(["arm", "seed", "score", "outcome"], axis=1)


def test_a_loss_for_another_task_is_put_right(rings: sb.data.Dataset) -> None:
    sick = faint(network=sb.Network.parse("linear 12, relu, linear 1, sigmoid"), loss=sb.MeanSquaredError())
    unfit = sick.replace(loss=sb.CrossEntropy())  # one output for two classes
    treated = sb.treat(unfit, rings, findings=[found("fit_output")], arms=["fit_output"], seeds=4)
    assert set(treated.scores[treated.scores["arm"] == CONTROL]["outcome"]) == {"does not train"}


@pytest.mark.slow
def test_a_deep_network_of_sigmoids_on_digits_is_cured_by_what_lets_the_gradient_pass() -> None:
    """The vanishing gradient of Nielsen, ch. 5: more time and a faster rate do not bring it back."""
    layers = ", ".join(["linear 30 xavier_uniform, sigmoid"] * 8)
    sick = sb.Setup(
        network=sb.Network.parse(f"{layers}, linear out"),
        loss=sb.CrossEntropy(),
        optimizer=sb.SGD(0.1),
        batch_size=100,
        epochs=30,
    )
    treated = sb.treat(sick, "digits", arms=["tanh", "relu", "longer", "lr_down", "clip"])
    arms = treated.arms.set_index("arm")
    assert arms.loc[CONTROL, "mean"] < 0.15 and treated.chosen in ("tanh", "relu")
    assert arms.loc[["tanh", "relu"], "proved"].all() and arms.loc[["tanh", "relu"], "mean"].min() > 0.85
    assert not arms.loc[["longer", "lr_down", "clip"], "proved"].any()
    assert [place.split(".")[0] for place, _, _ in treated.differences].count("network") == len(treated.differences)

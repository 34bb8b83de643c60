"""Findings: what a structure shows by itself, how causes and symptoms are ordered, and real networks that are sick."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_digits

import seedbed as sb
from benchmarks.healthy import healthy
from benchmarks.sick import CASES, Sick
from seedbed.core.messages import catalogue
from seedbed.recipe.cases import case_before
from seedbed.recipe.diagnose import diagnose
from seedbed.watching.case import chance_by_descent, chance_of
from seedbed.watching.finding import SERIOUS, Evidence, Finding
from seedbed.watching.findings import EXPLAINS, findings_of, rooted, together

DIGITS = sb.data.load("digits")
CE = sb.CrossEntropy()


def before(network: str, loss: Any = CE, data: Any = DIGITS, **changes: Any) -> list[Finding]:
    setup = sb.Setup(network=sb.Network.parse(network), loss=loss, optimizer=sb.SGD(0.1), **changes)
    return findings_of(case_before(setup, data))


def codes(found: list[Finding]) -> list[str]:
    return [one.code for one in found]


@pytest.mark.parametrize(
    ("network", "code", "layers"),
    [
        ("linear 8, relu, linear out, softmax", "redundant_softmax", (3,)),
        ("linear 8, relu, linear out, tanh", "wrong_output", (3,)),
        ("linear 8, step, linear out", "step_activation", (1,)),
        ("linear 64, linear out", "no_nonlinearity", (0, 1)),
        ("linear 64, identity, linear 64, relu, linear out", "no_nonlinearity", (0, 2)),
        ("linear 64, batchnorm, linear 64, relu, linear out", "no_nonlinearity", (0, 2)),
        ("linear 8 weight=zeros, tanh, linear out", "symmetric_units", (0,)),
        ("linear 8 weight=normal(5), tanh, linear out", "init_too_large", (0,)),
        ("linear 8 weight=normal(1e-4), relu, linear out", "init_too_small", (0,)),
        ("linear 8, relu, linear out, batchnorm", "batchnorm_misused", (3,)),
    ],
)
def test_a_structure_shows_what_is_wrong_with_it(network: str, code: str, layers: tuple[int, ...]) -> None:
    (found,) = before(network)
    assert (found.code, found.layers) == (code, layers)


def test_a_sound_structure_shows_nothing() -> None:
    assert before("linear 64, relu, linear 64, relu, linear out") == []
    assert before("linear 4, linear out") == []  # a bottleneck lowers the rank, which one layer cannot
    assert before("linear 8 weight=normal(5), batchnorm, tanh, linear out") == []
    assert before("conv 8 3x3, batchnorm, relu, maxpool 2, flatten, linear out") == []
    assert before("linear 16, relu, linear out weight=zeros") == []


def test_inputs_and_targets_that_are_not_scaled() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 3)), rng.normal(size=200)

    def seen(x: Any, y: Any) -> list[Finding]:
        return before("linear 8, relu, linear out", sb.MeanSquaredError(), sb.data.load((x, y)), preprocessing=())

    assert codes(seen(x, y)) == []
    assert codes(seen(1000 * x, y)) == ["data_not_scaled"]
    assert codes(seen(x, 500 + y)) == ["data_not_scaled"]
    assert codes(seen(x * [1, 1, 500] / 20, y)) == ["feature_scales"]
    assert codes(seen(x + 10, y)) == ["not_centred"]
    pixels = np.asarray(load_digits().data) / 8 - 1  # of the rim some hardly vary
    assert codes(seen(pixels, pixels[:, 20])) == []


def test_the_least_loss_of_two_softmaxes_is_reached_and_not_passed() -> None:
    """Against the loss of a network that says the true class as surely as a softmax can."""
    (found,) = before("linear 8, relu, linear out, softmax")
    y = jnp.asarray(DIGITS.train.y[:50])
    least = float(jnp.mean(CE.per_example(jnp.eye(10)[y], y)))
    np.testing.assert_allclose(found.evidence[0].value, least, rtol=1e-6)


@pytest.mark.parametrize(
    ("loss", "targets", "n"),
    [
        (CE, "classes", 4),
        (sb.CrossEntropy(label_smoothing=0.1), "classes", 4),
        (sb.BinaryCrossEntropy(), "classes", 4),
        (sb.BinaryCrossEntropy(label_smoothing=0.2), "answers", 1),
        (sb.BinaryCrossEntropy(), "labels", 3),
        (sb.MeanSquaredError(), "values", 2),
    ],
)
def test_the_loss_of_chance_is_what_descent_finds(loss: Any, targets: str, n: int) -> None:
    rng = np.random.default_rng(1)
    y = {
        "classes": rng.choice(4, 300, p=[0.6, 0.2, 0.1, 0.1]),
        "answers": rng.integers(0, 2, 300),
        "labels": rng.integers(0, 2, (300, 3)).astype(float),
        "values": rng.normal(size=(300, 2)) * 3,
    }[targets]
    np.testing.assert_allclose(chance_of(loss, y, n), chance_by_descent(loss, y, n), rtol=1e-9)
    often = np.repeat(y, counts := rng.integers(0, 4, 300), axis=0)  # a weight is as good as so many examples
    for chance in (chance_of, chance_by_descent):
        np.testing.assert_allclose(chance(loss, y, n, counts.astype(float)), chance(loss, often, n), rtol=1e-9)


def test_the_loss_of_chance_is_weighted_as_that_of_training_is() -> None:
    """A network that cannot tell the classes apart ends at it, whatever weights the classes have."""
    x, y = np.zeros((300, 2)), np.repeat([0, 1], [270, 30])
    x[:, 0] = np.random.default_rng(0).normal(size=300)
    setup = sb.Setup(
        network=sb.Network.parse("linear out"), loss=CE, optimizer=sb.SGD(0.1), penalty=sb.L2(1.0), epochs=40,
        class_weight=(1.0, 3.0), preprocessing=(),
    )  # fmt: skip
    (case,) = sb.diagnose(setup, (x, y), members=1).cases
    assert abs(case.learned("train")) < 0.03
    even = sb.diagnose(setup.replace(class_weight=None), (x, y), members=1).cases[0]
    assert abs(even.learned("train")) < 0.03 and even.chance < 0.7 * case.chance


def one(code: str, member: int = 0) -> Finding:
    return Finding(code, (member,), (0,), SERIOUS, (Evidence("a", 1.0, "2"),), ("he",))


def test_causes_come_first_with_what_follows_under_them() -> None:
    found = rooted([one(c) for c in ("underfitting", "dead_relu", "lr_too_high", "overfitting", "vanishing_gradient")])
    assert codes(found) == ["lr_too_high"]
    assert codes(list(found[0].symptoms)) == ["vanishing_gradient", "dead_relu", "overfitting", "underfitting"]
    assert codes(rooted([one("overfitting"), one("no_nonlinearity")])) == ["no_nonlinearity"]


def test_the_order_of_causes_has_no_circles_and_every_finding_its_words() -> None:
    rank = {code: i for i, code in enumerate(EXPLAINS)}
    for code, symptoms in EXPLAINS.items():
        assert all(rank[symptom] > rank[code] for symptom in symptoms), code
        for language in ("en", "ko"):
            assert {f"finding.{code}.title", f"finding.{code}.because"} <= catalogue(language).keys()


def test_equal_findings_of_members_become_one() -> None:
    of_first, of_second = [one("lr_too_high", 3)], [one("dead_relu", 5), one("lr_too_high", 5)]
    found = together([of_first, of_second])
    assert [(f.code, f.members) for f in found] == [("lr_too_high", (3, 5)), ("dead_relu", (5,))]
    assert Finding.from_dict(replace(found[0], symptoms=(found[1],)).to_dict()) == replace(
        found[0], symptoms=(found[1],)
    )


def test_a_loss_for_another_task_is_found_before_training() -> None:
    setup = sb.Setup(network=sb.Network.parse("linear out"), loss=sb.CrossEntropy(), optimizer=sb.SGD(0.1))
    data = sb.data.load((np.ones((40, 2)) * np.arange(40)[:, None], np.arange(40.0)), task="regression")
    assert codes(list(diagnose(setup, data).findings)) == ["loss_does_not_fit"]


def test_a_run_tells_its_findings_and_keeps_them(tmp_path: Any) -> None:
    setup = sb.Setup(
        network=sb.Network.parse("linear 16 weight=normal(5), tanh, linear 16 weight=normal(5), tanh, linear out"),
        loss=CE, optimizer=sb.SGD(0.01), epochs=3, preprocessing=(sb.Divide(16.0),),
    )  # fmt: skip
    run = sb.train(setup, DIGITS, members=2, out=tmp_path / "run")
    assert codes(list(run.findings)) == ["init_too_large"] and run.findings[0].members == (0, 1)
    again = sb.load_run(tmp_path / "run")
    assert again.findings == run.findings
    assert [step.name for step in again.steps][-2:] == ["findings", "result"]
    looked = diagnose(again, DIGITS)  # trained once more, and watched in full
    assert codes(list(looked.findings)) == ["init_too_large"]
    assert "saturated_units" in codes(list(looked.findings[0].symptoms))
    assert np.array_equal(looked.cases[0].history["train_loss"], run.history.query("member == 0")["train_loss"])  # type: ignore[index]


def test_where_every_member_diverges_the_reason_is_named() -> None:
    setup = sb.Setup(network=sb.Network.parse("linear 16, relu, linear out"), loss=CE, optimizer=sb.SGD(1e8), epochs=2)
    with pytest.raises(sb.TrainingError, match="all 2 diverged: learning rate too high"):
        sb.train(setup, DIGITS, members=2, out=None)


def test_data_that_is_gone_is_said(tmp_path: Any) -> None:
    x, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
    setup = sb.Setup(network=sb.Network.parse("linear out"), loss=CE, optimizer=sb.SGD(0.1), epochs=1)
    run = sb.train(setup, (x, y), members=1, out=tmp_path / "run")
    found = diagnose(run)
    (unknown,) = found.unknown
    assert "came from memory" in unknown and "what was found when it trained" in unknown and "data" in found.hint
    assert found.findings == run.findings and found.n_members == 1
    with pytest.raises(sb.UsageError, match="source: expected a name"):  # of what is given it is said
        diagnose(run, 3)
    with pytest.raises(sb.RunError, match="that the run learned from, but the features have other values"):
        diagnose(run, (x + 1, y))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_sick_network_is_named(case: Sick) -> None:
    found = diagnose(case.setup, case.data(), members=5, seed=1).findings
    assert found and found[0].code in case.expected


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 6, 7, 8, 9, 11])
def test_a_healthy_network_is_left_in_peace(number: int) -> None:
    _, data, setup = healthy(number)
    assert not diagnose(setup, data(), members=3).findings

"""`check`: sound setups pass every check, and what is planted fails the check that is for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.data.dataset import Dataset, Part

pytestmark = pytest.mark.slow  # each of these trains networks


@pytest.fixture(scope="module")
def clouds() -> Dataset:
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    return sb.data.load((rng.normal(size=(300, 8)) + rng.normal(size=(3, 8))[y], y))


def made(network: str = "linear 24, relu, linear out", loss: sb.Loss | None = None, **rest: Any) -> sb.Setup:
    return sb.Setup(network=sb.Network.parse(network), loss=loss or sb.CrossEntropy(), optimizer=sb.Adam(3e-3), **rest)


@pytest.mark.parametrize("name", ["digits", "iris", "diabetes"])
def test_what_is_proposed_passes_everything(name: str) -> None:
    data = sb.data.load(name)
    done: list[str] = []
    found = sb.check(sb.propose(data), data, on_check=lambda one: done.append(one.name))
    assert found.passed and all(one.passed for one in found), str(found)
    assert done == [one.name for one in found] and len(found) == 19
    assert found.setup.optimizer.lr == sb.draw(sb.propose(data), seed=0, number=0).optimizer.lr
    assert not any(one.because for one in found) and found["initial_loss"].evidence


@pytest.mark.parametrize(("network", "check", "code"), [
    ("linear 24, relu, linear out, softmax", "output_fits", "redundant_softmax"),
    ("linear 24, relu, linear out, relu", "output_fits", "wrong_output"),
    ("linear 24, linear 16, linear out", "nonlinearity", "no_nonlinearity"),
    ("linear 24, step, linear out", "nonlinearity", "step_activation"),
    ("linear 24 weight=zeros, relu, linear out", "units_differ", "symmetric_units"),
    ("linear 24 weight=normal(1e-4), tanh, linear 24 weight=normal(1e-4), tanh, linear out", "weights_scaled",
     "init_too_small"),
    ("linear 24 weight=normal(5), tanh, linear out", "weights_scaled", "init_too_large"),
])  # fmt: skip
def test_what_is_wrong_in_a_network_fails_its_check(clouds: Dataset, network: str, check: str, code: str) -> None:
    found = sb.check(made(network), clouds)[check]
    assert found.passed is False and found.finding is not None and found.finding.code == code
    assert found.because == f"{found.finding.title}. {found.finding.because}" and found.evidence


def test_a_softmax_on_one_unit(clouds: Dataset) -> None:
    two = sb.data.load((clouds.train.x, (clouds.train.y > 0).astype(int)))
    found = sb.check(made("linear 24, relu, linear out, softmax", sb.BinaryCrossEntropy()), two)
    assert found["output_fits"].finding is not None and found["output_fits"].finding.code == "softmax_one_unit"
    assert found["gradient_reaches"].passed is False and found["overfits_few"].passed is False


@pytest.mark.parametrize(("change", "check", "code"), [
    (lambda x: 1000 * x, "inputs_scaled", "data_not_scaled"),
    (lambda x: x * np.geomspace(0.01, 10, 8), "inputs_scaled", "feature_scales"),
    (lambda x: x + 10, "inputs_centred", "not_centred"),
])  # fmt: skip
def test_what_is_wrong_in_inputs_fails_its_check(clouds: Dataset, change: Any, check: str, code: str) -> None:
    data = sb.data.load((change(clouds.train.x), clouds.train.y))
    found = sb.check(made(preprocessing=()), data)[check]
    assert found.passed is False and found.finding is not None and found.finding.code == code
    assert sb.check(made(), data)[check].passed  # standardised


def test_a_norm_over_few_examples(clouds: Dataset) -> None:
    found = sb.check(made("linear 24, batchnorm, relu, linear out", batch_size=2), clouds)
    assert found["batch_norms"].passed is False


def test_a_loss_that_does_not_fit_is_a_finding_and_ends_it(clouds: Dataset) -> None:
    found = sb.check(made(loss=sb.CrossEntropy()), "diabetes")
    assert [one.name for one in found.failed] == ["loss_fits"]
    assert [one.code for one in found.findings] == ["loss_does_not_fit"]
    assert found["overfits_few"].passed is None
    assert found["overfits_few"].because == "Nothing can be told before the loss is put right."
    assert len(found) == 19


def test_data_with_nan_ends_it(clouds: Dataset) -> None:
    x = clouds.train.x.copy()
    x[3, 1] = np.nan
    part = Part(x, clouds.train.y, clouds.train.rows, clouds.train.index)
    found = sb.check(made(preprocessing=()), replace(clouds, train=part))
    assert [one.name for one in found.failed] == ["finite_data"]
    assert found["loss_fits"].passed is None and not found.passed and len(found) == 19


def test_rows_in_two_parts_and_a_leak(clouds: Dataset) -> None:
    leaky = np.column_stack([clouds.train.x, clouds.train.y])
    found = sb.check(made(), sb.data.load((np.tile(leaky, (3, 1)), np.tile(clouds.train.y, 3))))
    assert {one.name for one in found.failed} == {"leakage", "duplicates"}


def test_what_is_worth_knowing_lets_it_pass(clouds: Dataset) -> None:
    y = np.zeros(300, int)
    y[:30] = 1
    found = sb.check(made(), sb.data.load((np.random.default_rng(0).normal(size=(300, 4)) + y[:, None], y)))
    assert found.passed and found["labels"].finding is not None and "imbalance" in found["labels"].because


def test_the_same_again(clouds: Dataset) -> None:
    first, second = (sb.check(made(), clouds, seed=3) for _ in range(2))
    assert [one.evidence for one in first] == [one.evidence for one in second]
    assert [one.evidence for one in first] != [one.evidence for one in sb.check(made(), clouds, seed=4)]


def test_images_blocks_and_labels(clouds: Dataset) -> None:
    network = "conv 8 3x3, relu, maxpool 2, residual(conv 8 3x3, batchnorm, relu), flatten, linear out"
    assert sb.check(made(network), "digits").passed
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6))
    data = sb.data.load((x, (x[:, :2] > 0).astype(int)), task="multilabel")
    assert sb.check(made(loss=sb.BinaryCrossEntropy()), data).passed


def test_bad_input(clouds: Dataset) -> None:
    with pytest.raises(sb.UsageError, match="seed: expected a whole number of at least 0, got -1"):
        sb.check(made(), clouds, seed=-1)
    with pytest.raises(sb.ShapeError, match=r"network\.layers"):
        sb.check(made("maxpool 2, linear out"), clouds)

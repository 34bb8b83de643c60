"""What is found in data before training: each beside data that has it and the nearest that has not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import seedbed as sb
from seedbed.data.dataset import Dataset, Part
from seedbed.watching.finding import NOTE, Finding
from seedbed.watching.findings.data import constant_features, duplicate_rows, finite, labels, leakage


def codes(found: Iterator[Finding]) -> list[str]:
    return [one.code for one in found]


def with_part(data: Dataset, name: str, x: Any = None, y: Any = None) -> Dataset:
    part = getattr(data, name)
    made = Part(part.x if x is None else x, part.y if y is None else y, part.rows, part.index)
    parts: dict[str, Any] = {name: made}
    return replace(data, **parts)


def with_column(data: Dataset, column: Any) -> Dataset:
    """The data with another first column of the training part."""
    return with_part(data, "train", np.column_stack([column, data.train.x[:, 1:]]))


def test_numbers_that_are_none_are_counted() -> None:
    x = np.array([[1.0, np.nan], [np.inf, 2.0]])
    (one,) = finite(x, np.array([0, 1]), "training")
    assert one.code == "non_finite_data" and one.evidence[0].value == 2
    assert not codes(finite(np.ones((2, 2)), np.ones((2, 1)), "training"))
    assert codes(finite(np.ones((2, 2)), np.full((2, 1), np.nan), "training")) == ["non_finite_data"]


def test_labels_that_name_no_class(blobs: Dataset) -> None:
    y = blobs.train.y.copy()
    y[:4] = 3
    (one,) = labels(with_part(blobs, "train", y=y))
    assert one.code == "labels_out_of_range" and one.evidence[0].value == 4
    assert not codes(labels(blobs))


def test_classes_that_are_alone_missing_or_rare(blobs: Dataset) -> None:
    n = len(blobs.train)
    assert codes(labels(with_part(blobs, "train", y=np.zeros(n, np.int32)))) == ["constant_labels"]
    assert codes(labels(with_part(blobs, "train", y=(np.arange(n) % 2).astype(np.int32)))) == ["missing_classes"]
    rare = np.zeros(n, np.int32)
    rare[:6], rare[6:12] = 1, 2
    (one,) = labels(with_part(blobs, "train", y=rare))
    assert (one.code, one.severity) == ("class_imbalance", NOTE)
    assert one.evidence[0].value == pytest.approx(1 - 12 / n)
    assert not codes(labels(with_part(blobs, "train", y=rare), class_weight="balanced"))


def test_a_quantity_that_never_varies(waves: Dataset) -> None:
    assert codes(labels(with_part(waves, "train", y=np.full(waves.train.y.shape, 3.0)))) == ["constant_labels"]
    assert not codes(labels(waves))


def test_yes_and_no_are_between_0_and_1() -> None:
    rng = np.random.default_rng(0)
    data = sb.data.load((rng.normal(size=(90, 3)), rng.integers(0, 2, (90, 2))), task="multilabel")
    assert not codes(labels(data))
    assert codes(labels(with_part(data, "train", y=2 * data.train.y))) == ["labels_out_of_range"]


def test_constant_features_are_worth_knowing(blobs: Dataset) -> None:
    (one,) = constant_features(with_column(blobs, np.full(len(blobs.train), 7.0)))
    assert (one.code, one.severity, one.evidence[0].value) == ("constant_features", NOTE, 1)
    assert not codes(constant_features(blobs))
    assert not codes(constant_features(sb.data.load("digits")))  # the rim of an image is dark in all


@pytest.mark.parametrize("form", [
    lambda y: y, lambda y: 5 - 2.5 * y, lambda y: np.array([7.0, -1.0, 3.0])[y], lambda y: y == 1,
])  # fmt: skip
def test_a_class_in_another_form_is_a_leak(blobs: Dataset, form: Any) -> None:
    (one,) = leakage(with_column(blobs, form(blobs.train.y).astype(float)))
    assert one.code == "leakage" and one.evidence[0].value == 1


def test_a_feature_that_goes_with_the_class_is_no_leak(blobs: Dataset) -> None:
    almost = blobs.train.y.astype(float)
    almost[3] += 1
    noisy = blobs.train.y + np.random.default_rng(0).normal(0, 0.1, len(blobs.train))
    for column in (almost, noisy, np.zeros(len(almost))):
        assert not codes(leakage(with_column(blobs, column)))


@pytest.mark.parametrize("form", [lambda y: y, lambda y: 3 - 1e-4 * y, np.exp])
def test_a_quantity_in_another_form_is_a_leak(waves: Dataset, form: Any) -> None:
    assert codes(leakage(with_column(waves, form(waves.train.y[:, 0])))) == ["leakage"]


def test_a_feature_that_goes_with_a_quantity_is_no_leak(waves: Dataset) -> None:
    noisy = waves.train.y[:, 0] + np.random.default_rng(0).normal(0, 0.02, len(waves.train))
    assert not codes(leakage(with_column(waves, noisy)))
    line = np.arange(60.0)[:, None]
    assert not codes(leakage(sb.data.load((line, 3 * line[:, 0] + 50))))  # with one feature that is the task


def test_rows_that_also_train(blobs: Dataset) -> None:
    n = len(blobs.test)
    x, y = blobs.test.x.copy(), blobs.test.y.copy()
    x[: n // 5], y[: n // 5] = blobs.train.x[: n // 5], blobs.train.y[: n // 5]
    (one,) = duplicate_rows(with_part(blobs, "test", x, y))
    assert one.evidence[0].value == pytest.approx((n // 5) / n) and "test" in one.evidence[0].what
    other = np.where(np.arange(n) < n // 5, (y + 1) % 3, y)  # the same features with another answer
    assert not codes(duplicate_rows(with_part(blobs, "test", x, other.astype(np.int32))))
    assert not codes(duplicate_rows(sb.data.load("digits")))

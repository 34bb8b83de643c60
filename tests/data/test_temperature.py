"""Temperature scaling against SciPy's search, and against what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax, softmax

from seedbed.data.temperature import cooled, temperature_for


def overconfident(n: int, factor: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes drawn from the softmax of logits z, and probabilities as of a network that says factor · z."""
    rng = np.random.default_rng(seed)
    z = 1.5 * rng.normal(size=(n, 4))
    y = (rng.random(n)[:, None] > softmax(z, axis=1).cumsum(axis=1)).sum(axis=1)
    return y, z, softmax(factor * z, axis=1)


@pytest.mark.parametrize("factor", [0.5, 2.5])
def test_it_is_where_scipy_finds_the_least_log_loss(factor: float) -> None:
    y, z, p = overconfident(3000, factor)
    loss = lambda t: -log_softmax(factor * z / t, axis=1)[np.arange(len(y)), y].mean()  # noqa: E731
    found = minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-6})
    assert temperature_for("classification", y, p) == pytest.approx(found.x, rel=1e-3)
    assert temperature_for("classification", y, p) == pytest.approx(factor, rel=0.1), "the true one, but for chance"


def test_labels_have_one_temperature() -> None:
    rng = np.random.default_rng(0)
    z = 2 * rng.normal(size=(1500, 3))
    y = (rng.random(z.shape) < expit(z)) * 1.0
    t = temperature_for("multilabel", y, expit(3 * z))
    loss = lambda t: np.logaddexp(0, np.where(y == 1, -3, 3) * z / t).mean()  # noqa: E731
    assert t == pytest.approx(minimize_scalar(loss, bounds=(0.1, 10), method="bounded").x, rel=1e-3)
    np.testing.assert_allclose(cooled("multilabel", expit(3 * z), t), expit(3 * z / t), rtol=1e-9, atol=1e-12)


def test_probabilities_at_a_temperature_are_the_softmax_of_logits_divided_by_it() -> None:
    _, z, p = overconfident(50, 2.0)
    np.testing.assert_allclose(cooled("classification", p, 1.7), softmax(2 * z / 1.7, axis=1), rtol=1e-12)
    np.testing.assert_allclose(cooled("classification", cooled("classification", p, 1.7), 1 / 1.7), p, rtol=1e-10)
    assert (cooled("classification", p, 1.7).argmax(axis=1) == p.argmax(axis=1)).all()


def test_the_type_stays_and_zeros_are_no_trouble() -> None:
    p = np.array([[1.0, 0.0], [0.25, 0.75]], np.float32)
    found = cooled("classification", p, 0.5)
    assert found.dtype == np.float32 and found[0].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(found[1], [0.1, 0.9], rtol=1e-6)
    assert cooled("multilabel", p, 2.0)[0].tolist() == pytest.approx([1.0, 0.0], abs=1e-7)
    assert cooled("regression", p, 2.0) is p and cooled("classification", p, 1.0) is p


def test_what_may_be_luck_is_left_alone() -> None:
    y, _, p = overconfident(3000, 1.0)
    assert temperature_for("classification", y, p) == 1.0, "they are as sure as they are right"
    y, _, p = overconfident(199, 3.0)
    assert temperature_for("classification", y, p) == 1.0, "too few examples"
    assert temperature_for("regression", y[:, None], y[:, None] + 0.5) == 1.0


def test_probabilities_that_are_always_right_become_no_surer_than_the_bound() -> None:
    y = np.arange(300) % 2
    assert temperature_for("classification", y, np.where(y[:, None] == [0, 1], 0.6, 0.4)) == pytest.approx(
        0.1, rel=1e-3
    )

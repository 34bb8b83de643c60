"""Descent against its closed form on a bowl, and the number of its steps against theory and SciPy."""

import math

import numpy as np
import pytest

from seedbed.recipe.explaining.descent import FAST, SLOW, START, STEPS, STRETCH, bowl, chart, sections, steps_of
from seedbed.recipe.explaining.descents import path, steps_until
from seedbed.reporting.explained.plot import Plot
from tests.recipe.explaining.reading import part, rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("descent")


@pytest.mark.parametrize("rate", [FAST, SLOW, 0.3])
def test_a_path_is_geometric_in_each_direction(rate):
    points = path(bowl(STRETCH), START, rate, 12)
    factors = np.array([1 - rate, 1 - rate * STRETCH]) ** np.arange(13)[:, None]
    np.testing.assert_allclose(points, np.array(START) * factors, rtol=1e-9)


def test_momentum_is_pytorchs():
    torch = pytest.importorskip("torch")
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer, expected = torch.optim.SGD([x], lr=0.05, momentum=0.7), [START]
    for _ in range(10):
        optimizer.zero_grad()
        (0.5 * x[0] ** 2 + 0.5 * STRETCH * x[1] ** 2).backward()
        optimizer.step()
        expected.append(tuple(x.detach().tolist()))
    np.testing.assert_allclose(path(bowl(STRETCH), START, 0.05, 10, 0.7), expected, rtol=1e-10)


def test_steps_until():
    assert steps_until(np.array([8.0, 4.0, 2.0, 1.0]), 0.25) == 2
    assert steps_until(np.array([8.0, 9.0]), 0.25) is None


def test_the_map_shows_a_zig_zag_and_a_smooth_path():
    fast, slow = chart(STRETCH).paths
    turns = [int(np.sum(np.diff(np.sign(line.y)) != 0)) for line in (fast, slow)]
    assert turns == [STEPS, 0] and len(fast.x) == STEPS + 1


def test_rates(told):
    near, small, beyond = part(section(told, "rates"), Plot).lines
    assert near.y[-1] < small.y[-1] < small.y[0] < beyond.y[-1]
    grown = ((START[1] * (1 - 0.205 * STRETCH) ** 500) ** 2 * STRETCH / 2) / near.y[0]
    assert said(section(told, "rates"))["grown"] == pytest.approx(grown, rel=1e-6)


def test_steps_are_as_many_as_the_factor_says(told):
    for stretch, rate, factor, steps, turns, helped in rows(section(told, "stretched")):
        assert rate == pytest.approx(2 / (1 + stretch)) and factor == pytest.approx(1 - rate)
        expected = 1 if stretch == 1 else math.ceil(math.log(1e-6) / (2 * math.log(factor)) - 1e-9)
        assert steps == expected and turns == (0 if stretch == 1 else steps)
        assert helped <= steps
    assert rows(section(told, "stretched"))[-1][5] < 80  # about √κ and not κ


def test_too_few_steps_are_an_error():
    with pytest.raises(AssertionError, match="10 steps are too few"):
        steps_of(100.0, 0.01, most=10)

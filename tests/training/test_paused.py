"""Members that pause, and go on beside others, learn what they learn without a pause."""

import numpy as np
import pytest

from seedbed import data
from seedbed.network import CrossEntropy, Linear, Network, ReLU
from seedbed.training import Adam, Setup
from seedbed.training.supplies import Supplies
from seedbed.training.trainer import Training


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def setups(n):
    network = Network([Linear(8), ReLU(), Linear("out")])
    base = Setup(network, CrossEntropy(), Adam(0.01), batch_size=128, epochs=4, precision="float64")
    return [base.replace(optimizer=Adam(0.002 * (i + 1))) for i in range(n)]


def test_survivors_go_on_as_if_nothing_had_happened(digits):
    given, supplies = setups(5), Supplies()
    whole = Training(given, range(5), digits, seed=3, supplies=supplies).run()[0]
    first = Training(given, range(5), digits, seed=3, supplies=supplies, until=2)
    half = first.run()[0]
    assert half.outcomes == ["interrupted"] * 5
    np.testing.assert_allclose(half.history[:, :2], whole.history[:, :2], rtol=1e-9)
    assert np.isnan(half.history[:, 2:]).all()
    survivors = [4, 1]
    paused = [first.pauses[place] for place in survivors]
    assert {one.epoch for one in paused} == {2}
    second = Training([given[i] for i in survivors], survivors, digits, seed=3, supplies=supplies, paused=paused)
    rest = second.run()[0]
    assert rest.outcomes == ["trained"] * 2
    np.testing.assert_allclose(rest.history, whole.history[survivors], rtol=1e-9)
    for own, expected in zip(rest.params, whole.params, strict=True):
        for name, array in own.items():
            np.testing.assert_allclose(array, expected[name][survivors], rtol=1e-9, atol=1e-12)

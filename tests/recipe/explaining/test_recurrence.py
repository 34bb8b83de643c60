"""The recurrences against PyTorch's autograd, and against differences."""

import numpy as np
import pytest

from seedbed.network.trace import trace
from seedbed.recipe.explaining.recurrence import differences, operations, sections, small
from seedbed.reporting.explained.parts import Facts
from tests.recipe.explaining.reading import part, rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("recurrence")


def numbers(text):
    return [float(one) for one in text.strip("()").replace("−", "-").split(", ")]


@pytest.mark.parity
def test_forward_and_backward_are_pytorchs(told):
    torch = pytest.importorskip("torch")
    _, params, _, x, y = small()
    weights = [
        torch.tensor(np.array(one[key]), requires_grad=True) for one in params[::2] for key in ("weight", "bias")
    ]
    w1, b1, w2, b2 = weights
    z1 = torch.tensor(np.array(x)) @ w1 + b1
    z2 = torch.sigmoid(z1) @ w2 + b2
    z1.retain_grad(), z2.retain_grad()
    a2 = torch.sigmoid(z2)
    loss = 0.5 * ((a2 - torch.tensor(np.array(y))) ** 2).sum()
    loss.backward()
    forward, backward = rows(section(told, "forward")), rows(section(told, "backward"))
    rounded = 6e-4  # three digits are shown
    for (_, _, z, a), expected in zip(forward, ((z1, torch.sigmoid(z1)), (z2, a2)), strict=True):
        for said_of, one in zip((z, a), expected, strict=True):
            np.testing.assert_allclose(numbers(said_of), one.detach().numpy()[0], atol=rounded)
    for (_, delta, bias, weight), (z, b, w) in zip(backward, ((z2, b2, w2), (z1, b1, w1)), strict=True):
        np.testing.assert_allclose(numbers(delta), z.grad.numpy()[0], atol=rounded)
        np.testing.assert_allclose(numbers(bias), b.grad.numpy(), atol=rounded)
        assert weight == pytest.approx(float(w.grad.norm()), rel=1e-4)
    assert said(section(told, "backward"))["loss"] == pytest.approx(float(loss.detach()), rel=1e-5)


def test_differences_agree_and_count_every_weight(told):
    largest, count = differences()
    network, *_ = small()
    assert largest < 1e-6 and count == network.n_params((2,)) == 17
    assert said(section(told, "differences"))["size"] > 1000 * largest


def test_slopes_cost_a_few_times_the_cost(told):
    forward, both = operations()
    assert 1.5 < both / forward < 5
    facts = {fact.name: fact.value for fact in part(section(told, "operations"), Facts).facts}
    assert facts["difference_operations"] == 2 * 17 * forward


def test_the_trace_is_of_the_small_network():
    found = trace(*small())
    assert [layer.z.shape for layer in found.layers] == [(1, 3), (1, 2)]

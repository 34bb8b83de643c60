"""The order in which examples are seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.network import Network
from seedbed.training import compiling, orders
from seedbed.training.layout import STACKED
from seedbed.training.plan import Plan
from tests.training.populations import CLASSES, CLASSIFY, MEMBERS, trained, training

SIZES = {"seed": st.integers(0, 9), "first": st.integers(0, 5), "n": st.integers(1, 60), "spare": st.integers(0, 70)}


@given(**SIZES)
def test_every_epoch_is_a_permutation_of_the_examples(seed: int, first: int, n: int, spare: int) -> None:
    drawn = orders.shared_orders(seed, first, 3, n, n + spare)
    assert drawn.dtype == np.int32
    for order in drawn:
        assert sorted(order[:n]) == list(range(n))
        np.testing.assert_array_equal(order[n:], np.resize(order[:n], n + spare)[n:])  # filled up by the first of it


@given(seed=st.integers(0, 9), numbers=st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True))
def test_each_member_has_an_order_of_its_own(seed: int, numbers: list[int]) -> None:
    together = orders.own_orders(seed, np.asarray(numbers, np.int32), 2, 3, 40, 45)
    assert together.shape == (len(numbers), 3, 45)
    assert len({order.tobytes() for own in together for order in own}) == 3 * len(numbers)
    for number, own in zip(numbers, together, strict=True):  # that does not depend on the others
        np.testing.assert_array_equal(own, orders.own_orders(seed, np.asarray([number], np.int32), 2, 3, 40, 45)[0])
        assert all(sorted(order[:40]) == list(range(40)) for order in own)


def test_orders_differ_by_epoch_and_by_seed() -> None:
    many = np.concatenate([orders.shared_orders(seed, 0, 5, 40, 40) for seed in range(5)])
    assert len({order.tobytes() for order in many}) == 25


def test_an_epoch_has_the_same_order_in_any_call() -> None:
    whole = orders.shared_orders(3, 0, 6, 40, 45)
    np.testing.assert_array_equal(np.concatenate([orders.shared_orders(3, e, 2, 40, 45) for e in (0, 2, 4)]), whole)


def test_orders_are_shared_unless_the_setup_asks_for_its_own() -> None:
    """Members of one setup with zero first weights see the same losses, or with orders of their own others."""
    alike = CLASSIFY.replace(network=Network.parse("linear out weight=zeros"), epochs=2)
    losses = {
        order: {one.history[1, 0] for one in trained([alike.replace(data_order=order)] * 4, plan=Plan(2, 2, STACKED))}
        for order in ("shared", "own")
    }
    assert [len(losses[order]) for order in ("shared", "own")] == [1, 4]


def test_orders_come_in_pieces_where_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another length of the pieces is another program, so bits may move, by 1e-16 a step."""
    expected = trained(MEMBERS)
    rows = -(-len(CLASSES.train) // CLASSIFY.batch_size) * CLASSIFY.batch_size
    monkeypatch.setattr(orders, "MOST_BYTES", 4 * rows * 3)
    monkeypatch.setattr(compiling, "_compiled", {})
    told: list[object] = []
    whole = training(MEMBERS, on_progress=told.append)
    (part,) = whole.results
    for i, one in enumerate(expected):
        np.testing.assert_allclose(part.history[i], one.history, rtol=1e-12, atol=1e-13)
    assert len(told) >= 4  # ten epochs, three in a call

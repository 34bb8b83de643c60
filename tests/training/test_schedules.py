"""Schedules against closed forms, and against PyTorch's where the two say the same."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.core.errors import SetupError
from seedbed.training import ConstantRate, Cosine, Schedule, StepDecay, WarmUp

share = st.floats(0.0, 1.0)
inner = st.floats(0.05, 0.95)


def factor(schedule: Schedule, p: float) -> float:
    with jax.enable_x64(True):
        return float(schedule.factor(jnp.asarray(p, jnp.float64)))


@given(p=share)
def test_constant(p: float) -> None:
    assert factor(ConstantRate(), p) == 1.0


@given(p=share, decay=st.floats(0.01, 2.0), every=inner)
def test_step_decay(p: float, decay: float, every: float) -> None:
    expected = math.prod([decay] * math.floor(p / every))
    assert factor(StepDecay(decay, every), p) == pytest.approx(expected, rel=1e-13)


@given(p=share, final=share)
def test_cosine(p: float, final: float) -> None:
    assert factor(Cosine(final), p) == pytest.approx(final + (1 - final) * (1 + math.cos(math.pi * p)) / 2, abs=1e-15)


@given(p=share, length=inner, final=share)
def test_warm_up(p: float, length: float, final: float) -> None:
    rest = (p - length) / (1 - length)
    expected = p / length if p < length else final + (1 - final) * (1 + math.cos(math.pi * rest)) / 2
    assert factor(WarmUp(length, Cosine(final)), p) == pytest.approx(expected, abs=1e-13)


def test_their_ends() -> None:
    assert factor(Cosine(), 0.0) == factor(WarmUp(0.3), 0.3) == factor(WarmUp(0.3), 1.0) == 1.0
    assert factor(Cosine(0.25), 1.0) == 0.25
    assert factor(WarmUp(0.3), 0.0) == 0.0


def test_members_may_differ_in_every_number() -> None:
    """A population's schedule gives one factor for each member."""
    schedules = [WarmUp(length, Cosine(final)) for length, final in ((0.1, 0.0), (0.5, 0.3), (0.9, 1.0))]
    stacked = jax.tree.map(lambda *leaves: jnp.asarray(leaves, jnp.float32), *schedules)
    for p in (0.0, 0.3, 0.7, 1.0):
        together = jax.jit(lambda s, p: s.factor(p))(stacked, jnp.float32(p))
        np.testing.assert_allclose(together, [factor(one, p) for one in schedules], atol=1e-6)  # single precision


@pytest.mark.parity
@pytest.mark.parametrize("final", [0.0, 0.2])
def test_cosine_is_pytorchs(final: float) -> None:
    """Whose recursion adds a rounding at every step."""
    torch = pytest.importorskip("torch")
    theirs = rates(torch, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=40, eta_min=final))
    np.testing.assert_allclose([factor(Cosine(final), step / 40) for step in range(40)], theirs, rtol=1e-12)


@pytest.mark.parity
def test_warm_up_is_pytorchs_one_step_later() -> None:
    """PyTorch begins with a first share, ours with 0."""
    torch = pytest.importorskip("torch")
    theirs = rates(torch, lambda o: torch.optim.lr_scheduler.LinearLR(o, start_factor=1 / 10, total_iters=9))
    np.testing.assert_allclose([factor(WarmUp(0.25), step / 40) for step in range(1, 40)], theirs[:-1], rtol=1e-12)


@pytest.mark.parity
def test_step_decay_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    theirs = rates(torch, lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=10, gamma=0.3))
    np.testing.assert_allclose([factor(StepDecay(0.3, 0.25), step / 40) for step in range(40)], theirs, rtol=1e-12)


def rates(torch: Any, schedule: Any) -> list[float]:
    """The rates of 40 steps in PyTorch, beginning at 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    steps, found = schedule(optimizer), []
    for _ in range(40):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        steps.step()
    return found


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: StepDecay(0.0), r"decay: expected a number above 0, got 0.0"),
        (lambda: StepDecay(every=1.5), r"every: expected a number in \(0, 1\], got 1.5"),
        (lambda: Cosine(-0.1), r"final: expected a number in \[0, 1\], got -0.1"),
        (lambda: WarmUp(1.0), r"share: expected a number in \(0, 1\), got 1.0"),
    ],
)
def test_numbers_out_of_range_are_refused(build: Any, message: str) -> None:
    with pytest.raises(SetupError, match=message):
        build()

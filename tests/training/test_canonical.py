"""Setups of several structures as one program, member by member against each of them trained alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedbed.data import Dataset, load
from seedbed.network import L1, L2, Chain, CrossEntropy, Dropout, Layer, Linear, Network, ReLU, Repeat, Tanh
from seedbed.network.alignment import own_params
from seedbed.network.padding import Padded
from seedbed.training import SGD, Adam, AdamW, RMSProp, Setup
from seedbed.training.canonical import canonical
from seedbed.training.cohorts import bind
from seedbed.training.layout import LANES, STACKED, WIDE
from seedbed.training.plan import Plan
from seedbed.training.trainer import Training
from seedbed.training.update import remember, update
from tests.training.populations import CLASSES, CLASSIFY, QUANTITIES, REGRESS, One, assert_close, trained

RNG = np.random.default_rng(3)
PICTURES = RNG.normal(size=(60, 6, 6, 1))
IMAGES: Dataset = load((PICTURES, (PICTURES[:, 2, 2, 0] > 0).astype(int)), name="images")
SHORT = CLASSIFY.replace(epochs=4)
ADAM = SHORT.replace(optimizer=Adam(0.01, weight_decay=0.1, clip_norm=0.5), penalty=L2(0.01))
Given = str | list[Layer] | Setup


def setups_of(given: Sequence[Given], base: Setup = SHORT) -> list[Setup]:
    networks = [Network.parse(one) if isinstance(one, str) else one for one in given]
    nets = [Network(one) if isinstance(one, list) else one for one in networks]
    return [one if isinstance(one, Setup) else base.replace(network=one) for one in nets]


def together(setups: Sequence[Setup], data: Dataset = CLASSES, layout: str = STACKED) -> list[One]:
    """What comes of the setups in one program, each with the weights of its own network."""
    bound = [bind(setup, data) for setup in setups]
    forms = canonical(bound, data.shape)
    assert forms is not None
    training = Training(forms, list(range(len(forms))), data, plans=[Plan(1, len(forms), layout)])
    [whole] = training.run()
    members = []
    for i, (setup, form) in enumerate(zip(bound, forms, strict=True)):
        params = jax.tree.map(lambda a, i=i: a[i], whole.params)
        assert all(np.isfinite(a).all() for a in jax.tree.leaves(params)) or whole.outcomes[i] == "diverged"
        own = own_params(form.network, params, setup.network) if isinstance(form.network, Padded) else params
        members.append(One(whole.history[i], jax.tree.leaves(own), int(whole.best_epoch[i]), whole.outcomes[i]))
    return members


def assert_alone(
    setups: Sequence[Setup], only: Sequence[int] | None = None, data: Dataset = CLASSES, layout: str = STACKED
) -> None:
    """Each member, or some of them, is what it is alone."""
    members = together(setups, data, layout)
    for i in range(len(setups)) if only is None else only:
        [alone] = trained([setups[i]], [i], data, plan=Plan(1, 1, STACKED))
        # A bias in front of a batch norm has no slope but rounding, and stays at 1e-17.
        ours, theirs = (
            one._replace(params=[np.where(np.abs(a) < 1e-12, 0, a) for a in one.params]) for one in (members[i], alone)
        )
        assert_close(ours, theirs, 1e-9)


def test_members_of_all_kinds_learn_as_alone() -> None:
    sgd = lambda *rest, **numbers: SGD(0.1, *rest, **numbers)  # noqa: E731
    given = [
        ("linear 6, relu, dropout 0.2, linear 5, tanh, linear out", sgd(momentum=0.9), None),
        ("linear 3, sigmoid, dropout 0.5, linear out", sgd(clip_norm=0.3), L2(0.1)),
        ("linear 8, softplus, dropout 0.5, linear 4, relu, linear out", sgd(weight_decay=0.2), None),
        ([Linear(4), ReLU(), Dropout(0.2), Repeat(Chain([Linear(4), Tanh()]), 1), Linear("out")], SGD(1e9), L2(0.0)),
    ]
    setups = [setups_of([one])[0].replace(optimizer=o, penalty=p) for one, o, p in given]
    assert_alone(setups, only=[1])  # beside one that diverges


SLOW: dict[str, tuple[Setup, list[Given], Dataset]] = {
    "adam, decay, clipping, penalty": (
        ADAM,
        [
            "linear 6, relu, linear 5, tanh, linear out",
            "linear 3, softplus, linear 8, sigmoid, linear out",
            "linear 8, prelu, linear out",
        ],
        CLASSES,
    ),
    "norms": (
        SHORT,
        [
            "linear 6, batchnorm, relu, linear 5, layernorm, tanh, linear out",
            "linear 3, batchnorm, sigmoid, linear 7, layernorm, tanh, linear out",
            "linear 8, batchnorm, relu, linear 4, layernorm, relu, linear out",
        ],
        CLASSES,
    ),
    "blocks": (
        ADAM.replace(penalty=L1(0.01)),
        [
            [Linear(6), ReLU(), Linear(6), ReLU(), Dropout(0.3), Linear(6), ReLU(), Dropout(0.3), Linear("out")],
            [Linear(4), ReLU(), Repeat(Chain([Linear(4), Tanh(), Dropout(0.3)]), 2), Linear("out")],
            [Chain([Linear(5), ReLU()]), Linear(3), ReLU(), Dropout(0.3), Chain([Linear(2), ReLU()]), Linear("out")],
        ],
        CLASSES,
    ),
    "in front of flatten": (
        SHORT,
        [
            "conv 4 3, relu, maxpool 2, flatten, dropout 0.3, linear 6, relu, linear out",
            "conv 3 3, sigmoid, maxpool 2, flatten, dropout 0.1, linear 4, relu, linear out",
        ],
        IMAGES,
    ),
    "in front of pooling": (
        SHORT,
        [
            "conv 4 3, batchnorm, relu, avgpool 2, conv 5 3, sigmoid, global_avgpool, linear out",
            "conv 3 3, batchnorm, relu, avgpool 2, conv 2 3, relu, global_avgpool, linear out",
        ],
        IMAGES,
    ),
    "regression": (
        REGRESS.replace(optimizer=RMSProp(0.01, momentum=0.5), epochs=4),
        ["linear 6, elu, linear out", "linear 3, gelu, linear out", "linear 4, leaky_relu 0.2, linear out"],
        QUANTITIES,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", SLOW)
def test_members_learn_as_alone(case: str) -> None:
    base, given, data = SLOW[case]
    assert_alone(setups_of(given, base), data=data)


@pytest.mark.slow
@pytest.mark.parametrize("layout", [LANES, WIDE])
def test_every_layout_pads(layout: str) -> None:
    given: list[Given] = [
        "linear 6, relu, dropout 0.2, linear 5, tanh, linear out",
        [Linear(3), Chain([Tanh(), Dropout(0.5), Linear(7), Tanh()]), Linear("out")],
        "linear 8, softplus, linear out",
    ]
    assert_alone(setups_of(given), layout=layout)


KINDS = ("relu", "tanh", "sigmoid", "softplus", "prelu", "elu", "silu")
HIDDEN = st.tuples(st.integers(2, 7), st.sampled_from(KINDS), st.sampled_from(["", "dropout 0.3, "]))


@pytest.mark.slow
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(HIDDEN, min_size=1, max_size=3), min_size=2, max_size=3), st.booleans())
def test_any_networks_in_one_program_learn_as_alone(networks: Any, with_adam: bool) -> None:
    lines = ["".join(f"linear {n}, {kind}, {drop}" for n, kind, drop in hidden) + "linear out" for hidden in networks]
    setups = setups_of(lines, ADAM if with_adam else SHORT)
    if canonical([bind(setup, CLASSES) for setup in setups], CLASSES.shape) is not None:
        assert_alone(setups)


def test_numbers_that_fill_a_place_change_nothing() -> None:
    """To the bit; also where the norm of a gradient overflows."""
    params = ({"weight": RNG.normal(size=(1, 3, 2)).astype(np.float32)},)
    axes = ({"weight": 0},)

    def after(optimizer: Any, scale: float) -> Any:
        grads = jax.tree.map(lambda a: np.float32(scale) * a, params)
        numbers = jax.tree.map(lambda number: np.full(1, number, np.float32), optimizer)

        @jax.jit
        def steps(numbers: Any, params: Any, grads: Any) -> Any:
            here, memory = params, remember(numbers, params)
            for count in range(2):
                here, memory = update(
                    numbers, grads, memory, here, axes, count=jnp.int32(count), progress=jnp.float32(0.0)
                )
            return here

        return jax.tree.leaves(steps(numbers, params, grads))

    for plain, filled in (
        (SGD(0.1), SGD(0.1, momentum=0.0, weight_decay=0.0, clip_norm=math.inf)),
        (RMSProp(0.1), RMSProp(0.1, momentum=0.0, weight_decay=0.0, clip_norm=math.inf)),
    ):
        for scale in (1.0, 1e25):
            np.testing.assert_array_equal(after(filled, scale), after(plain, scale))


def form(*setups: Setup) -> list[Setup] | None:
    return canonical([bind(setup, CLASSES) for setup in setups], CLASSES.shape)


def test_what_all_have_stays_as_it_is() -> None:
    one, other = CLASSIFY, CLASSIFY.replace(optimizer=SGD(0.5, momentum=0.1))
    assert form(one, other) == [bind(one, CLASSES), bind(other, CLASSES)]


def test_numbers_and_penalties_are_filled_where_others_have_them() -> None:
    forms = form(
        CLASSIFY.replace(optimizer=SGD(0.1)), CLASSIFY.replace(optimizer=SGD(0.1, clip_norm=2.0), penalty=L1(0.5))
    )
    assert forms is not None
    assert forms[0].optimizer == SGD(0.1, clip_norm=math.inf)
    assert forms[0].penalty == L1(0.0)
    assert forms[1].optimizer.weight_decay is None


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 8},
        {"optimizer": AdamW(0.1)},
        {"optimizer": SGD(0.1, momentum=0.9, nesterov=True)},
        {"precision": "float32"},
        {"penalty": L2(0.1)},
        {"preprocessing": ()},
        {"class_weight": "balanced"},
        {"loss": CrossEntropy(label_smoothing=0.1)},
    ],
    ids=str,
)
def test_other_structure_is_another_program(changes: dict[str, Any]) -> None:
    base = CLASSIFY.replace(penalty=L1(0.1))
    forms = form(base, base.replace(network=Network.parse("linear 3, relu, linear out"), **changes))
    assert forms is None

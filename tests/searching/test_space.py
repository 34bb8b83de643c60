"""Spaces as dimensions: what there is, where it depends on what, and setups at points."""

import pytest

from seedbed.core.distributions import Choice, choice, integers, log_uniform, uniform
from seedbed.core.draw import draw
from seedbed.core.errors import SetupError, UsageError
from seedbed.network import CrossEntropy, Dropout, Linear, Network
from seedbed.searching.space import Dimension, Space
from seedbed.training import SGD, Setup
from tests.searching.spaces import nested, shared


@pytest.fixture(scope="module")
def space() -> Space:
    return Space(nested())


def test_dimensions_name_what_differs_and_what_it_depends_on(space: Space) -> None:
    found = {d.name: d.needs for d in space.dimensions}
    assert found == {
        "units": (),
        "activation": (),
        "second": (),
        "network.layers[2].layers[0].units": (("second", "linear, activation, dropout"),),
        "network.layers[2].layers[2].rate": (("second", "linear, activation, dropout"),),
        "optimizer": (),
        "optimizer.lr": (("optimizer", "sgd"),),
        "optimizer.momentum": (("optimizer", "sgd"),),
        "optimizer.lr (adam)": (("optimizer", "adam"),),
        "batch_size": (),
    }
    assert space["activation"].labels == ("relu", "tanh")
    assert space["batch_size"].labels == (128, 256)


def test_a_trial_is_the_member_of_its_number(space: Space) -> None:
    for number in range(24):
        point = space.sampled(seed=5, number=number)
        assert space.setup_at(point) == draw(space.setup, seed=5, number=number)
        for d in space.dimensions:  # a dimension is there exactly where its option is
            assert (d.name in point) == d.is_in(point)


def test_a_dimension_of_several_options_is_there_with_each_of_them() -> None:
    space = Space(shared())
    assert {d.name: d.needs for d in space.dimensions} == {
        "first": (),
        "second": (),
        "units": (("first", "linear, relu"), ("second", "linear, tanh")),  # behind both choices
        "optimizer": (),
        "optimizer.lr": (),  # all optimizers have it
        "optimizer.momentum": (("optimizer", "sgd"), ("optimizer", "rmsprop")),
    }
    for number in range(24):
        point = space.sampled(seed=5, number=number)
        assert space.setup_at(point) == draw(space.setup, seed=5, number=number)
        assert set(point) == {d.name for d in space.dimensions if d.is_in(point)}


def test_a_point_that_does_not_fit_is_refused(space: Space) -> None:
    point = space.sampled(seed=0, number=0)
    with pytest.raises(UsageError, match="units: expected a value for each dimension"):
        space.setup_at({name: value for name, value in point.items() if name != "units"})
    with pytest.raises(UsageError, match="activation: expected one of relu, tanh, got 'elu'"):
        space.setup_at(point | {"activation": "elu"})


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (uniform(2.0, 4.0), [2.0, 3.0, 3.8]),
        (log_uniform(1e-4, 1.0), [1e-4, 1e-2, 10**-0.4]),
        (integers(1, 4), [1, 3, 4]),
        (integers(1, 7, log=True), [1, 2, 6]),
        (choice("a", "b", "c"), ["a", "b", "c"]),
    ],
)
def test_places_between_0_and_1_give_the_distribution(distribution, expected) -> None:
    dimension = Dimension("x", distribution)
    for u, value in zip((0.0, 0.5, 0.9), expected, strict=True):
        assert dimension.at(u) == (value if isinstance(value, str | int) else pytest.approx(value))


def test_other_ranges_change_their_places_and_keep_the_labels(space: Space) -> None:
    changed = {"units": integers(5, 6, name="units"), "optimizer.lr (adam)": log_uniform(1e-3, 1e-2)}
    other = space.with_ranges(changed)
    assert [d.name for d in other.dimensions] == [d.name for d in space.dimensions]
    assert other["optimizer"].labels == space["optimizer"].labels
    assert other["optimizer.lr (adam)"].distribution == log_uniform(1e-3, 1e-2)
    assert other["optimizer.lr"].distribution == space["optimizer.lr"].distribution
    with pytest.raises(SetupError, match="momentum"):
        space.with_ranges({"optimizer.momentum": uniform(0.5, 1.5)})


def test_what_is_no_space_is_refused() -> None:
    network = Network([Linear("out")])
    with pytest.raises(UsageError, match="expected a space, a setup with a distribution in it"):
        Space(Setup(network, CrossEntropy(), SGD(0.1)))
    one = Setup(network, CrossEntropy(), SGD(Choice((0.1,))))
    with pytest.raises(UsageError, match=r"optimizer.lr: expected a choice of two options at least, got 0.1 alone"):
        Space(one)
    layers = [Dropout(uniform(0.0, 0.5, name="rate")), Dropout(uniform(0.0, 0.3, name="rate")), Linear("out")]
    with pytest.raises(UsageError, match=r"rate: expected uniform\(0.0, 0.5, name='rate'\) at all places"):
        Space(Setup(Network(layers), CrossEntropy(), SGD(0.1)))

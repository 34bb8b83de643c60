"""Spaces that several tests search."""

from seedbed.core.distributions import choice, integers, log_uniform, uniform
from seedbed.network import Chain, CrossEntropy, Dropout, Identity, Linear, Network, ReLU, Tanh
from seedbed.training import SGD, Adam, RMSProp, Setup


def nested() -> Setup:
    """Shared draws, options that hold distributions, and the same place in two options with other ranges."""
    activation = choice(ReLU(), Tanh(), name="activation")
    second = choice(Identity(), Chain([Linear(integers(4, 8)), activation, Dropout(uniform(0.0, 0.5))]), name="second")
    layers = [Linear(integers(4, 8, name="units")), activation, second, Linear("out")]
    sgd = SGD(log_uniform(1e-3, 1.0), momentum=uniform(0.0, 0.99))
    return Setup(
        Network(layers),
        CrossEntropy(),
        choice(sgd, Adam(log_uniform(1e-4, 1e-1))),
        batch_size=choice(128, 256),
        epochs=4,
    )


def shared() -> Setup:
    """Places in several options that are one dimension: by their name, or because they are the same place and range."""
    units, lr, momentum = integers(2, 3, name="units"), log_uniform(1e-3, 1.0), uniform(0.0, 0.9)
    first = choice(Identity(), Chain([Linear(units), ReLU()]), name="first")
    second = choice(Identity(), Chain([Linear(units), Tanh()]), name="second")
    optimizer = choice(SGD(lr, momentum=momentum), RMSProp(lr, momentum=momentum), Adam(lr))
    return Setup(Network([first, second, Linear("out")]), CrossEntropy(), optimizer, batch_size=128, epochs=4)


def small(epochs: int = 4) -> Setup:
    """Two numbers and a width: one program, quick to train."""
    layers = [Linear(integers(4, 8)), ReLU(), Linear("out")]
    optimizer = SGD(log_uniform(1e-3, 1.0), momentum=uniform(0.0, 0.9))
    return Setup(Network(layers), CrossEntropy(), optimizer, batch_size=128, epochs=epochs)

"""Layers, initialisers, losses and penalties, and the network as a value. One line here registers one family."""

from seedbed.network.activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    Identity,
    LeakyReLU,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Step,
    Tanh,
)
from seedbed.network.containers import Chain, Parallel, Repeat, Residual
from seedbed.network.convolution import Conv1d, Conv2d
from seedbed.network.dropout import Dropout
from seedbed.network.embedding import Embedding
from seedbed.network.flatten import Flatten
from seedbed.network.initializers import (
    Constant,
    HeNormal,
    HeUniform,
    Initializer,
    LeCunNormal,
    LeCunUniform,
    Normal,
    Orthogonal,
    RandomUniform,
    XavierNormal,
    XavierUniform,
    Zeros,
)
from seedbed.network.layer import Layer
from seedbed.network.linear import Linear
from seedbed.network.losses import BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanSquaredError, QuadraticCost
from seedbed.network.network import Network
from seedbed.network.norms import BatchNorm, GroupNorm, LayerNorm
from seedbed.network.penalties import L1, L2, Penalty
from seedbed.network.pooling import AvgPool, GlobalAvgPool, MaxPool
from seedbed.network.reshape import Reshape
from seedbed.network.summary import Summary
from seedbed.network.trace import LayerTrace, Trace

__all__ = [
    "ELU",
    "GELU",
    "L1",
    "L2",
    "SELU",
    "Activation",
    "AvgPool",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Chain",
    "Constant",
    "Conv1d",
    "Conv2d",
    "CrossEntropy",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAvgPool",
    "GroupNorm",
    "HeNormal",
    "HeUniform",
    "Huber",
    "Identity",
    "Initializer",
    "Layer",
    "LayerNorm",
    "LayerTrace",
    "LeCunNormal",
    "LeCunUniform",
    "LeakyReLU",
    "Linear",
    "Loss",
    "MaxPool",
    "MeanSquaredError",
    "Network",
    "Normal",
    "Orthogonal",
    "PReLU",
    "Parallel",
    "Penalty",
    "QuadraticCost",
    "RandomUniform",
    "ReLU",
    "Repeat",
    "Reshape",
    "Residual",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Step",
    "Summary",
    "Tanh",
    "Trace",
    "XavierNormal",
    "XavierUniform",
    "Zeros",
]

"""Seedbed trains neural networks in whole populations, and shows why they learn or do not.

import seedbed as sb

data = sb.data.load("digits")
run = sb.train(sb.propose(data), data, members=32)
run.best.predict(rows)
run.report("report.html")
"""

from importlib.metadata import PackageNotFoundError as _PackageNotFoundError
from importlib.metadata import version as _version

from seedbed import data, training
from seedbed.core import fields
from seedbed.core.distributions import choice, integers, log_uniform, uniform
from seedbed.core.draw import draw
from seedbed.core.errors import (
    BackendError,
    DataError,
    RunError,
    SeedbedError,
    SetupError,
    ShapeError,
    TrainingError,
    UsageError,
)
from seedbed.core.value import Value, diff, same
from seedbed.data import (
    PCA,
    Center,
    Log,
    MinMax,
    PiecewiseLinear,
    Quantile,
    Robust,
    Standardize,
    StandardizeTarget,
    Whiten,
)
from seedbed.network import (
    ELU,
    GELU,
    L1,
    L2,
    SELU,
    BinaryCrossEntropy,
    Constant,
    CrossEntropy,
    Dropout,
    Flatten,
    HeNormal,
    HeUniform,
    Huber,
    Identity,
    Initializer,
    Layer,
    LeakyReLU,
    LeCunNormal,
    LeCunUniform,
    Linear,
    Loss,
    MeanSquaredError,
    Network,
    Normal,
    Orthogonal,
    Penalty,
    PReLU,
    QuadraticCost,
    RandomUniform,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Step,
    Tanh,
    XavierNormal,
    XavierUniform,
    Zeros,
)
from seedbed.recipe import Ensemble, Member, Run, compare, environment, load_run, propose, train
from seedbed.training import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    ConstantRate,
    Cosine,
    Optimizer,
    RMSProp,
    Schedule,
    Setup,
    StepDecay,
    WarmUp,
)

try:
    __version__ = _version("seedbed")
except _PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"

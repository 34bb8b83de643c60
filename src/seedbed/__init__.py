"""Seedbed trains neural networks in whole populations, and shows why they learn or do not.

import seedbed as sb

data = sb.data.load("digits")
run = sb.train(sb.propose(data), data, members=32)
run.best.predict(rows)
run.report("report.html")
"""

from typing import TYPE_CHECKING

from seedbed.core.lazy import lazily

if TYPE_CHECKING:
    from seedbed import calculus, data, interop, training
    from seedbed.calculus.derivatives import derivative, gradient, hessian, jacobian
    from seedbed.calculus.expressions.shapes import shape_of
    from seedbed.calculus.linear import is_linear
    from seedbed.calculus.linearization import linearize
    from seedbed.calculus.matrix import Jacobian
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
    from seedbed.core.version import __version__
    from seedbed.data import (
        PCA,
        Center,
        Divide,
        Log,
        MinMax,
        PiecewiseLinear,
        Quantile,
        Robust,
        Standardize,
        StandardizeTarget,
        Whiten,
    )
    from seedbed.interop.classifier import SeedbedClassifier
    from seedbed.interop.perceptron import SeedbedPerceptron
    from seedbed.interop.regressor import SeedbedRegressor
    from seedbed.network import (
        ELU,
        GELU,
        L1,
        L2,
        SELU,
        AvgPool,
        BatchNorm,
        BinaryCrossEntropy,
        Chain,
        Constant,
        Conv1d,
        Conv2d,
        CrossEntropy,
        Dropout,
        Embedding,
        Flatten,
        GlobalAvgPool,
        GroupNorm,
        HeNormal,
        HeUniform,
        Huber,
        Identity,
        Initializer,
        Layer,
        LayerNorm,
        LeakyReLU,
        LeCunNormal,
        LeCunUniform,
        Linear,
        Loss,
        MaxPool,
        MeanSquaredError,
        Network,
        Normal,
        Orthogonal,
        Parallel,
        Penalty,
        PReLU,
        QuadraticCost,
        RandomUniform,
        ReLU,
        Repeat,
        Reshape,
        Residual,
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
    from seedbed.network.isometry import isometry
    from seedbed.network.nudge import nudge
    from seedbed.network.separation import separate
    from seedbed.recipe.check import Checks, check
    from seedbed.recipe.compare import compare
    from seedbed.recipe.diagnose import Diagnosis, diagnose
    from seedbed.recipe.environment import environment
    from seedbed.recipe.explaining.explain import explain
    from seedbed.recipe.folder import load_run
    from seedbed.recipe.lr_range import Range, lr_range
    from seedbed.recipe.member import Ensemble, Member
    from seedbed.recipe.predict import predict
    from seedbed.recipe.predictor import Predictor, load_predictor
    from seedbed.recipe.propose import propose
    from seedbed.recipe.resume import resume
    from seedbed.recipe.run import Run
    from seedbed.recipe.searching.outlook import Outlook, outlook
    from seedbed.recipe.searching.search import search
    from seedbed.recipe.searching.space import propose_space
    from seedbed.recipe.searching.study import Study, load_study
    from seedbed.recipe.train import train
    from seedbed.recipe.treating.treat import treat
    from seedbed.recipe.treating.treatment import Treatment
    from seedbed.training import (
        SGD,
        Adagrad,
        Adam,
        AdamW,
        Augmentation,
        ConstantRate,
        Cosine,
        Crop,
        Flip,
        Noise,
        Optimizer,
        RMSProp,
        Schedule,
        Setup,
        Shift,
        StepDecay,
        WarmUp,
    )
    from seedbed.watching.checks.check import Check
    from seedbed.watching.finding import Finding
    from seedbed.watching.signals import Watch
else:
    __getattr__, __dir__ = lazily(__name__)

__all__ = [
    "ELU",
    "GELU",
    "L1",
    "L2",
    "PCA",
    "SELU",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Augmentation",
    "AvgPool",
    "BackendError",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Center",
    "Chain",
    "Check",
    "Checks",
    "Constant",
    "ConstantRate",
    "Conv1d",
    "Conv2d",
    "Cosine",
    "Crop",
    "CrossEntropy",
    "DataError",
    "Diagnosis",
    "Divide",
    "Dropout",
    "Embedding",
    "Ensemble",
    "Finding",
    "Flatten",
    "Flip",
    "GlobalAvgPool",
    "GroupNorm",
    "HeNormal",
    "HeUniform",
    "Huber",
    "Identity",
    "Initializer",
    "Jacobian",
    "Layer",
    "LayerNorm",
    "LeCunNormal",
    "LeCunUniform",
    "LeakyReLU",
    "Linear",
    "Log",
    "Loss",
    "MaxPool",
    "MeanSquaredError",
    "Member",
    "MinMax",
    "Network",
    "Noise",
    "Normal",
    "Optimizer",
    "Orthogonal",
    "Outlook",
    "PReLU",
    "Parallel",
    "Penalty",
    "PiecewiseLinear",
    "Predictor",
    "QuadraticCost",
    "Quantile",
    "RMSProp",
    "RandomUniform",
    "Range",
    "ReLU",
    "Repeat",
    "Reshape",
    "Residual",
    "Robust",
    "Run",
    "RunError",
    "Schedule",
    "SeedbedClassifier",
    "SeedbedError",
    "SeedbedPerceptron",
    "SeedbedRegressor",
    "Setup",
    "SetupError",
    "ShapeError",
    "Shift",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Standardize",
    "StandardizeTarget",
    "Step",
    "StepDecay",
    "Study",
    "Tanh",
    "TrainingError",
    "Treatment",
    "UsageError",
    "Value",
    "WarmUp",
    "Watch",
    "Whiten",
    "XavierNormal",
    "XavierUniform",
    "Zeros",
    "calculus",
    "check",
    "choice",
    "compare",
    "data",
    "derivative",
    "diagnose",
    "diff",
    "draw",
    "environment",
    "explain",
    "fields",
    "gradient",
    "hessian",
    "integers",
    "interop",
    "is_linear",
    "isometry",
    "jacobian",
    "linearize",
    "load_predictor",
    "load_run",
    "load_study",
    "log_uniform",
    "lr_range",
    "nudge",
    "outlook",
    "predict",
    "propose",
    "propose_space",
    "resume",
    "same",
    "search",
    "separate",
    "shape_of",
    "train",
    "training",
    "treat",
    "uniform",
]

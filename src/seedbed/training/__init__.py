"""Training: the setup, optimizers, and the engine that trains a population of networks as one compiled program."""

from seedbed.training.augmentation import Augmentation, Crop, Flip, Noise, Shift
from seedbed.training.optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSProp
from seedbed.training.schedules import ConstantRate, Cosine, Schedule, StepDecay, WarmUp
from seedbed.training.setup import Setup

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Augmentation",
    "ConstantRate",
    "Cosine",
    "Crop",
    "Flip",
    "Noise",
    "Optimizer",
    "RMSProp",
    "Schedule",
    "Setup",
    "Shift",
    "StepDecay",
    "WarmUp",
]

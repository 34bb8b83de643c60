"""All steps of preprocessing: a kind that is imported here can be named in texts."""

from seedbed.data.bending import Log, Quantile, Robust
from seedbed.data.embedding import PiecewiseLinear
from seedbed.data.preprocessing import Center, Divide, MinMax, Preprocessing, Standardize, StandardizeTarget
from seedbed.data.projection import PCA, Whiten

__all__ = [
    "PCA",
    "Center",
    "Divide",
    "Log",
    "MinMax",
    "PiecewiseLinear",
    "Preprocessing",
    "Quantile",
    "Robust",
    "Standardize",
    "StandardizeTarget",
    "Whiten",
]

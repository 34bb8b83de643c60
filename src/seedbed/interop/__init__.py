"""Seedbed for other libraries: estimators for scikit-learn, findings for PyTorch."""

from typing import TYPE_CHECKING

from seedbed.core.lazy import lazily

if TYPE_CHECKING:
    from seedbed.interop import torch
    from seedbed.interop.classifier import SeedbedClassifier
    from seedbed.interop.perceptron import SeedbedPerceptron
    from seedbed.interop.regressor import SeedbedRegressor
else:
    __getattr__, __dir__ = lazily(__name__)

__all__ = ["SeedbedClassifier", "SeedbedPerceptron", "SeedbedRegressor", "torch"]

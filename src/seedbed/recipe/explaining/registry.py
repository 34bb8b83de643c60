"""The explanations by name. A new one is a module of this folder and a line here."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """Where an explanation is made.

    Attributes:
        theme: what it stands under in the list.
        module: the module of this folder whose `sections(name)` gives what is shown.
        related: what to read next.
    """

    theme: str
    module: str
    related: tuple[str, ...] = ()


EXPLANATIONS: dict[str, Entry] = {
    "step": Entry("activations", "activation", ("sigmoid", "relu")),
    "linear": Entry("activations", "activation", ("relu", "tanh")),
    "sigmoid": Entry("activations", "activation", ("tanh", "relu", "softmax")),
    "tanh": Entry("activations", "activation", ("sigmoid", "selu")),
    "relu": Entry("activations", "activation", ("leaky_relu", "elu", "gelu")),
    "leaky_relu": Entry("activations", "activation", ("relu", "prelu", "elu")),
    "prelu": Entry("activations", "activation", ("leaky_relu", "relu")),
    "elu": Entry("activations", "activation", ("relu", "selu")),
    "selu": Entry("activations", "activation", ("elu", "tanh")),
    "gelu": Entry("activations", "activation", ("relu", "silu")),
    "silu": Entry("activations", "activation", ("gelu", "sigmoid")),
    "softplus": Entry("activations", "activation", ("relu", "sigmoid")),
    "softmax": Entry("activations", "activation", ("naive_softmax", "sigmoid")),
    "affine": Entry("functions", "affine", ("linear", "z_score", "sum")),
    "quadratic": Entry("functions", "quadratic", ("descent", "derivative")),
    "exponential": Entry("functions", "exponential", ("softmax", "naive_softmax")),
    "normal": Entry("functions", "normal", ("z_score", "he")),
    "z_score": Entry("functions", "z_score", ("affine", "normal", "descent")),
    "sum": Entry("functions", "sums", ("affine", "angle")),
    "sequence": Entry("functions", "sequences", ("descent",)),
    "tanh_sigmoid": Entry("functions", "tanh_sigmoid", ("tanh", "sigmoid")),
    "naive_softmax": Entry("functions", "naive_softmax", ("softmax", "exponential")),
    "he": Entry("initializers", "initializer", ("xavier", "lecun", "relu")),
    "xavier": Entry("initializers", "initializer", ("he", "lecun", "tanh")),
    "lecun": Entry("initializers", "initializer", ("he", "xavier", "selu")),
    "derivative": Entry("derivatives", "derivative", ("gradient", "quadratic")),
    "gradient": Entry("derivatives", "gradient", ("descent", "angle", "derivative")),
    "jacobian": Entry("derivatives", "jacobians", ("gradient", "matmul", "softmax")),
    "recurrence": Entry("derivatives", "recurrence", ("sequence", "matmul", "sigmoid")),
    "descent": Entry("derivatives", "descent", ("gradient", "z_score", "sequence")),
    "perceptron": Entry("neurons", "perceptron", ("step", "nudge", "sigmoid")),
    "nudge": Entry("neurons", "nudge", ("perceptron", "sigmoid", "derivative")),
    "isometry": Entry("neurons", "isometry", ("xavier", "he", "sigmoid")),
    "angle": Entry("linear_algebra", "angle", ("gradient", "sum")),
    "matmul": Entry("linear_algebra", "matmul", ("angle", "linear", "jacobian")),
}
ALIASES = {
    "logistic": "sigmoid", "identity": "linear", "heaviside": "step", "swish": "silu", "gaussian": "normal",
    "exp": "exponential", "standardize": "z_score", "glorot": "xavier", "kaiming": "he", "parabola": "quadratic",
    "cosine": "angle", "cauchy_schwarz": "angle", "gradient_descent": "descent", "sigma": "sum",
    "product": "matmul", "backpropagation": "recurrence", "backprop": "recurrence", "contour": "descent",
    "xor": "perceptron", "sigmoid_neuron": "nudge", "dynamical_isometry": "isometry",
}  # fmt: skip

"""PyTorch's modules, losses and optimizers as values of ours, so that the rules of the findings can read them.

It knows them by the names of their classes, and needs no PyTorch itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jaxtyping import Array, Float, Key

from seedbed.core.errors import ShapeError, UsageError, one_of
from seedbed.core.fields import weights
from seedbed.network import activations as on
from seedbed.network.convolution import Conv1d, Conv2d
from seedbed.network.dropout import Dropout
from seedbed.network.flatten import Flatten
from seedbed.network.initializers import Constant, Initializer, Normal, Zeros
from seedbed.network.layer import Layer, Params, Shape
from seedbed.network.linear import Linear
from seedbed.network.losses import BinaryCrossEntropy, CrossEntropy, Huber, Loss, MeanSquaredError
from seedbed.network.norms import BatchNorm, GroupNorm, LayerNorm
from seedbed.network.penalties import L2, Penalty
from seedbed.network.pooling import AvgPool, MaxPool
from seedbed.training.optimizers import SGD, Adagrad, Adam, AdamW, Optimizer, RMSProp

Module = Any  # of PyTorch, as are tensors and optimizers below
MOST_DROPPED = 1 - 2.0**-16


class Passed(Layer):
    """Something without weights that the rules know nothing of, but what comes out."""

    sizes: Any = weights(doc="the shape of an example behind it")

    def out_shape(self, in_shape: Shape) -> Shape:
        return tuple(int(size) for size in self.sizes)

    def apply(
        self, params: Params, x: Float[Array, "batch *in"], *, training: bool = False, key: Key[Array, ""] | None = None
    ) -> Float[Array, " batch *out"]:
        raise NotImplementedError


def initializer(weight: Any) -> Initializer:
    """How weights seem to have begun: all alike, or as spread as these are."""
    w = weight.detach().double()
    low, high = float(w.min()), float(w.max())
    if low == high:
        return Zeros() if low == 0 else Constant(low)
    return Normal(float((w * w).mean().sqrt()))


def _bias(module: Module) -> Initializer | None:
    return None if module.bias is None else initializer(module.bias)


def _convolution(kind: type[Layer]) -> Callable[[Module], Layer]:
    def of(m: Module) -> Layer:
        plain = (lambda s: s) if kind is Conv2d else (lambda s: s if isinstance(s, str) else s[0])
        return kind(  # type: ignore[call-arg]
            m.out_channels, plain(m.kernel_size), stride=plain(m.stride), padding=plain(m.padding),
            dilation=plain(m.dilation), groups=m.groups, weight=initializer(m.weight), bias=_bias(m),
        )  # fmt: skip

    return of


def _norm(kind: type[Layer]) -> Callable[[Module], Layer]:
    return lambda m: kind(eps=m.eps)  # type: ignore[call-arg]


WEIGHTED: dict[str, Callable[[Module], Layer]] = {
    "Linear": lambda m: Linear(m.out_features, weight=initializer(m.weight), bias=_bias(m)),
    "Conv1d": _convolution(Conv1d),
    "Conv2d": _convolution(Conv2d),
}
OTHERS: dict[str, Callable[[Module], Layer]] = {
    "BatchNorm1d": _norm(BatchNorm),
    "BatchNorm2d": _norm(BatchNorm),
    "LayerNorm": _norm(LayerNorm),
    "GroupNorm": lambda m: GroupNorm(m.num_groups, eps=m.eps),
    "PReLU": lambda m: on.PReLU(float(m.weight.detach().mean())),
    "Identity": lambda m: on.Identity(),
    "ReLU": lambda m: on.ReLU(),
    "LeakyReLU": lambda m: on.LeakyReLU(m.negative_slope),
    "ELU": lambda m: on.ELU(m.alpha),
    "SELU": lambda m: on.SELU(),
    "GELU": lambda m: on.GELU(),
    "SiLU": lambda m: on.SiLU(),
    "Softplus": lambda m: on.Softplus(),
    "Tanh": lambda m: on.Tanh(),
    "Sigmoid": lambda m: on.Sigmoid(),
    "Softmax": lambda m: on.Softmax(),
    "Flatten": lambda m: Flatten(),
    "Dropout": lambda m: Dropout(min(m.p, MOST_DROPPED)),
    "Dropout1d": lambda m: Dropout(min(m.p, MOST_DROPPED)),
    "Dropout2d": lambda m: Dropout(min(m.p, MOST_DROPPED)),
    "AlphaDropout": lambda m: Dropout(min(m.p, MOST_DROPPED)),
    "MaxPool2d": lambda m: MaxPool(m.kernel_size, stride=m.stride, padding=m.padding),
    "AvgPool2d": lambda m: AvgPool(m.kernel_size, stride=m.stride, padding=m.padding),
}
FUNCTIONS: dict[str, Callable[[Any], Layer]] = {  # by the name of the step backward
    "ReluBackward0": lambda f: on.ReLU(),
    "LeakyReluBackward0": lambda f: on.LeakyReLU(f._saved_negative_slope),
    "EluBackward0": lambda f: on.ELU(f._saved_alpha) if f._saved_scale == 1 else on.SELU(),
    "GeluBackward0": lambda f: on.GELU(),
    "SiluBackward0": lambda f: on.SiLU(),
    "SoftplusBackward0": lambda f: on.Softplus(),
    "TanhBackward0": lambda f: on.Tanh(),
    "SigmoidBackward0": lambda f: on.Sigmoid(),
    "SoftmaxBackward0": lambda f: on.Softmax(),
    "ViewBackward0": lambda f: Flatten(),
    "UnsafeViewBackward0": lambda f: Flatten(),
    "CloneBackward0": lambda f: on.Identity(),
}
LOSSES: dict[str, Callable[[Module], Loss]] = {
    "CrossEntropyLoss": lambda m: CrossEntropy(m.label_smoothing or None),
    "BCEWithLogitsLoss": lambda m: BinaryCrossEntropy(),
    "MSELoss": lambda m: MeanSquaredError(),
    "HuberLoss": lambda m: Huber(m.delta),
}


def class_of(thing: Any, among: dict[str, Any]) -> str | None:
    """The name in a table of the class of PyTorch that a thing is of; None: there is none."""
    names = (c.__name__ for c in type(thing).__mro__ if c.__module__.split(".")[0] == "torch")
    return next((name for name in names if name in among), None)


def leaves(model: Module) -> list[tuple[str, Module]]:
    """The modules that do the work, each once, with their places in the model.

    Raises:
        UsageError: some hold weights and are of a kind that is not known; it names them all.
    """
    found = {id(m): (name, m) for name, m in reversed(list(_leaves("", model)))}
    there = list(reversed(found.values()))
    unknown = [f"{name or 'the model'} ({type(m).__name__})" for name, m in there if _is_unknown(m)]
    if unknown:
        known = ", ".join([*WEIGHTED, "BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm", "PReLU"])
        hint = "watch the part of the model that is made of the others: watch(model.head, optimizer)"
        raise UsageError(f"watch: expected weights in modules of {known} alone, got {', '.join(unknown)}", hint)
    return there


def _leaves(name: str, module: Module) -> Iterator[tuple[str, Module]]:
    children = list(module.named_children())
    is_own = class_of(module, WEIGHTED) or class_of(module, OTHERS) or next(module.parameters(recurse=False), None)
    if is_own is not None or not children:
        yield name, module
        return
    for child, inner in children:
        yield from _leaves(f"{name}.{child}" if name else child, inner)


def _is_unknown(module: Module) -> bool:
    if class_of(module, WEIGHTED):
        return module._parameters.get("weight") is None  # not learned itself: parametrised, or without a size
    return not class_of(module, OTHERS) and next(module.parameters(), None) is not None


def layer_of(name: str, module: Module, before: Shape, after: Shape) -> Layer:
    """The layer that a module is, for examples of the shapes before and behind it, channels last.

    Raises:
        UsageError: it has weights, and no layer of ours makes that shape of that one.
    """
    if kind := class_of(module, WEIGHTED):
        layer = WEIGHTED[kind](module)
        if not _fits(layer, before, after):
            there = " → ".join(str((*shape[-1:], *shape[:-1])) for shape in (before, after))  # as PyTorch has it
            came = f"examples {there} in {name or 'the model'} ({kind})"
            raise UsageError(f"watch: expected a layer that reads vectors or images as Seedbed's, got {came}")
        return layer
    kind = class_of(module, OTHERS)
    known = OTHERS[kind] if kind else None
    return _or_passed(known(module) if known and not getattr(module, "ceil_mode", False) else None, before, after)


def function_of(step: Any, before: Shape, after: Shape) -> Layer:
    """The layer that a function is which stands between modules, by its step backward."""
    known = FUNCTIONS.get(step.name())
    return _or_passed(known(step) if known else None, before, after)


def _or_passed(layer: Layer | None, before: Shape, after: Shape) -> Layer:
    return layer if layer is not None and _fits(layer, before, after) else Passed(after or (1,))


def _fits(layer: Layer, before: Shape, after: Shape) -> bool:
    try:
        return layer.out_shape(before) == after
    except (ShapeError, IndexError):
        return False


def loss_of(loss: Any) -> Loss:
    """The loss that a module is; a loss of ours is itself.

    Raises:
        UsageError: it is none that is known, or no mean.
    """
    if isinstance(loss, Loss):
        return loss
    kind = class_of(loss, LOSSES)
    if kind is None:
        hints = {"BCELoss": "BCEWithLogitsLoss without the sigmoid", "NLLLoss": "CrossEntropyLoss without LogSoftmax"}
        hint = hints.get(type(loss).__name__, "")
        came = type(loss).__name__ if hasattr(loss, "forward") else repr(loss)
        raise UsageError(f"watch: expected as loss {one_of(LOSSES)}, or a loss of Seedbed, got {came}", hint)
    if loss.reduction != "mean":
        raise UsageError(f"watch: expected a loss that is a mean, got {kind}(reduction={loss.reduction!r})")
    return LOSSES[kind](loss)


def class_weight_of(loss: Any) -> tuple[float, ...] | None:
    """The weights of the classes in a loss."""
    given = loss.weight if class_of(loss, LOSSES) == "CrossEntropyLoss" else None
    return None if given is None else tuple(map(float, given))


def optimizer_of(optimizer: Any) -> tuple[Optimizer, Penalty | None]:
    """The optimizer as it is now, by its first group, and the penalty that its weight decay is."""
    group = optimizer.param_groups[0]
    lr, decay = float(group["lr"]), float(group.get("weight_decay") or 0.0)
    kind = class_of(optimizer, dict.fromkeys(("AdamW", "Adam", "RMSprop", "Adagrad")))
    if kind == "AdamW":
        return AdamW(lr, *group["betas"], weight_decay=decay or None), None
    penalty = L2(decay) if decay else None
    if kind == "Adam":
        return Adam(lr, *group["betas"]), penalty
    if kind == "RMSprop":
        return RMSProp(lr, group["alpha"], group["momentum"] or None), penalty
    if kind == "Adagrad":
        return Adagrad(lr), penalty
    momentum = group.get("momentum") or None
    return SGD(lr, momentum, nesterov=bool(group.get("nesterov")) and momentum is not None), penalty

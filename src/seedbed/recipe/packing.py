"""From the ensemble of a run to the plain arrays and numbers that NumPy predicts with."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np

from seedbed.core.value import walk
from seedbed.data.fold_encoder import FoldEncoder
from seedbed.data.preprocessor import Preprocessor
from seedbed.data.scaling import APPLY
from seedbed.network.containers import Container
from seedbed.network.convolution import Convolution
from seedbed.network.layer import Layer, Shape
from seedbed.network.pooling import Pool
from seedbed.network.reshape import Reshape
from seedbed.recipe.forward import LAYERS, LOSSES
from seedbed.recipe.member import Ensemble, Member
from seedbed.recipe.packed import Layer as PlainLayer
from seedbed.recipe.packed import Packed, Plain, Step


def pack(ensemble: Ensemble) -> Packed | None:
    """The networks of an ensemble, each once; None where one has a layer, loss or step that only JAX computes.

    Nor where they read the features of different encoders, as those of several folds may.
    """
    unlike = {member.number: member for member in ensemble.members}.values()
    if not all(map(_is_plain, unlike)) or isinstance(ensemble.predictor.encoder, FoldEncoder):
        return None
    counts = Counter(member.number for member in ensemble.members)
    known: list[tuple[Step, ...]] = []
    networks = []
    for member in unlike:
        steps = _steps(member.trained.preprocessor)
        place = next((i for i, other in enumerate(known) if _same(steps, other)), len(known))
        known += [steps] if place == len(known) else []
        networks.append(_network(member, place, counts[member.number]))
    return Packed(ensemble.members[0].encoder.target.task, tuple(networks), tuple(known))


def numbers_of(layer: Layer, in_shape: Shape) -> dict[str, Any]:
    """What a layer is made with, as `forward` reads it: plain data, for examples of that shape."""
    held = {name: getattr(layer, name) for name in layer.specs}
    plain: dict[str, Any] = {name: one for name, one in held.items() if isinstance(one, int | float | str)}
    if isinstance(layer, Convolution | Pool):
        plain["window"] = asdict(layer.geometry(in_shape))
    if isinstance(layer, Reshape):
        plain["size"] = layer.size
    if isinstance(layer, Container):
        pairs = zip(layer.inside, layer.in_shapes(in_shape), strict=True)
        plain["inside"] = [[one.kind, numbers_of(one, shape)] for one, shape in pairs]
    return plain


def _is_plain(member: Member) -> bool:
    setup = member.trained.setup
    layers = all(one.kind in LAYERS for _, one in walk(setup.network) if isinstance(one, Layer))
    return layers and setup.loss.kind in LOSSES and all(step.kind in APPLY for step in setup.preprocessing)


def _steps(preprocessor: Preprocessor) -> tuple[Step, ...]:
    """The steps that have an effect, their numbers as they are stored."""
    pairs = zip(preprocessor.steps, preprocessor.fitted, strict=True)
    return tuple(Step(s.kind, s.on, {name: np.asarray(a, np.float64) for name, a in f.items()}) for s, f in pairs if f)


def _same(steps: tuple[Step, ...], others: tuple[Step, ...]) -> bool:
    return [(s.kind, s.on) for s in steps] == [(s.kind, s.on) for s in others] and all(
        s.fitted.keys() == o.fitted.keys() and all(np.array_equal(s.fitted[n], o.fitted[n]) for n in s.fitted)
        for s, o in zip(steps, others, strict=True)
    )


def _network(member: Member, steps: int, weight: int) -> Plain:
    setup, network, data_shape = member.trained.setup, member.network, member.trained.preprocessor.shape
    shapes = [network.input_shape(data_shape), *network.shapes(data_shape)]
    layers = tuple(
        PlainLayer(layer.kind, numbers_of(layer, shape), dict(params))
        for layer, shape, params in zip(network.layers, shapes[:-1], member.params, strict=True)
    )
    widest = max(_widest(layer, shape) for layer, shape in zip(network.layers, shapes[:-1], strict=True))
    return Plain(layers, setup.loss.kind, setup.storage, shapes[0], steps, weight, widest)


def _widest(layer: Layer, in_shape: Shape) -> int:
    """The most numbers that an example becomes in a layer, the patches of a convolution among them."""
    out = layer.out_shape(in_shape)
    if isinstance(layer, Container):
        inside = zip(layer.inside, layer.in_shapes(in_shape), strict=True)
        return max(math.prod(out), *(_widest(one, shape) for one, shape in inside))
    if isinstance(layer, Convolution):
        patch = math.prod(layer.geometry(in_shape).size) * in_shape[-1] // layer.groups
        return math.prod(out[:-1]) * max(patch, out[-1])
    return math.prod(out)

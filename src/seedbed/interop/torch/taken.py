"""What is taken from steps of a model of PyTorch: few operations while they run, the rest on the host, for many."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seedbed.interop.torch import signals
from seedbed.training.observe import PROBE

Tensor = Any
Found = dict[str, NDArray[np.float64]]


@dataclass(eq=False)
class Look:
    """What was seen of one step so far.

    Attributes:
        call: the arguments of the model.
        state: what a second pass of the same batch has to begin with.
        sizes: how many numbers stand behind each place; `behind`, `flat`, `samples`, `fired` are of them.
        delta: the length of the slopes at each place.
        last: what stands behind the last place, and its step backward.
        n: examples.
        flows: whether what flows is looked at; the rest but for `loss` and `output` is of that.
        compares: whether units are, and what the step brought.
        products: of the gradients of examples, (example, example), as far as they are known.
        output: of the model.
        loss: its value, the outputs as it took them, and the targets.
    """

    call: tuple[Any, Any]
    state: tuple[Any, ...]
    sizes: list[int] = field(default_factory=list)
    behind: list[Tensor] = field(default_factory=list)
    flat: dict[int, Tensor] = field(default_factory=dict)
    samples: list[Tensor] = field(default_factory=list)
    fired: list[Tensor] = field(default_factory=list)
    delta: dict[int, Tensor] = field(default_factory=dict)
    last: tuple[Tensor, Any] | None = None
    n: int = 0
    flows: bool = True
    compares: bool = True
    products: list[Tensor] = field(default_factory=list)
    output: Any = None
    loss: tuple[Tensor, Tensor, Any] | None = None

    def add(self, a: Tensor, z: Tensor, zones: signals.Zones | None) -> None:
        """One more place: what stands behind it and in front of it, channels last."""
        if zones is not None:
            self.flat[len(self.sizes)] = signals.saturated(z, zones)
        self.sizes.append(a.numel())
        self.behind += signals.behind(a)
        self.samples.append(signals.sample(a))
        self.fired.append(signals.fired(a))


@dataclass(frozen=True)
class Layout:
    """How the numbers of a look stand in a row, one kind behind the other.

    Attributes:
        n: examples.
        sizes: how many numbers stand behind each place; none of a look at units alone.
        flat, delta: the places that have such a number.
        fired: the units of each place.
        weights: the shapes of all weights, and the least number whose square is a normal one of their type.
        has_units: whether units were compared.
        paired: how many examples were held against one another.
        has_turns: whether the step before is known.
        dtype: of the loss; None where nobody knows what a step promised.
    """

    n: int
    sizes: tuple[int, ...]
    flat: tuple[int, ...]
    delta: tuple[int, ...]
    fired: tuple[int, ...]
    weights: tuple[tuple[tuple[int, ...], float], ...]
    has_units: bool
    paired: int
    has_turns: bool
    dtype: Any


Row = tuple[Layout, Tensor]
Sums = tuple[defaultdict[int, Found], defaultdict[int, Found]]  # of each epoch: the signals added up, and how many


def row_of(
    look: Look, before: Sequence[Tensor], gradients: Sequence[Tensor], steps: Sequence[Tensor],
    directions: Sequence[Tensor] | None, promise: Sequence[Tensor], previous: Sequence[Tensor],
) -> Row:  # fmt: skip
    """All that has to be known of a look, on the device where it was.

    Arguments:
        before, gradients, steps: of each place with weights.
        directions: that its units are projected on; None: units are not compared.
        promise: the loss before and behind the step, and the decrease that it promised; nothing where nobody knows.
        previous: the step before, of each place with weights; nothing where nobody kept it.
    """
    alone = [*look.behind, *look.flat.values(), *look.delta.values()]
    flat, paired = [*look.samples, *look.fired], 0
    if look.products and len(look.products[0]) > 1:
        products, paired = torch.stack(look.products).sum(0), len(look.products[0])
        alone += [products.trace(), products.sum()]
    alone += torch._foreach_norm([*before, *gradients, *steps, *previous])
    if directions is not None:
        alone += promise
        pairs = zip(previous, steps, strict=False)  # of which there may be none before
        alone += [torch.dot(signals.whole(a).reshape(-1), signals.whole(b).reshape(-1)) for a, b in pairs]
        alone += torch._foreach_norm(list(before), torch.inf)
        signs = [signals.whole(g if g.ndim == 2 else g.flatten(1)).sign() for g in gradients]
        flat += [sign.sum(1) for sign in signs]
        flat += [sign.abs_().sum(1) for sign in signs]
        flat += [signals.units_first(w) @ direction for w, direction in zip(before, directions, strict=True)]
    layout = Layout(
        look.n, tuple(look.sizes), tuple(look.flat), tuple(look.delta), tuple(map(len, look.fired)),
        tuple([(tuple(w.shape), signals.least(w)) for w in before]), directions is not None, paired,
        bool(previous), promise[0].dtype if promise else None,
    )  # fmt: skip
    return layout, torch.cat([torch.stack(alone), *flat])


class Reader:
    """Turns the rows of looks into signals.

    It remembers which units fired in batches that are too small to call the others dead, until they are many enough.

    Attributes:
        broken: the first step that was looked into and gave no numbers, and the place where that began: how many places
            there are where the outputs of all were numbers still; None where there is no such step.
    """

    def __init__(self) -> None:
        self.broken: tuple[int, int] | None = None
        self._few: tuple[list[NDArray[np.bool_]], int] | None = None

    def read(self, rows: Sequence[Row], epochs: Sequence[int], steps: Sequence[int], into: Sums) -> None:
        """Adds the signals of looks at some steps to the sums of their epochs, but for those that are no numbers."""
        groups = defaultdict(list)
        for (layout, values), epoch, step in zip(rows, epochs, steps, strict=True):
            groups[layout].append((epoch, step, values))
        for layout, group in groups.items():
            values = torch.stack([row for _, _, row in group]).double().cpu().numpy()
            found = self._of(layout, values)
            is_sound = np.isfinite(found["gradient"].sum(axis=1) + found["step"].sum(axis=1))
            of_epochs, of_steps, _ = zip(*group, strict=True)
            _add({name: a[is_sound] for name, a in found.items()}, np.asarray(of_epochs)[is_sound], into)
            if layout.sizes and not is_sound.all():
                self._note(int(np.argmin(is_sound)), of_steps, found["mean"])

    def _note(self, first: int, steps: Sequence[int], means: NDArray[np.float64]) -> None:
        """Keeps where the first look began that gave no numbers, if none came before."""
        if self.broken is None or steps[first] < self.broken[0]:
            is_sound = np.isfinite(means[first])
            self.broken = steps[first], len(is_sound) if is_sound.all() else int(np.argmin(is_sound))

    def _of(self, at: Layout, values: NDArray[np.float64]) -> Found:
        cut = _Cut(values)
        flow = _of_places(at, cut) if at.sizes else {}
        lengths = {name: cut(len(at.weights)) for name in ("weight", "gradient", "step", *["previous"] * at.has_turns)}
        roots = np.sqrt([math.prod(shape) for shape, _ in at.weights])
        found = {name: lengths[name] / roots for name in ("weight", "gradient", "step")}
        alone = _of_steps(at, cut, lengths) if at.has_units else {}
        largest = cut(len(at.weights) if at.has_units else 0)
        if at.sizes:
            found |= flow | self._of_fired(at, cut)
        return found | alone | (_of_units(at, cut, largest) if at.has_units else {})

    def _of_fired(self, at: Layout, cut: _Cut) -> Found:
        histograms = [signals.histogram(cut(signals.sample_size(size))) for size in at.sizes]
        fired = [cut(units) for units in at.fired]
        zeros = 1 - np.stack([one.sum(axis=1) for one in fired], axis=1) / at.sizes
        return {"histogram": np.stack(histograms, axis=1), "zeros": zeros, "dead": self._dead(fired, at.n)}

    def _dead(self, fired: Sequence[NDArray[np.float64]], n: int) -> NDArray[np.float64]:
        """The share of units that no example made fire; of small batches those of several looks together."""
        if n >= PROBE:
            return np.stack([(one == 0).mean(axis=1) for one in fired], axis=1)
        dead = np.full((len(fired[0]), len(fired)), np.nan)
        for i in range(len(dead)):
            had, n_before = self._few or ([np.zeros(one.shape[1], bool) for one in fired], 0)
            now = [before | (one[i] > 0) for before, one in zip(had, fired, strict=True)]
            if n_before + n >= PROBE:
                dead[i] = [1 - one.mean() for one in now]
            self._few = None if n_before + n >= PROBE else (now, n_before + n)
        return dead


def _of_places(at: Layout, cut: _Cut) -> Found:
    middle = cut(2 * len(at.sizes)).reshape(len(cut), -1, 2)
    found = {"mean": middle[:, :, 0], "deviation": middle[:, :, 1] / np.sqrt(at.sizes)}
    for name, places in (("saturated", at.flat), ("delta", at.delta)):
        found[name] = np.full((len(cut), len(at.sizes)), np.nan)
        found[name][:, places] = cut(len(places))
    found["delta"] *= at.n / np.sqrt(at.sizes)
    nothing = dict.fromkeys(("gradient_variance", "gradient_squared"), np.full(len(cut), np.nan))
    return found | (signals.noise(cut(2), at.paired) if at.paired else nothing)


def _of_steps(at: Layout, cut: _Cut, lengths: Found) -> Found:
    gain = np.full(len(cut), np.nan) if at.dtype is None else signals.gain(cut(3), at.dtype)
    if not at.has_turns:
        return {"gain": gain, "cosine": np.full((len(cut), len(at.weights)), np.nan)}
    least = np.asarray([least * math.prod(shape) ** 0.5 for shape, least in at.weights])
    return {"gain": gain, "cosine": signals.cosines(lengths["previous"], lengths["step"], cut(len(least)), least)}


def _of_units(at: Layout, cut: _Cut, largest: NDArray[np.float64]) -> Found:
    if not at.weights:
        return dict.fromkeys(("same_sign", "twins"), np.full((len(cut), 0), np.nan))
    sums, there, projections = ([cut(shape[0]) for shape, _ in at.weights] for _ in range(3))
    same = [signals.same_sign(*one) for one in zip(sums, there, strict=True)]
    inputs = [math.prod(shape[1:]) for shape, _ in at.weights]
    alike = [signals.twins(*one) for one in zip(projections, largest.T, inputs, strict=True)]
    return {"same_sign": np.stack(same, axis=1), "twins": np.stack(alike, axis=1)}


def _add(found: Found, epochs: NDArray[np.int64], into: Sums) -> None:
    """Sums over what is a number, and how many those are, for each epoch."""
    begins = np.flatnonzero(np.diff(epochs, prepend=-1))
    for name, each in found.items():
        there = ~np.isnan(each)
        for table, one in zip(into, (np.where(there, each, 0.0), there.astype(np.float64)), strict=True):
            for epoch, total in zip(epochs[begins], np.add.reduceat(one, begins) if len(begins) else (), strict=True):
                table[int(epoch)][name] = table[int(epoch)].get(name, 0.0) + total


class _Cut:
    """Cuts the next columns off a table."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._values, self._at = values, 0

    def __len__(self) -> int:
        return len(self._values)

    def __call__(self, n: int) -> NDArray[np.float64]:
        self._at += n
        return self._values[:, self._at - n : self._at]

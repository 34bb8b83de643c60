"""Looks at a model of PyTorch: hooks that see a step forward, backward and what it changes.

A look begins with the model's call in training at a step whose turn it is, and ends behind the optimizer's step. All
other steps pay for hooks that return at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seedbed.core.errors import UsageError
from seedbed.interop.torch import signals
from seedbed.interop.torch.translate import Passed, function_of, layer_of
from seedbed.network.activations import Step
from seedbed.network.layer import Layer
from seedbed.training.observe import PROBE
from seedbed.watching.signals import PER_LAYER

Tensor = Any
NEAR = 4  # functions in a row between two modules, at most


@dataclass(frozen=True, eq=False)
class Place:
    """One layer of the row.

    Attributes:
        name: as it stands in the model.
        layer: what it is.
        weight: its weights; None for a layer without.
        zones: where it is flat on both sides.
        out: the shape of an example behind it, channels last.
    """

    name: str
    layer: Layer
    weight: Tensor | None
    zones: signals.Zones | None
    out: tuple[int, ...]


@dataclass(eq=False)
class _Look:
    """What was seen of one step so far."""

    call: tuple[Any, Any]
    state: tuple[Any, ...]
    numbers: list[Tensor] = field(default_factory=list)
    dead: list[Tensor] = field(default_factory=list)
    delta: dict[int, Tensor] = field(default_factory=dict)
    last: tuple[Tensor, Any] | None = None  # what stands behind the last place, and its step backward
    n: int = 0
    output: Any = None
    loss: tuple[Tensor, Tensor, Any] | None = None  # its value, the outputs as it took them, and the targets


class Looks:
    """The hooks in a model, and the looks that they gave.

    Attributes:
        places: the layers in the order they ran; empty before the first look.
        in_shape: of an example in front of the first, channels last.
        batch_size: examples in the batch of the first look.
        taken: signals by name, one mapping for each look.
    """

    def __init__(self, model: Any, optimizer: Any, found: Sequence[tuple[str, Any]], loss: Any, every: int) -> None:
        self._model, self._optimizer, self._every = model, optimizer, every
        self._names = {id(m): name for name, m in found}
        self.places: list[Place] = []
        self.in_shape: tuple[int, ...] = ()
        self.batch_size = 0
        self.taken: list[dict[str, NDArray[np.float64]]] = []
        self._fired: list[tuple[Tensor, int]] = []
        self._n_steps = 0
        self._is_inside = False
        self._look: _Look | None = None
        self._before: dict[int, Tensor] = {}
        self._loss = loss if isinstance(loss, torch.nn.Module) else None
        self._handles = [m.register_forward_hook(self._behind) for _, m in found]
        self._handles += [
            model.register_forward_pre_hook(self._begin, with_kwargs=True),
            model.register_forward_hook(self._end),
            optimizer.register_step_pre_hook(self._before_step),
            optimizer.register_step_post_hook(self._after_step),
        ]
        if self._loss is not None:
            self._handles.append(self._loss.register_forward_hook(self._of_loss, with_kwargs=True))

    def close(self) -> None:
        """Takes all hooks out."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._look, self._before, self._is_inside = [], None, {}, False

    @property
    def is_open(self) -> bool:
        """Whether the hooks are in the model."""
        return bool(self._handles)

    @property
    def _is_turn(self) -> bool:
        return self._n_steps % self._every == 0

    def _begin(self, model: Any, args: Any, kwargs: Any) -> None:
        self._is_inside = self._is_turn and model.training and torch.is_grad_enabled()
        if self._is_inside:
            self._look = _Look((args, kwargs), self._state() if self._loss is not None else ())

    def _state(self) -> tuple[Any, ...]:
        """What a second pass of the same batch has to begin with."""
        device = next(self._model.parameters()).device
        on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return device, torch.get_rng_state(), on_device, [b.clone() for b in self._model.buffers()]

    def _behind(self, module: Any, args: Any, output: Any) -> None:
        look = self._look
        if look is None or not self._is_inside:
            return
        name = self._names[id(module)]
        if not (torch.is_tensor(output) and output.ndim > 1 and args and torch.is_tensor(args[0])):
            came = f"{name} ({type(module).__name__}), which has others"
            raise UsageError(f"watch: expected modules from one batch of numbers to another, got {came}")
        self._between(look, args[0])
        self._add(look, name, module, args[0], output)

    def _between(self, look: _Look, a: Tensor) -> None:
        """What ran between the last module and a tensor, if hooks did not see it, as one more place."""
        if look.last is None or a.ndim < 2 or (a.grad_fn is look.last[1] and (a.grad_fn or a is look.last[0])):
            return
        if a.grad_fn is None:  # cut off from what is in front of it
            self._add(look, "a function without a slope", None, look.last[0], a)
            return
        steps, step = [a.grad_fn], a.grad_fn
        while len(steps) < NEAR and step.next_functions and step.next_functions[0][0] is not look.last[1]:
            step = step.next_functions[0][0]
            if step is None:
                break
            steps.append(step)
        name = " of ".join(one.name().removesuffix("Backward0").lower() for one in steps)
        self._add(look, name, steps[0] if len(steps) == 1 else None, look.last[0], a)

    def _add(self, look: _Look, name: str, what: Any, before: Tensor, after: Tensor) -> None:
        at, z, a = len(look.numbers), signals.channels_last(before.detach()), signals.channels_last(after.detach())
        if at == len(self.places):
            if self.taken:
                raise UsageError(f"watch: expected the modules that ran at the first look, got {name} beside them")
            self.places.append(self._place(name, what, z, a))
        if at == 0:
            self.in_shape, look.n = tuple(z.shape[1:]), len(a)
            self.batch_size = self.batch_size or len(a)
        with torch.no_grad():
            look.numbers.append(signals.behind(a, z, self.places[at].zones))
            look.dead.append(signals.fired(a))
        look.last = after, after.grad_fn
        if after.requires_grad:
            delta = look.delta  # not the look, which would hold the graph that holds this
            after.register_hook(lambda slope: delta.__setitem__(at, signals.rms(slope.detach()) * len(slope)))

    def _place(self, name: str, what: Any, z: Tensor, a: Tensor) -> Place:
        before, after = tuple(z.shape[1:]), tuple(a.shape[1:])
        if isinstance(what, torch.nn.Module):
            layer = layer_of(name, what, before, after)
        else:
            layer = Passed(after) if what is None else function_of(what, before, after)
        if isinstance(layer, Passed) and before == after and a.any() and torch.equal(a, (z > 0).to(a.dtype)):
            layer = Step()  # which PyTorch has no module of
        weight = what.weight if layer.kind in ("linear", "conv", "conv1d") else None
        if weight is not None and any(place.weight is weight for place in self.places):
            raise UsageError(f"watch: expected each layer with weights to run once in a step, got {name} twice")
        return Place(name, layer, weight, signals.zones_of(layer), after)

    def _end(self, model: Any, args: Any, output: Any) -> None:
        if self._look is None or not self._is_inside:
            return
        self._is_inside = False
        if torch.is_tensor(output):
            if output.ndim > 1:
                self._between(self._look, output)
            self._look.output = output.detach()
        self._look.last = None

    def _of_loss(self, loss: Any, args: Any, kwargs: Any, value: Any) -> None:
        look, given = self._look, (*args, *kwargs.values())
        if look is None or look.loss is not None or len(given) != 2 or not torch.is_tensor(look.output):
            return
        outputs, targets = given
        # The outputs themselves, or another view of them.
        if outputs.data_ptr() == look.output.data_ptr() and outputs.numel() == look.output.numel():
            look.loss = value.detach(), outputs.detach(), targets

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self._is_turn:
            self._before = {id(p): p.detach().clone() for p in self._learned()}

    def _learned(self) -> list[Tensor]:
        return [p for group in self._optimizer.param_groups for p in group["params"] if p.requires_grad]

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        look, before = self._look, self._before
        self._n_steps += 1
        self._look, self._before = None, {}
        if look is None or not look.numbers or not before:
            return
        with torch.no_grad():
            self._take(look, before)

    def _take(self, look: _Look, before: dict[int, Tensor]) -> None:
        """The signals of a look that is over, unless gradients or steps are no numbers any more."""
        rows = torch.stack(look.numbers).double().cpu().numpy()
        nan = look.numbers[0].new_full((), torch.nan)
        found = dict(zip(("mean", "deviation", "zeros", "saturated"), rows.T, strict=False))
        found["histogram"] = rows[:, 4:]
        found["dead"] = _numbers(self._dead(look, nan))
        found["delta"] = _numbers([look.delta.get(i, nan) for i in range(len(rows))])
        assert set(PER_LAYER) < set(found)
        kept = [p.weight for p in self.places if p.weight is not None]
        gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in kept]
        begun = [before.get(id(w), w) for w in kept]
        found["gradient"] = _numbers([signals.rms(g) for g in gradients])
        found["weight"] = _numbers([signals.rms(w) for w in begun])
        found["step"] = _numbers([signals.rms(w - b) for w, b in zip(kept, begun, strict=True)])
        found["same_sign"] = _numbers([signals.same_sign(g) for g in gradients])
        found["twins"] = _numbers([signals.twins(w) for w in begun])
        found["gain"] = _numbers([self._gain(look, before, nan)])[0]
        if np.isfinite(found["gradient"].sum() + found["step"].sum()):
            self.taken.append(found)

    def _dead(self, look: _Look, nan: Tensor) -> list[Tensor]:
        """The share of units that no example made fire; of small batches those of several looks together."""
        if not self._fired:
            self._fired = [(torch.zeros_like(one), 0) for one in look.dead]
        self._fired = [(had | one, n + look.n) for (had, n), one in zip(self._fired, look.dead, strict=True)]
        if self._fired[0][1] < PROBE:
            return [nan] * len(self._fired)
        shares = [(~had).to(nan.dtype).mean() for had, _ in self._fired]
        self._fired = []
        return shares

    def _gain(self, look: _Look, before: dict[int, Tensor], nan: Tensor) -> Tensor:
        if look.loss is None or self._loss is None:
            return nan
        value, outputs, targets = look.loss
        learned = [p for p in self._learned() if p.grad is not None]
        promised = -sum((p.grad * (p - before[id(p)])).sum() for p in learned)
        device, on_host, on_device, buffers = look.state
        args, kwargs = look.call
        after_step = [b.clone() for b in self._model.buffers()]
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.set_rng_state(on_host)
            if on_device is not None:
                torch.cuda.set_rng_state(on_device, device)
            _put(self._model, buffers)
            after = self._loss.forward(self._model.forward(*args, **kwargs).reshape(outputs.shape), targets)
            _put(self._model, after_step)
        return signals.gain(value, after, torch.as_tensor(promised, dtype=value.dtype, device=value.device))


def _put(model: Any, buffers: Sequence[Tensor]) -> None:
    for mine, given in zip(model.buffers(), buffers, strict=True):
        mine.copy_(given)


def _numbers(tensors: Sequence[Tensor]) -> NDArray[np.float64]:
    """Numbers of a device as an array, in one transfer."""
    return torch.stack([one.double() for one in tensors]).cpu().numpy() if tensors else np.zeros(0)

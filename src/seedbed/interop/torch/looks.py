"""Looks at a model of PyTorch: hooks that see a step forward, backward and what it changes.

What is dear is looked at in turns, as in `seedbed.watching.signals`: at even looks what flows, by hooks in all layers,
at odd ones what was done to units and what the step brought. The first look is at both, and so is each where the last
epoch had no steps for two.

A look begins with the model's call in training at a step whose turn it is, and ends behind the optimizer's step. Only
for that step do hooks stand in the model; all others pay for the one that counts them, and the one that keeps the loss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from seedbed.core.errors import UsageError
from seedbed.interop.torch import signals
from seedbed.interop.torch.losses import Losses
from seedbed.interop.torch.taken import Found, Look, Reader, Row, Sums, row_of
from seedbed.interop.torch.translate import Passed, function_of, layer_of
from seedbed.network.activations import Step
from seedbed.network.layer import Layer
from seedbed.network.linear import Linear

Tensor = Any
NEAR = 4  # functions in a row between two modules, at most
MOST = 256  # looks whose numbers wait to be read


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


class Looks:
    """The hooks in a model, and the looks that they gave.

    Attributes:
        places: the layers in the order they ran; empty before the first look.
        in_shape: of an example in front of the first, channels last.
        batch_size: examples in the batch of the first look.
        taken: the looks whose signals are still to be read.
        n: looks so far.
        losses: of all steps.
        n_epoch_steps: steps of the first epoch; 0 before its end.
    """

    def __init__(self, model: Any, optimizer: Any, found: Sequence[tuple[str, Any]], loss: Any, every: int) -> None:
        self._model, self._optimizer, self._every = model, optimizer, every
        self._found, self._names = found, {id(m): name for name, m in found}
        self.places: list[Place] = []
        self.in_shape: tuple[int, ...] = ()
        self.batch_size = 0
        self.taken: list[Row] = []
        self.n = 0
        self.losses = Losses()
        self.n_epoch_steps = 0
        self._of_epochs: list[int] = []
        self._of_steps: list[int] = []
        self._n_epochs = 0
        self._reader = Reader()
        self._sums: Sums = defaultdict(dict), defaultdict(dict)
        self._directions: list[Tensor] = []  # of the places with weights
        self._n_steps = 0
        self._closed_at = 0  # steps, as the last epoch was closed
        self._alternates = True
        self._flows = self._compares = True  # at the next look
        self._is_inside = False
        self._look: Look | None = None
        self._before: list[Tensor] = []
        self._earlier: dict[int, Tensor] = {}  # the weights in front of the step before the next look
        self._loss = loss if isinstance(loss, torch.nn.Module) else None
        self._handles: list[Any] = []
        self._staying = [optimizer.register_step_post_hook(self._after_step)]
        if self._loss is not None:
            self._staying.append(self._loss.register_forward_hook(self._keep_loss))
        self._is_open = True
        self._turn()

    def _turn(self) -> None:
        """Puts hooks into the model where the next step is to be looked at, and takes them out where it is not."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if not (self._is_open and self._n_steps % self._every == 0):
            return
        self._flows, self._compares = self._halves()
        if self._flows:
            self._handles += [m.register_forward_hook(self._behind) for _, m in self._found]
        self._handles += [
            self._model.register_forward_pre_hook(self._begin, with_kwargs=True),
            self._model.register_forward_hook(self._end),
            self._optimizer.register_step_pre_hook(self._before_step),
        ]
        if self._loss is not None and self._compares:
            self._handles.append(self._loss.register_forward_hook(self._of_loss, with_kwargs=True))

    def _halves(self) -> tuple[bool, bool]:
        """Whether the next look is one at what flows, and whether at units."""
        if not self._alternates:
            return True, True
        return self.n % 2 == 0, self.n % 2 == 1 or not self.n

    def close(self) -> None:
        """Takes all hooks out."""
        self._is_open, self._is_inside, self._look, self._before, self._earlier = False, False, None, [], {}
        for handle in self._staying:
            handle.remove()
        self._turn()

    @property
    def is_open(self) -> bool:
        """Whether it looks at steps."""
        return self._is_open

    def _keep_loss(self, loss: Any, args: Any, value: Any) -> None:
        self.losses.add(self._n_steps, value)

    def _begin(self, model: Any, args: Any, kwargs: Any) -> None:
        self._is_inside = model.training and torch.is_grad_enabled()
        if self._is_inside:
            state = self._state() if self._compares and self._loss is not None else ()
            self._look = Look((args, kwargs), state, flows=self._flows, compares=self._compares)

    def _state(self) -> tuple[Any, ...]:
        """What a second pass of the same batch has to begin with."""
        device = next(self._model.parameters()).device
        on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return device, torch.get_rng_state(), on_device, [(b, b.clone()) for b in self._model.buffers()]

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

    def _between(self, look: Look, a: Tensor) -> None:
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

    def _add(self, look: Look, name: str, what: Any, before: Tensor, after: Tensor) -> None:
        at, a = len(look.sizes), signals.whole(signals.channels_last(after.detach()))
        is_new = at == len(self.places)
        if is_new and self.n:
            raise UsageError(f"watch: expected the modules that ran at the first look, got {name} beside them")
        z = signals.whole(signals.channels_last(before.detach())) if is_new or self.places[at].zones or not at else a
        if is_new:
            self.places.append(self._place(name, what, z, a))
        if at == 0:
            self.in_shape, look.n = tuple(z.shape[1:]), len(a)
            self.batch_size = self.batch_size or len(a)
        look.add(a, z, self.places[at].zones)
        look.last = after, after.grad_fn
        if after.requires_grad:
            after.register_hook(_slopes(look, at, self._products(self.places[at].layer, before)))

    def _products(self, layer: Layer, before: Tensor) -> Tensor | None:
        """What examples have in common in front of a linear layer, from which products of their gradients come."""
        if not (isinstance(layer, Linear) and before.ndim == 2):
            return None
        return signals.among(signals.whole(before.detach())) + float(layer.bias is not None)

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
        self._before = [p.detach().clone() for p in self._learned()]  # a closure looks behind this

    def _learned(self) -> list[Tensor]:
        return [p for group in self._optimizer.param_groups for p in group["params"] if p.requires_grad]

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        look, before = self._look, self._before
        self._n_steps += 1
        self._look, self._before = None, []
        is_whole = look is not None and bool(before) and (bool(look.sizes) or not look.flows)
        self.n += is_whole
        if self._handles or self._n_steps % self._every == 0:
            self._turn()
        if look is not None and is_whole:
            with torch.no_grad():
                self._take(look, before)
        self._follow(before)

    def _follow(self, before: list[Tensor]) -> None:
        """Keeps the weights in front of the step before a look that compares, from then to that look."""
        if (self._n_steps - 1) % self._every == 0:  # they were for this step
            self._earlier = {}
        if (self._n_steps + 1) % self._every == 0 and self._halves()[1]:
            kept = before if self._every == 1 else [p.detach().clone() for p in self._learned()]
            self._earlier = {id(p): a for p, a in zip(self._learned(), kept, strict=False)}

    def _take(self, look: Look, before: list[Tensor]) -> None:
        """Keeps the numbers of a look that is over, where they are."""
        learned = self._learned()
        steps = torch._foreach_sub(learned, before)
        at = {id(p): i for i, p in enumerate(learned)}
        kept = [place.weight for place in self.places if place.weight is not None]
        self._directions = self._directions or [signals.direction(w) for w in kept]  # at the first look
        begun = [before[at[id(w)]] if id(w) in at else w.detach() for w in kept]
        knows = look.compares and bool(self._earlier)
        row = row_of(
            look,
            begun,
            [torch.zeros_like(w) if w.grad is None else w.grad for w in kept],
            [steps[at[id(w)]] if id(w) in at else torch.zeros_like(w) for w in kept],
            self._directions if look.compares else None,
            self._promise(look, learned, steps),
            [w - self._earlier.get(id(own), w) for w, own in zip(begun, kept, strict=True)] if knows else [],
        )
        self.taken.append(row)
        self._of_epochs.append(self._n_epochs)
        self._of_steps.append(self._n_steps - 1)
        if len(self.taken) >= MOST:
            self._read()

    def _promise(self, look: Look, learned: list[Tensor], steps: Sequence[Tensor]) -> list[Tensor]:
        """The loss of the batch before the step and behind it, and the decrease that the step promised."""
        if look.loss is None or self._loss is None or not look.state:
            return []
        value, outputs, targets = look.loss
        flat = [(p.grad.reshape(-1), s.reshape(-1)) for p, s in zip(learned, steps, strict=True) if p.grad is not None]
        promised = -torch.dot(*map(torch.cat, zip(*flat, strict=True)))
        device, on_host, on_device, buffers = look.state
        args, kwargs = look.call
        after_step = [(b, b.clone()) for b, _ in buffers]
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.set_rng_state(on_host)
            if on_device is not None:
                torch.cuda.set_rng_state(on_device, device)
            _put(buffers)
            after = self._loss.forward(self._model.forward(*args, **kwargs).reshape(outputs.shape), targets)
            _put(after_step)
        return [value, after, promised.to(value)]

    def _read(self) -> None:
        self._reader.read(self.taken, self._of_epochs, self._of_steps, self._sums)
        for one in (self.taken, self._of_epochs, self._of_steps):
            one.clear()

    def epoch(self) -> None:
        """The looks from here on belong to the next epoch."""
        self._n_epochs += 1
        alternates, self._alternates = self._alternates, self._n_steps - self._closed_at >= 2 * self._every
        self._closed_at = self._n_steps
        self.n_epoch_steps = self.n_epoch_steps or self._n_steps
        if alternates != self._alternates and self._handles:
            self._turn()

    @property
    def broken(self) -> int:
        """The first place whose outputs were no numbers as the loss was none; -1 where that step was not looked into.

        Behind it all weights are spoilt, and a look tells nothing.
        """
        self._read()
        step, place = self._reader.broken or (-1, -1)
        return place if step == self.losses.first else -1

    @property
    def epochs(self) -> list[Found]:
        """The signals of each epoch that is over, in the mean over its looks; nothing where it has none."""
        self._read()
        return [
            {name: a / np.where(self._sums[1][e][name] > 0, self._sums[1][e][name], np.nan) for name, a in sums.items()}
            for e in range(self._n_epochs)
            for sums in [self._sums[0].get(e, {})]
        ]


def _slopes(look: Look, at: int, before: Tensor | None) -> Callable[[Tensor], None]:
    """Keeps what the slopes at a place tell, but not the look, which would hold the graph that holds this."""
    delta, products = look.delta, look.products

    def keep(slope: Tensor) -> None:
        slope = signals.whole(slope.detach())
        delta[at] = torch.linalg.vector_norm(slope)
        if before is not None:
            products.append(before * signals.among(len(slope) * slope))

    return keep


def _put(buffers: Sequence[tuple[Tensor, Tensor]]) -> None:
    for mine, given in buffers:
        mine.copy_(given)

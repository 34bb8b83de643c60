"""`watch`: from here on a model of PyTorch tells how it learns."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.core.tasks import TASKS
from seedbed.interop.torch.translate import leaves, loss_of
from seedbed.watching.levels import EVERY

if TYPE_CHECKING:
    from seedbed.interop.torch.watcher import Watcher


def watch(
    model: Any,
    optimizer: Any,
    *,
    loss: Any = None,
    every: int = EVERY,
    task: str = "classification",
    n_classes: int | None = None,
) -> Watcher:
    """A watcher that looks at the first step of the optimizer and every so many after it, until it is closed.

    The model's modules stand in a row, in the order in which they first run. Known by what they are: linear layers,
    convolutions, norms, dropout, pooling, flattening and the usual activations, also as functions between modules;
    what else has no weights is passed as something unknown.

    Arguments:
        loss: the module that is called with outputs and targets, which tells what each step brings of what it
            promised; or a loss of Seedbed. Findings ask for one.
        every: steps between two looks. From the first on, every second look runs the batch once more.
        task: what the targets are.
        n_classes: None: as many as the targets or the outputs say.

    Raises:
        UsageError: PyTorch is not installed, an argument is not sound, or weights stand in modules that are not known;
            the message names them.
    """
    if find_spec("torch") is None:
        raise UsageError("watch: expected PyTorch, got no such package", "pip install 'seedbed[torch]'")
    _check(model, optimizer, every, task, n_classes)
    if loss is not None:
        loss_of(loss)
    from seedbed.interop.torch.watcher import Watcher

    return Watcher(model, optimizer, leaves(model), loss=loss, every=every, task=task, n_classes=n_classes)


def _check(model: Any, optimizer: Any, every: Any, task: Any, n_classes: Any) -> None:
    import torch

    if not isinstance(model, torch.nn.Module):
        raise UsageError(f"watch: expected a torch.nn.Module, got {model!r}", "watch(model, optimizer)")
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise UsageError(f"watch: expected an optimizer of torch.optim, got {optimizer!r}", "watch(model, optimizer)")
    own = {id(p) for p in model.parameters()}
    if not any(id(p) in own for group in optimizer.param_groups for p in group["params"]):
        hint = "make the optimizer of model.parameters()"
        raise UsageError("watch: expected an optimizer of this model, got one that holds none of its weights", hint)
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise UsageError(f"watch: expected every to be a whole number of steps, at least 1, got {every!r}")
    if task not in TASKS:
        raise UsageError(f"watch: expected as task {one_of(TASKS)}, got {task!r}", nearest(str(task), TASKS))
    if n_classes is not None and (isinstance(n_classes, bool) or not isinstance(n_classes, int) or n_classes < 2):
        raise UsageError(f"watch: expected n_classes as a whole number, at least 2, got {n_classes!r}")

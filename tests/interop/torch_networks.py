"""Networks of PyTorch, a step of them and a watcher of them, which several tests share."""

from __future__ import annotations

from typing import Any

import pytest

import seedbed as sb

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
nn = torch.nn
watch = sb.interop.torch.watch

LR = 0.3
NO_EPOCH = {"train_loss": 1.0, "train_score": 0.5, "valid_loss": 1.0, "valid_score": 0.5}
X, Y = torch.randn(64, 4), torch.arange(64) % 3
CRITERION = nn.CrossEntropyLoss()


def step(model: Any, optimizer: Any, criterion: Any, x: Any, y: Any) -> Any:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def small(*modules: Any, loss: Any = None, **options: Any) -> tuple[Any, Any, Any]:
    model = nn.Sequential(*modules)
    optimizer = torch.optim.SGD(model.parameters(), LR)
    return model, optimizer, watch(model, optimizer, loss=loss, **options)


def predicted(model: Any, *batches: Any) -> list[Any]:
    model.eval()
    with torch.no_grad():
        outputs = [model(x) for x in batches]
    model.train()
    return outputs

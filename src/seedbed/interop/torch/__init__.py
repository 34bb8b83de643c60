"""Seedbed for networks made in PyTorch: their signals and findings. PyTorch comes with the extra `torch`.

with sb.interop.torch.watch(model, optimizer, loss=criterion) as watcher:
    for epoch in range(20):
        ...  # train and validate, as ever
        watcher.epoch(train_loss=..., train_score=..., valid_loss=..., valid_score=...)
    print(*watcher.findings(x_train, y_train))
"""

from typing import TYPE_CHECKING

from seedbed.core.lazy import lazily

if TYPE_CHECKING:
    from seedbed.interop.torch.door import watch
    from seedbed.interop.torch.watcher import Watcher
else:
    __getattr__, __dir__ = lazily(__name__)

__all__ = ["Watcher", "watch"]

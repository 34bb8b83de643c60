"""Suites that show whether a piece of one's own is sound: call one in a test, and it says what is not."""

from typing import TYPE_CHECKING

from seedbed.core.lazy import lazily

if TYPE_CHECKING:
    from seedbed.testing.layers import check_layer
else:
    __getattr__, __dir__ = lazily(__name__)

__all__ = ["check_layer"]

"""How long JAX traces, lowers and compiles, by its own events."""

from __future__ import annotations

import time

import jax.monitoring

PREFIX = "/jax/core/compile/"  # tracing, lowering, and compiling or reading a compiled program back from disk


class Listener:
    """Inside the `with`, notes when a compilation is at work. Programs that compile side by side count once."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    def __enter__(self) -> Listener:
        jax.monitoring.register_event_duration_secs_listener(self.hear)
        return self

    def __exit__(self, *_: object) -> None:
        jax.monitoring.unregister_event_duration_listener(self.hear)

    def hear(self, event: str, duration_secs: float, **_: str | int) -> None:
        """Called by JAX when something that it times has ended."""
        if event.startswith(PREFIX):
            now = time.perf_counter()
            self.spans.append((now - duration_secs, now))

    @property
    def seconds(self) -> float:
        """The time during which at least one compilation was at work."""
        total, covered = 0.0, 0.0
        for start, end in sorted(self.spans):
            total += max(0.0, end - max(start, covered))
            covered = max(covered, end)
        return total

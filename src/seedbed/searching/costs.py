"""The cost model: what a program costs to compile, and a member to train; measured, and remembered for this machine.

    compile = c · (COMPILE + COMPILE_LAYER · layers)                        c, t: this machine against the one that the
    train   = t · steps · (STEP + 3 · flops · batch / RATE) + validation      constants were measured on

It decides what is padded into one program: another compilation, or more arithmetic in the one that there is. A study
writes down the two factors when it begins, so that it is grouped the same whoever goes on with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from seedbed.core.cache import cache_folder
from seedbed.training import devices
from seedbed.training.plan import Plan

# Measured on two cores: seconds to trace and compile a cohort of linear networks, padded, with dropout and a choice of
# activations; a step of one member in a population.
COMPILE, COMPILE_LAYER = 0.3, 0.3
STEP, RATE = 1.5e-6, 1.1e11
HOST = 0.01  # seconds that the host works for a wave, whatever its members
LEARNED = 0.3  # the share of the newest measurement in a factor
KINDS = ("compiling", "training")
LADDER = 4  # a wave for few trials has so many times fewer places


@dataclass
class Costs:
    """The two factors of this machine."""

    compiling: float = 1.0
    training: float = 1.0
    _noted: list[tuple[str, float, float]] = field(default_factory=list)

    @classmethod
    def known(cls) -> Costs:
        """What was measured on this machine before, to a power of √2."""
        compiling, training = _learned()
        return cls(_rounded(compiling), _rounded(training))

    @property
    def factors(self) -> tuple[float, float]:
        """Compiling and training."""
        return self.compiling, self.training

    def compile_seconds(self, n_layers: int) -> float:
        """What a program of so many layers takes to compile."""
        return self.compiling * (COMPILE + COMPILE_LAYER * n_layers)

    def member_seconds(self, flops: float, *, batch_size: int, n_train: int, n_valid: int, epochs: float) -> float:
        """What a member takes to train, its wave being full; `flops` of the forward pass for one example."""
        steps = epochs * math.ceil(n_train / batch_size)
        step = STEP + 3 * flops * min(batch_size, n_train) / RATE
        return self.training * (steps * step + epochs * n_valid * flops / RATE)

    def laddered(self, plan: Plan, n: int, seconds: float, n_layers: int) -> Plan:
        """The plan for the last `n` members of a cohort: in smaller waves where empty places cost more than compiling.

        Arguments:
            seconds: that a member takes in the rung.
        """
        best, chunk = plan, plan.chunk
        while chunk > 1:
            chunk = max(1, chunk // LADDER)
            smaller = Plan(plan.n_devices, chunk, plan.layout)
            if _places(smaller, n) * seconds + self.compile_seconds(n_layers) < _places(best, n) * seconds:
                best = smaller
        return best

    def note(self, kind: str, expected: float, measured: float) -> None:
        """Remembers a measurement: "compiling" or "training"."""
        if expected > 0.05 and measured > 0:
            self._noted.append((kind, expected, measured))

    def keep(self) -> None:
        """Writes the factors down for the next study on this machine."""
        if not self._noted:
            return
        factors = dict(zip(KINDS, _learned(), strict=True))
        for kind, present in zip(KINDS, self.factors, strict=True):
            own = [seconds for noted, *seconds in self._noted if noted == kind]
            if own:  # what took longest weighs most
                ratio = sum(measured for _, measured in own) / sum(expected for expected, _ in own)
                factors[kind] **= 1 - LEARNED
                factors[kind] *= (present * min(max(ratio, 0.25), 4.0)) ** LEARNED
        path = _path()
        partial = path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):  # then the next study begins as this one did
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps({kind: min(max(one, 0.02), 50.0) for kind, one in factors.items()}))
            partial.replace(path)


def _places(plan: Plan, n: int) -> int:
    return plan.wave * math.ceil(n / plan.wave)


def _learned() -> tuple[float, float]:
    """Both factors as they were written down; 1 where there are none yet."""
    try:
        plain = json.loads(_path().read_text())
        compiling, training = (float(plain[kind]) for kind in KINDS)
    except (OSError, ValueError, KeyError, TypeError):
        return 1.0, 1.0
    return (compiling, training) if min(compiling, training) > 0 else (1.0, 1.0)


def _rounded(factor: float) -> float:
    return float(2.0 ** (round(2 * math.log2(factor)) / 2))


def _path() -> Path:
    name = hashlib.sha256(devices.machine().encode()).hexdigest()[:16]
    return cache_folder() / "costs" / f"{name}.json"

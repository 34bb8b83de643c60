"""Pictures for a terminal: a canvas of braille dots, eight in each character, and a plot with its axes on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The bits of a braille character (Unicode 2800 on) by row and column of the dot.
BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint8)
ROWS, COLUMNS = BITS.shape
BLANK = 0x2800
PATTERNS = ((1,), (1, 1, 1, 0, 0), (1, 0, 0), (1, 0, 0, 0, 0))  # dots of a line that are drawn: whole, dashed, dotted
NOBODY = -1


@dataclass
class Canvas:
    """Dots on `width` x `height` characters. A point is given as shares of both sides, from the lower left corner.

    Attributes:
        bits: the dots of each character.
        owner: the number of the line that drew the character's last dot.
    """

    width: int
    height: int
    bits: NDArray[np.uint8] = field(init=False)
    owner: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.bits = np.zeros((self.height, self.width), np.uint8)
        self.owner = np.full((self.height, self.width), NOBODY)

    def dots(self, x: NDArray[np.float64], y: NDArray[np.float64], owner: int) -> None:
        """Draws points. Those outside are left out."""
        inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
        columns = np.rint(x[inside] * (self.width * COLUMNS - 1)).astype(int)
        rows = np.rint((1 - y[inside]) * (self.height * ROWS - 1)).astype(int)
        np.bitwise_or.at(self.bits, (rows // ROWS, columns // COLUMNS), BITS[rows % ROWS, columns % COLUMNS])
        self.owner[rows // ROWS, columns // COLUMNS] = owner

    def line(self, x: NDArray[np.float64], y: NDArray[np.float64], owner: int, pattern: tuple[int, ...] = (1,)) -> None:
        """Draws a line through points. A point that is not finite interrupts it."""
        across, down = self.width * COLUMNS, self.height * ROWS
        n_drawn = 0
        for x0, y0, x1, y1 in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True):
            if not all(map(math.isfinite, (x0, y0, x1, y1))):
                continue
            n = min(4 * (across + down), max(1, math.ceil(max(abs(x1 - x0) * across, abs(y1 - y0) * down))))
            share = np.arange(n + 1) / n
            is_on = np.resize(pattern, n_drawn + n + 1)[n_drawn:].astype(bool)
            n_drawn += n
            self.dots((x0 + share * (x1 - x0))[is_on], (y0 + share * (y1 - y0))[is_on], owner)

    def clear(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Wipes the characters that a line through these points touches, so that it stands out."""
        trace = Canvas(self.width, self.height)
        trace.line(x, y, 0)
        self.bits[trace.bits > 0] = 0

    def rows(self) -> list[list[tuple[str, int]]]:
        """The characters, top row first, each with the line it belongs to; " " and `NOBODY` where there is nothing."""
        return [
            [(chr(BLANK + int(bits)) if bits else " ", int(owner)) for bits, owner in zip(*row, strict=True)]
            for row in zip(self.bits, self.owner, strict=True)
        ]


@dataclass(frozen=True)
class Axis:
    """One axis: from where to where, and on which scale.

    >>> Axis(0.3, 9.8).ticks(4), Axis(0.002, 80.0, is_log=True).ticks(4)
    ([2.0, 4.0, 6.0, 8.0], [0.01, 0.1, 1.0, 10.0])
    """

    low: float
    high: float
    is_log: bool = False

    @classmethod
    def around(cls, values: Any, *, is_log: bool = False, margin: float = 0.0) -> Axis:
        """The axis that just holds all values that are finite, with a margin as a share of it."""
        numbers = np.asarray(values, np.float64)
        numbers = numbers[np.isfinite(numbers) & ((numbers > 0) | (not is_log))]
        if not numbers.size:
            return cls(1.0, 10.0, is_log) if is_log else cls(0.0, 1.0)
        low, high = float(numbers.min()), float(numbers.max())
        if is_log:
            return cls(low, high, True) if high > low else cls(low / 10, high * 10, True)
        room = (high - low) * margin if high > low else max(abs(low), 1.0) / 2
        return cls(low - room, high + room)

    def share(self, values: Any) -> NDArray[np.float64]:
        """Where values lie, from 0 at the low end to 1 at the high; NaN for what the scale does not have."""
        numbers = np.asarray(values, np.float64)
        if not self.is_log:
            return np.asarray((numbers - self.low) / (self.high - self.low))
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.log(numbers / self.low) / math.log(self.high / self.low)
        return np.where(numbers > 0, shares, np.nan)

    def ticks(self, most: int) -> list[float]:
        """Round numbers on the axis, at most as many as asked for."""
        if self.is_log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, math.ceil((last - first + 1) / most))
            return [float(f"1e{power}") for power in range(first, last + 1, every)]
        unit = 10.0 ** math.floor(math.log10((self.high - self.low) / most))
        for step in (unit, 2 * unit, 5 * unit, 10 * unit, 20 * unit):
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            if last - first + 1 <= most:
                break
        return [float(f"{n * step:.12g}") for n in range(first, last + 1)]

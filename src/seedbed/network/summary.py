"""The summary of a network: what each layer does to the shape, and what it costs."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from seedbed.core.plain import to_line
from seedbed.network.grid import Grid, Shown
from seedbed.network.layer import Shape, batched, n_learned

if TYPE_CHECKING:
    from seedbed.network.network import Network

HEADINGS = ("layer", "", "shapes", "parameters", "FLOPs", "weight bytes", "output bytes")
N_TEXTS = 3  # columns before the numbers


@dataclass(frozen=True)
class Row:
    """One layer of a summary.

    Attributes:
        place: the layer's number, from 0.
        layer: the layer as a text.
        algebra: its shape algebra, `(B, 64) · (64, 10) + (10,) → (B, 10)`.
        out_shape: the shape of one example behind it.
        n_params: how many numbers it learns.
        flops: operations of the forward pass, for one example.
        params_bytes: memory of its parameters.
        output_bytes: memory of its outputs, for the whole batch.
    """

    place: int
    layer: str
    algebra: str
    out_shape: Shape
    n_params: int
    flops: int
    params_bytes: int
    output_bytes: int

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as texts."""
        numbers = (self.n_params, self.flops, self.params_bytes, self.output_bytes)
        return (str(self.place), self.layer, self.algebra, *(f"{n:,}" for n in numbers))


@dataclass(frozen=True)
class Summary(Shown):
    """A table of the layers of a network. FLOPs are of the forward pass for one example."""

    rows: tuple[Row, ...]
    in_shape: Shape
    batch: int

    @property
    def totals(self) -> dict[str, int]:
        """The sums over layers."""
        names = ("n_params", "flops", "params_bytes", "output_bytes")
        return {name: sum(getattr(row, name) for row in self.rows) for name in names}

    @property
    def caption(self) -> str:
        """What the numbers are for."""
        return f"input {batched(self.in_shape)}, output bytes for B = {self.batch:,}"

    def to_dict(self) -> dict[str, Any]:
        """Rows and totals as plain data."""
        rows = [asdict(row) | {"out_shape": list(row.out_shape)} for row in self.rows]
        return {"in_shape": list(self.in_shape), "batch": self.batch, "rows": rows, "totals": self.totals}

    @property
    def grid(self) -> Grid:
        """The table as texts."""
        rows = tuple(row.cells for row in self.rows)
        return Grid(HEADINGS, rows, self.caption, N_TEXTS, self._total_cells)

    @property
    def _total_cells(self) -> tuple[str, ...]:
        return ("", "total", "", *(f"{n:,}" for n in self.totals.values()))


def summarise(network: Network, in_shape: Shape, *, batch: int = 1, dtype_bytes: int = 4) -> Summary:
    """The summary of a network for examples of `in_shape`, a batch of `batch`, numbers of `dtype_bytes` bytes.

    Raises:
        ShapeError: a layer cannot take what comes, or a size is still open.
    """
    shapes, params = network.shapes(in_shape), network.params_shapes(in_shape)
    in_shape = network.input_shape(in_shape)
    rows = []
    for i, layer in enumerate(network.layers):
        reads, n = shapes[i - 1] if i else in_shape, n_learned(params[i])
        rows.append(
            Row(
                i,
                to_line(layer),
                layer.algebra(reads),
                shapes[i],
                n_params=n,
                flops=layer.flops(reads),
                params_bytes=n * dtype_bytes,
                output_bytes=math.prod(shapes[i]) * batch * dtype_bytes,
            )
        )
    return Summary(tuple(rows), in_shape, batch)

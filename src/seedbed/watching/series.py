"""The signals of trained members over the epochs: means over the looks of each, as arrays and as one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.plain import to_line
from seedbed.network import Network
from seedbed.network.unrolling import in_a_row, pieces
from seedbed.watching.signals import COUNTED, COUNTS, NORMS, PER_LAYER, PER_MEMBER, PER_WEIGHT, weight_places

if TYPE_CHECKING:
    from pandas import DataFrame

Values = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Series:
    """The signals of one member.

    Attributes:
        values: by name, (epoch, layer), in the order of the network's layers, NaN where a layer has no such signal or
            an epoch had no look at it; `histogram` (epoch, layer, bin), and the signals of the whole, (epoch,).
        names: of the layers.
        weights: the places of those with weights.
    """

    values: Values
    names: tuple[str, ...]
    weights: tuple[int, ...]

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.values[name]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    @property
    def in_economy(self) -> Series:
        """What would have been told of the member, had it been watched in economy."""
        return Series({name: self.values[name] for name in NORMS}, self.names, self.weights)


def series_of(network: Network, params: Sequence[Any], seen: dict[str, NDArray[Any]], place: int) -> Series:
    """The series of the member at a place of a cohort.

    Arguments:
        network: of the training; the layers of its chains and repeats stand in a row.
        params: the weights of a member, or their shapes.
        seen: what the observer gave, (member, epoch, ...), summed over the looks of an epoch.
    """
    row = in_a_row(network)
    weights, n = weight_places(row, pieces(network, params, copy=lambda a, i: a)), len(row.layers)
    values: Values = {}
    for name in seen:
        if name in COUNTS:
            continue
        one, looks = np.asarray(seen[name][place], np.float64), _counted(seen[COUNTED.get(name, "looks")][place])
        mean = one / looks.reshape(*looks.shape, *[1] * (one.ndim - looks.ndim))
        if name in PER_WEIGHT:
            spread = np.full((len(mean), n), np.nan)
            spread[:, weights] = mean
            mean = spread
        values[name] = mean
    return Series(values, tuple(to_line(layer) for layer in row.layers), tuple(weights))


def _counted(looks: NDArray[Any]) -> NDArray[np.float64]:
    """How many looks a mean is over; NaN for none."""
    n = np.asarray(looks, np.float64)
    return np.where(n > 0, n, np.nan)


def table(of: Iterable[tuple[int, Series]]) -> DataFrame:
    """One line for each member, epoch with a look, and layer; what is of the whole member stands in all its lines."""
    import pandas as pd

    tables = []
    for number, series in of:
        seen = np.flatnonzero(~np.isnan(series["gradient"]).all(axis=1)) if series.weights else np.zeros(0, int)
        n = len(series.names)
        columns: dict[str, Any] = {
            "member": np.full(len(seen) * n, number),
            "epoch": np.repeat(seen, n),
            "layer": np.tile(np.arange(n), len(seen)),
            "name": np.tile(np.asarray(series.names, object), len(seen)),
        }
        for name in (*PER_WEIGHT, *PER_LAYER):
            if name in series:
                columns[name] = series[name][seen].ravel()
        for name in PER_MEMBER:
            if name in series:
                columns[name] = np.repeat(series[name][seen], n)
        if "histogram" in series:
            columns["histogram"] = list(series["histogram"][seen].reshape(len(seen) * n, -1))
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def from_table(rows: DataFrame, n_epochs: int) -> Series:
    """The series of one member, from its lines of the table."""
    names = tuple(rows.drop_duplicates("layer").sort_values("layer")["name"])
    n = len(names)
    epochs, layers = rows["epoch"].to_numpy(), rows["layer"].to_numpy()
    values: Values = {}
    for name in (*PER_WEIGHT, *PER_LAYER):
        if name in rows:
            values[name] = np.full((n_epochs, n), np.nan)
            values[name][epochs, layers] = rows[name]
    for name in PER_MEMBER:
        if name in rows:
            values[name] = np.full(n_epochs, np.nan)
            values[name][epochs] = rows[name]
    if "histogram" in rows:
        bins = np.stack(rows["histogram"].to_list())
        values["histogram"] = np.full((n_epochs, n, bins.shape[1]), np.nan)
        values["histogram"][epochs, layers] = bins
    weights = np.flatnonzero(~np.isnan(values["weight"]).all(axis=0))
    return Series(values, names, tuple(weights.tolist()))

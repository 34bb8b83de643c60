"""From several networks to one padded form of them all, and from its weights back to those of each.

The longest network is the template. Every other is a subsequence of it that ends with the same layers: a layer stands
for one of its class whose fields agree but for `units` and numbers, an activation for one of any kind. What a network
does not have is absent from it, and then the template has one shape in front of it and behind it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from seedbed.network.activations import Activation, Softmax
from seedbed.network.layer import Layer, Shape
from seedbed.network.network import Network
from seedbed.network.norms import Norm
from seedbed.network.padding import NOWHERE, OneOf, Padded, Slot
from seedbed.network.real import has_units, pads
from seedbed.network.unrolling import Arrays, Piece, nested, unrolled

Widths = Callable[[int], int]
Column = list[Piece | None]  # what each network has at one place of the template


def padded(networks: Sequence[Network], in_shape: Shape, *, widths: Widths | None = None) -> list[Padded] | None:
    """Bound networks in padded forms of one structure; None where they cannot be one program.

    Arguments:
        in_shape: of an example.
        widths: from the largest number of units at a place to those of the template, at least as many; None: the same.
    """
    rows = [unrolled(network) for network in networks]
    read = {network.input_shape(in_shape) for network in networks}
    template = max(rows, key=len)
    may_lack = _may_lack(template, next(iter(read)))
    places = _places(rows, template, may_lack)
    if len(read) > 1 or not template or any(one is None for one in places):
        return None
    columns: list[Column] = [[None] * len(rows) for _ in template]
    for m, (row, own) in enumerate(zip(rows, places, strict=True)):
        for piece, place in zip(row, own or [], strict=True):
            columns[place][m] = piece
    units = _units(columns, widths or (lambda n: n))
    made = [_layer_and_slot(column, n, _depth(rows)) for column, n in zip(columns, units, strict=True)]
    members = [Padded([at[m][0] for at in made], [at[m][1] for at in made]) for m in range(len(rows))]
    shape = next(iter(read))
    return members if all(_is_sound(one, in_shape, shape) for one in members) and _agree(members) else None


def own_params(padded: Padded, params: Sequence[Arrays], network: Network) -> tuple[Arrays, ...]:
    """The weights of one member as its own network has them, in NumPy.

    Arguments:
        padded: with the member's own numbers.
        params: the member's weights in it.
        network: the member's own network, bound.
    """
    pieces = []
    real = None
    for layer, slot, arrays in zip(padded.layers, padded.slots, params, strict=True):
        if slot.present is not None and not slot.present > 0:
            continue
        host = {name: np.asarray(array) for name, array in arrays.items()}
        own, real = _sliced(layer, slot, host, real)
        pieces.append(own)
    return nested(network, pieces)


def _sliced(layer: Layer, slot: Slot, arrays: Arrays, real: Any) -> tuple[Arrays, Any]:
    """The arrays of a layer that are real, and which features behind it are; None: all."""
    if isinstance(layer, OneOf):
        prefix = f"{int(slot.which or 0)}."
        return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}, real
    if isinstance(layer, Norm) and real is not None:
        return {name: a[real] for name, a in arrays.items()}, real
    if not has_units(layer):
        return arrays, real
    weight = arrays["weight"]
    if real is not None:  # behind Flatten each place has all channels
        front = np.tile(real, weight.shape[-2] // len(real))
        weight = weight[..., front, :]
    n = weight.shape[-1] if slot.used is None else int(slot.used)
    own = {name: (weight if name == "weight" else a)[..., :n] for name, a in arrays.items()}
    return own, None if slot.used is None else np.arange(weight.shape[-1]) < n


def _layer_and_slot(column: Column, units: int | None, depth: int) -> list[tuple[Layer, Slot]]:
    """The template's layer and the slot of each network at one place."""
    there = [piece.layer for piece in column if piece is not None]
    kinds = sorted({type(layer): layer for layer in reversed(there)}.values(), key=_rank)
    is_padded = units is not None and any(_n_units(layer) != units for layer in there)
    some_lack = len(there) < len(column)
    made = []
    for piece in column:
        own = there[0] if piece is None else piece.layer
        layer = own if units is None else own.replace(units=units)
        which = None
        if len(kinds) > 1:
            which = float([type(kind) for kind in kinds].index(type(own)))
            layer = OneOf([own if type(kind) is type(own) else kind for kind in kinds])
        path = (0,) if piece is None else piece.path
        used = None if not is_padded else float(units or 0) if piece is None else float(_n_units(own))
        present = float(piece is not None) if some_lack else None
        steps = [*map(float, path), *[NOWHERE] * (depth - len(path))]
        made.append((layer, Slot(tuple(steps), used=used, present=present, which=which)))
    return made


def _rank(layer: Layer) -> tuple[bool, str]:
    """Activations that give 0 for 0 come first."""
    return not getattr(layer, "keeps_zero", True), type(layer).__name__


def _n_units(layer: Any) -> int:
    return int(layer.units)


def _depth(rows: Sequence[Sequence[Piece]]) -> int:
    return max(len(piece.path) for row in rows for piece in row)


def _places(
    rows: Sequence[Sequence[Piece]], template: Sequence[Piece], may_lack: Sequence[bool]
) -> list[list[int] | None]:
    """As `_fitted` for each row; of many rows few are different."""
    skeletons = [tuple(_skeleton(piece.layer) for piece in row) for row in rows]
    found = {key: _fitted(row, template, may_lack) for key, row in dict(zip(skeletons, rows, strict=True)).items()}
    return [found[key] for key in skeletons]


def _fitted(row: Sequence[Piece], template: Sequence[Piece], may_lack: Sequence[bool]) -> list[int] | None:
    """The place of each layer of a network in the template; None where it does not fit.

    Of several ways the one with the fewest activations of another kind, and of those the one that begins first.
    """

    @functools.cache
    def best(i: int, j: int) -> tuple[float, tuple[int, ...]]:
        if len(row) - i > len(template) - j:
            return math.inf, ()
        if j == len(template):
            return 0, ()
        ways = []
        if i < len(row) and (cost := _distance(row[i].layer, template[j].layer)) < math.inf:
            more, places = best(i + 1, j + 1)
            ways.append((cost + more, (j, *places)))
        if may_lack[j]:
            ways.append(best(i, j + 1))
        return min(ways, key=lambda way: way[0], default=(math.inf, ()))

    cost, places = best(0, 0)
    return None if math.isinf(cost) else list(places)


def _distance(a: Layer, b: Layer) -> float:
    """0 where one layer of a program can be both, 1 where it has to choose between them, else ∞."""
    if _skeleton(a) == _skeleton(b):
        return 0
    return 1 if _may_be_option(a) and _may_be_option(b) else math.inf


def _may_be_option(layer: Layer) -> bool:
    # A select passes the slope of an option that is not taken: 0 times it, which is NaN where it is infinite. Those of
    # our own activations are finite.
    is_ours = type(layer).__module__ == Activation.__module__
    return is_ours and isinstance(layer, Activation) and not isinstance(layer, Softmax)


def _skeleton(layer: Any) -> Any:
    """The structure of a layer without its number of units."""
    return jax.tree.structure(layer.replace(units=1) if has_units(layer) else layer)


def _may_lack(template: Sequence[Piece], in_shape: Shape) -> list[bool]:
    """Which layers of the template a network may be without: those that can keep the shape, in front of the outputs."""
    last = max((j for j, piece in enumerate(template) if has_units(piece.layer)), default=-1)
    may = []
    for j, piece in enumerate(template):
        out = piece.layer.out_shape(in_shape)
        same = out[:-1] == in_shape[:-1] and len(out) == len(in_shape)
        may.append(j < last and same and (has_units(piece.layer) or out == in_shape))
        in_shape = out
    return may


def _units(columns: Sequence[Column], widths: Widths) -> list[int | None]:
    """The units of each layer of the template; None where it makes none.

    A layer that some lack has as many as the one in front of it.
    """
    makes = [j for j, column in enumerate(columns) if any(p is not None and has_units(p.layer) for p in column)]
    tied: dict[int, int] = {}
    before = None
    for j in makes:
        lacks = any(piece is None for piece in columns[j])
        tied[j] = tied[before] if lacks and before is not None else j
        before = j
    largest: dict[int, int] = {}
    for j, to in tied.items():
        largest[to] = max(largest.get(to, 0), *(_n_units(piece.layer) for piece in columns[j] if piece is not None))
    last = makes[-1] if makes else None
    return [
        None if j not in tied else largest[tied[j]] if j == last else widths(largest[tied[j]])
        for j in range(len(columns))
    ]


def _is_sound(member: Padded, in_shape: Shape, read: Shape) -> bool:
    """Whether each layer takes what is padded in front of it, and those that may be absent keep the shape."""
    if member.input_shape(in_shape) != read:
        return False
    is_padded, shape = False, read
    for layer, slot in zip(member.layers, member.slots, strict=True):
        try:
            out = layer.out_shape(shape)
        except ValueError:  # a ShapeError: wider layers do not fit together
            return False
        if (is_padded or slot.used is not None) and not pads(layer):
            return False
        if slot.present is not None and out != shape:
            return False
        absent = slot.present is not None and is_padded
        is_padded = (slot.used is not None or absent) if has_units(layer) else is_padded
        shape = out
    return not is_padded  # all members have the same outputs


def _agree(members: Sequence[Padded]) -> bool:
    return len({jax.tree.structure(member) for member in members}) == 1

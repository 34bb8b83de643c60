"""A network's layers one after the other, without the chains and repeats around them; and weights back in these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from seedbed.network.activations import Identity
from seedbed.network.containers import Chain, Repeat
from seedbed.network.layer import Layer
from seedbed.network.network import Network

MOST_UNROLLED = 24  # layers; a longer network keeps its repeats, each of which is compiled once
Arrays = dict[str, Any]


class Piece(NamedTuple):
    """A layer with the steps to it: its place, and the places or the number of the copy in each block around it."""

    layer: Layer
    path: tuple[int, ...]


def unrolled(network: Network) -> list[Piece]:
    """The layers of a network one after the other, without identities. In any other container they stay."""
    return list(_pieces(network.layers, (), _unrolls(network)))


def nested(network: Network, pieces: Sequence[Arrays]) -> tuple[Arrays, ...]:
    """The arrays of the unrolled layers, on the host, in the form in which the network has its weights."""
    each, repeats = iter(pieces), _unrolls(network)
    return tuple(_nested(layer, each, repeats) for layer in network.layers)


def in_a_row(network: Network) -> Network:
    """The same function without chains and repeats; the network itself where it has none, or is padded."""
    if not _has_rows(network):
        return network
    return network.replace(layers=[piece.layer for piece in unrolled(network)])


def pieces(
    network: Network, arrays: Sequence[Arrays], copy: Callable[[Any, int], Any] = lambda a, i: a[i]
) -> tuple[Arrays, ...]:
    """What a network has for each of its weights, in the form that `in_a_row` has them: `nested`, the other way round.

    Arguments:
        arrays: of each layer, by name.
        copy: what one copy of a repeated block has of it.
    """
    if not _has_rows(network):
        return tuple(arrays)
    repeats = _unrolls(network)
    return tuple(
        one for layer, own in zip(network.layers, arrays, strict=True) for one in _taken(layer, own, repeats, copy)
    )


def _has_rows(network: Network) -> bool:
    return type(network) is Network and any(type(layer) in (Chain, Repeat) for layer in network.layers)


def _taken(layer: Layer, own: Arrays, repeats: bool, copy: Callable[[Any, int], Any]) -> Iterator[Arrays]:
    if type(layer) is Identity:
        return
    if type(layer) is Chain:
        for i, inner in enumerate(layer.layers):
            start = f"{i}."
            inside = {name.removeprefix(start): a for name, a in own.items() if name.startswith(start)}
            yield from _taken(inner, inside, repeats, copy)
    elif type(layer) is Repeat and repeats:
        for i in range(layer.n):
            yield from _taken(layer.block, {name: copy(a, i) for name, a in own.items()}, repeats, copy)
    else:
        yield own


def _unrolls(network: Network) -> bool:
    return sum(1 for _ in _pieces(network.layers, (), True)) <= MOST_UNROLLED


def _pieces(layers: Sequence[Layer], path: tuple[int, ...], repeats: bool) -> Iterator[Piece]:
    for i, layer in enumerate(layers):
        here = (*path, i)
        if type(layer) is Identity:
            continue  # it computes nothing: where one network has it, another has a layer or none
        if type(layer) is Chain:
            yield from _pieces(layer.layers, here, repeats)
        elif type(layer) is Repeat and repeats:
            for copy in range(layer.n):
                # The block's key is that of the copy: it stands at no place of its own.
                inner = _pieces((layer.block,), (), repeats)
                yield from (Piece(piece.layer, (*here, copy, *piece.path[1:])) for piece in inner)
        else:
            yield Piece(layer, here)


def _nested(layer: Layer, each: Iterator[Arrays], repeats: bool) -> Arrays:
    if type(layer) is Identity:
        return {}
    if type(layer) is Chain:
        inside = [_nested(inner, each, repeats) for inner in layer.layers]
        return {f"{i}.{name}": array for i, own in enumerate(inside) for name, array in own.items()}
    if type(layer) is Repeat and repeats:
        copies = [_nested(layer.block, each, repeats) for _ in range(layer.n)]
        return {name: np.stack([own[name] for own in copies]) for name in copies[0]}
    return next(each)

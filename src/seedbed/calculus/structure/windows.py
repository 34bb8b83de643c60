"""The rules for what slides a window: convolution and pooling.

A convolution is one term for each place of its kernel: the same channel matrix at every position, coupled by strides.

    y[b, i, o] = Σ_k Σ_c x[b, s·i + d·k − p, c] · K[k, c, o]
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax.numpy as jnp

from seedbed.calculus.structure.program import Operation
from seedbed.calculus.structure.rules import Linear, UncoveredError, dropped, linked, normals, rule
from seedbed.calculus.structure.strides import Strides
from seedbed.calculus.structure.sums import merged
from seedbed.calculus.structure.terms import Axis, Label, Term, cut, fresh, size_of, sizes_of

MOST_PLACES = 64  # of a window: each is a term


def window(size_out: int, size_in: int, step: int, shift: int, dilation: int) -> Strides | None:
    """The pairs (i, j) with step · i + shift = dilation · j; None for none."""
    g = math.gcd(step, dilation)
    period, stride = dilation // g, step // g
    starts = (i for i in range(period) if (step * i + shift) % dilation == 0)
    i = next(starts, None)
    if i is None:
        return None
    j = (step * i + shift) // dilation
    skip = max(0, -(j // stride))
    i, j = i + skip * period, j + skip * stride
    count = min((size_out - 1 - i) // period, (size_in - 1 - j) // stride) + 1
    return Strides(i, period, j, stride, count) if count > 0 else None


@rule("reduce_window_sum")
def _sum_pool(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    x, p = operands[0], op.params
    axes = list(zip(p["window_dimensions"], p["window_strides"], p["padding"], strict=True))
    shape = op.results[0].shape
    if all(width == step and pad == (0, 0) for width, step, pad in axes) and _is_tiled(x.shape, shape, axes):
        return normals([_tiled(term, shape, axes) for term in x.terms])
    if math.prod(p["window_dimensions"]) > MOST_PLACES:
        raise UncoveredError(f"{op.name} of {math.prod(p['window_dimensions'])} places")
    terms: list[Term] = []
    for place in itertools.product(*map(range, p["window_dimensions"])):
        pairs = [
            window(shape[a], x.shape[a], step, place[a] * p["window_dilation"][a] - pad[0], p["base_dilation"][a])
            for a, (_, step, pad) in enumerate(axes)
        ]
        terms += _shifted(x, shape, range(len(shape)), pairs)
    return merged(normals(terms))


def _is_tiled(shape: Sequence[int], out: Sequence[int], axes: Sequence[Any]) -> bool:
    return all(size == n * width for size, n, (width, _, _) in zip(shape, out, axes, strict=True))


def _tiled(term: Term, shape: Sequence[int], axes: Sequence[Any]) -> Term:
    """Windows side by side: an axis becomes two, and the inner one is summed."""
    for place in range(len(shape)):
        width = axes[place][0]
        pieces = [size for size in (shape[place], width) if size > 1]
        if len(pieces) == 2 and len(term.rows[place]) == 1:
            term = cut(term, term.rows[place], pieces)
    rows: list[Axis] = []
    gone: list[Axis] = []
    for axis, (width, _, _) in zip(term.rows, axes, strict=True):
        n_inner = _trailing(axis, width)
        rows.append(axis[: len(axis) - n_inner])
        gone.append(axis[len(axis) - n_inner :])
    widened = replace(term, rows=(*rows, *gone))
    return dropped(widened, range(len(rows), len(rows) + len(gone)))


def _trailing(axis: Axis, size: int) -> int:
    """How many labels at the end of an axis make up a size."""
    for n in range(len(axis) + 1):
        if size_of(axis[len(axis) - n :]) == size:
            return n
    raise UncoveredError("pooling over axes that were merged")


def _shifted(x: Linear, shape: Sequence[int], axes: Sequence[int], pairs: Sequence[Strides | None]) -> list[Term]:
    """The terms of x with some axes read out by strides."""
    if any(strides is None for strides in pairs):
        return []
    terms = list(x.terms)
    for axis, strides in zip(axes, pairs, strict=True):
        assert strides is not None
        terms = [linked(term, axis, shape[axis], strides) for term in terms]
    return list(normals(terms))


@rule("conv_general_dilated")
def _convolution(op: Operation, operands: Sequence[Any]) -> tuple[Term, ...]:
    x, kernel = operands
    p = op.params
    spec = p["dimension_numbers"]
    if p["batch_group_count"] != 1 or (isinstance(kernel, Linear) and p["feature_group_count"] != 1):
        raise UncoveredError(f"{op.name} in groups")
    if isinstance(x, Linear) and isinstance(kernel, Linear):
        raise UncoveredError(op.name)
    window_shape = [kernel.shape[axis] for axis in spec.rhs_spec[2:]]
    if math.prod(window_shape) > MOST_PLACES and isinstance(x, Linear):
        raise UncoveredError(f"{op.name} with a kernel of {math.prod(window_shape)} places")
    out = op.results[0].shape
    pairs = {
        place: [
            window(
                out[spec.out_spec[2 + a]],
                x.shape[spec.lhs_spec[2 + a]],
                p["window_strides"][a],
                place[a] * p["rhs_dilation"][a] - p["padding"][a][0],
                p["lhs_dilation"][a],
            )
            for a in range(len(place))
        ]
        for place in itertools.product(*map(range, window_shape))
    }
    if isinstance(kernel, Linear):
        return _by_kernel(x, kernel, spec, out, pairs)
    return _by_images(x, kernel, spec, out, pairs, p["feature_group_count"])


def _by_images(x: Linear, kernel: Any, spec: Any, out: Sequence[int], pairs: Any, groups: int) -> tuple[Term, ...]:
    """One term for each place of the kernel."""
    terms: list[Term] = []
    sizes = {lhs: out[to] for lhs, to in zip(spec.lhs_spec[2:], spec.out_spec[2:], strict=True)}
    shape = [sizes.get(axis, size) for axis, size in enumerate(x.shape)]
    arranged = jnp.transpose(kernel, (*spec.rhs_spec[2:], spec.rhs_spec[0], spec.rhs_spec[1]))
    for place, strides in pairs.items():
        for term in _shifted(x, shape, spec.lhs_spec[2:], strides):
            terms.append(_through(term, arranged[place], spec, out, groups))
    return merged(normals(terms))


def _through(term: Term, matrix: Any, spec: Any, out: Sequence[int], groups: int) -> Term:
    """The term behind one channel matrix, (outputs, inputs of a group)."""
    batch, feature, *spatial = spec.lhs_spec
    n_out, n_in = matrix.shape
    if groups > 1 and n_in > 1:
        term = cut(term, term.rows[feature], (groups, n_in)) if len(term.rows[feature]) == 1 else term
    own = term.rows[feature]
    n_inner = _trailing(own, n_in)
    group, inner = own[: len(own) - n_inner], own[len(own) - n_inner :]
    new = fresh(n_out // groups)
    labels: tuple[Label, ...] = (*group, *new, *inner)
    rows: list[Axis] = [()] * len(out)
    rows[spec.out_spec[0]] = term.rows[batch]
    rows[spec.out_spec[1]] = (*group, *new)
    for own_axis, to in zip(spatial, spec.out_spec[2:], strict=True):
        rows[to] = term.rows[own_axis]
    return replace(term, rows=tuple(rows)).times(matrix.reshape(sizes_of(labels)), labels)


def _by_kernel(x: Any, kernel: Linear, spec: Any, out: Sequence[int], pairs: Any) -> tuple[Term, ...]:
    """One term: the images' patches, the same for every output channel."""
    moved = jnp.transpose(x, (*spec.lhs_spec[2:], spec.lhs_spec[0], spec.lhs_spec[1]))
    spatial = [out[axis] for axis in spec.out_spec[2:]]
    patches = []
    for strides in pairs.values():
        patch = moved
        for axis, pair in enumerate(strides):
            patch = jnp.zeros_like(patch) if pair is None else patch
            pair = pair or Strides(0, 1, 0, 1, 1)
            patch = pair.forward(patch, axis, spatial[axis])
        patches.append(patch)
    stacked = jnp.stack(patches)  # (place, spatial..., batch, input channel)
    new = [fresh(size) for size in (*spatial, x.shape[spec.lhs_spec[0]])]
    terms = []
    for term in kernel.terms:
        places = [term.rows[axis] for axis in spec.rhs_spec[2:]]
        labels = tuple(itertools.chain(*places, *new, term.rows[spec.rhs_spec[1]]))
        rows: list[Axis] = [()] * len(out)
        for own, to in zip((new[-1], term.rows[spec.rhs_spec[0]], *new[:-1]), spec.out_spec, strict=True):
            rows[to] = own
        terms.append(replace(term, rows=tuple(rows)).times(stacked.reshape(sizes_of(labels)), labels))
    return merged(normals(terms))

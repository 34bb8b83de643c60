"""The networks of an ensemble as plain arrays: all that prediction needs, in one file, and computed without JAX.

`ensemble.safetensors` holds the arrays

    <network>.<layer>.<name>             its weights
    preprocessing.<which>.<step>.<name>  what a preprocessing learned; networks with the same share it

and in its header, as JSON under the key `seedbed`, the encoder of raw rows, the temperature, and what layers, losses
and steps are made with: their kinds, and numbers, sizes and words by name.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seedbed.core.errors import RunError
from seedbed.data.encoder import Encoder
from seedbed.data.scaling import APPLY, INVERT, float_type
from seedbed.recipe.forward import LAYERS, LOSSES

FORMAT = 1
ROWS, NUMBERS = 4096, 1 << 23  # that pass through a network at once, the second behind its widest layer
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Step:
    """A step of preprocessing: its kind, what it works on ("x" or "y"), and what it learned."""

    kind: str
    on: str
    fitted: Arrays


@dataclass(frozen=True)
class Layer:
    """A layer: its kind, its numbers, sizes and words by name, see `forward`, and its weights."""

    kind: str
    numbers: dict[str, Any]
    params: Arrays


@dataclass(frozen=True)
class Plain:
    """A network with the shape in which it reads an example, and how often it counts.

    Attributes:
        steps: the place of its preprocessing among those of the ensemble.
        widest: the most numbers that an example becomes on its way.
    """

    layers: tuple[Layer, ...]
    loss: str
    precision: str
    in_shape: tuple[int, ...]
    steps: int
    weight: int
    widest: int = 1


@dataclass(frozen=True, eq=False)
class Packed:
    """Networks, each with its preprocessing. Called with encoded rows (n, *shape), it gives their mean (n, k)."""

    task: str
    networks: tuple[Plain, ...]
    preprocessing: tuple[tuple[Step, ...], ...]

    def __call__(self, x: NDArray[Any]) -> NDArray[Any]:
        """The mean prediction for encoded rows, block by block."""
        n = max(1, min(ROWS, NUMBERS // max(one.widest for one in self.networks)))
        return np.concatenate([self._mean(x[at : at + n]) for at in range(0, max(1, len(x)), n)])

    def _mean(self, x: NDArray[Any]) -> NDArray[Any]:
        rows = [_prepared(steps, x) for steps in self.preprocessing]
        said = [
            _unscaled(self.preprocessing[one.steps], _predicted(one, rows[one.steps], self.task))
            for one in self.networks
        ]
        return np.asarray(np.average(np.stack(said), axis=0, weights=[one.weight for one in self.networks]))

    def save(self, path: Path, encoder: Encoder, temperature: float) -> None:
        """Writes the one file from which `read` gives the same again."""
        from safetensors.numpy import save

        header = {
            "format": FORMAT,
            "encoder": encoder.to_dict(),
            "temperature": temperature,
            "preprocessing": [[{"kind": s.kind, "on": s.on} for s in steps] for steps in self.preprocessing],
            "networks": [
                {**asdict(one), "layers": [{"kind": layer.kind, "numbers": layer.numbers} for layer in one.layers]}
                for one in self.networks
            ],
        }
        arrays: Arrays = {
            f"{n}.{i}.{name}": array
            for n, one in enumerate(self.networks)
            for i, layer in enumerate(one.layers)
            for name, array in layer.params.items()
        }
        arrays |= {
            f"preprocessing.{p}.{i}.{name}": array
            for p, steps in enumerate(self.preprocessing)
            for i, step in enumerate(steps)
            for name, array in step.fitted.items()
        }
        text = json.dumps(header, ensure_ascii=False, default=lambda content: content.tolist())
        path.write_bytes(save({k: np.ascontiguousarray(a) for k, a in arrays.items()}, {"seedbed": text}))


def read(path: Path) -> tuple[Packed, Encoder, float]:
    """The networks in a file, their encoder and their temperature.

    Raises:
        RunError: it is no such file, is damaged, or comes from a newer version.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            plain = json.loads((file.metadata() or {})["seedbed"])
            if plain["format"] != FORMAT:
                came = f"{path}: expected an ensemble of format {FORMAT}, got {plain['format']}"
                raise RunError(came, "update seedbed")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)
        encoder = Encoder.from_dict(plain["encoder"])
        return _packed(plain, arrays, encoder.target.task), encoder, float(plain["temperature"])
    except RunError:
        raise
    except (OSError, ValueError, KeyError, TypeError, IndexError, SafetensorError) as error:
        hint = "give the folder of a run, or the ensemble.safetensors out of one"
        raise RunError(f"{path}: expected an ensemble that was saved, got another or a damaged file", hint) from error


def _packed(plain: dict[str, Any], arrays: Arrays, task: str) -> Packed:
    def under(*place: object) -> Arrays:
        prefix = "".join(f"{step}." for step in place)
        return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}

    preprocessing = tuple(
        tuple(Step(step["kind"], step["on"], under("preprocessing", p, i)) for i, step in enumerate(steps))
        for p, steps in enumerate(plain["preprocessing"])
    )
    networks = []
    for n, one in enumerate(plain["networks"]):
        layers = tuple(Layer(y["kind"], y["numbers"], under(n, i)) for i, y in enumerate(one["layers"]))
        networks.append(Plain(**{**one, "layers": layers, "in_shape": tuple(one["in_shape"])}))
    return Packed(task, tuple(networks), preprocessing)


def _prepared(steps: tuple[Step, ...], x: NDArray[Any]) -> NDArray[Any]:
    """Encoded rows behind the preprocessing; as `Preprocessor.x`."""
    for step in steps:
        x = APPLY[step.kind](step.fitted, x) if step.on == "x" else x
    return x.astype(float_type(x), copy=False)


def _unscaled(steps: tuple[Step, ...], said: NDArray[Any]) -> NDArray[Any]:
    """Predictions in the target's own unit; as `Preprocessor.unscale`."""
    for step in reversed(steps):
        said = INVERT[step.kind](step.fitted, said) if step.on == "y" else said
    return said


def _predicted(one: Plain, x: NDArray[Any], task: str) -> NDArray[Any]:
    """What a network says of prepared rows, (n, k)."""
    x = x.reshape(len(x), *one.in_shape).astype(one.precision, copy=False)
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):  # silent, as JAX is
        for layer in one.layers:
            x = LAYERS[layer.kind](layer.numbers, layer.params, x)
        return LOSSES[one.loss](x, task)

"""The finding: something that keeps a network from learning, with its name, its evidence and its remedies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from seedbed.core.messages import message

FATAL, SERIOUS, NOTE = "fatal", "serious", "note"  # learns nothing; learns much less than it could; worth knowing

EXPLAINED = {  # by which explanation the reader learns how it comes about, `seedbed explain NAME`
    "data_not_scaled": "z_score",
    "feature_scales": "z_score",
    "not_centred": "z_score",
    "init_too_small": "he",
    "init_too_large": "he",
    "exploding_gradient": "isometry",
    "vanishing_gradient": "sigmoid",
    "saturated_units": "sigmoid",
    "dead_relu": "relu",
    "step_activation": "step",
    "no_nonlinearity": "linear",
    "softmax_one_unit": "softmax",
    "redundant_softmax": "softmax",
    "lr_too_high": "descent",
    "lr_too_low": "descent",
    "oscillating": "descent",
}


@dataclass(frozen=True)
class Evidence:
    """One number that was measured, beside what it would be in a sound network.

    Attributes:
        what: what was measured, as a phrase: "gradient of the first layer / of the last".
        value: its value.
        expected: what it should be, as a phrase: "0.1 to 10".
    """

    what: str
    value: float
    expected: str

    def __str__(self) -> str:
        return f"{self.what}: {self.value:.3g} (expected {self.expected})"


@dataclass(frozen=True)
class Finding:
    """What was found in some members.

    Attributes:
        code: its name, such as `vanishing_gradient`.
        members: the numbers of the members in which it was found; empty for what was found before training.
        layers: the places of the layers where it shows, in `network.layers`, those of chains and repeats in a row;
            empty where it is of the whole.
        severity: `FATAL`, `SERIOUS` or `NOTE`.
        evidence: what was measured; of several members, of the one in which it is worst, or came first.
        remedies: names of remedies that may cure it, the likeliest first.
        symptoms: what follows from it.
    """

    code: str
    members: tuple[int, ...]
    layers: tuple[int, ...]
    severity: str
    evidence: tuple[Evidence, ...]
    remedies: tuple[str, ...]
    symptoms: tuple[Finding, ...] = ()

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return message(f"finding.{self.code}.title")

    @property
    def because(self) -> str:
        """The cause, in two sentences."""
        return message(f"finding.{self.code}.because")

    @property
    def beginning(self) -> tuple[Evidence, ...]:
        """Where it began: the evidence that is shown also where it follows from another finding."""
        return self.evidence if self.code == "non_finite" else ()

    @property
    def explanation(self) -> str | None:
        """The name that `explain` knows it by; None where there is no such explanation."""
        return EXPLAINED.get(self.code)

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Finding:
        """The finding that `to_dict` gave."""
        evidence = tuple(Evidence(**one) for one in plain["evidence"])
        symptoms = tuple(cls.from_dict(one) for one in plain["symptoms"])
        lists = {name: tuple(plain[name]) for name in ("members", "layers", "remedies")}
        return cls(plain["code"], severity=plain["severity"], evidence=evidence, symptoms=symptoms, **lists)

    def __str__(self) -> str:
        return "\n".join([f"{self.title}. {self.because}", *(f"  {one}" for one in self.evidence)])

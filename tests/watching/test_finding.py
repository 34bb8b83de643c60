"""The finding as a value, and what it refers to."""

from __future__ import annotations

from seedbed.recipe.explaining.registry import EXPLANATIONS
from seedbed.watching.finding import EXPLAINED, FATAL, SERIOUS, Evidence, Finding
from seedbed.watching.findings import EXPLAINS


def test_explanations_of_findings_are_there() -> None:
    assert set(EXPLAINED) <= set(EXPLAINS) and set(EXPLAINED.values()) <= set(EXPLANATIONS)
    said = Finding("dead_relu", (), (1,), FATAL, (), ())
    assert said.explanation == "relu" and Finding("leakage", (), (), FATAL, (), ()).explanation is None


def test_a_finding_comes_back_from_plain_data() -> None:
    symptom = Finding("underfitting", (1, 2), (), SERIOUS, (Evidence("loss", 0.5, "0"),), ("longer",))
    said = Finding("lr_too_high", (1, 2), (0, 2), FATAL, (), ("lr_down",), (symptom,))
    assert Finding.from_dict(said.to_dict()) == said

"""The proposed setup: it fits every data set that is built in, and is one program."""

from __future__ import annotations

import numpy as np
import pytest

import seedbed as sb
from seedbed.core import toml
from seedbed.core.draw import distributions
from seedbed.core.value import same
from seedbed.recipe.propose import propose_members
from seedbed.training.cohorts import bind, group

NAMES = [entry.name for entry in sb.data.catalogue()]


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_and_is_one_program(name: str) -> None:
    data = sb.data.load(name)
    space = sb.propose(data)
    assert len(distributions(space)) >= 3
    assert len(group([bind(sb.draw(space, seed=0, number=n), data) for n in range(8)], [data] * 8)) == 1
    assert same(toml.loads(toml.dumps(space), sb.Setup), space)


@pytest.mark.slow
def test_labels_and_several_values() -> None:
    x = np.random.default_rng(0).normal(size=(60, 4))
    labels = sb.data.load((x, (x[:, :3] > 0).astype(float)), task="multilabel")
    assert isinstance(sb.propose(labels).loss, sb.BinaryCrossEntropy)
    run = sb.train(sb.propose(labels), labels, members=2, epochs=1, out=None, watch="off")
    assert run.best.predict(x).shape == run.best.predict_proba(x).shape == (60, 3)
    values = sb.data.load((x, x[:, :2] * 3))
    run = sb.train(sb.propose(values), values, members=2, epochs=1, out=None, watch="off")
    assert run.best.predict(x).shape == (60, 2)


def rows(n: int, columns: int = 4) -> sb.data.Dataset:
    x = np.random.default_rng(0).normal(size=(n, columns))
    x[:, 0] = np.where(x[:, 0] > 1, x[:, 0], 0)
    return sb.data.load((x, x[:, :1] ** 2 + x[:, 1:2] * x[:, 2:3]), test_share=0.1, valid_share=0.1)


@pytest.mark.slow
def test_a_table_of_many_rows_has_its_numbers_embedded_and_fewer_members() -> None:
    large, little = rows(3000), rows(500)
    assert len(large.train) > 2000 > len(little.train)
    assert [step.kind for step in sb.propose(large).preprocessing] == [
        "piecewise_linear", "standardize", "standardize_target",
    ]  # fmt: skip
    assert [step.kind for step in sb.propose(little).preprocessing] == ["standardize", "standardize_target"]
    assert sb.propose(rows(3000, columns=65)).preprocessing[0] == sb.Standardize()
    run = sb.train(sb.propose(large), large, epochs=2, out=None, watch="off")
    assert len(run.members) == 8
    assert run.results["test"]["ensemble"]["r2"] > 0.8
    assert run.best.predict(large.test.rows).shape == (len(large.test),)


def test_digits_keep_their_proposal() -> None:
    digits = sb.data.load("digits")
    assert sb.propose(digits).preprocessing == (sb.Standardize(per="all"),)
    assert propose_members(digits) == 32


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [("iris", 0.9), ("wine", 0.94), ("breast_cancer", 0.94), ("diabetes", 0.4), ("xor", 0.95), ("blobs", 0.95),
     ("circles", 0.95), ("moons", 0.95), ("spiral", 0.9)],
)  # fmt: skip
def test_it_learns(name: str, least: float) -> None:
    run = sb.train(sb.propose(data := sb.data.load(name)), data, out=None)
    result = run.results["test"]["ensemble"]
    assert result.get("accuracy", result.get("r2")) >= least

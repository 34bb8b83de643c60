"""The level that arms are watched at: as close as the findings need, by the cases that they were made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import seedbed as sb
from seedbed.recipe.treating.arms import CONTROL
from seedbed.recipe.treating.level import level_for
from seedbed.watching.levels import ECONOMY, FULL

pytestmark = pytest.mark.slow  # each of these trains networks

X = np.random.default_rng(0).normal(size=(300, 4))
DATA = sb.data.load((X, (X[:, 0] * X[:, 1] > 0).astype(int)), task="classification", name="saddle")


def setup(network: str, lr: float = 0.1) -> sb.Setup:
    return sb.Setup(
        network=sb.Network.parse(network), loss=sb.CrossEntropy(), optimizer=sb.SGD(lr), batch_size=16, epochs=8
    )


DEAD = setup("linear 12 bias=constant(-10), relu, linear out")
TINY = "random_uniform(0.05)"
SMALL = setup(f"linear 12 {TINY}, relu, linear 12 {TINY}, relu, linear out {TINY}")


@pytest.mark.parametrize(("sick", "code", "due"), [(DEAD, "dead_relu", FULL), (SMALL, "init_too_small", ECONOMY)])
def test_full_where_economy_would_not_have_told(sick: sb.Setup, code: str, due: str) -> None:
    found = sb.diagnose(sick, DATA, members=3)
    (finding,) = [one for one in found.findings if one.code == code]
    assert level_for([finding], found.cases) == due
    assert level_for([finding], ()) == level_for([replace(finding, code="saturated_units")], found.cases) == FULL
    watched = sb.train(sick, DATA, members=3, out=None, watch=due)  # a run at that level tells it too
    assert code in {one.code for one in watched.findings}


def test_dead_units_are_seen_in_the_control_and_gone_where_they_live() -> None:
    arms = sb.treat(DEAD, DATA, arms=["batchnorm", "lr_down"], seeds=4, findings=["dead_relu"]).arms.set_index("arm")
    assert arms["cleared"].to_dict() == {CONTROL: False, "batchnorm": True, "lr_down": False}
    treated = sb.treat(DEAD, DATA, arms=["batchnorm"], seeds=4, findings=["dead_relu"], watch="economy")
    assert treated.arms["cleared"].tolist() == [None, None]
    assert "Whether what was found is gone is not known" in str(treated) and "symptom" not in str(treated)

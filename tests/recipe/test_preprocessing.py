"""Steps that change the number of features, from training to the folder and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import seedbed as sb
from seedbed.data.preprocessor import Preprocessor
from seedbed.recipe.looks import looks_of
from tests.recipe.conftest import houses

STEPS = (sb.PCA(2), sb.PiecewiseLinear(4))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> sb.Run:
    """Half of the members read two components, the others a dozen bins."""
    setup = sb.Setup(
        network=sb.Network.parse("linear 8, tanh, linear out"),
        loss=sb.MeanSquaredError(),
        optimizer=sb.Adam(0.01),
        epochs=2,
        preprocessing=[sb.Standardize(), sb.choice(*STEPS), sb.StandardizeTarget()],
    )
    data = sb.data.load(houses(), target="price")
    return sb.train(setup, data, members=4, out=tmp_path_factory.mktemp("runs") / "houses", watch="off")


def test_each_member_has_the_inputs_of_its_own_steps(run: sb.Run) -> None:
    data = sb.data.load(houses(), target="price")
    inputs = {member.setup.preprocessing[1]: member.params[0]["weight"].shape for member in run.members}
    assert set(inputs) == set(STEPS)
    for step, shape in inputs.items():
        n = Preprocessor.fit([sb.Standardize(), step], data).shape[0]
        assert n != data.shape[0] and n in shape


def test_the_folder_gives_back_what_was_trained(run: sb.Run) -> None:
    again, rows = sb.load_run(Path(str(run.folder))), houses().head(20)
    for ours, theirs in zip(run.members, again.members, strict=True):
        assert ours.trained.preprocessor.shape == theirs.trained.preprocessor.shape
        np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


def test_the_report_is_drawn_from_the_folder(run: sb.Run) -> None:
    again = sb.load_run(Path(str(run.folder)))
    assert again.held.looks is not None and run.held.looks is not None
    assert again.held.looks.names_after == run.held.looks.names_after
    np.testing.assert_array_equal(again.held.looks.after, run.held.looks.after)
    step = again.best.setup.preprocessing[1].kind
    text = Path(str(run.folder), "report.html").read_text(encoding="utf-8")
    assert f"<code>{step}" in text and 'class="bars"' in text


def test_each_feature_is_looked_at_before_and_after(run: sb.Run) -> None:
    """Where it became several bins, the one in the middle; components of all features are the first ones."""
    data = sb.data.load(houses(), target="price")
    names = ("area", "rooms")
    bins = looks_of(Preprocessor.fit([sb.PiecewiseLinear(4)], data), data)
    assert bins.names_before == names and bins.names_after == ("area, bin 3", "rooms, bin 3")
    assert looks_of(Preprocessor.fit([sb.Standardize()], data), data).names_after == names
    components = looks_of(Preprocessor.fit([sb.PCA(2)], data), data)
    assert len(components.names_after) == 2 and not set(names) & set(components.names_after)


def test_the_recipe_says_what_members_draw(run: sb.Run) -> None:
    facts = dict(run.steps[1].facts)
    assert facts["each member draws"] == "choice(PCA(components=2), PiecewiseLinear(bins=4))"
    assert facts["standardize"] == "(x − mean) / deviation; fitted on the 101 training examples only"

"""`search`: what the study says is what its networks do; and what it does not take."""

import itertools
from dataclasses import replace

import numpy as np
import optuna
import pytest

import seedbed as sb
from seedbed.recipe.searching import winner
from seedbed.recipe.searching.budget import seconds_of
from seedbed.recipe.searching.search import search
from seedbed.recipe.searching.study import load_study
from seedbed.recipe.searching.winner import told_of
from seedbed.searching.database import address
from seedbed.searching.store import Store
from seedbed.searching.worker import Told
from tests.searching.spaces import nested, small
from tests.searching.studies import config


@pytest.fixture(scope="module")
def digits():
    return sb.data.load("digits")


@pytest.fixture(scope="module")
def study(digits, tmp_path_factory):
    url = tmp_path_factory.mktemp("search") / "a.db"
    return search(
        small(), digits, trials=24, method="halving", study=url, name="a", seed=4, retrain=0, out=None, epochs=5
    )


def test_trials_are_given_up_behind_rungs_and_the_rest_goes_on(study) -> None:
    trials = study.trials
    assert study.rounds[0].rungs == (2, 5)
    assert trials["state"].value_counts().to_dict() == {"pruned": 16, "complete": 8}
    kept = trials[trials["state"] == "complete"]
    first = study.curves[study.curves["epoch"] == 1].set_index("trial")["valid_score"]
    assert first[kept["trial"]].median() > first[trials.loc[trials["state"] == "pruned", "trial"]].median()
    assert set(kept["epochs"]) == {5}
    assert set(trials.loc[trials["state"] == "pruned", "epochs"]) == {2}


def test_what_is_told_counts_the_trials_of_a_rung(digits) -> None:
    told: list[Told] = []
    search(small(4), digits, trials=24, method="halving", out=None, retrain=0, on_told=told.append)
    assert {(one.rung, one.n_trials) for one in told} == {(0, 24), (1, 8)}
    ends = [one.n_done for one, after in itertools.pairwise([*told, None]) if after is None or after.rung > one.rung]
    assert ends == [24, 8]
    assert all(0 <= one.n_done <= one.n_trials for one in told)


def test_a_trial_is_what_its_member_learns_alone(study, digits) -> None:
    number = study.winner.number
    alone = sb.train(small(5), digits, members=[number], seed=4, out=None, watch="off")
    curve = study.curves[study.curves["trial"] == number]
    np.testing.assert_allclose(curve["valid_loss"], alone.history["valid_loss"], rtol=1e-4)
    assert alone.best.valid_score == pytest.approx(study.winner.score, abs=0.01)
    assert study.setup == alone.best.setup


def test_what_was_found_predicts_as_it_was_scored(study, digits) -> None:
    said = study.best.predict(digits.valid.rows)
    assert np.mean(said == digits.valid.y) == pytest.approx(study.winner.score, abs=1e-6)
    told = study.truth.results
    assert told["validation"]["winner"]["accuracy"] == pytest.approx(study.winner.score, abs=1e-6)
    assert told["test"]["winner"]["accuracy"] == np.mean(study.best.predict(digits.test.rows) == digits.test.y)
    assert told["validation"]["ensemble"]["log_loss"] <= told["validation"]["winner"]["log_loss"] + 1e-3
    assert study.ensemble(3).predict(digits.test.rows).shape == digits.test.y.shape
    assert study.importance["importance"].sum() == pytest.approx(1)


def test_a_study_opens_again(study, digits) -> None:
    url = study.store.url
    again = load_study(url, data=digits)
    assert again.trials.equals(study.trials) and again.truth == study.truth
    np.testing.assert_array_equal(again.best.predict(digits.test.rows), study.best.predict(digits.test.rows))
    resumed = search(None, digits, study=url, name="a", resume=True, retrain=0, out=None)
    assert resumed.trials.equals(study.trials)
    assert resumed.truth == study.truth
    assert again.wall_seconds == study.store.seconds() < min(resumed.wall_seconds, study.wall_seconds)


def test_a_study_never_mixes(study, digits) -> None:
    options = {"trials": 24, "method": "halving", "study": study.store.url, "name": "a", "seed": 4, "out": None}
    with pytest.raises(sb.UsageError, match=r"expected the same space, got .*epochs = 6.* in place of .*epochs = 5"):
        search(small(6), digits, **options)
    with pytest.raises(sb.UsageError, match="expected the data digits, got xor"):
        search(small(5), sb.data.load("xor"), **options)
    with pytest.raises(sb.UsageError, match="expected digits with the same rows and split, got others"):
        search(small(5), sb.data.load("digits", split_seed=9), **options)
    with pytest.raises(sb.UsageError, match="expected seed 4, got 5"):
        search(small(5), digits, **options | {"seed": 5})
    with pytest.raises(sb.UsageError, match="expected trials 24, got 30"):
        search(None, digits, study=study.store.url, name="a", resume=True, trials=30, out=None)
    resumed = {"study": study.store.url, "name": "a", "resume": True, "out": None}
    with pytest.raises(sb.UsageError, match="expected the same space"):
        search(nested(), digits, **resumed)
    with pytest.raises(sb.UsageError, match="expected seed 4, got 9"):
        search(None, digits, **resumed, seed=9)
    with pytest.raises(sb.UsageError, match="expected method halving, got random"):
        search(None, digits, **resumed, method="random")
    with pytest.raises(sb.UsageError, match="expected epochs 5, got 7"):
        search(None, digits, **resumed, epochs=7)
    with pytest.raises(sb.UsageError, match=r"expected a study named 'b' in .*, got none\nhint: it has 'a'"):
        search(None, digits, **resumed | {"name": "b"})
    assert optuna.get_all_study_names(address(str(study.store.url)).render_as_string()) == ["a"]  # none was made


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": 0}, "trials: expected a whole number of at least 1, got 0"),
        ({"trials": 4, "budget": "1m"}, "budget: expected trials or a budget, got both"),
        ({"budget": "1"}, "budget: expected a time such as 90s, 5m or 1h30m, got '1'"),
        ({"budget": "1s"}, "budget: expected 3 seconds at least, got 1"),
        ({"method": "rand"}, "method: expected one of .*, got 'rand'.*did you mean 'random'"),
        ({"method": "grid"}, "expected steps for a grid over a range"),
        ({"method": "grid", "steps": 3, "trials": 0}, "trials: expected a whole number of at least 1, got 0"),
        ({"method": "grid", "steps": 400}, "grid: expected at most 100,000 points, got 800,000: 5 .*--method random"),
        ({"method": "grid", "steps": 10**9}, "steps: expected at most 100,000, got 1,000,000,000"),
        ({"method": "random", "steps": 3}, "steps: expected them with a grid alone, got method random"),
        ({"method": "hyperband", "halving": False}, "halving: expected it with method hyperband, .* got none"),
        ({"rungs": (2, 2, 5)}, r"rungs: expected epochs in rising order, got \(2, 2, 5\)"),
        ({"rungs": ()}, r"rungs: expected epochs such as \(2, 6, 20\), got \(\)"),
        ({"rungs": (0, 5)}, "rungs: expected a whole number of at least 1, got 0"),
        ({"rungs": (2, 5), "method": "hyperband"}, "rungs: expected a method .*, got method hyperband"),
        ({"rungs": (2, 5), "halving": False}, "rungs: expected a method .*, got no halving"),
        ({"rungs": (2, 5), "epochs": 9}, "epochs: expected 5, as the last of the rungs, got 9"),
        ({"budget": float("inf")}, "budget: expected a time that ends, got inf"),
        ({"name": ""}, "name: expected 1 to 512 characters, got ''"),
        ({"folds": 1}, "folds: expected a whole number of at least 2, got 1"),
        ({"study": "postgresql://me:secret@127.0.0.1:1/none"}, r"postgresql\+psycopg://me:\*\*\*@127.0.0.1:1/none"),
        ({"study": "nonsense://x"}, "study: no driver for the database nonsense://x"),
        ({"resume": True}, "resume: expected the study to go on with, got none"),
        ({"study": "not-there.db", "resume": True}, "expected a study to go on with, got not-there.db"),
        ({"study": "sqlite:///not-there.db", "resume": True}, "expected a study to go on with, got not-there.db"),
        ({"study": "no/folder/s.db"}, "cannot be used: unable to open database file.*name a file that can be written"),
    ],
)
def test_what_is_not_sound_is_refused(digits, options, message, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sb.UsageError, match="(?s)" + message):
        search(small(), digits, **options)
    assert not list(tmp_path.iterdir())


def test_a_setup_without_a_distribution_is_for_train(digits) -> None:
    with pytest.raises(sb.UsageError, match="or train this setup"):
        search(sb.Setup(sb.Network.parse("linear out"), sb.CrossEntropy(), sb.SGD(0.1)), digits, out=None)


def test_a_budget_that_is_too_short_is_said_before(digits) -> None:
    sb.outlook(small(10), digits, budget="10s", method="random")
    with pytest.warns(UserWarning, match="budget: 8 trials take about [0-9]+ s here"):
        sb.outlook(small(100_000), digits, budget="10s", method="random")


def test_a_finished_study_is_told_once(digits, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test part is not looked at again, unless more is asked of the winner."""
    asked = {"study": tmp_path / "a.db", "out": None}
    first = search(small(2), digits, trials=6, method="random", retrain=1, **asked)
    assert first.truth is not None and len(first.truth.retrained) == 1

    def looked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(winner, "_tested", looked)
    for retrain in (None, 0, 1):
        again = search(None, digits, resume=True, retrain=retrain, **asked)
        assert again.truth == first.truth
    assert again.worker is not None and again.worker.n_trained == 0
    with pytest.raises(AssertionError):
        search(None, digits, resume=True, retrain=2, **asked)
    once = load_study(asked["study"], data=digits)
    once.worker = first.worker  # which trained, so that more may have come since it was told without retraining
    once.store.tell(replace(first.truth, retrained=(), retrained_test=()).to_text())
    with pytest.raises(AssertionError):
        winner.told_once(once, retrain=0)
    once.worker = None
    assert winner.told_once(once, retrain=0).retrained == ()


def test_a_retraining_that_was_stopped_is_not_told(study, monkeypatch) -> None:
    def stopped(setup, data, **options):
        run = sb.train(setup, data, **options | {"members": 1, "epochs": 1, "watch": "off"})
        run.is_interrupted = True
        return run

    monkeypatch.setattr("seedbed.recipe.searching.winner.train", stopped)
    told = told_of(study, retrain=3)
    assert told.retrained == () and told.retrained_test == () and told.gap is None
    assert told.results == study.truth.results


def test_the_winner_is_told_where_its_folder_is_in_the_way(study, tmp_path, monkeypatch) -> None:
    """Another process on the same study may begin there between a look and the training."""
    tried = []

    def train(setup, data, *, out, **options):
        tried.append(out)
        if out is not None:
            raise sb.RunError(f"{out}: expected a new or empty folder for the run, but something is there")
        return sb.train(setup, data, out=None, watch="off", **options)

    monkeypatch.setattr("seedbed.recipe.searching.winner.train", train)
    monkeypatch.setattr(study, "folder", tmp_path)
    assert len(told_of(study, retrain=2).retrained) == 2
    assert tried == [tmp_path / "winner", None]


def test_a_study_that_has_just_begun_predicts_nothing(digits, tmp_path) -> None:
    store = Store(str(tmp_path / "s.db"), "a")
    begun = sb.Study(store, store.begin(config()), data=digits, parts=[digits])
    with pytest.raises(sb.RunError, match="expected predictions of its trials, got none in sqlite"):
        begun.ensemble()


def test_the_plan_takes_what_search_takes(digits) -> None:
    assert sb.outlook(small(), digits, trials=8, retrain=0, study="s.db", out=None).sizes == (4, 2, 2)


def test_a_study_in_the_working_folder_is_no_search_of_its_own(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    space = sb.Setup(sb.Network([sb.Linear("out")]), sb.CrossEntropy(), sb.SGD(sb.log_uniform(0.01, 1.0)), epochs=1)
    monkeypatch.setattr("seedbed.recipe.searching.study.Study.report", lambda *_: None)
    found = search(space, "iris", trials=2, method="random", study="study.db", retrain=0)
    assert found.folder.parent.name == "runs"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs", "study.db"]
    again = search(None, "iris", study=tmp_path / "study.db", resume=True, retrain=0)
    assert again.folder == tmp_path


def test_rungs_may_be_given(digits, tmp_path) -> None:
    options = {"study": tmp_path / "s.db", "out": None, "retrain": 0}
    found = search(small(), digits, trials=9, method="random", rungs=(1, 2, 3), **options)
    assert found.rounds[0].rungs == (1, 2, 3) and found.setup.epochs == 3
    assert sorted(found.trials["epochs"]) == [1] * 6 + [2] * 2 + [3]
    with pytest.raises(sb.UsageError, match=r"expected rungs \(1, 2, 3\), got \(1, 3\)"):
        search(None, digits, **options, resume=True, rungs=(1, 3))
    assert search(None, digits, **options, resume=True).trials.equals(found.trials)
    assert search(small(), digits, **options, resume=True, rungs=(1, 2, 3)).trials.equals(found.trials)


def test_epochs_are_those_of_the_search(digits) -> None:
    with pytest.raises(sb.UsageError, match=r"epochs: expected a whole number in a space, got choice\(1, 2\)"):
        search(small().replace(epochs=sb.choice(1, 2)), digits, out=None)


def test_a_dimension_may_have_the_name_of_a_column(tmp_path) -> None:
    losses = sb.choice(sb.CrossEntropy(), sb.CrossEntropy(label_smoothing=0.1))
    space = sb.Setup(sb.Network([sb.Linear("out")]), losses, sb.SGD(sb.log_uniform(0.01, 1.0)), epochs=1)
    found = search(space, "iris", trials=4, method="random", study=tmp_path / "s.db", retrain=0, out=None)
    table = found.trials
    assert table["loss"].dtype == float and np.isfinite(table["loss"]).all()
    assert set(table["loss (drawn)"]) == {trial.point["loss"] for trial in found.listed}


def test_budgets() -> None:
    assert [seconds_of(b) for b in ("90s", "5m", "1h30m", "1.5h", 7)] == [90, 300, 5400, 5400, 7]

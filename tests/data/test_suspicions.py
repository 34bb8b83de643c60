"""What looks too good, and what looks like another unit."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from seedbed.core.errors import DataError
from seedbed.data import Encoder, load
from seedbed.data.association import association

N = 600
rng = np.random.default_rng(0)
noise = rng.normal(size=N)
town = rng.choice(list("abc"), N)


def said(frame, **options):
    return [sentence for sentence in load(frame, target="y", **options).notices if "alone tells" in sentence]


def test_a_column_that_alone_tells_a_quantity_is_said():
    y = np.exp(noise)
    frame = pd.DataFrame({"log": noise, "near": noise + rng.normal(size=N) / 5, "other": rng.normal(size=N), "y": y})
    assert said(frame) == ["column 'log' alone tells the target 'y' (correlation 1.0000): does it come from it?"]


def test_columns_that_alone_tell_classes_are_said():
    y = np.where(noise > 0.5, "sick", "well")
    likely = noise + rng.normal(size=N)
    frame = pd.DataFrame({
        "score": noise, "code": np.where(y == "sick", "S", rng.choice(["W", "X"], N)), "likely": likely,
        "died": np.where(y == "sick", "2024-01-01", None), "town": town, "y": y,
    })  # fmt: skip
    found = said(frame)
    assert [sentence.split("'")[1] for sentence in found] == ["score", "code", "died"]
    assert found[0].endswith("alone tells the target 'y' (100.0% of the training rows): does it come from it?")


def test_what_is_only_good_or_only_unbalanced_is_not_said():
    y = np.where(np.arange(N) % 100 == 0, "rare", "usual")  # 99 % are one class, whatever a column says
    frame = pd.DataFrame({"a": noise, "town": town, "row": rng.permutation(N) * 1.0, "y": y})
    assert said(frame) == []
    wrong = rng.random(N) < 0.01
    frame = pd.DataFrame(
        {"good": np.where(wrong, "a", np.where(noise > 0, "b", "a")), "y": np.where(noise > 0, "1", "2")}
    )
    assert said(frame) == []


def test_test_rows_that_are_in_training_are_counted():
    frame = pd.DataFrame({"a": noise, "town": town, "y": noise + rng.normal(size=N)})
    assert load(frame, target="y").notices == ()
    twice = load(pd.concat([frame, frame[:300]], ignore_index=True), target="y")
    in_train = pd.MultiIndex.from_frame(twice.train.rows).isin(pd.MultiIndex.from_frame(twice.test.rows))
    assert in_train.any()
    known = set(map(tuple, np.column_stack([twice.train.rows, twice.train.y]).tolist()))
    count = sum(tuple(row) in known for row in np.column_stack([twice.test.rows, twice.test.y]).tolist())
    assert twice.notices == (
        f"{count} of 180 test rows ({count / 180:.0%}) are in the training part as well, target included: "
        "the result will look better than it is on new rows",
    )


@pytest.fixture(scope="module")
def people():
    frame = pd.DataFrame({"height": rng.normal(172, 9, N), "angle": rng.normal(0, 30, N), "town": town, "y": noise})
    return load(frame, target="y")


def warned(encoder, rows):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        encoder.transform(rows)
    return [str(one.message) for one in caught]


def test_units_that_drifted_are_warned_of_with_figures(people):
    rows = people.test.rows
    for encoder in (people.encoder, Encoder.from_dict(people.encoder.to_dict())):
        assert warned(encoder, rows) == []
        (height,) = warned(encoder, rows.assign(height=rows.height / 100))
        low, high = np.quantile(people.train.rows.height, [0.01, 0.99])
        here, there = rows.height.median() / 100, people.train.rows.height.median()
        assert height == (
            f"column 'height': median {here:.4g} here, {there:.4g} in training, where 98 % of the rows lie "
            f"from {low:.4g} to {high:.4g}: another unit?"
        )
        (angle,) = warned(encoder, rows.assign(angle=np.radians(rows.angle)))  # its median is near 0 in any unit
        assert angle.startswith("column 'angle': the numbers other than 0 have a median size of 0.")
        assert angle.endswith("in training: another unit?")


def test_categories_in_another_spelling_are_warned_of(people):
    rows = people.test.rows
    (sentence,) = warned(people.encoder, rows.assign(town=rows.town.str.upper()))
    assert sentence.startswith("column 'town': 120 of 120 values were never seen in training ('")
    assert sentence.endswith("where they were 'a', 'b', 'c': another spelling?")


def test_few_rows_are_too_few_to_judge_by(people):
    assert warned(people.encoder, people.test.rows[:19].assign(height=1.7)) == []


def test_strays_in_new_rows_are_warned_of_and_nothing_but_strays_refused(people):
    rows = people.test.rows.astype({"height": object})
    rows.iloc[:2, 0] = ["tall", "1m80"]
    assert warned(people.encoder, rows) == [
        "column 'height': of 120 values that should be finite numbers, 2 are not and count as holes ('tall', '1m80')"
    ]
    with pytest.raises(
        DataError, match="column 'height': expected finite numbers, got 'tall'\nhint: what is unknown may"
    ):
        people.encoder.transform(rows[:1])


def test_a_given_test_file_in_another_unit_is_a_notice():
    frame = pd.DataFrame({"height": rng.normal(172, 9, N), "b": rng.normal(size=N), "y": noise})
    (notice,) = load(frame[:400], target="y", test=frame[400:].assign(height=lambda f: f.height / 100)).notices
    assert notice.startswith("the test part: column 'height': median 1.7")


def test_associations_are_those_of_scipy():
    other = noise + rng.normal(size=N)
    numbers = np.unique(town, return_inverse=True)[1].astype(float)
    classes = rng.choice(3, N)
    assert association(noise, other, are_ordered=True, is_class=False) == pytest.approx(
        abs(stats.spearmanr(noise, other)[0]), abs=1e-12
    )
    table = pd.crosstab(numbers, classes)
    assert association(numbers, classes, are_ordered=False, is_class=True) == pytest.approx(
        stats.contingency.association(table.to_numpy(), "cramer"), abs=1e-12
    )
    # η² of ranks is H / (n - 1), Kruskal and Wallis' statistic over its largest value.
    h = stats.kruskal(*(other[numbers == i] for i in range(3)))[0]
    expected = np.sqrt(h / (N - 1))
    assert association(numbers, other, are_ordered=False, is_class=False) == pytest.approx(expected, abs=1e-12)
    assert association(other, numbers, are_ordered=True, is_class=True) == pytest.approx(expected, abs=1e-12)

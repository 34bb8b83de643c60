"""Superbatches: every training row once an epoch, well mixed, the same again."""

import itertools

import numpy as np
import pytest

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load
from seedbed.data.preprocessing import Standardize, StandardizeTarget
from seedbed.data.preprocessor import Preprocessor
from seedbed.data.stream.shuffle import schedule, stretches, uniform
from seedbed.data.stream.source import RowGroup

N = 60_000


@pytest.fixture
def streamed(big, written):
    return load(written(big(N), rows=4_000), target="y", stream=True)


def numbers(data, **how):
    """The row numbers of each superbatch, from the feature that holds them."""
    place = data.feature_names.index("number")
    return [x[:, place].astype(int) for x, _, _ in data.train.superbatches(**how)]


def test_an_epoch_has_every_training_row_exactly_once(streamed):
    batches = numbers(streamed, epoch=0, seed=0, size=7_000)
    assert [len(batch) for batch in batches[:-1]] == [7_000] * (len(streamed.train) // 7_000)
    rows = np.concatenate(batches)
    assert len(rows) == len(streamed.train) == len(set(rows.tolist()))
    others = set(streamed.valid.index.tolist()) | set(streamed.test.index.tolist())
    assert set(rows.tolist()) == set(range(N)) - others


def test_rows_targets_and_features_stay_together(big, streamed):
    frame = big(N)
    place = streamed.feature_names.index("number")
    for x, y, weight in streamed.train.superbatches(0, 0, 20_000):
        assert x.dtype == np.float32 and y.dtype == np.int32 and weight is None
        rows = frame.iloc[x[:, place].astype(int)]
        assert [streamed.class_names[i] for i in y] == rows.y.tolist()
        assert np.array_equal(x[:, 0], rows.a.to_numpy(np.float32))
        assert np.array_equal(x[:, streamed.feature_names.index("town=B")], rows.town == "B")
        assert np.array_equal(x, streamed.encoder.transform(rows).astype(np.float32))


def test_epochs_and_seeds_differ_and_the_same_repeat(streamed):
    one = numbers(streamed, epoch=0, seed=0, size=9_000)
    assert all(map(np.array_equal, one, numbers(streamed, epoch=0, seed=0, size=9_000)))
    for other in (numbers(streamed, epoch=1, seed=0, size=9_000), numbers(streamed, epoch=0, seed=1, size=9_000)):
        assert not np.array_equal(one[0], other[0]) and set(one[0].tolist()) != set(other[0].tolist())


@pytest.mark.parametrize("skip", [0, 1, 3, 7, 50])
def test_skipping_gives_what_would_have_come(streamed, skip):
    whole = list(streamed.train.superbatches(2, 5, 5_000))
    rest = list(streamed.train.superbatches(2, 5, 5_000, skip=skip))
    assert len(rest) == max(0, len(whole) - skip)
    for (x, y, _), (again, y_again, _) in zip(whole[skip:], rest, strict=True):
        assert np.array_equal(x, again) and np.array_equal(y, y_again)


def test_skipping_reads_only_what_it_needs(streamed, monkeypatch):
    read = []
    batches = type(streamed.train.reading.source).batches

    def counted(self, group, skip=0):
        for batch in batches(self, group, skip):
            read.append(len(batch))
            yield batch

    monkeypatch.setattr(type(streamed.train.reading.source), "batches", counted)
    n_last = len(list(streamed.train.superbatches(0, 0, 5_000, skip=len(streamed.train) // 5_000)))
    assert n_last == 1 and sum(read) < 20_000


@pytest.mark.parametrize("rows", [2_000, 7_500, 60_000])
def test_a_file_in_the_order_of_its_classes_is_mixed(big, written, rows):
    # 30, 8 and 1 row groups: the last is cut into eight stretches.
    frame = big(N).sort_values("y", ignore_index=True)
    data = load(written(frame, rows=rows), target="y", stream=True)
    share = data.train.class_counts[1] / len(data.train)
    batches = list(data.train.superbatches(0, 0, 12_000))
    for _, y, _ in batches[:-1]:
        assert abs(y.mean() - share) < 0.2
        halves = np.array_split(y, 4)  # within a superbatch rows are in random order
        assert max(abs(half.mean() - y.mean()) for half in halves) < 0.04


def test_lanes_read_at_many_places_and_end_together():
    groups = [RowGroup(0, i, i * 100_000, 100_000, 10**6) for i in range(40)]
    order = schedule(groups, 5, (0, 0))
    assert sorted({(group, batch) for _, group, batch in order}) == [(g, b) for g in range(40) for b in range(13)]
    assert len(order) == 40 * 13
    for lane in range(32):
        mine = [(group, batch) for at, group, batch in order if at == lane]
        assert mine == [(g, b) for g, _ in itertools.groupby(mine, key=lambda one: one[0]) for b in range(13)]
    last = [lane for lane, _, _ in order[-60:]]
    assert len(set(last)) > 15


@pytest.mark.parametrize("n_groups", [1, 3, 8, 20])
def test_stretches_cover_every_batch(n_groups):
    groups = [RowGroup(0, i, 0, 250_000 * (1 + i % 2), 1) for i in range(n_groups)]
    cut = stretches(groups)
    assert len(cut) >= 8
    for number, group in enumerate(groups):
        covered = [batch for one in cut if one.group == number for batch in range(one.start, one.stop)]
        assert covered == list(range(group.n_batches))


def test_draws_are_uniform_and_depend_on_row_and_seed():
    from scipy import stats

    draws = uniform(np.arange(100_000), 0)
    assert stats.kstest(draws, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 0.01
    assert np.array_equal(draws[500:600], uniform(np.arange(500, 600), 0))
    assert abs(np.corrcoef(draws, uniform(np.arange(100_000), 1))[0, 1]) < 0.01


def test_the_published_generator_is_what_draws():
    """The first numbers of SplitMix64 for the state 1234567, as its reference implementation prints them."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    key = np.random.SeedSequence(0).generate_state(1, np.uint64)[0]
    golden = 0x9E3779B97F4A7C15
    # Row r has the state key + (r + 1) * golden: the row at which the state 1234567 + golden stands.
    first = ((1234567 - int(key)) * pow(golden, -1, 2**64)) % 2**64
    rows = (np.uint64(first) + np.arange(3, dtype=np.uint64)).view(np.int64)
    assert uniform(rows, 0).tolist() == [(value >> 11) * 2.0**-53 for value in expected]


def test_preprocessing_in_double_precision_comes_before_single(big, written):
    frame = big(20_000).assign(stamp=lambda f: 1.7e9 + f.number)  # float32 knows these to 128 only
    data = load(written(frame), target="y", stream=True)
    steps = Preprocessor.fit([Standardize()], data)
    place = data.feature_names.index("stamp")
    seen = np.concatenate([x[:, place] for x, _, _ in data.train.superbatches(0, 0, 5_000, prepare=steps.x)])
    assert len(np.unique(seen)) > 0.99 * len(data.train)
    assert abs(seen.mean()) < 1e-4 and abs(seen.std() - 1) < 1e-4


def test_steps_are_fitted_to_all_rows_and_classes_weighed_by_all(big, written, monkeypatch):
    from seedbed.data.stream import survey
    from seedbed.training.weighting import class_weights

    monkeypatch.setattr(survey, "MOST_ROWS", 500)
    frame = big(20_000)
    data = load(written(frame), target="a", stream=True)
    rows = np.setdiff1d(np.arange(20_000), np.concatenate([data.valid.index, data.test.index]))
    x, y = data.encoder.features(frame.iloc[rows]), frame.a[rows].to_numpy()
    steps = Preprocessor.fit([Standardize(), StandardizeTarget()], data)
    scale = np.where(data.numeric, x.std(axis=0), 1.0)
    np.testing.assert_allclose(steps.fitted[0]["scale"], scale, rtol=1e-10)
    np.testing.assert_allclose(steps.fitted[1]["mean"], [y.mean()], rtol=1e-12)
    classes = load(written(frame), target="town", stream=True)
    counts = np.array(
        [(frame.town.iloc[np.concatenate(numbers(classes, epoch=0, seed=0, size=9_000))] == t).sum() for t in "ABC"]
    )
    np.testing.assert_allclose(class_weights("balanced", classes), counts.sum() / (3 * counts))


def test_weights_come_along(big, written):
    data = load(written(big(20_000).assign(w=lambda f: f.number + 1)), target="y", sample_weight="w", stream=True)
    place = data.feature_names.index("number")
    for x, _, weight in data.train.superbatches(0, 0, 6_000):
        assert np.array_equal(weight, x[:, place].astype(np.float64) + 1)
    assert np.array_equal(data.valid.weight, data.valid.index + 1.0)


def test_unsound_sizes(streamed):
    with pytest.raises(UsageError, match="superbatches: expected a size from 1 and a skip from 0, got 0 and 0"):
        streamed.train.superbatches(0, 0, 0)


def test_a_file_that_changes_between_epochs(big, written):
    path = written(big(20_000), rows=4_000)
    data = load(path, target="y", stream=True)
    written(big(20_000, seed=1), rows=4_000)
    with pytest.raises(DataError, match=r"big\.parquet: expected the file that was opened, got one that has changed"):
        list(data.train.superbatches(0, 0, 5_000))

"""The data set that streamed Parquet files give."""

import json

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load
from seedbed.data.stream import memory

N = 30_000


@pytest.fixture
def both(big, written):
    """The table, and the data set that its file gives."""
    frame = big(N)
    return frame, load(written(frame, rows=4_000), target="y", stream=True)


def test_shares_are_those_that_are_asked_for(both):
    data = both[1]
    assert data.is_streamed and not load("iris").is_streamed
    assert abs(len(data.valid) / N - 1 / 6) < 0.01 and abs(len(data.test) / N - 0.2) < 0.01
    assert len(data.train) + len(data.valid) + len(data.test) == N


def test_parts_in_memory_hold_the_rows_of_the_file(both):
    frame, data = both
    for part in (data.valid, data.test, data.train.sample):
        assert_frame_equal(
            part.rows.reset_index(drop=True), frame.drop(columns="y").iloc[part.index].reset_index(drop=True)
        )
        assert [data.class_names[i] for i in part.y] == frame.y[part.index].tolist()
        assert np.array_equal(part.x, data.encoder.transform(frame.iloc[part.index]))


def test_statistics_are_those_of_all_training_rows(both):
    frame, data = both
    rows = np.setdiff1d(np.arange(N), np.concatenate([data.valid.index, data.test.index]))
    x = data.encoder.transform(frame.iloc[rows])
    found = data.train.moments
    assert found.n == len(rows) == len(data.train)
    np.testing.assert_allclose(found.mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.variance, x.var(axis=0), rtol=1e-10)
    assert np.array_equal(found.low, x.min(axis=0)) and np.array_equal(found.high, x.max(axis=0))
    assert data.train.class_counts.tolist() == frame.y[rows].value_counts()[["no", "yes"]].tolist()


def test_the_sample_is_limited_and_uniform(big, written, monkeypatch):
    from seedbed.data.stream import survey

    monkeypatch.setattr(survey, "MOST_ROWS", 2_000)
    data = load(written(big(N), rows=4_000), target="y", stream=True)
    for part in (data.valid, data.test, data.train.sample):
        assert 1_500 < len(part) <= 2_000
        assert abs(part.index.mean() / N - 0.5) < 0.03
        assert np.ptp(np.bincount(part.index * 10 // N)) < 100
    assert len(data.train) > 24_000
    assert not set(data.train.sample.index) & (set(data.valid.index) | set(data.test.index))


def test_what_it_says_about_itself(both):
    frame, data = both
    said = json.loads(json.dumps(data.describe()))
    assert said["rows"] == {"train": len(data.train), "valid": len(data.valid), "test": len(data.test)}
    assert sum(entry[part] for entry in said["targets"] for part in ("train", "valid", "test")) == N
    area = next(entry for entry in said["features"] if entry["name"] == "number")
    rows = np.setdiff1d(frame.index, np.concatenate([data.valid.index, data.test.index]))
    assert (area["low"], area["high"]) == (rows.min(), rows.max()) and abs(area["mean"] - rows.mean()) < 1e-6
    assert data.shape == (len(data.feature_names),)
    assert repr(data).startswith(f"Dataset('big', classification, {len(data.train)} train + {len(data.valid)} valid")
    assert repr(data.train) == f"StreamedPart({len(data.train):,} rows, sample={data.train.sample!r})"
    assert data.notices[0] == (
        "read from Parquet in every epoch, a piece at a time: what the columns are is learned from "
        f"{len(data.train.sample):,} of {len(data.train):,} training rows, their means and ranges from all"
    )


def test_a_quantity_and_several(big, written):
    frame = big(N).assign(z=lambda f: f.a * 2)
    path = written(frame, rows=4_000)
    one, two = load(path, target="a", stream=True), load(path, target="a,z", stream=True)
    assert one.task == two.task == "regression"
    _, y, _ = next(one.train.superbatches(0, 0, 1_000))
    assert y.shape == (1_000, 1) and y.dtype == np.float64
    rows = np.setdiff1d(np.arange(N), np.concatenate([two.valid.index, two.test.index]))
    np.testing.assert_allclose(
        two.train.target_moments.mean, frame[["a", "z"]].to_numpy()[rows].mean(axis=0), rtol=1e-12
    )
    assert two.describe()["targets"][1]["high"] == frame.z[rows].max()


def test_a_rare_class_is_found_wherever_it_stands(big, written, monkeypatch):
    from seedbed.data.stream import survey

    monkeypatch.setattr(survey, "MOST_ROWS", 400)
    frame = big(N)
    frame.loc[[11, 20_011, 29_999], "y"] = "rare"
    data = load(written(frame, rows=4_000), target="y", stream=True)
    assert data.class_names == ("no", "rare", "yes")
    assert data.train.class_counts[1] == 3 and "rare" not in [data.class_names[i] for i in data.train.sample.y]
    assert "classes that are not in the validation part: rare" in data.notices


def test_rows_without_a_target_are_left_out_and_counted(big, written):
    frame = big(N)
    frame.loc[::10, "y"] = None
    data = load(written(frame, rows=4_000), target="y", stream=True)
    assert len(data.train) + len(data.valid) + len(data.test) == N * 9 // 10
    assert "3,000 of 30,000 rows have no target and are left out" in data.notices
    rows = np.concatenate(
        [x[:, data.feature_names.index("number")] for x, _, _ in data.train.superbatches(0, 0, 9_999)]
    )
    assert not (rows % 10 == 0).any()


def test_several_files_are_one_table(big, written, tmp_path):
    frame = big(N)
    whole = load(written(frame, rows=4_000), target="y", stream=True)
    for i in range(3):
        written(frame[i * 10_000 : (i + 1) * 10_000], f"pieces/part-{i}.parquet", rows=3_000)
    folder = load(str(tmp_path / "pieces"), target="y", stream=True)
    pattern = load(f"{tmp_path}/pieces/part-*.parquet", target="y", stream=True)
    inside = load(str(tmp_path / "pieces"), target="y", stream=False)
    assert len(inside.train) + len(inside.valid) + len(inside.test) == N and inside.name == "pieces"
    assert folder.fingerprint == pattern.fingerprint == whole.fingerprint
    assert np.array_equal(folder.test.index, whole.test.index) and folder.name == "pieces"


def test_any_change_of_a_value_or_of_the_split_changes_the_fingerprint(big, written):
    frame = big(N)
    data = load(written(frame), target="y", stream=True)
    again = load(written(frame, rows=3_000), target="y", stream=True)
    row = next(row for row in range(N) if row not in {*data.valid.index, *data.test.index})
    changed = load(written(frame.assign(a=frame.a.where(frame.index != row, 5.125))), target="y", stream=True)
    other = load(written(frame), target="y", stream=True, split_seed=1)
    assert data.fingerprint == again.fingerprint
    assert len({data.fingerprint, changed.fingerprint, other.fingerprint}) == 3


def test_the_memory_that_is_free_decides(big, written, monkeypatch):
    path = written(big(N))
    assert memory.available_bytes() > 1 << 28
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "available_bytes", lambda: 2 * N * 6 * 32)
        held = load(path, target="y")
        assert not held.is_streamed and held.origin["options"]["stream"] is False
        patch.setattr(memory, "available_bytes", lambda: 2 * N * 6 * 32 - 2)
        unasked = load(path, target="y")
        assert unasked.is_streamed and unasked.notices[-1].startswith("the table is read anew in every epoch, because")
        assert not load(path, target="y", stream=False).is_streamed
        assert not load(path, target="y", group="a").is_streamed
    monkeypatch.setattr(memory, "MOST_BYTES", N * 6 * 32 - 1)
    assert load(path, target="y").is_streamed


def test_where_it_came_from_gives_the_same_again(big, written):
    data = load(written(big(N)), target="y", split_seed=3, stream=True)
    assert data.origin["options"] == {"target": "y", "split_seed": 3, "stream": True}
    assert load(data.origin["source"], **data.origin["options"]).fingerprint == data.fingerprint


def test_texts_that_stand_for_holes(big, written):
    frame = big(N)
    frame.loc[:299, "town"] = "?"
    frame.loc[::100, "y"] = "?"
    data = load(written(frame, rows=4_000), target="y", missing="?", stream=True)
    assert data.class_names == ("no", "yes")
    assert len(data.train) + len(data.valid) + len(data.test) == N - 300
    assert not [name for name in data.feature_names if "?" in name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": "z"}, r"target: expected one of the columns of .*big\.parquet, got 'z'; they are a, b, town, k"),
        ({}, "expected the name of the target column, got none; the columns are a, b, town, k, number, y"),
        ({"target": "y", "group": "town"}, "group: expected none for streamed data, got 'town'\nhint: stream=False"),
        ({"target": "y", "time": "k"}, "time: expected none for streamed data, got 'k'"),
        ({"target": "y", "test": "iris"}, "test: expected none for streamed data, got 'iris'"),
        (
            {"target": "y", "sample_weight": [1.0]},
            "sample_weight: expected the name of a column for streamed data, got",
        ),
        ({"target": "y", "sample_weight": "y"}, "sample_weight: expected another column than the target, got 'y'"),
        ({"target": "y", "test_share": 0.0}, "test_share: expected a share above 0, got 0"),
        ({"target": "y", "valid_share": 2}, "valid_share: expected a share between 0 and 1, got 2"),
    ],
)
def test_unsound_arguments(unchecked, big, written, arguments, message):
    with pytest.raises(UsageError, match=message):
        load(written(big(1_000)), stream=True, **arguments)


def test_what_cannot_be_streamed(tmp_path):
    with pytest.raises(
        UsageError, match="stream: expected Parquet files, got 'iris'\nhint: write the table as Parquet"
    ):
        load("iris", stream=True)
    with pytest.raises(DataError, match=r"big-\*\.parquet: expected Parquet files, got none that this pattern names"):
        load(f"{tmp_path}/big-*.parquet", target="y", stream=True)
    with pytest.raises(DataError, match=r"none\.parquet: expected a file, got none of that name"):
        load(f"{tmp_path}/none.parquet", target="y", stream=True)


def test_folds_ask_for_data_in_memory(both):
    with pytest.raises(UsageError, match="folds: expected data in memory, got a training part that is read from its"):
        both[1].folds(3)


def test_columns_of_lists_and_files_of_other_columns(big, written, tmp_path):
    nested = big(100).assign(tags=[["p", "q"]] * 100)
    with pytest.raises(
        DataError, match=r"expected one value in each cell, got columns of several: 'tags' \(list<element"
    ):
        load(written(nested), target="y", stream=True)
    written(big(100), "pieces/1.parquet")
    written(big(100).rename(columns={"k": "m"}), "pieces/2.parquet")
    message = r"2\.parquet: expected the columns of .*1\.parquet, got 'm' \(int64\) in the place of 'k' \(int64\)"
    with pytest.raises(DataError, match=message):
        load(str(tmp_path / "pieces"), target="y", stream=True)


def test_files_without_rows(big, written):
    with pytest.raises(DataError, match=r"big\.parquet: expected rows, got only the names of 6 columns"):
        load(written(big(100)[:0]), target="y", stream=True)
    with pytest.raises(DataError, match="expected at least 10 rows to split into training, validation and test, got 7"):
        load(written(big(100)[:7]), target="y", stream=True)


def test_a_file_that_is_cut_short_or_damaged(big, written, tmp_path):
    path = written(big(N), rows=4_000)
    content = (tmp_path / "big.parquet").read_bytes()
    for damaged in (content[: len(content) // 2], b"PAR1", content[:20_000] + bytes(200_000) + content[220_000:]):
        (tmp_path / "big.parquet").write_bytes(damaged)
        with pytest.raises(
            DataError, match=r"big\.parquet: expected a whole Parquet file, got a damaged one, or one that"
        ):
            load(path, target="y", stream=True)


def test_values_that_cannot_be_used_are_found_before_training(big, written):
    frame = big(N)
    frame.loc[25_003, "a"] = np.inf
    notice = next(one for one in load(written(frame), target="y", stream=True).notices if "column 'a'" in one)
    assert notice.endswith("values that should be finite numbers, 1 is not and counts as a hole (inf)")
    frame["a"] = frame["a"].astype(str).where(frame.index % 1_000 != 3, "x" + (frame.index // 1_000).astype(str))
    data = load(written(frame), target="y", stream=True)
    n_strays = N // 1_000 - sum(row % 1_000 == 3 for row in (*data.valid.index, *data.test.index))
    (notice,) = (one for one in data.notices if "column 'a': of" in one)
    assert notice.startswith(f"column 'a': of {len(data.train):,} values that should be finite numbers, {n_strays} are")
    with pytest.raises(DataError, match="target 'a': expected"):
        load(written(frame), target="a", stream=True)
    weighted = big(N).assign(w=np.where(np.arange(N) == 70, -1.0, 1.0))
    with pytest.raises(DataError, match=r"sample_weight: expected finite numbers of at least 0, got -1\.0 in row 70"):
        load(written(weighted), target="y", sample_weight="w", stream=True)


def test_targets_that_are_no_classes(big, written, monkeypatch):
    from seedbed.data.stream import survey

    monkeypatch.setattr(survey, "MOST_DISTINCT", 500)
    names = pd.Series([f"id{i}" for i in range(N)])
    with pytest.raises(
        DataError, match="target 'y': expected at most 500 classes, got more\nhint: is the target a name"
    ):
        load(written(big(N).assign(y=names)), target="y", stream=True)
    with pytest.raises(DataError, match="expected rows with a target in each part, got none in the test part"):
        load(written(big(N).assign(y=pd.Series([None] * N, dtype="str"))), target="y", stream=True)


@pytest.mark.parametrize("of", ["int", "bool", "category", "float"])
def test_classes_of_any_type(big, written, of):
    frame = big(N)
    y = {
        "int": frame.k // 10, "bool": frame.a > 5, "category": frame.town.astype("category"), "float": frame.k * 0.5
    }[of]  # fmt: skip
    frame = frame.drop(columns=["k", "town"]).assign(y=y)
    data, memory_ = (load(written(frame, rows=4_000), target="y", stream=stream, task="classification") if stream
                     else load(frame, target="y", task="classification") for stream in (True, False))  # fmt: skip
    assert data.class_names == memory_.class_names
    classes = [data.class_names[i] for i in data.valid.y]
    assert classes == y.iloc[data.valid.index].tolist()

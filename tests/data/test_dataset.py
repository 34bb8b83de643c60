"""What a data set says about itself."""

import json

import numpy as np
import pandas as pd

from seedbed.data import load

N = 40
FRAME = pd.DataFrame({"a": np.arange(N) * 1.25, "town": ["A", "B"] * 20, "y": ["u", "v", "v", "u"] * 10})


def test_the_same_data_from_another_file_has_the_same_fingerprint(tmp_path):
    paths = [tmp_path / "one.csv", tmp_path / "two.csv.gz"]
    for path in paths:
        FRAME.to_csv(path, index=False)
    prints = {load(source, target="y").fingerprint for source in (*paths, FRAME)}
    assert len(prints) == 1


def test_content_split_names_and_weights_change_the_fingerprint():
    changed = FRAME.assign(a=FRAME.a.where(FRAME.index != 7, 0.5))
    prints = [
        load(FRAME, target="y"),
        load(changed, target="y"),
        load(FRAME.rename(columns={"a": "b"}), target="y"),
        load(FRAME, target="y", split_seed=1),
        load(FRAME, target="y", test_share=0.25),
        load(FRAME, target="y", sample_weight=np.ones(N)),
    ]
    assert len({data.fingerprint for data in prints}) == len(prints)


def test_describe_is_ready_for_json_and_counts_right():
    data = load(FRAME, target="y", name="small")
    said = json.loads(json.dumps(data.describe()))
    assert said["name"] == "small" and said["fingerprint"] == data.fingerprint and said["source"] == "a DataFrame"
    assert sum(said["rows"].values()) == N
    assert [entry["class"] for entry in said["targets"]] == ["u", "v"]
    assert sum(entry[part] for entry in said["targets"] for part in ("train", "valid", "test")) == N
    area = said["features"][0]
    a = data.train.x[:, 0]
    assert area == {"name": "a", "low": a.min(), "high": a.max(), "mean": a.mean()}


def test_describe_a_regression_and_images():
    said = load("diabetes").describe()
    assert said["targets"][0].keys() == {"name", "low", "high", "mean"}
    images = load("digits").describe()
    assert images["image_shape"] == [8, 8]
    assert [entry["name"] for entry in images["features"]] == ["all"] and images["features"][0]["high"] == 16.0


def test_it_shows_itself_in_a_line():
    assert repr(load("iris")) == "Dataset('iris', classification, 95 train + 25 valid + 30 test, shape (4,), 3 classes)"
    assert repr(load("iris").test) == "Part(x=float64[30, 4], y=int32[30])"

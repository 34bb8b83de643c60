"""Data sets of Hugging Face that are in memory: theirs where the library is installed, and what stands in for them."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow

from seedbed.core.errors import DataError, UsageError
from seedbed.data import load

N = 40
A = (np.arange(N) * 1.5).tolist()
TOWN = ["A", "A", "B", "C"] * 10
ANSWER = [*(np.arange(N) % 2).tolist()[:-1], -1]
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 8, 6, 3), dtype=np.uint8)


class Value:
    """A plain column."""


class Image:
    """A column of images."""

    def __init__(self, mode=None):
        self.mode = mode


class Array3D:
    """A column of arrays."""


class List:
    """A column of lists."""


class ClassLabel:
    """A column of class numbers."""

    names = ("no", "yes")


class Held:
    """What the documentation of Hugging Face's `Dataset` promises, for where the library is not installed.

    The table beneath holds more rows than the data set: `select` only notes which.
    """

    def __init__(self, columns, features, chosen):
        self.columns, self.features, self.chosen = columns, features, chosen

    def __len__(self):
        return len(self.chosen)

    def with_format(self, kind):
        import pyarrow as pa

        assert kind == "arrow"
        return pa.table(self.columns).take(self.chosen)


@pytest.fixture(params=["stand-in", "datasets"])
def library(request):
    """The features by name, and what makes a data set of columns; with the library itself only where it is there."""
    if request.param == "stand-in":
        kinds = {"float": Value(), "text": Value(), "class": ClassLabel(), "image": Image(), "grey": Image("L"),
                 "array": Array3D(), "vector": List(), "held": {"bytes": Value(), "path": Value()}}  # fmt: skip
        return lambda columns, features, chosen=range(N): Held(
            columns, {name: kinds[kind] for name, kind in features.items()}, list(chosen)
        )
    datasets = pytest.importorskip("datasets", reason="Hugging Face's datasets is not installed")
    kinds = {
        "float": datasets.Value("float64"), "text": datasets.Value("string"), "image": datasets.Image(),
        "class": datasets.ClassLabel(names=["no", "yes"]), "grey": datasets.Image(mode="L"),
        "array": datasets.Array3D((8, 6, 3), "uint8"), "vector": datasets.List(datasets.Value("float32")),
        "held": {"bytes": datasets.Value("binary"), "path": datasets.Value("string")},
    }  # fmt: skip
    return lambda columns, features, chosen=range(N): datasets.Dataset.from_dict(
        columns, features=datasets.Features({name: kinds[kind] for name, kind in features.items()})
    ).select(list(chosen))


def encoded(pixels, kind="PNG"):
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, kind)
    return {"bytes": file.getvalue(), "path": None}


def refused(source, message, hint="", **options):
    with pytest.raises(DataError, match=re.escape(message)) as info:
        load(source, **options)
    assert hint in (info.value.hint or "")


def pictures(data):
    """All images of a data set by their number in the source."""
    parts = (data.train, data.valid, data.test)
    order = np.argsort(np.concatenate([part.index for part in parts]))
    return np.concatenate([part.rows for part in parts])[order]


TABLE = {"a": A, "town": TOWN, "answer": ANSWER}
KINDS = {"a": "float", "town": "text", "answer": "class"}
CHOSEN = list(range(N - 1, 3, -1))
PHOTOS = {"photo": [encoded(one) for one in PIXELS], "answer": [i % 2 for i in range(N)]}


def test_a_data_set(library):
    data = load(library(TABLE, KINDS, CHOSEN), target="answer")
    expected = pd.DataFrame(TABLE).assign(answer=np.array(["no", "yes", None])[ANSWER]).iloc[CHOSEN]
    same = load(expected.reset_index(drop=True), target="answer")
    assert data.fingerprint == same.fingerprint and data.class_names == ("no", "yes")
    assert data.source == "a Hugging Face data set"


@pytest.mark.parametrize("holder", [dict, "DatasetDict"])
def test_its_parts(library, request, holder):
    parts = {"train": library(TABLE, KINDS, CHOSEN), "test": library(TABLE, KINDS, [3, 2, 1, 0])}
    if holder == "DatasetDict":
        parts = pytest.importorskip("datasets", reason="Hugging Face's datasets is not installed").DatasetDict(parts)
        if "stand-in" in request.node.name:
            pytest.skip("a DatasetDict takes none but the library's own")
    data = load(parts, target="answer")
    assert data.test.rows["a"].tolist() == [4.5, 3.0, 1.5, 0.0]


@pytest.mark.parametrize("kind", ["image", "held", "array"])
def test_images(library, kind):
    """Encoded, as the library keeps them or as plain bytes, or as arrays; the pixels are the reference."""
    columns = PHOTOS if kind != "array" else PHOTOS | {"photo": [one.tolist() for one in PIXELS]}
    data = load(library(columns, {"photo": kind, "answer": "class"}, CHOSEN))
    assert data.image_shape == (8, 6, 3) and data.class_names == ("no", "yes") and data.task == "classification"
    np.testing.assert_array_equal(pictures(data), PIXELS[CHOSEN])
    answers = np.concatenate([part.y for part in (data.train, data.valid, data.test)])
    rows = np.concatenate([part.index for part in (data.train, data.valid, data.test)])
    assert answers.tolist() == [CHOSEN[row] % 2 for row in rows]


def test_images_of_several_sizes_and_kinds_come_to_one(library):
    """Pillow's own resizing is the reference; JPEG of one colour, grey, and a target beside another column."""
    plain = np.broadcast_to(PIXELS[:, :1, :1], PIXELS.shape)
    photos = [encoded(plain[i], "JPEG") if i % 3 else encoded(one) for i, one in enumerate(PIXELS)]
    photos[3] = encoded(PIXELS[3, :5, :4, 0])
    columns = {"photo": photos, "answer": PHOTOS["answer"], "a": A, "town": TOWN}
    features = {"photo": "image", "answer": "class", "a": "float", "town": "text"}
    data = load(library(columns, features), target="answer", image_size="4x3")
    images = (Pillow.open(io.BytesIO(one["bytes"])).convert("RGB") for one in photos)
    resized = [np.asarray(one.resize((3, 4), Pillow.Resampling.BILINEAR, reducing_gap=3.0)) for one in images]
    np.testing.assert_array_equal(pictures(data)[::3], np.stack(resized)[::3])
    np.testing.assert_allclose(pictures(data), np.stack(resized), atol=3)
    assert "columns beside the images are left out: 'a', 'town'" in data.notices
    assert any("are grey among others in colour" in sentence for sentence in data.notices)
    grey = load(library(columns, features | {"photo": "grey"}), target="town", image_size="4x3")
    assert grey.image_shape == (4, 3) and grey.class_names == ("A", "B", "C")


def test_parts_of_images_and_a_given_test_part(library):
    kinds = {"photo": "image", "answer": "class"}
    small = PHOTOS | {"photo": [encoded(one[:5, :5]) for one in PIXELS]}
    train, test = library(PHOTOS, kinds, CHOSEN), library(small, kinds, range(9))
    for data in (load({"train": train, "test": test}), load(train, test=test)):
        assert data.image_shape == (8, 6, 3) and len(data.test) == 9 and len(data.train) + len(data.valid) == N - 4
    refused({"train": train, "test": library(TABLE, KINDS)}, "expected the same columns in every part", target="answer")


def test_broken_images_are_named_or_left_out(library):
    photos = [*PHOTOS["photo"]]
    photos[5], photos[9] = {"bytes": photos[5]["bytes"][:90], "path": None}, None
    data = library(PHOTOS | {"photo": photos}, {"photo": "image", "answer": "class"})
    refused(data, "column 'photo', row 9: expected an image, got an empty file", "skip_broken=True")
    refused(
        library(PHOTOS | {"photo": [*photos[:9], *PHOTOS["photo"][9:]]}, {"photo": "image", "answer": "class"}),
        "column 'photo', row 5: expected an image, got a damaged one",
    )
    left = load(data, skip_broken=True)
    assert "2 of 40 images cannot be read and are left out" in left.notices
    np.testing.assert_array_equal(pictures(left), np.delete(PIXELS, [5, 9], axis=0))


def test_a_path_in_the_place_of_bytes(library, tmp_path):
    for i, pixels in enumerate(PIXELS):
        Pillow.fromarray(pixels).save(tmp_path / f"{i}.png")
    photos = [{"bytes": None, "path": str(tmp_path / f"{i}.png")} for i in range(N)]
    kinds = {"photo": "image", "answer": "class"}
    np.testing.assert_array_equal(pictures(load(library(PHOTOS | {"photo": photos}, kinds))), PIXELS)
    photos[3]["path"] = str(tmp_path / "none.png")
    refused(library(PHOTOS | {"photo": photos}, kinds), "none.png: expected an image, got a damaged one (No such file")


def test_what_cannot_be_used(library):
    vectors = TABLE | {"v": [[1.0, 2.0]] * N}
    message = "source: column 'v': expected numbers, texts, dates, classes or images, got List"
    refused(library(vectors, KINDS | {"v": "vector"}), message, "remove_columns('v')", target="answer")
    both = {"photo": PHOTOS["photo"], "mask": PHOTOS["photo"], "answer": PHOTOS["answer"]}
    message = "source: expected at most one column of images, got 'photo', 'mask'"
    refused(
        library(both, {"photo": "image", "mask": "image", "answer": "class"}), message, "data.remove_columns(['mask'"
    )
    message = "source: expected a column for the target beside 'photo', got images alone"
    refused(library({"photo": PHOTOS["photo"]}, {"photo": "image"}), message, "add their classes")
    beside = {**PHOTOS, "v": [[1.0, 2.0]] * N}
    data = load(library(beside, {"photo": "image", "answer": "class", "v": "vector"}))
    assert "columns beside the images that hold several values in a row are left out: 'v'" in data.notices
    with pytest.raises(UsageError, match="expected the name of the target column, got none; the columns are answer, a"):
        load(library(PHOTOS | {"a": A}, {"photo": "image", "answer": "class", "a": "float"}))


def test_arrays_of_several_shapes():
    ragged = [one.tolist() if i else one[:7].tolist() for i, one in enumerate(PIXELS)]
    data = Held(PHOTOS | {"photo": ragged}, {"photo": Array3D(), "answer": ClassLabel()}, list(range(N)))
    refused(data, "column 'photo': expected arrays of one shape, got lists of 7, 8 values", "the feature Image")


def test_floats_with_their_colours_first():
    first = np.moveaxis(PIXELS, 3, 1) / 255.0
    columns = {"photo": first.tolist(), "answer": PHOTOS["answer"]}
    data = load(Held(columns, {"photo": Array3D(), "answer": ClassLabel()}, list(range(N))))
    assert data.image_shape == (8, 6, 3)
    np.testing.assert_array_equal(pictures(data), PIXELS / 255.0)


def test_a_data_set_that_is_streamed():
    class Streamed:
        features = None

        def with_format(self, kind):
            return self

    refused(Streamed(), "source: expected a data set in memory, got one that is streamed", "from_list", target="y")

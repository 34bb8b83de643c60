"""Data of PyTorch that are in memory, dictionaries, and the older interchange protocol."""

import re
import sys

import numpy as np
import pandas as pd
import pytest

from seedbed.core.errors import DataError
from seedbed.data import load

N = 40
FRAME = pd.DataFrame({"a": np.arange(N) * 1.5, "town": ["A", "A", "B", "C"] * 10, "y": np.arange(N) / 7})
X = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
Y = np.arange(N) % 2


def refused(source, message, hint="", **options):
    with pytest.raises(DataError, match=re.escape(message)) as info:
        load(source, **options)
    assert hint in (info.value.hint or "")


@pytest.mark.parametrize(
    "form", [lambda f: f.to_dict("list"), lambda f: dict(f.items()), lambda f: f.to_dict("records")]
)
def test_columns_and_records(form):
    data = load(form(FRAME), target="y")
    assert data.fingerprint == load(FRAME, target="y").fingerprint
    assert data.source.startswith("a dictionary of columns" if isinstance(form(FRAME), dict) else "a list of dict")


def test_two_records_are_no_pair_of_arrays():
    refused([{"a": 1.0, "y": 0.5}, {"a": 2.0, "y": 1.5}], "expected at least", target="y")


def test_dictionaries_that_are_no_tables():
    refused({"a": [1, 2], "y": [1]}, "source: expected columns of one length, got 2 of 'a', 1 of 'y'", target="y")
    refused({"a": 1, "y": [1]}, "source: column 'a': expected a list or an array, got", target="y")
    message = "source: expected a dictionary of columns, each of simple values, got another (Per-column arrays"
    refused({"a": X, "y": Y}, message, target="y")


def test_a_dictionary_of_parts():
    data = load({"test": FRAME.head(5).assign(a=-1.0), "train": FRAME, "validation": FRAME.head(3)}, target="y")
    assert data.test.rows["a"].tolist() == [-1.0] * 5 and len(data.train) + len(data.valid) == N + 3
    assert "its validation part joins the training rows, out of which one is drawn" in data.notices
    refused({"test": FRAME}, "source: expected tables of which one is named 'train', got test", target="y")
    message = "source: expected the same columns in every part, got a, town, y in 'train' and a, y in 'test'"
    refused({"train": FRAME, "test": FRAME[["a", "y"]]}, message, target="y")


class Interchange:
    """A table that speaks the older protocol alone."""

    def __init__(self, frame):
        self.frame = frame

    def __dataframe__(self, nan_as_null=False, allow_copy=True):
        return self.frame.__dataframe__(nan_as_null, allow_copy)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_older_interchange_protocol():
    data = load(Interchange(FRAME), target="y")
    assert data.fingerprint == load(FRAME, target="y").fingerprint and data.source == "a table of tests"


class TestPyTorch:
    """References are the arrays that the tensors were made of."""

    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch")

    def test_tensors(self, torch):
        data = load(torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)))
        assert data.fingerprint == load((X, Y)).fingerprint and data.source == "a TensorDataset of PyTorch"
        assert data.origin is None and data.name == "tensordataset"

    def test_a_choice_of_them(self, torch):
        whole = torch.utils.data.TensorDataset(torch.from_numpy(X).requires_grad_(), torch.from_numpy(Y))
        places = list(range(N - 1, 5, -1))
        assert load(torch.utils.data.Subset(whole, places)).fingerprint == load((X[places], Y[places])).fingerprint

    @pytest.mark.parametrize("kind", ["tensor", "array", "image"])
    def test_examples_one_by_one(self, torch, kind):
        from PIL import Image

        pixels = np.random.default_rng(0).integers(0, 256, (N, 8, 6, 3), dtype=np.uint8)
        change = {
            "tensor": lambda one: torch.from_numpy(one).permute(2, 0, 1) / 255,
            "array": lambda one: one,
            "image": Image.fromarray,
        }[kind]

        class Photos(torch.utils.data.Dataset):
            classes = ("cat", "dog")

            def __len__(self):
                return N

            def __getitem__(self, i):
                return change(pixels[i]), int(Y[i])

        data = load(torch.utils.data.Subset(Photos(), range(1, N)))
        assert data.image_shape == (8, 6, 3) and data.class_names == ("cat", "dog")
        expected = pixels[1:] if kind != "tensor" else pixels[1:].astype(np.float32) / np.float32(255)
        rows = {example.tobytes() for example in expected}
        assert {one.tobytes() for part in (data.train, data.valid, data.test) for one in part.x} == rows

    def test_what_cannot_be_used(self, torch):
        tensors, data = torch.from_numpy(X), torch.utils.data

        class Stream(data.IterableDataset):
            def __iter__(self):
                return iter(())

        class Listed(data.Dataset):
            def __init__(self, *items):
                self.items = items

            def __len__(self):
                return len(self.items)

            def __getitem__(self, i):
                return self.items[i]

        arrays = "load((x, y))"
        refused(Stream(), "source: expected a data set with a length, got Stream, which is read as it goes", arrays)
        refused(Listed(), "source: expected examples, got an empty Listed")
        refused(data.TensorDataset(tensors), "source: example 0: expected a pair (x, y), got 1 values", arrays)
        refused(Listed({"x": 1}), "source: example 0: expected a pair (x, y), got ", arrays)
        refused(Listed(("text", 1), (object(), 0)), "source: example 1: x: expected numbers, got ", "ToTensor")
        message = "source: example 1: expected x of shape (3,) as in example 0, got (2,)"
        refused(Listed((tensors[0], 1), (tensors[0, :2], 0)), message, "resizes")

    def test_pytorch_is_not_imported_for_it(self, torch, monkeypatch):
        monkeypatch.delitem(sys.modules, "torch")
        assert load((X, Y)).shape == (3,) and "torch" not in sys.modules

"""Folders of images, which are written here with Pillow or with NumPy, and digits that came as IDX files."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from seedbed.core.errors import DataError, UsageError
from seedbed.data import iter_rows, load, read_idx, read_rows

rng = np.random.default_rng(0)
GREY = rng.integers(0, 256, (6, 5), dtype=np.uint8)
COLOUR = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **options)
    return path


@pytest.fixture
def photos(tmp_path):
    """Two classes with 20 colour images each, every one of them different."""
    for name in ("cat", "dog"):
        for i in range(20):
            save(tmp_path / f"photos/{name}/{i:02}.png", (COLOUR + i + 100 * (name == "dog")).astype(np.uint8))
    return tmp_path / "photos"


def test_a_folder_for_each_class(photos):
    (photos / ".hidden").mkdir()
    (photos / "cat" / ".00.png").write_bytes(b"")
    (photos / "cat" / "Thumbs.db").write_bytes(b"x")
    data = load(photos)
    assert data.class_names == ("cat", "dog") and data.task == "classification" and data.name == "photos"
    assert data.shape == (6, 5, 3) and data.image_shape == (6, 5, 3) and not data.notices
    assert data.train.x.dtype == np.uint8 and sum(map(len, (data.train, data.valid, data.test))) == 40
    for part in (data.train, data.valid, data.test):
        for x, y, number in zip(part.x, part.y, part.index, strict=True):
            assert y == number // 20
            np.testing.assert_array_equal(x, (COLOUR + number % 20 + 100 * y).astype(np.uint8))
    assert data.origin == {"source": str(photos), "options": {}}


def test_parts_of_their_own(photos):
    for i, (part, n_images) in enumerate((("train", 30), ("val", 10), ("test", 7))):
        for name in ("10", "9"):
            for k in range(n_images):
                save(photos.parent / f"split/{part}/{name}/{k}.png", np.full((4, 4), 10 * i + k % 5, np.uint8))
    data = load(photos.parent / "split")
    assert data.class_names == ("9", "10") and len(data.test) == 14 and len(data.train) + len(data.valid) == 80
    assert set(np.unique(data.test.x)) == set(range(20, 25)) and data.shape == (4, 4, 1)
    assert data.notices == ("the folder 'val' joins the training images, out of which one is drawn",)
    (photos.parent / "split/test").rename(photos.parent / "elsewhere")
    held = load(photos.parent / "split")
    assert len(held.test) == 20 and held.notices == ("the folder 'val' is the test part",)
    given = load(photos.parent / "split" / "train", test=photos.parent / "elsewhere")
    assert len(given.test) == 14 and given.origin["options"] == {"test": str(photos.parent / "elsewhere")}


@pytest.mark.parametrize(
    ("image", "expected", "notice"),
    [
        (Image.fromarray(GREY), GREY, None),
        (Image.fromarray(COLOUR), COLOUR, None),
        (Image.fromarray(np.dstack([COLOUR, GREY])), COLOUR, "40 of 40 images lose their alpha channel"),
        (Image.fromarray(np.dstack([GREY, 255 - GREY])), GREY, "40 of 40 images lose their alpha channel"),
        (Image.fromarray(GREY > 99), (GREY > 99) * np.uint8(255), None),
        (Image.fromarray(GREY.astype(np.uint16) * 257), GREY, "40 of 40 images are brought from 16 bits a pixel to 8"),
        (
            Image.fromarray(np.dstack([GREY] * 3)),
            GREY,
            "all images are grey although they are stored in colour, and are taken as grey",
        ),
    ],
)
def test_how_pixels_are_kept(tmp_path, image, expected, notice):
    for i in range(40):
        save(tmp_path / f"set/{'ab'[i % 2]}/{i}.png", image)
    data = load(tmp_path / "set")
    np.testing.assert_array_equal(data.test.x[0], expected.reshape(6, 5, -1))
    assert data.notices == (() if notice is None else (notice,))
    rows = read_rows(tmp_path / "set/a/0.png", data.encoder)
    np.testing.assert_array_equal(data.encoder.transform(rows)[0], expected.reshape(6, 5, -1))


def test_palettes(tmp_path):
    few = np.array([[[250, 10, 20], [0, 90, 0]], [[0, 90, 0], [1, 2, 3]]], dtype=np.uint8)
    grey = np.array([[10, 200], [90, 10]], dtype=np.uint8)
    path = save(tmp_path / "p.png", Image.fromarray(few).convert("P", palette=Image.Palette.ADAPTIVE))
    np.testing.assert_array_equal(read_rows(path)[0], few)
    path = save(tmp_path / "g.gif", Image.fromarray(grey))
    np.testing.assert_array_equal(read_rows(path)[0], grey)
    path = save(tmp_path / "t.png", Image.fromarray(few).convert("P", palette=Image.Palette.ADAPTIVE), transparency=0)
    np.testing.assert_array_equal(read_rows(path)[0], few)


@pytest.mark.parametrize("ending", [".bmp", ".tiff", ".webp", ".jpg", ".GIF"])
def test_formats(tmp_path, ending):
    smooth = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8)  # JPEG and WebP lose what is not
    path = save(tmp_path / f"some{ending}", smooth)
    assert np.abs(read_rows(path)[0].astype(int).reshape(64, 48, -1)[..., 0] - smooth).max() <= 6


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.fromarray(np.full((3, 3), value, np.uint8)) for value in (7, 90)]
    path = save(tmp_path / "moving.gif", frames[0], save_all=True, append_images=frames[1:])
    assert (read_rows(path) == 7).all()


def test_a_camera_that_was_turned(tmp_path):
    smooth = np.add.outer(2 * np.arange(64), np.arange(48)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of the picture is on the right: turn it by 90 degrees clockwise
    path = save(tmp_path / "turned.jpg", smooth, exif=exif, quality=95)
    assert np.abs(read_rows(path)[0].astype(int) - np.rot90(smooth, -1)).max() <= 6


def test_sizes(photos):
    save(photos / "dog/20.png", np.zeros((12, 10, 3), np.uint8))
    data = load(photos)
    assert data.shape == (6, 5, 3) and data.notices == (
        "images of 2 sizes, heights 6 to 12 and widths 5 to 10, are resized to the most frequent, 6x5; image_size= "
        "chooses another",
    )
    large = load(photos, image_size="3x4")
    assert large.shape == (3, 4, 3) and not large.notices and large.origin["options"] == {"image_size": "3x4"}
    assert load(photos, image_size=(3, 4)).fingerprint == large.fingerprint
    assert load(photos, image_size=7).shape == (7, 7, 3)
    for i in range(50):
        save(photos / f"dog/other{i}.png", np.zeros((20 + i, 30, 3), np.uint8))
    assert load(photos).shape == (24, 30, 3)  # heights 40 times 6, 12, then 20, 21, 22, 23, 24: half of 91 images


def test_resizing_is_an_average(tmp_path):
    checks = np.kron(np.indices((4, 4)).sum(axis=0) % 2, np.ones((4, 4))) * 200
    path = save(tmp_path / "checks.png", checks.astype(np.uint8))
    encoder = type("Encoder", (), {"shape": (2, 2, 1)})()
    assert np.abs(read_rows(path, encoder).astype(int) - 100).max() <= 2  # it reaches a little beyond its square


@pytest.mark.parametrize("size", ["32by32", "0x3", "3x3x3", (1, "b"), -1, 1e9])
def test_sizes_that_are_none(photos, size):
    with pytest.raises(UsageError, match="image_size: expected height x width in pixels, as in 32x32, got "):
        load(photos, image_size=size)


def test_grey_among_colour(photos):
    save(photos / "cat/grey.png", GREY)
    data = load(photos)
    assert data.notices == ("1 of 41 images are grey among others in colour, and get three equal colours",)
    assert data.shape == (6, 5, 3)


def packed():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("a.txt", "a")
    return content.getvalue()


def cut():
    content = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (60, 60), dtype=np.uint8)).save(content, "png")
    return content.getvalue()[:900]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (packed(), "a ZIP or Excel file"),
        (cut(), r"a damaged one \(image file is truncated.*\)"),
        (b"", "an empty file"),
        (b"<html>", "no image"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "a damaged one|a PNG image"),
    ],
)
def test_a_broken_image_is_named_or_skipped(photos, content, reason):
    (photos / "cat" / "05.png").write_bytes(content)
    with pytest.raises(DataError, match=rf"photos/cat/05\.png: expected an image, got {reason}.*\nhint: .*skip_"):
        load(photos)
    data = load(photos, skip_broken=True, image_size="6x5")
    assert data.notices == ("1 of 40 images cannot be read and are left out",)
    rows = np.concatenate([part.x for part in (data.train, data.valid, data.test)])
    assert len(rows) == 39 and not (rows == (COLOUR + 5).astype(np.uint8)).all(axis=(1, 2, 3)).any()
    (photos / "dog" / "01.png").write_bytes(content)
    with pytest.raises(DataError, match=r"cat/05\.png: expected an image, .* \(and 1 more that cannot be read\)"):
        load(photos)


def test_folders_that_are_none(tmp_path, photos):
    (photos / "emu").mkdir()
    message = r"photos/emu: expected images of the class, got none\nhint: add images, or take the folder away; skip_bro"
    with pytest.raises(DataError, match=message):
        load(photos)
    data = load(photos, skip_broken=True)
    assert data.notices == ("folders without images are left out: emu",) and data.class_names == ("cat", "dog")
    (photos / "emu").rmdir()
    with pytest.raises(DataError, match="expected a folder of images for each class, got 20 images in none"):
        load(photos / "cat")
    with pytest.raises(DataError, match=r"00\.png: expected examples with their targets, got examples alone"):
        load(photos / "cat" / "00.png")
    with pytest.raises(UsageError, match="target: expected none for photos, which has its own, got 'kind'"):
        load(photos, target="kind")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"ubyte \(or \.gz\), got neither\nhint: give the file itself: .*full/a\.csv"):
        load(tmp_path / "full")
    with pytest.raises(DataError, match=r"full: expected images, got none\nhint: their names end in one of \.png"):
        read_rows(tmp_path / "full")


def test_test_classes_that_training_has_not(photos):
    for part in ("train", "test"):
        for name in ("a", "b", "c" if part == "test" else "b"):
            save(photos.parent / f"split/{part}/{name}/1.png", GREY)
    with pytest.raises(DataError, match="split: expected the classes a, b in every part, got c\nhint: the classes of"):
        load(photos.parent / "split")


def test_images_that_would_fill_the_memory(photos, monkeypatch):
    monkeypatch.setattr("seedbed.data.readers.images.MOST_BYTES", 1 << 30)
    with pytest.raises(DataError, match=r"1 GiB of memory, got 40 of 9000x9000, which take 9\.1 GiB\nhint: make"):
        load(photos, image_size=9000)


def test_pieces_of_a_folder(photos):
    data = load(photos, image_size="4x4")
    pieces = list(iter_rows(photos, 15, data.encoder))
    assert [len(piece) for piece in pieces] == [15, 15, 10]
    np.testing.assert_array_equal(np.concatenate(pieces), read_rows(photos, data.encoder))


def test_mnist_as_images(tmp_path, shared_data):
    pixels = read_idx(shared_data / "mnist/t10k-images-idx3-ubyte.gz")[:300]
    labels = read_idx(shared_data / "mnist/t10k-labels-idx1-ubyte.gz")[:300]
    for i, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        save(tmp_path / f"digits/{label}/{i:03}.png", image)
    data = load(tmp_path / "digits")
    assert data.class_names == tuple("0123456789") and data.shape == (28, 28, 1)
    order = np.argsort(labels, kind="stable")
    for part in (data.train, data.valid, data.test):
        np.testing.assert_array_equal(part.x[..., 0], pixels[order][part.index])
        np.testing.assert_array_equal(part.y, labels[order][part.index])

"""Where the images of a folder are, and the classes that their sub-folders name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedbed.core.errors import DataError
from seedbed.data.raw import shown

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
PARTS = {"train": ("train", "training"), "valid": ("val", "valid", "validation"), "test": ("test", "testing")}
LAYOUT = "put the images of each class into a folder of their own: photos/cat/1.png, photos/dog/1.png"

Labelled = tuple[tuple[Path, int], ...]  # each file with the number of its class


@dataclass(frozen=True)
class Found:
    """The files of a folder of images.

    Attributes:
        classes: their names, in the order of their numbers.
        train: the files to learn from, in the order of their paths.
        test: the files of its own test part; empty where it has none.
        notices: what is worth saying.
    """

    classes: tuple[str, ...]
    train: Labelled
    test: Labelled
    notices: tuple[str, ...]


def class_files(folder: Path, *, skip_empty: bool) -> Found:
    """The files of a folder that holds a folder for each class, or such folders for training and test.

    Raises:
        DataError: there are no images, they are in no class, or a class has none.
    """
    parts = _parts(folder)
    classes = [path.name for path in _folders(parts["train"])]
    if not classes:
        at_once = f"{len(image_files(folder)):,} images in none" if image_files(folder) else "no images"
        raise DataError(f"{folder}: expected a folder of images for each class, got {at_once}", LAYOUT)
    by_part = {part: {path.name: image_files(path) for path in _folders(root)} for part, root in parts.items()}
    empty = [name for name in classes if not by_part["train"][name]]
    if empty and (not skip_empty or len(empty) == len(classes)):
        hint = "add images, or take the folder away; skip_broken=True leaves it out, on the command line --skip-broken"
        raise DataError(f"{parts['train'] / empty[0]}: expected images of the class, got none", hint)
    classes = [name for name in classes if name not in empty]
    unknown = [name for found in by_part.values() for name, files in found.items() if files and name not in classes]
    if unknown:
        raise DataError(
            f"{folder}: expected the classes {shown(classes)} in every part, got {shown(dict.fromkeys(unknown))}",
            "the classes of the test part have to be among those of the training part",
        )
    notices = [f"folders without images are left out: {shown(empty)}"] if empty else []
    test = parts.get("test", parts.get("valid"))
    if "valid" in parts:
        to = "is the test part" if test == parts["valid"] else "joins the training images, out of which one is drawn"
        notices.append(f"the folder {parts['valid'].name!r} {to}")
    labelled = {
        root: tuple((path, number) for number, name in enumerate(classes) for path in by_part[part].get(name, ()))
        for part, root in parts.items()
    }
    train = tuple(pair for root, pairs in labelled.items() if root != test for pair in pairs)
    return Found(tuple(classes), train, labelled[test] if test else (), tuple(notices))


def image_files(folder: Path) -> list[Path]:
    """The images below a folder, by their endings and in the order of their paths; hidden ones are left out.

    Raises:
        DataError: there are none.
    """
    return sorted(path for path in folder.rglob("*") if _is_image(path.relative_to(folder)) and path.is_file())


def is_image_folder(folder: Path) -> bool:
    """Whether there are images anywhere below a folder."""
    return any(_is_image(path.relative_to(folder)) for path in folder.rglob("*"))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS and not any(part.startswith((".", "__MACOSX")) for part in path.parts)


def _folders(root: Path) -> list[Path]:
    """The folders in a folder, in the order of their names, 2 before 10."""
    found = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))]
    return sorted(found, key=lambda path: (0, int(path.name), "") if path.name.isdecimal() else (1, 0, path.name))


def _parts(folder: Path) -> dict[str, Path]:
    """The folder of each part; the whole folder is for training where it has none for that."""
    by_name = {path.name.lower(): path for path in _folders(folder)}
    parts = {part: by_name[name] for part, names in PARTS.items() for name in names if name in by_name}
    return parts if "train" in parts and _folders(parts["train"]) else {"train": folder}

"""The house: who may import whom, who may know which library, and how long a piece of it may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "seedbed"
ROOMS = (
    "core",
    "functions",
    "calculus",
    "network",
    "data",
    "training",
    "watching",
    "searching",
    "reporting",
    "recipe",
    "interop",
    "testing",
    "lab",
    "cli",
)
FILES = sorted(SOURCE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

# Who may know a library; everyone else goes through that room.
KEEPERS = {
    "altair": {"reporting"},
    "vl_convert": {"reporting"},
    "jinja2": {"reporting"},
    "typer": {"cli"},
    "optax": {"training"},
    "optuna": {"searching"},
    "ray": {"searching"},
    "onnx": {"interop"},
    "torch": {"interop"},
    "lineax": {"calculus"},
    "starlette": {"lab"},
    "uvicorn": {"lab"},
}
FORBIDDEN = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}  # files that run code when they are read

IMPORTERS = {"importlib.import_module", "import_module", "__import__"}

MAX_FILE_LINES, MAX_FUNCTION_LINES = 500, 40
# What is longer, with its reason. This list may only shrink: a place that has become short enough has to leave it.
LONGER: dict[str, str] = {}


def room_of(path: Path) -> str | None:
    """The room of a source file; None for the public face, `seedbed/__init__.py`, and `python -m seedbed`."""
    parts = path.relative_to(SOURCE).parts
    return parts[0].removesuffix(".py") if len(parts) > 1 else None


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, with its line; also inside functions, and under TYPE_CHECKING."""
    package = ("seedbed", *path.relative_to(SOURCE).parts[:-1])
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            if module != "seedbed":  # `from seedbed import data` imports a room, the names below say which
                yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in IMPORTERS:
            # A name that a user gives, as --import does, cannot be followed.
            yield from ((node.lineno, str(name.value)) for name in node.args[:1] if isinstance(name, ast.Constant))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_rooms_above_it(path: Path) -> None:
    room = room_of(path)
    if room is None:
        return
    below = set(ROOMS[ROOMS.index(room) + 1 :])
    wrong = []
    for line, module in imports(path):
        package, _, name = module.partition(".")
        first = name.split(".")[0]
        # `import seedbed` and `from seedbed import train` go through the public face, which imports every room.
        is_face = package == "seedbed" and first not in ROOMS
        if package == "seedbed" and (first in below or (is_face and room != "cli")):
            wrong.append(f"line {line}: {module}")
    assert not wrong, f"{room} may import only {', '.join(ROOMS[: ROOMS.index(room) + 1])}"


def test_every_folder_is_a_room_of_the_design() -> None:
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert folders <= set(ROOMS)


@pytest.mark.parametrize("library", KEEPERS)
def test_only_its_room_knows_a_library(library: str) -> None:
    users = {room_of(path) for path in FILES for _, module in imports(path) if module.split(".")[0] == library}
    assert users <= KEEPERS[library]


def test_nothing_that_is_read_can_run() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {module}"
        for path in FILES
        for line, module in imports(path)
        if module.split(".")[0] in FORBIDDEN
    ]
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            if name in ("eval", "exec", "compile", "builtins.eval", "builtins.exec"):
                found.append(f"{path.relative_to(SOURCE)}:{node.lineno}: {name}")
            if name in ("np.load", "numpy.load") and "allow_pickle" in ast.unparse(node):
                found.append(f"{path.relative_to(SOURCE)}:{node.lineno}: a pickle inside an npz")
    assert not found


def lengths() -> Iterator[tuple[str, int, int]]:
    """The place, the lines and the limit of every file, and of every function's body without its docstring."""
    for path, tree in TREES.items():
        name = str(path.relative_to(SOURCE))
        yield name, len(path.read_text(encoding="utf-8").splitlines()), MAX_FILE_LINES
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
                n_lines = (node.end_lineno or 0) - body[0].lineno + 1
                yield f"{name}:{node.name}", n_lines, MAX_FUNCTION_LINES


def test_pieces_stay_short() -> None:
    longer = {place: f"{lines} of {limit} lines" for place, lines, limit in lengths() if lines > limit}
    assert {place: size for place, size in longer.items() if place not in LONGER} == {}, "split it, or give a reason"
    assert set(LONGER) <= set(longer), "these are short enough now: take them off the list"

"""The start: what is imported only when it is used, each time in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

import seedbed
import seedbed.interop

HEAVY = ("jax", "optax", "sklearn", "pandas", "altair", "optuna", "torch")
IMPORTED = f"\nimport json, sys\nprint(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
KINDS = """
import json
from seedbed.core.value import Value
def kinds(cls):
    own = {cls.__name__: sorted(cls.kinds)} if 'kinds' in vars(cls) else {}  # a family has a list of its own
    return own | {k: v for sub in cls.__subclasses__() for k, v in kinds(sub).items()}
print(json.dumps(kinds(Value)))
"""


def said_by(program: str) -> Any:
    """What a new process prints at its end, read as JSON."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


HELP = "import seedbed.cli\ntry: seedbed.cli.main(['--help'])\nexcept SystemExit: pass"


@pytest.mark.parametrize(
    "program", ["import seedbed", "import seedbed.data, seedbed.recipe, seedbed.interop, seedbed.cli", HELP]
)
def test_little_is_imported_before_it_is_used(program: str) -> None:
    assert said_by(program + IMPORTED) == []


def test_a_setup_knows_every_kind_whatever_was_imported() -> None:
    """A text may name a layer that nobody has touched yet."""
    assert said_by("import seedbed\nseedbed.Setup" + KINDS) == said_by("from seedbed import *" + KINDS)
    assert "pca" in said_by("import seedbed\nseedbed.Setup" + KINDS)["Preprocessing"]


def test_a_name_is_found_once_and_an_unknown_one_is_refused() -> None:
    assert seedbed.Linear is vars(seedbed)["Linear"]
    assert seedbed.data.load is vars(seedbed.data)["load"]
    with pytest.raises(AttributeError, match=r"^module 'seedbed' has no attribute 'Lineal'$"):
        seedbed.Lineal  # noqa: B018
    with pytest.raises(ImportError, match=r"cannot import name 'lode' from 'seedbed.data'"):
        from seedbed.data import lode  # noqa: F401


@pytest.mark.parametrize("package", [seedbed, seedbed.data, seedbed.interop])
def test_what_is_offered_is_there(package: Any) -> None:
    assert set(package.__all__) == {name for name in dir(package) if name != "__version__"}
    assert all(getattr(package, name) is not None for name in package.__all__)

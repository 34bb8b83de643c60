"""Names that a package imports when they are first used, so that a program pays only for what it needs.

The package says in the usual way what it offers, but for type checkers alone. The same lines tell where each name is:

    if TYPE_CHECKING:
        from seedbed.data.dataset import Dataset, Part
    else:
        __getattr__, __dir__ = lazily(__name__)

Python asks a module's `__getattr__` for a name that it does not have.     (PEP 562)
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any


def lazily(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package, for the imports that it has under `if TYPE_CHECKING`."""
    places = functools.cache(lambda: _places(package))

    def get(name: str) -> Any:
        if name not in places():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = places()[name]
        if module == package:
            content = importlib.import_module(f"{module}.{original}")
        else:
            content = getattr(__import__(module, fromlist=[original]), original)
        setattr(sys.modules[package], name, content)  # the next time Python finds it by itself
        return content

    return get, lambda: sorted(places())


def _places(package: str) -> dict[str, tuple[str, str]]:
    """For each name the module that has it and its name there."""
    import ast

    loader: Any = sys.modules[package].__loader__
    blocks = [node for node in ast.parse(loader.get_source(package)).body if isinstance(node, ast.If)]
    (block,) = (node for node in blocks if ast.unparse(node.test) == "TYPE_CHECKING")
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

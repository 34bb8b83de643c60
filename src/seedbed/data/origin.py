"""Where a data set came from, so that it can be loaded again: by a run that is taken up later, on the same machine."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seedbed.data.sources import BY_NAME


def origin_of(load: Callable[..., Any], source: Any, given: dict[str, Any]) -> dict[str, Any] | None:
    """What gives the same data again: `load(origin["source"], **origin["options"])`.

    Arguments:
        load: the function, whose defaults need not be kept.
        source: what it was given first.
        given: its other arguments.

    Returns:
        The source and the options, ready for JSON, their paths absolute; None where something came from memory.
    """
    defaults = {name: parameter.default for name, parameter in inspect.signature(load).parameters.items()}
    options = {name: value for name, value in given.items() if value is not defaults[name]}
    if not all(isinstance(place, str | Path) for place in (source, options.get("test", ""))):
        return None
    options |= {"test": _absolute(options["test"])} if "test" in options else {}
    try:
        plain: dict[str, Any] = json.loads(json.dumps({"source": _absolute(source), "options": options}))
    except TypeError:  # an array of weights or groups
        return None
    return plain


def _absolute(source: str | Path) -> str:
    """A path in full; a name as it is."""
    return str(source) if source in BY_NAME else str(Path(source).expanduser().absolute())

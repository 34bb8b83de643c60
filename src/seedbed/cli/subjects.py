"""What a command looks at: a run that is there, or data with the setup that learns from it."""

from __future__ import annotations

import os
from pathlib import Path

from seedbed.cli.loading import Source
from seedbed.cli.setups import Changes
from seedbed.core.errors import UsageError


def is_run(named: str) -> bool:
    """Whether a run is meant, not data; of one that is damaged the setup may be all that is left.

    Raises:
        UsageError: it is a path like that of a run, and nothing is there; or the folder of a search.
    """
    folder = Path(named)
    if os.sep in named and "://" not in named and not folder.suffix and not folder.expanduser().exists():
        hint = "`seedbed runs` lists the runs that are there, `seedbed data` the data sets"
        raise UsageError(f"{named}: expected the folder of a run, or data, but nothing of that name is there", hint)
    if any((folder / name).is_file() for name in ("run.json", "job.json")):
        return True
    if (folder / "winner" / "run.json").is_file():
        hint = f"the run of its winner is {folder / 'winner'}"
        raise UsageError(f"{named}: expected the folder of a run, or data, got the folder of a search", hint)
    return folder.is_dir() and [path.name for path in folder.iterdir()] == ["setup.toml"]


def check_alone(source: Source, changes: Changes, *, target: str | None = None) -> None:
    """Refuses what would change a run, which has its own data and setup.

    Arguments:
        target: that is given with the data of the run.

    Raises:
        UsageError: there is something beside the run.
    """
    if source != Source(source.data, target=target) or changes != Changes():
        said = f"{source.data}: expected nothing beside the run that changes it"
        raise UsageError(said, "its data and setup are known")

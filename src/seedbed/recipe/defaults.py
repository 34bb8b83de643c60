"""What `train` does unless it is told otherwise, apart from the rest so that the command line can show it at once."""

from pathlib import Path

AUTO = "auto"
MEMBERS = 32
RUNS = Path("runs")
CHECKPOINT_SECONDS = 15.0  # between two checkpoints, at least

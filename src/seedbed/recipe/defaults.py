"""What `train` and `lr_range` do unless told otherwise, apart from the rest so that the command line has it at once."""

from pathlib import Path

AUTO = "auto"
MEMBERS = 32
RUNS = Path("runs")
CHECKPOINT_SECONDS = 15.0  # between two checkpoints, at least
LOW_RATE, HIGH_RATE, N_RATES = 1e-6, 10.0, 64  # of a range test

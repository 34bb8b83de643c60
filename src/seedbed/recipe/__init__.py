"""The main job: from data to a trained population, its result and its report, and the run as a user holds it."""

from seedbed.recipe.compare import compare, list_runs
from seedbed.recipe.environment import environment
from seedbed.recipe.folder import load_run
from seedbed.recipe.member import Ensemble, Member
from seedbed.recipe.propose import propose
from seedbed.recipe.run import Run
from seedbed.recipe.train import train

__all__ = ["Ensemble", "Member", "Run", "compare", "environment", "list_runs", "load_run", "propose", "train"]

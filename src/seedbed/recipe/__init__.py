"""The main job: from data to a trained population, its result and its report, and the run as a user holds it.

Each function stands in the module of its name, `from seedbed.recipe.train import train`: here it would hide it.
"""

"""The tasks: what a target may ask of a network."""

TASKS = ("classification", "regression", "multilabel")

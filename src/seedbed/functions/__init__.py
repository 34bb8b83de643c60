"""The scalar functions of the field, each with its derivative and the facts that were measured of it."""

from seedbed.functions.facts import Cost, Facts, facts
from seedbed.functions.function import Function
from seedbed.functions.table import ACTIVATIONS, FUNCTIONS, function

__all__ = ["ACTIVATIONS", "FUNCTIONS", "Cost", "Facts", "Function", "facts", "function"]

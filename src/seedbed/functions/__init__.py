"""The scalar functions of the field, each with its derivative and the facts that were measured of it."""

from seedbed.functions.facts import Facts, facts
from seedbed.functions.function import Function
from seedbed.functions.table import FUNCTIONS, function

__all__ = ["FUNCTIONS", "Facts", "Function", "facts", "function"]

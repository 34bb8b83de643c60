"""Products entry by entry against NumPy, with loops."""

import numpy as np
import pytest

from seedbed.recipe.explaining.matmul import EXAMPLES, FEATURES, KINDS, MOST_ROWS, UNITS, product, sections
from tests.recipe.explaining.reading import rows, said, section


@pytest.fixture(scope="module")
def told():
    return sections("matmul")


@pytest.mark.parametrize("kind", KINDS)
def test_each_entry_is_written_out_rightly(told, kind):
    left, right, _ = KINDS[kind]
    expected = np.matmul(left, right)
    found = rows(section(told, kind))
    assert len(found) == min(MOST_ROWS, expected.size) and product(kind).kind == kind
    for (_, _, sum_of, value), entry in zip(found, expected.ravel(), strict=False):
        pairs = [pair.replace("(", "").replace(")", "").replace("−", "-").split("·") for pair in sum_of.split(" + ")]
        assert sum(float(a) * float(b) for a, b in pairs) == entry == float(value.replace("−", "-"))


def test_the_layer_costs_as_many_operations_as_there_are_loops(told):
    values = said(section(told, "layer"))
    multiplied = sum(1 for _ in range(EXAMPLES) for _ in range(UNITS) for _ in range(FEATURES))
    assert values["count"] == multiplied and values["flops"] == 2 * multiplied + EXAMPLES * UNITS  # and the biases


def test_shapes_that_do_not_fit_are_those_that_numpy_refuses(told):
    for label, left, right, result in rows(section(told, "misfit")):
        a, b = (np.zeros(tuple(map(int, filter(None, shape.strip("()").split(","))))) for shape in (left, right))
        try:
            assert result == str((a @ b).shape), label
        except ValueError:
            assert result.key == "matmul.none", label
    assert "(3, 2) @ (3, 2)" in said(section(told, "misfit"))["message"]

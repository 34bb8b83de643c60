"""A matrix to look at, as data, in a terminal and as a chart."""

import numpy as np
import pytest

from seedbed.reporting.explained.matrix import Matrix, draw_matrix, matrix_data, matrix_lines
from seedbed.reporting.saving import save_png

ENTRIES = np.array([[4.0, 0.0, -1.0], [0.0, 2.0, 0.0]])
SMALL = Matrix("small", "J", ENTRIES)


def test_data_leave_out_what_is_zero():
    table = matrix_data(SMALL)
    assert list(zip(table["row"], table["column"], table["entry"], strict=True)) == [
        (0, 0, 4.0),
        (0, 2, -1.0),
        (1, 1, 2.0),
    ]
    assert table["sign"].tolist() == [1, -1, 1] and table["size"].tolist() == [1, 0.25, 0.5]


def test_in_a_terminal_it_is_darker_where_it_is_larger():
    title, first, second = (line.plain for line in matrix_lines(SMALL, 40))
    assert (title, first, second) == ("J", "██··▒▒", "··▓▓··")
    styles = [span.style for line in list(matrix_lines(SMALL, 40))[1:] for span in line.spans]
    assert styles == ["cyan", "dim", "yellow", "dim", "cyan", "dim"]


def test_a_wide_one_takes_one_character_an_entry_and_ends_with_the_line():
    lines = [line.plain for line in matrix_lines(Matrix("wide", "w", np.eye(3, 50)), 30)]
    assert [len(line) for line in lines[1:]] == [30, 30, 30] and lines[1][0] == "█"
    assert list(matrix_lines(Matrix("zero", "0", np.zeros((2, 2))), 30))[1].plain == "····"


@pytest.mark.parametrize("shape", [(2, 3), (40, 40), (1, 30)])
def test_it_is_drawn_with_square_entries(shape, tmp_path):
    picture = Matrix("any", "any", np.ones(shape))
    spec = draw_matrix(picture).to_dict()
    assert spec["height"] / shape[0] == pytest.approx(spec["width"] / shape[1]) or shape[0] == 1
    assert save_png(draw_matrix(picture), tmp_path / "any.png").stat().st_size > 500
    assert picture.to_dict("en")["matrix"][0][0] == 1.0

"""What a test wants to know of an explanation's sections, and what holds for every explanation."""

import json
import re

from rich.cells import cell_len

from seedbed.core.messages import LANGUAGES, message
from seedbed.recipe.explaining.registry import EXPLANATIONS
from seedbed.reporting.explained.explanation import Explanation
from seedbed.reporting.explained.page import page
from seedbed.reporting.explained.parts import Table
from seedbed.reporting.explained.words import Said

SHOWING_NAN = {"softmax", "naive_softmax", "exponential"}  # they are about it


def part(section, kind):
    """The one part of that kind."""
    (found,) = (one for one in section.parts if isinstance(one, kind))
    return found


def rows(section):
    """The rows of the one table."""
    return part(section, Table).rows


def column(section, n):
    """A column of numbers of the one table."""
    return [float(row[n]) for row in rows(section)]


def said(section):
    """The values of all sentences together."""
    found = {}
    for one in section.parts:
        sentence = getattr(one, "said", one)
        found |= dict(sentence.values) if isinstance(sentence, Said) else {}
    return found


def section(sections, name):
    """The section of that name."""
    (found,) = (one for one in sections if one.name == name)
    return found


def assert_whole(told):
    """All that holds for every explanation."""
    for language in LANGUAGES:
        assert_readable(told, language)
    assert_data(told)


def assert_readable(told, language):
    """It is whole in that language, and has no number that is none."""
    ours = Explanation(told.name, told.theme, told.sections, told.related, language)
    text = str(ours)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert not re.search(r"[{}]|\bnan\b|\binf\b|None", text), text
    assert "NaN" not in text or told.name in SHOWING_NAN
    assert f"<h1>{message(f'explain.{told.name}.title', language)}</h1>" in page(ours)


def assert_data(told):
    """It is data for programs, and points to explanations that there are."""
    data = json.loads(json.dumps(told.to_dict(), allow_nan=False))
    assert data["name"] == told.name and data["sections"] and (data["tables"] or data["plots"] or data["facts"])
    assert set(told.related) <= set(EXPLANATIONS) - {told.name}

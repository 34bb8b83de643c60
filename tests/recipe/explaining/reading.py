"""What a test wants to know of an explanation's sections."""

from seedbed.reporting.explained.parts import Table
from seedbed.reporting.explained.words import Said


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

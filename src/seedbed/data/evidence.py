"""Which kind a column is of, and whether anything can be learned from it: what its training rows say.

The user's word counts more: `types="age=numeric,zip=category"`. A kind of `seedbed.data.columns` is used; `text` and
`id` are kinds that are told and left out, and `drop` leaves out whatever it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from seedbed.core.errors import UsageError, nearest, one_of
from seedbed.data import dates, numerals
from seedbed.data.cells import TEXTS, TIMES, Cells, CellTable
from seedbed.data.columns import KINDS
from seedbed.data.columns.boolean import pair_of
from seedbed.data.columns.category import MOST_CATEGORIES
from seedbed.data.columns.column import most_strays, rare_below
from seedbed.data.raw import shown

TEXT, ID, DROP = "text", "id", "drop"
TYPES = (*KINDS, TEXT, ID, DROP)
AS_WRITTEN = ("category", TEXT, ID)  # kinds of which a value is the text itself, zeros in front and all
Types = Mapping[str, str] | str | None

LONG_TEXT = 80  # letters
FEWEST_IDS = 20  # rows in which different whole numbers look like more than chance
FEWEST_COUNTED = 100
ID_NAME = re.compile(r"(.*[_\s.-])?(ids?|rowid|row_?number|uuid|guid|unnamed: ?\d+)|idx|index|row|", re.IGNORECASE)
ID_ENDING = re.compile(r".*[a-z](Id|ID)")


@dataclass(frozen=True)
class Verdict:
    """What a column is taken for.

    Attributes:
        name: the column.
        kind: one of `TYPES`.
        reason: why it is left out, as the end of a sentence; empty where it is used.
        group: a few words for the reason without its figures, for when many columns share it.
    """

    name: str
    kind: str
    reason: str = ""
    group: str = ""


def read_types(types: Types, names: Iterable[str]) -> dict[str, str]:
    """The kind that the user names for some of the columns.

    Arguments:
        types: a mapping, or a text such as "age=numeric,zip=category".
        names: the feature columns.

    Raises:
        UsageError: there is no such column or kind, or the text cannot be read.
    """
    known = set(names)
    asked = as_asked(types)
    for name, kind in asked.items():
        if name not in known:
            raise UsageError(
                f"types: expected feature columns, got {name!r}; they are {shown(sorted(known))}", nearest(name, known)
            )
        if kind not in TYPES:
            raise UsageError(f"types: expected {one_of(TYPES)} for {name!r}, got {kind!r}", nearest(str(kind), TYPES))
    return asked


def judge(table: CellTable, asked: Mapping[str, str]) -> list[Verdict]:
    """What each column is taken for, by its training rows in the order of the source."""
    verdicts = [_asked(name, asked[name]) if name in asked else _judged(cells) for name, cells in table.items()]
    first: dict[tuple[str, bytes], str] = {}
    for i, verdict in enumerate(verdicts):
        if verdict.reason:
            continue
        twin = first.setdefault((verdict.kind, _digest(table[verdict.name])), verdict.name)
        if twin != verdict.name and verdict.name not in asked:
            reason = f"it tells the same as column {twin!r} in every training row"
            verdicts[i] = Verdict(verdict.name, verdict.kind, reason, "they tell the same as another column")
    return verdicts


def as_asked(types: Types) -> dict[str, str]:
    """The kind that the user names for each column, as it was written.

    Raises:
        UsageError: the text cannot be read.
    """
    return _from_text(types) if isinstance(types, str) else {str(k): v for k, v in (types or {}).items()}


def _from_text(types: str) -> dict[str, str]:
    asked = {}
    for part in filter(None, (part.strip() for part in types.split(","))):
        name, sign, kind = part.rpartition("=")
        if not sign or not name.strip():
            raise UsageError(f"types: expected pairs such as age=numeric,zip=category, got {part!r}")
        asked[name.strip()] = kind.strip()
    return asked


def _asked(name: str, kind: str) -> Verdict:
    left_out = f"types= says that it is {'to be dropped' if kind == DROP else f'of the kind {kind}'}"
    return Verdict(name, kind) if kind in KINDS else Verdict(name, kind, left_out, "types= says so")


def _judged(cells: Cells) -> Verdict:
    holes = cells.holes
    if holes.all():
        return Verdict(cells.name, DROP, "it is empty in the training rows", "they are empty in the training rows")
    if cells.form == TEXTS:
        return _judged_texts(cells, int(holes.sum()))
    present = cells.values[~holes]
    low, high = present.min(), present.max()
    if low == high:
        return _judged_constant(cells, int(holes.sum()))
    if cells.form == TIMES:
        return Verdict(cells.name, "date")
    if low == 0.0 and high == 1.0 and ((present == 0.0) | (present == 1.0)).all():
        return Verdict(cells.name, "boolean")
    return _counting(cells) or Verdict(cells.name, "numeric")


def _judged_constant(cells: Cells, n_holes: int) -> Verdict:
    if n_holes >= rare_below(len(cells)):
        return Verdict(cells.name, "category")  # whether there is a value says something
    codes, texts = cells.as_texts()
    value = texts[codes.max()]
    said = repr(value) if cells.form == TEXTS else value
    group = "they have one value in every training row"
    return Verdict(cells.name, DROP, f"it is {said} in every training row", group)


def _counting(cells: Cells) -> Verdict | None:
    """The verdict on whole numbers that only name or count the rows; None where they do not."""
    values = cells.values
    if not cells.is_whole or len(values) < FEWEST_IDS or not np.isfinite(values).all():
        return None
    if _is_id_name(cells.name) and len(np.unique(values)) == len(values):
        return Verdict(cells.name, ID, "it names the rows: every one has another number", "they name the rows")
    span = values[-1] - values[0] + 1
    if len(values) >= FEWEST_COUNTED and span < 2 * len(values) and (np.diff(values) > 0).all():
        return Verdict(cells.name, ID, "it counts the rows: its numbers rise by one from row to row", "they count rows")
    return None


def _is_id_name(name: str) -> bool:
    return bool(ID_NAME.fullmatch(name) or ID_ENDING.fullmatch(name))


def _judged_texts(cells: Cells, n_holes: int) -> Verdict:
    counts = np.bincount(cells.values[cells.values >= 0], minlength=len(cells.texts))
    used = np.flatnonzero(counts)
    texts, counts = [cells.texts[i] for i in used.tolist()], counts[used]
    n_present = int(counts.sum())
    if len(texts) == 1:
        return _judged_constant(cells, n_holes)
    if pair_of(cells):
        return Verdict(cells.name, "boolean")
    if not cells.is_category:
        if _are_numbers(texts, counts):
            return Verdict(cells.name, "numeric")
        if _look_like_dates(texts) and dates.find_format(texts, 1 - most_strays(n_present) / n_present):
            return Verdict(cells.name, "date")
    return _judged_words(cells.name, texts, n_present)


def _judged_words(name: str, texts: list[str], n_present: int) -> Verdict:
    length = sum(map(len, texts)) / len(texts)
    if len(texts) > max(20, n_present // 2):
        of = f"({len(texts):,} different ones in {n_present:,} training rows)"
        if len(texts) == n_present and length <= LONG_TEXT and not any(" " in text for text in texts):
            return Verdict(name, ID, f"it names the rows: every one has another text {of}", "they name the rows")
        return Verdict(name, TEXT, f"nearly every row has another text {of}", "nearly every row has another text")
    if length > LONG_TEXT and len(texts) > MOST_CATEGORIES:
        return Verdict(name, TEXT, f"its texts are long, {length:.0f} letters on average", "their texts are long")
    return Verdict(name, "category")


def _are_numbers(texts: list[str], counts: np.ndarray) -> bool:
    """Whether texts are numbers, but for a few strays or a few words that stand for a hole."""
    if numerals.has_leading_zeros(texts):
        return False
    strange = np.isnan(numerals.parsed(texts, numerals.decimal_sign(texts)))
    n_strange, n_present = int(counts[strange].sum()), int(counts.sum())
    are_codes = strange.sum() <= 5 and (~strange).sum() > 20 and n_strange <= n_present // 2
    return not strange.all() and (n_strange <= most_strays(n_present) or bool(are_codes))


def _look_like_dates(texts: list[str]) -> bool:
    """A cheap look at a few texts before formats are tried: digits, and not many letters."""
    sample = texts[:: max(1, len(texts) // 20)]
    fitting = [3 <= sum(map(str.isdigit, text)) <= 24 and len(text) <= 40 for text in sample]
    return sum(fitting) > len(fitting) // 2


def _digest(cells: Cells) -> bytes:
    """A mark that two columns share if one can be had from the other by renaming its texts, or if they are equal."""
    values = cells.values + 0.0
    if cells.form == TEXTS:
        _, first, places = np.unique(cells.values, return_index=True, return_inverse=True)
        values = np.where(cells.holes, -1, first[places])
    return hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=16).digest()


def notices(verdicts: Iterable[Verdict]) -> list[str]:
    """One sentence for each column that is left out; one for all that share a reason where they are many."""
    left_out: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.reason:
            left_out.setdefault(verdict.group, []).append(verdict)
    said = []
    for group, ones in left_out.items():
        if len(ones) > 5:
            said.append(f"{len(ones):,} columns are left out: {group} ({shown((repr(v.name) for v in ones), 5)})")
        else:
            said += [f"column {one.name!r} is left out: {one.reason}" for one in ones]
    return said

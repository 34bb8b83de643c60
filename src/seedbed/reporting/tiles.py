"""The most wrong examples as a reader sees them: images as tiles, rows of a table as a table."""

from __future__ import annotations

from typing import Any, NamedTuple

from seedbed.core.messages import message
from seedbed.reporting.evidence import Evidence
from seedbed.reporting.png import as_bytes, data_uri
from seedbed.reporting.wording import ABSENT, number, percent, text

MOST_COLUMNS = 12  # of a table


class Tile(NamedTuple):
    """One example.

    Attributes:
        row: its place in the test part.
        sentence: what it is and what the network says.
        truth, prediction: the same as single words.
        measure: how sure the network was, or how far off.
        image: the picture as a `data:` address, or empty.
        cells: the raw row, or empty.
    """

    row: int
    sentence: str
    truth: str
    prediction: str
    measure: str
    image: str
    cells: tuple[str, ...]


class Tiles(NamedTuple):
    """All of them, with the names of the columns of `cells`, and which of these hold numbers."""

    columns: tuple[str, ...]
    are_numbers: tuple[bool, ...]
    tiles: tuple[Tile, ...]


def tiles(evidence: Evidence, language: str | None = None) -> Tiles:
    """The most wrong examples, in the order of `evidence.wrong`."""
    records = evidence.wrong.to_dict("records")
    images = [""] * len(records)
    if evidence.wrong_images is not None and len(evidence.wrong_images):
        images = [data_uri(image) for image in as_bytes(evidence.wrong_images)]
    rows = evidence.wrong_rows
    columns = () if rows is None else tuple(map(str, rows.columns[:MOST_COLUMNS]))
    cells = [()] * len(records) if rows is None else [tuple(map(text, row[:MOST_COLUMNS])) for row in rows.to_numpy()]
    made = [
        Tile(int(record["row"]), _sentence(evidence, record, language), *_words(evidence, record), image, own)
        for record, image, own in zip(records, images, cells, strict=True)
    ]
    are_numbers = tuple(all(map(_is_number, column)) for column in zip(*cells, strict=True))
    return Tiles(columns, are_numbers, tuple(made))


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ""))
    except ValueError:
        return cell == ABSENT
    return True


def _words(evidence: Evidence, record: dict[str, Any]) -> tuple[str, str, str]:
    """Truth, prediction, and how sure or how far off."""
    truth, said = text(record["truth"]), text(record["prediction"])
    if evidence.task == "classification":
        return truth, said, percent(record["confidence"])
    several = f"{evidence.target_names[int(record['target'])]} " if len(evidence.target_names) > 1 else ""
    if evidence.task == "multilabel":
        return several + truth, several + said, percent(record["confidence"])
    error = record["error"]
    return several + truth, several + said, ("+" if error > 0 else "−") + number(abs(error))


def _sentence(evidence: Evidence, record: dict[str, Any], language: str | None) -> str:
    truth, said, measure = _words(evidence, record)
    if evidence.task == "regression":
        return message("report.most_wrong.regression", language, truth=truth, prediction=said)
    key = "report.most_wrong.classification"
    return message(key, language, truth=truth, prediction=said, probability=measure)

"""The data that a command works on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

import seedbed as sb

if TYPE_CHECKING:
    from seedbed.data import Dataset


@dataclass(frozen=True)
class Source:
    """The data that the user names, with how it is to be read and split: the arguments of `seedbed.data.load`."""

    data: Annotated[
        str,
        typer.Argument(help="A name (see `seedbed data`), a file with a table, or a folder of images.", metavar="DATA"),
    ] = "digits"
    target: Annotated[
        str | None, typer.Option(help="The column to predict; several with commas between.", metavar="COLUMN")
    ] = None
    task: Annotated[
        str | None, typer.Option(help="classification, regression or multilabel; inferred otherwise.", metavar="TASK")
    ] = None
    test: Annotated[
        str | None, typer.Option(help="Another file like DATA, whose rows are the test part.", metavar="FILE")
    ] = None
    missing: Annotated[
        list[str] | None, typer.Option(help='A text that means a hole, such as "?"; may be repeated.', metavar="TEXT")
    ] = None
    header: Annotated[
        bool, typer.Option("--header/--no-header", help="Whether the first line names the columns; 0, 1, ... if not.")
    ] = True
    decimal_comma: Annotated[
        list[str] | None,
        typer.Option(help="A column with commas before decimals, not between thousands.", metavar="COLUMN"),
    ] = None
    types: Annotated[
        str | None,
        typer.Option(help="Kinds that columns are of, such as age=numeric,zip=category,name=drop.", metavar="TYPES"),
    ] = None
    image_size: Annotated[
        str | None, typer.Option(help="What images are resized to, height first, as in 32x32.", metavar="SIZE")
    ] = None
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave out images that cannot be read.", metavar="")
    ] = False
    split_seed: Annotated[int, typer.Option(help="Decides which rows train, validate and test.", metavar="N")] = 0
    valid_share: Annotated[
        float | None, typer.Option(help="Share of the rows that validates; a sixth otherwise.", metavar="SHARE")
    ] = None
    group: Annotated[
        str | None, typer.Option(help="Rows of one group stay in one part, such as a patient's.", metavar="COLUMN")
    ] = None
    time: Annotated[
        str | None, typer.Option(help="The oldest rows train, the newest test: a column of dates.", metavar="COLUMN")
    ] = None
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Read Parquet anew in every epoch; by itself where memory is short.",
            show_default=False,
        ),
    ] = None

    def load(self) -> Dataset:
        """The data set."""
        options = {name: value for name, value in asdict(self).items() if value is not None and name != "data"}
        return sb.data.load(self.data, **options)

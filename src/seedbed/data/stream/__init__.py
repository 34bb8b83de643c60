"""Tables larger than memory: Parquet files that are read in pieces, again in every epoch."""

from seedbed.data.stream.memory import to_stream
from seedbed.data.stream.part import StreamedPart
from seedbed.data.stream.survey import load_streamed

__all__ = ["StreamedPart", "load_streamed", "to_stream"]

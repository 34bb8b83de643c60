from pathlib import Path

import pytest

from seedbed.data.readers.registry import need_reader
from seedbed.data.readers.table import read_options


@pytest.fixture
def read(tmp_path):
    """Writes content to a file and gives what the reader for its name finds."""

    def write_and_read(content, name="some.csv", **options):
        path = Path(tmp_path, name)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return need_reader(path).read(path, read_options(**options))

    return write_and_read

"""Arrow's texts and numbers out of Python's and NumPy's, without pandas: `pa.array` and `pa.scalar` import it.

That takes a third of a second, and a prediction needs nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def texts(words: Sequence[str]) -> Any:
    """An Arrow array of texts."""
    import pyarrow as pa

    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(words), buffers).cast(pa.string())


def no_text() -> Any:
    """Arrow's null among texts."""
    import pyarrow as pa

    return pa.nulls(1, pa.string())[0]


def filled(values: Any, fill: float) -> NDArray[Any]:
    """An Arrow array of numbers as a NumPy array (n,), with `fill` for nulls. It may be read-only."""
    whole = values.combine_chunks() if hasattr(values, "combine_chunks") else values
    whole = whole.fill_null(column(np.array([fill], whole.type.to_pandas_dtype()))[0])
    start, dtype = whole.offset, np.dtype(whole.type.to_pandas_dtype())
    return np.frombuffer(whole.buffers()[1], dtype, start + len(whole))[start:] if len(whole) else np.empty(0, dtype)


def column(values: NDArray[Any]) -> Any:
    """An Arrow array of a NumPy array (n,) of numbers or texts; also of other objects, if with pandas."""
    import pyarrow as pa

    if values.dtype.kind in "iuf":
        buffers = [None, pa.py_buffer(np.ascontiguousarray(values))]
        return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers)
    words = values.tolist()
    return texts(words) if all(isinstance(word, str) for word in words) else pa.array(values)

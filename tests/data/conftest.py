import jaxtyping
import pytest


@pytest.fixture
def unchecked():
    """Lets arguments of wrong types through to the function, as they come from a user without the type checks."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def csv(tmp_path):
    """Writes a CSV file and gives its path."""

    def write(text, name="houses.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write

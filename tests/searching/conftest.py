"""A real PostgreSQL server, where one is installed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql

from tests.searching.server import Server, binaries, running


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One for all tests of a process."""
    if binaries() is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql; .ci/run does it)")
    folder = Path(tempfile.mkdtemp(prefix="seedbed-postgres-"))  # pytest's own folders are closed to other users
    folder.chmod(0o755)
    try:
        with running(folder) as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_name(f"{folder.name}.said").unlink(missing_ok=True)


@pytest.fixture
def postgres(server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database."""
    name = f"t{abs(hash(request.node.nodeid)):x}"
    address = server.url.replace("postgresql:", "postgresql+psycopg:")
    engine = sql.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sql.pool.NullPool)
    with engine.connect() as db:
        db.execute(sql.text(f"create database {name}"))
    yield server.url.removesuffix("postgres") + name
    with engine.connect() as db:
        db.execute(sql.text(f"drop database {name} with (force)"))
    engine.dispose()

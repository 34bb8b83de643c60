"""The database of a study: reached through SQLAlchemy, asked again where it was away for a moment, passwords unseen."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sql
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from seedbed.core.errors import UsageError

LOCK_SECONDS = 60.0  # that SQLite waits for another process
PAGE_BYTES = 16384  # of SQLite: its own are made for rows, not for weights
AWAY_SECONDS = 60.0  # that a server may be away in the middle of a study
CONNECT_SECONDS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
SECRET = "***"
POSTGRES = ("postgresql", "postgres")

T = TypeVar("T")


class Database:
    """Where studies are kept.

    Arguments:
        url: as SQLAlchemy reads it; or the path of a file of SQLite.

    Attributes:
        url: with its password, for those that connect themselves.
        shown: the same as it may be shown.

    Raises:
        UsageError: the address is none, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        made = address(url)
        self.url = made.render_as_string(hide_password=False)
        self.shown = shown(made)
        self.is_file = made.get_backend_name() == "sqlite"
        self._secrets = [str(secret) for secret in (made.password, made.query.get("password")) if secret]
        self._was_there = False
        try:
            self.engine = sql.create_engine(made, **options(made))
        except (ImportError, sql.exc.NoSuchModuleError) as error:
            hint = "for PostgreSQL: pip install 'seedbed[cluster]'"
            raise UsageError(f"study: no driver for the database {self.shown}: {error}", hint) from None
        weakref.finalize(self, self.engine.dispose)  # closes its connections with the last study that uses it
        if self.is_file:
            sql.event.listen(self.engine, "connect", _prepared)

    def read(self, work: Callable[[sql.Connection], T]) -> T:
        """What `work` reads.

        Raises:
            UsageError: the database cannot be used.
        """
        return self._done(work, is_writing=False)

    def write(self, work: Callable[[sql.Connection], T]) -> T:
        """What `work` gives, which happens whole or not at all; it may be called again where a server was away.

        Raises:
            UsageError: the database cannot be used.
            IntegrityError: another process has written a row with that key.
        """
        return self._done(work, is_writing=True)

    def changed(self, statement: sql.Update) -> int:
        """How many rows a change has changed."""
        return self.write(lambda db: db.execute(statement).rowcount)

    def _done(self, work: Callable[[sql.Connection], T], *, is_writing: bool) -> T:
        pause, until = FIRST_PAUSE, time.monotonic() + AWAY_SECONDS
        while True:
            try:
                with self.engine.begin() as db:
                    if self.is_file and is_writing:
                        # A lock from the first statement: two that read and then want to write cannot both have it.
                        db.exec_driver_sql("BEGIN IMMEDIATE")
                    found = work(db)
                self._was_there = True
                return found
            except IntegrityError:
                raise
            except SQLAlchemyError as error:
                if not (self._was_there and self._may_pass(error)) or time.monotonic() > until:
                    raise self.unusable(error) from None
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _may_pass(self, error: SQLAlchemyError) -> bool:
        """Whether an error may be gone in a moment: a lock of SQLite, a deadlock, a server that starts again."""
        if not isinstance(error, DBAPIError):
            return isinstance(error, sql.exc.TimeoutError)
        if self.is_file:
            return "locked" in str(error.orig)
        return error.connection_invalidated or isinstance(error, sql.exc.OperationalError | sql.exc.InterfaceError)

    def write_ahead(self, wanted: bool) -> None:
        """Lets SQLite write into a log beside its file, which waits for no disk; or makes it a single file again.

        What was written survives a process that is killed. A power cut may lose the last seconds, and breaks nothing.
        """
        if not self.is_file:
            return
        if not wanted:
            self.engine.dispose()  # the file must not be open elsewhere
        # Of a file that is empty the pages become as large as what is written into it.
        # Where others have it open it stays as it is, and so it does on a file system that shares no memory.
        with contextlib.suppress(SQLAlchemyError), self.engine.connect() as db:
            db.exec_driver_sql("PRAGMA busy_timeout = 1000")
            db.exec_driver_sql(f"PRAGMA page_size = {PAGE_BYTES}")
            db.exec_driver_sql(f"PRAGMA journal_mode = {'WAL' if wanted else 'DELETE'}")
            db.exec_driver_sql(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000:.0f}")

    def unusable(self, error: Exception) -> UsageError:
        """The error in the words for a user."""
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = lines[0] if lines else type(error).__name__
        for secret in self._secrets:
            reason = reason.replace(secret, SECRET)
        hint = (
            "name a file that can be written, a new one or one of a search"
            if self.is_file
            else "see that the server runs and lets this user in; or leave --study away for a file of SQLite"
        )
        return UsageError(f"study: the database {self.shown} cannot be used: {reason}", hint)

    def close(self) -> None:
        """Ends its connections."""
        self.engine.dispose()


def address(url: str) -> sql.URL:
    """The address of a database: of a path that of a file of SQLite, of PostgreSQL that for its driver.

    Raises:
        UsageError: it is none.
    """
    if not url:
        raise UsageError("study: expected a file or the address of a database, got an empty text")
    if "://" not in url:
        return sql.URL.create("sqlite", database=url)
    try:
        made = sql.make_url(url)
    except (sql.exc.ArgumentError, ValueError):
        hint = "such as sqlite:///study.db or postgresql://user@host/database"
        raise UsageError("study: expected the address of a database, got one that cannot be read", hint) from None
    return made.set(drivername="postgresql+psycopg") if made.drivername in POSTGRES else made


def missing_file(url: str) -> Path | None:
    """The file of a database of SQLite that is not there; None for all others. To connect would make it."""
    made = address(url)
    if made.get_backend_name() != "sqlite" or made.database in (None, "", ":memory:"):
        return None
    file = Path(str(made.database))
    return None if file.is_file() else file


def shown(url: str | sql.URL) -> str:
    """An address without its password; that of a file with its path as it is, to be given back to a command."""
    made = address(url) if isinstance(url, str) else url
    if made.get_backend_name() == "sqlite":
        return f"sqlite:///{made.database or ''}"
    if "password" in made.query:
        made = made.update_query_dict({"password": SECRET})
    return made.render_as_string(hide_password=True)


def options(url: sql.URL) -> dict[str, Any]:
    """How an engine for this database is made."""
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": LOCK_SECONDS}}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": CONNECT_SECONDS}}


def _prepared(connection: Any, record: Any) -> None:
    """Python's own module begins transactions when it thinks best; here they begin where they are asked for."""
    del record
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = NORMAL")  # enough for what is written ahead; see `write_ahead`

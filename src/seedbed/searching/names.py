"""The names of studies in a database, which Optuna may share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sql

from seedbed.core.errors import UsageError
from seedbed.searching import tables as t
from seedbed.searching.database import Database, missing_file


def names_in(url: str) -> list[str]:
    """The names of the studies of Seedbed in a database.

    Raises:
        UsageError: it cannot be reached, or is no database.
    """
    database = Database(url)
    query = sql.select(t.studies.c.study_name).join(t.searches, t.searches.c.study_id == t.studies.c.study_id)
    hint = "name the file or the address that `seedbed search --study` was given"
    none = UsageError(f"study: expected a database with a study in it, got {database.shown}", hint)
    if missing_file(url) is not None:
        raise none
    try:
        is_ours = database.read(lambda db: sql.inspect(db).has_table(t.searches.name))
        return list(database.read(lambda db: db.execute(query).scalars().all())) if is_ours else []
    except UsageError:
        if database.is_file:
            raise none from None
        raise  # a server that cannot be reached says why
    finally:
        database.close()


def key_of(name: str) -> Any:
    """The query for the key of the study of that name."""
    return sql.select(t.studies.c.study_id).where(t.studies.c.study_name == name)


def check_ours(db: sql.Connection, name: str, shown: str) -> None:
    """Refuses a study with trials that Optuna made by itself.

    Arguments:
        shown: the address of the database, for the message.

    Raises:
        UsageError: it says so.
    """
    key = db.execute(key_of(name)).scalar()
    if key is None or db.execute(sql.select(t.searches.c.study_id).where(t.searches.c.study_id == key)).first():
        return
    if db.execute(sql.select(t.trials.c.trial_id).where(t.trials.c.study_id == key).limit(1)).first():
        came = f"got {name!r} in {shown}, which Optuna made"
        raise UsageError(f"study: expected a study of seedbed, {came}", "give the search another --name")

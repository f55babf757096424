"""Indexes that the tables should have: found missing by `db check`, made anew by `db upgrade` and `db restore`."""

from __future__ import annotations

from sqlalchemy import Connection, Index, inspect

from flows.storage import models


def missing_indexes(connection: Connection) -> list[Index]:
    """Indexes of the newest schema that the database does not have."""
    inspector = inspect(connection)
    missing = []
    for table in models.Base.metadata.sorted_tables:
        there = {index["name"] for index in inspector.get_indexes(table.name)}
        missing += [index for index in table.indexes if index.name not in there]
    return missing


def make_missing(connection: Connection) -> list[Index]:
    """Make what is missing; gives what was made."""
    made = missing_indexes(connection)
    for index in made:
        index.create(connection)
    return made

"""What differs between databases: pragmas, how a write transaction begins, what is told apart as a storage error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

#: name → value that `PRAGMA name` must read back as.
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}
#: Execution option of a connection that only reads: its transaction takes no write lock.
READS_ONLY = "stemwise_reads_only"
#: What every writer of a PostgreSQL database waits for, so that turns follow one another there as they do on SQLite.
WRITER_LOCK = 0x5357_1
LOCK_TIMEOUT_MS = 5000


class StorageUnavailable(Exception):
    """The database is locked, full, unreadable or gone: nothing was written, the same event may be tried again."""


class WrongStorageSettings(Exception):
    """The database runs without a setting that keeps answers safe; the message names it."""


def storage_error(error: Exception) -> bool:
    """Whether an error is the storage's fault and not the event's."""
    if isinstance(error, DBAPIError):
        kinds = ("OperationalError", "InternalError", "DatabaseError")
        return error.connection_invalidated or type(error).__name__ in kinds
    return isinstance(error, StorageUnavailable | PoolTimeout | OSError)


def open_engine(url: str) -> Engine:
    """An engine whose every connection has the settings that keep answers safe.

    Raises
    ------
    WrongStorageSettings
        When the address cannot be read or the database's driver is not there; never with the address in the message.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return _server_engine(parsed)
    except (ArgumentError, NoSuchModuleError):
        raise WrongStorageSettings(
            "STEMWISE_DATABASE_URL: is not the address of a database; write sqlite:///PATH"
            " or postgresql+psycopg://USER@HOST/NAME"
        ) from None
    except ModuleNotFoundError as error:
        raise WrongStorageSettings(
            f"STEMWISE_DATABASE_URL: the driver {error.name} is not installed; run: pip install 'stemwise[postgres]'"
        ) from None
    if parsed.database and parsed.database != ":memory:":
        _make_private(Path(parsed.database))
    engine = create_engine(
        parsed,
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=10,
        hide_parameters=True,  # an error never shows what was to be written
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is deferred and loses concurrent updates
        for name, value in PRAGMAS.items():
            connection.execute(f"PRAGMA {name}={value}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(READS_ONLY)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _server_engine(url: URL) -> Engine:
    """PostgreSQL: a reader sees one snapshot, writers come one after another, and nobody waits for ever."""
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.commit()  # else the setting would go with the first rollback

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(READS_ONLY):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        else:  # two turns that read the same row and then write it would lose one of the two
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")

    return engine


def _make_private(path: Path) -> None:
    """The database file exists, 0600, before anything is written to it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def wrong_settings(engine: Engine) -> list[str]:
    """The settings that do not read back as they must, each with what was found; empty where all is well."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
            found = connection.execute(text("SHOW synchronous_commit")).scalar()
        return [] if found in ("on", "remote_apply") else [f"synchronous_commit is {found}, must be on"]
    with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    return [f"{name} is {found[name]}, must be {value}" for name, value in PRAGMAS.items() if found[name] != value]


def flush_deleted(engine: Engine) -> bool:
    """Take what was deleted out of the files that still hold it; false while a reader keeps it there."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM keys"))
        return True
    raw = engine.raw_connection()
    try:
        busy, _, _ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    finally:
        raw.close()

"""Backups: all tables of one snapshot as one sealed stream, read back whole or not at all, the same for every database.

How the stream is built and why a changed one does not open stands in `backup_stream.py`. A restore takes the place of all that was
there, save one thing: that a case was erased after the backup was made stays known, because the restore has just brought it back.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from alembic import command
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, String, column, func, inspect, select, table

from flows.storage import models
from flows.storage.backup_stream import (
    TYPES,
    BackupError,
    Columns,
    Header,
    Reader,
    Writer,
    kind_of,
    known_revisions,
    told,
)
from flows.storage.engines import READS_ONLY
from flows.storage.indexes import make_missing
from flows.storage.keys import INSTALLATION, KEY_BYTES, MasterKey, SealError
from flows.storage.schema import alembic_config, current_revision, newest_revision

__all__ = [
    "VERIFIED_AT",
    "VERIFIED_KEY",
    "BackupError",
    "Contents",
    "NotEmpty",
    "brought_back",
    "is_current",
    "known_revisions",
    "note_verified",
    "restore_backup",
    "verify_backup",
    "write_backup",
]

#: A chunk is closed once it holds so much; one row can make it larger.
CHUNK_BYTES = 256 * 1024
FETCH_ROWS = 200
VERIFIED_AT, VERIFIED_KEY = "backup_verified_at", "backup_verified_key"
#: Audit actions by which something of a case went for good, and the one that says that a restore undid it.
ERASURES = ("case.erased", "questionnaire.erased")
RESTORED, BROUGHT_BACK = "backup.restored", "restore.brought_back"
#: So long it is said that something erased is back; who has not erased it again by then wants it.
SAID_FOR = timedelta(days=30)

Say = Callable[[str], None]


def _quiet(_: str) -> None:
    """Says nothing."""


class NotEmpty(BackupError):
    """The database to restore into holds data, and nobody said that it may be overwritten."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a verified backup holds: its header, and rows by table.

    `brought_back` holds the cases of which something had been erased since it was made, and which a restore has brought back.
    """

    header: Header
    counts: Mapping[str, int]
    brought_back: tuple[str, ...] = ()


# --- writing ---


def write_backup(
    engine: Engine,
    file: BinaryIO,
    master: MasterKey,
    *,
    instrument: Mapping[str, str],
    now: datetime,
    say: Say = _quiet,
) -> Contents:
    """Write all tables of one snapshot into `file`; other connections go on reading and writing meanwhile.

    Raises
    ------
    BackupError
        When the database is not at this program's schema, or its keys are not those of this key file: such a backup
        could not be restored.
    """
    with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision != newest_revision():
            raise BackupError(f"the database has the schema {revision or 'of nothing'}; run: stemwise db upgrade")
        others = select(func.count()).select_from(models.WrappedKey).where(models.WrappedKey.master != master.id)
        if connection.scalar(others):
            raise BackupError("the data is sealed with another key file; set STEMWISE_KEY_FILE to the right one")
        header = Header(revision, master.id, instrument, now, secrets.token_bytes(KEY_BYTES))
        writer = Writer(file, header, master)
        counts = {}
        for one in models.Base.metadata.sorted_tables:
            say(one.name)
            kinds = [(c.name, kind_of(c)) for c in one.columns]
            writer.chunk({"table": one.name, "columns": kinds})
            counts[one.name] = _write_rows(connection, writer, select(one), [kind for _, kind in kinds])
        writer.end(counts)
    return Contents(header, counts)


def _write_rows(connection: Connection, writer: Writer, query: Any, kinds: Sequence[str]) -> int:
    count, waiting, size = 0, [], 0
    for row in connection.execution_options(yield_per=FETCH_ROWS).execute(query):
        values = [told(kind, value) for kind, value in zip(kinds, row, strict=True)]
        waiting.append(values)
        size += sum(len(v) if isinstance(v, str) else 8 for v in values)
        count += 1
        if size >= CHUNK_BYTES:
            writer.chunk({"rows": waiting})
            waiting, size = [], 0
    if waiting:
        writer.chunk({"rows": waiting})
    return count


# --- reading ---


def verify_backup(file: BinaryIO, master: MasterKey) -> Contents:
    """Read a whole backup without writing anything: every chunk opens, and so does every key in it.

    Raises
    ------
    BackupError
        When it is broken, cut off, newer than this program, or sealed with another key file.
    """
    reader = Reader(file, master)
    columns: Sequence[tuple[str, str]] = ()
    for record in reader.records():
        if isinstance(record, Columns):
            columns = record.columns
        elif record.table == models.WrappedKey.__tablename__:
            names = [name for name, _ in columns]
            owner, wrapped = names.index("owner"), names.index("wrapped")
            for row in record.rows:
                try:
                    master.unwrap(row[wrapped], row[owner])
                except SealError:
                    raise BackupError(
                        f"holds a key (of {row[owner]}) that this key file does not open; use another copy"
                    ) from None
    return Contents(reader.header, reader.counts)


# --- restoring ---


def restore_backup(
    file: BinaryIO, engine: Engine, master: MasterKey, *, now: datetime, overwrite: bool = False, say: Say = _quiet
) -> Contents:
    """Verify a backup, then put it into a database in one transaction, and note there that this was seen to work.

    Raises
    ------
    NotEmpty
        When the database holds data and `overwrite` is not set.
    BackupError
        When the backup cannot be verified; nothing was written then.
    """
    verified = verify_backup(file, master)
    with engine.begin() as connection:
        if not overwrite and holds_data(connection):
            raise NotEmpty("the database holds data; name another with --into, or overwrite it with --yes")
        erasures = _erasures_since(connection, verified.header.created_at)
        _make_empty(connection, verified.header.revision)
        _insert(connection, Reader(file, master), say)
        _upgrade(connection, "head")
        make_missing(connection)
        _set_counters(connection)
        back = _keep_erasures(connection, erasures, now)
        note_verified(connection, master, now)
    return replace(verified, brought_back=back)


def _erasures_since(connection: Connection, since: datetime) -> list[dict[str, Any]]:
    """What the audit of the present database knows of erasures that the backup cannot know of."""
    audit = models.Audit.__table__
    inspector = inspect(connection)
    wanted = ("at", "actor", "action", "case_id")
    name = models.Audit.__tablename__
    if not inspector.has_table(name) or not {c["name"] for c in inspector.get_columns(name)} >= {*wanted}:
        return []  # tables of another schema
    columns = [audit.c[name] for name in wanted]
    query = select(*columns).where(audit.c.action.in_(ERASURES), audit.c.at >= since).order_by(audit.c.at)
    return [dict(row) for row in connection.execute(query).mappings()]


def _keep_erasures(connection: Connection, erasures: Sequence[dict[str, Any]], now: datetime) -> tuple[str, ...]:
    """Let the restored audit know of them and of the restore, and say of which cases it has brought back what was erased."""
    audit = models.Audit.__table__
    restored = {"at": now, "actor": "operator", "action": RESTORED, "case_id": None}
    there = set(connection.scalars(select(models.Case.id)))
    back = tuple(sorted({e["case_id"] for e in erasures} & there))
    notes = [{"at": now, "actor": "operator", "action": BROUGHT_BACK, "case_id": case_id} for case_id in back]
    connection.execute(audit.insert(), [restored, *erasures, *notes])  # type: ignore[attr-defined]
    return back


def brought_back(connection: Connection, now: datetime) -> dict[str, datetime]:
    """Cases that a restore brought back after an erasure, with its time, where nothing of them was erased since."""
    query = (
        select(models.Audit.case_id, models.Audit.at)
        .join(models.Case, models.Case.id == models.Audit.case_id)
        .where(models.Audit.action == BROUGHT_BACK, models.Audit.at > now - SAID_FOR)
    )
    back = {case_id: at for case_id, at in connection.execute(query) if case_id is not None}
    erased = select(models.Audit.case_id, models.Audit.at).where(
        models.Audit.action.in_(ERASURES), models.Audit.case_id.in_(list(back))
    )
    for case_id, at in connection.execute(erased):
        if case_id in back and at > back[case_id]:
            del back[case_id]
    return back


def _ours(connection: Connection) -> list[str]:
    """Tables of the database that bear a name of ours."""
    there = set(inspect(connection).get_table_names())
    return [one.name for one in models.Base.metadata.sorted_tables if one.name in there]


def holds_data(connection: Connection) -> bool:
    """Whether anything is there beyond what the program makes when it first opens a database."""
    for name in _ours(connection):
        query = select(func.count()).select_from(table(name))
        if name == models.Installation.__tablename__:
            continue
        if name == models.WrappedKey.__tablename__:
            query = query.where(column("owner", String) != INSTALLATION)
        if connection.scalar(query):
            return True
    return False


def _make_empty(connection: Connection, revision: str) -> None:
    """Leave the tables of that schema, and nothing in them."""
    if MigrationContext.configure(connection).get_current_revision() == revision:
        for name in reversed(_ours(connection)):  # rows and not tables: a running program keeps its prepared statements
            connection.execute(table(name).delete())
        return
    there = MetaData()
    there.reflect(connection, only=_ours(connection))
    there.drop_all(connection)
    if inspect(connection).has_table("alembic_version"):
        connection.execute(table("alembic_version").delete())
    _upgrade(connection, revision)


def _upgrade(connection: Connection, revision: str) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _insert(connection: Connection, reader: Reader, say: Say) -> None:
    into, names = None, []
    for record in reader.records():
        if isinstance(record, Columns):
            say(record.table)
            names = [name for name, _ in record.columns]
            into = table(record.table, *[column(name, TYPES[kind]) for name, kind in record.columns])
        elif into is not None:
            connection.execute(into.insert(), [dict(zip(names, row, strict=True)) for row in record.rows])


def _set_counters(connection: Connection) -> None:
    """PostgreSQL counts numbers of new rows apart from the rows: let it go on after the last one."""
    if connection.dialect.name != "postgresql":
        return
    for one in models.Base.metadata.sorted_tables:
        number = one.autoincrement_column
        if number is not None:
            highest = connection.scalar(select(func.max(number))) or 0
            sequence = func.pg_get_serial_sequence(one.name, number.name)
            connection.execute(select(func.setval(sequence, highest + 1, False)))


def note_verified(connection: Connection, master: MasterKey, now: datetime) -> None:
    """Note that a backup was seen to open with this key file, for `doctor`."""
    facts = models.Installation.__table__
    for name, value in ((VERIFIED_AT, now.isoformat()), (VERIFIED_KEY, master.id)):
        connection.execute(facts.delete().where(facts.c.name == name))  # type: ignore[attr-defined]
        connection.execute(facts.insert(), {"name": name, "value": value})  # type: ignore[attr-defined]


def is_current(engine: Engine) -> bool:
    """Whether a database is there, at this program's schema."""
    return current_revision(engine) == newest_revision()

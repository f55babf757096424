"""Backups: all tables of one snapshot as one sealed stream, read back whole or not at all, the same for every database.

The stream is a line that names the format, an open header, and chunks. Each part is preceded by its length. A chunk is JSON
sealed with AES-GCM under a key made from the key file's key and the header's salt, and bound to the header and to its own number: a
chunk that is changed, left out, repeated or moved does not open. The last chunk counts the rows and holds a digest of all
that came before, so that a stream that was cut off is found too. What is sealed in the database stays sealed inside, and
the names of columns and kinds of values stand in the stream, so that an older backup can be read by a newer program.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO, NoReturn

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    column,
    func,
    inspect,
    select,
    table,
    text,
)
from sqlalchemy.types import TypeEngine

from flows.storage import models
from flows.storage.engines import READS_ONLY
from flows.storage.indexes import make_missing
from flows.storage.keys import INSTALLATION, KEY_BYTES, NONCE_BYTES, MasterKey, SealError
from flows.storage.schema import alembic_config, current_revision, newest_revision

FAMILY = b"STEMWISE-BACKUP/"
MAGIC = FAMILY + b"1\n"
_LENGTH = struct.Struct(">I")
MAX_HEADER_BYTES = 4096
#: A chunk is closed once it holds so much; one row can make it larger.
CHUNK_BYTES = 256 * 1024
MAX_CHUNK_BYTES = 256 * 1024 * 1024
FETCH_ROWS = 200
VERIFIED_AT, VERIFIED_KEY = "backup_verified_at", "backup_verified_key"

#: Kinds of values in the stream, and the column types that read and write them.
_TYPES: dict[str, type[TypeEngine[Any]]] = {
    "bytes": LargeBinary,
    "time": models.UtcTime,
    "date": Date,
    "bool": Boolean,
    "int": Integer,
    "text": String,
}

Say = Callable[[str], None]


def _quiet(_: str) -> None:
    """Says nothing."""


class BackupError(Exception):
    """A backup that cannot be made or used; the message names the remedy."""


class NotEmpty(BackupError):
    """The database to restore into holds data, and nobody said that it may be overwritten."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands open at the head of a backup: nothing of a person.

    Attributes
    ----------
    revision : the schema of the tables inside
    master : id of the key file that opens it
    instrument : id, version and SHA-256 of the instrument in use when it was made
    """

    revision: str
    master: str
    instrument: Mapping[str, str]
    created_at: datetime
    salt: bytes

    def as_bytes(self) -> bytes:
        content = {
            "revision": self.revision,
            "master": self.master,
            "instrument": dict(self.instrument),
            "created_at": self.created_at.isoformat(),
            "salt": base64.b64encode(self.salt).decode(),
        }
        return json.dumps(content, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Header:
        content = json.loads(data)
        return cls(
            revision=str(content["revision"]),
            master=str(content["master"]),
            instrument={str(k): str(v) for k, v in content["instrument"].items()},
            created_at=datetime.fromisoformat(content["created_at"]),
            salt=base64.b64decode(content["salt"], validate=True),
        )


@dataclass(frozen=True, slots=True)
class Contents:
    """What a verified backup holds: its header, and rows by table."""

    header: Header
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Columns:
    """The head of one table in the stream: its columns, each with the kind of its values."""

    table: str
    columns: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the table named before, each value as the database takes it."""

    table: str
    rows: Sequence[Sequence[Any]]


# --- writing ---


class _Writer:
    """Seals chunks one after another and counts them."""

    def __init__(self, file: BinaryIO, header: Header, master: MasterKey) -> None:
        self._file = file
        head = header.as_bytes()
        file.write(MAGIC)
        self._put(head)
        self._cipher = AESGCM(master.backup_key(header.salt))
        self._head = hashlib.sha256(MAGIC + head).digest()
        self._digest = hashlib.sha256()
        self._number = 0

    def _put(self, data: bytes) -> None:
        self._file.write(_LENGTH.pack(len(data)))
        self._file.write(data)

    def chunk(self, content: Any) -> None:
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        self._digest.update(plain)
        self._put(self._cipher.encrypt(_nonce(self._number), plain, self._head))
        self._number += 1

    def end(self, counts: Mapping[str, int]) -> None:
        self.chunk({"end": {"counts": dict(counts), "digest": self._digest.hexdigest()}})


def _nonce(number: int) -> bytes:
    return number.to_bytes(NONCE_BYTES, "big")


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
        writer = _Writer(file, header, master)
        counts = {}
        for one in models.Base.metadata.sorted_tables:
            say(one.name)
            kinds = [(c.name, _kind(c)) for c in one.columns]
            writer.chunk({"table": one.name, "columns": kinds})
            counts[one.name] = _write_rows(connection, writer, select(one), [kind for _, kind in kinds])
        writer.end(counts)
    return Contents(header, counts)


def _write_rows(connection: Connection, writer: _Writer, query: Any, kinds: Sequence[str]) -> int:
    count, waiting, size = 0, [], 0
    for row in connection.execution_options(yield_per=FETCH_ROWS).execute(query):
        values = [_told(kind, value) for kind, value in zip(kinds, row, strict=True)]
        waiting.append(values)
        size += sum(len(v) if isinstance(v, str) else 8 for v in values)
        count += 1
        if size >= CHUNK_BYTES:
            writer.chunk({"rows": waiting})
            waiting, size = [], 0
    if waiting:
        writer.chunk({"rows": waiting})
    return count


def _kind(of: Column[Any]) -> str:
    for kind, type_ in _TYPES.items():
        if isinstance(of.type, type_):
            return kind
    raise TypeError(f"{of}: a backup has no kind for {of.type!r}; add one")


def _told(kind: str, value: Any) -> Any:
    """A value as it stands in JSON."""
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64encode(value).decode()
    return value.isoformat() if kind in ("time", "date") else value


def _read(kind: str, value: Any) -> Any:
    """A value as the database takes it."""
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    if kind == "time":
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind == "date" else value


# --- reading ---


class _Reader:
    """Opens chunks one after another; whatever is not as it was written raises `BackupError`."""

    def __init__(self, file: BinaryIO, master: MasterKey) -> None:
        self._file = file
        self._part = 0
        self.counts: dict[str, int] = {}
        file.seek(0)
        self.header, head = self._read_header()
        self._check(master)
        self._cipher = AESGCM(master.backup_key(self.header.salt))
        self._head = hashlib.sha256(MAGIC + head).digest()
        self._digest = hashlib.sha256()
        self._kinds: list[str] = []
        self._table = ""

    def _broken(self) -> NoReturn:
        raise BackupError(f"is broken or cut off at part {self._part}; use another copy")

    def _read_header(self) -> tuple[Header, bytes]:
        magic = self._file.read(len(MAGIC))
        if magic != MAGIC:
            if magic.startswith(FAMILY):
                raise BackupError("was made by a newer program; install the version of Stemwise that made it")
            raise BackupError("is not a backup of Stemwise; name a file that `stemwise db backup` made")
        head = self._take(MAX_HEADER_BYTES)
        try:
            return Header.from_bytes(head), head
        except (ValueError, KeyError, TypeError, AttributeError):
            self._broken()

    def _check(self, master: MasterKey) -> None:
        if self.header.master != master.id:
            raise BackupError(
                f"was sealed with the key file {self.header.master}, not with {master.id};"
                " set STEMWISE_KEY_FILE to the key file it was made with"
            )
        if self.header.revision not in known_revisions():
            raise BackupError(
                f"has the schema {self.header.revision}, newer than this program's {newest_revision()};"
                " install the version of Stemwise that made it"
            )

    def _take(self, limit: int) -> bytes:
        length = self._file.read(_LENGTH.size)
        if len(length) != _LENGTH.size:
            self._broken()
        size = _LENGTH.unpack(length)[0]
        if size > limit:
            self._broken()
        data = self._file.read(size)
        if len(data) != size:
            self._broken()
        return data

    def _chunk(self) -> tuple[dict[str, Any], str]:
        """The next chunk's content, and the digest of all before it."""
        try:
            plain = self._cipher.decrypt(_nonce(self._part), self._take(MAX_CHUNK_BYTES), self._head)
            content = json.loads(plain)
        except (InvalidTag, ValueError):
            self._broken()
        before = self._digest.hexdigest()
        self._digest.update(plain)
        self._part += 1
        if not isinstance(content, dict):
            self._broken()
        return content, before

    def records(self) -> Iterator[Columns | Rows]:
        """Everything in the stream, in order; ends only where the stream ends as it was written."""
        while True:
            content, before = self._chunk()
            try:
                if "end" in content:
                    if content["end"] != {"counts": self.counts, "digest": before} or self._file.read(1):
                        self._broken()
                    return
                yield self._record(content)
            except (KeyError, TypeError, ValueError):
                self._broken()

    def _record(self, content: dict[str, Any]) -> Columns | Rows:
        if "table" in content:
            self._table = content["table"]
            columns = [(name, kind) for name, kind in content["columns"]]
            self._kinds = [kind for _, kind in columns]
            if self._table in self.counts or not set(self._kinds) <= set(_TYPES):
                self._broken()
            self.counts[self._table] = 0
            return Columns(self._table, columns)
        rows = [[_read(k, v) for k, v in zip(self._kinds, row, strict=True)] for row in content["rows"]]
        self.counts[self._table] += len(rows)
        return Rows(self._table, rows)


def known_revisions() -> set[str]:
    """Schemas that this program has been through."""
    return {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def verify_backup(file: BinaryIO, master: MasterKey) -> Contents:
    """Read a whole backup without writing anything: every chunk opens, and so does every key in it.

    Raises
    ------
    BackupError
        When it is broken, cut off, newer than this program, or sealed with another key file.
    """
    reader = _Reader(file, master)
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
        _make_empty(connection, verified.header.revision)
        _insert(connection, _Reader(file, master), say)
        _upgrade(connection, "head")
        make_missing(connection)
        _set_counters(connection)
        note_verified(connection, master, now)
    return verified


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


def _insert(connection: Connection, reader: _Reader, say: Say) -> None:
    into, names = None, []
    for record in reader.records():
        if isinstance(record, Columns):
            say(record.table)
            names = [name for name, _ in record.columns]
            into = table(record.table, *[column(name, _TYPES[kind]) for name, kind in record.columns])
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
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:of, :number), :next, false)"),
                {"of": one.name, "number": number.name, "next": highest + 1},
            )


def note_verified(connection: Connection, master: MasterKey, now: datetime) -> None:
    """Note that a backup was seen to open with this key file, for `doctor`."""
    facts = models.Installation.__table__
    for name, value in ((VERIFIED_AT, now.isoformat()), (VERIFIED_KEY, master.id)):
        connection.execute(facts.delete().where(facts.c.name == name))  # type: ignore[attr-defined]
        connection.execute(facts.insert(), {"name": name, "value": value})  # type: ignore[attr-defined]


def is_current(engine: Engine) -> bool:
    """Whether a database is there, at this program's schema."""
    return current_revision(engine) == newest_revision()

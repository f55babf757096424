"""The stream of a backup: what stands in it, and how it is sealed, written and read; `backup.py` says what goes in.

A line that names the format, an open header, and chunks. Each part is preceded by its length. A chunk is JSON sealed with
AES-GCM under a key made from the key file's key and the header's salt, and bound to the header and to its own number: a
chunk that is changed, left out, repeated or moved does not open. The last chunk counts the rows and holds a digest of all
that came before, so that a stream that was cut off is found too. What is sealed in the database stays sealed inside, and
the names of columns and kinds of values stand in the stream, so that an older backup can be read by a newer program.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO, NoReturn

from alembic.script import ScriptDirectory
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Boolean, Column, Date, Integer, LargeBinary, String
from sqlalchemy.types import TypeEngine

from flows.storage import models
from flows.storage.keys import NONCE_BYTES, MasterKey
from flows.storage.schema import alembic_config, newest_revision

FAMILY = b"STEMWISE-BACKUP/"
MAGIC = FAMILY + b"1\n"
_LENGTH = struct.Struct(">I")
MAX_HEADER_BYTES = 4096
MAX_CHUNK_BYTES = 256 * 1024 * 1024

#: Kinds of values in the stream, and the column types that read and write them.
TYPES: dict[str, type[TypeEngine[Any]]] = {
    "bytes": LargeBinary,
    "time": models.UtcTime,
    "date": Date,
    "bool": Boolean,
    "int": Integer,
    "text": String,
}


class BackupError(Exception):
    """A backup that cannot be made or used; the message names the remedy."""


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


class Writer:
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


def kind_of(of: Column[Any]) -> str:
    for kind, type_ in TYPES.items():
        if isinstance(of.type, type_):
            return kind
    raise TypeError(f"{of}: a backup has no kind for {of.type!r}; add one")


def told(kind: str, value: Any) -> Any:
    """A value as it stands in JSON."""
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64encode(value).decode()
    return value.isoformat() if kind in ("time", "date") else value


def read_value(kind: str, value: Any) -> Any:
    """A value as the database takes it."""
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    if kind == "time":
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind == "date" else value


# --- reading ---


class Reader:
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
            if self._table in self.counts or not set(self._kinds) <= set(TYPES):
                self._broken()
            self.counts[self._table] = 0
            return Columns(self._table, columns)
        rows = [[read_value(k, v) for k, v in zip(self._kinds, row, strict=True)] for row in content["rows"]]
        self.counts[self._table] += len(rows)
        return Rows(self._table, rows)


def known_revisions() -> set[str]:
    """Schemas that this program has been through."""
    return {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}

"""The store: one place that opens the database, checks its settings, and hands out transactions that can seal and unseal."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flows.storage import keys
from flows.storage.engines import (
    READS_ONLY,
    StorageUnavailable,
    WrongStorageSettings,
    open_engine,
    storage_error,
    wrong_settings,
)
from flows.storage.models import Audit, WrappedKey
from flows.storage.schema import current_revision, newest_revision, upgrade

#: Letters of a short id: no vowels, so no words; nothing that looks like another.
_ID_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
ID_LENGTH = 10


def new_id() -> str:
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(ID_LENGTH))


class Tx:
    """One transaction: a session, and sealing with the keys of cases."""

    def __init__(self, session: Session, master: keys.MasterKey, now: datetime) -> None:
        self.session = session
        self.master = master
        self.now = now
        self._keys: dict[str, bytes] = {}

    def make_key(self, owner: str) -> None:
        key = keys.new_key()
        self._keys[owner] = key
        self.session.add(WrappedKey(owner=owner, wrapped=self.master.wrap(key, owner), master=self.master.id))
        self.session.flush()

    def drop_key(self, owner: str) -> None:
        self._keys.pop(owner, None)
        if row := self.session.get(WrappedKey, owner):
            self.session.delete(row)

    def _key(self, owner: str) -> bytes:
        if owner not in self._keys:
            row = self.session.get(WrappedKey, owner)
            if row is None:
                raise keys.SealError(f"there is no key for {owner}")
            self._keys[owner] = self.master.unwrap(row.wrapped, owner)
        return self._keys[owner]

    def seal(self, owner: str, value: Any, *place: str) -> bytes:
        return keys.seal(self._key(owner), value, *place)

    def unseal(self, owner: str, sealed: bytes, *place: str) -> Any:
        return keys.unseal(self._key(owner), sealed, *place)

    def audit(self, actor: str, action: str, case_id: str | None = None, *, clinician_id: str | None = None) -> None:
        """Note who did what to which case, or for or to which clinician; never content."""
        self.session.add(Audit(at=self.now, actor=actor, action=action, case_id=case_id, clinician_id=clinician_id))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that can fail alone."""
        with self.session.begin_nested():
            yield
            self.session.flush()


class Store:
    """The database of one installation.

    Parameters
    ----------
    url : an SQLAlchemy address; SQLite unless told otherwise
    master : the key of the key file
    clock : gives the present as an aware time

    Raises
    ------
    WrongStorageSettings
        When a setting that keeps answers safe does not read back.
    StorageUnavailable
        When the database cannot be opened.
    """

    def __init__(self, url: str, master: keys.MasterKey, clock: Callable[[], datetime]) -> None:
        self._engine = open_engine(url)
        self._master = master
        self._clock = clock

    @property
    def engine(self) -> Any:
        return self._engine

    def prepare(self) -> None:
        """Bring the schema up to date, check the settings, and make the installation's key where there is none."""
        try:
            upgrade(self._engine)
            if wrong := wrong_settings(self._engine):
                raise WrongStorageSettings("; ".join(wrong))
        except Exception as error:
            if storage_error(error):
                raise StorageUnavailable(_in_words(error)) from error
            raise
        with self.transaction() as tx:
            if tx.session.get(WrappedKey, keys.INSTALLATION) is None:
                tx.make_key(keys.INSTALLATION)
            tx._key(keys.INSTALLATION)

    def is_current(self) -> bool:
        return current_revision(self._engine) == newest_revision()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A transaction that writes: all of it or nothing. Storage errors come out as `StorageUnavailable`."""
        with self._session(reads_only=False) as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """One consistent view; takes no write lock."""
        with self._session(reads_only=True) as tx:
            yield tx

    @contextmanager
    def _session(self, *, reads_only: bool) -> Iterator[Tx]:
        try:
            connection = self._engine.connect().execution_options(**{READS_ONLY: reads_only})
            # the lock comes first, then the clock: times run in the order of the transactions
            with connection, connection.begin() as begun, Session(bind=connection, expire_on_commit=False) as session:
                yield Tx(session, self._master, self._clock())
                if reads_only:
                    begun.rollback()
                else:
                    session.commit()
        except Exception as error:
            if storage_error(error):
                raise StorageUnavailable(_in_words(error)) from error
            raise

    def close(self) -> None:
        self._engine.dispose()


def _in_words(error: Exception) -> str:
    """What the database said, without the statement and its values."""
    original = getattr(error, "orig", None) or error
    return str(original).splitlines()[0][:200] if str(original) else type(original).__name__

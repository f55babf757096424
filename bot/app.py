"""The composition root: here alone are clock, store, instrument and engine put together."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.settings import Settings
from flows import engine
from flows.storage.keys import KeyFileError, MasterKey, SealError, make_key_file, read_key_file
from flows.storage.rotation import why_it_does_not_open
from flows.storage.store import Store
from scoring.instrument import Instrument, load


def clock() -> datetime:
    """The present; the only clock of the program."""
    return datetime.now(UTC)


@dataclass(slots=True)
class App:
    settings: Settings
    instrument: Instrument
    store: Store
    engine: engine.Engine

    def close(self) -> None:
        self.store.close()


def private_folder(path: Path) -> Path:
    """A folder only its owner can enter."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix" and path.stat().st_mode & 0o077 and path.stat().st_uid == os.getuid():
        path.chmod(0o700)
    return path


def master_key(settings: Settings) -> MasterKey:
    """The key in the key file; made on first use, when there is no data yet that another key has sealed."""
    if settings.key_file.exists():
        return read_key_file(settings.key_file)
    database = settings.home / "stemwise.db"
    if settings.database_url is None and database.exists() and database.stat().st_size > 0:
        raise KeyFileError(
            f"{settings.key_file}: the key file is gone, and the data in {settings.home} cannot be read without it;"
            " restore your copy, or set STEMWISE_KEY_FILE"
        )
    key = make_key_file(settings.key_file)
    print(f"A new key was made: {settings.key_file}. Keep a copy apart from the data.", file=sys.stderr)
    return key


def engine_settings(settings: Settings) -> engine.Settings:
    """What the engine must know of the place it runs in."""
    return engine.Settings(
        zone=settings.zone,
        country=settings.country,
        invite_days=settings.invite_days,
        retention_days=settings.retention_days,
        results_folder=settings.results_folder,
    )


def build(settings: Settings) -> App:
    """Everything that works on the store, ready to use.

    Raises
    ------
    KeyFileError, StorageUnavailable, WrongStorageSettings
        Each with a message that names the remedy.
    """
    private_folder(settings.home)
    instrument = load()
    store = Store(settings.url, master_key(settings), clock)
    try:
        store.prepare()
    except SealError as error:  # perhaps a rotation of the key was cut off, which is soon mended
        why = why_it_does_not_open(store, settings.key_file) or str(error)
        store.close()
        raise SealError(why) from None
    return App(settings, instrument, store, engine.Engine(store, instrument, engine_settings(settings)))

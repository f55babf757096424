"""Self-tests that name what is wrong and how to mend it, for `db check` and `doctor`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, inspect, select

from bot.app import clock
from bot.settings import Settings
from flows.desk import Desk
from flows.storage import models
from flows.storage.engines import READS_ONLY, StorageUnavailable, open_engine, storage_error, wrong_settings
from flows.storage.keys import INSTALLATION, KeyFileError, MasterKey, SealError, read_key_file
from flows.storage.schema import current_revision, newest_revision
from flows.storage.store import Store
from scoring.instrument import InstrumentError, load


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    message: str
    remedy: str


def database_findings(settings: Settings, master: MasterKey) -> Iterator[Finding]:
    """What is wrong with the database and the data in it."""
    try:
        engine = open_engine(settings.url)
        revision = current_revision(engine)
        if revision != newest_revision():
            yield Finding("schema", f"is {revision or 'empty'}, not {newest_revision()}", "run: stemwise db upgrade")
            return
        for wrong in wrong_settings(engine):
            yield Finding("setting", wrong, "end other programs that use the file, then start again")
        with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
            if engine.dialect.name == "sqlite":
                for (line,) in connection.exec_driver_sql("PRAGMA integrity_check").fetchall():
                    if line != "ok":
                        yield Finding("integrity", line, "restore the newest backup: stemwise db restore")
                for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                    yield Finding("foreign key", f"{table} row {row} has no {parent}", "restore the newest backup")
            yield from _missing_indexes(connection)
            newest = connection.execute(select(func.max(models.Audit.at))).scalar()
        if newest is not None and newest > clock() + timedelta(minutes=5):
            yield Finding("clock", "the newest entry is in the future", "set this machine's clock")
        yield from _sealed(settings, master)
        engine.dispose()
    except Exception as error:
        if not storage_error(error):
            raise
        yield Finding("database", "cannot be opened or read", "check the path, its rights and the disk's space")


def _missing_indexes(connection: object) -> Iterator[Finding]:
    inspector = inspect(connection)
    assert inspector is not None
    for table in models.Base.metadata.sorted_tables:
        there = {index["name"] for index in inspector.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in there:
                yield Finding("index", f"{index.name} is missing", "restore the newest backup, or make it anew")


def _sealed(settings: Settings, master: MasterKey) -> Iterator[Finding]:
    """Whether every case opens with the key file, and every snapshot is what its responses add up to."""
    store = Store(settings.url, master, clock)
    try:
        with store.reading() as tx:
            if tx.session.get(models.WrappedKey, INSTALLATION) is not None:
                tx.unseal(INSTALLATION, tx.seal(INSTALLATION, "", "check"), "check")
            from flows import engine

            desk = Desk(tx, load(), engine.Settings(zone=settings.zone))
            for case in desk.cases.cases_of(None):
                yield from _snapshots(desk, case.id)
    except SealError as error:
        yield Finding("key", str(error), "set STEMWISE_KEY_FILE to the file this data was sealed with")
    finally:
        store.close()


def _snapshots(desk: Desk, case_id: str) -> Iterator[Finding]:
    from flows.answers import Answers

    today = desk.settings.today(desk.tx.now)
    for encounter in desk.cases.encounters(case_id):
        for info in desk.cases.interviews(encounter.id):
            answers = Answers()
            for stored in desk.cases.responses(case_id, info.id):
                answers.take(stored.response)
            if answers != desk.cases.interview(info.id, today).answers:
                yield Finding("snapshot", f"of interview {info.id} is not its responses", "restore the newest backup")


def installation_findings(settings: Settings) -> Iterator[Finding]:
    """Everything `doctor` looks at: instrument, folders, key file, database, undelivered messages."""
    try:
        load()
    except InstrumentError as error:
        yield Finding("instrument", str(error), "install the package again")
    yield from _folder(settings.home)
    try:
        master = read_key_file(settings.key_file)
    except KeyFileError as error:
        yield Finding("key file", str(error), "the key is made on first use: stemwise chat")
        return
    if settings.home.resolve() in settings.key_file.resolve().parents:
        yield Finding("key file", "lies beside the data", "move it and set STEMWISE_KEY_FILE")
    if settings.database_url is None and not (settings.home / "stemwise.db").exists():
        yield Finding("database", "there is none yet", "it is made on first use: stemwise chat")
        return
    yield from database_findings(settings, master)
    yield from _undelivered(settings, master)


def _folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding("data folder", f"{folder} is not there", "it is made on first use: stemwise chat")
    elif os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("data folder", f"others can enter {folder}", f"run: chmod 700 {folder}")
    elif not os.access(folder, os.W_OK):
        yield Finding("data folder", f"{folder} cannot be written", "check its owner and rights")


def _undelivered(settings: Settings, master: MasterKey) -> Iterator[Finding]:
    store = Store(settings.url, master, clock)
    try:
        with store.reading() as tx:
            lost = list(
                tx.session.execute(
                    select(models.Outbox.kind, func.count())
                    .where(models.Outbox.state == "failed")
                    .group_by(models.Outbox.kind)
                )
            )
        for kind, count in lost:
            what = "danger alerts" if kind == "alert" else f"messages ({kind})"
            yield Finding("undelivered", f"{count} {what} could not be delivered", "reach the people another way")
    except StorageUnavailable:
        return
    finally:
        store.close()

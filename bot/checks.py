"""Self-tests that name what is wrong and how to mend it, for `db check` and `doctor`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from bot.app import clock
from bot.settings import Settings
from flows.answers import Answers
from flows.desk import Desk
from flows.engine import Settings as EngineSettings
from flows.storage import models
from flows.storage.backup import VERIFIED_AT, VERIFIED_KEY, brought_back, known_revisions
from flows.storage.engines import (
    READS_ONLY,
    StorageUnavailable,
    WrongStorageSettings,
    open_engine,
    storage_error,
    wrong_settings,
)
from flows.storage.indexes import missing_indexes
from flows.storage.installation import Installation
from flows.storage.keys import INSTALLATION, KeyFileError, MasterKey, SealError, read_key_file
from flows.storage.rotation import old_beside, why_it_does_not_open
from flows.storage.schema import current_revision, newest_revision
from flows.storage.store import Store
from scoring.instrument import InstrumentError, load

#: How far clocks may differ before it is said.
CLOCK_LEEWAY = timedelta(minutes=5)
#: An installation in use writes more often than this.
LONG_SILENCE = timedelta(days=400)
RESTORE = "restore the newest backup: stemwise db restore FILE --yes"
#: A danger alert that waits longer reaches nobody: serving has stopped, or its clinician is suspended.
ALERT_WAITS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    message: str
    remedy: str


def database_findings(settings: Settings, master: MasterKey) -> Iterator[Finding]:
    """What is wrong with the database and the data in it."""
    try:
        engine = open_engine(settings.url)
    except WrongStorageSettings as error:
        yield Finding("database", *_in_two(str(error)))
        return
    try:
        stale = _schema(engine)
        if stale is not None:
            yield stale
            return
        for wrong in wrong_settings(engine):
            yield Finding("setting", wrong, "end other programs that use the database, then start again")
        with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
            yield from _broken_pages(connection)
            for index in missing_indexes(connection):
                yield Finding("index", f"{index.name} is missing", "run: stemwise db upgrade")
            yield from _clock(connection)
        yield from _sealed(settings, master)
    except Exception as error:
        if not storage_error(error):
            raise
        yield Finding("database", "cannot be opened or read", "check the path, its rights and the disk's space")
    finally:
        engine.dispose()


def _schema(engine: Engine) -> Finding | None:
    """Whether the tables are those of another version."""
    revision = current_revision(engine)
    if revision == newest_revision():
        return None
    if revision is None or revision in known_revisions():
        return Finding("schema", f"is {revision or 'empty'}, not {newest_revision()}", "run: stemwise db upgrade")
    return Finding(
        "schema",
        f"{revision} is newer than this program's {newest_revision()}",
        "install the version of Stemwise that was used last",
    )


def _broken_pages(connection: Connection) -> Iterator[Finding]:
    """What SQLite finds wrong in its file; a server looks after its own."""
    if connection.dialect.name != "sqlite":
        return
    # SQLite's own checks, which no expression stands for
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check").fetchall():  # nosemgrep: raw-sql
        if line != "ok" and not line.startswith("row "):  # a row missing from an index comes with the index
            yield Finding("integrity", line, RESTORE)
    missing = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()  # nosemgrep: raw-sql
    for table, row, parent, _ in missing:
        yield Finding("foreign key", f"{table} row {row} has no {parent}", RESTORE)


def _clock(connection: Connection) -> Iterator[Finding]:
    """Whether this machine's clock fits what was written before, and the database server's clock."""
    now = clock()
    columns = (models.Audit.at, models.Inbox.taken_at, models.Response.at)
    times = [at for c in columns if (at := connection.execute(select(func.max(c))).scalar()) is not None]
    remedy = "set this machine's clock"
    if connection.dialect.name == "postgresql":
        there = connection.execute(select(func.now())).scalar()
        if there is not None and abs(there - now) > CLOCK_LEEWAY:
            yield Finding("clock", f"differs from the database's by {_span(abs(there - now))}", remedy)
    if not times:
        return
    newest = max(times)
    if newest > now + CLOCK_LEEWAY:
        yield Finding("clock", f"is in the past: the newest entry was made {_span(newest - now)} later", remedy)
    elif now > newest + LONG_SILENCE:
        message = f"may be in the future: the newest entry is {_span(now - newest)} old"
        yield Finding("clock", message, f"{remedy}; where it is right, any new entry ends this")


def _span(time: timedelta) -> str:
    return f"{time.days} days" if time.days else f"{time.seconds // 60} minutes"


def _sealed(settings: Settings, master: MasterKey) -> Iterator[Finding]:
    """Whether every case opens with the key file, and every snapshot is what its responses add up to."""
    store = Store(settings.url, master, clock)
    try:
        with store.reading() as tx:
            if tx.session.get(models.WrappedKey, INSTALLATION) is None:
                return
            try:
                tx.seal(INSTALLATION, "", "check")
            except SealError as error:
                yield _wrong_key(store, settings, str(error))
                return
            desk = Desk(tx, load(), EngineSettings(zone=settings.zone))
            for case_id in tx.session.scalars(select(models.Case.id).order_by(models.Case.id)):
                try:
                    desk.cases.case(case_id)
                    yield from _snapshots(desk, case_id)
                except (SealError, KeyError, ValueError, TypeError):
                    yield Finding("seal", f"something of case {case_id} does not open", RESTORE)
    finally:
        store.close()


def _wrong_key(store: Store, settings: Settings, message: str) -> Finding:
    """The data was sealed with another key: which one it is, where that can be told."""
    if cut_off := why_it_does_not_open(store, settings.key_file):
        return Finding("key", *_in_two(cut_off))
    return Finding("key", _in_two(message)[0], "set STEMWISE_KEY_FILE to the file this data was sealed with")


def _snapshots(desk: Desk, case_id: str) -> Iterator[Finding]:
    today = desk.settings.today(desk.tx.now)
    for encounter in desk.cases.encounters(case_id):
        for info in desk.cases.interviews(encounter.id):
            answers = Answers()
            for stored in desk.cases.responses(case_id, info.id):
                answers.take(stored.response)
            if answers != desk.cases.interview(info.id, today).answers:
                yield Finding("snapshot", f"of interview {info.id} is not its responses", RESTORE)


def installation_findings(settings: Settings) -> Iterator[Finding]:
    """Everything `doctor` looks at: instrument, folders, key file, database, backups, undelivered messages."""
    try:
        load()
    except InstrumentError as error:
        yield Finding("instrument", str(error), "install the package again")
    yield from _folder(settings.home)
    there = settings.database_url is not None or (settings.home / "stemwise.db").exists()
    if not settings.key_file.exists() and not there:
        yield Finding("key file", f"{settings.key_file} is not there", "it is made on first use: stemwise chat")
        return
    try:
        master = read_key_file(settings.key_file)
    except KeyFileError as error:
        yield Finding("key file", *_in_two(str(error)))
        return
    if settings.home.resolve() in settings.key_file.resolve().parents:
        yield Finding(
            "key file",
            f"{settings.key_file} lies beside the data: who takes the one has the other",
            "move it out of the data folder and set STEMWISE_KEY_FILE",
        )
    if not there:
        yield Finding("database", "there is none yet", "it is made on first use: stemwise chat")
        return
    yield from _open_to_others(settings)
    findings = list(database_findings(settings, master))
    yield from findings
    if not {f.name for f in findings} & {"database", "schema", "key"}:
        yield from _backups(settings, master)
        yield from _undelivered(settings, master)
        yield from _brought_back(settings)


def _in_two(message: str) -> tuple[str, str]:
    """An error's own words and its remedy, which stands last."""
    what, _, remedy = message.rpartition("; ")
    return (what, remedy) if what else (remedy, "see the message")


def _open_to_others(settings: Settings) -> Iterator[Finding]:
    """Files of the data that other users of the machine can read."""
    if os.name != "posix" or not settings.home.is_dir():
        return
    for path in sorted(settings.home.rglob("*")):
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            wanted = "700" if path.is_dir() else "600"
            yield Finding("file", f"others can read {path}", f"run: chmod {wanted} {path}")


def _backups(settings: Settings, master: MasterKey) -> Iterator[Finding]:
    """Whether a restore was ever seen to work with the present key file."""
    store = Store(settings.url, master, clock)
    try:
        with store.reading() as tx:
            facts = Installation(tx)
            at, with_key = facts.get(VERIFIED_AT), facts.get(VERIFIED_KEY)
    finally:
        store.close()
    if at is None or with_key != master.id:
        why = "was ever seen to be restorable" if at is None else "was seen to be restorable with the present key file"
        remedy = "run: stemwise db backup --out FILE, then: stemwise db restore FILE --verify-only"
        yield Finding("backup", f"no backup {why}", remedy)
    elif old_beside(settings.key_file).exists():
        message = f"the old key lies at {old_beside(settings.key_file)}"
        yield Finding("key file", message, "put it away with the backups it opens, or destroy it together with them")


def _brought_back(settings: Settings) -> Iterator[Finding]:
    """Cases of which something had been erased, and which a restore of an older backup has brought back."""
    engine = open_engine(settings.url)
    try:
        with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
            back = brought_back(connection, clock())
    finally:
        engine.dispose()
    for case_id, at in back.items():
        message = f"what was erased of case {case_id} is back since the restore of {at:%Y-%m-%d %H:%M} UTC"
        yield Finding("erased", message, f"erase it again: stemwise erase {case_id}")


def _folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding("data folder", f"{folder} is not there", "it is made on first use: stemwise chat")
    elif os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("data folder", f"others can enter {folder}", f"run: chmod 700 {folder}")
    elif not os.access(folder, os.W_OK):
        yield Finding("data folder", f"{folder} cannot be written", "check its owner and rights")


def _is_unheard(now: datetime) -> ColumnElement[bool]:
    """An alert that was given up, or waits for so long that nobody was told."""
    waits = (models.Outbox.state == "waiting") & (models.Outbox.created_at < now - ALERT_WAITS)
    return (models.Outbox.state == "failed") | waits


def _undelivered(settings: Settings, master: MasterKey) -> Iterator[Finding]:
    store = Store(settings.url, master, clock)
    try:
        with store.reading() as tx:
            lost = tx.session.execute(
                select(models.Outbox.kind, func.count())
                .where(models.Outbox.state == "failed", models.Outbox.kind != "alert")
                .group_by(models.Outbox.kind)
            ).all()
            alerts = tx.session.execute(
                select(models.Outbox.case_id, func.min(models.Outbox.created_at), func.count())
                .where(models.Outbox.kind == "alert", _is_unheard(tx.now))
                .group_by(models.Outbox.case_id)
                .order_by(func.min(models.Outbox.created_at))
            ).all()
            unheard = tx.session.scalar(
                select(func.count(models.Flag.id.distinct()))
                .join(models.Case, models.Case.id == models.Flag.case_id)
                .outerjoin(models.Account, models.Account.clinician_id == models.Case.clinician_id)
                .where(models.Flag.state == "open", models.Account.id.is_(None))
            )
        if unheard:
            message = f"{unheard} open danger flags are of clinicians without a phone, so nobody was told"
            yield Finding("undelivered", message, "run: stemwise flags")
        for case_id, since, count in alerts:
            message = (
                f"{count} danger alerts about case {case_id} could not be delivered, since {since:%Y-%m-%d %H:%M} UTC"
            )
            yield Finding("undelivered", message, "reach the people another way")
        for kind, count in lost:
            message = f"{count} messages ({kind}) could not be delivered"
            yield Finding("undelivered", message, "reach the people another way")
    except StorageUnavailable:
        return
    finally:
        store.close()

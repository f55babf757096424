"""`stemwise db upgrade|check|backup|restore|rotate-key`: the store's schema, its health, its copies and its key."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from bot.app import App, clock, master_key, private_folder
from bot.checks import Finding, database_findings
from bot.cli import UsageError, WorkFailed
from bot.commands.files import progress
from bot.commands.naming import opened
from bot.settings import Settings
from flows.storage.backup import (
    BackupError,
    Contents,
    NotEmpty,
    is_current,
    note_verified,
    restore_backup,
    verify_backup,
    write_backup,
)
from flows.storage.engines import StorageUnavailable, flush_deleted, open_engine, storage_error
from flows.storage.indexes import make_missing
from flows.storage.keys import MasterKey, read_key_file, sync_folder
from flows.storage.rotation import rotate
from flows.storage.store import Store

#: Findings about the machine and not about the data: they do not speak against a backup.
NOT_OF_THE_DATA = ("clock",)


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("db", help="the store: upgrade, check, back up, restore, rotate the key")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verbs.add_parser("upgrade", help="bring the schema to this version").set_defaults(run=run_upgrade)
    verbs.add_parser("check", help="look for what is wrong with the data").set_defaults(run=run_check)
    backup = verbs.add_parser("backup", help="write everything, sealed, into one file")
    backup.add_argument("--out", metavar="FILE", type=Path, required=True, help="a file that is not there yet")
    backup.set_defaults(run=run_backup)
    restore = verbs.add_parser("restore", help="verify a backup, and put it into a database")
    restore.add_argument("file", metavar="FILE", type=Path)
    restore.add_argument("--into", metavar="URL", help="another database; a password comes from ~/.pgpass")
    restore.add_argument("--yes", action="store_true", help="overwrite what is there")
    restore.add_argument("--verify-only", action="store_true", help="restore into a copy that is thrown away")
    restore.set_defaults(run=run_restore)
    rotation = verbs.add_parser("rotate-key", help="seal the data with a new key file")
    rotation.add_argument(
        "--new-key-file", metavar="PATH", type=Path, help="keep the new key there, the old one as it is"
    )
    rotation.set_defaults(run=run_rotate)


def run_upgrade(_: argparse.Namespace, settings: Settings) -> None:
    with opened(settings) as app:
        with app.store.engine.begin() as connection:
            made = make_missing(connection)
        print(f"The schema is current: {'yes' if app.store.is_current() else 'no'}")
    for index in made:
        print(f"Made again: index {index.name}")


def run_check(_: argparse.Namespace, settings: Settings) -> int:
    private_folder(settings.home)
    findings = list(database_findings(settings, master_key(settings)))
    return report(findings or list(_unflushed(settings)))


def _unflushed(settings: Settings) -> Iterator[Finding]:
    """Take out of the files what an erasure had to leave there while a reader was at it."""
    engine = open_engine(settings.url)
    try:
        if not flush_deleted(engine):
            yield Finding("erased", "a reader holds pages of what was deleted", "end it, then run: stemwise db check")
    finally:
        engine.dispose()


def report(findings: list[Finding]) -> int:
    """Print what was found; the exit code."""
    for finding in findings:
        print(f"{finding.name}: {finding.message} → {finding.remedy}", file=sys.stderr)
    if not findings:
        print("All is well.")
    return 1 if findings else 0


# --- backup ---


def run_backup(options: argparse.Namespace, settings: Settings) -> None:
    out: Path = options.out
    if out.exists():
        raise UsageError(f"{out}: is there already; name a file that is not, so that no backup is lost")
    if not out.parent.is_dir():
        raise UsageError(f"{out}: there is no folder {out.parent}; make it first")
    with opened(settings) as app:
        contents = _written(app, out)
        with app.store.transaction() as tx:
            tx.audit("operator", "backup.made")
    print(f"{out}: {_in_words(contents)}. It opens with the key file {contents.header.master} only: keep both, apart.")
    print(f"See that it can be restored: stemwise db restore {out} --verify-only")


def _written(app: App, out: Path) -> Contents:
    """The backup under its name, once it is whole and on the disk."""
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, _in_one_line(str(app.settings.home)):
            instrument = app.instrument
            contents = write_backup(
                app.store.engine,
                file,
                read_key_file(app.settings.key_file),
                instrument={"version": instrument.version, "sha256": instrument.sha256},
                now=clock(),
                say=progress(),
            )
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
        sync_folder(out.parent)
    finally:
        part.unlink(missing_ok=True)
    return contents


# --- restore ---


def run_restore(options: argparse.Namespace, settings: Settings) -> None:
    master = read_key_file(settings.key_file)
    target = settings.model_copy(update={"database_url": options.into}) if options.into else settings
    with _opened_file(options.file) as file, _in_one_line(str(options.file)):
        if options.verify_only:
            contents = _rehearsed(file, settings, master)
        else:
            if not options.into:
                private_folder(settings.home)
            contents = _restored(file, target, master, overwrite=options.yes)
    _remember(settings, master)
    if options.verify_only:
        print(f"{options.file}: can be restored. It holds {_in_words(contents)}.")
    else:
        print(f"Restored: {_in_words(contents)}. Programs that were running go on from here.")
    for case_id in contents.brought_back:
        line = f"What was erased of case {case_id} since the backup is back; erase it again: stemwise erase {case_id}"
        print(line, file=sys.stderr)


@contextmanager
def _opened_file(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file; check the path") from None
    with file:
        yield file


@contextmanager
def _in_one_line(name: str) -> Iterator[None]:
    """Errors of a backup, with what they are about; a storage error as such."""
    try:
        yield
    except NotEmpty as error:
        raise UsageError(str(error)) from None
    except BackupError as error:
        raise UsageError(f"{name}: {error}") from None
    except Exception as error:
        if not isinstance(error, OSError) and storage_error(error):
            raise StorageUnavailable(type(getattr(error, "orig", error)).__name__) from None
        raise


def _restored(file: BinaryIO, target: Settings, master: MasterKey, *, overwrite: bool) -> Contents:
    engine = open_engine(target.url)
    try:
        contents = restore_backup(file, engine, master, now=clock(), overwrite=overwrite, say=progress())
        is_flushed = flush_deleted(engine)
    finally:
        engine.dispose()
    faults = _faults(target, master)
    if faults:
        report(faults)
        raise WorkFailed("the backup is restored, but the data in it has the faults named above; restore an older one")
    if not is_flushed:
        raise WorkFailed("the backup is restored, but a reader holds the pages of what was there before; end it")
    return contents


def _faults(settings: Settings, master: MasterKey) -> list[Finding]:
    return [f for f in database_findings(settings, master) if f.name not in NOT_OF_THE_DATA]


def _rehearsed(file: BinaryIO, settings: Settings, master: MasterKey) -> Contents:
    """A real restore, into a database that is thrown away: what stands in it stays sealed."""
    verify_backup(file, master)
    with tempfile.TemporaryDirectory(prefix="stemwise-verify-") as folder:
        copy = settings.model_copy(update={"database_url": f"sqlite:///{Path(folder) / 'copy.db'}"})
        return _restored(file, copy, master, overwrite=False)


def _remember(settings: Settings, master: MasterKey) -> None:
    """Note in the present database, where there is one, that a restore was seen to work with the present key file."""
    if settings.database_url is None and not (settings.home / "stemwise.db").exists():
        return
    engine = open_engine(settings.url)
    try:
        if is_current(engine):
            with engine.begin() as connection:
                note_verified(connection, master, clock())
    finally:
        engine.dispose()


def _in_words(contents: Contents) -> str:
    counts = contents.counts
    made = f"{contents.header.created_at:%Y-%m-%d %H:%M} UTC"
    return f"{counts.get('cases', 0)} cases, {counts.get('responses', 0)} responses, as they were at {made}"


# --- the key ---


def run_rotate(options: argparse.Namespace, settings: Settings) -> None:
    old = read_key_file(settings.key_file)
    if settings.database_url is None and not (settings.home / "stemwise.db").exists():
        raise UsageError(f"{settings.home}: there is no database yet; a key is made on first use: stemwise chat")
    with closing(Store(settings.url, old, clock)) as store:
        if not store.is_current():
            raise UsageError("the database has an older schema; run: stemwise db upgrade")
        done = rotate(store, old, settings.key_file, options.new_key_file)
        is_flushed = flush_deleted(store.engine)
    if done.was_finished:
        print("An earlier rotation had been cut off; its files are in place now.")
    print(f"{done.keys} keys are sealed with the new key file: {done.key_file}. Keep a copy apart from the data.")
    if options.new_key_file:
        print(f"Set STEMWISE_KEY_FILE to it. The old one, {done.old_key_file}, opens only backups made before.")
    else:
        print(f"The old one is {done.old_key_file}; it opens only backups made before. Put it away with them.")
    print("Start `stemwise serve` again, and make a backup: stemwise db backup --out FILE")
    if not is_flushed:
        raise WorkFailed("a reader holds pages with the old wrapping; end it, then run: stemwise db check")

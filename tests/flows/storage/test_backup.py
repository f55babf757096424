"""Backups: one snapshot, sealed; whatever is not whole is refused; a restored copy goes on where the intake stood."""

from __future__ import annotations

import io
import json
import stat
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from installed import WAYS_ON, Installed, ServerClinic, begin_intake
from sqlalchemy import select, text
from support.walker import Clinic, Walker

from flows.events import Event
from flows.storage import backup, backup_stream, models
from flows.storage.backup import BackupError, NotEmpty, restore_backup, verify_backup, write_backup
from flows.storage.engines import open_engine
from flows.storage.installation import Installation
from flows.storage.keys import MasterKey

NOW = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)
INSTRUMENT = {"version": "1", "sha256": "0" * 64}


def made(clinic: Clinic) -> bytes:
    file = io.BytesIO()
    write_backup(clinic.store.engine, file, clinic.master, instrument=INSTRUMENT, now=NOW)
    return file.getvalue()


def all_rows(engine: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every table but the facts that a restore notes, and its own line of the audit."""
    with engine.connect() as connection:
        return {
            t.name: sorted((tuple(r) for r in connection.execute(select(t)) if backup.RESTORED not in r), key=repr)
            for t in models.Base.metadata.sorted_tables
            if t.name != "installation"
        }


def frames(data: bytes) -> list[bytes]:
    """The stream in its parts: the line at its head, the header, each chunk (with their lengths)."""
    parts, at = [data[: len(backup_stream.MAGIC)]], len(backup_stream.MAGIC)
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at : at + 4 + size])
        at += 4 + size
    return parts


@pytest.fixture
def midway_walker(clinic: Clinic) -> Walker:
    """A clinician in the middle of an interview."""
    return begin_intake(clinic)


def moved(walker: Walker, clinic: Clinic) -> Walker:
    """The same account, talking to another installation."""
    other = Walker(clinic, walker.address, walker.channel)
    other.taken = walker.taken
    return other


def test_a_restored_copy_is_the_same_and_goes_on_in_the_middle_of_an_intake(
    midway_walker: Walker, clinic: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    data = made(clinic)
    copy = make_clinic(clock=clinic.clock)
    contents = restore_backup(io.BytesIO(data), copy.store.engine, copy.master, now=NOW)
    assert all_rows(copy.store.engine) == all_rows(clinic.store.engine)
    assert contents.counts["cases"] == 1
    before, after = midway_walker, moved(midway_walker, copy)
    assert after.screen == before.screen
    assert copy.said("Robin") == clinic.said("Robin")
    for _ in range(5):
        words = next(w for w in WAYS_ON if after.has(w))
        before.tap(words)
        after.tap(words)
        assert after.screen == before.screen
    assert copy.said("Robin") == clinic.said("Robin")
    assert copy.faults() == []
    with copy.desk() as desk:
        assert desk.installation.get("backup_verified_key") == copy.master.id
        assert desk.installation.get("backup_verified_at") == NOW.isoformat()


def test_an_event_taken_before_the_backup_is_not_taken_again_after_the_restore(
    midway_walker: Walker, clinic: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    copy = make_clinic()
    restore_backup(io.BytesIO(made(clinic)), copy.store.engine, copy.master, now=NOW)
    assert isinstance(midway_walker.last_event, Event)
    assert copy.engine.take(midway_walker.last_event).is_repeat
    assert copy.said("Robin") == clinic.said("Robin")


def test_nothing_readable_stands_in_a_backup(midway_walker: Walker, clinic: Clinic) -> None:
    data = made(clinic)
    assert b"Robin" not in data
    assert b"cases" not in data
    head = json.loads(frames(data)[1][4:])
    assert set(head) == {"revision", "master", "instrument", "created_at", "salt"}


def test_two_backups_of_the_same_data_share_no_chunk(clinic: Clinic) -> None:
    assert not set(frames(made(clinic))[1:]) & set(frames(made(clinic))[1:])


def test_every_changed_byte_is_found(clinic: Clinic, walker: Walker) -> None:
    data = made(clinic)
    step = max(1, len(data) // 400)
    for at in range(0, len(data), step):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(BackupError):
            verify_backup(io.BytesIO(changed), clinic.master)


def test_every_cut_is_found(clinic: Clinic, walker: Walker) -> None:
    data = made(clinic)
    parts = frames(data)
    ends = [sum(len(p) for p in parts[:n]) for n in range(len(parts))]  # a cut between two chunks is the hard one
    for end in {*ends, *range(0, len(data), max(1, len(data) // 100))}:
        with pytest.raises(BackupError):
            verify_backup(io.BytesIO(data[:end]), clinic.master)
    with pytest.raises(BackupError, match="broken"):
        verify_backup(io.BytesIO(data + b"\0"), clinic.master)


def test_chunks_left_out_repeated_moved_or_of_another_backup_are_found(clinic: Clinic, walker: Walker) -> None:
    parts, others = frames(made(clinic)), frames(made(clinic))
    for n in range(2, len(parts)):
        for wrong in (
            [*parts[:n], *parts[n + 1 :]],
            [*parts[:n], parts[n], *parts[n:]],
            [*parts[:n], others[n], *parts[n + 1 :]],
            [*parts[: n - 1], parts[n], parts[n - 1], *parts[n + 1 :]],
        ):
            with pytest.raises(BackupError):
                verify_backup(io.BytesIO(b"".join(wrong)), clinic.master)


def test_an_end_that_counts_wrong_is_found(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    end = backup_stream.Writer.end
    monkeypatch.setattr(backup_stream.Writer, "end", lambda self, counts: end(self, {**counts, "audit": 99}))
    data = made(clinic)
    with pytest.raises(BackupError, match="broken"):
        verify_backup(io.BytesIO(data), clinic.master)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not a backup"),
        (b"SQLite format 3\0" * 10, "is not a backup"),
        (b"STEMWISE-BACKUP/2\n" + b"\0" * 99, "newer program"),
        (backup_stream.MAGIC + b"\0\0\0\x02{}", "broken"),
        (backup_stream.MAGIC + b"\xff\xff\xff\xff", "broken"),
        (backup_stream.MAGIC + b"\0\0\0\x02[]", "broken"),
    ],
)
def test_what_is_no_backup_is_refused_with_a_remedy(data: bytes, says: str) -> None:
    with pytest.raises(BackupError, match=says):
        verify_backup(io.BytesIO(data), MasterKey(b"k" * 32))


def test_another_key_file_is_named_and_nothing_is_written(
    clinic: Clinic, walker: Walker, make_clinic: Callable[..., Clinic]
) -> None:
    other = make_clinic(secret=b"o" * 32)
    before = all_rows(other.store.engine)
    with pytest.raises(BackupError, match="set STEMWISE_KEY_FILE"):
        restore_backup(io.BytesIO(made(clinic)), other.store.engine, other.master, now=NOW, overwrite=True)
    assert all_rows(other.store.engine) == before


def test_a_newer_schema_is_refused(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(clinic)
    monkeypatch.setattr(backup_stream, "known_revisions", lambda: {"0000"})
    with pytest.raises(BackupError, match="install the version of Stemwise that made it"):
        verify_backup(io.BytesIO(data), clinic.master)


def test_a_database_with_data_is_not_overwritten_unasked(
    clinic: Clinic, walker: Walker, make_clinic: Callable[..., Clinic]
) -> None:
    data = made(clinic)
    other = make_clinic()
    other.clinician("Dr Other", "77")
    before = all_rows(other.store.engine)
    with pytest.raises(NotEmpty, match="--yes"):
        restore_backup(io.BytesIO(data), other.store.engine, other.master, now=NOW)
    assert all_rows(other.store.engine) == before
    restore_backup(io.BytesIO(data), other.store.engine, other.master, now=NOW, overwrite=True)
    assert all_rows(other.store.engine) == all_rows(clinic.store.engine)


def test_damage_that_shows_only_while_writing_leaves_the_database_as_it_was(
    clinic: Clinic, walker: Walker, make_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made(clinic)
    other = make_clinic()
    other.clinician("Dr Other", "77")
    before = all_rows(other.store.engine)
    contents = verify_backup(io.BytesIO(data), clinic.master)
    monkeypatch.setattr(backup, "verify_backup", lambda *_: contents)  # the file changed after it was looked at
    with pytest.raises(BackupError, match="broken"):
        restore_backup(io.BytesIO(data[:-9]), other.store.engine, other.master, now=NOW, overwrite=True)
    assert all_rows(other.store.engine) == before


def test_a_backup_under_load_is_one_snapshot(clinic: Clinic, make_clinic: Callable[..., Clinic]) -> None:
    """A writer adds a clinician and an audit row in each transaction: every snapshot holds as many of the one as the other."""
    ending = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not ending.is_set():
            with clinic.store.transaction() as tx:
                from flows.storage.people import People

                People(tx).add_clinician(f"Dr {written}")
            written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        taken = []
        for _ in range(12):
            before = written
            taken.append((before, made(clinic), written))
            # a slow machine may have had no turn of the writer's in this round: the next snapshot is to differ
            waited = time.monotonic() + 20
            while written == before and time.monotonic() < waited:
                time.sleep(0.005)
    finally:
        ending.set()
        writer.join(20)
    assert written >= 12
    for before, data, after in taken:
        counts = verify_backup(io.BytesIO(data), clinic.master).counts
        assert counts["clinicians"] == counts["audit"]
        assert before <= counts["clinicians"] <= after + 1
    copy = make_clinic()
    restore_backup(io.BytesIO(taken[-1][1]), copy.store.engine, copy.master, now=NOW)


class _Nowhere(io.RawIOBase):
    """Takes everything and keeps nothing."""

    size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


def test_memory_stays_level_however_much_there_is(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    interview = clinic.interview_ids(clinic.case_id("Robin"))[0]

    def grow(first: int, count: int) -> None:
        with clinic.store.transaction() as tx:
            for number in range(first, first + count):
                tx.session.add(
                    models.Response(interview_id=interview, number=number, at=tx.now, sealed_body=b"x" * 4000)
                )

    def peak() -> tuple[int, int]:
        into = _Nowhere()
        tracemalloc.start()
        write_backup(clinic.store.engine, into, clinic.master, instrument=INSTRUMENT, now=NOW)  # type: ignore[arg-type]
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest, into.size

    grow(1000, 500)
    small, small_size = peak()
    grow(2000, 4500)
    large, large_size = peak()
    assert large_size > 5 * small_size
    assert large < 1.5 * small + 2**20


def test_an_older_backup_is_brought_to_the_present_schema(
    clinic: Clinic, walker: Walker, make_clinic: Callable[..., Clinic]
) -> None:
    """A database of another schema gets the backup's tables first, then every step up to the newest."""
    data = made(clinic)
    other = make_clinic()
    with other.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'elsewhere'"))
        connection.execute(text("DROP TABLE audit"))
    restore_backup(io.BytesIO(data), other.store.engine, other.master, now=NOW, overwrite=True)
    assert backup.is_current(other.store.engine)
    assert all_rows(other.store.engine) == all_rows(clinic.store.engine)


# --- the commands ---


def test_the_commands_back_up_verify_and_restore(
    midway_walker: Walker, clinic: Clinic, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, out = Installed(clinic.folder), folder / "today.backup"
    assert here.run("db", "backup", "--out", str(out)) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [p.name for p in folder.glob("*.part")] == []
    assert here.run("db", "backup", "--out", str(out)) == 2
    assert "is there already" in capsys.readouterr().err
    assert here.run("db", "restore", str(out), "--verify-only") == 0
    assert "1 cases" in capsys.readouterr().out
    with clinic.desk() as desk:
        assert desk.installation.get("backup_verified_key") == here.master.id
    assert here.run("db", "restore", str(out)) == 2
    assert "--yes" in capsys.readouterr().err
    url = f"sqlite:///{folder / 'elsewhere.db'}"
    assert here.run("db", "restore", str(out), "--into", url) == 0
    assert stat.S_IMODE((folder / "elsewhere.db").stat().st_mode) == 0o600
    before = clinic.said("Robin")
    midway_walker.tap("Back")
    assert here.run("db", "restore", str(out), "--yes") == 0
    assert clinic.said("Robin") == before
    assert clinic.faults() == []


def test_a_damaged_file_is_refused_by_the_command_with_its_name(
    clinic: Clinic, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, out = Installed(clinic.folder), folder / "b"
    out.write_bytes(made(clinic)[:-1])
    for more in ((), ("--verify-only",), ("--yes",)):
        assert here.run("db", "restore", str(out), *more) == 2
        assert f"{out}: is broken or cut off" in capsys.readouterr().err
    assert here.run("db", "restore", str(folder / "nowhere")) == 2
    assert "there is no such file" in capsys.readouterr().err
    with clinic.desk() as desk:
        assert desk.installation.get("backup_verified_at") is None


def test_a_restore_on_a_new_machine_makes_no_key_of_its_own(
    clinic: Clinic, walker: Walker, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = folder / "b"
    out.write_bytes(made(clinic))
    new = Installed(folder / "new")
    key = new.key_file.read_bytes()
    new.key_file.unlink()
    assert new.run("db", "restore", str(out)) == 2
    assert "restore your copy" in capsys.readouterr().err
    assert not new.key_file.exists()
    new.key_file.write_bytes(key)
    new.key_file.chmod(0o600)
    assert new.run("db", "restore", str(out)) == 0
    assert stat.S_IMODE(new.home.stat().st_mode) == 0o700


def test_a_backup_that_restores_into_a_faulty_copy_is_not_called_good(
    clinic: Clinic, walker: Walker, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    walker.new_case("Robin")
    walker.tap("None of these") if walker.has("None of these") else walker.tap("Next")
    with clinic.store.transaction() as tx:
        tx.session.execute(models.Case.__table__.update().values(sealed_label=b"n" * 60))
    here, out = Installed(clinic.folder), folder / "b"
    out.write_bytes(made(clinic))
    assert here.run("db", "restore", str(out), "--verify-only") == 1
    assert "does not open" in capsys.readouterr().err
    with clinic.store.reading() as tx:
        assert Installation(tx).get("backup_verified_at") is None


# --- PostgreSQL ---


def test_from_sqlite_to_postgresql_by_the_same_stream_and_back(
    midway_walker: Walker, clinic: Clinic, make_clinic: Callable[..., Clinic], folder: Path, postgres_url: Any
) -> None:
    url = postgres_url()
    engine = open_engine(url)
    restore_backup(io.BytesIO(made(clinic)), engine, clinic.master, now=NOW)
    assert all_rows(engine) == all_rows(clinic.store.engine)
    engine.dispose()
    server = ServerClinic(folder, url, clock=clinic.clock)
    try:
        after = moved(midway_walker, server)
        assert after.screen == midway_walker.screen
        after.fill_until("Review")
        assert server.faults() == []
        data = made(server)
        with pytest.raises(NotEmpty):
            restore_backup(io.BytesIO(data), server.store.engine, server.master, now=NOW)
        restore_backup(io.BytesIO(data), server.store.engine, server.master, now=NOW, overwrite=True)
        copy = make_clinic()
        restore_backup(io.BytesIO(data), copy.store.engine, copy.master, now=NOW)
        assert all_rows(copy.store.engine) == all_rows(server.store.engine)
        # numbers of new rows go on after the last one
        server.clinician("Dr Later", "99")
    finally:
        server.close()


def test_the_store_works_on_postgresql(folder: Path, postgres_url: Any) -> None:
    server = ServerClinic(folder, postgres_url())
    try:
        walker = server.clinician()
        walker.new_case("Robin")
        walker.fill_until("Review")
        walker.tap("Finish")
        assert server.faults() == []
        assert len(server.said("Robin")) > 10
        with server.desk() as desk:
            desk.cases.erase_case(desk.cases.cases_of(None)[0].id)
    finally:
        server.close()


def test_racing_writers_on_postgresql_lose_nothing(folder: Path, postgres_url: Any) -> None:
    server = ServerClinic(folder, postgres_url(), rebuilds=False)
    try:
        account = server.clinician().account_id
        with server.store.reading() as tx:
            first = tx.session.get_one(models.Account, account).wrong_tokens

        def count() -> None:
            for _ in range(15):
                with server.store.transaction() as tx:
                    tx.session.get_one(models.Account, account).wrong_tokens += 1

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with server.store.reading() as tx:
            assert tx.session.get_one(models.Account, account).wrong_tokens == first + 60
    finally:
        server.close()


def test_a_reader_on_postgresql_sees_one_snapshot_and_cannot_write(folder: Path, postgres_url: Any) -> None:
    server = ServerClinic(folder, postgres_url(), rebuilds=False)
    try:
        query = select(models.Audit.id)
        with server.store.reading() as reading:
            before = len(reading.session.scalars(query).all())
            server.code_for("Dr Between")
            assert len(reading.session.scalars(query).all()) == before
        with server.store.reading() as reading:
            assert len(reading.session.scalars(query).all()) > before
    finally:
        server.close()

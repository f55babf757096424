"""The store: settings read back, writers one after another, nothing readable in the file, nothing moved, nothing left."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError
from support.clock import TickingClock
from support.walker import Clinic, Walker

from flows.storage import keys, models
from flows.storage.engines import (
    PRAGMAS,
    READS_ONLY,
    StorageUnavailable,
    flush_deleted,
    open_engine,
    wrong_settings,
)
from flows.storage.keys import MasterKey, SealError
from flows.storage.schema import alembic_config, current_revision, newest_revision, upgrade
from flows.storage.store import Store
from scoring.edits import drop_edit

CANARY_LABEL = "Zyxw Canarius"
CANARY_NOTE = "the heron flew at midnight over the quarry"
CANARY_LANGUAGE = "Quenya and Klingon"
CANARY_REASON = "cleared because of the marmalade"
CANARY_NAME = "Dr Peregrine Quill"
BORN = date(2025, 7, 23)


def raw_bytes(folder: Path) -> bytes:
    """Everything that lies in a folder: database, write-ahead log, index of the log."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


# --- settings and schema ---------------------------------------------------------------------------------------------


def test_every_connection_reads_back_the_settings_that_keep_answers_safe(clinic: Clinic) -> None:
    engine = clinic.store.engine
    assert wrong_settings(engine) == []
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    assert expected.items() <= PRAGMAS.items()
    connections = [engine.connect().execution_options(**{READS_ONLY: True}) for _ in range(4)]
    for connection in connections:
        for name, value in expected.items():
            assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == value
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() >= 1000
    for connection in connections:
        connection.close()


def test_a_setting_that_does_not_hold_is_named(clinic: Clinic) -> None:
    raw = clinic.store.engine.raw_connection()
    raw.execute("PRAGMA synchronous=OFF")
    raw.close()  # back into the pool, from which the next reader takes it
    assert any("synchronous" in one for one in wrong_settings(clinic.store.engine))


def test_a_new_database_upgraded_from_nothing_is_what_the_models_say(folder: Path) -> None:
    engine = open_engine(f"sqlite:///{folder / 'new.db'}")
    assert current_revision(engine) is None
    upgrade(engine)
    assert current_revision(engine) == newest_revision()
    upgrade(engine)  # nothing more to do
    with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, models.Base.metadata) == []
    engine.dispose()


def test_what_an_earlier_schema_held_is_there_after_the_upgrade(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    engine = clinic.store.engine
    config = alembic_config()

    def kept() -> list[tuple[Any, ...]]:
        with engine.connect().execution_options(**{READS_ONLY: True}) as connection:
            return [tuple(row) for row in connection.execute(text("SELECT id, at, actor, action, case_id FROM audit"))]

    before = kept()
    assert len(before) > 2
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    assert current_revision(engine) == "0002"
    assert kept() == before
    upgrade(engine)
    assert current_revision(engine) == newest_revision()
    assert kept() == before
    walker.tap("All checked")


def test_every_foreign_key_has_an_index_to_find_its_rows(clinic: Clinic) -> None:
    inspector = inspect(clinic.store.engine)
    for table in models.Base.metadata.sorted_tables:
        led = {index["column_names"][0] for index in inspector.get_indexes(table.name)}
        led |= {unique["column_names"][0] for unique in inspector.get_unique_constraints(table.name)}
        led |= set(inspector.get_pk_constraint(table.name)["constrained_columns"][:1])
        for key in inspector.get_foreign_keys(table.name):
            assert key["constrained_columns"][0] in led, (table.name, key["constrained_columns"])


@pytest.mark.skipif(os.name != "posix", reason="rights of files are a matter of POSIX")
def test_database_log_and_key_are_for_their_owner_alone(folder: Path) -> None:
    os.umask(0o022)
    key = keys.make_key_file(folder / "config" / "key")
    store = Store(f"sqlite:///{folder / 'data' / 'stemwise.db'}", key, TickingClock())
    store.prepare()
    with store.transaction() as tx:
        tx.audit("x", "y")
        files = sorted((folder / "data").iterdir())
        assert len(files) >= 2
        for path in (*files, folder / "config" / "key"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for made in (folder / "data", folder / "config"):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700, made
    store.close()


def test_a_key_file_that_others_can_read_is_refused_and_never_written_over(folder: Path) -> None:
    path = folder / "key"
    made = keys.make_key_file(path)
    assert keys.read_key_file(path) == made
    assert made.secret.hex() not in repr(made)
    with pytest.raises(FileExistsError):
        keys.make_key_file(path)
    path.chmod(0o640)
    with pytest.raises(keys.KeyFileError, match="chmod 600"):
        keys.read_key_file(path)
    path.chmod(0o600)
    for damaged in ("", "stemwise-key/1", "stemwise-key/1 AAAA", "stemwise-key/2 " + "A" * 44, "not a key", "\xff"):
        path.write_text(damaged, "latin-1")
        with pytest.raises(keys.KeyFileError):
            keys.read_key_file(path)
    path.unlink()
    with pytest.raises(keys.KeyFileError, match="restore"):
        keys.read_key_file(path)


# --- writers ---------------------------------------------------------------------------------------------------------


def test_two_writers_at_once_lose_no_update(clinic: Clinic) -> None:
    """Read, then write what was read plus one: with a deferred BEGIN one of two would be lost or fail."""
    walker = clinic.clinician()
    faults: list[Exception] = []

    def count(times: int) -> None:
        store = Store(f"sqlite:///{clinic.path}", clinic.master, clinic.clock)
        try:
            for _ in range(times):
                with store.transaction() as tx:
                    row = tx.session.get_one(models.Account, walker.account_id)
                    row.wrong_tokens = row.wrong_tokens + 1
        except Exception as error:
            faults.append(error)
        finally:
            store.close()

    writers = [threading.Thread(target=count, args=(25,)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    with clinic.desk() as desk:
        assert desk.tx.session.get_one(models.Account, walker.account_id).wrong_tokens == 100


def test_a_reader_sees_one_moment_and_holds_no_writer_up(clinic: Clinic) -> None:
    walker = clinic.clinician()
    with clinic.store.reading() as view:
        before = view.session.get_one(models.Account, walker.account_id).locale
        with clinic.store.transaction() as tx:
            tx.session.get_one(models.Account, walker.account_id).locale = "cy"
        assert view.session.scalar(select(models.Account.locale)) == before
    with clinic.store.reading() as view:
        assert view.session.scalar(select(models.Account.locale)) == "cy"


def test_an_error_in_a_transaction_leaves_nothing_of_it(clinic: Clinic) -> None:
    with pytest.raises(ZeroDivisionError), clinic.desk() as desk:
        desk.people.add_clinician("Nobody")
        raise ZeroDivisionError
    with clinic.desk() as desk:
        assert [c.name for c in desk.people.clinicians()] == []


def test_a_locked_database_is_unavailable_and_not_the_events_fault(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = clinic.clinician()
    clinic.close()
    monkeypatch.setitem(PRAGMAS, "busy_timeout", 50)
    holder = sqlite3.connect(clinic.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="locked"):
        walker.command("help")
    holder.execute("ROLLBACK")
    holder.close()
    walker.repeat()
    assert walker.taken is not None and not walker.taken.is_repeat
    assert walker.heading == "Help"


# --- sealing ---------------------------------------------------------------------------------------------------------


def walk_canary(clinic: Clinic) -> Walker:
    """A case in which every kind of text stands that somebody could read."""
    walker = clinic.clinician(CANARY_NAME)
    walker.new_case(CANARY_LABEL, BORN.isoformat())
    walker.type(CANARY_LANGUAGE)
    walker.tap("All checked")
    walker.type(f"note: {CANARY_NOTE}")
    walker.until("Safety", "Skip", "Next")
    walker.tap("Danger at home now")
    walker.tap("None of these")
    walker.tap("Finish")
    walker.command("start")
    walker.tap("Danger flags (1)")
    walker.tap("Clear 1. Danger at home now")
    walker.type(CANARY_REASON)
    walker.command("new")
    walker.type(CANARY_LABEL + "2")  # a label that is typed and not yet a case
    return walker


def canaries(clinic: Clinic) -> list[bytes]:
    """What must not be found in the file: texts, and words and ids that only answers hold."""
    words = clinic.instrument.words
    texts = [CANARY_LABEL, CANARY_NOTE, CANARY_LANGUAGE, CANARY_REASON, CANARY_NAME, BORN.isoformat(), "canarius"]
    texts += [words.safety["danger_at_home_now"].question, words.functions["sleep"].question]
    texts += [
        "danger_at_home_now",
        "functions.sleep",
        "history.",
        "adversity",
        "None of these",
        "All steady",
        "skipped",
    ]
    return [form for text in texts for form in (text.encode(), text.encode("utf-16-le"))]


def test_nothing_that_was_said_can_be_read_in_the_file_or_its_log(clinic: Clinic) -> None:
    walk_canary(clinic)
    with clinic.store.reading():  # a reader keeps the log from being emptied
        walker = clinic.clinician(CANARY_NAME, "2")
        walker.command("help")
        found = raw_bytes(clinic.folder)
    assert len(found) > 50_000
    assert [c for c in canaries(clinic) if c in found] == []
    assert clinic.master.secret not in found
    with clinic.desk() as desk:  # it is there for whoever has the key
        assert desk.cases.cases_of(None)[0].label == CANARY_LABEL


def test_equal_values_do_not_look_equal(clinic: Clinic) -> None:
    with clinic.desk() as desk:
        first, second = (desk.tx.seal(keys.INSTALLATION, "same", "t", "1", "c") for _ in range(2))
    assert first != second


SEALED = [
    (table, column.name)
    for table in models.Base.metadata.sorted_tables
    for column in table.columns
    if column.name.startswith("sealed_")
]


@pytest.fixture(scope="module")
def two_of_each(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which nearly every sealed column has two values, of two clinicians."""
    clinic = Clinic(tmp_path_factory.mktemp("two"), rebuilds=False)
    walker = walk_canary(clinic)
    other = clinic.clinician("Dr Other", "2")
    other.new_case("Other", "2025-07-23")
    other.tap("Next")
    other.until("Safety", "Skip")
    other.tap("Harmed lately")
    other.tap("None of these")
    other.tap("Finish")
    other.command("start")
    other.tap("Danger flags (1)")
    other.tap("Clear 1. Harmed lately")
    other.type("not so")
    walker.command("start")
    with clinic.desk() as desk:
        for case in desk.cases.cases_of(None):
            desk.invite(case.id, "carer", {"relation": f"aunt of {case.id}"})
            first = desk.cases.encounters(case.id)[0].id
            desk.plans.add(case.id, first, 1, drop_edit("special_time", f"not for {case.id}"), walker.account_id)
    clinic.close()
    return clinic.folder


@pytest.mark.parametrize(("table", "column"), SEALED, ids=[f"{t.name}.{c}" for t, c in SEALED])
def test_a_sealed_value_opens_only_where_it_was_put(table: Any, column: str, two_of_each: Path, folder: Path) -> None:
    """Swapping the values of two rows makes both unreadable, and never another's."""
    shutil.copytree(two_of_each, folder / "copy")
    clinic = Clinic(folder / "copy", rebuilds=False)
    open_all(clinic)
    place = [c.name for c in table.primary_key.columns]
    with sqlite3.connect(clinic.path) as raw:
        names = ", ".join([*place, column])
        rows = raw.execute(f"SELECT {names} FROM {table.name} WHERE {column} IS NOT NULL").fetchall()
        if len(rows) < 2:
            pytest.fail("the test's database has no two of these: let `two_of_each` make them")
        where = " AND ".join(f"{name}=?" for name in place)
        for one, other in ((rows[0], rows[-1]), (rows[-1], rows[0])):
            raw.execute(f"UPDATE {table.name} SET {column}=? WHERE {where}", (other[-1], *one[:-1]))
    with pytest.raises(SealError):
        open_all(clinic)
    clinic.close()


def open_all(clinic: Clinic) -> None:
    """Read everything that is sealed."""
    with clinic.desk() as desk:
        list(desk.people.clinicians())
        for account in desk.tx.session.scalars(select(models.Account.id)).all():
            desk.talks.get(desk.people.account_by_id(account), clinic.clock.now.date())
            desk.mail.waiting(account)
        desk.flags.open_of_clinician("")
        for case in desk.cases.cases_of(None):
            desk.flags.infos(case.id)
            desk.invitations.of_case(case.id)
            for informant in desk.tx.session.scalars(
                select(models.Informant.id).where(models.Informant.case_id == case.id)
            ).all():
                desk.cases.informant_words(case.id, informant)
            for encounter in desk.cases.encounters(case.id):
                desk.plans.log(case.id, encounter.id)
                for number in range(desk.results.count(encounter.id)):
                    desk.results.content(case.id, encounter.id, number + 1)
                for info in desk.cases.interviews(encounter.id):
                    list(desk.cases.responses(case.id, info.id))
                    desk.cases.interview(info.id, clinic.clock.now.date())


def test_everything_opens_where_nothing_was_moved(clinic: Clinic) -> None:
    walk_canary(clinic)
    open_all(clinic)


def test_another_key_file_opens_nothing_and_says_what_to_do(clinic: Clinic) -> None:
    walk_canary(clinic)
    other = Store(f"sqlite:///{clinic.path}", MasterKey(b"x" * 32), clinic.clock)
    with pytest.raises(SealError, match="STEMWISE_KEY_FILE"):
        other.prepare()
    other.close()


def test_a_changed_byte_is_found(clinic: Clinic) -> None:
    walk_canary(clinic)
    with sqlite3.connect(clinic.path) as raw:
        case_id, sealed = raw.execute("SELECT id, sealed_label FROM cases").fetchone()
        for place in (0, 12, len(sealed) - 1):
            changed = bytearray(sealed)
            changed[place] ^= 1
            raw.execute("UPDATE cases SET sealed_label=? WHERE id=?", (bytes(changed), case_id))
            raw.commit()
            with pytest.raises(SealError):
                open_all(clinic)


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same", ["Robin", "robin", "ROBIN", "Ｒｏｂｉｎ", " Robin "])
def test_a_label_is_unique_for_its_clinician_whatever_its_case(same: str, clinic: Clinic) -> None:
    with clinic.desk() as desk:
        first, second = (desk.people.add_clinician(name).id for name in ("A", "B"))
        desk.cases.add_case(first, "Robin", BORN)
        desk.cases.add_case(second, "Robin", BORN)
        assert desk.cases.is_label_taken(first, same)
        assert [c.clinician_id for c in desk.cases.find_cases(same, [first])] == [first]
    with pytest.raises(IntegrityError), clinic.desk() as desk:
        desk.cases.add_case(first, same, BORN)


def test_the_store_and_not_only_the_screen_refuses_a_label_twice(clinic: Clinic) -> None:
    first, second = clinic.clinician("A", "1"), clinic.clinician("A", "2")
    for phone in (first, second):  # both are past the check when either makes its case
        phone.command("new")
        phone.type("Straße")
    first.type("2018-01-10")
    second.may_fail = True
    second.type("2018-01-10")
    assert second.taken is not None
    assert second.taken.has_failed or not second.heading.startswith("Straße · ")
    assert [case.label for case in clinic.cases()] == ["Straße"]


# --- snapshots -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_after_any_walk_the_snapshot_is_what_the_rows_add_up_to(seed: int, make_clinic: Callable[..., Clinic]) -> None:
    clinic = make_clinic(rebuilds=False)
    walker, dice = clinic.clinician(), random.Random(seed)
    walker.new_case("Robin", "2018-01-10")
    for number in range(70):
        if number % 9 == 8:
            walker.type(dice.choice(["a note", "7", "note: 7", "English"]))
        screen = walker.screen
        inside = [b for b in screen.buttons if b.action not in ("home", "pause")]
        if not any(b.action in ("set", "rate", "say", "section", "finish") for b in screen.buttons):
            break
        walker.tap_this(dice.choice(inside))
        if walker.heading == "Stemwise":
            walker.command("resume")
        if number % 20 == 0:
            assert clinic.faults() == []
    assert len(clinic.stored("Robin")) > 20
    assert clinic.faults() == []


def test_a_snapshot_that_is_not_its_rows_is_noticed(clinic: Clinic) -> None:
    walker = clinic.clinician()
    walker.new_case()
    walker.type("English")
    with sqlite3.connect(clinic.path) as raw:
        raw.execute("DELETE FROM responses")
    assert clinic.faults() != []


# --- erasing ---------------------------------------------------------------------------------------------------------


def test_erase_leaves_nothing_of_a_case_in_file_or_log(clinic: Clinic) -> None:
    walker = walk_canary(clinic)
    walker.command("start")
    walker.new_case("Kept", "2018-01-10")
    case_id = clinic.case_id(CANARY_LABEL)
    with clinic.desk() as desk:
        wrapped = desk.tx.session.get_one(models.WrappedKey, case_id).wrapped
    with sqlite3.connect(clinic.path) as raw:
        sealed = [
            value
            for table, column in SEALED
            for (value,) in raw.execute(f"SELECT {column} FROM {table.name} WHERE {column} IS NOT NULL")
        ]
        kept_before = set(sealed_values(raw))
    with clinic.desk() as desk:
        desk.cases.erase_case(case_id)
    assert flush_deleted(clinic.store.engine)
    found = raw_bytes(clinic.folder)
    with sqlite3.connect(clinic.path) as raw:
        kept = set(sealed_values(raw))
        for table in models.Base.metadata.sorted_tables:
            if "case_id" in table.columns and table.name != "audit":
                count = raw.execute(f"SELECT COUNT(*) FROM {table.name} WHERE case_id=?", (case_id,)).fetchone()
                assert count == (0,), table.name
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    gone = [value for value in sealed if value not in kept]
    assert len(gone) > 50
    assert kept <= kept_before
    assert wrapped not in found
    assert [value for value in gone if value in found] == []
    assert [case.label for case in clinic.cases()] == ["Kept"]
    assert clinic.faults() == []


def sealed_values(raw: sqlite3.Connection) -> list[bytes]:
    return [
        value
        for table, column in SEALED
        for (value,) in raw.execute(f"SELECT {column} FROM {table.name} WHERE {column} IS NOT NULL")
    ]


def test_a_reader_that_keeps_deleted_pages_is_noticed(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic.close()
    monkeypatch.setitem(PRAGMAS, "busy_timeout", 20)
    walk_canary(clinic)
    with clinic.store.reading() as view:
        view.session.scalar(select(models.Case.id))
        with clinic.desk() as desk:
            desk.cases.erase_case(desk.cases.cases_of(None)[0].id)
        assert not flush_deleted(clinic.store.engine)
    assert flush_deleted(clinic.store.engine)


def test_the_inbox_forgets_ids_after_a_week_and_no_sooner(clinic: Clinic) -> None:
    walker = clinic.clinician()
    walker.command("help")
    event = walker.last_event
    assert event is not None
    clinic.clock.advance(days=6, hours=23)
    with clinic.desk() as desk:
        desk.mail.prune()
    assert walker.send(event).is_repeat
    clinic.clock.now += timedelta(hours=2)
    with clinic.desk() as desk:
        assert desk.mail.prune() >= 1

"""After `stemwise erase` nothing of the case can be found: neither words, nor what they were sealed to, nor the key to it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from installed import Installed
from sqlalchemy import LargeBinary, select
from support.walker import Clinic, Walker

from bot.outputs import write_result
from flows.storage import models
from flows.storage.backup_stream import Reader, Rows
from flows.storage.keys import INSTALLATION, MasterKey, SealError, unseal
from flows.storage.store import Store

LABEL, NOTE, RELATION = "Zanzibarlabel", "quokkanote in the attic", "numbatrelation"
CANARIES = (LABEL, NOTE, RELATION)
PLACES = {
    "clinicians": [("sealed_name", ("id",), "name")],
    "conversations": [("sealed_draft", ("account_id",), "draft")],
    "outbox": [("sealed_body", ("token",), "body")],
}


def sealed_of(store: Store, case_id: str) -> dict[str, bytes]:
    """Every sealed value of a case, its wrapped key and its digests, by where it stands.

    Not where a conversation stands: that is the account's, and is read after the erasure in place of being searched for.
    """
    found: dict[str, bytes] = {}
    with store.reading() as tx:
        for table in models.Base.metadata.sorted_tables:
            binary = [c for c in table.columns if isinstance(c.type, LargeBinary)]
            if table.name == "conversations":
                continue
            for row in tx.session.execute(select(table)).mappings():
                mine = case_id in (row.get("case_id"), row.get("owner"), row.get("id")) or table.name in (
                    "responses",
                    "interviews",
                    "results",
                )
                for column in binary if mine else ():
                    if row[column.name]:
                        found[f"{table.name}.{column.name} {len(found)}"] = row[column.name]
    return found


def files(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield path, path.read_bytes()


def traces(needles: list[bytes], *folders: Path) -> list[str]:
    """Which files hold which of these."""
    return [f"{path.name}: {needle[:24]!r}" for path, data in files(*folders) for needle in needles if needle in data]


def readable(store: Store, master: MasterKey) -> list[str]:
    """Everything that any key still there opens."""
    told = []
    with store.reading() as tx:
        keys = {
            row.owner: master.unwrap(row.wrapped, row.owner) for row in tx.session.scalars(select(models.WrappedKey))
        }
        for table in models.Base.metadata.sorted_tables:
            for row in tx.session.execute(select(table)).mappings():
                told.append(repr([v for v in row.values() if isinstance(v, str)]))
                for column, ids, name in PLACES.get(table.name, ()):
                    owner = row.get("case_id") if table.name == "outbox" else None
                    place = (table.name, *(row[i] for i in ids), name)
                    told.append(
                        json.dumps(unseal(keys[owner or INSTALLATION], row[column], *place), ensure_ascii=False)
                    )
    return told


def pieces(value: bytes) -> list[bytes]:
    """Parts of a sealed value: a long one lies scattered over pages, and no part of it may be left."""
    return [value[at : at + 32] for at in range(0, len(value) - 31, 97)] or [value]


def words() -> list[bytes]:
    return [c.encode() for c in CANARIES]


@pytest.fixture
def walked(clinic: Clinic) -> Walker:
    """A finished interview full of words that are found nowhere else; the clinician has it before them."""
    walker = clinic.clinician()
    walker.new_case(LABEL)
    walker.fill_until("Review")
    walker.tap("History")
    walker.type(NOTE)
    walker.shows("Note kept")
    walker.tap("Back")
    walker.tap("Finish")
    return walker


def test_nothing_of_an_erased_case_is_left(
    walked: Walker,
    clinic: Clinic,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    here = Installed(clinic.folder)
    case_id = clinic.case_id(LABEL)
    with clinic.desk() as desk:
        encounter = desk.cases.encounters(case_id)[0].id
    write_result(clinic.present.result_of(encounter, 1), here.home / "results" / case_id / "1")
    walked.type(f"{LABEL} again")  # words that no screen takes
    sealed = sealed_of(clinic.store, case_id)
    needles = [*words(), *(piece for value in sealed.values() for piece in pieces(value))]
    clinic.close()
    # the control: before, every sealed value is found in the database's files, and the label in the results
    stored = b"".join(data for path, data in files(here.home) if path.name.startswith("stemwise.db"))
    assert [place for place, value in sealed.items() if pieces(value)[0] not in stored] == []
    assert len(sealed) > 20
    assert traces([LABEL.encode()], here.home / "results")

    assert here.run("erase", case_id, "--yes", STEMWISE_LOG_LEVEL="DEBUG") == 0

    assert traces(needles, here.home) == []
    assert not (here.home / "results" / case_id).exists()
    clinic.restart()
    assert [t for t in readable(clinic.store, clinic.master) for c in CANARIES if c in t] == []
    out = folder / "after.backup"
    assert here.run("db", "backup", "--out", str(out), STEMWISE_LOG_LEVEL="DEBUG") == 0
    assert traces(needles, folder) == []
    with out.open("rb") as file:
        inside = [
            v
            for record in Reader(file, here.master).records()
            if isinstance(record, Rows)
            for r in record.rows
            for v in r
        ]
    assert not [v for v in inside if isinstance(v, bytes) and v in sealed.values()]
    printed = capsys.readouterr()
    for text in (printed.out, printed.err, caplog.text):
        assert not [c for c in CANARIES if c in text]


def test_words_typed_on_the_way_to_an_invitation_go_with_the_case(clinic: Clinic) -> None:
    """They stand in the account's conversation, which outlives the case and has another key."""
    here, walker = Installed(clinic.folder), clinic.clinician()
    walker.new_case(LABEL)
    walker.command("cases")
    walker._tap(next(b for b in walker.screen.buttons if LABEL in b.words), walker.screen)
    walker.tap("Invite")
    walker._tap(next(b for b in walker.screen.buttons if b.action == "role"), walker.screen)
    walker.type(RELATION)
    assert [t for t in readable(clinic.store, clinic.master) if RELATION in t], "the control: it stands there before"
    assert here.run("erase", clinic.case_id(LABEL), "--yes") == 0
    assert [t for t in readable(clinic.store, clinic.master) for c in CANARIES if c in t] == []
    walker.command("start")  # and the account goes on from home


def test_a_backup_made_before_is_what_the_command_says_it_does_not_reach(
    walked: Walker, clinic: Clinic, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The control of the test above: the same search finds the case in a backup that was made before."""
    here, out = Installed(clinic.folder), folder / "before.backup"
    case_id = clinic.case_id(LABEL)
    sealed = sealed_of(clinic.store, case_id)
    assert here.run("db", "backup", "--out", str(out)) == 0
    assert here.run("erase", case_id, "--yes") == 0
    assert "Backups made before" in capsys.readouterr().out
    with out.open("rb") as file:
        inside = [
            v
            for record in Reader(file, here.master).records()
            if isinstance(record, Rows)
            for r in record.rows
            for v in r
        ]
    assert set(sealed.values()) <= {v for v in inside if isinstance(v, bytes)}
    assert traces(words(), folder) == []  # sealed all the same


def test_a_reader_that_holds_the_old_pages_is_told_about(
    walked: Walker, clinic: Clinic, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Installed(clinic.folder)
    case_id = clinic.case_id(LABEL)
    with clinic.store.reading() as tx:
        tx.session.scalars(select(models.Case)).all()
        assert here.run("erase", case_id, "--yes") == 1
        assert "a reader holds the old pages" in capsys.readouterr().err
        assert here.run("db", "check") == 1
        assert "a reader holds pages of what was deleted" in capsys.readouterr().err
    assert here.run("db", "check") == 0


def test_without_its_key_a_sealed_value_stays_shut(walked: Walker, clinic: Clinic) -> None:
    """Whoever kept a copy of the rows, but not of the key, can open nothing of them."""
    case_id = clinic.case_id(LABEL)
    with clinic.store.reading() as tx:
        row = tx.session.get_one(models.Case, case_id)
        label = row.sealed_label
        wrapped = tx.session.get_one(models.WrappedKey, case_id).wrapped
        other = tx.session.get_one(models.WrappedKey, INSTALLATION).wrapped
    key = clinic.master.unwrap(wrapped, case_id)
    assert unseal(key, label, "cases", case_id, "label") == LABEL
    for wrong in (clinic.master.secret, clinic.master.unwrap(other, INSTALLATION)):
        with pytest.raises(SealError):
            unseal(wrong, label, "cases", case_id, "label")
    with pytest.raises(SealError):
        clinic.master.unwrap(wrapped, INSTALLATION)

"""A restore that brings back what had been erased since the backup says so, and goes on saying so until it is erased again."""

from __future__ import annotations

import io
from collections.abc import Callable

from sqlalchemy import select, text
from support.walker import Clinic, Walker

from flows.storage import models
from flows.storage.backup import brought_back, restore_backup, write_backup

INSTRUMENT = {"version": "1", "sha256": "0" * 64}


def erase(clinic: Clinic, case_id: str) -> None:
    with clinic.desk() as desk:
        desk.erase(case_id, "operator")


def restored(clinic: Clinic, data: bytes) -> tuple[str, ...]:
    """The cases that a restore into the same installation says it has brought back."""
    now = clinic.clock()
    contents = restore_backup(io.BytesIO(data), clinic.store.engine, clinic.master, now=now, overwrite=True)
    return contents.brought_back


def backed_up(clinic: Clinic) -> bytes:
    file = io.BytesIO()
    write_backup(clinic.store.engine, file, clinic.master, instrument=INSTRUMENT, now=clinic.clock())
    return file.getvalue()


def still_back(clinic: Clinic) -> list[str]:
    with clinic.store.reading() as tx:
        return list(brought_back(tx.session.connection(), tx.now))


def test_a_restore_names_the_cases_that_were_erased_since_the_backup(clinic: Clinic, walker: Walker) -> None:
    for label in ("Robin", "Sasha", "Kim"):
        walker.new_case(label)
        walker.command("start")
    robin, sasha, kim = (clinic.case_id(label) for label in ("Robin", "Sasha", "Kim"))
    erase(clinic, kim)  # before the backup: it holds nothing of her
    data = backed_up(clinic)
    assert restored(clinic, data) == (), "nothing was erased since"
    assert still_back(clinic) == []
    erase(clinic, robin)
    assert restored(clinic, data) == (robin,)
    assert {case.label for case in clinic.cases()} == {"Robin", "Sasha"}
    assert still_back(clinic) == [robin]
    assert restored(clinic, data) == (robin,), "that she was erased is not forgotten by the restore"
    erase(clinic, sasha)
    assert still_back(clinic) == [robin], "another case's erasure does not end it"
    erase(clinic, robin)
    assert still_back(clinic) == []


def test_a_case_made_after_the_backup_does_not_come_back(clinic: Clinic, walker: Walker) -> None:
    data = backed_up(clinic)
    walker.new_case("Robin")
    erase(clinic, clinic.case_id("Robin"))
    assert restored(clinic, data) == ()
    assert still_back(clinic) == []


def test_the_audit_goes_on_knowing_of_an_erasure_that_a_restore_undid(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    data = backed_up(clinic)
    case_id = clinic.case_id("Robin")
    erase(clinic, case_id)
    restored(clinic, data)
    with clinic.store.reading() as tx:
        rows = tx.session.execute(
            select(models.Audit.actor, models.Audit.action)
            .where(models.Audit.case_id == case_id)
            .order_by(models.Audit.id)
        )
        assert [tuple(row) for row in rows][-2:] == [("operator", "case.erased"), ("operator", "restore.brought_back")]


def test_answers_that_an_informant_had_erased_are_named_as_well(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    data = backed_up(clinic)
    case_id = clinic.case_id("Robin")
    with clinic.desk() as desk:
        desk.tx.audit("someone", "questionnaire.erased", case_id)
    assert restored(clinic, data) == (case_id,)
    assert still_back(clinic) == [case_id]
    with clinic.desk() as desk:
        desk.tx.audit("someone", "questionnaire.erased", case_id)
    assert still_back(clinic) == []


def test_after_a_month_who_wanted_it_back_is_left_in_peace(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    data = backed_up(clinic)
    case_id = clinic.case_id("Robin")
    erase(clinic, case_id)
    restored(clinic, data)
    clinic.clock.advance(days=29)
    assert still_back(clinic) == [case_id]
    clinic.clock.advance(days=2)
    assert still_back(clinic) == []


def test_into_tables_of_another_schema_a_restore_looks_for_no_erasure(
    clinic: Clinic, walker: Walker, make_clinic: Callable[..., Clinic]
) -> None:
    data = backed_up(clinic)
    other = make_clinic()
    other.clinician("Dr Other", "77")
    with other.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'elsewhere'"))
        connection.execute(text("ALTER TABLE audit RENAME COLUMN action TO deed"))
    assert restored(other, data) == ()

"""Who looked at a case, and who changed it, stands in the audit: each way to see its content leaves a row, and no content."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from sqlalchemy import select
from support.informants import begun, invited
from support.walker import Clinic, Walker

from flows.storage import models
from flows.storage.backup import restore_backup, write_backup


def actions(clinic: Clinic) -> list[tuple[str, str | None]]:
    with clinic.store.reading() as tx:
        rows = tx.session.scalars(select(models.Audit).order_by(models.Audit.id))
        return [(row.action, row.case_id) for row in rows]


def left_by(clinic: Clinic, act: Callable[[], object]) -> list[tuple[str, str | None]]:
    """The rows that an act leaves."""
    before = len(actions(clinic))
    act()
    return actions(clinic)[before:]


@pytest.fixture
def finished(clinic: Clinic, walker: Walker) -> str:
    """A case with a result and an open danger flag; its clinician stands at the results."""
    walker.new_case("Robin")
    walker.until("Safety", "None of these", "All steady", "As expected for age", "All checked", "Next")
    walker.tap("Danger at home now")
    walker.until("Results", "Finish", "Next", "No", "None of these", "All steady")
    return clinic.case_id("Robin")


@pytest.mark.parametrize(
    ("button", "row"),
    [
        ("History picture", "history.sent"),
        ("Plan", "plan.opened"),
        ("Report (PDF)", "report.sent"),
        ("Send again", "results.sent"),
        ("Change an answer", "interview.opened"),
    ],
)
def test_each_way_to_see_a_result_leaves_a_row(
    clinic: Clinic, walker: Walker, finished: str, button: str, row: str
) -> None:
    assert (row, finished) in left_by(clinic, lambda: walker.tap(button))


def test_flags_and_the_list_of_cases_leave_a_row(clinic: Clinic, walker: Walker, finished: str) -> None:
    assert left_by(clinic, lambda: walker.command("cases")) == [("cases.listed", None)]
    walker.open_from_elsewhere("open", finished)
    assert left_by(clinic, lambda: walker.forge("case_flags")) == [("flags.opened", finished)]
    walker.command("start")
    assert left_by(clinic, lambda: walker.forge("flags")) == [("flags.opened", finished)]


def test_what_is_refused_leaves_no_row(clinic: Clinic, finished: str) -> None:
    other = clinic.clinician("Dr Other", "2")
    assert left_by(clinic, lambda: other.open_from_elsewhere("open", finished)) == []
    assert left_by(clinic, lambda: other.forge("flags")) == [], "none of the flags is theirs"


def test_a_restore_stands_in_the_audit_that_it_brings(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    file = io.BytesIO()
    instrument = {"version": "1", "sha256": "0" * 64}
    write_backup(clinic.store.engine, file, clinic.master, instrument=instrument, now=clinic.clock())
    assert ("backup.restored", None) not in actions(clinic)
    restore_backup(file, clinic.store.engine, clinic.master, now=clinic.clock(), overwrite=True)
    assert actions(clinic)[-1] == ("backup.restored", None)


def test_an_informant_who_goes_on_with_their_own_leaves_a_row(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "2")
    interview = clinic.interview_ids(clinic.case_id("Robin"))[-1]
    rows = left_by(clinic, lambda: carer.open_from_elsewhere("go_on_with", interview))
    assert ("interview.opened", clinic.case_id("Robin")) in rows

"""A case out as JSON and in again gives the same bytes; a record that no export wrote is refused, and nothing is changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from support.walker import Clinic

from flows.exchange.record import informants_of, record_for_informant
from flows.exchange.restore import restore
from flows.exchange.table import to_csv
from scoring.problems import ContentError

from . import made


def bytes_of(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, indent=1).encode()


def imported(clinic: Clinic, record: Any) -> str:
    with clinic.desk() as desk:
        owner = desk.people.local_clinician().clinician_id
        assert owner
        return restore(desk, record, owner, "case.json")


def is_empty(clinic: Clinic) -> bool:
    return not clinic.cases()


@pytest.mark.parametrize("seed", range(10))
def test_out_in_and_out_again_is_the_same_bytes(make_clinic: Callable[..., Clinic], seed: int) -> None:
    """With questionnaires of others, notes, flags in every state, several encounters, one in error, and before any answer."""
    first, second = make_clinic(rebuilds=False), make_clinic(rebuilds=False, secret=b"z" * 32)
    label = made.random_case(first, seed)
    out = bytes_of(first.record(label))
    second.clock.advance(days=400)
    case_id = imported(second, json.loads(out))
    assert bytes_of(second.record(label)) == out
    assert case_id == first.case_id(label)
    assert second.faults() == []
    third = make_clinic(rebuilds=False)
    imported(third, json.loads(bytes_of(second.record(label))))
    assert bytes_of(third.record(label)) == out


def test_an_export_is_the_same_on_another_day_before_the_clinician_has_answered(clinic: Clinic) -> None:
    clinician = clinic.clinician()
    clinician.new_case("Robin")
    made.invite(clinic, "Robin", "carer", "77")
    before = bytes_of(clinic.record("Robin"))
    clinic.clock.advance(days=40)
    assert bytes_of(clinic.record("Robin")) == before


@pytest.fixture
def record(make_clinic: Callable[..., Clinic]) -> dict[str, Any]:
    """A record with a carer's interview and the clinician's, a result and a flag."""
    clinic = make_clinic(rebuilds=False)
    clinician = clinic.clinician()
    clinician.new_case("Robin")
    clinician.command("cases")
    carer = made.invite(clinic, "Robin", "carer", "77")
    carer.tap("I agree")
    carer.type("R")
    made.begin(clinician, "Robin")
    clinician.fill_until("Safety")
    clinician.tap("Danger at home now")
    clinician.fill_until("Review")
    clinician.tap("Finish")
    found = clinic.record("Robin")
    assert found["flags"]
    assert found["encounters"][0]["results"]
    assert len(found["encounters"][0]["interviews"]) == 2
    return found


def set_in(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        part: Any = record
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = to

    return change


def answer_of(item: str, value: Any) -> dict[str, Any]:
    return {
        "item": item,
        "text": "Question",
        "value": value,
        "label": "Answer",
        "informant": "carer",
        "at": "2026-03-14T09:00:00Z",
        "superseded": False,
        "bulk": False,
        "note": None,
        "kind": "answer",
    }


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("functions.sleep", "terrible"),
        ("functions.sleep", 7),
        ("history.newborn.relational.same_few_carers", 4),
        ("history.newborn.relational.same_few_carers", True),
        ("safety.danger_at_home_now", "yes"),
        ("about.relation", 3),
    ],
)
def test_what_an_informant_could_not_have_answered_is_refused(
    clinic: Clinic, record: dict[str, Any], item: str, value: Any
) -> None:
    carer = next(i for i in record["encounters"][0]["interviews"] if i["informant"]["role"] == "carer")
    carer["responses"].append(answer_of(item, value))
    with pytest.raises(ContentError, match="is no answer to that item"):
        imported(clinic, record)
    assert is_empty(clinic)


def test_a_file_names_the_version_its_answers_were_taken_with(clinic: Clinic, record: dict[str, Any]) -> None:
    """Scored later with another version, it says so; the digest of a version that is not here is not known."""
    assert record["instrument"] == {
        "id": clinic.instrument.id,
        "version": clinic.instrument.version,
        "sha256": clinic.instrument.sha256,
    }
    for interview in record["encounters"][0]["interviews"]:
        interview["instrument_version"] = "0.2.0"
    imported(clinic, record)
    again = clinic.record("Robin")["instrument"]
    assert (again["version"], again["sha256"]) == ("0.2.0", None)


INTERVIEW = ("encounters", 0, "interviews", 0)
RESPONSE = (*INTERVIEW, "responses", 0)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("record",), "other/1", "record"),
        (("record",), None, "record"),
        (("label",), "", "label"),
        (("label",), "x" * 60, "label"),
        (("label",), None, "label"),
        (("label",), "  ", "label"),
        (("label",), "Ro\nbin", "label"),
        (("label",), "R", "label"),
        (("case_id",), "../../x", "case_id"),
        (("case_id",), 7, "case_id"),
        (("created_at",), "yesterday", "created_at"),
        (("created_at",), "2026-03-14T09:00:00", "created_at"),
        (("encounters",), None, "encounters"),
        (("encounters",), [3], "encounters"),
        (("encounters", 0, "state"), "lost", "encounters[0].state"),
        (("encounters", 0, "number"), "1", "encounters[0].number"),
        (("encounters", 0, "assessed"), "2001-01-01", "encounters[0].assessed"),
        (("encounters", 0, "results", 0, "case", "schema"), "x", "encounters[0].results[0].case"),
        ((*INTERVIEW, "state"), "asleep", "encounters[0].interviews[0].state"),
        ((*INTERVIEW, "resume_state"), "asleep", "encounters[0].interviews[0].resume_state"),
        ((*INTERVIEW, "informant", "role"), "king", "encounters[0].interviews[0].informant.role"),
        ((*INTERVIEW, "informant", "words"), "x", "encounters[0].interviews[0].informant.words"),
        ((*INTERVIEW, "stands_at", "page"), "x", "encounters[0].interviews[0].stands_at.page"),
        ((*INTERVIEW, "stands_at", "other"), 1, "encounters[0].interviews[0].stands_at"),
        ((*INTERVIEW, "stands_at", "section"), "cellar", "encounters[0].interviews[0].stands_at.section"),
        ((*RESPONSE, "kind"), "guess", "encounters[0].interviews[0].responses[0].kind"),
        ((*RESPONSE, "value"), [1], "encounters[0].interviews[0].responses[0].value"),
        ((*RESPONSE, "value"), 1.5, "encounters[0].interviews[0].responses[0].value"),
        ((*RESPONSE, "text"), 3, "encounters[0].interviews[0].responses[0].text"),
        ((*RESPONSE, "at"), 3, "encounters[0].interviews[0].responses[0].at"),
        ((*RESPONSE, "superseded"), "?", "encounters"),
        (("flags", 0, "state"), "?", "flags[0].state"),
        (("flags", 0, "question"), "?", "flags[0].question"),
        (("flags", 0, "interview"), "nowhere", "encounters"),
        (("flags", 0, "raised_at"), None, "flags[0].raised_at"),
    ],
)
def test_a_record_that_no_export_wrote_is_refused_and_nothing_is_changed(
    make_clinic: Callable[..., Clinic], record: dict[str, Any], path: tuple[Any, ...], value: Any, place: str
) -> None:
    other = make_clinic(rebuilds=False)
    set_in(*path, to=value)(record)
    with pytest.raises(ContentError) as caught:
        imported(other, record)
    assert place in str(caught.value)
    assert "\n" not in str(caught.value)
    assert is_empty(other)


def test_a_field_that_is_missing_is_named(make_clinic: Callable[..., Clinic], record: dict[str, Any]) -> None:
    del record["encounters"][0]["interviews"][0]["started_at"]
    with pytest.raises(ContentError, match="started_at"):
        imported(make_clinic(rebuilds=False), record)


def test_an_id_that_stands_twice_is_refused(make_clinic: Callable[..., Clinic], record: dict[str, Any]) -> None:
    other = make_clinic(rebuilds=False)
    record["encounters"].append({**copy.deepcopy(record["encounters"][0]), "number": 2})
    with pytest.raises(ContentError, match="twice"):
        imported(other, record)
    assert is_empty(other)


def test_a_case_that_is_there_is_not_taken_in_again(make_clinic: Callable[..., Clinic], record: dict[str, Any]) -> None:
    other = make_clinic(rebuilds=False)
    imported(other, record)
    with pytest.raises(ContentError, match="is there already"):
        imported(other, record)
    record["case_id"] = "other"
    with pytest.raises(ContentError, match="label"):
        imported(other, record)


def test_nobody_is_reminded_of_a_questionnaire_that_came_with_an_import(
    make_clinic: Callable[..., Clinic], record: dict[str, Any]
) -> None:
    other = make_clinic(rebuilds=False)
    imported(other, record)
    for _ in range(4):
        other.clock.advance(days=4)
        other.present.tick()


# --- one informant's part --------------------------------------------------------------------------------------------


def test_an_informant_is_given_their_own_answers_and_nothing_else(make_clinic: Callable[..., Clinic]) -> None:
    clinic = make_clinic(rebuilds=False)
    label = made.random_case(clinic, 4)
    record = clinic.record(label)
    for informant, role in informants_of(record).items():
        part = record_for_informant(record, informant)
        theirs = [i for e in record["encounters"] for i in e["interviews"] if i["informant"]["id"] == informant]
        assert [i["responses"] for i in part["interviews"]] == [i["responses"] for i in theirs]
        assert part["informant"] == {"id": informant, "role": role}
        text = json.dumps([part, to_csv(part).decode()], ensure_ascii=False)
        others = [i for i in informants_of(record) if i != informant]
        for hidden in (label, record["born"], "the uncle", "responsible", "foster carer", *others):
            assert hidden not in text
        assert set(part) == {"schema", "case_id", "instrument", "informant", "interviews"}
        for interview in part["interviews"]:
            assert not {"id", "stands_at", "set_aside", "resume_state", "informant"} & set(interview)


def test_somebody_who_has_not_answered_is_given_nothing(record: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        record_for_informant(record, "nobody")

"""A whole case as one JSON object: a case file with everything that led to it.

`record_of` and `flows.exchange.restore.restore` are each other's inverse: exporting what was imported gives the same bytes,
on whatever day and in whatever time zone that is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from flows.answers import Response
from flows.desk import Desk
from flows.storage import models
from flows.storage.casebook import EncounterInfo, InterviewInfo, StoredResponse
from scoring.case import SCHEMA as CASE_SCHEMA

SCHEMA = "stemwise-record/1"
#: What one informant is given of what they themselves have said.
INFORMANT_SCHEMA = "stemwise-answers/1"
#: Kinds of response that a later one of the same group supersedes.
GROUPS = {"answer": "answer", "not_sure": "answer", "skipped": "answer", "agreed": "answer"}
ASIDE = {"set_aside": "aside", "counted_again": "aside"}


def iso(at: datetime | None) -> str | None:
    """A time in UTC, to the microsecond it was stored with."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def latest_encounter(desk: Desk, case_id: str) -> EncounterInfo | None:
    """The latest finished encounter, or the open one where none is finished; never one entered in error."""
    encounters = [e for e in desk.cases.encounters(case_id) if e.state != "entered_in_error"]
    finished = [e for e in encounters if e.state == "finished"]
    return (finished or encounters or [None])[-1]  # type: ignore[list-item]


def record_of(desk: Desk, case_id: str) -> dict[str, Any]:
    """Everything that is kept of a case, as `stemwise export --format json` writes it."""
    case = desk.cases.case(case_id)
    encounter = latest_encounter(desk, case_id)
    if encounter:
        dated = encounter.assessed or _day_of(encounter.started_at, case.born)
        top = desk.case_json_of(replace(encounter, assessed=dated))
    else:
        top = {
            "schema": CASE_SCHEMA,
            "label": case.label,
            "born": case.born.isoformat(),
            "assessed": _day_of(case.created_at, case.born).isoformat(),
        }
    return {
        **top,
        "instrument": _instrument(desk, top.get("instrument", {}).get("version", desk.instrument.version)),
        "record": SCHEMA,
        "case_id": case.id,
        "created_at": iso(case.created_at),
        "last_activity_at": iso(case.last_activity_at),
        "on_hold": case.on_hold,
        "encounters": [_encounter(desk, e) for e in desk.cases.encounters(case_id)],
        "flags": [_flag(desk, row) for row in _flag_rows(desk, case_id)],
    }


def _instrument(desk: Desk, taken_with: str) -> dict[str, Any]:
    """The instrument the answers on top were taken with, so that a file scored later says where that is another one.

    Of another version than the installed one the content is not here, and so no digest; the results keep theirs.
    """
    digest = desk.instrument.sha256 if taken_with == desk.instrument.version else None
    return {"id": desk.instrument.id, "version": taken_with, "sha256": digest}


def _day_of(at: datetime, born: date) -> date:
    """The day that stands for an encounter without an answer of the clinician's: never the day of the export, which is another
    each time."""
    return max(at.astimezone(UTC).date(), born)


def record_for_informant(record: dict[str, Any], informant_id: str) -> dict[str, Any]:
    """What one informant may have of a record: their own answers as they gave them, and nothing else.

    No label, date of birth, score, result, flag, hold or other informant is in it, nor what the clinician noted of the
    informant. A clinician's informant is given in the same way.

    Parameters
    ----------
    record : as `record_of` makes it
    informant_id : one of `informants_of(record)`

    Raises
    ------
    KeyError
        When nobody of that id has answered in this case.
    """
    mine = [
        (encounter["number"], interview)
        for encounter in record["encounters"]
        for interview in encounter["interviews"]
        if interview["informant"]["id"] == informant_id
    ]
    if not mine:
        raise KeyError(informant_id)
    return {
        "schema": INFORMANT_SCHEMA,
        "case_id": record["case_id"],
        "instrument": {"id": record["instrument"]["id"]},
        "informant": {"id": informant_id, "role": mine[0][1]["informant"]["role"]},
        "interviews": [
            {
                "encounter": number,
                "state": interview["state"],
                "instrument_version": interview["instrument_version"],
                "started_at": interview["started_at"],
                "updated_at": interview["updated_at"],
                "finished_at": interview["finished_at"],
                "responses": interview["responses"],
            }
            for number, interview in mine
        ],
    }


def informants_of(record: dict[str, Any]) -> dict[str, str]:
    """Everybody who has answered in a record: id → role, in the order of their first interview."""
    found: dict[str, str] = {}
    for encounter in record["encounters"]:
        for interview in encounter["interviews"]:
            found.setdefault(interview["informant"]["id"], interview["informant"]["role"])
    return found


def _encounter(desk: Desk, encounter: EncounterInfo) -> dict[str, Any]:
    # two that were opened at the same instant have no order of their own
    interviews = sorted(desk.cases.interviews(encounter.id), key=lambda i: (i.started_at, i.id))
    return {
        "id": encounter.id,
        "number": encounter.number,
        "state": encounter.state,
        "assessed": encounter.assessed.isoformat() if encounter.assessed else None,
        "started_at": iso(encounter.started_at),
        "finished_at": iso(encounter.finished_at),
        "interviews": [_interview(desk, encounter.case_id, i) for i in interviews],
        "results": [_result(desk, encounter, row) for row in _result_rows(desk, encounter.id)],
        "plan_edits": [
            {"number": e.number, "result": e.result, "at": iso(e.at), "by": e.by, "edit": e.body}
            for e in desk.plans.log(encounter.case_id, encounter.id)
        ],
    }


def _interview(desk: Desk, case_id: str, info: InterviewInfo) -> dict[str, Any]:
    row = desk.tx.session.get_one(models.Interview, info.id)
    stored = list(desk.cases.responses(case_id, info.id))
    informant = desk.tx.session.get_one(models.Informant, info.informant_id)
    interview = desk.cases.interview(info.id, desk.settings.today(desk.tx.now))
    return {
        "id": info.id,
        "informant": {
            "id": info.informant_id,
            "role": info.role,
            "words": desk.cases.informant_words(case_id, info.informant_id),
            "created_at": iso(informant.created_at),
        },
        "state": info.state,
        "resume_state": row.resume_state,
        "stands_at": interview.settings_json(),
        "instrument_version": row.instrument_version,
        "started_at": iso(info.started_at),
        "updated_at": iso(info.updated_at),
        "finished_at": iso(info.finished_at),
        "responses": list(response_rows(stored, info.role)),
        "set_aside": interview.answers.set_aside,
    }


def response_rows(stored: list[StoredResponse], informant: str) -> Iterable[dict[str, Any]]:
    """Responses in order, each with whether a later one took its place."""
    last: dict[tuple[str, str], int] = {}
    for one in stored:
        last[_group(one.response)] = one.number
    for one in stored:
        response = one.response
        yield {
            "item": response.item,
            "text": response.text,
            "value": response.value,
            "label": response.label,
            "informant": informant,
            "at": iso(one.at),
            "superseded": response.kind != "note" and last[_group(response)] != one.number,
            "bulk": response.is_bulk,
            "note": response.note,
            "kind": response.kind,
        }


def _group(response: Response) -> tuple[str, str]:
    return response.item, GROUPS.get(response.kind) or ASIDE.get(response.kind) or "note"


def _result_rows(desk: Desk, encounter_id: str) -> list[models.Result]:
    query = select(models.Result).where(models.Result.encounter_id == encounter_id).order_by(models.Result.number)
    return list(desk.tx.session.scalars(query))


def _result(desk: Desk, encounter: EncounterInfo, row: models.Result) -> dict[str, Any]:
    return {
        "number": row.number,
        "instrument_version": row.instrument_version,
        "instrument_sha256": row.instrument_sha256,
        "made_at": iso(row.made_at),
        "case": desk.results.content(encounter.case_id, encounter.id, row.number),
    }


def _flag_rows(desk: Desk, case_id: str) -> list[models.Flag]:
    query = select(models.Flag).where(models.Flag.case_id == case_id).order_by(models.Flag.raised_at, models.Flag.id)
    return list(desk.tx.session.scalars(query))


def _flag(desk: Desk, row: models.Flag) -> dict[str, Any]:
    info = desk.flags.info(row.id)
    assert info is not None
    return {
        "id": info.id,
        "question": info.question,
        "words": info.words,
        "state": info.state,
        "encounter": info.encounter_id,
        "interview": info.interview_id,
        "informant": info.informant_id,
        "raised_by": info.role,
        "raised_at": iso(info.raised_at),
        "opened_at": iso(row.opened_at),
        "ended_at": iso(info.ended_at),
        "ended_by": info.ended_by,
        "reason": info.reason,
    }

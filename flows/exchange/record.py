"""A whole case as one JSON object and back: a case file with everything that led to it.

`record_of` and `restore` are each other's inverse: an import adds no time and no id of its own, so that exporting it again
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from flows.answers import Answers, Response
from flows.desk import Desk
from flows.storage import models
from flows.storage.casebook import EncounterInfo, InterviewInfo, StoredResponse
from scoring.case import case_from
from scoring.problems import ContentError, Problem

SCHEMA = "stemwise-record/1"
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
        top = desk.case_json_of(encounter)
    else:
        made_on = desk.settings.local_day(case.created_at)
        top = {
            "schema": "stemwise-case/1",
            "label": case.label,
            "born": case.born.isoformat(),
            "assessed": made_on.isoformat(),
        }
    return {
        **top,
        "instrument": {
            "id": desk.instrument.id,
            "version": desk.instrument.version,
            "sha256": desk.instrument.sha256,
        },
        "record": SCHEMA,
        "case_id": case.id,
        "created_at": iso(case.created_at),
        "last_activity_at": iso(case.last_activity_at),
        "on_hold": case.on_hold,
        "encounters": [_encounter(desk, e) for e in desk.cases.encounters(case_id)],
        "flags": [_flag(desk, row) for row in _flag_rows(desk, case_id)],
    }


def _encounter(desk: Desk, encounter: EncounterInfo) -> dict[str, Any]:
    return {
        "id": encounter.id,
        "number": encounter.number,
        "state": encounter.state,
        "assessed": encounter.assessed.isoformat() if encounter.assessed else None,
        "started_at": iso(encounter.started_at),
        "finished_at": iso(encounter.finished_at),
        "interviews": [_interview(desk, encounter.case_id, i) for i in desk.cases.interviews(encounter.id)],
        "results": [_result(desk, encounter, row) for row in _result_rows(desk, encounter.id)],
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
        "case": desk.cases.result(encounter.id, row.number),
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


# --- in --------------------------------------------------------------------------------------------------------------


def restore(desk: Desk, record: Any, clinician_id: str, file: str) -> str:
    """Put an exported case back as it was; gives its id.

    Raises
    ------
    ContentError
        When the file is not an export, a case with its id or label is there already, or a field is not what it says.
    """
    case = case_from(record, desk.instrument, file)
    if record.get("record") != SCHEMA:
        raise ContentError([Problem(file, "record", "is not an export", "give a file that `stemwise export` wrote")])
    try:
        return _restore(desk, record, clinician_id, case.born, file)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ContentError):
            raise
        raise ContentError(
            [
                Problem(
                    file, "encounters", f"is not as an export has it ({type(error).__name__})", "export the case again"
                )
            ]
        ) from None


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _restore(desk: Desk, record: dict[str, Any], clinician_id: str, born: date, file: str) -> str:
    case_id, label = record["case_id"], record["label"]
    if desk.cases.has_case(case_id):
        raise ContentError([Problem(file, "case_id", f"{case_id} is there already", "erase it first, or leave it")])
    if desk.cases.is_label_taken(clinician_id, label):
        raise ContentError([Problem(file, "label", "is in use by another case", "rename that case's label first")])
    desk.cases.add_case(clinician_id, label, born, case_id)
    row = desk.tx.session.get_one(models.Case, case_id)
    row.created_at, row.last_activity_at = _at(record["created_at"]), _at(record["last_activity_at"])
    row.on_hold = bool(record["on_hold"])
    for encounter in record["encounters"]:
        _restore_encounter(desk, case_id, encounter)
    for flag in record["flags"]:
        _restore_flag(desk, case_id, flag)
    desk.tx.audit("operator", "case.imported", case_id)
    return str(case_id)


def _restore_encounter(desk: Desk, case_id: str, encounter: dict[str, Any]) -> None:
    session = desk.tx.session
    session.add(
        models.Encounter(
            id=encounter["id"],
            case_id=case_id,
            number=encounter["number"],
            state=encounter["state"],
            assessed=date.fromisoformat(encounter["assessed"]) if encounter["assessed"] else None,
            started_at=_at(encounter["started_at"]),
            finished_at=_time(encounter["finished_at"]),
        )
    )
    session.flush()
    for interview in encounter["interviews"]:
        _restore_interview(desk, case_id, encounter["id"], interview)
    for result in encounter["results"]:
        case_from(result["case"], desk.instrument, "result")
        session.add(
            models.Result(
                encounter_id=encounter["id"],
                number=result["number"],
                instrument_version=result["instrument_version"],
                instrument_sha256=result["instrument_sha256"],
                sealed_case=desk.tx.seal(case_id, result["case"], "results", encounter["id"], str(result["number"])),
                made_at=_at(result["made_at"]),
            )
        )
    session.flush()


def _restore_interview(desk: Desk, case_id: str, encounter_id: str, interview: dict[str, Any]) -> None:
    session, who = desk.tx.session, interview["informant"]
    if session.get(models.Informant, who["id"]) is None:
        session.add(
            models.Informant(
                id=who["id"],
                case_id=case_id,
                role=who["role"],
                account_id=None,
                sealed_words=desk.tx.seal(case_id, who["words"], "informants", who["id"], "words"),
                created_at=_at(who["created_at"]),
            )
        )
        session.flush()
    answers = Answers()
    rows = []
    for number, given in enumerate(interview["responses"], start=1):
        response = Response(
            item=given["item"],
            kind=given["kind"],
            value=given["value"],
            label=given["label"],
            text=given["text"],
            is_bulk=given["bulk"],
            note=given["note"],
        )
        answers.take(response)
        sealed = desk.tx.seal(case_id, asdict(response), "responses", interview["id"], str(number))
        rows.append(
            models.Response(interview_id=interview["id"], number=number, at=_at(given["at"]), sealed_body=sealed)
        )
    snapshot = {**interview["stands_at"], "answers": answers.to_json()}
    session.add(
        models.Interview(
            id=interview["id"],
            encounter_id=encounter_id,
            informant_id=who["id"],
            state=interview["state"],
            resume_state=interview["resume_state"],
            sealed_snapshot=desk.tx.seal(case_id, snapshot, "interviews", interview["id"], "snapshot"),
            responses_count=len(rows),
            reminders_sent=0,
            wants_reminders=True,
            instrument_version=interview["instrument_version"],
            started_at=_at(interview["started_at"]),
            updated_at=_at(interview["updated_at"]),
            finished_at=_time(interview["finished_at"]),
        )
    )
    session.flush()
    session.add_all(rows)
    session.flush()


def _restore_flag(desk: Desk, case_id: str, flag: dict[str, Any]) -> None:
    body = {"question": flag["question"], "words": flag["words"]}
    reason = flag["reason"]
    desk.tx.session.add(
        models.Flag(
            id=flag["id"],
            case_id=case_id,
            encounter_id=flag["encounter"],
            interview_id=flag["interview"],
            informant_id=flag["informant"],
            state=flag["state"],
            sealed_body=desk.tx.seal(case_id, body, "flags", flag["id"], "body"),
            raised_at=_at(flag["raised_at"]),
            opened_at=_time(flag["opened_at"]),
            seen_at=None,
            ended_at=_time(flag["ended_at"]),
            ended_by=flag["ended_by"],
            sealed_reason=None if reason is None else desk.tx.seal(case_id, reason, "flags", flag["id"], "reason"),
        )
    )
    desk.tx.session.flush()

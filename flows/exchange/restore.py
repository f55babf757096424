"""An exported record back into the store, as it was: no time and no id of its own is added.

A record comes from outside, so everything that is stored from it is looked at first: what the program could not have written
is refused, whole, with the place and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any, get_args

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from flows.answers import Answers, Response, ResponseKind
from flows.conversation import FlagState, Interview
from flows.desk import Desk
from flows.exchange.fhir_questionnaire import Question, questions_of
from flows.exchange.record import SCHEMA, record_of
from flows.home_moves import LABEL_MAX, LABEL_MIN
from flows.interview_moves import clean
from flows.itinerary import STAGES, Person, Role
from flows.machines import INTERVIEW_STATES
from flows.storage import models
from flows.storage.engines import storage_error
from flows.storage.plans import StoredEdit
from scoring.case import case_from
from scoring.edits import edits_from
from scoring.problems import ContentError, Problem

ENCOUNTER_STATES = ("open", "finished", "entered_in_error")
#: What an import must give back as it was; the rest is made from it, and from the instrument in use.
KEPT = ("label", "born", "case_id", "created_at", "last_activity_at", "on_hold", "encounters", "flags")
#: Ids name folders, so they are plain.
_ID = re.compile(r"[0-9a-z]{1,32}")
NO_TIME = "is not a time with its zone"


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
        case_id = _Restorer(desk, file).case(record, clinician_id, case.born)
        _check_is_the_same(desk, case_id, record, file)
    except IntegrityError:
        raise ContentError(
            [Problem(file, "encounters", "holds an id twice, or one that is there already", "export the case again")]
        ) from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, SQLAlchemyError) as error:
        if isinstance(error, ContentError) or storage_error(error):
            raise
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else "is not as an export has it"
        raise ContentError([Problem(file, "encounters", what, "export the case again")]) from None
    return case_id


def _check_is_the_same(desk: Desk, case_id: str, record: dict[str, Any], file: str) -> None:
    """What was put in comes out again, and every encounter of it can be scored."""
    again = record_of(desk, case_id)
    if other := [name for name in KEPT if again[name] != record[name]]:
        raise ContentError([Problem(file, other[0], "would not come out as it is here", "export the case again")])
    for encounter in desk.cases.encounters(case_id):
        case_from(desk.case_json_of(encounter), desk.instrument, f"{file}: encounter {encounter.number}")


class _Restorer:
    """Writes a record's rows in one transaction; the first fault ends it."""

    def __init__(self, desk: Desk, file: str) -> None:
        self._desk = desk
        self._session = desk.tx.session
        self._file = file

    def _refuse(self, place: str, message: str, remedy: str = "export the case again") -> ContentError:
        return ContentError([Problem(self._file, place, message, remedy)])

    def _one_of(self, value: Any, allowed: Collection[str], place: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise self._refuse(place, "is none of the words it may be", f"write one of {', '.join(allowed)}")
        return value

    def _text(self, value: Any, place: str) -> str:
        if not isinstance(value, str):
            raise self._refuse(place, "is not text")
        return value

    def _id(self, value: Any, place: str) -> str:
        if not isinstance(value, str) or not _ID.fullmatch(value):
            raise self._refuse(place, "is not an id")
        return value

    def _at(self, value: Any, place: str) -> datetime:
        try:
            at = datetime.fromisoformat(self._text(value, place))
        except ValueError:
            raise self._refuse(place, NO_TIME) from None
        if at.tzinfo is None:
            raise self._refuse(place, NO_TIME)
        return at.astimezone(UTC)

    def _maybe_at(self, value: Any, place: str) -> datetime | None:
        return None if value is None else self._at(value, place)

    def case(self, record: dict[str, Any], clinician_id: str, born: date) -> str:
        desk = self._desk
        case_id, label = self._id(record["case_id"], "case_id"), record["label"]
        if not _is_label(label):
            raise self._refuse("label", "is no label", f"write a line of {LABEL_MIN} to {LABEL_MAX} characters")
        if desk.cases.has_case(case_id):
            raise self._refuse("case_id", f"{case_id} is there already", "erase it first, or leave it")
        if desk.cases.is_label_taken(clinician_id, label):
            raise self._refuse("label", "is in use by another case", "rename that case's label first")
        desk.cases.add_case(clinician_id, label, born, case_id)
        row = self._session.get_one(models.Case, case_id)
        row.created_at = self._at(record["created_at"], "created_at")
        row.last_activity_at = self._at(record["last_activity_at"], "last_activity_at")
        row.on_hold = record["on_hold"] is True
        for number, encounter in enumerate(record["encounters"]):
            self._encounter(case_id, born, encounter, f"encounters[{number}]")
        for number, flag in enumerate(record["flags"]):
            self._flag(case_id, flag, f"flags[{number}]")
        desk.tx.audit("operator", "case.imported", case_id)
        return case_id

    def _encounter(self, case_id: str, born: date, encounter: dict[str, Any], place: str) -> None:
        encounter_id = self._id(encounter["id"], f"{place}.id")
        on = date.fromisoformat(encounter["assessed"]) if encounter["assessed"] else None
        if on and on < born:
            raise self._refuse(f"{place}.assessed", "is before born", "put the dates in order")
        self._session.add(
            models.Encounter(
                id=encounter_id,
                case_id=case_id,
                number=self._number(encounter["number"], f"{place}.number"),
                state=self._one_of(encounter["state"], ENCOUNTER_STATES, f"{place}.state"),
                assessed=on,
                started_at=self._at(encounter["started_at"], f"{place}.started_at"),
                finished_at=self._maybe_at(encounter["finished_at"], f"{place}.finished_at"),
            )
        )
        self._session.flush()
        for number, interview in enumerate(encounter["interviews"]):
            self._interview(case_id, encounter_id, interview, f"{place}.interviews[{number}]")
        for number, result in enumerate(encounter["results"]):
            self._result(case_id, encounter_id, result, f"{place}.results[{number}]")
        self._session.flush()
        self._plan_edits(case_id, encounter_id, encounter, f"{place}.plan_edits")

    def _plan_edits(self, case_id: str, encounter_id: str, encounter: dict[str, Any], place: str) -> None:
        log = encounter.setdefault("plan_edits", [])  # an export from before plans could be edited has none
        edits_from([one["edit"] for one in log], self._desk.instrument.activity, f"{self._file}: {place}")
        for at, one in enumerate(log):
            edit = StoredEdit(
                number=self._number(one["number"], f"{place}[{at}].number"),
                result=self._number(one["result"], f"{place}[{at}].result"),
                at=self._at(one["at"], f"{place}[{at}].at"),
                by=self._id(one["by"], f"{place}[{at}].by"),
                body=one["edit"],
            )
            self._desk.plans.put(case_id, encounter_id, edit)

    def _number(self, value: Any, place: str) -> int:
        if type(value) is not int or not 1 <= value < 2**31:
            raise self._refuse(place, "is not a number from 1")
        return value

    def _result(self, case_id: str, encounter_id: str, result: dict[str, Any], place: str) -> None:
        number = self._number(result["number"], f"{place}.number")
        case_from(result["case"], self._desk.instrument, f"{self._file}: {place}.case")
        self._session.add(
            models.Result(
                encounter_id=encounter_id,
                number=number,
                instrument_version=self._text(result["instrument_version"], f"{place}.instrument_version"),
                instrument_sha256=self._text(result["instrument_sha256"], f"{place}.instrument_sha256"),
                sealed_case=self._desk.tx.seal(case_id, result["case"], "results", encounter_id, str(number)),
                made_at=self._at(result["made_at"], f"{place}.made_at"),
            )
        )

    def _informant(self, case_id: str, who: dict[str, Any], place: str) -> str:
        informant_id = self._id(who["id"], f"{place}.id")
        row = self._session.get(models.Informant, informant_id)
        if row is not None and row.case_id != case_id:
            raise self._refuse(f"{place}.id", "is an informant of another case")
        if row is None:
            if not isinstance(who["words"], dict):
                raise self._refuse(f"{place}.words", "is not an object")
            self._session.add(
                models.Informant(
                    id=informant_id,
                    case_id=case_id,
                    role=self._one_of(who["role"], get_args(Role), f"{place}.role"),
                    account_id=None,
                    sealed_words=self._desk.tx.seal(case_id, who["words"], "informants", informant_id, "words"),
                    created_at=self._at(who["created_at"], f"{place}.created_at"),
                )
            )
            self._session.flush()
        return informant_id

    def _response(self, given: dict[str, Any], questions: Mapping[str, Question], place: str) -> Response:
        value, note = given["value"], given["note"]
        if not (value is None or isinstance(value, bool | str) or type(value) is int):
            raise self._refuse(f"{place}.value", "is no answer")
        kind = self._one_of(given["kind"], get_args(ResponseKind), f"{place}.kind")
        question = questions.get(self._text(given["item"], f"{place}.item"))
        if kind in ("answer", "agreed") and question is not None and not question.allows(value):
            raise self._refuse(f"{place}.value", "is no answer to that item")
        if kind == "note" or note is not None:
            self._text(note, f"{place}.note")
        return Response(
            item=given["item"],
            kind=kind,  # type: ignore[arg-type]
            value=value,
            label=self._text(given["label"], f"{place}.label"),
            text=self._text(given["text"], f"{place}.text"),
            is_bulk=given["bulk"] is True,
            note=note,
        )

    def _interview(self, case_id: str, encounter_id: str, interview: dict[str, Any], place: str) -> None:
        interview_id = self._id(interview["id"], f"{place}.id")
        informant_id = self._informant(case_id, interview["informant"], f"{place}.informant")
        seal = self._desk.tx.seal
        role = self._session.get_one(models.Informant, informant_id).role
        questions = questions_of(self._one_of(role, get_args(Role), place), self._desk.instrument)  # type: ignore[arg-type]
        answers = Answers()
        rows = []
        for number, given in enumerate(interview["responses"], start=1):
            there = f"{place}.responses[{number - 1}]"
            response = self._response(given, questions, there)
            answers.take(response)
            sealed = seal(case_id, asdict(response), "responses", interview_id, str(number))
            at = self._at(given["at"], f"{there}.at")
            rows.append(models.Response(interview_id=interview_id, number=number, at=at, sealed_body=sealed))
        snapshot = {**self._stands_at(interview["stands_at"], f"{place}.stands_at"), "answers": answers.to_json()}
        resume = interview["resume_state"]
        self._session.add(
            models.Interview(
                id=interview_id,
                encounter_id=encounter_id,
                informant_id=informant_id,
                state=self._one_of(interview["state"], INTERVIEW_STATES, f"{place}.state"),
                resume_state=None if resume is None else self._one_of(resume, STAGES, f"{place}.resume_state"),
                sealed_snapshot=seal(case_id, snapshot, "interviews", interview_id, "snapshot"),
                responses_count=len(rows),
                reminders_sent=0,
                wants_reminders=role == "clinician",  # of anybody else there is no account here to remind
                instrument_version=self._text(interview["instrument_version"], f"{place}.instrument_version"),
                started_at=self._at(interview["started_at"], f"{place}.started_at"),
                updated_at=self._at(interview["updated_at"], f"{place}.updated_at"),
                finished_at=self._maybe_at(interview["finished_at"], f"{place}.finished_at"),
            )
        )
        self._session.flush()
        self._session.add_all(rows)
        self._session.flush()

    def _stands_at(self, given: Any, place: str) -> dict[str, Any]:
        """Where an interview stands, with just the fields that a snapshot has, each of its kind."""
        known = standing()
        if not isinstance(given, dict) or set(given) - set(known):
            raise self._refuse(place, "is not what an interview stands at")
        for name, value in given.items():
            if type(value) is not type(known[name]):
                raise self._refuse(f"{place}.{name}", f"is not a {type(known[name]).__name__}")
        if given.get("section", "") not in ("", "notes", *STAGES):
            raise self._refuse(f"{place}.section", "is no section of an interview")
        return given

    def _flag(self, case_id: str, flag: dict[str, Any], place: str) -> None:
        flag_id = self._id(flag["id"], f"{place}.id")
        body = {
            "question": self._one_of(
                flag["question"], list(self._desk.instrument.safety_question), f"{place}.question"
            ),
            "words": self._text(flag["words"], f"{place}.words"),
        }
        reason = flag["reason"] if flag["reason"] is None else self._text(flag["reason"], f"{place}.reason")
        ended_by = flag["ended_by"] if flag["ended_by"] is None else self._id(flag["ended_by"], f"{place}.ended_by")
        seal = self._desk.tx.seal
        self._session.add(
            models.Flag(
                id=flag_id,
                case_id=case_id,
                encounter_id=flag["encounter"],
                interview_id=flag["interview"],
                informant_id=flag["informant"],
                state=self._one_of(flag["state"], get_args(FlagState), f"{place}.state"),
                sealed_body=seal(case_id, body, "flags", flag_id, "body"),
                raised_at=self._at(flag["raised_at"], f"{place}.raised_at"),
                opened_at=self._maybe_at(flag["opened_at"], f"{place}.opened_at"),
                seen_at=None,
                ended_at=self._maybe_at(flag["ended_at"], f"{place}.ended_at"),
                ended_by=ended_by,
                sealed_reason=None if reason is None else seal(case_id, reason, "flags", flag_id, "reason"),
            )
        )
        self._session.flush()


def _is_label(label: Any) -> bool:
    """Whether a case could have been given this label in a chat."""
    return (
        isinstance(label, str) and LABEL_MIN <= len(label) <= LABEL_MAX and " ".join(clean(label, 200).split()) == label
    )


def standing(at: str = "") -> dict[str, Any]:
    """What the snapshot of an interview that has just been opened keeps beside its answers."""
    return Interview(
        id="",
        encounter_id="",
        case_id="",
        informant_id="",
        role="clinician",
        person=Person("", date.min, date.min),
        state="",
        resume_state=None,
        answers=Answers(),
        flags=[],
        is_dated=False,
        at=at,
    ).settings_json()

"""A FHIR QuestionnaireResponse to a questionnaire of ours, read back into responses, and into a record that can be imported.

Whatever program filled it in: only what our items can be answered with is taken, and all faults are said with the item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from pydantic import ValidationError

from flows.answers import Response, ResponseKind
from flows.exchange.fhir_questionnaire import Question, groups_of, questions_of
from flows.exchange.fhir_terms import (
    ABSENT_REASON,
    BULK,
    BUTTON,
    INFORMANT_ID,
    LABEL_ID,
    NOTE,
    QUESTIONNAIRE,
    SET_ASIDE,
    role_of,
)
from flows.exchange.record import SCHEMA, iso
from flows.exchange.restore import standing
from flows.itinerary import Role
from scoring.case import SCHEMA as CASE_SCHEMA
from scoring.instrument import Instrument
from scoring.problems import ContentError, Problem

#: The letters of our ids: no vowels, nothing that looks like another.
_ID_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
_LABELS = {"not_sure": "Not sure", "skipped": "Skip"}
_KIND_OF: dict[str, ResponseKind] = {"asked-declined": "skipped"}
_VALUES = {"boolean": "valueBoolean", "integer": "valueInteger", "string": "valueString", "text": "valueString"}
_WANTED = {"boolean": "true or false", "string": "a text", "text": "a text"}
MAX_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Given:
    """One questionnaire response: who answered, when, and what."""

    id: str
    role: Role
    version: str
    state: Literal["finished", "paused", "withdrawn"]
    authored: datetime
    informant: str
    encounter: str
    responses: tuple[Response, ...]


def questionnaire_answers(content: Any, instrument: Instrument, file: str = "file") -> list[Response]:
    """The answers of a QuestionnaireResponse, or of a Bundle's latest one of the clinician's (of anybody's where there is none).

    Parameters
    ----------
    content : parsed JSON
    file : its name, for the faults

    Raises
    ------
    ContentError
        When it is neither, is no answer to a questionnaire of ours, or an item's answer is none that it can have.
    """
    given = _latest(responses_in(content, instrument, file))
    clinicians = [g for g in given if g.role == "clinician"]
    return list((clinicians or given)[-1].responses)


def is_fhir(content: Any) -> bool:
    return isinstance(content, dict) and "resourceType" in content


def responses_in(content: Any, instrument: Instrument, file: str) -> list[Given]:
    """Every response to a questionnaire of ours that was not entered in error, oldest first."""
    kind = content.get("resourceType") if isinstance(content, dict) else None
    if kind not in ("Bundle", "QuestionnaireResponse"):
        raise _fault(file, "resourceType", "is no Bundle and no QuestionnaireResponse", "give one of the two")
    found = [
        resource
        for resource in _resources(content, file)
        if resource.get("resourceType") == "QuestionnaireResponse" and resource.get("status") != "entered-in-error"
    ]
    given = [_Reader(resource, instrument, file).given() for resource in found]
    if not given:
        raise _fault(file, "entry", "holds no QuestionnaireResponse that counts", f"answer {QUESTIONNAIRE}")
    return sorted(given, key=lambda g: g.authored)


def _resources(content: dict[str, Any], file: str) -> list[dict[str, Any]]:
    if content["resourceType"] != "Bundle":
        return [content]
    entries = content.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise _fault(file, "entry", "is not a list of entries", "write a FHIR R4 Bundle")
    return [e["resource"] for e in entries if isinstance(e.get("resource"), dict)]


def _latest(given: list[Given]) -> list[Given]:
    """Those of the latest encounter (all are of one where none is named), with the clinician's last one only."""
    of_latest = [g for g in given if g.encounter == given[-1].encounter]
    clinicians = [g for g in of_latest if g.role == "clinician"]
    return [g for g in of_latest if g not in clinicians[:-1]]


def _fault(file: str, place: str, message: str, remedy: str) -> ContentError:
    return ContentError([Problem(file, place, message, remedy)])


class _Reader:
    """Reads one response, collecting every fault of its items."""

    def __init__(self, resource: dict[str, Any], instrument: Instrument, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []
        try:
            QuestionnaireResponse.model_validate(resource)
        except (ValidationError, RecursionError) as error:
            raise _fault(file, _place(error), "is not as FHIR R4 has it", "write a QuestionnaireResponse") from None
        self._resource = resource
        address, _, version = resource.get("questionnaire", "").partition("|")
        role = role_of(address)
        if role is None:
            raise _fault(file, "questionnaire", "is not one of this instrument", f"answer {QUESTIONNAIRE}")
        self._role: Role = role
        self._version = version or instrument.version
        self._questions = questions_of(role, instrument)
        self._groups = {group.item for group in groups_of(role, instrument)}
        self._seen: set[str] = set()

    def given(self) -> Given:
        resource = self._resource
        responses = [*self._items(resource.get("item", [])), *self._aside(), *self._notes()]
        authored = self._authored()
        if self._problems:
            raise ContentError(self._problems)
        states: dict[str, Literal["finished", "withdrawn"]] = {
            "completed": "finished",
            "amended": "finished",
            "stopped": "withdrawn",
        }
        by_id = resource.get("source", {}).get("identifier", {})
        own_id = str(resource.get("id") or _digest(repr(resource)))
        # who is not named by an id of ours is taken for somebody else in each response
        named = by_id.get("value") if by_id.get("system") == INFORMANT_ID else None
        return Given(
            id=own_id,
            role=self._role,
            version=self._version,
            state=states.get(resource.get("status", ""), "paused"),
            authored=authored,
            informant=f"{self._role}/{named or own_id}",
            encounter=str(resource.get("encounter", {}).get("reference", "")),
            responses=tuple(responses),
        )

    def _problem(self, place: str, message: str, remedy: str) -> None:
        self._problems.append(Problem(self._file, place, message, remedy))

    def _authored(self) -> datetime:
        """When it was answered; a day alone is taken as its beginning in UTC."""
        text = self._resource.get("authored", "")
        try:
            at = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            self._problem("authored", "is missing or not a day", "write when it was answered")
            return datetime.min.replace(tzinfo=UTC)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)

    def _items(self, items: list[dict[str, Any]]) -> Iterator[Response]:
        for item in items:
            name = item["linkId"]
            question = self._questions.get(name)
            if question is not None:
                if name in self._seen:
                    self._problem(f"item {name}", "is answered twice", "keep one of them")
                self._seen.add(name)
                if (response := self._response(item, question)) is not None:
                    yield response
            elif name not in self._groups:
                self._problem(f"item {_clip(name)}", "is not an item of the questionnaire", f"see {QUESTIONNAIRE}")
            yield from self._items(item.get("item", []))

    def _response(self, item: Mapping[str, Any], question: Question) -> Response | None:
        extensions = {e["url"]: e for e in item.get("extension", [])}
        answers = item.get("answer", [])
        text = item.get("text") or question.text
        is_bulk = extensions.get(BULK, {}).get("valueBoolean") is True
        shown = extensions.get(BUTTON, {}).get("valueString")
        if not answers:
            reason = extensions.get(ABSENT_REASON, {}).get("valueCode")
            if reason is None:
                return None  # never reached
            kind = _KIND_OF.get(reason, "not_sure")
            label = _LABELS[kind] if shown is None else shown
            return Response(question.item, kind, None, label, text, is_bulk)
        if len(answers) > 1:
            self._problem(f"item {question.item}", "has several answers", "keep one of them")
            return None
        known = self._value(answers[0], question)
        if known is None:
            return None
        value, words = known
        if question.item == "about.more":  # what a chat keeps as a note, for the clinician to read
            return Response(question.item, "note", None, "", text, note=str(value))
        kind = "agreed" if question.item == "consent" else "answer"
        return Response(question.item, kind, value, words if shown is None else shown, text, is_bulk)

    def _value(self, answer: Mapping[str, Any], question: Question) -> tuple[bool | int | str, str] | None:
        """The value of an answer and the words for it; `None`, and a fault, where the item cannot have it."""
        if question.kind == "choice":
            coding = answer.get("valueCoding", {})
            if coding.get("system", question.system) == question.system:
                for choice in question.choices:
                    if choice.code == coding.get("code"):
                        return choice.value, choice.words
            codes = ", ".join(choice.code for choice in question.choices)
            self._problem(f"item {question.item}", "has an answer it cannot have", f"write one of the codes {codes}")
            return None
        value = answer.get(_VALUES[question.kind])
        wanted = _WANTED.get(question.kind, f"a whole number from {question.low} to {question.high}")
        if question.kind == "boolean" and isinstance(value, bool):
            return value, "Yes" if value else "No"
        if question.kind in ("string", "text") and isinstance(value, str) and len(value) <= MAX_TEXT:
            return value, value
        if question.kind == "integer" and type(value) is int and _is_within(value, question):
            return value, str(value)
        self._problem(f"item {question.item}", "has an answer it cannot have", f"write {wanted}")
        return None

    def _aside(self) -> Iterator[Response]:
        for extension in self._resource.get("extension", []):
            if extension["url"] == SET_ASIDE:
                item = extension.get("valueString", "")
                if self._role != "clinician" or not item.startswith("functions.") or item not in self._questions:
                    self._problem("extension set-aside", "names no function", "name a function's item")
                    continue
                yield Response(item, "set_aside", None, "Set aside", self._questions[item].text)

    def _notes(self) -> Iterator[Response]:
        for extension in self._resource.get("extension", []):
            if extension["url"] == NOTE:
                parts = {e["url"]: e.get("valueString") for e in extension.get("extension", [])}
                item, note = parts.get("item"), parts.get("text")
                if not item or not note or len(note) > MAX_TEXT:
                    self._problem("extension note", "has no item or no text", "write both, at most 4,000 characters")
                    continue
                text = self._questions[item].text if item in self._questions else item
                yield Response(item, "note", None, "", text, note=note)


def _is_within(value: int, question: Question) -> bool:
    return (question.low is None or question.low <= value) and (question.high is None or value <= question.high)


def _place(error: Exception) -> str:
    if isinstance(error, ValidationError) and error.errors():
        return ".".join(str(part) for part in error.errors()[0]["loc"][:6])
    return "QuestionnaireResponse"


def _clip(text: str) -> str:
    flat = "".join(c if c.isprintable() else "?" for c in text)
    return flat if len(flat) <= 40 else flat[:39] + "…"


# --- as a record -----------------------------------------------------------------------------------------------------


def record_from(
    content: Any, instrument: Instrument, file: str, *, label: str | None = None, born: date | None = None
) -> dict[str, Any]:
    """A FHIR Bundle or QuestionnaireResponse as a record: a case with the latest encounter in it, open, to be looked through.

    Ids are derived from the file's, so that the same file is not taken in twice. Danger that was answered yes is a flag again,
    whatever became of it where the file was made.

    Parameters
    ----------
    label, born : of the case; those of the Patient in the file where they are `None`

    Raises
    ------
    ContentError
        As `questionnaire_answers`, and when label or date of birth stand neither there nor here.
    """
    given = _latest(responses_in(content, instrument, file))
    patient = next((r for r in _resources(content, file) if r.get("resourceType") == "Patient"), {})
    label = label or _label_of(patient)
    if not label:
        raise _fault(file, "Patient.identifier", "gives no label", "give one with --label")
    born = born or _birth_of(patient, file)
    clinicians = [g for g in given if g.role == "clinician"]
    root = _digest(str(patient.get("id") or given[-1].id), given[-1].encounter)
    first, last = iso(given[0].authored), iso(given[-1].authored)
    encounter_id = _digest(root, "encounter")
    interviews = [_interview(g, root, instrument) for g in given]
    dated = clinicians[-1].authored.date().isoformat() if clinicians else None
    return {
        "schema": CASE_SCHEMA,
        "label": label,
        "born": born.isoformat(),
        "assessed": dated or given[-1].authored.date().isoformat(),
        "record": SCHEMA,
        "case_id": root,
        "created_at": first,
        "last_activity_at": last,
        "on_hold": False,
        "encounters": [
            {
                "id": encounter_id,
                "number": 1,
                "state": "open",
                "assessed": dated,
                "started_at": first,
                "finished_at": None,
                "interviews": interviews,
                "results": [],
            }
        ],
        "flags": [flag for i in interviews for flag in _flags(i, encounter_id)],
    }


def _interview(given: Given, root: str, instrument: Instrument) -> dict[str, Any]:
    """An interview to be gone on with: a clinician's stands at its review, paused; a carer's stays as it was."""
    at = iso(given.authored)
    is_clinician = given.role == "clinician"
    state = "paused" if is_clinician else given.state
    return {
        "id": _digest(root, given.id),
        "informant": {
            "id": _digest(root, given.informant),
            "role": given.role,
            "words": {},
            "created_at": at,
        },
        "state": state,
        "resume_state": "review" if state == "paused" else None,
        "stands_at": standing("review"),
        "instrument_version": given.version or instrument.version,
        "started_at": at,
        "updated_at": at,
        "finished_at": at if state == "finished" else None,
        "responses": [
            {
                **{name: value for name, value in asdict(response).items() if name != "is_bulk"},
                "bulk": response.is_bulk,
                "informant": given.role,
                "at": at,
                "superseded": False,
            }
            for response in given.responses
        ],
        "set_aside": [r.item for r in given.responses if r.kind == "set_aside"],
    }


def _flags(interview: dict[str, Any], encounter_id: str) -> Iterator[dict[str, Any]]:
    for row in interview["responses"]:
        if row["item"].startswith("safety.") and row["value"] is True:
            question = row["item"].removeprefix("safety.")
            yield {
                "id": _digest(interview["id"], question),
                "question": question,
                "words": row["text"],
                "state": "open",
                "encounter": encounter_id,
                "interview": interview["id"],
                "informant": interview["informant"]["id"],
                "raised_by": interview["informant"]["role"],
                "raised_at": row["at"],
                "opened_at": row["at"],
                "ended_at": None,
                "ended_by": None,
                "reason": None,
            }


def _label_of(patient: Mapping[str, Any]) -> str | None:
    identifiers = patient.get("identifier", [])
    if not isinstance(identifiers, list):
        return None
    ours = (i.get("value") for i in identifiers if isinstance(i, dict) and i.get("system") == LABEL_ID)
    return next((value for value in ours if isinstance(value, str) and value), None)


def _birth_of(patient: Mapping[str, Any], file: str) -> date:
    try:
        return date.fromisoformat(patient.get("birthDate", ""))
    except (TypeError, ValueError):
        raise _fault(file, "Patient.birthDate", "gives no day of birth", "give one with --born YYYY-MM-DD") from None


def _digest(*parts: str) -> str:
    """An id of our kind, derived."""
    number = int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest())
    letters = []
    for _ in range(10):
        number, place = divmod(number, len(_ID_LETTERS))
        letters.append(_ID_LETTERS[place])
    return "".join(letters)

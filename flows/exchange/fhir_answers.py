"""A FHIR QuestionnaireResponse to a questionnaire of ours, read back into the responses it was given.

Whatever program filled it in: only what our items can be answered with is taken, and all faults are said with the item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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
    NOTE,
    QUESTIONNAIRE,
    SET_ASIDE,
    role_of,
)
from flows.interview_moves import MAX_NOTE
from flows.itinerary import Role
from scoring.instrument import Instrument
from scoring.problems import ContentError, Problem

#: The letters of our ids: no vowels, nothing that looks like another.
ID_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
_LABELS = {"not_sure": "Not sure", "skipped": "Skip"}
_KIND_OF: dict[str, ResponseKind] = {"asked-declined": "skipped"}
_VALUES = {"boolean": "valueBoolean", "integer": "valueInteger", "string": "valueString", "text": "valueString"}
_A_TEXT = f"a text of at most {MAX_NOTE:,} characters"
_WANTED = {"boolean": "true or false", "string": _A_TEXT, "text": _A_TEXT}
#: What a status says of an interview here; entered in error is left out before anything is read.
_STATES: dict[str, Literal["finished", "paused", "withdrawn"]] = {
    "in-progress": "paused",
    "completed": "finished",
    "amended": "finished",
    "stopped": "withdrawn",
}


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
    given = latest_of(responses_in(content, instrument, file))
    clinicians = [g for g in given if g.role == "clinician"]
    return list((clinicians or given)[-1].responses)


def responses_in(content: Any, instrument: Instrument, file: str) -> list[Given]:
    """Every response to a questionnaire of ours that was not entered in error, oldest first."""
    kind = content.get("resourceType") if isinstance(content, dict) else None
    if kind not in ("Bundle", "QuestionnaireResponse"):
        raise fault(file, "resourceType", "is no Bundle and no QuestionnaireResponse", "give one of the two")
    found = [
        resource
        for resource in resources_in(content, file)
        if resource.get("resourceType") == "QuestionnaireResponse" and resource.get("status") != "entered-in-error"
    ]
    given = [_Reader(resource, instrument, file).given() for resource in found]
    if not given:
        raise fault(file, "entry", "holds no QuestionnaireResponse that counts", f"answer {QUESTIONNAIRE}")
    return sorted(given, key=lambda g: g.authored)


def resources_in(content: dict[str, Any], file: str) -> list[dict[str, Any]]:
    if content["resourceType"] != "Bundle":
        return [content]
    entries = content.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise fault(file, "entry", "is not a list of entries", "write a FHIR R4 Bundle")
    return [e["resource"] for e in entries if isinstance(e.get("resource"), dict)]


def latest_of(given: list[Given]) -> list[Given]:
    """Those of the latest encounter (all are of one where none is named), with the clinician's last one only."""
    of_latest = [g for g in given if g.encounter == given[-1].encounter]
    last = max((place for place, g in enumerate(of_latest) if g.role == "clinician"), default=None)
    return [g for place, g in enumerate(of_latest) if g.role != "clinician" or place == last]


def fault(file: str, place: str, message: str, remedy: str) -> ContentError:
    return ContentError([Problem(file, place, message, remedy)])


class _Reader:
    """Reads one response, collecting every fault of its items."""

    def __init__(self, resource: dict[str, Any], instrument: Instrument, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []
        try:
            QuestionnaireResponse.model_validate(resource)
            resource = _without_nulls(resource)
        except (ValidationError, RecursionError) as error:
            raise fault(file, _place(error), "is not as FHIR R4 has it", "write a QuestionnaireResponse") from None
        self._resource = resource
        address, _, version = resource.get("questionnaire", "").partition("|")
        role = role_of(address)
        if role is None:
            raise fault(file, "questionnaire", "is not one of this instrument", f"answer {QUESTIONNAIRE}")
        self._role: Role = role
        self._version = version or instrument.version
        self._questions = questions_of(role, instrument)
        self._groups = {group.item for group in groups_of(role, instrument)}
        self._seen: set[str] = set()

    def given(self) -> Given:
        resource = self._resource
        responses = [*self._items(resource.get("item", [])), *self._aside(), *self._notes()]
        authored = self._authored()
        if resource["status"] not in _STATES:
            self._problem("status", "is none of R4's", f"write one of {', '.join(_STATES)}")
        if self._problems:
            raise ContentError(self._problems)
        by_id = resource.get("source", {}).get("identifier", {})
        own_id = str(resource.get("id") or digest(repr(resource)))
        # who is not named by an id of ours is taken for somebody else in each response
        named = by_id.get("value") if by_id.get("system") == INFORMANT_ID else None
        return Given(
            id=own_id,
            role=self._role,
            version=self._version,
            state=_STATES[resource["status"]],
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
            return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError):  # a zone can lead out of the calendar
            self._problem("authored", "is missing or not a day", "write when it was answered")
            return datetime.min.replace(tzinfo=UTC)

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
            for answer in item.get("answer", []):  # R4 lets items stand below an answer too
                yield from self._items(answer.get("item", []))

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
        if question.kind in ("string", "text") and isinstance(value, str) and len(value) <= MAX_NOTE:
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
                if not item or not note or len(note) > MAX_NOTE:
                    self._problem(
                        "extension note", "has no item or no text", f"write both, at most {MAX_NOTE:,} characters"
                    )
                    continue
                text = self._questions[item].text if item in self._questions else item
                yield Response(item, "note", None, "", text, note=note)


def _without_nulls(value: Any) -> Any:
    """The same without what is null, which says nothing: the models let it pass, wherever it stands."""
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_without_nulls(part) for part in value if part is not None]
    return value


def _is_within(value: int, question: Question) -> bool:
    return (question.low is None or question.low <= value) and (question.high is None or value <= question.high)


def _place(error: Exception) -> str:
    if isinstance(error, ValidationError) and error.errors():
        return ".".join(str(part) for part in error.errors()[0]["loc"][:6])
    return "QuestionnaireResponse"


def _clip(text: str) -> str:
    flat = "".join(c if c.isprintable() else "?" for c in text)
    return flat if len(flat) <= 40 else flat[:39] + "…"


def digest(*parts: str) -> str:
    """An id of our kind, derived."""
    number = int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest())
    letters = []
    for _ in range(10):
        number, place = divmod(number, len(ID_LETTERS))
        letters.append(ID_LETTERS[place])
    return "".join(letters)

"""An interview of a record as a FHIR QuestionnaireResponse: what counts of it, with what is not known said as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.exchange.fhir_questionnaire import Question, coding, groups_of, questions_of
from flows.exchange.fhir_terms import (
    ABSENT_REASON,
    BULK,
    BUTTON,
    INFORMANT_ID,
    INTERVIEW_ID,
    NOTE,
    SET_ASIDE,
    WHY_ABSENT,
    canonical,
    id_of,
    reference,
)
from flows.itinerary import Role
from flows.labels import who
from scoring.documents.words import capital
from scoring.instrument import Instrument

#: Kinds of response that answer an item, be it with not knowing.
ANSWERING = ("answer", "not_sure", "skipped", "agreed")
STATUS = {"finished": "completed", "withdrawn": "stopped"}
WHO = {"clinician": "Practitioner", "carer": "RelatedPerson", "school": "RelatedPerson"}


def response_id(interview_id: str) -> str:
    return id_of("interview", interview_id)


def questionnaire_response(
    interview: Mapping[str, Any],
    encounter: Mapping[str, Any],
    instrument: Instrument,
    *,
    patient: str,
    encounter_ref: str,
) -> dict[str, Any]:
    """The response of one interview.

    Parameters
    ----------
    interview, encounter : as `flows.exchange.record.record_of` makes them
    patient, encounter_ref : ids of those resources
    """
    role: Role = interview["informant"]["role"]
    current: dict[str, dict[str, Any]] = {}
    for row in interview["responses"]:
        if row["kind"] in ANSWERING:
            current[row["item"]] = row
        elif row["kind"] == "slip":
            current.pop(row["item"], None)  # tapped by mistake: the question is open again
    response = {
        "resourceType": "QuestionnaireResponse",
        "id": response_id(interview["id"]),
        "language": "en",
        "extension": _aside(interview) + _notes(interview),
        "identifier": {"system": INTERVIEW_ID, "value": interview["id"]},
        "questionnaire": f"{canonical(role)}|{interview['instrument_version']}",
        "status": _status(interview, encounter),
        "subject": reference(patient),
        "encounter": reference(encounter_ref),
        "authored": interview["updated_at"],
        "source": source(interview["informant"], patient),
        "item": _items(role, current, instrument),
    }
    return {name: value for name, value in response.items() if value != []}


def source(informant: Mapping[str, Any], patient: str) -> dict[str, Any]:
    """Who answered: the patient, or somebody known by an id and by what they are to the patient, never by a name."""
    role = informant["role"]
    if role == "self":
        return reference(patient)
    return {
        "type": WHO[role],
        "identifier": {"system": INFORMANT_ID, "value": informant["id"]},
        "display": capital(who(role)),
    }


def _status(interview: Mapping[str, Any], encounter: Mapping[str, Any]) -> str:
    if encounter["state"] == "entered_in_error":
        return "entered-in-error"
    status = STATUS.get(interview["state"], "in-progress")
    finished = interview["finished_at"]
    if status == "completed" and any(r["at"] > finished for r in interview["responses"]):
        return "amended"
    return status


def _aside(interview: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Functions whose rating something else explains; they count nowhere."""
    return [{"url": SET_ASIDE, "valueString": item} for item in interview["set_aside"]]


def _notes(interview: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Notes with the item or screen they were written on."""
    return [
        {
            "url": NOTE,
            "extension": [
                {"url": "item", "valueString": row["item"]},
                {"url": "text", "valueString": row["note"]},
            ],
        }
        for row in interview["responses"]
        if row["kind"] == "note"
    ]


def _items(role: Role, current: Mapping[str, dict[str, Any]], instrument: Instrument) -> list[dict[str, Any]]:
    questions = questions_of(role, instrument)
    items = []
    for group in groups_of(role, instrument):
        answered = [_item(current[q.item], q) for q in group.questions if q.item in current]
        if answered:
            items.append({"linkId": group.item, "text": group.text, "item": answered})
    # what another version of the instrument asked is kept, by its own id
    return items + [_item(row, None) for item, row in current.items() if item not in questions]


def _item(row: Mapping[str, Any], question: Question | None) -> dict[str, Any]:
    extension: list[dict[str, Any]] = []
    if row["kind"] in WHY_ABSENT:
        extension.append({"url": ABSENT_REASON, "valueCode": WHY_ABSENT[row["kind"]]})
    if row["label"]:
        extension.append({"url": BUTTON, "valueString": row["label"]})
    if row["bulk"]:
        extension.append({"url": BULK, "valueBoolean": True})
    item = {
        "extension": extension,
        "linkId": row["item"],
        "text": row["text"],
        "answer": [] if row["value"] is None else [_answer(row["value"], question)],
    }
    return {name: value for name, value in item.items() if value not in ([], "")}


def _answer(value: bool | int | str, question: Question | None) -> dict[str, Any]:
    choice = next((c for c in question.choices if c.value == value), None) if question else None
    if question and choice:
        return {"valueCoding": coding(question, choice)}
    if isinstance(value, bool):
        return {"valueBoolean": value}
    return {"valueInteger": value} if isinstance(value, int) else {"valueString": value}

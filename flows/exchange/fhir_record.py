"""A FHIR file as a record that can be imported: a case with the latest encounter in it, open, to be looked through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from flows.exchange.fhir_answers import Given, digest, fault, latest_of, resources_in, responses_in
from flows.exchange.fhir_terms import LABEL_ID
from flows.exchange.record import SCHEMA, iso
from flows.exchange.restore import standing
from scoring.case import SCHEMA as CASE_SCHEMA
from scoring.instrument import Instrument


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
    given = latest_of(responses_in(content, instrument, file))
    patient = next((r for r in resources_in(content, file) if r.get("resourceType") == "Patient"), {})
    label = label or _label_of(patient)
    if not label:
        raise fault(file, "Patient.identifier", "gives no label", "give one with --label")
    born = born or _birth_of(patient, file)
    clinicians = [g for g in given if g.role == "clinician"]
    root = digest(str(patient.get("id") or given[-1].id), given[-1].encounter)
    first, last = iso(given[0].authored), iso(given[-1].authored)
    encounter_id = digest(root, "encounter")
    # in the order in which an export gives them, also those of the same instant
    ordered = sorted(given, key=lambda g: (g.authored, digest(root, g.id)))
    interviews = [_interview(g, root, instrument) for g in ordered]
    flags = [(g.authored, flag) for g, i in zip(ordered, interviews, strict=True) for flag in _flags(i, encounter_id)]
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
        "flags": [flag for _, flag in sorted(flags, key=lambda one: (one[0], one[1]["id"]))],
    }


def _interview(given: Given, root: str, instrument: Instrument) -> dict[str, Any]:
    """An interview to be gone on with: a clinician's stands at its review, paused; a carer's stays as it was."""
    at = iso(given.authored)
    is_clinician = given.role == "clinician"
    state = "paused" if is_clinician else given.state
    return {
        "id": digest(root, given.id),
        "informant": {
            "id": digest(root, given.informant),
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
                "id": digest(interview["id"], question),
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
        raise fault(file, "Patient.birthDate", "gives no day of birth", "give one with --born YYYY-MM-DD") from None

"""A whole case as a FHIR R4 Bundle, made through the models of `fhir.resources`.

Those models are R4B's; only elements that are the same in R4 (4.0.1) are used, and the tests check what comes out against R4
with another library. Nothing in a bundle depends on when it is made: ids are derived, times are the record's.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir.resources.R4B.bundle import Bundle

from flows.exchange.fhir_extensions import extension_definitions
from flows.exchange.fhir_questionnaire import questionnaire
from flows.exchange.fhir_responses import questionnaire_response, response_id, source
from flows.exchange.fhir_scores import Measured, observations
from flows.exchange.fhir_terms import (
    ACT_CODE,
    ENCOUNTER_ID,
    INSTRUMENT_ID,
    LABEL_ID,
    MEDIA_TYPE,
    PARTICIPANT,
    ROLES,
    SCORE,
    concept,
    id_of,
    reference,
)
from scoring.instrument import Instrument
from scoring.result import Result

ENCOUNTER_STATUS = {"open": "in-progress", "finished": "finished", "entered_in_error": "entered-in-error"}
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """A result that goes with a bundle, and what was drawn of it.

    Attributes
    ----------
    number : of the result within its encounter, `None` for one of an encounter that is not finished
    made_at : when it was made, as the record has it
    pictures : PNG bytes by title
    """

    result: Result
    encounter_id: str
    number: int | None
    made_at: str
    pdf: bytes
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def to_fhir(record: dict[str, Any], instrument: Instrument, report: Report | None) -> bytes:
    """A record as the JSON of a FHIR Bundle.

    Parameters
    ----------
    record : as `flows.exchange.record.record_of` makes it
    report : the latest result; `None` where no encounter has begun
    """
    bundle = Bundle.model_validate(bundle_of(record, instrument, report))
    content = json.loads(bundle.model_dump_json())
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def bundle_of(record: dict[str, Any], instrument: Instrument, report: Report | None) -> Resource:
    """The same as plain data, before the models have looked at it."""
    patient = id_of("case", record["case_id"])
    resources: list[Resource] = [
        {
            "resourceType": "Patient",
            "id": patient,
            "identifier": [{"system": LABEL_ID, "value": record["label"]}],
            "birthDate": record["born"],
        }
    ]
    roles = {i["informant"]["role"] for e in record["encounters"] for i in e["interviews"]}
    questionnaires = [questionnaire(role, instrument) for role in ROLES if role in roles | {"clinician"}]
    defined = [*questionnaires, *extension_definitions(instrument.version)]
    for encounter in record["encounters"]:
        resources.append(_encounter(encounter, patient))
        for interview in encounter["interviews"]:
            resources += _interview(interview, encounter, instrument, patient)
    if report:
        resources += _report(report, record, patient)
    return {
        "resourceType": "Bundle",
        "id": id_of("bundle", record["case_id"]),
        "type": "collection",
        "timestamp": record["last_activity_at"],
        "entry": [
            *({"fullUrl": resource["url"], "resource": resource} for resource in defined),
            *({"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources),
        ],
    }


def _encounter(encounter: dict[str, Any], patient: str) -> Resource:
    period = {"start": encounter["started_at"], "end": encounter["finished_at"]}
    return {
        "resourceType": "Encounter",
        "id": id_of("encounter", encounter["id"]),
        "identifier": [{"system": ENCOUNTER_ID, "value": encounter["id"]}],
        "status": ENCOUNTER_STATUS[encounter["state"]],
        "class": {"system": ACT_CODE, "code": "AMB", "display": "ambulatory"},
        "subject": reference(patient),
        "period": {name: at for name, at in period.items() if at is not None},
    }


def _interview(
    interview: dict[str, Any], encounter: dict[str, Any], instrument: Instrument, patient: str
) -> list[Resource]:
    response = questionnaire_response(
        interview, encounter, instrument, patient=patient, encounter_ref=id_of("encounter", encounter["id"])
    )
    author = _agent("author", source(interview["informant"], patient))
    return [response, _provenance(response["id"], [response["id"]], response["authored"], [author], [])]


def _report(report: Report, record: dict[str, Any], patient: str) -> list[Resource]:
    """Scores, pictures, and the report that holds them together."""
    instrument = report.result.instrument
    encounter = next(e for e in record["encounters"] if e["id"] == report.encounter_id)
    interviews = [i for i in encounter["interviews"] if i["state"] != "withdrawn"]
    clinician = next((i for i in interviews if i["informant"]["role"] == "clinician"), None)
    key = (report.encounter_id, str(report.number or "open"))
    status = "preliminary" if report.number is None else "final" if report.number == 1 else "amended"
    measured = Measured(
        key=key,
        status=status,
        patient=patient,
        encounter=id_of("encounter", encounter["id"]),
        assessed=report.result.case.assessed.isoformat(),
        issued=report.made_at,
        based_on=response_id(clinician["id"]) if clinician else None,
    )
    scores = list(observations(report.result, measured))
    pictures = [_media(title, data, measured) for title, data in report.pictures.items()]
    conclusion = {
        "resourceType": "DiagnosticReport",
        "id": id_of("report", *key),
        "status": status,
        "code": concept(SCORE, "report", "Stemwise functional profile"),
        "subject": reference(patient),
        "encounter": reference(measured.encounter),
        "effectiveDateTime": measured.assessed,
        "issued": measured.issued,
        "result": [reference(score["id"]) for score in scores],
        "media": [{"comment": m["content"]["title"], "link": reference(m["id"])} for m in pictures],
        "conclusion": instrument.words.notice.short,
        "presentedForm": [_attachment("application/pdf", "Report", report.pdf, measured.issued)],
    }
    made = [*scores, *pictures, {name: part for name, part in conclusion.items() if part != []}]
    sources = [{"role": "source", "what": reference(response_id(i["id"]))} for i in interviews]
    by = {"identifier": {"system": INSTRUMENT_ID, "value": instrument.sha256}}
    with_instrument = {
        "role": "source",
        "what": {**by, "display": f"{instrument.id} {instrument.version}, SHA-256 of its content"},
    }
    assembler = _agent("assembler", {"type": "Device", "display": "Stemwise"})
    targets = [resource["id"] for resource in made]
    return [*made, _provenance(key, targets, measured.issued, [assembler], [*sources, with_instrument])]


def _media(title: str, data: bytes, measured: Measured) -> Resource:
    return {
        "resourceType": "Media",
        "id": id_of("picture", *measured.key, title),
        "status": "completed",
        "type": {"coding": [{"system": MEDIA_TYPE, "code": "image", "display": "Image"}]},
        "subject": reference(measured.patient),
        "encounter": reference(measured.encounter),
        "createdDateTime": measured.issued,
        "content": _attachment("image/png", title, data, measured.issued),
    }


def _attachment(kind: str, title: str, data: bytes, made_at: str) -> dict[str, Any]:
    # SHA-1 is what the element is defined to hold; it guards against a slip in transport, not against anybody
    digest = hashlib.sha1(data, usedforsecurity=False).digest()
    return {
        "contentType": kind,
        "language": "en",
        "data": base64.b64encode(data).decode("ascii"),
        "size": len(data),
        "hash": base64.b64encode(digest).decode("ascii"),
        "title": title,
        "creation": made_at,
    }


def _agent(role: str, who: dict[str, Any]) -> dict[str, Any]:
    return {"type": {"coding": [{"system": PARTICIPANT, "code": role}]}, "who": who}


def _provenance(
    key: object, targets: Sequence[str], recorded: str, agents: list[dict[str, Any]], entities: list[dict[str, Any]]
) -> Resource:
    """Who made what, when, and from what."""
    provenance = {
        "resourceType": "Provenance",
        "id": id_of("provenance", key),
        "target": [reference(target) for target in targets],
        "recorded": recorded,
        "agent": agents,
        "entity": entities,
    }
    return {name: part for name, part in provenance.items() if part != []}

"""The addresses, code systems, ids and codings that everything in a FHIR bundle of ours is named by.

All of it is stable: an address changes only with what it stands for, and an id is derived from what it belongs to, so that
the same case gives the same bundle, byte for byte.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from flows.itinerary import Role

BASE = "https://stemwise.example/fhir"
QUESTIONNAIRE = f"{BASE}/Questionnaire/stemwise-intake"
ITEM = f"{BASE}/CodeSystem/item"
SCORE = f"{BASE}/CodeSystem/score"
LABEL_ID = f"{BASE}/identifier/label"
INTERVIEW_ID = f"{BASE}/identifier/interview"
INFORMANT_ID = f"{BASE}/identifier/informant"
ENCOUNTER_ID = f"{BASE}/identifier/encounter"
INSTRUMENT_ID = f"{BASE}/identifier/instrument-sha256"
#: Extensions of our own; whoever does not know them loses no answer.
BUTTON = f"{BASE}/StructureDefinition/button-words"
BULK = f"{BASE}/StructureDefinition/answered-in-bulk"
NOTE = f"{BASE}/StructureDefinition/note"
SET_ASIDE = f"{BASE}/StructureDefinition/set-aside"

ICF = "http://hl7.org/fhir/sid/icf"
UCUM = "http://unitsofmeasure.org"
ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
MIN_VALUE = "http://hl7.org/fhir/StructureDefinition/minValue"
MAX_VALUE = "http://hl7.org/fhir/StructureDefinition/maxValue"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
ABSENT = f"{_TERMINOLOGY}/data-absent-reason"
CATEGORY = f"{_TERMINOLOGY}/observation-category"
PARTICIPANT = f"{_TERMINOLOGY}/provenance-participant-type"
ACT_CODE = f"{_TERMINOLOGY}/v3-ActCode"
MEDIA_TYPE = f"{_TERMINOLOGY}/media-type"

#: Why nothing is known of an item, in the words of the published code system.
WHY_ABSENT = {"not_sure": "asked-unknown", "skipped": "asked-declined"}
ROLES: tuple[Role, ...] = ("clinician", "carer", "school", "self")


def canonical(role: Role) -> str:
    """The address of the questionnaire that an informant of this role is asked; the clinician's is the instrument's own."""
    return QUESTIONNAIRE if role == "clinician" else f"{QUESTIONNAIRE}-{role}"


def role_of(address: str) -> Role | None:
    """Whose questionnaire an address (with or without its version) names, `None` where it is none of ours."""
    plain = address.partition("|")[0]
    return next((role for role in ROLES if canonical(role) == plain), None)


def code_system(name: str) -> str:
    """The address of the code system of a scale."""
    return f"{BASE}/CodeSystem/{name.replace('_', '-')}"


def id_of(*parts: object) -> str:
    """The id of a resource, derived from what it belongs to."""
    return str(uuid5(NAMESPACE_URL, "/".join((BASE, *map(str, parts)))))


def reference(resource_id: str) -> dict[str, Any]:
    """A reference to another resource of the same bundle."""
    return {"reference": f"urn:uuid:{resource_id}"}


def concept(system: str, code: str, text: str, *more: dict[str, Any]) -> dict[str, Any]:
    """A thing named by a code and in words; `more` are codings of the same thing in other systems."""
    return {"coding": [{"system": system, "code": code, "display": text}, *more], "text": text}


def icf(codes: tuple[str, ...]) -> list[dict[str, Any]]:
    """ICF codings, as identifiers only."""
    return [{"system": ICF, "code": code} for code in codes]


def absent(code: str, text: str) -> dict[str, Any]:
    """A reason why there is no value."""
    return {"coding": [{"system": ABSENT, "code": code}], "text": text}

"""Our four extensions, defined as FHIR has it, so that whoever is given a bundle can look up what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flows.exchange.fhir_terms import BULK, BUTTON, NOTE, SET_ASIDE

EXTENSION = "http://hl7.org/fhir/StructureDefinition/Extension"
RESPONSE, ITEM = "QuestionnaireResponse", "QuestionnaireResponse.item"


def extension_definitions(version: str) -> list[dict[str, Any]]:
    """A StructureDefinition for each extension that a bundle can hold.

    Parameters
    ----------
    version : the instrument's, like that of the questionnaires
    """
    return [
        _definition(BUTTON, "ButtonWords", ITEM, "The words on the button that was tapped", version, "string"),
        _definition(BULK, "AnsweredInBulk", ITEM, "Answered by a button that fills several items", version, "boolean"),
        _definition(SET_ASIDE, "SetAside", RESPONSE, "A function that the clinician set aside", version, "string", "*"),
        _definition(NOTE, "Note", RESPONSE, "A note, with the item or screen it was written on", version, None, "*"),
    ]


def _definition(
    url: str, name: str, where: str, what: str, version: str, kind: str | None, most: str = "1"
) -> dict[str, Any]:
    elements = [
        {"id": "Extension", "path": "Extension", "short": what, "definition": f"{what}.", "min": 0, "max": most},
        *(_value(kind) if kind else _parts("item", "text")),
        {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
    ]
    return {
        "resourceType": "StructureDefinition",
        "id": url.rpartition("/")[2],
        "url": url,
        "version": version,
        "name": name,
        "title": what,
        "status": "active",
        "description": f"{what}.",
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": where}],
        "type": "Extension",
        "baseDefinition": EXTENSION,
        "derivation": "constraint",
        "differential": {"element": elements},
    }


def _value(kind: str) -> Iterator[dict[str, Any]]:
    """An extension with one value and no parts."""
    yield {"id": "Extension.extension", "path": "Extension.extension", "max": "0"}
    yield {"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 1, "type": [{"code": kind}]}


def _parts(*names: str) -> Iterator[dict[str, Any]]:
    """An extension of parts, each a text."""
    slices = {"discriminator": [{"type": "value", "path": "url"}], "rules": "closed"}
    yield {"id": "Extension.extension", "path": "Extension.extension", "slicing": slices, "min": len(names)}
    for name in names:
        part = f"Extension.extension:{name}"
        yield {"id": part, "path": "Extension.extension", "sliceName": name, "min": 1, "max": "1"}
        yield {"id": f"{part}.url", "path": "Extension.extension.url", "fixedUri": name}
        value = {"id": f"{part}.value[x]", "path": "Extension.extension.value[x]", "min": 1}
        yield {**value, "type": [{"code": "string"}]}
    yield {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"}

"""The scores of a result as FHIR Observations: value, bounds, and why there is no value where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flows.exchange.fhir_terms import CATEGORY, ITEM, SCORE, UCUM, absent, concept, icf, id_of, reference
from scoring.profile import AreaResult, FunctionResult, PeriodResult, RelationalNowResult
from scoring.result import Result, rounded

PERCENT = ("%", "%")
LOAD = ("points of 100", "{score}")
STEPS = ("steps", "{score}")
SHARE = ("share", "1")
LITTLE_KNOWN = absent("unknown", "not enough is known")
IN_WORDS = absent("as-text", "given in words under 13 months")
ASIDE = absent("not-applicable", "set aside: something else explains it, and it counts nowhere")
NOT_KNOWN = absent("unknown", "not known")


@dataclass(frozen=True, slots=True)
class Measured:
    """What all observations of one result share.

    `key` tells the ids of this result's observations from those of any other, `based_on` is the clinician's
    questionnaire response.
    """

    key: tuple[str, ...]
    status: str
    patient: str
    encounter: str
    assessed: str
    issued: str
    based_on: str | None


def observations(result: Result, measured: Measured) -> Iterator[dict[str, Any]]:
    """Every score of a result: domains, regions, periods, relationships, then each function asked at this age."""
    words, profile = result.instrument.words, result.profile
    make = _Maker(result, measured)
    for name, area in profile.domains.items():
        yield make.area(f"domain.{name}", words.domains[name].name, area)
    for name, area in profile.regions.items():
        yield make.area(f"region.{name}", words.regions[name].name, area)
    for name, period in profile.history.items():
        yield make.period(f"history.{name}", f"Developmental load: {words.periods[name].name}", period)
    yield make.relational_now("relational_now", "Relationships now", profile.relational_now)
    for function in profile.functions:
        if function.expected is not None or function.rating is not None:
            yield make.function(function)


class _Maker:
    def __init__(self, result: Result, measured: Measured) -> None:
        self._result = result
        self._measured = measured
        self._notice = result.instrument.words.notice.short

    def _observation(
        self,
        code: dict[str, Any],
        name: str,
        value: dict[str, Any],
        components: list[dict[str, Any]],
        interpretation: str | None = None,
    ) -> dict[str, Any]:
        measured, instrument = self._measured, self._result.instrument
        observation = {
            "resourceType": "Observation",
            "id": id_of("score", *measured.key, name),
            "status": measured.status,
            "category": [{"coding": [{"system": CATEGORY, "code": "survey"}]}],
            "code": code,
            "subject": reference(measured.patient),
            "encounter": reference(measured.encounter),
            "effectiveDateTime": measured.assessed,
            "issued": measured.issued,
            **value,
            "interpretation": [{"text": interpretation}] if interpretation else [],
            "note": [{"text": self._notice}],
            "method": {"text": f"{instrument.id} {instrument.version}"},
            "derivedFrom": [reference(measured.based_on)] if measured.based_on else [],
            "component": components,
        }
        return {key: part for key, part in observation.items() if part != []}

    def area(self, name: str, text: str, area: AreaResult) -> dict[str, Any]:
        """A domain or a region: percent of what is expected at this age, in words only under 13 months."""
        components = [
            *_quantities(
                PERCENT,
                (("low", "Low bound", area.low), ("high", "High bound", area.high)),
                IN_WORDS if area.percent is None and area.shown else LITTLE_KNOWN,
            ),
            *_quantities(
                PERCENT,
                (
                    ("step-low", "One step lower in every rating", area.step_low),
                    ("step-high", "One step higher in every rating", area.step_high),
                ),
                None,
            ),
            *_quantities(SHARE, (("known-share", "Share that is known", area.known_share),), None, places=2),
            *_quantities(STEPS, (("mean-gap", "Mean distance from expected", area.mean_gap),), None, places=2),
        ]
        tier = self._result.instrument.words.tiers[area.tier].word if area.tier else None
        value = _value(area.percent, PERCENT, IN_WORDS if area.shown else LITTLE_KNOWN)
        return self._observation(concept(SCORE, name, text), name, value, components, tier)

    def period(self, name: str, text: str, period: PeriodResult) -> dict[str, Any]:
        components = [
            *_quantities(LOAD, (("low", "Low bound", period.low), ("high", "High bound", period.high)), LITTLE_KNOWN),
            *_quantities(
                LOAD,
                (
                    ("adversity", "Adversity", period.adversity),
                    ("what-held", "What held", period.relational),
                ),
                None,
            ),
            *_quantities(SHARE, (("unknown-share", "Share that is not known", period.unknown_share),), None, places=2),
        ]
        value = _value(period.load, LOAD, LITTLE_KNOWN)
        return self._observation(concept(SCORE, name, text), name, value, components)

    def relational_now(self, name: str, text: str, now: RelationalNowResult) -> dict[str, Any]:
        components = [
            *_quantities(PERCENT, (("low", "Low bound", now.low), ("high", "High bound", now.high)), LITTLE_KNOWN),
            *_quantities(SHARE, (("known-share", "Share that is known", now.known_share),), None, places=2),
        ]
        value = _value(now.percent, PERCENT, LITTLE_KNOWN)
        return self._observation(concept(SCORE, name, text), name, value, components)

    def function(self, function: FunctionResult) -> dict[str, Any]:
        """A function's rating, with the ICF codes it stands nearest to."""
        instrument = self._result.instrument
        name = f"functions.{function.id}"
        code = concept(
            ITEM,
            name,
            instrument.words.functions[function.id].name,
            *icf(instrument.function[function.id].icf),
        )
        if function.status == "set_aside":
            value: dict[str, Any] = {"dataAbsentReason": ASIDE}
        elif function.rating is None:
            value = {"dataAbsentReason": NOT_KNOWN}
        else:
            value = {"valueInteger": function.rating}
        components = [
            {"code": concept(SCORE, key, text), "valueInteger": number}
            for key, text, number in (
                ("expected", "Expected at this age", function.expected),
                ("gap", "Distance from expected", function.gap),
            )
            if number is not None
        ]
        status = instrument.words.statuses.get(function.status) if function.status else None
        return self._observation(code, name, value, components, status)


def _quantity(value: Fraction, unit: tuple[str, str], places: int) -> dict[str, Any]:
    return {"value": rounded(value, places), "unit": unit[0], "system": UCUM, "code": unit[1]}


def _value(value: Fraction | None, unit: tuple[str, str], reason: dict[str, Any]) -> dict[str, Any]:
    return {"dataAbsentReason": reason} if value is None else {"valueQuantity": _quantity(value, unit, 1)}


def _quantities(
    unit: tuple[str, str],
    parts: tuple[tuple[str, str, Fraction | None], ...],
    reason: dict[str, Any] | None,
    places: int = 1,
) -> Iterator[dict[str, Any]]:
    """Components of a score; without a reason one that is not there is left out."""
    for key, text, value in parts:
        code = concept(SCORE, key, text)
        if value is not None:
            yield {"code": code, "valueQuantity": _quantity(value, unit, places)}
        elif reason is not None:
            yield {"code": code, "dataAbsentReason": reason}

"""Rules of the plan on people made for them, where a generated person would hardly ever stand: who was harmed, what else fits."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from scoring.case import case_from
from scoring.edits import NO_EDITS, Drop, PlanEdits, Swap
from scoring.instrument import load
from scoring.plan import what_else_fits
from scoring.profile import Step
from scoring.result import Result, assess
from tests.scoring.strategies import dates

INSTRUMENT = load()
EIGHT_YEARS, THREE_YEARS, TWO_AND_A_HALF = 96, 36, 29
#: What the relational domain rests on.
RELATIONAL = tuple(f.id for f in INSTRUMENT.figures.functions if f.weights["relational"])


def person(age_months: int, lower: dict[str, int], **more: Any) -> dict[str, Any]:
    """Somebody who does all as expected but for some functions, and of whom no danger is known."""
    born, assessed = dates(age_months)
    expected = {f.id: INSTRUMENT.expected(f, age_months) for f in INSTRUMENT.figures.functions}
    safety = {s.id: False for s in INSTRUMENT.figures.safety} | more.pop("safety", {})
    return {
        "schema": "stemwise-case/1",
        "born": born.isoformat(),
        "assessed": assessed.isoformat(),
        "functions": {name: max(1, e - lower.get(name, 0)) for name, e in expected.items() if e is not None},
        "safety": safety,
    } | more


def planned(content: dict[str, Any], *changes: Swap | Drop) -> Result:
    edits = PlanEdits(changes=changes) if changes else NO_EDITS
    return assess(case_from(content, INSTRUMENT), INSTRUMENT, edits)


def step(result: Result, kind: str, target: str | None = None) -> Step:
    return next(s for s in result.plan.steps if s.kind == kind and target in (None, s.target))


def others(result: Result, activity: str) -> tuple[str, ...]:
    return what_else_fits(result.case, result.profile, INSTRUMENT, result.edits, activity)


# --- help after harm ---


@pytest.mark.parametrize(("flag", "fits"), [("harmed_recently", True), ("told_of_harm", True), (None, False)])
def test_help_after_harm_fits_who_was_harmed_by_a_flag_alone(flag: str | None, fits: bool) -> None:
    """No harm stands in the history, and the plan need not wait, since there is no contact any more."""
    lower = {"mood_and_feelings": 6, "staying_present": 5, "calm_after_alarm": 5}
    safety = {flag: True} if flag else {}
    result = planned(person(EIGHT_YEARS, lower, safety=safety, no_contact=True))
    assert not result.plan.waits
    assert ("trauma_focused_therapy" in step(result, "look_closer").activities) is fits


# --- what else fits ---


def test_what_does_not_stand_in_the_plan_cannot_be_swapped() -> None:
    result = planned(person(EIGHT_YEARS, {"mood_and_feelings": 3}))
    with pytest.raises(KeyError):
        others(result, "martial_arts")


@pytest.mark.parametrize(("age", "fits"), [(EIGHT_YEARS, True), (THREE_YEARS, True), (TWO_AND_A_HALF, False)])
def test_what_only_a_clinician_chooses_is_offered_from_the_age_it_is_made_for(age: int, fits: bool) -> None:
    result = planned(person(age, dict.fromkeys(RELATIONAL, 6)))
    now = step(result, "now", "relational")
    assert now.activities
    assert "body_safety_therapy" not in [a for s in result.plan.steps for a in s.activities]
    assert ("body_safety_therapy" in others(result, now.activities[0])) is fits


def test_a_swap_frees_what_it_takes_out_and_takes_up_what_it_brings_in() -> None:
    content = person(EIGHT_YEARS, dict.fromkeys(RELATIONAL, 6))
    before = planned(content)
    stays, goes = step(before, "now", "self_regulation").activities
    comes = others(before, goes)[0]
    elsewhere = step(before, "now", "relational").activities[0]
    assert comes in others(before, elsewhere), "it would fit there as well"
    after = planned(content, Swap(goes, comes))
    assert step(after, "now", "self_regulation").activities == (stays, comes)
    assert goes in others(after, comes), "what was swapped is not dropped: it can come back"
    assert comes not in others(after, stays)
    assert comes not in others(after, elsewhere)
    assert planned(content, Swap(goes, comes), Swap(comes, goes)).plan == before.plan


def test_the_first_of_two_is_swapped_and_dropped_in_its_place() -> None:
    content = person(EIGHT_YEARS, dict.fromkeys(RELATIONAL, 6))
    before = planned(content)
    first, second, third = step(before, "now", "relational").activities
    comes = others(before, first)[0]
    assert step(planned(content, Swap(first, comes)), "now", "relational").activities == (comes, second, third)
    assert step(planned(content, Drop(first, "x")), "now", "relational").activities == (second, third)
    assert step(planned(content, Drop(second, "x")), "now", "relational").activities == (first, third)


def test_a_closer_look_is_swapped_for_what_looks_at_the_same() -> None:
    """Hearing is looked at because of language; it is no answer to a child who is not present."""
    result = planned(person(THREE_YEARS, {"language": 6, "staying_present": 6}))
    assert set(step(result, "look_closer").activities) == {"calm_together", "speech_language_therapy"}
    assert others(result, "speech_language_therapy") == ("hearing_and_development_check", "specialist_assessment")
    assert others(result, "calm_together") == ("specialist_assessment",)


def test_a_specialist_is_swapped_for_a_clinicians_check_of_anything_that_stands_out() -> None:
    """A specialist lists no function of their own, so all that the step looks at counts."""
    result = planned(person(EIGHT_YEARS, {"values_and_fairness": 6, "growth_and_body_rhythms": 6}))
    assert set(step(result, "look_closer").activities) == {"specialist_assessment", "sleep_clinic_review"}
    assert others(result, "specialist_assessment") == ("medical_check",)


def test_a_specialist_is_offered_last_and_once_unless_there_or_dropped() -> None:
    content = person(EIGHT_YEARS, {"enjoyment_and_motivation": 6, "language": 6})
    result = planned(content)
    assert step(result, "look_closer").activities == ("play_therapy", "speech_language_therapy")
    assert others(result, "play_therapy") == ("specialist_assessment",)
    came = planned(content, Swap("play_therapy", "specialist_assessment"))
    assert "specialist_assessment" not in others(came, "speech_language_therapy")
    gone = planned(content, Swap("play_therapy", "specialist_assessment"), Drop("specialist_assessment", "seen"))
    assert "specialist_assessment" not in others(gone, "speech_language_therapy")


def test_a_check_is_swapped_for_a_check_and_a_therapy_for_either() -> None:
    content = person(THREE_YEARS, {"suck_swallow_gag": 6, "language": 6})
    therapy = planned(content)
    assert others(therapy, "feeding_therapy") == ("medical_check", "specialist_assessment")
    check = planned(content, Swap("feeding_therapy", "medical_check"))
    assert others(check, "medical_check") == ("specialist_assessment",), "the therapy is no check"
    close = planned(person(THREE_YEARS, {"closeness_and_attachment": 6, "language": 6}))
    assert others(close, "parent_child_coaching") == (
        "child_carer_psychotherapy",
        "play_therapy",
        "specialist_assessment",
    )


def test_nothing_is_offered_beyond_a_limit() -> None:
    content = person(EIGHT_YEARS, dict.fromkeys(RELATIONAL, 6))
    free = planned(content)
    kept = step(free, "now", "relational").activities[2]
    limited = assess(free.case, INSTRUMENT, PlanEdits(limits=("not_at_school",)))
    assert INSTRUMENT.activity[kept].setting == "home"
    assert kept in step(limited, "now", "relational").activities
    assert "school" in {INSTRUMENT.activity[a].setting for a in others(free, kept)}
    assert others(limited, kept)
    assert "school" not in {INSTRUMENT.activity[a].setting for a in others(limited, kept)}
    assert step(limited, "look_closer") == step(free, "look_closer"), "a check never waits"


def test_for_relationships_what_supports_them_is_offered_and_else_what_keeps_them_up() -> None:
    held = {r.id: 3 for r in INSTRUMENT.figures.relational_now}
    calm = planned(person(EIGHT_YEARS, {}, relational_now=held))
    assert step(calm, "relationship").activities == ("shared_meal",)
    offered = others(calm, "shared_meal")
    assert offered
    assert {INSTRUMENT.activity[a].kind for a in offered} == {"enrichment"}
    strained = planned(person(EIGHT_YEARS, {}, relational_now=dict.fromkeys(held, 0)))
    first = step(strained, "relationship").activities[0]
    assert INSTRUMENT.activity[first].supports
    offered = others(strained, first)
    assert all(INSTRUMENT.activity[a].supports for a in offered)
    assert {INSTRUMENT.activity[a].kind for a in offered} > {"enrichment"}, "more than what keeps up what holds"


def test_enough_is_known_where_the_known_share_is_just_what_it_must_be() -> None:
    """Three answers that are missing leave seven tenths of one domain known, and a fourth leaves less."""
    missing = ("eye_movements", "speech_sounds", "suck_swallow_gag")
    assert _known_without(missing) == (Fraction(7, 10), False)
    share, asks = _known_without((*missing, "alertness_and_tracking"))
    assert share is not None
    assert share < Fraction(7, 10)
    assert asks


def _known_without(missing: tuple[str, ...]) -> tuple[Fraction | None, bool]:
    """The known share of the senses' domain at 13 months without these answers, and whether the plan asks for more."""
    content = person(13, {})
    content["functions"] |= dict.fromkeys(missing)
    result = planned(content)
    asks = any(s.kind == "find_out" for s in result.plan.steps)
    return result.profile.domains["sensory_integration"].known_share, asks


def test_a_step_that_comes_later_has_nothing_to_swap() -> None:
    result = planned(person(EIGHT_YEARS, dict.fromkeys(RELATIONAL, 6)))
    assert all(s.activities == () for s in result.plan.steps if s.kind == "later")

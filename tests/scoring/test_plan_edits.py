"""Edits of a plan hold for every case: what is offered can be taken, limits bind, and nothing unsafe comes in by hand."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.case import case_from
from scoring.edits import LIMITS, NO_EDITS, Drop, PlanEdits, Swap, allows, edits_from
from scoring.instrument import load
from scoring.plan import what_else_fits
from scoring.profile import Step
from scoring.result import Result, assess
from tests.scoring.strategies import cases

INSTRUMENT = load()
FEW = settings(max_examples=60, deadline=None)


def result_of(content: dict[str, Any], edits: PlanEdits = NO_EDITS) -> Result:
    return assess(case_from(content, INSTRUMENT), INSTRUMENT, edits)


def others(result: Result, activity: str) -> tuple[str, ...]:
    return what_else_fits(result.case, result.profile, INSTRUMENT, result.edits, activity)


def chosen(result: Result) -> list[tuple[Step, str]]:
    return [(step, activity) for step in result.plan.steps for activity in step.activities]


@FEW
@given(cases(), st.randoms(use_true_random=False))
def test_what_is_offered_can_be_taken_and_fits_the_same_target(content: dict[str, Any], dice: Any) -> None:
    before = result_of(content)
    if not chosen(before):
        return
    step, activity = dice.choice(chosen(before))
    offered = others(before, activity)
    assert not set(offered) & {a for _, a in chosen(before)}
    for other in offered:
        figures = INSTRUMENT.activity[other]
        assert figures.fits_age(before.profile.counted_months)
        assert not any(before.case.safety.get(flag) for flag in figures.not_while)
        if isinstance(step.target, str):
            assert step.target in figures.targets
        else:
            assert figures.kind == "therapeutic"
            assert figures.setting == "clinic"
            if INSTRUMENT.activity[activity].lead == "clinician":
                assert figures.lead == "clinician"
        after = result_of(content, PlanEdits(changes=(Swap(activity, other),)))
        wanted = [other if a == activity else a for _, a in chosen(before)]
        assert [a for _, a in chosen(after)] == wanted


@FEW
@given(cases(), st.sets(st.sampled_from(LIMITS)))
def test_limits_bind_every_choice_but_the_closer_look(content: dict[str, Any], limits: set[Any]) -> None:
    before = result_of(content)
    after = result_of(content, PlanEdits(limits=tuple(each for each in LIMITS if each in limits)))
    for step, activity in chosen(after):
        if step.kind != "look_closer":
            assert all(allows(limit, INSTRUMENT.activity[activity]) for limit in limits)
            assert all(allows(limit, INSTRUMENT.activity[o]) for o in others(after, activity) for limit in limits)
    closer = [s for r in (before, after) for s in r.plan.steps if s.kind == "look_closer"]
    assert closer[: len(closer) // 2] == closer[len(closer) // 2 :]
    assert [s.target for s in before.plan.steps] == [s.target for s in after.plan.steps]


@FEW
@given(cases(), st.randoms(use_true_random=False))
def test_what_is_dropped_is_gone_lightens_the_week_and_is_not_offered_again(content: dict[str, Any], dice: Any) -> None:
    before = result_of(content)
    if not chosen(before):
        return
    _, gone = dice.choice(chosen(before))
    after = result_of(content, PlanEdits(changes=(Drop(gone, "not wanted"),)))
    assert [a for _, a in chosen(after)] == [a for _, a in chosen(before) if a != gone]
    assert after.plan.family_minutes <= before.plan.family_minutes
    assert all(gone not in others(after, activity) for _, activity in chosen(after))


@FEW
@given(cases())
def test_a_change_that_no_longer_fits_is_passed_over(content: dict[str, Any]) -> None:
    before = result_of(content)
    names = [a.id for a in INSTRUMENT.figures.activities]
    here = {a for _, a in chosen(before)}
    absent = next(name for name in names if name not in here)
    unfit = PlanEdits(changes=(Swap(absent, names[0]), Drop(absent, "not wanted"), *(Swap(a, a) for a in here)))
    assert result_of(content, unfit).plan == before.plan


@FEW
@given(cases())
def test_a_waiting_plan_stays_waiting_whatever_is_edited(content: dict[str, Any]) -> None:
    edited = result_of(content, PlanEdits(limits=("home_only",)))
    for step in edited.plan.steps:
        if step.waits:
            assert step.activities == ()


def test_a_log_is_folded_in_its_order() -> None:
    log = [
        {"kind": "limits", "limits": ["home_only"]},
        {"kind": "drop", "activity": "special_time", "reason": "done"},
        {"kind": "as_computed"},
        {"kind": "swap", "activity": "special_time", "to": "shared_meal"},
        {"kind": "limits", "limits": ["no_equipment"]},
    ]
    assert edits_from(log, INSTRUMENT.activity) == PlanEdits(("no_equipment",), (Swap("special_time", "shared_meal"),))

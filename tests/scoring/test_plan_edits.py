"""Edits of a plan hold for every case: what is offered can be taken, limits bind, and nothing unsafe comes in by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.case import case_from
from scoring.edits import (
    LIMITS,
    NO_EDITS,
    Drop,
    PlanEdits,
    Swap,
    allows,
    drop_edit,
    edits_from,
    limits_edit,
    swap_edit,
)
from scoring.instrument import load
from scoring.plan import what_else_fits
from scoring.profile import Step
from scoring.result import Result, assess
from tests.scoring.strategies import cases

INSTRUMENT = load()
VECTORS = Path(__file__).parents[1] / "vectors"
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


def vector(number: str) -> dict[str, Any]:
    """The worked example whose name begins so."""
    content: dict[str, Any] = json.loads(next(VECTORS.glob(f"{number}*.case.json")).read_bytes())
    return content


def names(result: Result) -> list[str]:
    return [activity for _, activity in chosen(result)]


def test_what_was_swapped_out_stays_out_when_limits_choose_the_other_by_themselves() -> None:
    content, limits = vector("02"), ("not_at_school",)
    swap = Swap("climbing_or_gym", "obstacle_course")
    assert swap.to in others(result_of(content), swap.activity)
    limited = names(result_of(content, PlanEdits(limits)))  # type: ignore[arg-type]
    assert {swap.activity, swap.to} <= set(limited)
    after = names(result_of(content, PlanEdits(limits, (swap,))))  # type: ignore[arg-type]
    assert after == [name for name in limited if name != swap.activity]


def test_a_closer_look_keeps_its_check_when_limits_choose_the_other_elsewhere() -> None:
    lowest = ("temperature_and_metabolism", "eye_movements", "suck_swallow_gag", "alertness_and_tracking")
    more = ("fine_movement", "balance_and_large_movement", "calm_after_alarm", "planned_movement_and_body_sense")
    content = {
        "schema": "stemwise-case/1",
        "born": "2026-04-14",
        "assessed": "2026-06-30",
        "functions": dict.fromkeys((*lowest, *more), 1),
    }
    swap = Swap("vision_check_and_eye_games", "hearing_and_development_check")
    at_home = result_of(content, PlanEdits(("home_only",)))
    assert swap.to in others(at_home, swap.activity)
    assert [s.kind for s, a in chosen(result_of(content, PlanEdits(("home_only",), (swap,)))) if a == swap.to] == [
        "look_closer"
    ]
    plain = PlanEdits(("no_equipment",))
    assert [s.kind for s, a in chosen(result_of(content, plain)) if a == swap.to] == ["now"]
    assert result_of(content, replace(plain, changes=(swap,))).plan == result_of(content, plain).plan


@FEW
@given(cases(), st.sampled_from(LIMITS))
def test_no_limit_brings_back_what_was_swapped_out_beside_what_came_for_it(content: dict[str, Any], limit: Any) -> None:
    before, limited = result_of(content), names(result_of(content, PlanEdits((limit,))))
    swaps = [Swap(a, other) for step, a in chosen(before) if step.kind != "look_closer" for other in others(before, a)]
    for swap in swaps:
        if {swap.activity, swap.to} <= set(limited):
            after = names(result_of(content, PlanEdits((limit,), (swap,))))
            assert after == [name for name in limited if name != swap.activity]


@FEW
@given(cases(), st.randoms(use_true_random=False))
def test_dropping_what_was_swapped_in_does_not_bring_back_the_other(content: dict[str, Any], dice: Any) -> None:
    before = result_of(content)
    swaps = [Swap(activity, other) for activity in names(before) for other in others(before, activity)]
    if not swaps:
        return
    swap = dice.choice(swaps)
    after = result_of(content, PlanEdits(changes=(swap, Drop(swap.to, "not wanted"))))
    assert names(after) == [name for name in names(before) if name != swap.activity]
    assert all(swap.to not in others(after, activity) for activity in names(after))


@FEW
@given(cases(), st.sampled_from(LIMITS), st.randoms(use_true_random=False))
def test_a_swap_that_is_taken_back_leaves_no_trace_under_any_limit(
    content: dict[str, Any], limit: Any, dice: Any
) -> None:
    """Else a limit that chooses the second activity by itself would have it swapped for the first, and lose it."""
    before = result_of(content)
    if not chosen(before):
        return
    _, activity = dice.choice(chosen(before))
    if not (offered := others(before, activity)):
        return
    there, back = swap_edit(activity, offered[0]), swap_edit(offered[0], activity)
    log = [drop_edit(offered[-1], "not now"), there, back, limits_edit([limit])]
    taken_back = edits_from(log, INSTRUMENT.activity)
    assert taken_back == edits_from([log[0], log[3]], INSTRUMENT.activity)
    again = edits_from([there, back, there], INSTRUMENT.activity)
    assert again == edits_from([there], INSTRUMENT.activity)
    other_way = [there, drop_edit(offered[0], "not now"), back]
    assert len(edits_from(other_way, INSTRUMENT.activity).changes) == 3

"""The plan as a tool: swap, leave out, limits, why this; and what was changed after finishing, and why."""

from __future__ import annotations

from typing import Any

import pytest
from support.walker import Clinic, Walker

from flows.exchange.restore import restore
from scoring.documents.blocks import Section
from scoring.documents.report import report
from scoring.documents.summary import summary
from scoring.problems import ContentError
from scoring.result import Result


@pytest.fixture
def at_results(walker: Walker) -> Walker:
    """A finished intake of an eight-year-old with much behind and thin relationships, so that a plan has much in it."""
    walker.looks_twice = False
    walker.new_case()
    walker.fill_until("Sleep")
    for _ in range(32):
        if walker.heading.startswith("Relationships"):
            break
        walker.tap("5")
    walker.tap_times("Friends", 4)
    walker.until("Review", "All steady", "None of these", "Next")
    walker.tap("Finish")
    assert walker.heading.startswith("Results")
    return walker


def result_of(walker: Walker, number: int = 1, edits: int | None = None) -> Result:
    return walker.clinic.engine.result_of(encounter_of(walker), number, edits)


def encounter_of(walker: Walker) -> str:
    return str(walker.clinic.record("Robin")["encounters"][0]["id"])


def activities(result: Result) -> list[str]:
    return [a for step in result.plan.steps for a in step.activities]


def name_of(result: Result, activity: str) -> str:
    return result.instrument.words.activities[activity].name


def words_of(section: Section | None) -> str:
    assert section is not None
    return "\n".join(str(block) for block in section.blocks)


def open_activity(walker: Walker, activity: str) -> None:
    walker.tap(name_of(result_of(walker), activity))


def test_every_activity_answers_why_this_with_the_answers_that_led_to_it(at_results: Walker) -> None:
    at_results.tap("Plan")
    result = result_of(at_results)
    assert len(activities(result)) >= 6
    for step in result.plan.steps:
        for activity in step.activities:
            open_activity(at_results, activity)
            at_results.shows("Why this?")
            if step.kind in ("now", "look_closer"):
                at_results.shows("rated 5, expected")
            at_results.tap("Back")
            assert at_results.heading == "The plan · Robin"


def test_a_swap_takes_what_fits_the_same_target_and_stands_in_summary_and_report(at_results: Walker) -> None:
    before = result_of(at_results)
    step = next(s for s in before.plan.steps if s.kind == "now")
    out = step.activities[0]
    at_results.tap("Plan")
    open_activity(at_results, out)
    at_results.tap("Swap")
    offered = [b for b in at_results.screen.buttons if b.action == "plan_swap_for"]
    assert offered
    domain = step.target
    figures = before.instrument.activity
    assert all(domain in figures[b.arg].targets for b in offered)
    assert not {b.arg for b in offered} & set(activities(before))
    chosen = offered[-1].arg
    at_results.tap(offered[-1].words)
    assert at_results.heading == "The plan · Robin"
    after = result_of(at_results)
    assert activities(after) == [chosen if a == out else a for a in activities(before)]
    swapped = f"Swapped: {name_of(before, out)}, for {name_of(before, chosen)}."
    assert swapped in words_of(summary(after).section("plan"))
    assert swapped in words_of(report(after).section("plan"))
    assert activities(result_of(at_results, edits=0)) == activities(before)


def test_leaving_out_asks_for_a_reason_and_nothing_takes_its_place(at_results: Walker) -> None:
    before = result_of(at_results)
    first, second = activities(before)[-2:]
    at_results.tap("Plan")
    open_activity(at_results, first)
    at_results.tap("Leave out")
    at_results.type("no")
    at_results.shows("A reason has 3 to 300 characters.")
    at_results.type("Grandmother does it with them already")
    open_activity(at_results, second)
    at_results.tap("Leave out")
    at_results.tap("It cannot be done now.")
    after = result_of(at_results)
    assert activities(after) == activities(before)[:-2]
    plan = words_of(summary(after).section("plan"))
    assert f"Left out: {name_of(before, first)}. Why: Grandmother does it with them already." in plan
    assert f"Left out: {name_of(before, second)}. Why: It cannot be done now." in plan
    assert after.plan.family_minutes <= before.plan.family_minutes


@pytest.mark.parametrize(
    ("limit", "setting"), [("At home only", {"home"}), ("At school only", {"school"}), ("Not at school", None)]
)
def test_limits_make_the_plan_anew_and_leave_the_closer_look_alone(
    at_results: Walker, limit: str, setting: set[str] | None
) -> None:
    before = result_of(at_results)
    at_results.tap("Plan")
    at_results.tap("Limits")
    at_results.tap(limit)
    after = result_of(at_results)
    figures = after.instrument.activity
    limited = {figures[a].setting for s in after.plan.steps if s.kind in ("relationship", "now") for a in s.activities}
    assert limited <= (setting or {"home", "clinic", "community"})
    closer = [s.activities for r in (before, after) for s in r.plan.steps if s.kind == "look_closer"]
    assert closer[0] == closer[1]
    at_results.tap(f"✓ {limit}")
    assert activities(result_of(at_results)) == activities(before)


def test_limits_that_leave_nothing_take_each_other_s_place(at_results: Walker) -> None:
    at_results.tap("Plan")
    at_results.tap("Limits")
    for words in ("At home only", "Nothing that needs equipment", "At school only", "Not at school"):
        at_results.tap(words)
    assert result_of(at_results).edits.limits == ("not_at_school", "no_equipment")
    figures = result_of(at_results).instrument.activity
    chosen = [a for s in result_of(at_results).plan.steps if s.kind in ("relationship", "now") for a in s.activities]
    assert chosen
    assert not any(figures[a].equipment for a in chosen)


def test_as_computed_brings_the_plan_back_and_the_log_keeps_what_was_done(at_results: Walker) -> None:
    before = result_of(at_results)
    at_results.tap("Plan")
    assert not at_results.has("As computed")
    open_activity(at_results, activities(before)[-1])
    at_results.tap("Leave out")
    at_results.tap("They do not want it.")
    at_results.tap("As computed")
    assert activities(result_of(at_results)) == activities(before)
    log = at_results.clinic.record("Robin")["encounters"][0]["plan_edits"]
    assert [one["edit"]["kind"] for one in log] == ["drop", "as_computed"]


def test_summary_and_report_come_again_made_from_the_plan_as_it_was_then(at_results: Walker) -> None:
    engine = at_results.clinic.engine
    for waiting in engine.waiting_for(at_results.account_id):
        engine.news_sent(waiting, [])
    at_results.tap("Plan")
    at_results.tap("Limits")
    at_results.tap("At home only")
    at_results.tap("Back")
    at_results.tap("Send summary and report")
    assert at_results.heading.startswith("Results")
    waiting = at_results.clinic.engine.waiting_for(at_results.account_id)
    assert [(w.news.kind, w.news.body.get("wanted"), w.news.body["edits"]) for w in waiting] == [
        ("summary", None, 1),
        ("file", "report", 1),
    ]


def test_what_another_phone_took_out_meanwhile_is_said_and_nothing_fails(at_results: Walker) -> None:
    second = at_results.clinic.clinician(address="2")
    second.looks_twice = False
    last = activities(result_of(at_results))[-1]
    at_results.tap("Plan")
    open_activity(at_results, last)
    second.tap("My cases")
    second.tap_this(next(b for b in second.screen.buttons if b.action == "open"))
    second.tap("Results")
    second.tap("Plan")
    open_activity(second, last)
    second.tap("Leave out")
    second.tap("They do not want it.")
    at_results.send_other()
    at_results.shows("It is not in the plan any more.")
    at_results.tap("Back")
    assert at_results.heading == "The plan · Robin"


def changed(walker: Walker, why: str | None) -> Result:
    walker.tap("Change an answer")
    walker.shows("Why is an answer changed?")
    if why:
        walker.type(why)
        walker.hides("Why is an answer changed?")
    walker.tap("Functioning")
    walker.tap("Sleep")
    walker.tap("9")
    walker.tap("‹ Back")
    walker.tap("Finish")
    walker.shows("result 2")
    return result_of(walker, 2)


def test_a_changed_answer_says_what_changed_and_why_and_the_old_result_stays(at_results: Walker) -> None:
    before = result_of(at_results)
    after = changed(at_results, "The mother rang: it was asked of the wrong twin")
    for document in (summary(after), report(after)):
        said = words_of(document.section("changed"))
        assert "Sleep: 5 → 9" in said
        assert "Why: The mother rang: it was asked of the wrong twin" in said
        assert "Self-regulation: " in said
    assert summary(before).section("changed") is None
    assert result_of(at_results, 1).profile == before.profile
    assert changed_again(at_results) == "No reason was given."


def changed_again(walker: Walker) -> str:
    """A third result: it is told against the second, and the reason of the second is not its own."""
    walker.tap("Change an answer")
    walker.tap("Functioning")
    walker.tap("Sleep")
    walker.tap("10")
    walker.tap("‹ Back")
    walker.tap("Finish")
    said = words_of(summary(result_of(walker, 3)).section("changed"))
    assert "Sleep: 9 → 10" in said
    return "No reason was given." if "No reason was given." in said else said


def test_edits_go_on_to_a_changed_result_and_an_earlier_one_keeps_its_own(at_results: Walker) -> None:
    last = activities(result_of(at_results))[0]
    at_results.tap("Plan")
    open_activity(at_results, last)
    at_results.tap("Leave out")
    at_results.tap("It is being done already.")
    at_results.tap("Back")
    after = changed(at_results, None)
    assert last not in activities(after)
    at_results.tap("Plan")
    at_results.tap("As computed")
    assert result_of(at_results, 2).edits.changes == ()
    assert len(result_of(at_results, 1).edits.changes) == 1


def test_a_waiting_plan_says_so_and_leads_to_where_it_is_opened(walker: Walker) -> None:
    walker.looks_twice = False
    walker.new_case()
    walker.fill_until("Safety")
    walker.tap("danger at home now") if walker.has("danger at home now") else walker.tap_this(first_gate(walker))
    walker.tap("None of these")
    walker.until("Review", "Next")
    walker.tap("Finish")
    walker.tap("Plan")
    walker.shows("The plan waits")
    walker.tap("Change an answer")
    walker.tap("No contact with who harms")
    walker.tap("Finish")
    walker.tap("Plan")
    walker.hides("The plan waits")


def first_gate(walker: Walker) -> Any:
    """The button of the first safety question that makes a plan wait until there is no contact."""
    words = walker.clinic.instrument.words.safety
    gates = [q.id for q in walker.clinic.instrument.figures.safety if q.gate and q.no_contact_lifts]
    shorts = {words[q].short for q in gates}
    return next(b for b in walker.screen.buttons if any(s in b.words for s in shorts))


def test_an_export_holds_the_edits_and_an_import_gives_them_back(at_results: Walker, make_clinic: Any) -> None:
    at_results.tap("Plan")
    at_results.tap("Limits")
    at_results.tap("Not at school")
    record = at_results.clinic.record("Robin")
    other: Clinic = make_clinic()
    other.clinician()
    with other.desk() as desk:
        clinician = desk.people.clinician_named("Dr Sample")
        assert clinician
        restore(desk, record, clinician.id, "robin.json")
    assert other.record("Robin")["encounters"] == record["encounters"]


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "swap", "activity": "nothing_known", "to": "special_time"},
        {"kind": "limits", "limits": ["moon_only"]},
        {"kind": "drop", "activity": "special_time", "reason": ""},
        {"kind": "drop", "activity": "special_time"},
        "swap",
    ],
)
def test_an_import_refuses_an_edit_that_is_none(at_results: Walker, make_clinic: Any, edit: Any) -> None:
    at_results.tap("Plan")
    at_results.tap("Limits")
    at_results.tap("Not at school")
    record = at_results.clinic.record("Robin")
    record["encounters"][0]["plan_edits"][0]["edit"] = edit
    other: Clinic = make_clinic()
    other.clinician()
    with pytest.raises(ContentError, match="plan_edits"), other.desk() as desk:
        clinician = desk.people.clinician_named("Dr Sample")
        assert clinician
        restore(desk, record, clinician.id, "robin.json")
    assert other.cases() == []

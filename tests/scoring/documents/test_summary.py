from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given

from scoring.documents.blocks import Bullets, Heading, Paragraph
from scoring.documents.summary import summary
from scoring.documents.words import Wording, dose, percent, span
from scoring.edits import PlanEdits, Swap
from scoring.profile import Plan
from scoring.result import assess
from tests.scoring.documents.made import NAMES, bare, result_of, result_with, vector, words_of
from tests.scoring.strategies import cases

ORDER = ["safety", "domains", "relationships", "strengths", "plan", "load", "unknown", "notice"]
NEVER = (
    "brain scan",
    "brain age",
    "damage",
    "normal",
    "cures",
    "proven",
    "None of the rest None",
    "None,",
    "Fraction",
    "nan%",
)


def edited(result, edits):
    """The same result with its plan edited."""
    return assess(result.case, result.instrument, edits)


def lines_of(result, section):
    return words_of(summary(result).section(section)).splitlines()


def check_domains(result):
    """Each domain's percent and range stand in its own line, printed whole."""
    lines = lines_of(result, "domains")
    for name, area in result.profile.domains.items():
        line = next(line for line in lines if line.startswith(Wording(result).domain(name) + " ("))
        tiers = result.instrument.words.tiers
        if area.percent is not None:
            assert f"{percent(area.percent)} of what is expected" in line
        if area.low is not None and area.low != area.high:
            assert f"within {span(area.low, area.high)}" in line
        elif area.step_low is not None:
            assert span(area.step_low, area.step_high) in line
        if area.percent is None:
            assert "% of what is expected" not in line
        if area.tier is not None:
            assert f"{tiers[area.tier].word}" in line
        else:
            assert not any(f" {tier.word}." in line for tier in tiers.values())
        if area.tier and area.near_edge:
            assert "near the edge" in line
        if area.known_share not in (None, 1):
            assert f"{percent(100 * area.known_share)} of what counts is known" in line


def check_plan(result):
    """Every activity stands in the plan with why, who, where and how often; every empty step says why it is empty."""
    wording = Wording(result)
    section = summary(result).section("plan")
    assert section is not None
    steps = [b for b in section.blocks if isinstance(b, Heading) and b.level == 3]
    assert [s.text.split(".")[0] for s in steps] == [str(s.step) for s in result.plan.steps]
    blocks = list(section.blocks)
    for step, heading in zip(result.plan.steps, steps, strict=True):
        start = blocks.index(heading)
        end = blocks.index(steps[step.step]) if step.step < len(steps) else len(blocks)
        own = blocks[start + 1 : end]
        names = [wording.activity(a).name for a in step.activities]
        assert [b.text for b in own if isinstance(b, Paragraph) and b.text in names] == names
        details = [b for b in own if isinstance(b, Bullets)]
        for activity, detail in zip(step.activities, details, strict=True):
            figures = result.instrument.activity[activity]
            assert detail.items[0].startswith("Why: ")
            assert len(detail.items[0]) > 12
            assert "chosen by the clinician" not in detail.items[0].lower()
            assert dose(figures.minutes, figures.per_week) in detail.items[1]
            assert " leads, " in detail.items[1]
            assert any(i.startswith("Take care: ") for i in detail.items) == figures.caution
            assert any(i.startswith("Source: ") for i in detail.items) == bool(figures.evidence)
        said = " ".join(b.text for b in own if isinstance(b, Paragraph))
        if not step.activities:
            empty = ("Waits", "people act", "Nothing needed", "Nothing in the library", "Comes later", "Ask next")
            assert any(e in said for e in empty)
            assert ("Waits" in said) == step.waits


def check_safety(result):
    document = summary(result)
    assert document.sections[0].name == "safety"
    first = document.sections[0].blocks[1]
    assert isinstance(first, Paragraph)
    unknown = result.profile.safety_unknown
    assert first.text.startswith(("No safety question", "All ") if not unknown else (f"{len(unknown)} ", "All "))
    text = words_of(document.sections[0])
    for flag in result.profile.safety:
        assert Wording(result).flag_act(flag.id) in text
    for harm in result.profile.still_happening:
        assert Wording(result).harm(harm).lower() in text.lower()
    assert ("The plan waits" in text) == result.plan.waits


def check_all(result):
    document = summary(result)
    assert [s.name for s in document.sections] == ORDER
    check_safety(result)
    check_domains(result)
    check_plan(result)
    text = words_of(document)
    assert not [never for never in NEVER if never in text]
    assert "  " not in text
    assert ".." not in text
    for point in result.instrument.words.notice.points:
        assert point in text


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_say_everything_that_must_be_said(name):
    check_all(vector(name))


@given(cases())
def test_any_case_says_everything_that_must_be_said(content):
    check_all(result_of(content))


@given(cases())
def test_the_same_case_makes_the_same_summary(content):
    assert summary(result_of(content)) == summary(result_of(content))


def test_urgent_flags_come_before_the_others():
    text = words_of(summary(vector("08")).section("safety"))
    assert text.index("To act on now") < text.index("Danger at home now.") < text.index("To act on this week")


def test_harms_that_go_on_and_harms_nobody_asked_about_are_told_apart():
    going_on = words_of(summary(vector("20")).section("safety"))
    assert "Answered as still happening" in going_on
    assert "nobody has said yet" not in going_on
    unasked = words_of(summary(vector("19")).section("safety"))
    assert "nobody has said yet" in unasked
    assert "Answered as still happening" not in unasked


def test_waiting_says_what_it_waits_for_and_what_ends_it():
    text = words_of(summary(vector("08")).section("safety"))
    assert (
        "Danger at home now: until it is cleared, or it is recorded that the person who harms has no contact." in text
    )
    assert "Sexual harm: until somebody has said" in text
    assert "until it is cleared, or" not in words_of(summary(vector("21")).section("safety"))


def test_a_safety_question_nobody_asked_is_never_said_to_be_safe():
    assert "still open" in words_of(summary(bare(96)).section("safety")).splitlines()[1]


def test_hearing_that_is_not_known_stands_before_the_first_word_on_language():
    unknown = words_of(summary(vector("02")).section("domains"))
    assert unknown.index("not known whether hearing was checked") < unknown.index("Cognitive (")
    checked = result_with(vector("02"), facts={"hearing_checked": True})
    assert "hearing" not in words_of(summary(checked).section("domains"))
    refused = result_with(vector("02"), facts={"hearing_checked": False})
    assert "Hearing has not been checked" in words_of(summary(refused).section("domains"))


def test_language_in_a_closer_look_is_preceded_by_hearing_too():
    plan = words_of(summary(vector("04")).section("plan"))
    assert plan.index("hearing was checked") < plan.index("These stand out")


def test_under_thirteen_months_there_is_a_placing_and_no_percent():
    text = words_of(summary(vector("06")).section("domains"))
    assert "%" not in text
    assert "Strengthen." in text
    assert "Under 13 months no percent is given" in text


def test_an_age_that_is_unsure_is_said_and_nothing_is_placed():
    text = words_of(summary(vector("22")).section("domains"))
    assert "gaps may be due to being early" in text


def test_a_band_just_entered_is_said():
    assert "Expectations have just risen" in words_of(summary(vector("17")).section("domains"))
    assert "Expectations have just risen" not in words_of(summary(vector("16")).section("domains"))


def test_from_sixty_five_years_the_words_say_that_expectations_were_not_made_for_the_age():
    result = bare(780, functions={f.id: 9 for f in vector("01").instrument.figures.functions})
    text = words_of(summary(result).section("domains"))
    assert "not made for people of 65 and over" in text
    assert not any(tier.word in text for tier in result.instrument.words.tiers.values())


def test_an_early_birth_says_what_age_counts():
    assert "counted from the due date" in words_of(summary(vector("11")).section("domains"))


def test_what_is_set_aside_is_named():
    result = vector("14")
    text = words_of(summary(result).section("domains"))
    assert "Set aside by the clinician" in text
    for name in result.case.set_aside:
        assert Wording(result).function(name) in text


def test_answers_taken_with_another_version_are_said_to_be():
    result = result_with(vector("01"), taken_with_version="0.2.0")
    assert "taken with version 0.2.0" in words_of(summary(result))
    same = result_with(vector("01"), taken_with_version=result.instrument.version)
    assert "taken with version" not in words_of(summary(same))


def test_ratings_confirmed_in_bulk_are_counted():
    assert "12 ratings were confirmed in bulk" in words_of(summary(vector("01"), bulk_confirmed=12))
    assert "in bulk" not in words_of(summary(vector("01")))


def test_relationships_of_which_nothing_is_known_are_still_to_be_asked():
    document = summary(vector("05"))
    assert "still to be asked" in words_of(document.section("relationships"))
    assert "still to be asked" in words_of(document.section("plan"))


def test_a_plan_that_asks_too_much_says_so():
    text = words_of(summary(vector("15")).section("load"))
    assert "240 minutes" in text
    assert "too much" in text
    assert "too much" not in words_of(summary(vector("17")).section("load"))


def test_two_heavy_activities_are_not_offered_the_same_in_their_place():
    heavy = edited(vector("03"), PlanEdits(limits=("not_at_school",)))
    offered = re.findall(r"In its place: ([^,]+),", words_of(summary(heavy).section("load")))
    assert len(offered) == len(set(offered)) == 2


def test_a_swap_that_limits_undid_is_said_to_be_undone():
    swap = Swap("sensory_breaks", "handwriting_and_tools")
    name = vector("02").instrument.words.activities["sensory_breaks"].name
    done = words_of(summary(edited(vector("02"), PlanEdits(changes=(swap,)))).section("plan"))
    assert f"Swapped: {name}, for " in done
    assert "is back" not in done
    # what was swapped in takes equipment, so that the plan has the other again
    undone = edited(vector("02"), PlanEdits(("no_equipment",), (swap,)))
    assert f"With what was changed since, {name} is back." in words_of(summary(undone).section("plan"))
    again = PlanEdits(changes=(swap, Swap("handwriting_and_tools", "sensory_breaks")))
    assert "is back" not in words_of(summary(edited(vector("02"), again)).section("plan"))


def test_bottom_up_is_said_once_to_be_an_untested_convention():
    assert words_of(summary(vector("02"))).count("convention") == 1


def test_an_activity_put_in_by_hand_says_so():
    result = vector("02")
    steps = tuple(
        replace(s, activities=("body_safety_therapy",)) if s.kind == "relationship" else s for s in result.plan.steps
    )
    edited = replace(result, plan=Plan(steps, result.plan.waits, result.plan.family_minutes))
    assert "Why: Chosen by the clinician." in words_of(summary(edited))


def test_an_adult_reads_no_word_about_a_main_carer():
    text = words_of(summary(vector("07")).section("relationships"))
    assert "carer" not in text
    assert "person who is closest" in text


def test_the_summary_is_made_without_anything_that_draws():
    seen = (
        "import sys, scoring.documents.summary, scoring.documents.pdf, scoring.documents.family, "
        "scoring.documents.report, scoring.documents.comparison; "
        "sys.exit(any(m in sys.modules for m in ('matplotlib', 'fpdf')))"
    )
    assert subprocess.run([sys.executable, "-c", seen], check=False).returncode == 0

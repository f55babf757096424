from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given

from scoring.documents.blocks import Paragraph, Picture, Table
from scoring.documents.report import AnsweredBy, Disagreement, FlagLine, report
from scoring.documents.words import Wording, percent, span, whole
from scoring.instrument import load
from tests.scoring.documents.made import NAMES, bare, result_of, result_with, vector, words_of
from tests.scoring.strategies import cases

SECTIONS = ["notice", "safety", "who", "pictures", "strengths", "domains", "relationships", "history", "functions"]


def table_of(document, section):
    return next(b for b in document.section(section).blocks if isinstance(b, Table))


def check(result):
    document = report(result)
    assert [s.name for s in document.sections] == [*SECTIONS, "unknown", "plan"]
    for block in (b for s in document.sections for b in s.blocks if isinstance(b, Table)):
        assert all(len(row) in (2, len(block.header)) for row in block.rows)
        assert block.widths is None or len(block.widths) == len(block.header)
    domains = table_of(document, "domains").rows
    for row, area in zip(domains, result.profile.domains.values(), strict=True):
        if area.percent is not None:
            assert row[1].startswith(percent(area.percent))
        if area.low is not None and area.low != area.high:
            assert span(area.low, area.high) in row[2]
    history = table_of(document, "history").rows
    for row, period in zip(history, result.profile.history.values(), strict=True):
        assert (row[3].split(",")[0] == whole(period.load)) if period.load is not None else "Too little" in row[3]
    rated = " ".join(cell for row in table_of(document, "functions").rows for cell in row)
    for found in result.profile.functions:
        assert Wording(result).function(found.id) in rated
        if found.rating is not None and found.expected is not None:
            assert f"{found.rating} of {found.expected}: " in rated
    plan = table_of(document, "plan")
    rows = iter(plan.rows)
    for step in result.plan.steps:
        for activity in step.activities or (None,):
            row = next(rows)
            assert row[1]
            if activity is not None:
                words = Wording(result).activity(activity)
                assert row[2].startswith(words.name)
                assert row[5] == words.dose
                assert (row[6], row[7]) == (words.caution or "", result.instrument.activity[activity].evidence or "")
    assert next(rows, None) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_reports_hold_all_that_is_on_record(name):
    check(vector(name))


@given(cases())
def test_any_report_holds_all_that_is_on_record(content):
    check(result_of(content))


def test_the_notice_stands_first_and_again_under_the_pictures():
    document = report(vector("01"))
    notice = vector("01").instrument.words.notice
    assert all(point in words_of(document.sections[0]) for point in notice.points)
    pictures = document.section("pictures").blocks
    assert [b.name for b in pictures if isinstance(b, Picture)] == ["map", "history"]
    assert pictures[-1] == Paragraph(notice.short, "small")


def test_the_pictures_carry_the_text_twin_they_are_given():
    document = report(vector("01"), map_alt="All in words.", history_alt="The past in words.")
    assert [b.alt for b in document.section("pictures").blocks if isinstance(b, Picture)] == [
        "All in words.",
        "The past in words.",
    ]


def test_what_scoring_does_not_know_is_taken_from_outside():
    document = report(
        vector("08"),
        answered_by=[AnsweredBy("Carer, aunt", date(2026, 2, 1), 40, 52), AnsweredBy("School")],
        flags=[
            FlagLine("told_of_harm", "School", date(2026, 1, 2), "Dr Lee", date(2026, 1, 9), "spoken with the team"),
            FlagLine("danger_at_home_now", "Carer, aunt"),
        ],
        disagreements=[Disagreement("sleep", (("Clinician", "4"), ("Carer, aunt", "about the same, about 9")))],
        bulk_confirmed=3,
    )
    who = words_of(document.section("who"))
    assert "Carer, aunt" in who
    assert "1 February 2026" in who
    assert "40 of 52" in who
    safety = words_of(document.section("safety"))
    assert "Dr Lee, 9 January 2026: spoken with the team" in safety
    open_flags, cleared = (b for b in document.section("safety").blocks if isinstance(b, Table))
    assert open_flags.rows == (("Danger at home now", "Carer, aunt"),)
    assert cleared.header[2] == "Cleared by, and why"
    assert "Sleep: Clinician: 4; Carer, aunt: about the same, about 9" in words_of(document.section("disagreements"))
    assert "3 ratings were confirmed in bulk" in words_of(document.section("domains"))


def flag_tables(flags):
    section = report(vector("08"), flags=flags).section("safety")
    return [b for b in section.blocks if isinstance(b, Table)], words_of(section)


def test_every_open_flag_stands_there_and_the_last_of_the_cleared():
    cleared = [
        FlagLine("told_of_harm", "School", date(2020 + n, 1, 2), "Dr Lee", date(2020 + n, 1, 9), "x" * 500)
        for n in range(9)
    ]
    still_open = [FlagLine(s.id, "Carer") for s in load().figures.safety]
    (first, second), text = flag_tables([*cleared, *still_open[:2]])
    assert first.rows[0][1] == "Carer"
    assert [row[2].partition(":")[0][-4:] for row in second.rows] == ["2028", "2027", "2026", "2025", "2024", "2023"]
    assert all(len(row[2].partition(": ")[2]) <= 160 for row in second.rows)
    assert "And 3 flags cleared earlier; an export holds them all." in text
    (first, second), text = flag_tables([*cleared, *still_open])
    words = Wording(vector("08"))
    assert first.rows[0][0].casefold().split("; ") == [words.flag(line.flag).casefold() for line in still_open]
    assert [row[2].partition(":")[0][-4:] for row in second.rows] == ["2028", "2027"]
    assert "And 7 flags cleared earlier; an export holds them all." in text


def test_flags_that_the_same_people_raised_stand_together_and_the_last_of_many_are_named():
    many = [FlagLine("danger_at_home_now", "Carer", date(2025, 1, n)) for n in range(1, 6)]
    (table,), _ = flag_tables([*many, FlagLine("told_of_harm", "School"), FlagLine("missing_now", "School")])
    assert table.rows[0] == (
        "Danger at home now",
        "Carer, 3 January 2025; Carer, 4 January 2025; Carer, 5 January 2025; and 2 earlier",
    )
    assert table.rows[1] == ("Having told someone of being hurt; Being missing now", "School")


@pytest.mark.parametrize("question", [s.id for s in load().figures.safety])
def test_a_flag_of_every_kind_is_named_in_words(question):
    line = FlagLine(question, "Carer", date(2026, 1, 2), "Clinician", date(2026, 1, 9), "seen")
    tables, _ = flag_tables([line, FlagLine(question, "School")])
    named = Wording(vector("08")).flag(question).casefold()
    assert [row[0].casefold() for table in tables for row in table.rows] == [named, named]


def test_what_was_typed_cannot_break_a_line():
    document = report(vector("08"), answered_by=[AnsweredBy("a\nb\u202ec\ud800" + "x" * 5000)])
    row = table_of(document, "who").rows[0]
    assert row[0].startswith("a bc\N{REPLACEMENT CHARACTER}")
    assert len(row[0]) <= 400


def test_unknown_history_is_never_said_to_be_none():
    document = report(bare(100))
    for row in table_of(document, "history").rows:
        assert row[1:3] == ("Not known.", "Not known.")


def test_history_tells_none_from_not_known():
    first = table_of(report(vector("15")), "history").rows[0]
    assert "None of the rest. Not known: 1 of 7." in first[1]


def test_the_load_is_said_to_be_no_measure_of_what_it_did():
    assert "not what it did" in words_of(report(vector("01")).section("history"))


def test_languages_at_home_are_told_as_typed():
    result = result_with(vector("01"), facts={"languages": "Kurdî, English", "hearing_checked": True})
    assert "Languages at home: Kurdî, English." in words_of(report(result).section("who"))


def test_a_source_says_for_whom_it_was_studied():
    text = words_of(report(vector("15")).section("plan"))
    assert "no proof" in text

from __future__ import annotations

import unicodedata
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.documents import words
from scoring.documents.words import Wording
from tests.scoring.documents.made import bare, vector


def test_percents_are_printed_whole_half_to_even_on_the_exact_value():
    assert words.percent(Fraction(6496, 100)) == "65%"
    assert words.percent(Fraction(121, 2)) == "60%"
    assert words.percent(Fraction(123, 2)) == "62%"
    assert words.percent(Fraction(200, 3)) == "67%"


def test_a_range_that_prints_alike_at_both_ends_is_one_number():
    assert words.span(Fraction(701, 10), Fraction(704, 10)) == "70%"
    assert words.span(Fraction(152, 10), Fraction(990, 10)) == "15–99%"


@pytest.mark.parametrize(
    ("months", "said"),
    [
        (0, "under 1 month"),
        (1, "1 month"),
        (23, "23 months"),
        (24, "2 years"),
        (25, "2 years 1 month"),
        (499, "41 years 7 months"),
    ],
)
def test_ages_are_said_as_people_say_them(months, said):
    assert words.age(months) == said


@pytest.mark.parametrize(
    ("minutes", "per_week", "said"),
    [
        (10, 7, "10 minutes, 7 times a week"),
        (60, 0.5, "60 minutes, every other week"),
        (30, 0.25, "30 minutes, once a month"),
        (45, 1.0, "45 minutes, once a week"),
        (5, 2, "5 minutes, twice a week"),
    ],
)
def test_a_dose_says_minutes_and_how_often(minutes, per_week, said):
    assert words.dose(minutes, per_week) == said


def test_every_activity_has_a_leader_a_place_and_a_dose_at_every_age():
    for months in (1, 30, 96, 300):
        wording = Wording(bare(months))
        for name in wording.result.instrument.activity:
            text = wording.activity(name)
            assert text.leader
            assert text.place
            assert "minutes, " in text.dose


def test_what_a_carer_leads_an_adult_leads_themself():
    assert Wording(bare(96)).leader("carer") == "the carer"
    assert Wording(bare(216)).leader("carer") == "the adult themself"


def test_for_an_adult_the_carer_is_the_person_who_is_closest():
    child, adult = Wording(vector("01")), Wording(vector("07"))
    assert "carer" in child.flag("carer_in_crisis")
    assert "carer" not in adult.flag("carer_in_crisis")
    assert words.closest("a carer's rest") == "the person who is closest's rest"
    assert words.closest("careful care") == "careful care"


def test_an_adult_reads_the_adult_variant_of_an_activity():
    name = "carer_respite"
    texts = vector("07").instrument.words.activities[name]
    assert Wording(vector("07")).activity(name).name == texts.adult.name
    assert Wording(vector("01")).activity(name).name == texts.name


@given(st.text(alphabet=st.characters(), max_size=60) | st.text(alphabet="\ud800a\u202e\n\0\u200d ", max_size=20))
def test_typed_text_becomes_one_line_that_can_be_written(text):
    line = words.flat(text, 40)
    line.encode("utf-8")
    assert len(line) <= 40
    assert line == " ".join(line.split())
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in line)


def test_typed_text_keeps_its_script():
    assert words.flat("محمد  王\nZoë") == "محمد 王 Zoë"

from __future__ import annotations

import re

import pytest
from hypothesis import given

from scoring.documents.blocks import Document, Heading, Paragraph, Section
from scoring.documents.family import ALLOWED, family
from scoring.documents.markdown import to_markdown
from scoring.documents.words import Wording
from scoring.instrument import load
from tests.scoring.documents.made import NAMES, bare, result_of, vector, words_of
from tests.scoring.strategies import cases

TEXTS = load().words
FORBIDDEN = [
    *(flag.plain for flag in TEXTS.safety.values()),
    *(flag.short for flag in TEXTS.safety.values()),
    *(harm.named for harm in TEXTS.harm.values()),
    *(harm.plain_now for harm in TEXTS.harm.values()),
    *(factor.plain for factor in TEXTS.adversity.values()),
    *TEXTS.statuses.values(),
    *(tier.word for tier in TEXTS.tiers.values()),
    *(band.word for band in TEXTS.scales["bands"].values()),
    *(area.name for area in TEXTS.regions.values()),
    *("score", "rating", "rated", "percent", "%", "domain", "severe", "expected", "informant", "flag", "hearing was"),
    *("teacher said", "carer said", "disagree", "no contact", "still happening", "plan waits", "safety question"),
]


def grade(sentence):
    """Flesch–Kincaid, with vowel groups as syllables: no dictionary has to be fetched for it."""
    words = re.findall(r"[a-z']+", sentence.lower())
    syllables = sum(
        max(1, len(re.findall(r"[aeiouy]+", w)) - (w.endswith("e") and not w.endswith("le"))) for w in words
    )
    return 0.39 * len(words) + 11.8 * syllables / len(words) - 15.59


def check(result):
    document = family(result)
    text = to_markdown(document)
    lower = text.lower()
    assert {s.name for s in document.sections} <= ALLOWED
    assert not [phrase for phrase in FORBIDDEN if phrase.lower() in lower]
    assert not re.search(r"\d of \d", text)
    shown = {a for s in result.plan.steps for a in s.activities if not result.instrument.activity[a].only_after_harm}
    if result.plan.waits:
        shown = set()
        assert "your clinician will talk with you" in text
    names = [b.text for s in document.sections for b in s.blocks if isinstance(b, Heading) and b.level == 3]
    assert sorted(names) == sorted(Wording(result).activity(a).name for a in shown)
    for activity in shown:
        words = Wording(result).activity(activity)
        page = words_of(document)
        for said in (words.what, *words.how, words.helps, words.stop, words.caution or "", words.dose):
            assert said in page


@pytest.mark.parametrize("name", NAMES)
def test_no_page_for_home_of_the_examples_tells_what_it_must_not(name):
    check(vector(name))


@given(cases())
def test_no_page_for_home_tells_what_it_must_not(content):
    check(result_of(content))


def test_while_the_plan_waits_the_page_names_no_activity_and_no_reason():
    result = vector("08")
    assert result.plan.steps[1].activities
    text = words_of(family(result))
    assert "talk with you about the next steps" in text
    assert not [a for a in TEXTS.activities.values() if a.name in text]


def test_an_activity_that_tells_of_harm_stays_off_the_page():
    result = vector("15")
    chosen = [a for s in result.plan.steps for a in s.activities if result.instrument.activity[a].only_after_harm]
    assert chosen
    text = words_of(family(result))
    assert not [a for a in chosen if TEXTS.activities[a].name in text]


def test_a_section_that_is_not_on_the_list_cannot_stand_on_the_page():
    document = Document("x", (Section("safety", (Paragraph("secret"),)), Section("help", (Paragraph("open"),))))
    assert words_of(document.only(ALLOWED)) == "open"


def test_the_label_is_the_clinicians_and_stays_off_the_page():
    assert "Example" not in to_markdown(family(vector("01")))


def test_something_kind_stands_there_when_nothing_is_known():
    assert "good moments" in words_of(family(bare(96)))


def test_what_is_done_at_home_comes_before_what_others_lead():
    names = [s.name for s in family(vector("18")).sections]
    assert names.index("try") < names.index("others")


def test_an_adult_is_spoken_to():
    assert family(vector("07")).title == "Next steps for you"


def test_its_own_sentences_are_easy_to_read():
    given_texts = {t for a in TEXTS.activities.values() for t in (a.what, *a.how, *(a.adult.how or ()), a.adult.what)}
    given_texts.add(TEXTS.notice.short)
    own = set()
    for result in [vector(n) for n in NAMES] + [bare(96), bare(300), bare(1)]:
        for section in family(result).sections:
            for block in section.blocks:
                if isinstance(block, Paragraph) and block.text not in given_texts:
                    own.update(re.split(r"(?<=[.!?]) ", block.text))
    own = {s for s in own if not re.match(r"(How often|With (a|an|the)) ?", s)}
    assert len(own) >= 12
    for sentence in own:
        plain = sentence.replace("the emergency number", "for help")  # a set phrase that everybody knows
        assert grade(plain) <= 6, sentence
        assert len(sentence.split()) <= 15, sentence

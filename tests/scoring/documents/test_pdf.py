from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from dataclasses import replace
from datetime import date

import pytest

from scoring.compare import compare
from scoring.documents.blocks import Bullets, Document, Heading, Paragraph, Picture, Section, Table
from scoring.documents.comparison import comparison
from scoring.documents.family import family
from scoring.documents.pdf import to_pdf
from scoring.documents.pdf_page import MARK
from scoring.documents.report import AnsweredBy, FlagLine, report
from scoring.documents.voices import Disagreement
from scoring.documents.words import Wording, percent, span
from scoring.edits import Drop, PlanEdits
from scoring.result import Changed, assess
from tests.scoring.documents.made import NAMES, png, result_with, vector

PICTURES = {"map": png(), "history": png(40, 44), "compare": png(), "trend": png()}
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler's pdftotext is not installed")
LABELS = [
    "$x_1$ {nb} **b**",
    "😀👩‍👩‍👧 ❤️",
    "محمد علي",
    "שלום (x)",
    "王小明",
    "W" * 24,
    "a\ud800\x00\u202eb",
    "हिन्दी",
    "Zoë",
]


def text_of(data, tmp_path, *options):
    path = tmp_path / "it.pdf"
    path.write_bytes(data)
    run = subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, check=True)
    return run.stdout.decode()


def flat(text):
    return re.sub(r"\s+", " ", text)


def pages(data):
    return len(re.findall(rb"/Type /Page\b", data))


def small(*blocks):
    return Document("Title", (Section("s", blocks),))


@needs_poppler
@pytest.mark.parametrize("name", NAMES)
def test_a_report_can_be_searched_for_its_domains_and_its_plan(name, tmp_path):
    result = vector(name)
    data = to_pdf(report(result), PICTURES)
    assert 2 <= pages(data) <= 4
    text = flat(text_of(data, tmp_path, "-raw"))
    for domain, area in result.profile.domains.items():
        assert Wording(result).domain(domain) in text
        if area.percent is not None:
            assert f"{percent(area.percent)} of what is" in text
        if area.low is not None and area.low != area.high:
            assert span(area.low, area.high) in text
    for step in result.plan.steps:
        for activity in step.activities:
            words = Wording(result).activity(activity)
            assert words.name.split()[0] in text
            assert words.dose.split(",")[0].split()[0] in text
    for flag in result.profile.safety:
        assert Wording(result).flag_act(flag.id)[:40] in text
    assert flat(result.instrument.words.notice.short) in text


@needs_poppler
def test_a_page_for_home_can_be_read_as_text(tmp_path):
    result = vector("18")
    text = flat(text_of(to_pdf(family(result), {}), tmp_path, "-raw"))
    for step in result.plan.steps:
        for activity in step.activities:
            for line in Wording(result).activity(activity).how:
                assert line in text
    assert "%" not in text


def test_the_same_content_makes_the_same_bytes():
    document = report(vector("15"))
    assert to_pdf(document, PICTURES) == to_pdf(document, PICTURES)


def test_title_language_bookmarks_and_tags_are_there():
    data = to_pdf(report(vector("01"), map_alt="The map in words"), PICTURES)
    assert b"/Lang (en)" in data
    assert b"/Title (" in data
    assert b"/Outlines" in data
    assert b"/MarkInfo" in data
    assert data.count(b"/S /Figure") == 2
    assert b"/S /H1" in data
    assert b"/S /H2" in data
    assert b"/Alt (" in data
    assert b"/CreationDate (D:20260" in data or b"/CreationDate (D:2025" in data


@pytest.mark.parametrize("label", LABELS)
def test_no_label_breaks_it(label):
    result = result_with(vector("08"), label=label, facts={"languages": label})
    document = report(
        result,
        answered_by=[AnsweredBy(label * 40)],
        flags=[FlagLine("danger_at_home_now", label, reason=f"{label} " * 300)],
    )
    assert to_pdf(document, PICTURES).startswith(b"%PDF")


@needs_poppler
def test_what_no_font_has_becomes_a_visible_mark_and_the_rest_stays(tmp_path):
    text = text_of(to_pdf(small(Paragraph("Ab 王 {nb} \ue000 ❤️ żó")), {}), tmp_path)
    assert f"Ab {MARK} {{nb}} {MARK} ❤ żó" in text


def words_on(data, tmp_path):
    """Every word as it stands on paper, its letters from left to right, with its left and right edge in points."""
    box = r'<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)" yMax="[\d.]+">([^<]*)</word>'
    found = re.findall(box, text_of(data, tmp_path, "-bbox"))
    return {word: (float(left), float(right)) for left, right, word in found}


@needs_poppler
def test_arabic_is_joined_and_runs_from_right_to_left(tmp_path):
    on_paper = words_on(to_pdf(small(Paragraph("ليان"), Paragraph("ل ي ا ن"), Paragraph("Noa נועה")), {}), tmp_path)
    width = {word: right - left for word, (left, right) in on_paper.items()}
    assert width["ليان"[::-1]] < 0.8 * sum(width[letter] for letter in "ليان"), "joined letters are narrower than alone"
    assert on_paper["ل"][0] > on_paper["ي"][0] > on_paper["ن"][0], "the first letter stands furthest to the right"
    assert "נועה"[::-1] in on_paper


@needs_poppler
def test_other_letters_in_a_line_that_is_shaped_can_still_be_searched(tmp_path):
    text = text_of(to_pdf(small(Paragraph("ليان: a fine, efficient office, first of 24 (3–12%)")), {}), tmp_path)
    assert "a fine, efficient office, first of 24 (3–12%)" in flat(text)


@needs_poppler
@pytest.mark.parametrize("word", ["السلام", "علا", "لأن", "الآن", "الإسلام", "ليان", "مُحَمَّد", "שָׁלוֹם", "شلبي"])
def test_words_from_right_to_left_with_joined_letters_and_marks_are_found_by_searching(word, tmp_path):
    text = text_of(to_pdf(small(Paragraph(f"Label {word} in a line"), Bullets((word,))), {}), tmp_path)
    assert unicodedata.normalize("NFC", text).count(unicodedata.normalize("NFC", word)) == 2


def test_a_report_under_a_label_and_a_note_in_arabic_stays_within_four_pages():
    note = "تنام ليان جيدًا منذ الانتقال إلى البيت الجديد (3 مرات في اليوم) "
    result = result_with(vector("08"), label="ليان", facts={"languages": note})
    flags = [FlagLine("danger_at_home_now", "Carer, aunt", reason=note * 4)]
    assert pages(to_pdf(report(result, answered_by=[AnsweredBy(note)], flags=flags), PICTURES, most_pages=4)) <= 4


@needs_poppler
def test_a_row_no_page_can_hold_is_continued_on_the_next(tmp_path):
    words = [f"word{n}" for n in range(3000)]
    table = Table(("Narrow", "Wide"), ((" ".join(words), "b"), ("last", "row")), widths=(1, 5))
    data = to_pdf(small(table), {})
    assert pages(data) > 2
    text = flat(text_of(data, tmp_path, "-raw"))
    assert all(word in text for word in (*words, "last"))
    assert text.count("Narrow") == pages(data)


@needs_poppler
def test_long_text_runs_on_over_pages_and_loses_nothing(tmp_path):
    words = [f"w{n}" for n in range(4000)]
    data = to_pdf(small(Paragraph(" ".join(words)), Bullets((" ".join(words[:2000]),), start=1)), {})
    found = flat(text_of(data, tmp_path, "-raw")).split()
    assert set(words) <= set(found)
    assert "Page" in found


def test_a_word_wider_than_its_column_is_cut_and_never_an_error():
    table = Table(("a", "b"), (("W" * 400, "x"), ("", "")), widths=(1, 30))
    assert to_pdf(small(table, Table(("alone",), ())), {}).startswith(b"%PDF")


@needs_poppler
def test_a_picture_that_is_missing_speaks_for_itself(tmp_path):
    assert "The map in words" in text_of(to_pdf(small(Picture("map", "The map in words")), {}), tmp_path)


def test_a_heading_goes_to_the_next_page_with_its_picture():
    blocks = [Paragraph("line")] * 36
    data = to_pdf(small(*blocks, Heading("Pictures"), Picture("map", "m")), PICTURES)
    assert pages(data) == 2


def page_of(data, word, tmp_path):
    """The number of the first page on which a word stands."""
    return next(n for n, text in enumerate(text_of(data, tmp_path, "-raw").split("\f"), 1) if word in text)


@needs_poppler
@pytest.mark.parametrize("lines", range(20, 46))
def test_a_heading_and_what_leads_to_a_table_stay_with_its_first_two_rows(lines, tmp_path):
    table = Table(("Function", "Rated"), tuple((f"row{n} {'long ' * 60}", str(n)) for n in range(6)), widths=(1, 1))
    lead = (Heading("Ratings"), Paragraph("Hearing was checked."), Paragraph("Ten of ten are rated."))
    data = to_pdf(small(*[Paragraph("line")] * lines, *lead, table), {})
    assert len({page_of(data, word, tmp_path) for word in ("Ratings", "Hearing", "Ten of", "row0", "row1")}) == 1


@needs_poppler
def test_what_fills_more_than_half_a_page_is_not_kept_together(tmp_path):
    long = Paragraph("word " * 1200)
    data = to_pdf(small(*[Paragraph("line")] * 25, Heading("Ratings"), long, Table(("a",), (("b",),))), {})
    assert page_of(data, "Ratings", tmp_path) == 1


def test_letter_paper_is_another_size():
    document = small(Paragraph("x"))
    assert b"612.00 792.00" in to_pdf(document, {}, paper="Letter")
    assert b"595.28 841.89" in to_pdf(document, {})


def test_a_comparison_can_be_printed():
    data = to_pdf(comparison(compare(vector("08"), vector("09"))), PICTURES)
    assert pages(data) <= 3


def test_a_document_without_a_day_can_be_printed():
    assert to_pdf(replace(small(Paragraph("x")), dated=None), {}).startswith(b"%PDF")


PEOPLE = ("Carer, aunt", "Carer, grandmother of the father's side", "School or other setting", "The person")


@pytest.mark.parametrize(("name", "paper"), [("02", "A4"), ("07", "Letter"), ("15", "A4"), ("15", "Letter")])
def test_a_report_with_everything_on_record_stays_within_four_pages(name, paper):
    """Every danger said yes to by four people, and as often cleared before; much changed, left out and disputed."""
    result = vector(name)
    asked = [s.id for s in result.instrument.figures.safety if s.is_asked_at(result.profile.age_months)]
    case = replace(result.case, safety=dict.fromkeys(asked, True))
    before = replace(case, functions={f: v % 12 + 1 for f, v in case.functions.items()}, safety={}, relational_now={})
    activities = [a for step in result.plan.steps for a in step.activities]
    edits = PlanEdits(("not_at_school",), tuple(Drop(a, "a reason of some length " * 6) for a in activities[:3]))
    day = date(2026, 4, 1)
    document = report(
        assess(case, result.instrument, edits, Changed(before, "asked of somebody else " * 20)),
        answered_by=[AnsweredBy(who, day, 50, 60) for who in ("Clinician", *PEOPLE)],
        flags=[
            *(FlagLine(flag, who, day) for flag in asked for who in PEOPLE),
            *(FlagLine(flag, PEOPLE[0], day, "Clinician", day, "seen and settled with them " * 8) for flag in asked),
        ],
        disagreements=[
            Disagreement(f, (("Clinician", "4"), *((who, "about the same (suggests 9)") for who in PEOPLE)))
            for f in result.case.functions
        ],
    )
    assert pages(to_pdf(document, PICTURES)) >= 5
    assert pages(to_pdf(document, PICTURES, paper=paper, most_pages=4)) == 4


@needs_poppler
def test_the_last_cell_of_a_short_row_takes_the_rest_of_the_width(tmp_path):
    words = " ".join(f"word{n}" for n in range(14))
    table = Table(("a", "b", "c", "d"), (("first", words), ("1", "2", "3", "4")))
    text = text_of(to_pdf(small(table), {}), tmp_path, "-layout")
    assert words in flat(text)
    assert any("word0" in line and "word12" in line for line in text.splitlines())

from __future__ import annotations

from hypothesis import given

from scoring.compare import compare
from scoring.documents.blocks import Picture, Table
from scoring.documents.comparison import MOVED, comparison
from scoring.documents.words import Wording, percent
from tests.scoring.documents.made import result_of, result_with, vector, words_of
from tests.scoring.strategies import pairs


def check(compared):
    document = comparison(compared)
    assert [s.name for s in document.sections] == ["about", "domains", "picture", "functions", "reading", "notice"]
    table = next(b for b in document.section("domains").blocks if isinstance(b, Table))
    for row, domain in zip(table.rows, compared.domains, strict=True):
        assert row[1] == ("no percent" if domain.before is None else percent(domain.before))
        assert row[2] == ("no percent" if domain.after is None else percent(domain.after))
        assert MOVED[domain.moved].lower() in row[3].lower()
    functions = words_of(document.section("functions"))
    for change in compared.functions:
        moved = f"from {change.before} (expected {change.expected_before}) to {change.after} "
        name = Wording(compared.after).function_plain(change.id)
        assert (f"{name}: {moved}" in functions) == (change.moved in ("up", "down"))
    assert "None of this shows that anything caused anything" in words_of(document.section("reading"))


def test_the_examples_say_what_moved_and_what_it_is_not():
    for before, after in (("08", "09"), ("16", "17")):
        check(compare(vector(before), vector(after)))


@given(pairs())
def test_any_comparison_says_what_moved_and_what_it_is_not(pair):
    check(compare(result_of(pair[0]), result_of(pair[1])))


def test_ratings_that_held_under_grown_expectations_are_said_to_have_held():
    text = words_of(comparison(compare(vector("16"), vector("17"))).section("domains"))
    assert "The ratings held, what is expected grew" in text


def test_the_picture_carries_its_text_twin():
    made = comparison(compare(vector("08"), vector("09")), alt="In words.")
    assert [b for b in made.section("picture").blocks if isinstance(b, Picture)] == [Picture("compare", "In words.")]


def test_answers_taken_with_another_version_are_said_to_be():
    before = result_with(vector("08"), taken_with_version="0.1.0")
    assert "before were taken with version 0.1.0" in words_of(comparison(compare(before, vector("09"))))

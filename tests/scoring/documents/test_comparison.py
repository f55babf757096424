from __future__ import annotations

from hypothesis import given

from scoring.compare import compare
from scoring.documents.blocks import Picture, Table
from scoring.documents.comparison import MOVED, comparison
from scoring.documents.words import Wording, age, day, percent
from scoring.figures import examples
from scoring.trend import trend
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


def test_the_picture_of_a_course_stands_over_its_table_only_where_somebody_draws_it():
    results = examples.four_encounters()
    compared, course = compare(*results[-2:]), trend(results)
    drawn = comparison(compared, course=course, course_alt="The course in words.").section("encounters").blocks
    assert drawn[1] == Picture("trend", "The course in words.")
    assert isinstance(drawn[2], Table)
    left = comparison(compared, course=course).section("encounters").blocks
    assert [b for b in drawn if not isinstance(b, Picture)] == list(left)


def encounters(results):
    made = comparison(compare(*results[-2:]), course=trend(results))
    return made, next(b for b in made.section("encounters").blocks if isinstance(b, Table))


def test_with_three_or_more_results_all_of_them_stand_in_a_table_with_their_bounds():
    for results in (examples.four_encounters(), examples.seven_encounters()):
        made, table = encounters(results)
        assert [s.name for s in made.sections][-3:] == ["encounters", "reading", "notice"]
        assert len(table.rows) == len(results)
        for row, result in zip(table.rows, results, strict=True):
            assert row[:2] == (day(result.profile.assessed), age(result.profile.age_months))
            for cell, area in zip(row[2:], result.profile.domains.values(), strict=True):
                if area.percent is not None:
                    low, high = (area.low, area.high) if area.known_share < 1 else (area.step_low, area.step_high)
                    assert cell.startswith(percent(area.percent))
                    assert str(round(low)) in cell
                    assert str(round(high)) in cell
                else:
                    assert cell.startswith(("Not enough known", "No percent under 13 months"))


def test_the_table_says_why_there_is_no_percent_and_where_two_percents_are_not_compared():
    made, table = encounters(examples.seven_encounters())
    assert set(table.rows[0][2:]) == {"No percent under 13 months"}
    assert table.rows[3][4].startswith("Not enough known (")
    text = words_of(made.section("encounters"))
    assert (
        "From 18 June 2024 to 3 March 2025 not compared, since not the same was asked, weighed or set aside: " in text
    )
    assert text.count("not compared, since") == 2, "what is not known is no break of its own"
    assert "Between two of them nothing is known" in text


def test_two_results_have_no_table_of_all():
    assert comparison(compare(vector("08"), vector("09"))).section("encounters") is None


def test_what_is_set_aside_or_not_asked_at_all_is_named_in_the_table():
    rated = examples.ratings(99)
    results = [examples.person("x", 99, functions=rated, set_aside=list(rated)) for _ in range(3)]
    assert {cell for row in encounters(results)[1].rows for cell in row[2:]} <= {"Mostly set aside", "Nothing to count"}

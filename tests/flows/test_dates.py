"""Dates of birth as people type them: four forms are taken, everything else is refused in one line that helps."""

from __future__ import annotations

import calendar
import string
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.dates import BirthRefused, read_birth
from scoring.case import completed_months

TODAY = date(2026, 3, 14)
OLDEST_MONTHS = 110 * 12


def refusal(text: str, today: date = TODAY) -> str:
    with pytest.raises(BirthRefused) as refused:
        read_birth(text, today)
    return refused.value.message


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("2018-03-14", date(2018, 3, 14)),
        ("14.3.2018", date(2018, 3, 14)),
        ("14.03.2018", date(2018, 3, 14)),
        ("14 March 2018", date(2018, 3, 14)),
        ("March 2018", date(2018, 3, 1)),
        ("14 march 2018", date(2018, 3, 14)),
        ("14 MARCH 2018", date(2018, 3, 14)),
        ("14 Mar 2018", date(2018, 3, 14)),
        ("  14   March  2018 ", date(2018, 3, 14)),
        ("1.1.2020", date(2020, 1, 1)),
        ("29.2.2016", date(2016, 2, 29)),
        ("29 February 2016", date(2016, 2, 29)),
        ("31 December 1985", date(1985, 12, 31)),
        (TODAY.isoformat(), TODAY),
    ],
)
def test_each_accepted_form_gives_its_day(text: str, born: date) -> None:
    assert read_birth(text, TODAY) == born


@given(st.dates(date(1916, 3, 15), TODAY))
def test_every_day_a_person_can_be_born_on_is_taken_in_every_form(born: date) -> None:
    name, short = calendar.month_name[born.month], calendar.month_abbr[born.month]
    forms = (
        born.isoformat(),
        f"{born.day}.{born.month}.{born.year}",
        f"{born.day:02}.{born.month:02}.{born.year}",
        f"{born.day} {name} {born.year}",
        f"{born.day} {short} {born.year}",
        f"{born.day} {name.lower()} {born.year}",
    )
    assert {read_birth(form, TODAY) for form in forms} == {born}


@given(st.dates(date(1916, 4, 1), TODAY))
def test_a_month_alone_is_its_first_day_and_is_refused_under_two_years(day: date) -> None:
    first = day.replace(day=1)
    text = f"{calendar.month_name[day.month]} {day.year}"
    if completed_months(first, TODAY) < 24:
        assert "day" in refusal(text)
    else:
        assert read_birth(text, TODAY) == first


@pytest.mark.parametrize(
    "text",
    ["3/14/2018", "14/3/2018", "03/04/2018", "2018/03/14", "3/14", "3/2018", "14/03/18", " 3/14/2018 "],
)
def test_what_could_have_day_and_month_swapped_is_refused_with_the_accepted_forms(text: str) -> None:
    message = refusal(text)
    for form in ("2018-03-14", "14.3.2018", "14 March 2018", "March 2018"):
        assert form in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "7",
        "2018",
        "20180314",
        "14.3.18",
        "14 March",
        "March",
        "14 Marz 2018",
        "14 March 18",
        "2018-03",
        "2018-03-14T00:00",
        "2018-03-14 2018-03-14",
        "3-14-2018",
        "14-3-2018",
        "yesterday",
        "note: 2018-03-14",
        "١٤.٣.٢٠١٨",
        "２０１８-０３-１４",
        "2018-03-14\x00",
        "-2018-03-14",
        "12018-03-14",
    ],
)
def test_everything_else_is_refused_with_the_accepted_forms(text: str) -> None:
    assert "14 March 2018" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "30.2.2018",
        "29.2.2018",
        "2018-02-29",
        "2018-13-01",
        "2018-00-10",
        "2018-03-00",
        "2018-03-32",
        "0.3.2018",
        "00.03.2018",
        "0 March 2018",
        "00 March 2018",
        "32 March 2018",
        "31 April 2018",
        "0000-01-01",
        "99.99.9999",
    ],
)
def test_a_day_that_the_calendar_has_not_is_refused(text: str) -> None:
    assert "14 March 2018" in refusal(text)


@pytest.mark.parametrize("text", ["15.3.2026", "2026-03-15", "14 March 2027", "April 2026", "December 9999"])
def test_the_future_is_refused(text: str) -> None:
    assert "still to come" in refusal(text)


def test_the_oldest_who_can_be_taken_is_a_hundred_and_ten() -> None:
    assert read_birth("14.3.1916", TODAY) == date(1916, 3, 14)
    assert completed_months(date(1916, 3, 14), TODAY) == OLDEST_MONTHS
    assert "110" in refusal("14.2.1916")
    assert "110" in refusal("1 January 1000")


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_a_day_is_taken_just_when_somebody_of_at_most_a_hundred_and_ten_can_be_born_on_it(born: date) -> None:
    text = f"{born.year:04}-{born.month:02}-{born.day:02}"
    is_possible = born <= TODAY and completed_months(born, TODAY) <= OLDEST_MONTHS
    if is_possible:
        assert read_birth(text, TODAY) == born
    else:
        refusal(text)


LIKE_DATES = st.lists(
    st.sampled_from(
        ["14", "3", "2018", "March", "mar", ".", "/", "-", " ", "th", "of", ",", "0", "31", "²", "٣", "\n"]
    ),
    max_size=8,
).map("".join)


@given(st.one_of(st.text(max_size=40), st.text(string.digits + "./- ", max_size=12), LIKE_DATES))
def test_whatever_is_typed_gives_a_possible_day_or_one_short_line(text: str) -> None:
    try:
        born = read_birth(text, TODAY)
    except BirthRefused as refused:
        assert refused.message
        assert "\n" not in refused.message
        assert len(refused.message) < 200
        return
    assert born <= TODAY
    assert completed_months(born, TODAY) <= OLDEST_MONTHS
    assert any(part.lstrip("0") == str(born.day) for part in _numbers(text)) or born.day == 1


def _numbers(text: str) -> list[str]:
    return "".join(c if c in string.digits else " " for c in text).split()


@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.integers(0, 40))
def test_who_was_born_today_or_days_ago_is_taken_whatever_today_is(today: date, days: int) -> None:
    born = today - timedelta(days=days)
    assert read_birth(f"{born.day}.{born.month}.{born.year}", today) == born

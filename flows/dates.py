"""Dates of birth as people type them; the one ambiguous form is refused with the accepted ones."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

from scoring.case import completed_months

FORMS = "Write it as 2018-03-14, 14.3.2018, 14 March 2018, or March 2018 for its first day."
MAX_AGE_MONTHS = 1320
DAY_NEEDED_UNDER_MONTHS = 24

_MONTHS = {name.casefold(): i for i, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.casefold(): i for i, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})", re.ASCII)
_WORDS = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?)?([^\W\d]+)\.?,?\s+(\d{4})", re.ASCII)
_SLASHED = re.compile(r"\d{1,4}/\d{1,2}(/\d{1,4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class BirthRefused(Exception):
    """Why a typed birth is not taken, in one line that says what to write."""

    message: str


def read_birth(text: str, today: date) -> date:
    """The date of birth in a typed text.

    Raises
    ------
    BirthRefused
        With a line for the screen: the accepted forms, or what is wrong with the day.

    Examples
    --------
    >>> read_birth("14 March 2018", date(2026, 1, 1)), read_birth("March 2018", date(2026, 1, 1))
    (datetime.date(2018, 3, 14), datetime.date(2018, 3, 1))
    """
    text = " ".join(text.split())
    if _SLASHED.fullmatch(text):
        raise BirthRefused(f"Day and month could be swapped in that. {FORMS}")
    year, month, day = _parts(text)
    try:
        born = date(year, month, 1 if day is None else day)
    except ValueError:
        raise BirthRefused(f"The calendar has no such day. {FORMS}") from None
    if born > today:
        raise BirthRefused("That day is still to come. Check the year.")
    if completed_months(born, today) > MAX_AGE_MONTHS:
        raise BirthRefused("That is more than 110 years ago. Check the year.")
    if day is None and completed_months(born, today) < DAY_NEEDED_UNDER_MONTHS:
        raise BirthRefused("Under two years of age the day counts too: write it as 14 March 2025.")
    return born


def _parts(text: str) -> tuple[int, int, int | None]:
    if match := _ISO.fullmatch(text):
        year, month, day = match.groups()
        return int(year), int(month), int(day)
    if match := _DOTTED.fullmatch(text):
        day, month, year = match.groups()
        return int(year), int(month), int(day)
    if (match := _WORDS.fullmatch(text)) and match.group(2).casefold() in _MONTHS:
        day, name, year = match.groups()
        return int(year), _MONTHS[name.casefold()], int(day) if day else None
    raise BirthRefused(f"That is not a date of birth. {FORMS}")

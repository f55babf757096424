"""The pictures' own few words, shared by drawings and their text twins: ages, percents, what stands for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from scoring.compare import Moved
from scoring.documents.words import MONTHS
from scoring.profile import AreaResult, FunctionResult, PeriodResult, Profile, RelationalNowResult
from scoring.result import Result
from scoring.trend import Trend

Kind = Literal["point", "unknown", "in_words", "aside"]
NOT_ENOUGH = "not enough known"
UNKNOWN = "not known"
NOT_ASKED = "not asked yet"
ASIDE = "set aside"
NO_LABEL = "No label"
#: What became of a domain between two assessments, in a word beside its two percents.
MOVED: Mapping[Moved, str] = {
    "up": "up",
    "down": "down",
    "within_noise": "level",
    "expectations_grew": "held",
    "unclear": "unclear",
    "unknown": "unknown",
}
#: In the place of `unknown` where both percents are known and not compared.
NOT_ALIKE = "not alike"
NO_CAUSE = "No change here shows a cause."
HELD = "Held: the ratings stayed, more is expected."
#: Most encounters that the picture of a course shows.
TREND_MAX = 12
EXPECTED_LINE = "Dashed, 100: what is expected at each age. It rises with age."
OTHERWISE = "Struck arrow: not asked alike."
LOAD = "Load says how much was heavy, not what it did."


def whole(value: Fraction) -> int:
    """A percent or a load as it is printed outside JSON: whole, half to even on the exact value."""
    return round(value)


def age_short(months: int) -> str:
    """An age for a heading.

    Examples
    --------
    >>> age_short(19), age_short(24), age_short(75)
    ('19 months', '2 y', '6 y 3 m')
    """
    if months < 24:
        return f"{months} month" if months == 1 else f"{months} months"
    years, rest = divmod(months, 12)
    return f"{years} y {rest} m" if rest else f"{years} y"


def day_short(on: date) -> str:
    """A date for a heading.

    Examples
    --------
    >>> day_short(date(2026, 4, 1))
    '1 Apr 2026'
    """
    return f"{on.day} {MONTHS[on.month - 1][:3]} {on.year}"


def age_line(profile: Profile) -> str:
    """Age for a heading; where an early birth counts, the age that counts as well."""
    lived = age_short(profile.age_months)
    if profile.counted_months == profile.age_months:
        return lived
    return f"{lived}, {profile.counted_months} from the due date"


def facts_line(result: Result) -> str:
    """Age, day and instrument: the line under the label."""
    profile = result.profile
    return f"{age_line(profile)}  ·  {day_short(profile.assessed)}  ·  Stemwise {profile.instrument_version}"


def course_line(course: Trend) -> str:
    """How many encounters, from when to when, and the instrument: the line under the label of a course."""
    shown, first, last = course.latest(TREND_MAX), course.latest(TREND_MAX).first.profile, course.last.profile
    whole_number, number = len(course.results), len(shown.results)
    counted = f"{number} encounters" if number == whole_number else f"latest {number} of {whole_number} encounters"
    days = f"{day_short(first.assessed)} → {day_short(last.assessed)}"
    return f"{counted}  ·  {days}  ·  Stemwise {last.instrument_version}"


def age_note(result: Result) -> str | None:
    """The one thing that must be said of the age beside the map, if any; the text twins say all of them."""
    profile = result.profile
    if profile.age_unsure:
        return "Born early, weeks not known: no tiers"
    if profile.age_months >= result.instrument.figures.rules.no_tier_from_months:
        return "Not made for this age: no tiers"
    if profile.new_band:
        return "What is expected has just risen"
    return None


def is_asked(function: FunctionResult) -> bool:
    """Whether the function is asked at this age."""
    return function.expected is not None


def is_unknown(function: FunctionResult) -> bool:
    """Asked at this age, not set aside, and not rated."""
    return is_asked(function) and function.status != "set_aside" and function.rating is None


@dataclass(frozen=True, slots=True)
class Reach:
    """What a bar shows.

    Parameters
    ----------
    value : the number as words, the tier's word, or that not enough is known
    at : 0–100; `None` where there is no number
    low, high : ends of the range, 0–100; `None` where there is no range
    unknown : the range comes from what is not known, and not from one step of rating
    """

    value: str
    at: Fraction | None
    low: Fraction | None
    high: Fraction | None
    unknown: bool


def reach(area: AreaResult, result: Result) -> Reach:
    """A domain's percent with its range: low to high where something is unknown, else what one step of rating changes."""
    if area.known_share is None:
        return Reach("nothing to count", None, None, None, unknown=False)
    some_unknown = area.known_share < 1
    if not area.shown:
        enough = area.known_share >= result.instrument.figures.rules.known_share_min
        return Reach("mostly set aside" if enough else NOT_ENOUGH, None, area.low, area.high, unknown=True)
    if area.percent is None:  # under 13 months: words only
        word = "no tier" if area.tier is None else result.instrument.words.tiers[area.tier].word
        return Reach(word, None, None, None, unknown=some_unknown)
    low, high = (area.low, area.high) if some_unknown else (area.step_low, area.step_high)
    return Reach(f"{whole(area.percent)}%", area.percent, low, high, unknown=some_unknown)


def kind_of(area: AreaResult, result: Result) -> Kind:
    """Whether a domain has a percent, a point in a course, and if not, why: unknown, said in words only, or set aside."""
    if area.percent is not None:
        return "point"
    rules = result.instrument.figures.rules
    if area.known_share is None or (not area.shown and area.known_share >= rules.known_share_min):
        return "aside"
    return "in_words" if area.shown else "unknown"


def load_reach(period: PeriodResult) -> Reach:
    """A period's load with its bounds; no range where all is known."""
    low, high = (None, None) if period.low == period.high else (period.low, period.high)
    value = "?" if period.load is None else str(whole(period.load))
    return Reach(value, period.load, low, high, unknown=True)


def relational_reach(now: RelationalNowResult) -> Reach:
    """Present relationships with their bounds; no range where all is known."""
    low, high = (None, None) if now.low == now.high else (now.low, now.high)
    value = NOT_ENOUGH if now.percent is None else f"{whole(now.percent)}"
    return Reach(value, now.percent, low, high, unknown=True)

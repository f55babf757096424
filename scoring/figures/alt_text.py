"""The pictures in words: all that a picture shows for those who do not see it.

No drawing is needed for this, and labels stand here as they were typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from scoring.compare import Comparison, DomainChange, FunctionChange
from scoring.documents.comparison import NOT_TO_BE_READ_AS, OF_A_COURSE, course_notes, version_lines
from scoring.documents.findings import LANGUAGE, hearing_line
from scoring.documents.words import age, day, flat, series
from scoring.figures import words
from scoring.instrument.model import Period
from scoring.profile import AreaResult, FunctionResult, Profile
from scoring.result import Result
from scoring.trend import Trend

LABEL_MAX = 200
#: From this gap on a function stands out.
FAR = 4


# --- the map ---------------------------------------------------------------------------------------------------------


def map_alt(result: Result) -> str:
    """The map in words, region by region from the brainstem up, one line a fact.

    Examples
    --------
    >>> from datetime import date
    >>> from scoring.case import Case
    >>> from scoring.instrument import load
    >>> from scoring.result import assess
    >>> result = assess(Case(label="Sample", born=date(2018, 3, 14), assessed=date(2026, 4, 1)), load())
    >>> print(map_alt(result).splitlines()[0])
    Map of Sample, 8 years, on 1 April 2026, Stemwise 0.3.0.
    """
    return "\n".join(_map_lines(result))


def _map_lines(result: Result) -> Iterator[str]:
    profile, texts = result.profile, result.instrument.words
    yield f"Map of {_whose(profile)}, {age(profile.age_months)}, on {day(profile.assessed)}, {_version(profile)}."
    yield from age_notes(result)
    yield "A brain seen from the side, the brainstem below, the cortex above. Ratings run from 1 to 12."
    for region in result.instrument.figures.regions:
        yield f"{texts.regions[region].name}:"
        for function in profile.functions:
            if function.region == region:
                yield f"- {texts.functions[function.id].name}: {_function(function)}."
    yield how_much_is_unknown(profile)
    yield "Domains:"
    yield from hearing(result, LANGUAGE)
    for domain in result.instrument.figures.domains:
        yield f"- {texts.domains[domain].name}: {domain_line(result, domain)}."
    yield texts.notice.short


def _whose(profile: Profile) -> str:
    return flat(profile.label or "", LABEL_MAX) or "a person without a label"


def _version(profile: Profile) -> str:
    return f"Stemwise {profile.instrument_version}"


def age_notes(result: Result) -> Iterator[str]:
    profile = result.profile
    if profile.counted_months != profile.age_months:
        yield f"Born early: what is expected is counted from the due date, as at {age(profile.counted_months)}."
    if profile.age_unsure:
        yield "Born early by weeks that are not known: there are no tiers, and gaps may be due to being early."
    if profile.age_months >= result.instrument.figures.rules.no_tier_from_months:
        yield "What is expected was not made for this age: there are no tiers."
    if profile.new_band:
        yield "What is expected has just risen with age."


def _function(function: FunctionResult) -> str:
    if function.expected is None:
        rated = "" if function.rating is None else f", rated {function.rating} all the same"
        return f"not asked at this age{rated}"
    if function.status == "set_aside":
        rated = "not rated" if function.rating is None else f"rated {function.rating}, {function.expected} expected"
        return f"set aside and not counted, {rated}"
    if function.rating is None:
        return f"not known, {function.expected} expected"
    return f"rated {function.rating}, {function.expected} expected, {_distance(function)}"


def _distance(function: FunctionResult) -> str:
    gap = function.gap or 0
    if gap < 0:
        return f"ahead by {-gap}"
    return "as expected" if gap <= 1 else f"{gap} below"


def how_much_is_unknown(profile: Profile) -> str:
    asked = [f for f in profile.functions if words.is_asked(f) and f.status != "set_aside"]
    unknown = sum(words.is_unknown(f) for f in asked)
    if not asked:
        return "Nothing counts: all that is asked at this age is set aside."
    if not unknown:
        return "All that counts at this age is rated."
    return f"Not known: {unknown} of {len(asked)} functions that count at this age."


def domain_line(result: Result, domain: str) -> str:
    """What a domain's bar shows, in words: the percent with its range, the tier, or why there is none."""
    area = result.profile.domains[domain]
    parts = [_percent_line(result, domain)]
    if area.percent is not None:
        parts += placed(result, area)
    return ", ".join(parts)


def _percent_line(result: Result, domain: str) -> str:
    """A domain's percent with its range, or why there is none."""
    shown = words.reach(result.profile.domains[domain], result)
    parts = [f"{shown.value} of what is expected" if shown.at is not None else shown.value.lower()]
    if shown.low is not None and shown.high is not None:
        low, high = words.whole(shown.low), words.whole(shown.high)
        why = "with what is not known" if shown.unknown else "with one step more or less in every rating"
        parts.append(f"{low} to {high} {why}" if low != high else f"{low} {why}")
    return ", ".join(parts)


def hearing(result: Result, named: Iterable[str]) -> Iterator[str]:
    """What stands before any finding on language, as long as hearing is not known to be checked."""
    line = hearing_line(result)
    if line is not None and any((f.gap or 0) >= FAR for f in result.profile.functions if f.id in named):
        yield line


def placed(result: Result, area: AreaResult) -> Iterator[str]:
    """Where a percent is placed: the tier's word, and whether it is near the edge to another."""
    if area.tier is not None:
        yield result.instrument.words.tiers[area.tier].word.lower()
        if area.near_edge:
            yield "near the edge"


# --- the history -----------------------------------------------------------------------------------------------------


def history_alt(result: Result) -> str:
    """The history in words, a line a period, the earliest first."""
    return "\n".join(_history_lines(result))


def _history_lines(result: Result) -> Iterator[str]:
    profile, texts = result.profile, result.instrument.words
    yield f"History of {_whose(profile)}, {age(profile.age_months)}, on {day(profile.assessed)}, {_version(profile)}."
    yield "All figures run from 0 to 100."
    for period in result.instrument.figures.periods:
        if period.id in profile.history:
            yield f"- {texts.periods[period.id].name} ({texts.periods[period.id].when}): {_period(result, period)}."
    now = profile.relational_now
    bounds = _bounds(now.low, now.high)
    held = words.NOT_ENOUGH if now.percent is None else f"{words.whole(now.percent)} held"
    yield f"- Relationships now: {held}{bounds}."
    yield words.LOAD
    yield texts.notice.short


def _period(result: Result, period: Period) -> str:
    found = result.profile.history[period.id]
    bounds = _bounds(found.low, found.high)
    if found.adversity is None or found.relational is None or found.load is None:
        return f"{words.NOT_ENOUGH}{bounds and f'; load {bounds[2:]}'}"
    heavy, held, load = (words.whole(v) for v in (found.adversity, found.relational, found.load))
    return f"{heavy} was heavy, {held} held, load {load}{bounds}"


def _bounds(low: Fraction | None, high: Fraction | None) -> str:
    if low is None or high is None or low == high:
        return ""
    return f", {words.whole(low)} to {words.whole(high)} with what is not known"


# --- the comparison --------------------------------------------------------------------------------------------------


def comparison_alt(comparison: Comparison) -> str:
    """The comparison in words: domains, what moved, what held, every rating before and now."""
    return "\n".join(_comparison_lines(comparison))


def _comparison_lines(comparison: Comparison) -> Iterator[str]:
    after, texts = comparison.after.profile, comparison.after.instrument.words
    yield from what_moved(comparison)
    yield "Every rating, before and now:"
    for change, result in zip(comparison.functions, after.functions, strict=True):
        apart = ", not asked alike" if change.id in comparison.versions.functions else ""
        yield f"- {texts.functions[change.id].name}: {_function_change(change, result)}{apart}."
    yield words.NO_CAUSE
    yield texts.notice.short


def what_moved(comparison: Comparison) -> Iterator[str]:
    """What a comparison found: who and when, the domains, and the functions that moved beyond noise."""
    before, after = comparison.before.profile, comparison.after.profile
    texts = comparison.after.instrument.words
    yield (
        f"Comparison of {_whose(after)}: {age(before.age_months)} on {day(before.assessed)} with {age(after.age_months)} "
        f"on {day(after.assessed)}, {_version(after)}."
    )
    yield from version_lines(comparison)
    yield "Domains:"
    for domain in comparison.domains:
        yield f"- {texts.domains[domain.id].name}: {_domain_change(domain)}."
    for way, moved in (("up", "Moved up by two steps or more"), ("down", "Moved down by two steps or more")):
        names = [texts.functions[c.id].name for c in comparison.functions if c.moved == way]
        yield f"{moved}: {series(names) if names else 'none'}."


_DOMAIN_MOVED = {
    "up": "up",
    "down": "down",
    "within_noise": "level, no change beyond what two raters easily differ by",
    "expectations_grew": "the ratings held, what is expected grew",
    "unclear": "unclear, it may be change or two raters",
    "unknown": "cannot be compared",
}


def _domain_change(domain: DomainChange) -> str:
    if domain.before is None and domain.after is None:
        return _DOMAIN_MOVED["unknown"]
    first, second = ("no percent" if v is None else f"{words.whole(v)}%" for v in (domain.before, domain.after))
    return f"{first} before, {second} now, {_DOMAIN_MOVED[domain.moved]}"


def _function_change(change: FunctionChange, now: FunctionResult) -> str:
    if change.expected_after is None:
        return _function(now)
    if change.before is None:
        first = "not asked" if change.expected_before is None else "not known"
    else:
        first = str(change.before)
    moved = f", moved {change.moved}" if change.moved in ("up", "down") else ""
    return f"{first} before; now {_function(now)}{moved}"


# --- the course ------------------------------------------------------------------------------------------------------


def trend_alt(course: Trend) -> str:
    """The course in words, domain by domain, a line an encounter with what became of it since the one before."""
    return "\n".join(_trend_lines(course))


def _trend_lines(course: Trend) -> Iterator[str]:
    shown, last = course.latest(words.TREND_MAX), course.last.profile
    dropped = "" if len(shown.results) == len(course.results) else f", the latest of {len(course.results)}"
    yield (
        f"Course of {_whose(last)} over {len(shown.results)} encounters{dropped}, {day(shown.first.profile.assessed)} to "
        f"{day(last.assessed)}, {_version(last)}."
    )
    yield "Percents are of what is expected at each age, which rises with age. Nothing is drawn between what is not known."
    for domain in shown.instrument.figures.domains:
        yield f"{shown.instrument.words.domains[domain].name}:"
        for result, step in zip(shown.results, (None, *shown.steps(domain)), strict=True):
            since = "" if step is None else f"; since the one before: {_DOMAIN_MOVED[step.moved]}"
            profile = result.profile
            in_words = words.kind_of(profile.domains[domain], result) == "in_words"
            found = "no percent at this age" if in_words else _percent_line(result, domain)
            yield f"- {day(profile.assessed)}, {age(profile.age_months)}: {found}{since}."
    yield from course_notes(shown)
    yield from NOT_TO_BE_READ_AS
    yield OF_A_COURSE
    yield shown.instrument.words.notice.short

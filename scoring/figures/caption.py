"""Captions for pictures as photos in a chat: what matters most of each in words, and never too long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from scoring.compare import Comparison
from scoring.documents.comparison import percent_with_bounds
from scoring.documents.findings import LANGUAGE
from scoring.documents.words import day, flat, series, units
from scoring.figures import words
from scoring.figures.alt_text import FAR, LABEL_MAX, age_notes, hearing, how_much_is_unknown, placed, what_moved
from scoring.profile import AreaResult
from scoring.result import Result
from scoring.trend import Trend

#: Most UTF-16 code units a photo's caption may have.
CAPTION_UNITS = 1024
_LABEL_UNITS = 64
_STANDS_OUT = 5
_GOES_WELL = 3
EXPECTED_AT_EACH = "Percents are of what is expected at each age, which rises with age."
#: Stands where there was no room for all.
LEFT_OUT = "…"


def map_caption(result: Result) -> str:
    """A caption for the map as a photo: domains, what stands out, how much is unknown, the short notice.

    Returns
    -------
    str
        At most 1,024 UTF-16 code units. Where a long label or long names leave no room, what matters least goes first;
        the notice always stands.
    """
    profile, notice = result.profile, result.instrument.words.notice.short
    label = flat(profile.label or "", LABEL_MAX) or words.NO_LABEL
    head = f"{_cut(label, _LABEL_UNITS)} · {words.age_line(profile)} · {day(profile.assessed)}"
    named = [*hearing(result, LANGUAGE), *_stands_out(result)]
    rest = [how_much_is_unknown(profile), *age_notes(result)]
    for parts in (
        [head, *_domains(result), *named, *_goes_well(result), *rest],
        [head, *_domains(result), *rest],
        [head],
    ):
        caption = "\n".join([*parts, notice])
        if units(caption) <= CAPTION_UNITS:
            return caption
    return _cut(caption, CAPTION_UNITS)


def _domains(result: Result) -> Iterator[str]:
    for domain in result.instrument.figures.domains:
        area = result.profile.domains[domain]
        shown = words.reach(area, result)
        line = shown.value if shown.at is not None else shown.value.lower()
        if shown.low is not None and shown.high is not None:
            line += f" ({words.whole(shown.low)}–{words.whole(shown.high)})"
        line += "".join(f", {part}" for part in placed(result, area) if shown.at is not None)
        yield f"{result.instrument.words.domains[domain].name}: {line}"


def _stands_out(result: Result) -> Iterator[str]:
    """The functions furthest below what is expected."""
    texts = result.instrument.words.functions
    gaps = sorted((f for f in result.profile.functions if (f.gap or 0) >= FAR), key=lambda f: -(f.gap or 0))
    if gaps:
        named = [f"{texts[f.id].name} ({f.rating} of {f.expected})" for f in gaps[:_STANDS_OUT]]
        more = f"; and {len(gaps) - _STANDS_OUT} more" if len(gaps) > _STANDS_OUT else ""
        yield f"Stands out, furthest below: {series(named)}{more}."


def _goes_well(result: Result) -> Iterator[str]:
    texts = result.instrument.words.functions
    well = result.profile.strengths[:_GOES_WELL]
    if well:
        yield f"Goes well: {series(texts[name].name for name in well)}."


# --- change ----------------------------------------------------------------------------------------------------------


def comparison_caption(comparison: Comparison) -> str:
    """A caption for a comparison as a photo: domains, what moved beyond noise, and that it shows no cause.

    Returns
    -------
    str
        At most 1,024 UTF-16 code units. What there is no room for is left out, with a mark; the notice always stands.
    """
    return _closed(list(what_moved(comparison)), comparison.after)


def trend_caption(course: Trend) -> str:
    """A caption for a course as a photo: each domain's percents in order of time, and what became of it last.

    Returns
    -------
    str
        At most 1,024 UTF-16 code units. Where there is no room the bounds go first; the notice always stands.
    """
    shown = course.latest(words.TREND_MAX)
    label = flat(course.last.profile.label or "", LABEL_MAX) or words.NO_LABEL
    head = [f"{_cut(label, _LABEL_UNITS)} · {words.course_line(course)}", EXPECTED_AT_EACH]
    bounded, short = ([*head, *_courses(shown, said)] for said in (percent_with_bounds, _percent_alone))
    return _closed(bounded if _has_room(bounded, course.last) else short, course.last)


def _courses(course: Trend, said: Callable[[AreaResult, Result], str]) -> Iterator[str]:
    """A line a domain: what is said of it at each encounter, the earliest first."""
    for domain in course.instrument.figures.domains:
        values = " → ".join(said(result.profile.domains[domain], result) for result in course.results)
        last = course.steps(domain)[-1]
        moved = "not compared" if last.moved == "unknown" else words.MOVED[last.moved]
        yield f"{course.instrument.words.domains[domain].name}: {values}; last step: {moved}"


def _percent_alone(area: AreaResult, result: Result) -> str:
    """A percent without its bounds, so that many fit in a line; a mark where it is not known or there is none."""
    if area.percent is None:
        return "?" if words.kind_of(area, result) == "unknown" else "–"
    return f"{words.whole(area.percent)}%"


def _closed(lines: Sequence[str], result: Result) -> str:
    """As many of the lines as there is room for, a mark where some are left out, and what stands under every change."""
    kept = list(lines)
    if not _has_room(lines, result):
        kept = []
        for line in lines:
            if _has_room([*kept, line, LEFT_OUT], result):
                kept.append(line)
        kept.append(LEFT_OUT)
    return "\n".join([*kept, *_end(result)])


def _has_room(lines: Sequence[str], result: Result) -> bool:
    return units("\n".join([*lines, *_end(result)])) <= CAPTION_UNITS


def _end(result: Result) -> tuple[str, str]:
    return words.NO_CAUSE, result.instrument.words.notice.short


def _cut(text: str, most: int) -> str:
    """A text of at most so many UTF-16 code units, never cut within a character."""
    if units(text) <= most:
        return text
    kept = ""
    for char in text:
        if units(kept + char) > most - 1:
            break
        kept += char
    return f"{kept.rstrip()}…"

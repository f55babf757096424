"""A caption for the map as a photo in a chat: what matters most of it in words, and never too long."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.documents.findings import LANGUAGE
from scoring.documents.words import day, flat, series
from scoring.figures import words
from scoring.figures.alt_text import FAR, LABEL_MAX, age_notes, hearing, how_much_is_unknown, placed
from scoring.result import Result

#: Most UTF-16 code units a photo's caption may have.
CAPTION_UNITS = 1024
_LABEL_UNITS = 64
_STANDS_OUT = 5
_GOES_WELL = 3


def units(text: str) -> int:
    """Length in UTF-16 code units, as chats count it.

    Examples
    --------
    >>> units("a"), units("🙂")
    (1, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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

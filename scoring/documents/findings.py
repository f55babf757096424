"""What was found, in words: how the age bears on it, the domains with their ranges, and what is not known.

Summary and report say these sentences alike; the report sets the domains in a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scoring.documents.blocks import Block, Bullets, Paragraph, Table
from scoring.documents.words import Wording, age, capital, counted, day, flat, listed, percent, series, span
from scoring.profile import AreaResult
from scoring.result import Result

#: Functions that speak of language: hearing that is not known to be checked is said first, wherever they stand.
LANGUAGE = frozenset({"language", "speech_sounds", "reading_and_writing"})
#: The domain whose finding is one about language.
LANGUAGE_DOMAIN = "cognitive"
UNKNOWN_NAMED = 10


# --- the person, and what holds for every domain ---------------------------------------------------------------------


def about(result: Result) -> str:
    """Age, day and instrument in one line."""
    profile = result.profile
    return (
        f"Aged {age(profile.age_months)} on {day(profile.assessed)}. "
        f"Instrument {profile.instrument_id} {profile.instrument_version}."
    )


def age_notes(result: Result) -> Iterator[Paragraph]:
    """What must be known of the age before any domain is read."""
    profile, rules = result.profile, result.instrument.figures.rules
    version = result.case.taken_with_version
    if version is not None and version != profile.instrument_version:
        yield Paragraph(
            f"The answers were taken with version {flat(version, 40)} of the instrument and are scored with "
            f"{profile.instrument_version}.",
            "strong",
        )
    if profile.counted_months != profile.age_months:
        weeks = counted(result.case.weeks_early or 0, "week")
        yield Paragraph(
            f"Born {weeks} early: what is expected is counted from the due date, as at {age(profile.counted_months)}."
        )
    if profile.age_unsure:
        yield Paragraph(
            "Born early or small, by a number of weeks that is not known: gaps may be due to being early, so no domain "
            "is placed.",
            "strong",
        )
    if profile.age_months >= rules.no_tier_from_months:
        yield Paragraph(
            f"What is expected was not made for people of {rules.no_tier_from_months // 12} and over: no domain is "
            "placed, and percents are to be read with care.",
            "strong",
        )
    if profile.counted_months < rules.infant_below_months:
        yield Paragraph(
            f"Under {rules.infant_below_months} months no percent is given: one step in a rating would be too large a "
            "share of what is expected."
        )
    if profile.new_band:
        yield Paragraph("Expectations have just risen with age: some gaps may come from that alone.")


def counting_notes(result: Result, bulk_confirmed: int = 0) -> Iterator[Paragraph]:
    """What is on file but does not count, and how the ratings were made."""
    words = Wording(result)
    aside = [f.id for f in result.profile.functions if f.status == "set_aside"]
    if aside:
        yield Paragraph(f"Set aside by the clinician and not counted: {series(map(words.function, aside))}.")
    stray = [
        f.id
        for f in result.profile.functions
        if f.rating is not None and f.expected is None and f.status != "set_aside"
    ]
    if stray:
        yield Paragraph(f"Rated, but not asked at this age, so not counted: {series(map(words.function, stray))}.")
    if bulk_confirmed:
        one = bulk_confirmed == 1
        yield Paragraph(
            f"{counted(bulk_confirmed, 'rating')} {'was' if one else 'were'} confirmed in bulk from what others had "
            "answered."
        )


def hearing_line(result: Result) -> str | None:
    """What stands before anything about language while hearing is not known to be checked."""
    checked = result.case.facts.get("hearing_checked")
    if checked is True:
        return None
    state = "Hearing has not been checked" if checked is False else "It is not known whether hearing was checked"
    return f"{state}: check it before reading anything into language, speech or reading."


def language_note(result: Result, functions: Iterator[str] | tuple[str, ...]) -> Iterator[Paragraph]:
    """The hearing line, where it is due: before a finding that touches language."""
    line = hearing_line(result)
    if line and LANGUAGE & set(functions):
        yield Paragraph(line, "strong")


# --- domains ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DomainWords:
    """One domain in words: what was found, how wide it is, where it is placed."""

    name: str
    plain: str
    found: str
    range: str
    placed: str
    known: str

    def line(self) -> str:
        parts = [f"{self.name} ({self.plain}): {self.found}"]
        parts += [part for part in (self.range, self.placed, self.known) if part]
        return " ".join(part if part.endswith(".") else f"{part}." for part in parts)


def domain_words(result: Result, domain: str) -> DomainWords:
    """A domain's percent, whole, with its range; or why there is none."""
    area, texts = result.profile.domains[domain], result.instrument.words.domains[domain]
    return DomainWords(
        texts.name,
        texts.plain,
        found=_found(result, area),
        range=_range(area),
        placed=_placed(result, area),
        known=_known(area),
    )


def _known(area: AreaResult) -> str:
    """How much is known, empty where it is all or nothing counts."""
    if area.known_share is None or area.known_share == 1:
        return ""
    return f"{percent(100 * area.known_share)} of what counts is known"


def _found(result: Result, area: AreaResult) -> str:
    if area.percent is not None:
        return f"{percent(area.percent)} of what is expected at this age"
    if area.known_share is None:
        return "nothing here can be placed, as nothing is asked at this age or all of it is set aside"
    if area.shown:
        return "no percent at this age"
    enough = area.known_share >= result.instrument.figures.rules.known_share_min
    return "more than half of what counts is set aside" if enough else "not enough is known"


def _range(area: AreaResult) -> str:
    """Low to high while something is unknown, else what two raters easily differ by."""
    if area.low is None or area.high is None:
        return ""
    if area.percent is None or area.low != area.high:
        bounds = span(area.low, area.high)
        if area.percent is None and area.low == area.high:
            return f"What is left stands at {bounds}"
        return f"With what is not known it lies within {bounds}"
    if area.step_low is None or area.step_high is None:
        return ""
    return f"Two raters who differ by one step would say {span(area.step_low, area.step_high)}"


def _placed(result: Result, area: AreaResult) -> str:
    if area.tier is None:
        return ""
    tiers, rules = result.instrument.words.tiers, result.instrument.figures.rules
    word = tiers[area.tier].word
    if not area.near_edge or area.percent is None:
        return word
    build_below = rules.tier_edges_percent[0]
    lower = abs(area.percent - build_below) < rules.near_edge_percent
    names = ("build_first", "strengthen") if lower else ("strengthen", "extend")
    other = next(n for n in names if n != area.tier) if area.tier in names else names[0]
    return f"{word}, near the edge to {tiers[other].word.lower()}"


def domain_paragraphs(result: Result) -> Iterator[Block]:
    for domain in result.instrument.figures.domains:
        if domain == LANGUAGE_DOMAIN:
            yield from language_note(result, tuple(LANGUAGE))
        yield Paragraph(domain_words(result, domain).line())


def domain_table(result: Result) -> Table:
    """The domains side by side, each with its range in words."""
    rows = []
    for domain in result.instrument.figures.domains:
        words = domain_words(result, domain)
        rows.append(
            (
                f"{words.name} ({words.plain})",
                capital(words.found),
                words.range,
                words.placed or "Not placed",
                words.known or "All that counts is known",
            )
        )
    return Table(("Domain", "Found", "Range", "Placed", "Known"), tuple(rows), widths=(22, 20, 24, 18, 16))


# --- what is not known -----------------------------------------------------------------------------------------------


def unknown_blocks(result: Result) -> Iterator[Block]:
    """What is not known, said as clearly as what is, and the answers that would narrow it most."""
    words, profile = Wording(result), result.profile
    applicable = [f for f in profile.functions if f.expected is not None and f.status != "set_aside"]
    open_ones = [f.id for f in applicable if f.rating is None]
    lines = []
    if open_ones:
        few = f": {series(map(words.function, open_ones))}" if len(open_ones) <= UNKNOWN_NAMED else ""
        lines.append(f"No rating for {len(open_ones)} of {len(applicable)} functions{few}. Not rated is not low.")
    relations = [r.id for r in result.instrument.figures.relational_now]
    if missing := len(relations) - len(result.case.relational_now):
        lines.append(f"{missing} of {len(relations)} present relationships are not known.")
    periods = [words.texts.periods[p].name for p, found in profile.history.items() if not found.shown]
    if periods:
        lines.append(f"Too little is known of these periods: {listed(periods)}.")
    if profile.safety_unknown:
        lines.append(f"Still open: {counted(len(profile.safety_unknown), 'safety question')}, see Safety first.")
    senses = [s for s in ("hearing", "sight") if result.case.facts.get(f"{s}_checked") is not True]
    if senses:
        lines.append(f"Not checked, as far as is known: {listed(senses)}.")
    if lines:
        yield Bullets(tuple(lines))
    else:
        yield Paragraph("Everything that is asked at this age has an answer.")
    if profile.ask_next:
        yield Paragraph("These answers would narrow it most:")
        yield Bullets(tuple(words.function_plain(f) for f in profile.ask_next), start=1)

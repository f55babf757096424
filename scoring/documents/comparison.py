"""Two results side by side in words: what moved beyond noise, and what the change may not be read as."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from scoring.compare import Comparison, DomainChange, FunctionChange, Moved, Versions
from scoring.documents.blocks import Block, Bullets, Document, Heading, Paragraph, Picture, Section, Table
from scoring.documents.summary import notice_blocks, titled
from scoring.documents.words import Wording, age, capital, counted, day, flat, listed, percent, series, span
from scoring.profile import AreaResult
from scoring.result import Result
from scoring.trend import Trend

MOVED: dict[Moved, str] = {
    "up": "moved up, by more than two raters easily differ",
    "down": "moved down, by more than two raters easily differ",
    "within_noise": "no change beyond what two raters easily differ by",
    "expectations_grew": "the ratings held, what is expected grew",
    "unclear": "it may be change, it may be two raters",
    "unknown": "cannot be compared",
}
NOT_TO_BE_READ_AS = (
    "None of this shows that anything caused anything: not that help worked, and not that it failed.",
    "No change beyond noise does not show that nothing changed.",
    "Another rater, another day or another informant can move a rating by a step. No figures exist on how far the same "
    "rater differs from one time to the next, so this is slow to call it change.",
    "Where what is expected grew, a lower percent can go with ratings that held or rose.",
)
OF_A_COURSE = (
    "Each result is one day with its own raters. Between two of them nothing is known, and the latest says nothing about the next. "
    "A percent is of what is expected at that age, and more is expected with each year."
)


def comparison(
    comparison: Comparison, *, alt: str | None = None, course: Trend | None = None, course_alt: str | None = None
) -> Document:
    """What changed between two results of one person.

    Parameters
    ----------
    alt : the picture's text twin; `None` refers to the table and the lists, which say the same
    course : all results of the person, where there are three or more; they are listed in a table of their own
    course_alt : the text twin of the course's picture; `None` where that is not drawn, since the table says the same

    Returns
    -------
    Document
        Sections: about, domains, picture, functions, encounters (with a course only), reading, notice.
    """
    after = comparison.after
    return Document(
        titled("Comparison", after),
        (
            Section("about", tuple(_about(comparison))),
            Section("domains", (Heading("Domains"), _domains(comparison))),
            Section(
                "picture",
                (
                    Picture("compare", alt or "Both maps. The table and the lists on this page say the same in words."),
                    Paragraph(after.instrument.words.notice.short, "small"),
                ),
            ),
            Section("functions", (Heading("What moved, two steps or more"), *_functions(comparison))),
            *((_encounters(course, course_alt),) if course is not None else ()),
            _not_to_be_read_as(),
            Section("notice", notice_blocks(after)),
        ),
        dated=after.case.assessed,
        small_print=after.instrument.words.notice.short,
    )


def reading(comparison: Comparison) -> Document:
    """What must be said with a picture of a change, since its caption has no room for it.

    Returns
    -------
    Document
        Sections: not_compared (why, for each domain that cannot be compared; only where there is one), reading.
    """
    words = Wording(comparison.after)
    apart = tuple(f"{words.domain(d.id)}: {_moved(comparison, d)}." for d in comparison.domains if d.moved == "unknown")
    not_compared = (Section("not_compared", (Bullets(apart),)),) if apart else ()
    return Document(titled("Comparison", comparison.after), (*not_compared, _not_to_be_read_as()))


def _not_to_be_read_as() -> Section:
    return Section("reading", (Heading("What this may not be read as"), Bullets(NOT_TO_BE_READ_AS)))


def _about(comparison: Comparison) -> Iterator[Block]:
    first, second = comparison.before.profile, comparison.after.profile
    yield Paragraph(
        f"Before: {day(first.assessed)}, aged {age(first.age_months)}. After: {day(second.assessed)}, aged "
        f"{age(second.age_months)}. Both are scored with {second.instrument_id} {second.instrument_version}."
    )
    for line in version_lines(comparison):
        yield Paragraph(line, "strong")
    if first.age_band != second.age_band:
        yield Paragraph("What is expected rose with age between the two.")


def version_lines(comparison: Comparison) -> Iterator[str]:
    """Where answers were taken with another version of the instrument: which, and what is not compared on that account."""
    versions, words = comparison.versions, Wording(comparison.after)
    if not versions.differ:
        return
    for when, version in (("before", versions.before), ("after", versions.after)):
        if version not in (None, versions.installed):
            named = flat(version, 40) or "without a number"
            yield f"The answers {when} were taken with version {named}, not with the installed {versions.installed}."
    if versions.not_known:
        yield "What was asked then is not known here, so no function and no domain is compared."
    elif not versions.functions:
        yield "Nothing in question, anchors, weights or expectation has changed since, so everything is compared."
    else:
        yield f"Asked or weighed otherwise then, so not compared: {series(map(words.function, versions.functions))}."
        if versions.domains:
            yield f"These count in, so not compared: {listed(map(words.domain, versions.domains))}."


def _domains(comparison: Comparison) -> Table:
    words = Wording(comparison.after)
    rows = tuple(
        (words.domain(d.id), _percent(d.before), _percent(d.after), capital(_moved(comparison, d)))
        for d in comparison.domains
    )
    return Table(("Domain", "Before", "After", "In words"), rows, widths=(26, 12, 12, 50))


def _percent(value: Fraction | None) -> str:
    return "no percent" if value is None else percent(value)


def _moved(comparison: Comparison, domain: DomainChange) -> str:
    if domain.moved != "unknown":
        return MOVED[domain.moved]
    if domain.id in comparison.versions.domains:
        return f"{MOVED['unknown']}: {_of_versions(comparison.versions)}"
    if domain.before is None or domain.after is None:
        return f"{MOVED['unknown']}: no percent {'before' if domain.before is None else 'after'}"
    return f"{MOVED['unknown']}: not the same functions are set aside"


def _functions(comparison: Comparison) -> Iterator[Block]:
    words = Wording(comparison.after)
    for way, heading in (("up", "Up:"), ("down", "Down:")):
        moved = [c for c in comparison.functions if c.moved == way]
        if moved:
            yield Paragraph(heading, "strong")
            yield Bullets(tuple(_step(words, c) for c in moved))
    if not any(c.moved in ("up", "down") for c in comparison.functions):
        yield Paragraph("No function moved by two steps or more.")
    held = sum(c.moved == "within_noise" for c in comparison.functions)
    if held:
        yield Paragraph(f"{counted(held, 'function')} within one step.")
    unknown = [c.id for c in comparison.functions if c.moved == "unknown"]
    if unknown:
        yield Paragraph(f"Cannot be compared: {series(map(words.function, unknown))}.")


def _step(words: Wording, change: FunctionChange) -> str:
    return (
        f"{words.function_plain(change.id)}: from {change.before} (expected {change.expected_before}) to {change.after} "
        f"(expected {change.expected_after})"
    )


def _of_versions(versions: Versions) -> str:
    return "taken with a version that is not known here" if versions.not_known else "not asked or weighed alike"


# --- the course ------------------------------------------------------------------------------------------------------


def _encounters(course: Trend, alt: str | None) -> Section:
    """Every result in order of time: the course as a picture where it is drawn, and date, age and percents with their bounds."""
    words = Wording(course.last)
    domains = course.instrument.figures.domains
    rows = tuple(
        (
            day(result.profile.assessed),
            age(result.profile.age_months),
            *(percent_with_bounds(result.profile.domains[d], result) for d in domains),
        )
        for result in course.results
    )
    header = ("Date", "Age", *map(words.domain, domains))
    notes = [Paragraph(line) for line in course_notes(course)]
    return Section(
        "encounters",
        (
            Heading("All encounters"),
            *((Picture("trend", alt),) if alt is not None else ()),
            Table(header, rows, widths=(17, 15, *(17 for _ in domains)), dense=True),
            *notes,
            Paragraph(OF_A_COURSE),
        ),
    )


def percent_with_bounds(area: AreaResult, result: Result) -> str:
    """A domain's percent at one encounter with how far it may lie off, or why there is no percent.

    The bounds come from what is not known; where all is known, from one step more or less in every rating.
    """
    rules = result.instrument.figures.rules
    if area.known_share is None:
        return "Nothing to count"
    if not area.shown:
        word = "Mostly set aside" if area.known_share >= rules.known_share_min else "Not enough known"
        return word if area.low is None or area.high is None else f"{word} ({span(area.low, area.high)})"
    if area.percent is None:
        return f"No percent under {rules.infant_below_months} months"
    low, high = (area.low, area.high) if area.known_share < 1 else (area.step_low, area.step_high)
    bounds = "" if low is None or high is None else f" ({span(low, high)})"
    return f"{percent(area.percent)}{bounds}"


def course_notes(course: Trend) -> Iterator[str]:
    """Between which neighbours a domain is not compared although both have a percent: asked, weighed or set aside otherwise."""
    words = Wording(course.last)
    for step in course.comparisons:
        apart = [words.domain(d.id) for d in step.domains if d.is_apart]
        if apart:
            first, second = day(step.before.profile.assessed), day(step.after.profile.assessed)
            yield (
                f"From {first} to {second} not compared, since not the same was asked, weighed or set aside: {listed(apart)}."
            )

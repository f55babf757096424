"""Two results side by side in words: what moved beyond noise, and what the change may not be read as."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from scoring.compare import Comparison, DomainChange, FunctionChange, Moved
from scoring.documents.blocks import Block, Bullets, Document, Heading, Paragraph, Picture, Section, Table
from scoring.documents.summary import notice_blocks, titled
from scoring.documents.words import Wording, age, capital, counted, day, flat, percent, series
from scoring.result import Result

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


def comparison(comparison: Comparison, *, alt: str | None = None) -> Document:
    """What changed between two results of one person.

    Parameters
    ----------
    alt : the picture's text twin; `None` refers to the table and the lists, which say the same

    Returns
    -------
    Document
        Sections: about, domains, picture, functions, reading, notice.
    """
    before, after = comparison.before, comparison.after
    return Document(
        titled("Comparison", after),
        (
            Section("about", tuple(_about(before, after))),
            Section("domains", (Heading("Domains"), _domains(comparison))),
            Section(
                "picture",
                (
                    Picture("compare", alt or "Both maps. The table and the lists on this page say the same in words."),
                    Paragraph(after.instrument.words.notice.short, "small"),
                ),
            ),
            Section("functions", (Heading("What moved, two steps or more"), *_functions(comparison))),
            Section("reading", (Heading("What this may not be read as"), Bullets(NOT_TO_BE_READ_AS))),
            Section("notice", notice_blocks(after)),
        ),
        dated=after.case.assessed,
        small_print=after.instrument.words.notice.short,
    )


def _about(before: Result, after: Result) -> Iterator[Block]:
    first, second = before.profile, after.profile
    yield Paragraph(
        f"Before: {day(first.assessed)}, aged {age(first.age_months)}. After: {day(second.assessed)}, aged "
        f"{age(second.age_months)}. Both are scored with {second.instrument_id} {second.instrument_version}."
    )
    for when, result in (("before", before), ("after", after)):
        version = result.case.taken_with_version
        if version is not None and version != result.profile.instrument_version:
            yield Paragraph(
                f"The answers {when} were taken with version {flat(version, 40)}: where a question was worded otherwise, "
                "a difference may come from that.",
                "strong",
            )
    if first.age_band != second.age_band:
        yield Paragraph("What is expected rose with age between the two.")


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

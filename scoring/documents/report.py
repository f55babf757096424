"""The clinician's report, two to four pages: everything on record that bears on what is concluded. Not to be handed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from scoring.documents.blocks import Block, Document, Heading, Paragraph, Picture, Section, Table
from scoring.documents.changes import changed_sections
from scoring.documents.findings import (
    about,
    age_notes,
    counting_notes,
    domain_table,
    hearing_line,
    unknown_blocks,
)
from scoring.documents.history import history_blocks
from scoring.documents.safety import safety_section
from scoring.documents.steps import (
    ORDER_IS_A_CONVENTION,
    REASON_SHOWN,
    edit_blocks,
    load_blocks,
    plan_table,
    source_blocks,
)
from scoring.documents.summary import titled
from scoring.documents.voices import CELL_MAX, AnsweredBy, Disagreement, FlagLine, differing
from scoring.documents.what_holds import relationship_blocks, strength_blocks
from scoring.documents.words import Wording, age, capital, counted, day, flat, series
from scoring.profile import FunctionResult
from scoring.result import Result

#: So many cleared flags are told of, the last ones, and one less for every three questions with an open one; open ones always all.
CLEARED_MOST, CLEARED_LEAST = 6, 2
#: So many who raised a flag that is open are named, the last ones.
RAISED_MOST = 3


def report(
    result: Result,
    *,
    answered_by: Sequence[AnsweredBy] = (),
    flags: Sequence[FlagLine] = (),
    disagreements: Sequence[Disagreement] = (),
    bulk_confirmed: int = 0,
    map_alt: str | None = None,
    history_alt: str | None = None,
) -> Document:
    """The whole report of a result.

    Parameters
    ----------
    answered_by, flags, disagreements : what scoring does not know; a section without content is left out
    bulk_confirmed : how many ratings were taken over in one tap
    map_alt, history_alt : the pictures' text twins; `None` refers to the tables, which say the same

    Returns
    -------
    Document
        Sections: notice, safety, what was changed where something was, who, pictures, strengths, domains, relationships, history, functions, disagreements,
        unknown, plan.

    Examples
    --------
    >>> from datetime import date
    >>> from scoring.case import Case
    >>> from scoring.instrument import load
    >>> from scoring.result import assess
    >>> made = report(assess(Case(label=None, born=date(2018, 3, 14), assessed=date(2026, 4, 1)), load()))
    >>> made.title, made.sections[0].name, made.sections[-1].name
    ('Report', 'notice', 'plan')
    """
    notice = result.instrument.words.notice
    safety = safety_section(result)
    sections = [
        Section("notice", (Paragraph(" ".join(notice.points), "small"),)),
        Section("safety", (*safety.blocks, *_flag_table(result, flags))),
        *changed_sections(result),
        Section("who", (Heading("Who answered, when, with what"), *_who(result, answered_by))),
        Section(
            "pictures",
            (
                Heading("The map and the history"),
                Picture("map", map_alt or _map_alt(result)),
                Picture("history", history_alt or "The history by period. The table under History says the same."),
                Paragraph(notice.short, "small"),
            ),
        ),
        Section("strengths", (Heading("What goes well"), *strength_blocks(result))),
        Section(
            "domains",
            (
                Heading("Results by domain"),
                *age_notes(result),
                *_hearing(result),
                domain_table(result),
                *counting_notes(result, bulk_confirmed),
            ),
        ),
        Section("relationships", (Heading("Present relationships"), *relationship_blocks(result))),
        Section("history", (Heading("History by period"), *history_blocks(result))),
        Section("functions", (Heading("Ratings"), *_hearing(result), function_table(result))),
    ]
    if disagreements:
        sections.append(Section("disagreements", (Heading("Where answers differ"), *differing(result, disagreements))))
    sections.append(Section("unknown", (Heading("What is not known"), *unknown_blocks(result))))
    sections.append(
        Section(
            "plan",
            (
                Heading("The plan"),
                Paragraph(ORDER_IS_A_CONVENTION, "small"),
                *edit_blocks(result),
                plan_table(result),
                *load_blocks(result),
                *source_blocks(result),
            ),
        )
    )
    return Document(titled("Report", result), tuple(sections), dated=result.case.assessed, small_print=notice.short)


def _hearing(result: Result) -> Iterator[Block]:
    if line := hearing_line(result):
        yield Paragraph(line, "strong")


def _who(result: Result, answered_by: Sequence[AnsweredBy]) -> Iterator[Block]:
    yield Paragraph(about(result))
    languages = result.case.facts.get("languages")
    if isinstance(languages, str):
        yield Paragraph(f"Languages at home: {flat(languages, CELL_MAX)}. Language is rated in the strongest one.")
    if not answered_by:
        return
    rows = []
    for person in answered_by:
        many = f"{person.answered} of {person.asked}" if person.asked is not None else str(person.answered or "")
        rows.append((flat(person.who, CELL_MAX), day(person.on) if person.on else "Not known", many))
    yield Table(("Who", "Last answer", "Answered"), tuple(rows), widths=(50, 30, 20), dense=True)


def _flag_table(result: Result, flags: Sequence[FlagLine]) -> Iterator[Block]:
    """Every open flag, by who raised it, and the last that were cleared: years of them would crowd out the rest."""
    if not flags:
        return
    words = Wording(result)
    still_open: dict[str, list[str]] = {}
    for line in flags:
        if line.cleared_by is None:
            still_open.setdefault(line.flag, []).append(_raised(line))
    cleared = sorted((line for line in flags if line.cleared_by is not None), key=lambda f: f.cleared_on or date.min)
    shown = cleared[-max(CLEARED_LEAST, CLEARED_MOST - len(still_open) // 3) :]
    yield Paragraph("Flags on record, and who cleared them:")
    if still_open:
        raised: dict[str, list[str]] = {}
        for flag, people in still_open.items():
            raised.setdefault(_people(people), []).append(capital(words.flag(flag)))
        rows = tuple((series(names), who) for who, names in raised.items())
        yield Table(("Open flags", "Raised by"), rows, widths=(60, 40), dense=True)
    if shown:
        told = tuple((capital(words.flag(f.flag)), _raised(f), _cleared(f)) for f in reversed(shown))
        yield Table(("Cleared flag", "Raised by", "Cleared by, and why"), told, widths=(26, 26, 48), dense=True)
    if more := len(cleared) - len(shown):
        yield Paragraph(f"And {counted(more, 'flag')} cleared earlier; an export holds them all.")


def _raised(line: FlagLine) -> str:
    return f"{flat(line.raised_by, CELL_MAX)}{f', {day(line.raised_on)}' if line.raised_on else ''}"


def _people(raised: Sequence[str]) -> str:
    """Who raised a flag that is open; of many, the last."""
    more = len(raised) - RAISED_MOST
    return series(raised[-RAISED_MOST:]) + (f"; and {more} earlier" if more > 0 else "")


def _cleared(line: FlagLine) -> str:
    when = f", {day(line.cleared_on)}" if line.cleared_on else ""
    why = f": {flat(line.reason, REASON_SHOWN)}" if line.reason else ""
    return f"{flat(line.cleared_by or '', CELL_MAX)}{when}{why}"


def _map_alt(result: Result) -> str:
    asked = [f for f in result.profile.functions if f.expected is not None]
    rated = sum(f.rating is not None for f in asked)
    return (
        f"Map of the functions at {age(result.profile.age_months)}: {rated} of {len(asked)} are rated. The table under "
        "Ratings says the same in words."
    )


def function_table(result: Result) -> Table:
    """All functions in two columns: rated of expected, and how that reads for the age."""
    cells = [_function_cells(result, f) for f in result.profile.functions]
    half = -(-len(cells) // 2)
    cells += [("", "")] * (2 * half - len(cells))
    rows = tuple(a + b for a, b in zip(cells[:half], cells[half:], strict=True))
    return Table(("Function", "Rated of expected") * 2, rows, widths=(26, 24, 26, 24), dense=True)


def _function_cells(result: Result, found: FunctionResult) -> tuple[str, str]:
    words = Wording(result)
    rated = "?" if found.rating is None else str(found.rating)
    if found.expected is None:
        return words.function(found.id), "not asked" if found.rating is None else f"{rated}, not asked"
    reading = "not known" if found.status is None else words.texts.statuses[found.status].removesuffix(" for age")
    return words.function(found.id), f"{rated} of {found.expected}: {reading.lower()}"

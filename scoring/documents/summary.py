"""The recommendation summary: what a clinician reads in the chat right after an intake, safety first."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.documents.blocks import Block, Bullets, Document, Heading, Paragraph, Section
from scoring.documents.changes import changed_sections
from scoring.documents.findings import (
    about,
    age_notes,
    counting_notes,
    domain_paragraphs,
    unknown_blocks,
)
from scoring.documents.safety import safety_section
from scoring.documents.steps import load_blocks, load_heading, plan_blocks
from scoring.documents.voices import Disagreement, differing
from scoring.documents.what_holds import relationship_blocks, strength_blocks
from scoring.documents.words import Wording
from scoring.result import Result

DIFFER = "Home and clinic see this differently"


def summary(result: Result, *, bulk_confirmed: int = 0, disagreements: Sequence[Disagreement] = ()) -> Document:
    """The summary of a result, made for a chat: it is split between sections where it is longer than a message.

    Parameters
    ----------
    bulk_confirmed : how many ratings the clinician took over in one tap; scoring itself does not know
    disagreements : functions that home and clinic, or two informants, see differently

    Returns
    -------
    Document
        Sections in this order: safety, what was changed where something was, domains, relationships, strengths, plan, load, unknown, notice.

    Examples
    --------
    >>> from datetime import date
    >>> from scoring.case import Case
    >>> from scoring.instrument import load
    >>> from scoring.result import assess
    >>> made = summary(assess(Case(label="Sample", born=date(2018, 3, 14), assessed=date(2026, 4, 1)), load()))
    >>> [section.name for section in made.sections]
    ['safety', 'domains', 'relationships', 'strengths', 'plan', 'load', 'unknown', 'notice']
    """
    return Document(
        title=titled("Summary", result),
        sections=(
            safety_section(result),
            *changed_sections(result),
            Section(
                "domains",
                (
                    Heading("What was found"),
                    Paragraph(about(result)),
                    *age_notes(result),
                    *domain_paragraphs(result),
                    *counting_notes(result, bulk_confirmed),
                ),
            ),
            *(
                (Section("disagreements", (Heading(DIFFER), *differing(result, disagreements))),)
                if disagreements
                else ()
            ),
            Section("relationships", (Heading("Present relationships"), *relationship_blocks(result))),
            Section("strengths", (Heading("What goes well"), *strength_blocks(result))),
            Section("plan", (Heading("The plan"), *plan_blocks(result))),
            Section("load", (load_heading(result), *load_blocks(result))),
            Section("unknown", (Heading("What is not known"), *unknown_blocks(result))),
            Section("notice", notice_blocks(result)),
        ),
        dated=result.case.assessed,
        small_print=result.instrument.words.notice.short,
    )


def titled(kind: str, result: Result) -> str:
    """A document's title: what it is, and whose where the case has a label."""
    label = Wording(result).label()
    return f"{kind}: {label}" if label else kind


def notice_blocks(result: Result) -> tuple[Block, ...]:
    """The whole notice, which every result carries."""
    return (Heading("Please note"), Bullets(result.instrument.words.notice.points))

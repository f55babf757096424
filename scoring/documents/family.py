"""The page for home: what goes well, what to try first and how, step by step, in plain words.

It is an allow-list of sections made for it alone. No informant, history, flag, harm, disagreement, percent, rating or
placing can stand in it, and while the plan waits it names no activity and no reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from scoring.documents.blocks import Block, Bullets, Document, Heading, Paragraph, Section
from scoring.documents.what_holds import STRENGTHS_SHOWN, strengths
from scoring.documents.words import Wording, capital
from scoring.result import Result

#: The only sections that a page for home may have.
ALLOWED = frozenset({"welcome", "going_well", "next", "try", "others", "help", "notice"})
#: Who leads what is done at home; the rest is asked of others.
AT_HOME = frozenset({"carer", "family", "self"})


def family(result: Result) -> Document:
    """The page for the family, or for the adult themself.

    Returns
    -------
    Document
        Sections out of `ALLOWED` only. Activities that are offered only after harm stay out, as they would tell of it.

    Examples
    --------
    >>> from datetime import date
    >>> from scoring.case import Case
    >>> from scoring.instrument import load
    >>> from scoring.result import assess
    >>> made = family(assess(Case(label="X", born=date(2018, 3, 14), assessed=date(2026, 4, 1)), load()))
    >>> made.title, made.sections[0].name
    ('Next steps for the family', 'welcome')
    """
    words = Wording(result)
    sections = [
        Section("welcome", tuple(_welcome(words))),
        Section("going_well", (Heading("What goes well"), *_going_well(words))),
        *_steps(words),
        Section("help", tuple(_help())),
        Section("notice", tuple(_notice(result))),
    ]
    title = "Next steps for you" if words.adult else "Next steps for the family"
    short = result.instrument.words.notice.short
    return Document(title, tuple(sections), dated=result.case.assessed, small_print=short).only(ALLOWED)


def _welcome(words: Wording) -> Iterator[Block]:
    yield Paragraph("This page is for you to keep. It says what goes well and what comes next.")
    if not words.result.plan.waits:
        yield Paragraph("You do not have to do it all. Pick one thing and start small. A bad day is fine.")


def _going_well(words: Wording) -> Iterator[Block]:
    names = strengths(words.result)
    if not names:
        names = tuple(f.id for f in words.result.profile.functions if f.status == "as_expected")[-STRENGTHS_SHOWN:]
    if names:
        yield Bullets(tuple(capital(words.texts.functions[name].plain) for name in names))
    else:
        yield Paragraph("Every day has its good moments. Tell your clinician about them. Do more of what you enjoy.")


def _steps(words: Wording) -> Iterator[Section]:
    """What to try at home, and what others can do; or, while the plan waits, a kind word and nothing else."""
    if words.result.plan.waits:
        yield Section(
            "next",
            (
                Heading("What comes next"),
                Paragraph("First, your clinician will talk with you about the next steps."),
                Paragraph("There is nothing new for you to do before that."),
            ),
        )
        return
    figures = words.result.instrument.activity
    chosen = [a for step in words.result.plan.steps for a in step.activities if not figures[a].only_after_harm]
    home = [a for a in chosen if figures[a].lead in AT_HOME]
    others = [a for a in chosen if figures[a].lead not in AT_HOME]
    if home:
        yield Section("try", (Heading("What to try first"), *_activities(words, home)))
    if others:
        yield Section(
            "others",
            (
                Heading("What others can do with you"),
                Paragraph("Ask your clinician how to start these. There may be a wait."),
                *_activities(words, others),
            ),
        )
    if not chosen:
        yield Section(
            "next",
            (Heading("What comes next"), Paragraph("There is nothing new to do. Keep on with the things you enjoy.")),
        )


def _activities(words: Wording, chosen: list[str]) -> Iterator[Block]:
    for name in chosen:
        text = words.activity(name)
        at_home = words.result.instrument.activity[name].lead in AT_HOME
        yield Heading(text.name, level=3)
        yield Paragraph(text.what)
        yield Paragraph(f"How often: {text.dose}." if at_home else f"With {text.leader}, {text.place}: {text.dose}.")
        yield Paragraph("Step by step:")
        yield Bullets(text.how, start=1)
        lines = [f"How you can tell that it helps: {text.helps}", f"When to stop: {text.stop}"]
        if text.caution:
            lines.append(f"Take care: {text.caution}")
        yield Bullets(tuple(lines))


def _help() -> Iterator[Block]:
    yield Heading("When you need help")
    yield Paragraph("If it gets too much, stop and tell your clinician. You can change or drop any of it.")
    yield Paragraph("If someone is in danger, call the emergency number.")


def _notice(result: Result) -> Iterator[Block]:
    yield Paragraph("This page comes from answers to questions. Use it to talk with your clinician.", "small")
    yield Paragraph(result.instrument.words.notice.short, "small")

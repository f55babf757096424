"""The section that stands first: open safety questions, what to act on, what may go on, and what the plan waits for."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.documents.blocks import Block, Bullets, Heading, Paragraph, Section
from scoring.documents.words import Wording, capital, sentence, series
from scoring.plan import waits_for
from scoring.result import Result

NO_CONTACT = "the person who harms has no contact"


def safety_section(result: Result) -> Section:
    """Safety first. Its first line says how many questions are open; nothing in it blames anyone."""
    words = Wording(result)
    return Section(
        "safety",
        (
            Heading("Safety first"),
            Paragraph(open_questions(result), "strong"),
            *_flags(words),
            *_going_on(words),
            *_waiting(words),
        ),
    )


def open_questions(result: Result) -> str:
    """How many safety questions have no answer, and which: the first line of a summary."""
    words, profile = Wording(result), result.profile
    asked = [s.id for s in result.instrument.figures.safety if s.is_asked_at(profile.age_months)]
    unknown = profile.safety_unknown
    if not unknown:
        quiet = not profile.safety and not profile.still_happening
        return "No safety question is left open: each has an answer." + (" None was answered yes." if quiet else "")
    if len(unknown) == len(asked):
        return f"All {len(unknown)} safety questions are still open. Not asked is not safe."
    are = "safety question is" if len(unknown) == 1 else "safety questions are"
    return f"{len(unknown)} {are} still open: {series(map(words.flag, unknown))}. Not asked is not safe."


def _flags(words: Wording) -> Iterator[Block]:
    for urgency, heading in (("now", "To act on now, before anything else:"), ("this_week", "To act on this week:")):
        raised = [f.id for f in words.result.profile.safety if f.urgency == urgency]
        if raised:
            yield Paragraph(heading, "strong" if urgency == "now" else "plain")
            yield Bullets(tuple(f"{sentence(words.flag(f))} {words.flag_act(f)}" for f in raised))


def _going_on(words: Wording) -> Iterator[Block]:
    """Harms answered as going on, and apart from them those of which nobody has said."""
    case, texts = words.result.case, words.texts
    listed_harms = words.result.profile.still_happening
    goes_on = [h for h in listed_harms if case.still_happening.get(h)]
    if goes_on:
        yield Paragraph("Answered as still happening:", "strong")
        yield Bullets(tuple(capital(words.harm(h)) for h in goes_on))
    not_asked = [h for h in listed_harms if h not in goes_on]
    if not_asked:
        yield Paragraph("Present, and nobody has said yet whether it still happens. To ask:", "strong")
        yield Bullets(tuple(f"{capital(words.harm(h))}: {texts.harm[h].still}" for h in not_asked))
    if case.no_contact:
        yield Paragraph(f"It is recorded that {NO_CONTACT}.")


def _waiting(words: Wording) -> Iterator[Block]:
    if not words.result.plan.waits:
        return
    yield Paragraph("The plan waits until this is settled:", "strong")
    yield Bullets(tuple(waiting_reasons(words)))
    yield Paragraph(
        "Safety comes before practice, so that nobody is sent home to practise where they may be hurt. Waiting says "
        "nothing about anyone's effort or worth. A closer look by the clinician does not wait."
    )


def waiting_reasons(words: Wording) -> Iterator[str]:
    """What would end the waiting, and for which flags and harms; those that end alike stand together."""
    result = words.result
    ended_by: dict[str, list[str]] = {}
    for name in waits_for(result.case, result.instrument):
        ended_by.setdefault(_until(result, name), []).append(words.flag_or_harm(name))
    for until, names in ended_by.items():
        yield f"{capital(series(names))}: {until}"


def _until(result: Result, name: str) -> str:
    """What ends the waiting for a flag or a harm."""
    if name in result.instrument.safety_question:
        lifts = result.instrument.safety_question[name].no_contact_lifts
        return f"until it is cleared{', or it is recorded that ' + NO_CONTACT if lifts else ''}."
    if result.case.still_happening.get(name):
        return "it still happens, until that is known to have ended."
    return f"until somebody has said whether it still happens, or it is recorded that {NO_CONTACT}."

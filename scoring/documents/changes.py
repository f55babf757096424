"""What was changed after finishing: the answers, what became of the domains, and why. The earlier result is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scoring.case import Case, PeriodAnswers
from scoring.documents.blocks import Block, Heading, Paragraph, Section
from scoring.documents.words import Wording, capital, counted, flat, percent
from scoring.profile import AreaResult
from scoring.result import Result
from scoring.score import score

WHY_MAX = 300
CHANGES_MOST = 12
NOT_KNOWN = "not known"


def changed_sections(result: Result) -> Iterator[Section]:
    """The section of a result that took another's place; none where it is the first of its encounter."""
    if result.changed is None:
        return
    why = flat(result.changed.why or "", WHY_MAX)
    lines = tuple(changed_answers(result))
    blocks: list[Block] = [
        Heading("Changed after finishing"),
        Paragraph(f"Why: {why}" if why else "No reason was given."),
        Paragraph(_joined(lines) if lines else "No answer differs from the result before."),
    ]
    if moved := tuple(_domains(result)):
        blocks.append(Paragraph(f"What that does to the domains: {'; '.join(moved)}."))
    blocks.append(Paragraph("The result before is kept as it was.", "small"))
    yield Section("changed", tuple(blocks))


def _joined(lines: tuple[str, ...]) -> str:
    """Not more changes than can be taken in; an export holds all of them."""
    said = f"{'; '.join(lines[:CHANGES_MOST])}."
    more = len(lines) - CHANGES_MOST
    return f"{said} And {counted(more, 'more answer')}, in an export." if more > 0 else said


def changed_answers(result: Result) -> Iterator[str]:
    """Each answer that differs from the result before: its words, what it was and what it is."""
    assert result.changed is not None
    words = Wording(result)
    before, after = _told(words, result.changed.before), _told(words, result.case)
    for what in dict.fromkeys((*before, *after)):
        was, now = before.get(what, NOT_KNOWN), after.get(what, NOT_KNOWN)
        if was != now:
            yield f"{capital(what)}: {was} → {now}"


def _told(words: Wording, case: Case) -> dict[str, str]:
    """Every known answer of a case, by what it answers, in words."""
    figures, texts = words.result.instrument.figures, words.texts
    told: dict[str, str] = {}
    for name, fact in case.facts.items():
        told[texts.facts[name].short] = _word(fact)
    if case.weeks_early is not None:
        told["Weeks born early"] = str(case.weeks_early)
    for period in figures.periods:
        answers = case.history.get(period.id, PeriodAnswers())
        when = texts.periods[period.id].name.lower()
        for factor, value in answers.adversity.items():
            told[f"{texts.adversity[factor].plain}, {when}"] = words.how_heavy(value)
        for factor, value in answers.relational.items():
            told[f"{texts.relational[factor].plain}, {when}"] = words.how_steady(value)
    for harm, still in case.still_happening.items():
        told[f"{words.harm(harm)}, still happening"] = _word(still)
    for function in figures.functions:
        rated = case.functions.get(function.id)
        aside = ", set aside" if function.id in case.set_aside else ""
        if rated is not None or aside:
            told[words.function(function.id)] = f"{NOT_KNOWN if rated is None else rated}{aside}"
    for factor, value in case.relational_now.items():
        told[f"{words.relational_now(factor)}, now"] = words.how_steady(value)
    for flag, answer in case.safety.items():
        told[words.flag(flag)] = _word(answer)
    if case.no_contact:
        told["the person who harms has no contact"] = "yes"
    return told


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return flat(str(value), WHY_MAX)


def _domains(result: Result) -> Iterator[str]:
    """What each domain was and is, where that is another."""
    assert result.changed is not None
    words = Wording(result)
    earlier = score(result.changed.before, result.instrument).domains
    for name, now in result.profile.domains.items():
        was = earlier[name]
        if (was.percent, was.tier) != (now.percent, now.tier):
            yield f"{words.domain(name)}: {_found(words, was)} → {_found(words, now)}"


def _found(words: Wording, area: AreaResult) -> str:
    if area.percent is not None:
        return percent(area.percent)
    return words.tier(area.tier).lower() if area.tier else "not enough known"

"""What holds a person, in words: present relationships, the support of whoever cares, and strengths."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.documents.blocks import Block, Bullets, Paragraph
from scoring.documents.words import Wording, capital, percent, series, span
from scoring.result import Result

STRENGTHS_SHOWN = 6
#: The lowest gap that calls for a closer look is 3 for the workings of the body, 4 for all else (clinical.md, "The plan").
BODY_LOOK_CLOSER_FROM = 3


def relationship_blocks(result: Result) -> Iterator[Block]:
    """Present relationships, what holds and what is thin, and the support of whoever cares."""
    words, now = Wording(result), result.profile.relational_now
    values, asked = result.case.relational_now, [r.id for r in result.instrument.figures.relational_now]
    if not values:
        yield Paragraph("Nothing is known yet of present relationships: they are still to be asked.", "strong")
    elif now.percent is not None:
        wide = "" if now.low == now.high else f" With what is not known it lies within {span(now.low, now.high)}."
        yield Paragraph(
            f"They stand at {percent(now.percent)}, where 0% is hardly and 100% steadily; {len(values)} of {len(asked)} "
            f"are known.{wide}"
        )
    else:
        yield Paragraph(
            f"{len(values)} of {len(asked)} known, too few for a percent: it lies within {span(now.low, now.high)}."
        )
    lines = []
    for value in (3, 2, 1, 0):
        if names := [words.relational_now(r) for r in asked if values.get(r) == value]:
            lines.append(f"{capital(words.how_steady(value))}: {'; '.join(names)}.")
    if values and (unknown := [words.relational_now(r) for r in asked if r not in values]):
        lines.append(f"Not known: {'; '.join(unknown)}.")
    if lines:
        yield Bullets(tuple(lines))
    yield Paragraph(_support(words))


def _support(words: Wording) -> str:
    """How whoever cares is supported, told apart from all else: it stands second in every plan."""
    case = words.result.case
    who = "the person who is closest" if words.adult else "the carer"
    value = case.relational_now.get("carer_has_support")
    known = f"Support for {who}: {words.how_steady(value)}" if value is not None else f"Support for {who}: not known"
    crisis = f" {capital(who)} is in crisis, see Safety first." if case.safety.get("carer_in_crisis") else ""
    return f"{known}.{crisis}"


def strengths(result: Result, most: int = STRENGTHS_SHOWN) -> tuple[str, ...]:
    """A few strengths worth naming: what is ahead first, then what people live by, the body's workings last."""
    functions = {f.id: f for f in result.profile.functions}
    is_body = {f.id: f.look_closer_from == BODY_LOOK_CLOSER_FROM for f in result.instrument.figures.functions}

    def place(name: str) -> tuple[bool, bool]:
        return (functions[name].status != "ahead", is_body[name])

    return tuple(sorted(result.profile.strengths, key=place)[:most])


def strength_blocks(result: Result) -> Iterator[Block]:
    words, found = Wording(result), result.profile.strengths
    if not found:
        if not result.case.functions:
            yield Paragraph("Nothing is rated yet. Ask what they enjoy, and begin there.")
            return
        near = tuple(f.id for f in result.profile.functions if f.status == "as_expected")
        yield Paragraph("No rating reaches what is expected. Ask what they enjoy, and begin there.")
        if near:
            yield Paragraph(f"Within one step of it: {series(map(words.function, near[-STRENGTHS_SHOWN:]))}.")
        return
    shown = strengths(result)
    ahead = {f.id for f in result.profile.functions if f.status == "ahead"}
    yield Bullets(tuple(words.function_plain(s) + (", ahead for the age" if s in ahead else "") for s in shown))
    if len(found) > len(shown):
        yield Paragraph(f"And {len(found) - len(shown)} more at what is expected.", "small")

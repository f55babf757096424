"""The developmental history in words: what was hard and what held in each period, and how heavy that makes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from scoring.case import PeriodAnswers
from scoring.documents.blocks import Block, Paragraph, Table
from scoring.documents.words import Wording, capital, series, span, whole
from scoring.instrument.model import FactorText
from scoring.profile import PeriodResult
from scoring.result import Result

READING = (
    "The load runs from 0 to 100, half what was hard and half what was missing of what holds. It says how much was heavy, "
    "not what it did. Periods are not added up. Not known is never the same as none."
)


def history_blocks(result: Result) -> Iterator[Block]:
    """Every period that has begun, with its answers and its load."""
    words = Wording(result)
    rows = []
    for name, found in result.profile.history.items():
        period, answers = result.instrument.period[name], result.case.history.get(name, PeriodAnswers())
        rows.append(
            (
                f"{words.texts.periods[name].name}: {words.texts.periods[name].when}",
                _answers(words, answers.adversity, [f.id for f in period.adversity], words.texts.adversity, hard=True),
                _answers(words, answers.relational, period.relational, words.texts.relational, hard=False),
                _load(found),
            )
        )
    yield Table(("Period", "What was hard", "What held", "Load"), tuple(rows), widths=(18, 34, 32, 16))
    yield Paragraph(READING, "small")


def _answers(
    words: Wording, known: Mapping[str, int], asked: Sequence[str], texts: Mapping[str, FactorText], *, hard: bool
) -> str:
    """Answers grouped by how much, the most first; nothing of what is 0 is listed singly where it means none."""
    if not known:
        return "Not known."
    parts: list[str] = []
    for value in (3, 2, 1, 0):
        names = [texts[f].plain for f in asked if known.get(f) == value]
        if not names:
            continue
        word = capital(words.how_heavy(value) if hard else words.how_steady(value))
        if hard and value == 0:
            parts.append("None of the rest." if parts or len(names) < len(asked) else "None of it.")
        elif len(names) == len(asked):
            parts.append(f"{word}: all {len(asked)} that are asked.")
        else:
            parts.append(f"{word}: {series(names)}.")
    if missing := len(asked) - len(known):
        parts.append(f"Not known: {missing} of {len(asked)}.")
    return " ".join(parts)


def _load(found: PeriodResult) -> str:
    if found.low is None or found.high is None:
        return "Not known"
    bounds = span(found.low, found.high).rstrip("%")
    if found.load is None:
        return f"Too little known; within {bounds}"
    return whole(found.load) if found.low == found.high else f"{whole(found.load)}, within {bounds}"

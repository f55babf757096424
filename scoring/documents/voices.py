"""What scoring does not know of a result: who said what and when, where they differ, who cleared a flag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.documents.blocks import Block, Bullets, Paragraph
from scoring.documents.words import Wording, counted, flat
from scoring.result import Result

CELL_MAX = 400
DIFFERENCES_MOST = 6


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """Who answered: `who` in words (`Carer, aunt`), the day of the last answer, and how many of how many."""

    who: str
    on: date | None = None
    answered: int | None = None
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class FlagLine:
    """A safety flag's story: who raised it, and who cleared it and why. `cleared_on` is `None` while it is open."""

    flag: str
    raised_by: str
    raised_on: date | None = None
    cleared_by: str | None = None
    cleared_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What people said of one function, as they said it; the clinician's rating counts."""

    function: str
    said: tuple[tuple[str, str], ...]


def differing(result: Result, disagreements: Sequence[Disagreement]) -> Iterator[Block]:
    """Who said what of the functions on which informants differ; kept side by side."""
    words, shown = Wording(result), disagreements[:DIFFERENCES_MOST]
    yield Bullets(
        tuple(
            f"{words.function(d.function)}: "
            + "; ".join(f"{flat(who, CELL_MAX)}: {flat(what, CELL_MAX)}" for who, what in d.said)
            for d in shown
        )
    )
    if more := len(disagreements) - len(shown):
        yield Paragraph(f"And {counted(more, 'function')} more; an export holds them all.")
    yield Paragraph("Kept side by side, never averaged. The clinician's rating counts.", "small")


@dataclass(frozen=True, slots=True)
class Voices:
    """Everything of a result that comes from its informants and not from the scored case."""

    answered_by: tuple[AnsweredBy, ...] = ()
    flags: tuple[FlagLine, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    bulk_confirmed: int = 0

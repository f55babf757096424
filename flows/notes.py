"""What other informants wrote, for the case's clinician: in pages that a message holds, read before Finish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flows.conversation import Interview, Turn
from scoring.documents.words import units

#: UTF-16 units of notes on one page, under the 4,096 of a message, and those of who wrote a note and on what.
NOTES_A_PAGE, NOTE_HEAD = 3400, 130


def has_notes(turn: Turn) -> bool:
    return turn.interview.role == "clinician" and any(o.notes for o in turn.interview.others)


def read_notes(turn: Turn) -> None:
    """The clinician opens what others wrote; Finish waits until the last page of it was open."""
    turn.interview.section, turn.interview.page = "notes", 0
    see_notes(turn.interview)


@dataclass(frozen=True, slots=True)
class NotePart:
    """A note, or a part of one that no page holds whole: by whom, on which item, and whether its end is in it."""

    who: str
    item: str
    text: str
    is_last: bool


def pages_of_notes(interview: Interview) -> list[list[NotePart]]:
    """What others wrote, in pages that a message holds; one page at least."""
    pages: list[list[NotePart]] = [[]]
    room = NOTES_A_PAGE
    for other in interview.others:
        for item, text in other.notes:
            parts = list(_parts(text))
            for number, part in enumerate(parts, 1):
                length = units(part) + NOTE_HEAD
                if pages[-1] and length > room:
                    pages.append([])
                    room = NOTES_A_PAGE
                pages[-1].append(NotePart(other.who, item, part, is_last=number == len(parts)))
                room -= length
    return pages


def _parts(text: str) -> Iterator[str]:
    """A text in parts that each fit a page, the later ones with a mark that they go on."""
    most = NOTES_A_PAGE - NOTE_HEAD
    part, room, mark = "", most, ""
    for c in text:
        if units(c) > room:
            yield f"{mark}{part}"
            part, room, mark = "", most, "… "
        part += c
        room -= units(c)
    yield f"{mark}{part}"


def see_notes(interview: Interview) -> None:
    """The notes whose end is on the page before the clinician, or on one before it, are read."""
    pages = pages_of_notes(interview)
    seen = sum(part.is_last for page in pages[: interview.page + 1] for part in page)
    interview.notes_seen = max(interview.notes_seen, seen)

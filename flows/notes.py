"""What other informants wrote, for the case's clinician: in pages that a message holds, read before Finish."""

from __future__ import annotations

from flows.conversation import Interview, Turn
from scoring.documents.words import units

#: UTF-16 units of notes on one page, under the 4,096 of a message, and those of who wrote a note and on what.
NOTES_A_PAGE, NOTE_HEAD = 3400, 90


def has_notes(turn: Turn) -> bool:
    return turn.interview.role == "clinician" and any(o.notes for o in turn.interview.others)


def read_notes(turn: Turn) -> None:
    """The clinician opens what others wrote; Finish waits until the last page of it was open."""
    turn.interview.section, turn.interview.page = "notes", 0
    see_notes(turn.interview)


def pages_of_notes(interview: Interview) -> list[list[tuple[str, str, str]]]:
    """What others wrote, as (who, item, text), in pages that a message holds; one page at least."""
    pages: list[list[tuple[str, str, str]]] = [[]]
    room = NOTES_A_PAGE
    for other in interview.others:
        for item, text in other.notes:
            length = units(text) + NOTE_HEAD
            if pages[-1] and length > room:
                pages.append([])
                room = NOTES_A_PAGE
            pages[-1].append((other.who, item, text))
            room -= length
    return pages


def see_notes(interview: Interview) -> None:
    pages = pages_of_notes(interview)
    seen = sum(len(page) for page in pages[: interview.page + 1])
    interview.notes_seen = max(interview.notes_seen, seen)

"""Pieces that many screens share: rows of buttons, the progress line, ages and dates in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flows.views import Button, Typed
from scoring.documents.blocks import Block

Rendered = tuple[tuple[Block, ...], tuple[tuple[Button, ...], ...], Typed]
Rows = tuple[tuple[Button, ...], ...]

BACK = Button("‹ Back", "back")
PAUSE = Button("Pause", "pause")
HOME = Button("Home", "home")
BAR_CELLS = 10


def grid(buttons: Iterable[Button], width: int) -> Rows:
    """Buttons in rows of `width`."""
    flat = list(buttons)
    return tuple(tuple(flat[i : i + width]) for i in range(0, len(flat), width))


def bar(done: int, of: int) -> str:
    """A short bar of how far a stage has come."""
    full = round(BAR_CELLS * done / of) if of else BAR_CELLS
    return "▰" * full + "▱" * (BAR_CELLS - full)


#: A pager's words: for lists with the newest first, and for those in the order in which they go on.
BY_AGE = ("‹ Newer", "Older ›")
IN_ORDER = ("‹ Before", "More ›")


def pager(page: int, pages: int, words: tuple[str, str] = BY_AGE) -> tuple[Button, ...]:
    """Buttons to the pages before and after, where there are any."""
    buttons = []
    if page > 0:
        buttons.append(Button(words[0], "page", str(page - 1)))
    if page < pages - 1:
        buttons.append(Button(words[1], "page", str(page + 1)))
    return tuple(buttons)


def age_words(months: int) -> str:
    """An age as clinicians say it: months under two years, then years and months."""
    if months < 24:
        return f"{months} month" if months == 1 else f"{months} months"
    return f"{months // 12} y {months % 12} m"


def without_empty(rows: Sequence[tuple[Button, ...]]) -> Rows:
    return tuple(row for row in rows if row)

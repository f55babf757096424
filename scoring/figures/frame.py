"""What every picture has around its drawing: whose it is and when, and the short notice."""

from __future__ import annotations

from scoring.figures import palette
from scoring.figures.canvas import Sheet
from scoring.figures.layout import MARGIN_PX, WIDTH_PX
from scoring.figures.text import SMALLEST_PX, fitted, visible, wrapped
from scoring.figures.words import NO_LABEL

LINE_PX = 31.0
_ROOM = WIDTH_PX - 2 * MARGIN_PX
#: Two hundred characters, the most a short notice may have, are three lines.
NOTICE_LINES_MAX = 3


#: More than this is never read from a title, and a label in a file has no limit.
_LABEL_MAX = 200


def draw_header(sheet: Sheet, label: str | None, facts: str) -> None:
    """The label as a title, shrunk or cut to one line, and a line of facts below it; `label` is as the clinician typed it."""
    words, size = fitted(visible((label or "")[:_LABEL_MAX]) or NO_LABEL, _ROOM, 42, 30, bold=True)
    sheet.text(MARGIN_PX, 56, words, size, bold=True, gid="title")
    words, size = fitted(facts, _ROOM, 28, SMALLEST_PX)
    sheet.text(MARGIN_PX, 95, words, size, colour=palette.MUTED, gid="facts")


def draw_notice(sheet: Sheet, notice: str, *, first: str = "") -> float:
    """The short notice along the lower edge, after a sentence of the picture's own where both fit; returns its upper end, pixels."""
    lines = wrapped(visible(f"{first} {notice}"), _ROOM, SMALLEST_PX)
    if len(lines) > NOTICE_LINES_MAX:
        lines = wrapped(visible(notice), _ROOM, SMALLEST_PX, most=NOTICE_LINES_MAX)
    top = sheet.height - 14 - LINE_PX * len(lines)
    for i, words in enumerate(lines):
        sheet.text(MARGIN_PX, top + LINE_PX * i + 24, words, SMALLEST_PX, colour=palette.MUTED, gid=f"notice:{i}")
    return top

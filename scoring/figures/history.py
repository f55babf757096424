"""The history: for each period that has begun what was heavy, what held, and the load of both, with what is not known as a range.

Earliest above. Heavy grows from the middle line to the left, what held grows to the right; the load stands on a line of its own.
"""

from __future__ import annotations

from fractions import Fraction

from matplotlib.figure import Figure

from scoring.figures import palette, words
from scoring.figures.bars import draw_bar
from scoring.figures.canvas import Sheet
from scoring.figures.frame import LINE_PX, NOTICE_LINES_MAX, draw_header, draw_notice
from scoring.figures.layout import MARGIN_PX, WIDTH_PX, Box
from scoring.figures.text import SMALLEST_PX, fitted, shortened, visible, width_px
from scoring.figures.words import Reach
from scoring.instrument.model import Period
from scoring.profile import PeriodResult
from scoring.result import Result

_TOP = 178.0
_ROW_PX = 116.0
_BAR_PX = 30.0
_MIDDLE = 318.0
_SIDE_PX = 214.0
_LOAD = Box(668.0, 0.0, 940.0, 0.0)
_RIGHT = WIDTH_PX - MARGIN_PX - 8.0
_WORDS_PX = LINE_PX * 2 + 10


def figure(result: Result) -> Figure:
    """The history as a figure 1080 pixels wide, as high as its periods need and at most 1350."""
    periods = [p for p in result.instrument.figures.periods if p.id in result.profile.history]
    rows_end = _TOP + _ROW_PX * len(periods)
    now_px = _ROW_PX + 14
    sheet = Sheet(WIDTH_PX, round(rows_end + now_px + _WORDS_PX + LINE_PX * NOTICE_LINES_MAX + 26))
    draw_header(sheet, result.profile.label, words.facts_line(result))
    _draw_heads(sheet)
    for i, period in enumerate(periods):
        _draw_period(sheet, result, period, _TOP + _ROW_PX * i)
    _draw_now(sheet, result, rows_end + 14)
    _draw_words(sheet, rows_end + now_px)
    draw_notice(sheet, result.instrument.words.notice.short)
    return sheet.figure


def ages(period: Period) -> str:
    """The ages of a period for a heading.

    Examples
    --------
    >>> from types import SimpleNamespace as P
    >>> [ages(P(from_months=f, to_months=t)) for f, t in ((None, 0), (2, 13), (13, 48), (48, 132), (216, None))]
    ['', '2–13 months', '13 months – 4 y', '4–11 y', 'from 18 y']
    """
    first, end = period.from_months, period.to_months
    if first is None:
        return ""
    if end is None:
        return f"from {words.age_short(first)}"
    if end < 24:
        return f"{first}–{words.age_short(end)}"
    if first < 24:
        return f"{words.age_short(first)} – {words.age_short(end)}"
    return f"{first // 12}–{words.age_short(end)}"


def _draw_heads(sheet: Sheet) -> None:
    y = 160.0
    sheet.text(_MIDDLE - 14, y, "was heavy", 28, bold=True, colour=palette.HEAVY, align="right", gid="head:heavy")
    sheet.text(_MIDDLE + 14, y, "held", 28, bold=True, colour=palette.HELD_INK, gid="head:held")
    sheet.text(_LOAD.left, y, "load, 0 to 100", 28, bold=True, colour=palette.MARKER, gid="head:load")


def _draw_period(sheet: Sheet, result: Result, period: Period, top: float) -> None:
    found = result.profile.history[period.id]
    sheet.box(Box(14, top, WIDTH_PX - 14, top + _ROW_PX - 10), palette.TISSUE, radius=24, gid=f"card:{period.id}")
    _draw_name(sheet, visible(result.instrument.words.periods[period.id].name), ages(period), period.id, top)
    middle = top + 72
    if found.adversity is None or found.relational is None:
        _draw_unknown(sheet, period.id, middle)
    else:
        sheet.line([(_MIDDLE, middle - 22), (_MIDDLE, middle + 22)], palette.OUTLINE, 3)
        _draw_side(sheet, found.adversity, palette.HEAVY, middle, way=-1, gid=f"heavy:{period.id}")
        _draw_side(sheet, found.relational, palette.HELD, middle, way=1, gid=f"held:{period.id}")
    _draw_load(sheet, found, period.id, middle)


def _draw_name(sheet: Sheet, name: str, when: str, gid: str, top: float) -> None:
    words_, size = fitted(name, 330, 30, SMALLEST_PX, bold=True)
    sheet.text(MARGIN_PX, top + 36, words_, size, bold=True, gid=f"period:{gid}")
    after = MARGIN_PX + width_px(words_, size, bold=True) + 16
    sheet.text(after, top + 36, shortened(when, _LOAD.left - after - 10, SMALLEST_PX), SMALLEST_PX, colour=palette.MUTED,
               gid=f"when:{gid}")  # fmt: skip


def _draw_side(sheet: Sheet, value: Fraction, colour: str, middle: float, *, way: int, gid: str) -> None:
    """A bar from the middle line, its number at its end."""
    length = _SIDE_PX * float(value) / 100
    if length >= 1:
        ends = sorted((_MIDDLE + way * 4, _MIDDLE + way * (4 + length)))
        sheet.box(Box(ends[0], middle - _BAR_PX / 2, ends[1], middle + _BAR_PX / 2), colour, radius=8, gid=gid)
    x = _MIDDLE + way * (4 + length + 10)
    sheet.text(x, middle + 10, str(words.whole(value)), 28, align="right" if way < 0 else "left", gid=f"number:{gid}")


def _draw_unknown(sheet: Sheet, gid: str, middle: float) -> None:
    """Both sides hatched and said in words: unknown is neither none nor steady."""
    box = Box(_MIDDLE - _SIDE_PX, middle - 21, _MIDDLE + _SIDE_PX, middle + 21)
    patch = sheet.box(box, palette.UNKNOWN, radius=10, edge=palette.OUTLINE, edge_px=2, gid=f"unknown:{gid}")
    sheet.hatch(patch, box, gid=f"hatch:{gid}")
    half = width_px(words.NOT_ENOUGH, SMALLEST_PX) / 2 + 14
    sheet.box(Box(_MIDDLE - half, middle - 17, _MIDDLE + half, middle + 17), palette.UNKNOWN, radius=17)
    sheet.text(_MIDDLE, middle + 9, words.NOT_ENOUGH, SMALLEST_PX, align="center", gid=f"words:{gid}")


def _draw_load(sheet: Sheet, found: PeriodResult, gid: str, middle: float) -> None:
    shown = words.load_reach(found)
    draw_bar(sheet, Box(_LOAD.left, middle - 9, _LOAD.right, middle + 9), shown, gid=gid, ground=palette.CHIP)
    sheet.text(_RIGHT, middle + 12, shown.value, 34, bold=True, align="right", gid=f"load:{gid}")


def _draw_now(sheet: Sheet, result: Result, top: float) -> None:
    """Present relationships, set apart from the past by an open frame."""
    sheet.box(Box(14, top, WIDTH_PX - 14, top + _ROW_PX - 10), None, radius=24, edge=palette.TISSUE_EDGE, edge_px=3)
    shown = words.relational_reach(result.profile.relational_now)
    sheet.text(MARGIN_PX, top + 38, "Relationships now", 30, bold=True, gid="period:now")
    sheet.text(MARGIN_PX + 322, top + 38, "how much holds, 0 to 100", SMALLEST_PX, colour=palette.MUTED, gid="when:now")
    middle = top + 74
    if shown.at is None:
        sheet.text(_RIGHT, middle + 9, shown.value, SMALLEST_PX, align="right", gid="value:now")
        right = _RIGHT - width_px(shown.value, SMALLEST_PX) - 24
    else:
        sheet.text(_RIGHT, middle + 12, shown.value, 34, bold=True, align="right", gid="value:now")
        right = _LOAD.right
    _draw_held_bar(sheet, Box(MARGIN_PX, middle - 10, right, middle + 10), shown)


def _draw_held_bar(sheet: Sheet, track: Box, shown: Reach) -> None:
    if shown.at is not None and shown.low is None:  # all known: a plain bar as in the periods
        sheet.box(track, palette.TRACK, radius=10, gid="track:now")
        end = track.left + track.width * float(shown.at) / 100
        if end > track.left:
            sheet.box(Box(track.left, track.top, end, track.bottom), palette.HELD, radius=10, gid="held:now")
        return
    draw_bar(sheet, track, shown, gid="now")


def _draw_words(sheet: Sheet, top: float) -> None:
    """What the load is not, and what the hatching is."""
    sheet.text(MARGIN_PX, top + 26, words.LOAD, SMALLEST_PX, gid="words:load")
    swatch = Box(MARGIN_PX + 1, top + LINE_PX + 8, MARGIN_PX + 43, top + LINE_PX + 32)
    patch = sheet.box(swatch, palette.UNKNOWN, radius=8, edge=palette.OUTLINE, edge_px=2)
    sheet.hatch(patch, swatch, pitch_px=10)
    sheet.text(MARGIN_PX + 58, top + LINE_PX + 28, "how far what is not known could move it", SMALLEST_PX,
               colour=palette.MUTED, gid="words:hatch")  # fmt: skip

"""The course of each domain over three to twelve encounters: its percent at each date, with how far it may lie off.

Time runs at its true pace. A line joins two neighbours only where they are compared at all, and is heavy only where the change
is beyond noise; nothing is drawn across what is not known. Tiers are left out: a point that one step of rating carries over an
edge would look like an event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from matplotlib.figure import Figure

from scoring.compare import DomainChange
from scoring.figures import palette, words
from scoring.figures.canvas import Sheet
from scoring.figures.frame import draw_header, draw_notice
from scoring.figures.layout import HEIGHT_PX, MARGIN_PX, WIDTH_PX, Box
from scoring.figures.legend import draw_triangle
from scoring.figures.text import SMALLEST_PX, fitted, visible, width_px
from scoring.profile import AreaResult
from scoring.result import Result
from scoring.trend import Trend

_TOP = 146.0
#: Within a panel: baselines of heading and numbers, upper edge of the plot, room below it.
_HEADING, _NUMBERS, _PLOT_TOP, _BELOW = 33.0, 68.0, 84.0, 25.0
_LEFT, _RIGHT = 134.0, WIDTH_PX - MARGIN_PX - 30.0
_SCALE_RIGHT = 92.0
#: From the last panel to the dates, from the dates to the legend, and from one line of the legend to the next.
_AXIS, _AXIS_TO_LEGEND, _LEGEND_PITCH = 24.0, 48.0, 35.0
_NUMBER_PX = 28.0
_WHISKER_PX, _BLANK_PX, _DOT_PX = 26.0, 32.0, 7.5
_SWATCH_PX, _ENTRY_GAP = 44.0, 30.0

Entry = Literal["unknown_range", "step_range", "moved", "level", "apart", "unknown", "in_words", "aside"]
LEGEND: dict[Entry, str] = {
    "step_range": "one step in every rating",
    "unknown_range": "how far what is not known could move it",
    "unknown": "not enough known",
    "in_words": "under 13 months: no percent",
    "aside": "mostly set aside",
    "moved": "up or down beyond noise",
    "level": "level, held or unclear",
    "apart": "not compared",
}


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where a percent of one panel stands, pixels."""

    top: float
    height: float

    def y(self, percent: Fraction | int) -> float:
        return self.top + self.height * (1 - float(percent) / 100)


def figure(course: Trend) -> Figure:
    """The course as a figure of 1080 × 1350 pixels; of more than twelve encounters the latest twelve."""
    shown = course.latest(words.TREND_MAX)
    sheet = Sheet(WIDTH_PX, HEIGHT_PX)
    draw_header(sheet, course.last.profile.label, words.course_line(course))
    sheet.text(MARGIN_PX, 131, words.EXPECTED_LINE, SMALLEST_PX, gid="words:expected")
    domains = shown.instrument.figures.domains
    held = any(shown.steps(domain)[-1].moved == "expectations_grew" for domain in domains)
    first = f"{words.HELD} {words.NO_CAUSE}" if held else words.NO_CAUSE
    notice_top = draw_notice(sheet, shown.instrument.words.notice.short, first=first)
    legend = _legend_lines({entry for domain in domains for entry in _entries(shown, domain)})
    legend_top = notice_top - 12 - _LEGEND_PITCH * len(legend)
    axis = legend_top - _AXIS_TO_LEGEND
    pitch = (axis - _AXIS - _TOP) / len(domains)
    places = _places(shown.results)
    for i, domain in enumerate(domains):
        top = _TOP + pitch * i
        _draw_panel(sheet, shown, domain, places, Box(14, top, WIDTH_PX - 14, top + pitch - 10))
    _draw_axis(sheet, shown.results, places, axis)
    _draw_legend(sheet, legend, legend_top)
    return sheet.figure


def _places(results: Sequence[Result]) -> list[float]:
    """The encounters on the axis of time, x in pixels; all in the middle where they are of one day."""
    days = [result.profile.assessed.toordinal() for result in results]
    span = days[-1] - days[0]
    if not span:
        return [(_LEFT + _RIGHT) / 2] * len(days)
    return [_LEFT + (_RIGHT - _LEFT) * (day - days[0]) / span for day in days]


# --- a panel ---------------------------------------------------------------------------------------------------------


def _draw_panel(sheet: Sheet, course: Trend, domain: str, places: Sequence[float], box: Box) -> None:
    """One domain: its heading, a number for each encounter, and the plot."""
    sheet.box(box, palette.TISSUE, radius=24, gid=f"card:{domain}")
    steps = course.steps(domain)
    _draw_heading(sheet, visible(course.instrument.words.domains[domain].name), steps[-1], domain, box.top + _HEADING)
    plot = _Plot(box.top + _PLOT_TOP, box.height - _PLOT_TOP - _BELOW)
    _draw_scale(sheet, plot, places, domain)
    areas = [result.profile.domains[domain] for result in course.results]
    for i, (area, result) in enumerate(zip(areas, course.results, strict=True)):
        kind = words.kind_of(area, result)
        if kind == "point":
            _draw_whisker(sheet, plot, places[i], words.reach(area, result), f"{domain}:{i}")
        else:
            _draw_blank(sheet, plot, places[i], kind, area, f"{domain}:{i}")
    for i, step in enumerate(steps):
        _draw_step(sheet, plot, places[i], places[i + 1], step, f"{domain}:{i}")
    for i, area in enumerate(areas):
        if area.percent is not None:
            _draw_dot(sheet, places[i], plot.y(area.percent), f"point:{domain}:{i}")
    numbers = [_number(area, result) for area, result in zip(areas, course.results, strict=True)]
    for i in _roomy(places, [width_px(n, _NUMBER_PX, bold=True) for n in numbers], gap=10):
        gid = f"number:{domain}:{i}"
        sheet.text(places[i], box.top + _NUMBERS, numbers[i], _NUMBER_PX, bold=True, align="center", gid=gid)


def _number(area: AreaResult, result: Result) -> str:
    """The percent, `?` where it is not known, a dash where there is none to know."""
    return _NO_NUMBER[words.kind_of(area, result)] if area.percent is None else str(words.whole(area.percent))


_NO_NUMBER: dict[words.Kind, str] = {"unknown": "?", "in_words": "–", "aside": "–"}


def _draw_heading(sheet: Sheet, name: str, last: DomainChange, domain: str, baseline: float) -> None:
    """The domain, and what became of it from the last encounter but one to the last."""
    latest = f"last step: {LEGEND['apart'] if last.is_apart else words.MOVED[last.moved]}"
    right = float(WIDTH_PX - MARGIN_PX)
    sheet.text(right, baseline, latest, SMALLEST_PX, colour=palette.MUTED, align="right", gid=f"last:{domain}")
    right -= width_px(latest, SMALLEST_PX)
    if last.moved in ("up", "down"):
        right -= 32
        draw_triangle(sheet, right + 12, baseline - 10, up=last.moved == "up", gid=f"moved:{domain}")
    text, size = fitted(name, right - MARGIN_PX - 20, 30, SMALLEST_PX, bold=True)
    sheet.text(MARGIN_PX, baseline, text, size, bold=True, gid=f"domain:{domain}")


def _draw_scale(sheet: Sheet, plot: _Plot, places: Sequence[float], domain: str) -> None:
    """0, 50 and the line of what is expected; a fine upright at each encounter."""
    for x in places:
        sheet.line([(x, plot.y(100)), (x, plot.y(0) + 6)], palette.FOLD, 1.5)
    for percent in (0, 50, 100):
        y = plot.y(percent)
        sheet.text(_SCALE_RIGHT, y + 10, str(percent), SMALLEST_PX, colour=palette.MUTED, align="right",
                   gid=f"scale:{domain}:{percent}")  # fmt: skip
        ends = [(_SCALE_RIGHT + 12, y), (WIDTH_PX - MARGIN_PX, y)]
        if percent == 100:
            sheet.line(ends, palette.MARKER, 2.5, gid=f"expected:{domain}", dashes_px=(10, 7))
        else:
            sheet.line(ends, palette.TISSUE_EDGE, 1.5, gid=f"naught:{domain}" if percent == 0 else None)


def _draw_whisker(sheet: Sheet, plot: _Plot, x: float, shown: words.Reach, gid: str) -> None:
    """How far a percent may lie off: hatched where that comes from what is not known, plain for one step of rating."""
    if shown.low is None or shown.high is None:
        return
    middle = (plot.y(shown.low) + plot.y(shown.high)) / 2
    half = max((plot.y(shown.low) - plot.y(shown.high)) / 2, 4.0)
    box = Box(x - _WHISKER_PX / 2, middle - half, x + _WHISKER_PX / 2, middle + half)
    if not shown.unknown:
        sheet.box(box, palette.BAND, radius=6, gid=f"range:{gid}")
        return
    patch = sheet.box(box, palette.UNKNOWN, radius=6, edge=palette.OUTLINE, edge_px=2, gid=f"range:{gid}")
    sheet.hatch(patch, box, pitch_px=9, gid=f"hatch:{gid}")


def _draw_blank(sheet: Sheet, plot: _Plot, x: float, kind: words.Kind, area: AreaResult, gid: str) -> None:
    """An encounter without a percent: it takes the height in which the percent may lie, the whole of it where nothing is known."""
    top, bottom = plot.y(100 if area.high is None else area.high), plot.y(0 if area.low is None else area.low)
    box = Box(x - _BLANK_PX / 2, top, x + _BLANK_PX / 2, max(bottom, top + 8))
    _draw_gap(sheet, box, kind, gid)


def _draw_gap(sheet: Sheet, box: Box, kind: words.Kind | Entry, gid: str) -> None:
    if kind == "unknown":
        patch = sheet.box(box, palette.UNKNOWN, radius=8, edge=palette.OUTLINE, edge_px=2, gid=f"unknown:{gid}")
        sheet.hatch(patch, box, pitch_px=10, gid=f"hatch:{gid}")
    elif kind == "in_words":
        sheet.box(box, palette.TISSUE, radius=8, edge=palette.OUTLINE, edge_px=2.5, gid=f"in_words:{gid}")
    else:
        sheet.box(
            box, palette.ASIDE, radius=8, edge=palette.ASIDE_EDGE, edge_px=3.5, dashes_px=(9, 6), gid=f"aside:{gid}"
        )


def _way(step: DomainChange) -> Entry | None:
    """How two neighbours are joined: a line where they are compared, a break where they are not, nothing across the unknown."""
    if step.before is None or step.after is None:
        return None
    if step.is_apart:
        return "apart"
    return "moved" if step.moved in ("up", "down") else "level"


def _draw_step(sheet: Sheet, plot: _Plot, x0: float, x1: float, step: DomainChange, gid: str) -> None:
    way = _way(step)
    if way is None or step.before is None or step.after is None:
        return
    y0, y1 = plot.y(step.before), plot.y(step.after)
    if way == "apart":
        _draw_break(sheet, (x0 + x1) / 2, (y0 + y1) / 2, f"apart:{gid}")
    else:
        _draw_line(sheet, [(x0, y0), (x1, y1)], moved=way == "moved", gid=f"line:{gid}")


def _draw_line(sheet: Sheet, ends: Sequence[tuple[float, float]], *, moved: bool, gid: str) -> None:
    sheet.line(ends, palette.MARKER if moved else palette.OUTLINE, 6.5 if moved else 2.5, gid=gid)


def _draw_break(sheet: Sheet, x: float, y: float, gid: str) -> None:
    for aside in (-5, 5):
        sheet.line([(x + aside - 5, y + 12), (x + aside + 5, y - 12)], palette.MUTED, 3, gid=f"{gid}:{aside}")


def _draw_dot(sheet: Sheet, x: float, y: float, gid: str) -> None:
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    circle = np.column_stack((np.cos(turn), np.sin(turn)))
    sheet.area(circle * _DOT_PX + (x, y), palette.MARKER, edge=palette.CHIP, edge_px=2, gid=gid)


# --- below the panels ------------------------------------------------------------------------------------------------


def _draw_axis(sheet: Sheet, results: Sequence[Result], places: Sequence[float], baseline: float) -> None:
    """Date and age of the encounters, as many as there is room for; the first and the last always stand."""
    dates = [words.day_short(r.profile.assessed) for r in results]
    ages = [words.age_short(r.profile.age_months) for r in results]
    widths = [max(width_px(d, SMALLEST_PX), width_px(a, SMALLEST_PX)) for d, a in zip(dates, ages, strict=True)]
    middles = [
        min(max(x, MARGIN_PX + width / 2), WIDTH_PX - MARGIN_PX - width / 2)
        for x, width in zip(places, widths, strict=True)
    ]
    for i in _roomy(middles, widths, gap=24):
        sheet.text(middles[i], baseline, dates[i], SMALLEST_PX, align="center", gid=f"date:{i}")
        sheet.text(
            middles[i], baseline + 30, ages[i], SMALLEST_PX, colour=palette.MUTED, align="center", gid=f"age:{i}"
        )


def _roomy(middles: Sequence[float], widths: Sequence[float], *, gap: float) -> list[int]:
    """Which texts of one line can stand without touching: the last, the first, then what there is room for."""
    taken: list[tuple[float, float]] = []
    kept = []
    for i in dict.fromkeys((len(middles) - 1, 0, *range(len(middles)))):
        left, right = middles[i] - widths[i] / 2, middles[i] + widths[i] / 2
        if all(right + gap <= other_left or left >= other_right + gap for other_left, other_right in taken):
            taken.append((left, right))
            kept.append(i)
    return sorted(kept)


def _entries(course: Trend, domain: str) -> Iterator[Entry]:
    """What the legend has to explain of a domain."""
    for result in course.results:
        area = result.profile.domains[domain]
        kind = words.kind_of(area, result)
        if kind != "point":
            yield kind
        elif (shown := words.reach(area, result)).low is not None:
            yield "unknown_range" if shown.unknown else "step_range"
    yield from (way for step in course.steps(domain) if (way := _way(step)) is not None)


def _legend_lines(there: Collection[Entry]) -> list[list[Entry]]:
    """What the picture holds, and no more, in as few lines as it takes."""
    lines: list[list[Entry]] = []
    free = 0.0
    for entry in (entry for entry in LEGEND if entry in there):
        width = _entry_width(entry)
        if width > free:
            lines.append([])
            free = WIDTH_PX - 2.0 * MARGIN_PX
        lines[-1].append(entry)
        free -= width + _ENTRY_GAP
    return lines


def _entry_width(entry: Entry) -> float:
    return _SWATCH_PX + 12 + width_px(LEGEND[entry], SMALLEST_PX)


def _draw_legend(sheet: Sheet, lines: Sequence[Sequence[Entry]], top: float) -> None:
    for i, line in enumerate(lines):
        x, y = float(MARGIN_PX), top + _LEGEND_PITCH * i
        for entry in line:
            _draw_swatch(sheet, entry, Box(x + 1, y + 3, x + _SWATCH_PX - 1, y + 27))
            sheet.text(
                x + _SWATCH_PX + 12, y + 24, LEGEND[entry], SMALLEST_PX, colour=palette.MUTED, gid=f"legend:{entry}"
            )
            x += _entry_width(entry) + _ENTRY_GAP


def _draw_swatch(sheet: Sheet, entry: Entry, box: Box) -> None:
    x, y = box.centre
    upright = Box(x - _WHISKER_PX / 2, box.top - 1, x + _WHISKER_PX / 2, box.bottom + 1)
    if entry == "step_range":
        sheet.box(upright, palette.BAND, radius=6)
    elif entry == "unknown_range":
        patch = sheet.box(upright, palette.UNKNOWN, radius=8, edge=palette.OUTLINE, edge_px=2)
        sheet.hatch(patch, upright, pitch_px=9)
    elif entry in ("moved", "level"):
        _draw_line(sheet, [(box.left, y), (box.right, y)], moved=entry == "moved", gid=f"swatch:{entry}")
    elif entry == "apart":
        _draw_break(sheet, x, y, "swatch:apart")
    else:
        _draw_gap(sheet, box, entry, "swatch")

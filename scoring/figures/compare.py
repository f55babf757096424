"""Two assessments in one map: in each cell the rating before and now, in colour the distance now, with a mark what moved.

The rules of what moved are those of `scoring.compare`; nothing here says why.
"""

from __future__ import annotations

from matplotlib.figure import Figure

from scoring.compare import Comparison, DomainChange, FunctionChange
from scoring.figures import palette, words
from scoring.figures.brain_map import DOMAINS, LEGEND, draw_brain, draw_note
from scoring.figures.canvas import Sheet
from scoring.figures.cells import draw_cell, draw_ground, look_of
from scoring.figures.frame import draw_header, draw_notice
from scoring.figures.layout import HEIGHT_PX, WIDTH_PX, Box, Cell, map_cells
from scoring.figures.legend import draw_legend, draw_triangle
from scoring.figures.text import SMALLEST_PX, shortened, visible, width_px
from scoring.profile import FunctionResult

_BEFORE_PX = 28.0
_SPACE_PX = 8.0
_ARROW_PX = 19.0
_MARK_PX = 20.0
#: A version in a file has no limit.
_VERSION_MAX = 8


def figure(comparison: Comparison) -> Figure:
    """The comparison as a figure of 1080 × 1350 pixels."""
    sheet = Sheet(WIDTH_PX, HEIGHT_PX)
    after = comparison.after
    texts = after.instrument.words
    draw_header(sheet, after.profile.label, facts_line(comparison))
    draw_brain(sheet, texts)
    cells = map_cells(after.instrument.figures)
    for cell, function, change in zip(cells, after.profile.functions, comparison.functions, strict=True):
        alike = cell.id not in comparison.versions.functions
        _draw_change(sheet, cell, visible(texts.functions[cell.id].short), function, change, alike=alike)
    note, *rest = _notes(comparison)
    draw_note(sheet, note)
    draw_legend(sheet, LEGEND, "4 → 6: before, now", moved=True)
    _draw_domains(sheet, comparison, DOMAINS)
    draw_notice(sheet, texts.notice.short, first=" ".join(rest))
    return sheet.figure


def _notes(comparison: Comparison) -> list[str]:
    """What has to be said of what is drawn, the most needed first."""
    grew = any(domain.moved == "expectations_grew" for domain in comparison.domains)
    otherwise = bool(comparison.versions.functions)
    return [*([words.OTHERWISE] if otherwise else []), *([words.HELD] if grew else []), words.NO_CAUSE]


def facts_line(comparison: Comparison) -> str:
    """Both ages, both days, the instrument (both versions that the answers were taken with, where they differ)."""
    before, after = comparison.before.profile, comparison.after.profile
    taken = comparison.versions.before, comparison.versions.after
    named = (comparison.versions.installed if version is None else version for version in taken)
    versions = dict.fromkeys(visible(version[:_VERSION_MAX]) or "?" for version in named)
    return "  ·  ".join(
        (
            f"{words.age_short(before.age_months)} → {words.age_short(after.age_months)}",
            f"{words.day_short(before.assessed)} → {words.day_short(after.assessed)}",
            f"Stemwise {' → '.join(versions)}",
        )
    )


def _draw_change(
    sheet: Sheet, cell: Cell, name: str, function: FunctionResult, change: FunctionChange, *, alike: bool
) -> None:
    """Before and now in a cell; `alike` is false where the function was asked otherwise before."""
    look = look_of(function)
    if not words.is_asked(function):
        draw_cell(sheet, cell, name, function)
        return
    baseline, size = draw_ground(sheet, cell, name, look)
    moved = change.moved in ("up", "down")
    before, after = _rating(change.before, change.expected_before), _rating(change.after, change.expected_after)
    before_width, after_width = width_px(before, _BEFORE_PX), width_px(after, size, bold=True)
    width = before_width + _ARROW_PX + after_width + 2 * _SPACE_PX + (_MARK_PX + _SPACE_PX if moved else 0)
    x = cell.room.centre[0] - width / 2
    middle = baseline - 14
    if look.hatched:
        sheet.box(Box(x - 12, baseline - 37, x + width + 12, baseline + 8), palette.UNKNOWN, radius=22)
    sheet.text(x, baseline, before, _BEFORE_PX, colour=palette.SOFT_INK, gid=f"before:{cell.id}")
    x += before_width + _SPACE_PX
    _draw_arrow(sheet, x, middle)
    if not alike:
        _strike(sheet, x, middle, f"struck:{cell.id}")
    x += _ARROW_PX + _SPACE_PX
    sheet.text(x, baseline, after, size, bold=True, gid=f"rating:{cell.id}")
    if moved:
        draw_triangle(
            sheet, x + after_width + _SPACE_PX + _MARK_PX / 2, middle, up=change.moved == "up", gid=f"moved:{cell.id}"
        )
        sheet.area(cell.outline, None, edge=palette.INK, edge_px=3.5, gid=f"moved-edge:{cell.id}")


def _rating(rating: int | None, expected: int | None) -> str:
    """A rating, `?` where it was asked and is not known, a dash where it was not asked."""
    if rating is not None:
        return str(rating)
    return "–" if expected is None else "?"


def _draw_arrow(sheet: Sheet, x: float, y: float) -> None:
    end = x + _ARROW_PX
    sheet.line([(x, y), (end, y)], palette.SOFT_INK, 2.5)
    sheet.line([(end - 7, y - 6), (end, y), (end - 7, y + 6)], palette.SOFT_INK, 2.5)


def _strike(sheet: Sheet, x: float, y: float, gid: str) -> None:
    """An arrow crossed out: nothing leads from the one rating to the other."""
    middle = x + _ARROW_PX / 2 - 2
    sheet.line([(middle - 6, y + 13), (middle + 6, y - 13)], palette.INK, 3, gid=gid)


def _draw_domains(sheet: Sheet, comparison: Comparison, box: Box) -> None:
    """Each domain with its two percents and what became of it, in a word."""
    texts = comparison.after.instrument.words
    sheet.text(box.left, box.top + 24, "% of what is expected", SMALLEST_PX, colour=palette.MUTED, gid="domains")
    heading = 36.0
    pitch = (box.height - heading) / len(comparison.domains)
    for i, change in enumerate(comparison.domains):
        top = box.top + heading + pitch * i
        name = shortened(visible(texts.domains[change.id].name), box.width, SMALLEST_PX)
        sheet.text(box.left, top + 23, name, SMALLEST_PX, gid=f"domain:{change.id}")
        baseline = top + 56
        sheet.text(box.left, baseline, _percents(change), 28, bold=True, gid=f"value:{change.id}")
        word = words.NOT_ALIKE if change.is_apart else words.MOVED[change.moved]
        sheet.text(box.right, baseline, word, SMALLEST_PX, align="right", gid=f"moved:{change.id}")
        if change.moved in ("up", "down"):
            at = box.right - width_px(word, SMALLEST_PX) - 20
            draw_triangle(sheet, at, baseline - 10, up=change.moved == "up")


def _percents(change: DomainChange) -> str:
    before, after = ("?" if value is None else str(words.whole(value)) for value in (change.before, change.after))
    return f"{before} → {after}"

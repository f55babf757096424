"""The legend in few words: the colour steps as one ramp, the three kinds of cell without a colour, and the number."""

from __future__ import annotations

import numpy as np

from scoring.figures import palette, words
from scoring.figures.canvas import Sheet
from scoring.figures.layout import Box
from scoring.figures.text import SMALLEST_PX

_SWATCH_PX = 44.0


def draw_legend(sheet: Sheet, box: Box, number: str, *, moved: bool = False) -> None:
    """One line an entry, from the number down to what is set aside.

    Parameters
    ----------
    number : what the figures in a cell are
    moved : whether the mark of a moved function is explained as well
    """
    pitch = box.height / (len(palette.STEPS) + 4 + moved)
    sheet.text(box.left, box.top + 22, number, SMALLEST_PX, colour=palette.MUTED, gid="legend:number")
    top = box.top + pitch
    x = box.left + _SWATCH_PX + 14
    if moved:
        draw_triangle(sheet, box.left + 11, top + pitch / 2, up=True)
        draw_triangle(sheet, box.left + 33, top + pitch / 2, up=False)
        sheet.text(x, top + pitch / 2 + 9, "moved 2 or more", SMALLEST_PX, colour=palette.MUTED, gid="legend:moved")
        top += pitch
    for i, step in enumerate(palette.STEPS):
        y = top + pitch * i
        sheet.box(Box(box.left, y, box.left + _SWATCH_PX, y + pitch), step.colour, gid=f"swatch:{i}")
        sheet.text(x, y + pitch / 2 + 9, step.label, SMALLEST_PX, colour=palette.MUTED, gid=f"legend:{i}")
    y = top + pitch * len(palette.STEPS) + 5
    for i, kind in enumerate((words.UNKNOWN, words.NOT_ASKED, words.ASIDE)):
        swatch = Box(box.left + 1, y + pitch * i + 3, box.left + _SWATCH_PX - 1, y + pitch * (i + 1) - 3)
        _draw_kind(sheet, kind, swatch)
        sheet.text(x, y + pitch * (i + 0.5) + 9, kind, SMALLEST_PX, colour=palette.MUTED, gid=f"legend:{kind}")


def _draw_kind(sheet: Sheet, kind: str, swatch: Box) -> None:
    if kind == words.UNKNOWN:
        patch = sheet.box(swatch, palette.UNKNOWN, radius=8, edge=palette.OUTLINE, edge_px=2)
        sheet.hatch(patch, swatch, pitch_px=10)
    elif kind == words.NOT_ASKED:
        sheet.box(swatch, None, radius=8, edge=palette.OUTLINE, edge_px=2.5)
    else:
        sheet.box(swatch, palette.ASIDE, radius=8, edge=palette.ASIDE_EDGE, edge_px=3.5, dashes_px=(9, 6))


def draw_triangle(sheet: Sheet, x: float, y: float, *, up: bool, gid: str | None = None) -> None:
    """The mark of what moved, around its middle; drawn, so that it needs no glyph."""
    way = -1 if up else 1
    outline = np.array([(x - 10, y - way * 8), (x + 10, y - way * 8), (x, y + way * 9)], dtype=np.float64)
    sheet.area(outline, palette.INK, gid=gid)

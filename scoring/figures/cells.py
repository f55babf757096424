"""One cell of the map: a cap in the colour of its distance with the name, below it the rating beside what is expected.

The figures stand on a pale panel, and no line runs around them: so they hold in a grey print and under a threshold, and a text
recogniser does not take the cell for a box of a form.
"""

from __future__ import annotations

from dataclasses import dataclass

from scoring.figures import palette
from scoring.figures.canvas import Sheet
from scoring.figures.layout import CAP_PX, TALL_CAP_PX, Box, Cell
from scoring.figures.text import SMALLEST_PX, balanced, width_px
from scoring.figures.words import is_asked, is_unknown
from scoring.profile import FunctionResult

RATING_PX = 40.0
_SMALL_RATING_PX = 38.0
#: Space between a rating and what is expected: wide enough that they are two words and not one.
SPACE_PX = 19.0
#: Free space beside a name: what a line should have, and what a single long word must have.
_SIDE_PX, _LEAST_SIDE_PX = 8.0, 4.0
#: Height of a figure, in em.
FIGURE_EM = 0.73


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell is painted: `cap` under the name, `panel` under the numbers, an edge around both."""

    cap: str | None
    panel: str | None
    edge: str | None = None
    edge_px: float = 0.0
    dashes_px: tuple[float, float] | None = None
    hatched: bool = False


def look_of(function: FunctionResult) -> Look:
    """Colours of a cell: the distance from what is expected, or why there is none."""
    if not is_asked(function):
        return Look(None, None, palette.OUTLINE, 2.5)
    if function.status == "set_aside":
        return Look(palette.ASIDE, palette.ASIDE, palette.ASIDE_EDGE, 3.5, (9.0, 6.0))
    if is_unknown(function):
        return Look(palette.UNKNOWN, palette.UNKNOWN, palette.OUTLINE, 2.0, hatched=True)
    assert function.gap is not None
    colour = palette.step_of(function.gap).colour
    return Look(colour, palette.panel_of(colour))


def draw_cell(sheet: Sheet, cell: Cell, name: str, function: FunctionResult) -> None:
    """Paint one function into its place; `name` holds only what the font can show."""
    look = look_of(function)
    if not is_asked(function):
        sheet.area(cell.outline, None, edge=look.edge, edge_px=look.edge_px, gid=f"cell:{cell.id}")
        _draw_blank(sheet, cell, name, function)
        return
    baseline, size = draw_ground(sheet, cell, name, look)
    rating = rating_words(function)
    expected = f"of {function.expected}"
    rating_width = width_px(rating, size, bold=True)
    width = rating_width + SPACE_PX + width_px(expected, SMALLEST_PX)
    left = cell.room.centre[0] - width / 2
    if look.hatched:  # a quiet place in the hatching
        sheet.box(
            Box(left - 12, baseline - 37, left + width + 12, baseline + 8),
            palette.UNKNOWN,
            radius=22,
            gid=f"chip:{cell.id}",
        )
    sheet.text(left, baseline, rating, size, bold=True, gid=f"rating:{cell.id}")
    sheet.text(
        left + rating_width + SPACE_PX,
        baseline,
        expected,
        SMALLEST_PX,
        colour=palette.SOFT_INK,
        gid=f"expected:{cell.id}",
    )


def rating_words(function: FunctionResult) -> str:
    """The rating, `?` where it is asked and not known, a dash where it is set aside and was never given."""
    if function.rating is not None:
        return str(function.rating)
    return "?" if is_unknown(function) else "–"


def draw_ground(sheet: Sheet, cell: Cell, name: str, look: Look) -> tuple[float, float]:
    """Panel, cap and name of a cell, the name in one line or, where it is too long, in two.

    Returns
    -------
    tuple of float
        Baseline of the rating and its size, pixels.
    """
    room = cell.room
    lines = _name_lines(name, room.width)
    tall = len(lines) > 1
    patch = sheet.area(cell.outline, look.panel, gid=f"cell:{cell.id}")
    if look.cap is not None and look.cap != look.panel:
        sheet.area(cell.tall_cap if tall else cell.cap, look.cap, inside=patch, gid=f"cap:{cell.id}")
    if look.hatched:
        sheet.hatch(patch, room.grown(14), gid=f"hatch:{cell.id}")
    if look.edge is not None:
        sheet.area(
            cell.outline, None, edge=look.edge, edge_px=look.edge_px, dashes_px=look.dashes_px, gid=f"edge:{cell.id}"
        )
    ink = palette.ink_on(look.cap or palette.TISSUE)
    rim = palette.UNKNOWN if look.hatched else None
    first = room.top + (25 if tall else 30)
    for i, words in enumerate(lines):
        gid = f"name:{cell.id}:{i}"
        sheet.text(room.centre[0], first + 25 * i, words, SMALLEST_PX, colour=ink, align="center", rim=rim, gid=gid)
    size, cap = (_SMALL_RATING_PX, TALL_CAP_PX) if tall else (RATING_PX, CAP_PX)
    return room.top + cap + (room.height - cap + size * FIGURE_EM) / 2 - (1 if tall else 2), size


def _name_lines(name: str, width: float) -> list[str]:
    """A name in one line, or in two where it is too long for its cell."""
    if width_px(name, SMALLEST_PX) <= width - 2 * _SIDE_PX:
        return [name]
    return balanced(name, width - 2 * _LEAST_SIDE_PX, SMALLEST_PX)


def _draw_blank(sheet: Sheet, cell: Cell, name: str, function: FunctionResult) -> None:
    """A function that is not asked at this age: its name, and a rating that somebody gave all the same."""
    x, middle = cell.room.centre
    lines = _name_lines(name, cell.room.width)
    gids = [f"name:{cell.id}:{i}" for i in range(len(lines))]
    if function.rating is not None:
        lines, gids = [*lines, f"rated {function.rating}"], [*gids, f"rating:{cell.id}"]
    first = middle + 9 - 15 * (len(lines) - 1)
    for i, (words, gid) in enumerate(zip(lines, gids, strict=True)):
        sheet.text(x, first + 30 * i, words, SMALLEST_PX, colour=palette.MUTED, align="center", gid=gid)

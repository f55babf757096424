"""Where the cells of the map lie, in pixels of a 1080 × 1350 picture: bottom-up, front of the head to the left.

Cells are laid out as rounded boxes in a straight plan, row upon row from the brainstem up; then the plan as a whole is bent a
little (`bend`), so that rows follow the dome and the stem leans back. Nothing here draws: only numbers, x to the right, y down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scoring.instrument.model import Figures, Function

Points: TypeAlias = NDArray[np.float64]
Radii: TypeAlias = tuple[float, float, float, float]

WIDTH_PX, HEIGHT_PX = 1080, 1350
MARGIN_PX = 28
#: Height of the part of a cell that holds its name, in one line and in two.
CAP_PX, TALL_CAP_PX = 43.0, 57.0

_GAP = 9.0
_ROUND: Radii = (21.0, 21.0, 21.0, 21.0)
_MIDDLE = 540.0
#: Spans of the columns, left and right edge in the plan.
_FRONT = (44.0, 259.0)
_FRONT_INNER = (270.0, 530.0)
_BACK_INNER = (552.0, 791.0)
_BACK = (800.0, 1044.0)
_BACK_ARM = (819.0, 1038.0)
_CORE = (272.0, 808.0)
_DIENCEPHALON = (265.0, 815.0)
_STEM = (353.0, 719.0)
_CEREBELLUM = (847.0, 1030.0)
#: Upper edge of the first row and height of each row.
_FRONT_ROWS = (194.0, 105.0)
_BACK_ROWS = (187.0, 101.0)
_INNER_ROWS = (164.0, 100.0)
_LIMBIC_ROWS = (425.0, 98.0)
_DIENCEPHALON_ROWS = (655.0, 98.0)
_CEREBELLUM_ROWS = (664.0, 98.0)
_STEM_ROWS = (884.0, 97.0)


@dataclass(frozen=True, slots=True)
class Box:
    """A box in pixels, y down."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def grown(self, by: float) -> Box:
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)


@dataclass(frozen=True, slots=True)
class Cell:
    """One function's place.

    Parameters
    ----------
    id : id of the function
    outline : (n, 2) array, pixels, closed: its first point is not repeated
    room : the box its words and numbers are centred in, pixels
    cap, tall_cap : (n, 2) arrays, pixels; the upper part that holds the name in one line or in two, reaching beyond the
        outline on all sides but the lower
    """

    id: str
    outline: Points
    room: Box
    cap: Points
    tall_cap: Points


class LayoutError(ValueError):
    """The instrument has another number of functions in a region than the drawing has places for."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """A cell in the plan: its box, how far its corners are rounded (top left, top right, bottom right, bottom left), and how far
    its words stand off its middle to keep clear of a wide rounding, pixels."""

    box: Box
    radii: Radii = _ROUND
    nudge: tuple[float, float] = (0.0, 0.0)


def map_cells(figures: Figures) -> tuple[Cell, ...]:
    """A cell for each function, in the order of the instrument.

    Within a region the instrument's own rows decide (`place` in functions.yaml): higher rows fill the upper places, from front to
    back. Of the diencephalon and cerebellum the two that stand furthest back are the cerebellum's.

    Raises
    ------
    LayoutError
        When a region has another number of functions than there are places.
    """
    slots = _slots()
    placed: dict[str, _Slot] = {}
    for region, functions in _by_region(figures).items():
        if len(functions) != len(slots.get(region, ())):
            raise LayoutError(f"{region}: {len(functions)} functions, {len(slots.get(region, ()))} places in the map")
        placed.update(zip((f.id for f in functions), slots[region], strict=True))
    return tuple(_cell(f.id, placed[f.id]) for f in figures.functions)


def _by_region(figures: Figures) -> Mapping[str, Sequence[Function]]:
    parts: dict[str, list[Function]] = {region: [] for region in figures.regions}
    for function in figures.functions:
        parts[function.region].append(function)
    for region, functions in parts.items():
        functions.sort(key=lambda f: (-f.place.row, f.place.x))
        if region == "diencephalon_cerebellum":
            back = sorted(functions, key=lambda f: (-f.place.x, -f.place.row))[:2]
            parts[region] = [f for f in functions if f not in back] + back
    return parts


def _slots() -> dict[str, list[_Slot]]:
    """Places of each region, in the order in which they are filled: upper rows first, from front to back."""
    front = [row[0] for row in _grid(_FRONT, 1, _FRONT_ROWS, 4)]
    back = [row[0] for row in (*_grid(_BACK, 1, _BACK_ROWS, 1), *_grid(_BACK_ARM, 1, _BACK_ROWS, 4)[1:])]
    front_inner = [row[0] for row in _grid(_FRONT_INNER, 1, _INNER_ROWS, 2)]
    back_inner = [row[0] for row in _grid(_BACK_INNER, 1, _INNER_ROWS, 2)]
    core = [box for row in _grid(_DIENCEPHALON, 3, _DIENCEPHALON_ROWS, 2) for box in row]
    cerebellum = [row[0] for row in _grid(_CEREBELLUM, 1, _CEREBELLUM_ROWS, 2)]
    return {
        "brainstem": [_Slot(box) for row in _grid(_STEM, 2, _STEM_ROWS, 3) for box in row],
        "diencephalon_cerebellum": [
            *map(_Slot, core[:3]),
            _Slot(core[3], (21, 21, 21, 40)),
            _Slot(core[4]),
            _Slot(core[5], (21, 21, 40, 21)),
            _Slot(cerebellum[0], (26, 34, 21, 21), nudge=(-2, 2)),
            _Slot(cerebellum[1], (21, 21, 46, 36)),
        ],
        "limbic": [_Slot(box) for row in _grid(_CORE, 3, _LIMBIC_ROWS, 2) for box in row],
        "cortex": [
            _Slot(back_inner[0]),
            _Slot(back[0], (26, 34, 26, 26), nudge=(-6, 3)),
            _Slot(back_inner[1]),
            *map(_Slot, back[1:3]),
            _Slot(back[3], (26, 26, 56, 34)),
        ],
        "frontal_cortex": [
            _Slot(front[0], (78, 26, 26, 26), nudge=(14, 2)),
            _Slot(front_inner[0]),
            _Slot(front[1], nudge=(4, 2)),
            _Slot(front_inner[1]),
            _Slot(front[2]),
            _Slot(front[3], (26, 26, 34, 62)),
        ],
    }


def _grid(span: tuple[float, float], columns: int, rows: tuple[float, float], count: int) -> list[list[Box]]:
    """Boxes row by row; `rows` is the upper edge of the first and the height of each, pixels."""
    left, right = span
    top, height = rows
    width = (right - left - _GAP * (columns - 1)) / columns
    return [
        [
            Box(left + c * (width + _GAP), top + r * (height + _GAP), left + c * (width + _GAP) + width,
                top + r * (height + _GAP) + height)
            for c in range(columns)
        ]
        for r in range(count)
    ]  # fmt: skip


def _cell(name: str, slot: _Slot) -> Cell:
    box = slot.box
    x, y = box.centre
    corners = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)]
    sides = bend(np.array([(box.left, y), (box.right, y), (x, box.top), (x, box.bottom)]))
    aside, down = slot.nudge
    left, right = float(sides[0, 0]) + 2 * max(aside, 0.0), float(sides[1, 0]) + 2 * min(aside, 0.0)
    room = Box(left, float(sides[2, 1]) + down, right, float(sides[3, 1]) + down)
    return Cell(name, bend(rounded(corners, slot.radii)), room, _cap(box, CAP_PX + down), _cap(box, TALL_CAP_PX + down))


def _cap(box: Box, height: float) -> Points:
    line = bend(np.array([(x, box.top + height) for x in np.linspace(box.left - 12, box.right + 12, 24)]))
    above = [(line[-1, 0] + 12, line[-1, 1] - height - 60), (line[0, 0] - 12, line[0, 1] - height - 60)]
    return np.vstack((line, np.array(above)))


def rounded(corners: Sequence[tuple[float, float]], radii: Sequence[float], spacing: float = 6.0) -> Points:
    """A closed polygon with rounded corners as a dense line, (n, 2).

    Parameters
    ----------
    radii : for each corner, how far from it the rounding begins, pixels
    spacing : distance of the points along the sides, pixels
    """
    vertices = np.array(corners, dtype=np.float64)
    pieces: list[Points] = []
    for i, here in enumerate(vertices):
        following = vertices[(i + 1) % len(vertices)]
        start, end = _towards(here, vertices[i - 1], radii[i]), _towards(here, following, radii[i])
        t = np.linspace(0, 1, max(6, int(radii[i] / 4)))[:, None]
        pieces.append(start * (1 - t) ** 2 + here * 2 * t * (1 - t) + end * t**2)
        stop = _towards(following, here, radii[(i + 1) % len(vertices)])
        steps = max(2, int(np.hypot(*(stop - end)) / spacing))
        pieces.append(end + (stop - end) * np.linspace(0, 1, steps, endpoint=False)[1:, None])
    return np.concatenate(pieces)


def _towards(here: Points, there: Points, distance: float) -> Points:
    way = there - here
    point: Points = here + way / np.hypot(*way) * distance
    return point


def bend(points: Points) -> Points:
    """The plan bent into the drawing: the dome falls off towards front and back, the stem leans back, all of it sways a little.

    Parameters
    ----------
    points : (n, 2) array, pixels of the plan
    """
    x, y = points[:, 0], points[:, 1]
    side = (x - _MIDDLE) / (_MIDDLE - _FRONT[0])
    height = np.clip((400.0 - y) / 280.0, 0.0, 1.0)
    above_core = np.clip((700.0 - y) / 60.0, 0.0, 1.0)
    drop = np.where(side < 0, 12.0, 8.0) * np.abs(side) ** 2.3 * above_core
    draw_in = 1.0 - 0.05 * height**1.6
    slant = 14.0 * height * np.clip(1.0 - side**2, 0.0, 1.0)
    lean = 10.0 * np.clip((y - 860.0) / 330.0, 0.0, 1.0) ** 1.5
    sway_x = 2.4 * np.sin(y / 52.0 + x / 130.0)
    sway_y = 2.4 * np.sin(x / 84.0 + y / 150.0)
    return np.column_stack((_MIDDLE + (x - _MIDDLE) * draw_in + slant + lean + sway_x, y + drop + sway_y))

"""The outline around the cells: a brain seen from the side, its folds, and nothing that claims to be measured.

Five regions in six shapes, each a smooth closed line through a few points set by hand, in pixels of the map. The outer line of the
cerebrum is scalloped like folded cortex; short furrows run in from the notches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from scoring.figures.layout import Points, bend

Line: TypeAlias = tuple[tuple[float, float], ...]

_SCALLOP_PX = 7.0
_SCALLOP_LENGTH_PX = 88.0


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of the drawing that holds cells; `outline` is (n, 2), pixels, closed."""

    region: str
    outline: Points


@dataclass(frozen=True, slots=True)
class Silhouette:
    """Shapes from back to front; furrows are open lines, (n, 2), pixels."""

    shapes: tuple[Shape, ...]
    furrows: tuple[Points, ...]


#: From the seam at the top along the forehead to the underside of the frontal lobe: the outer line, as it is drawn.
_FRONTAL_OUTER = (
    (550, 118), (440, 117), (330, 124), (222, 142), (116, 180), (48, 250), (25, 345), (20, 450), (21, 550), (36, 628),
    (78, 674), (142, 686),
)  # fmt: skip
#: The way back inside, and all other shapes, in the plan: they are bent together with the cells they hold.
_FRONTAL_INNER = (
    (214, 668), (254, 640), (267, 590), (267, 520), (266, 440), (276, 404), (310, 389), (400, 385), (490, 385),
    (528, 378), (537, 340), (537, 250), (537, 180), (537, 146),
)  # fmt: skip
_BACK_OUTER = (
    (566, 118), (680, 119), (800, 127), (912, 149), (1006, 192), (1052, 264), (1064, 350), (1067, 440), (1064, 540),
    (1050, 616), (1006, 646), (930, 651),
)  # fmt: skip
_BACK_INNER = (
    (864, 642), (823, 618), (813, 570), (813, 460), (810, 408), (784, 389), (700, 385), (610, 385), (552, 378),
    (545, 340), (545, 250), (545, 180), (545, 146),
)  # fmt: skip
_LIMBIC = (
    (264, 460), (274, 418), (310, 399), (400, 394), (540, 394), (680, 394), (770, 399), (806, 418), (816, 460),
    (816, 540), (814, 606), (796, 636), (700, 641), (540, 641), (380, 641), (284, 636), (266, 606), (264, 540),
)  # fmt: skip
_DIENCEPHALON = (
    (278, 650), (400, 648), (540, 648), (680, 648), (802, 650), (822, 684), (824, 756), (818, 834), (783, 868),
    (680, 873), (540, 874), (400, 873), (297, 868), (262, 834), (256, 756), (258, 684),
)  # fmt: skip
_CEREBELLUM = (
    (868, 658), (935, 653), (1008, 660), (1049, 698), (1063, 766), (1055, 840), (1014, 880), (945, 885), (880, 878),
    (843, 842), (832, 768), (837, 698),
)  # fmt: skip
_STEM = (
    (344, 887), (420, 881), (540, 881), (660, 881), (728, 887), (731, 966), (729, 1060), (730, 1160), (716, 1214),
    (668, 1228), (540, 1230), (404, 1228), (356, 1214), (342, 1160), (343, 1060), (341, 966),
)  # fmt: skip
#: Leaves of the cerebellum: where a fine line begins at its rim, how far in it runs, and its fall.
_LEAVES = (
    ((1040, 712), (-16, 6)), ((1050, 744), (-18, 5)), ((1051, 778), (-18, 0)), ((1046, 812), (-18, -6)),
    ((1030, 842), (-18, -12)),
)  # fmt: skip


def silhouette() -> Silhouette:
    """All shapes of the map's drawing."""
    front, front_notches = _lobe(_FRONTAL_OUTER, _FRONTAL_INNER)
    back, back_notches = _lobe(_BACK_OUTER, _BACK_INNER)
    shapes = (
        Shape("brainstem", _smooth(_bent(_STEM))),
        Shape("diencephalon_cerebellum", _smooth(_bent(_CEREBELLUM))),
        Shape("diencephalon_cerebellum", _smooth(_bent(_DIENCEPHALON))),
        Shape("limbic", _smooth(_bent(_LIMBIC))),
        Shape("cortex", back),
        Shape("frontal_cortex", front),
    )
    leaves = [_leaf(start, run) for start, run in _LEAVES]
    return Silhouette(shapes, (*front_notches, *back_notches, *leaves))


def _bent(points: Line) -> Points:
    return bend(np.array(points, dtype=np.float64))


def _smooth(p: Points) -> Points:
    """A closed Catmull–Rom line through the points, (n, 2), a point about every six pixels."""
    padded = np.vstack((p[-1:], p, p[:2]))
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        t = np.linspace(0, 1, max(4, int(np.hypot(*(c - b)) / 6)), endpoint=False)[:, None]
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate(pieces)


def _lobe(outer: Line, inner: Line) -> tuple[Points, list[Points]]:
    """A lobe with scallops along its outer line only, and the furrows at its notches."""
    whole = _smooth(np.vstack((np.array(outer, dtype=np.float64), _bent(inner))))
    steps = np.hypot(*np.diff(whole, axis=0, append=whole[:1]).T)
    along = np.concatenate(([0.0], np.cumsum(steps)[:-1]))
    last = int(np.argmin(np.hypot(*(whole - np.array(outer[-1])).T)))
    length = along[last]
    count = max(1, round(length / _SCALLOP_LENGTH_PX))
    phase = np.clip(along / length, 0, 1) * count
    tangent = np.roll(whole, -1, axis=0) - np.roll(whole, 1, axis=0)
    outward = np.column_stack((tangent[:, 1], -tangent[:, 0])) / np.hypot(*tangent.T)[:, None]
    if np.dot(outward[0], (0.0, -1.0)) < 0:  # at the seam, the first point, that is up
        outward = -outward
    bulge = np.where(np.arange(len(whole)) <= last, np.abs(np.sin(np.pi * phase)) ** 0.7 - 0.75, 0.0)
    ease = np.clip(np.minimum(along, length - along) / 40, 0, 1)
    scalloped = whole + outward * (bulge * ease * _SCALLOP_PX)[:, None]
    notches = []
    for i in range(1, count):
        at = int(np.argmin(np.abs(phase[: last + 1] - i)))
        t = np.linspace(0, 1, 8)[:, None]
        turn = np.array([-outward[at, 1], outward[at, 0]]) * 5
        notches.append(scalloped[at] - outward[at] * 20 * t + turn * np.sin(t * np.pi))
    return scalloped, notches


def _leaf(start: tuple[float, float], run: tuple[float, float]) -> Points:
    t = np.linspace(0, 1, 8)[:, None]
    line: Points = np.array(start) + np.array(run) * t + np.array((0.0, 4.0)) * np.sin(t * np.pi)
    return line

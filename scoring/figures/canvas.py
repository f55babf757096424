"""A sheet of paper in pixels: the figure, and the few strokes that all pictures are made of.

Everything is placed in pixels of the finished picture, x to the right and y down. Each artist carries a `gid` (`"name:sleep"`,
`"cell:sleep"`), so that a test can ask whether a word lies inside its cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from scoring.figures import palette
from scoring.figures.layout import Box, Points
from scoring.figures.text import DPI, font

Align = Literal["left", "center", "right"]


class Sheet:
    """A figure of a size in pixels, without axes; artists are added in the order in which they are painted."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.figure = Figure(figsize=(width_px / DPI, height_px / DPI), dpi=DPI, facecolor=palette.PAPER)
        FigureCanvasAgg(self.figure)
        self.width, self.height = width_px, height_px
        # Pixels to the figure's own unit square, so that the drawing follows a change of dpi.
        self._pixels = Affine2D().scale(1 / width_px, -1 / height_px).translate(0, 1) + self.figure.transFigure
        self._order = 0

    def _add(self, artist: Any, gid: str | None) -> None:
        self._order += 1
        artist.set(zorder=self._order, gid=gid)
        self.figure.add_artist(artist)

    def text(
        self,
        x: float,
        baseline: float,
        words: str,
        size_px: float,
        *,
        colour: str = palette.INK,
        bold: bool = False,
        align: Align = "left",
        rim: str | None = None,
        gid: str | None = None,
    ) -> Text:
        """One line of text on its baseline; `rim` keeps a hatch away from its letters."""
        text = Text(
            x,
            baseline,
            words,
            color=colour,
            fontproperties=font(size_px, bold=bold),
            horizontalalignment=align,
            verticalalignment="baseline",
            transform=self._pixels,
            parse_math=False,
            usetex=False,
        )
        if rim is not None:
            text.set_path_effects([withStroke(linewidth=_points(8), foreground=rim)])
        self._add(text, gid)
        return text

    def area(
        self,
        outline: Points,
        fill: str | None,
        *,
        edge: str | None = None,
        edge_px: float = 0.0,
        dashes_px: Sequence[float] | None = None,
        inside: Polygon | None = None,
        gid: str | None = None,
    ) -> Polygon:
        """A filled outline, cut to what lies `inside` another; lines are measured in pixels."""
        patch = Polygon(
            outline,
            closed=True,
            facecolor=fill or "none",
            edgecolor=edge or "none",
            linewidth=_points(edge_px),
            linestyle="solid" if dashes_px is None else (0, [d / edge_px for d in dashes_px]),
            joinstyle="round",
            transform=self._pixels,
        )
        self._add(patch, gid)
        if inside is not None:
            patch.set_clip_path(inside)
        return patch

    def box(
        self,
        box: Box,
        fill: str | None,
        *,
        radius: float = 0.0,
        edge: str | None = None,
        edge_px: float = 0.0,
        dashes_px: Sequence[float] | None = None,
        gid: str | None = None,
    ) -> PathPatch:
        """A box with rounded corners."""
        patch = PathPatch(
            _rounded_box(box, min(radius, box.width / 2, box.height / 2)),
            facecolor=fill or "none",
            edgecolor=edge or "none",
            linewidth=_points(edge_px),
            linestyle="solid" if dashes_px is None else (0, [d / edge_px for d in dashes_px]),
            transform=self._pixels,
        )
        self._add(patch, gid)
        return patch

    def line(
        self,
        points: Points | Sequence[tuple[float, float]],
        colour: str,
        width_px: float,
        gid: str | None = None,
        *,
        dashes_px: Sequence[float] | None = None,
    ) -> Line2D:
        """An open line with round ends."""
        xy = np.asarray(points, dtype=np.float64)
        line = Line2D(
            xy[:, 0].tolist(),
            xy[:, 1].tolist(),
            color=colour,
            linewidth=_points(width_px),
            linestyle="solid" if dashes_px is None else (0, [d / width_px for d in dashes_px]),
            solid_capstyle="round",
            solid_joinstyle="round",
            transform=self._pixels,
        )
        self._add(line, gid)
        return line

    def hatch(self, inside: Polygon | PathPatch, box: Box, *, pitch_px: float = 13.0, gid: str | None = None) -> None:
        """Slanted lines inside a patch; drawn as lines, since the width of a built-in hatch is a global setting."""
        rise = box.height
        starts = np.arange(box.left - rise, box.right, pitch_px)
        lines = LineCollection(
            [[(x, box.bottom), (x + rise, box.top)] for x in starts],
            colors=palette.HATCH,
            linewidths=_points(2.6),
            transform=self._pixels,
        )
        self._add(lines, gid)
        lines.set_clip_path(inside)


def png(figure: Figure) -> bytes:
    """A figure as PNG bytes; the same figure gives the same bytes."""
    canvas = figure.canvas
    if not isinstance(canvas, FigureCanvasAgg):  # a figure that somebody attached elsewhere
        canvas = FigureCanvasAgg(figure)
    buffer = BytesIO()
    canvas.print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def _points(px: float) -> float:
    return px * 72 / DPI


def _rounded_box(box: Box, radius: float) -> Path:
    left, top, right, bottom, r = box.left, box.top, box.right, box.bottom, radius
    k = r * 0.4477  # 1 - 0.5523, the cubic's arm of a quarter circle
    vertices = [
        (left + r, top), (right - r, top), (right - k, top), (right, top + k), (right, top + r),
        (right, bottom - r), (right, bottom - k), (right - k, bottom), (right - r, bottom),
        (left + r, bottom), (left + k, bottom), (left, bottom - k), (left, bottom - r),
        (left, top + r), (left, top + k), (left + k, top), (left + r, top), (left + r, top),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, Path.LINETO, *curve, Path.LINETO, *curve, Path.LINETO, *curve, Path.LINETO, *curve]
    return Path(vertices, [*codes, Path.CLOSEPOLY])

"""Results to draw, and a look at what was drawn: texts with their boxes, the picture without its words, colours as others see them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.path import Path as Outline
from matplotlib.text import Text
from numpy.typing import NDArray

from scoring.case import case_from, read_case
from scoring.instrument import load
from scoring.result import Result, assess

VECTORS = Path(__file__).parents[2] / "vectors"
NUMBERS = sorted(path.name[:2] for path in VECTORS.glob("*.case.json"))
EVERY = [f.id for f in load().figures.functions]


@lru_cache(maxsize=64)
def vector(number: str) -> Result:
    """The example with this number, scored."""
    path = next(VECTORS.glob(f"{number}-*.case.json"))
    return assess(read_case(path.read_bytes(), load()), load())


def made(**fields: Any) -> Result:
    """A case of an eight-year-old with some fields of its own, scored."""
    case = {"schema": "stemwise-case/1", "label": "Example", "born": "2018-03-14", "assessed": "2026-04-01"} | fields
    return assess(case_from(case, load()), load())


def rated(rating: int, **fields: Any) -> Result:
    """Everything rated alike."""
    return made(functions=dict.fromkeys(EVERY, rating), **fields)


#: Cases at the ends of what can be drawn, by what is special about them.
EXTREMES: dict[str, dict[str, Any]] = {
    "0 months": {"born": "2026-03-20"},
    "5 months": {"born": "2025-10-20", "functions": dict.fromkeys(EVERY, 4)},
    "11 months, all set aside": {"born": "2025-04-20", "set_aside": EVERY},
    "41 years": {"born": "1985-01-01", "functions": dict.fromkeys(EVERY, 11)},
    "80 years": {"born": "1946-01-01", "functions": dict.fromkeys(EVERY, 9)},
    "110 years": {"born": "1916-04-01", "functions": dict.fromkeys(EVERY, 1)},
    "nothing known": {},
    "no label": {"label": None},
    "all 12": {"functions": dict.fromkeys(EVERY, 12)},
    "all 1": {"functions": dict.fromkeys(EVERY, 1)},
    "all set aside": {"functions": dict.fromkeys(EVERY, 7), "set_aside": EVERY},
    "all set aside, none rated": {"set_aside": EVERY},
    "one in three set aside": {"functions": dict.fromkeys(EVERY, 12), "set_aside": EVERY[::3]},
    "early by unknown weeks": {
        "born": "2025-01-14",
        "history": {"newborn": {"adversity": {"early_or_small_birth": 2}}},
        "functions": dict.fromkeys(EVERY, 10),
    },
    "early by known weeks": {"born": "2025-06-14", "weeks_early": 12, "functions": dict.fromkeys(EVERY, 12)},
    "a birthday ago": {"born": "2019-03-14", "functions": dict.fromkeys(EVERY, 6)},
}
LABELS = {
    "mathematics": "$x_1^2$ \\frac{1}{2} $",
    "underscores": "_a_ __b__ ~c~",
    "emoji": "Ana 🙂 👩‍👩‍👧 🏳️‍🌈 👍🏽",
    "Arabic": "مريم عبد الله",
    "Hebrew in Latin": "Ana שלום 7",
    "CJK": "李小龍 山田",
    "wide": "W" * 24,
    "very long": "a long label that goes on " * 40,
    "marks": "é à ñ ü Zoë Łukasz Ωμέγα Ёлка",
    "control": "a\tb\nc\u202ed\u0000e\u200d",
    "only what no font has": "🦖🦖",
    "only invisible": "\u200d\ufe0f",
    "Devanagari": "अनन्या",
}


# --- looking at a figure ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """A text of a figure: where it lies, in pixels with y down: left, top, right, bottom."""

    gid: str
    text: Text
    box: tuple[float, float, float, float]

    @property
    def words(self) -> str:
        return self.text.get_text()

    @property
    def size_px(self) -> float:
        return float(self.text.get_fontsize()) * 100 / 72

    def corners(self) -> NDArray[np.float64]:
        left, top, right, bottom = self.box
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def artists(figure: Figure) -> dict[str, Artist]:
    """Artists by their gid."""
    return {str(a.get_gid()): a for a in figure.get_children() if a.get_gid() is not None}


def texts(figure: Figure) -> list[Drawn]:
    """Every text of a figure with its box."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    height = figure.get_size_inches()[1] * figure.dpi
    found = []
    for artist in figure.findobj(Text):
        assert isinstance(artist, Text)
        if artist.get_text():
            box = artist.get_window_extent(renderer)
            found.append(Drawn(str(artist.get_gid()), artist, (box.x0, height - box.y1, box.x1, height - box.y0)))
    return found


def overlaps(drawn: list[Drawn]) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes lie over one another by more than a pixel."""
    boxes = np.array([text.box for text in drawn])
    left, top, right, bottom = (boxes[:, i, None] for i in range(4))
    apart = (right <= left.T) | (left >= right.T) | (bottom <= top.T + 1) | (top >= bottom.T - 1)
    return [(drawn[i].gid, drawn[j].gid) for i, j in np.argwhere(~apart) if i < j]


def pixels(figure: Figure) -> NDArray[np.uint8]:
    """The picture as (height, width, 3)."""
    canvas: Any = figure.canvas
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def ground(figure: Figure) -> NDArray[np.uint8]:
    """The picture without its words."""
    for artist in figure.findobj(Text):
        artist.set_visible(False)
    try:
        return pixels(figure)
    finally:
        for artist in figure.findobj(Text):
            artist.set_visible(True)


def inside(points: NDArray[np.float64], outline: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie within a closed outline; all in pixels, (n, 2)."""
    return Outline(np.vstack((outline, outline[:1]))).contains_points(points)


# --- colours ---------------------------------------------------------------------------------------------------------

#: Full dichromacy in linear RGB, after Machado, Oliveira and Fernandes 2009, IEEE Transactions on Visualization 15:1291.
VISION = {
    "usual": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
    "grey print": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}  # fmt: skip


def linear(rgb: NDArray[Any]) -> NDArray[np.float64]:
    """sRGB, 0–255, to linear light, 0–1."""
    c = np.asarray(rgb, dtype=np.float64) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def luminance(rgb: NDArray[Any]) -> NDArray[np.float64]:
    light: NDArray[np.float64] = linear(rgb) @ np.array([0.2126, 0.7152, 0.0722])
    return light


def contrasts(figure: Figure) -> list[tuple[Drawn, float]]:
    """Every text of a picture with its contrast to whatever lies under it, at its worst."""
    below = luminance(ground(figure))
    found = []
    for drawn in texts(figure):
        left, top, right, bottom = (round(v) for v in drawn.box)
        colour = str(drawn.text.get_color())
        ink = float(luminance(np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])))
        under = below[max(top, 0) : bottom, max(left, 0) : right]
        # Of the lines that a box may touch at its rim (an outline, a hatch) a few pixels are let go.
        ends = (float(np.quantile(under, 0.02)), float(np.quantile(under, 0.98)))
        found.append((drawn, min((max(ink, v) + 0.05) / (min(ink, v) + 0.05) for v in ends)))
    return found


def lab(colour: str, vision: str = "usual") -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of a `#rrggbb` colour as somebody with this vision sees it."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    seen = np.clip(VISION[vision] @ linear(rgb), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ seen / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])

"""Words in a picture: the bundled font, what it can show, how wide a text is, and how to make it fit.

Every text is drawn with the same two bundled files, named by path: so neither the fonts nor the settings of a machine change a
picture, and what a font cannot show is known beforehand and not found out by a warning.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font

#: Nothing smaller is read on a phone: em size in pixels of the 1080 px wide picture.
SMALLEST_PX = 26.0
#: Stands for one character that no bundled font has.
MISSING = "▯"
ELLIPSIS = "…"
DPI = 100
_POINTS_PER_PX = 72 / DPI


def _file(bold: bool) -> Path:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name


def font(size_px: float, *, bold: bool = False) -> FontProperties:
    """The bundled font at an em size in pixels."""
    return FontProperties(fname=str(_file(bold)), size=size_px * _POINTS_PER_PX)


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    """Code points that both weights can show."""
    regular, bold = (frozenset(FT2Font(str(_file(weight))).get_charmap()) for weight in (False, True))
    return regular & bold


def visible(text: str) -> str:
    """A text as it can be drawn: one line, every character that the font lacks as one visible mark.

    What has no shape of its own (joiners, variation selectors, direction and control marks) is left out, so a family emoji of five
    code points is three marks and not five. Captions and alternative texts keep the true words.

    Examples
    --------
    >>> visible("Ana\\n$x_1$ 中 🙂")
    'Ana $x_1$ ▯ ▯'
    """
    marks: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if char.isspace():
            marks.append(" ")
        elif category in ("Cc", "Cf", "Cs") or _is_modifier(char):
            continue
        elif ord(char) in _drawable():
            marks.append(char)
        elif category != "Mn":
            marks.append(MISSING)
    return " ".join("".join(marks).split())


def _is_modifier(char: str) -> bool:
    """Variation selectors and the skin tones of emoji change the character before them."""
    return 0xFE00 <= ord(char) <= 0xFE0F or 0x1F3FB <= ord(char) <= 0x1F3FF or 0xE0100 <= ord(char) <= 0xE01EF


@lru_cache(maxsize=1)
def _ruler() -> RendererAgg:
    return RendererAgg(8, 8, DPI)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=4096)
def width_px(text: str, size_px: float, *, bold: bool = False) -> float:
    """Width of one line in pixels of the picture."""
    size = _ruler().get_text_width_height_descent(text, font(size_px, bold=bold), False)  # type: ignore[no-untyped-call]
    return float(size[0])


def shortened(text: str, room_px: float, size_px: float, *, bold: bool = False) -> str:
    """A text cut with an ellipsis where it is wider than its room."""
    if width_px(text, size_px, bold=bold) <= room_px:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits with the ellipsis
        middle = (low + high + 1) // 2
        if width_px(text[:middle].rstrip() + ELLIPSIS, size_px, bold=bold) <= room_px:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS


def fitted(
    text: str, room_px: float, largest_px: float, smallest_px: float, *, bold: bool = False
) -> tuple[str, float]:
    """A line and its size: as large as fits its room, cut only at the smallest size."""
    size = largest_px
    while size > smallest_px and width_px(text, size, bold=bold) > room_px:
        size = max(smallest_px, size - 1)
    return shortened(text, room_px, size, bold=bold), size


def wrapped(text: str, room_px: float, size_px: float, *, bold: bool = False, most: int | None = None) -> list[str]:
    """Lines no wider than the room, broken between words; a single word that is too wide is cut.

    Parameters
    ----------
    most : at most so many lines; what does not fit ends in an ellipsis
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_px(longer, size_px, bold=bold) <= room_px:
            lines[-1] = longer
        else:
            lines.append(word)
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} {ELLIPSIS}"]
    return [shortened(line, room_px, size_px, bold=bold) for line in lines]


def balanced(text: str, room_px: float, size_px: float) -> list[str]:
    """Two lines of nearly one width, broken between words; one line where there is nothing to break."""
    words = text.split()
    pairs = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    best = min(pairs, key=lambda pair: max(width_px(line, size_px) for line in pair), default=(text,))
    return [shortened(line, room_px, size_px) for line in best]

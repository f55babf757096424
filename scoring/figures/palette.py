"""The colours of the pictures: how far from what is expected, and the quiet rest.

The steps run from pale to deep with evenly falling lightness, so they keep their order on a grey print and for every
common colour vision; the hue runs from straw over green and blue to violet, and nothing is the red of an alarm. No
matplotlib here: colours are `#rrggbb` texts.
"""

from __future__ import annotations

from dataclasses import dataclass

PAPER = "#FBFAF6"
INK = "#16232B"
#: Secondary words; at least 4.5:1 on paper, on the tissue and on the legend.
MUTED = "#4A555C"
#: What is expected, beside the rating: quieter than ink, and read on every panel.
SOFT_INK = "#323E45"
CHIP = "#FFFEFB"
TISSUE = "#EFE9DE"
TISSUE_EDGE = "#C9BDA9"
HALO = "#DDD3C3"
FOLD = "#D8CDBB"
#: Cells without a distance: not known (hatched), set aside.
UNKNOWN = "#FAF7F0"
HATCH = "#BDB2A0"
ASIDE = "#E4E2DD"
ASIDE_EDGE = "#85847F"
OUTLINE = "#8C8374"
TRACK = "#E6E0D5"
BAND = "#A9C3CB"
MARKER = "#1E4A5F"
#: The two sides of a history: what was heavy, what held.
HEAVY = "#8A5A83"
HELD = "#3F8F86"
HELD_INK = "#23695F"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the colour scale.

    Parameters
    ----------
    up_to : the largest gap (expected - rating, in steps of the 1–12 rating) that still has this colour; `None`: no end
    colour : fill of the cell
    label : what the legend calls it
    """

    up_to: int | None
    colour: str
    label: str


#: From ahead to far below, in order.
STEPS = (
    Step(-1, "#FFF6C4", "ahead"),
    Step(1, "#C5E3AE", "as expected"),
    Step(2, "#93CBAF", "2 below"),
    Step(3, "#64B1AF", "3 below"),
    Step(5, "#4E93AE", "4–5 below"),
    Step(7, "#44649A", "6–7 below"),
    Step(None, "#3B3370", "8+ below"),
)


def step_of(gap: int) -> Step:
    """The colour step of a gap, in steps of the 1–12 rating; negative is ahead.

    Examples
    --------
    >>> step_of(-2).label, step_of(0).label, step_of(4).label, step_of(10).label
    ('ahead', 'as expected', '4–5 below', '8+ below')
    """
    return next(step for step in STEPS if step.up_to is None or gap <= step.up_to)


def luminance(colour: str) -> float:
    """Relative luminance, 0–1, of a `#rrggbb` colour (WCAG 2)."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1–21, of two colours (WCAG 2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink_on(colour: str) -> str:
    """The text colour that is read best on a fill."""
    return max((INK, CHIP), key=lambda ink: contrast(ink, colour))


def mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share, 0–1, of another in it."""
    parts = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in parts)


def panel_of(colour: str) -> str:
    """The pale ground under the numbers of a cell, in a tint of the cell's own colour.

    Dark figures on a pale ground hold in a grey print, in a photocopy and under a threshold, however deep the colour is.
    """
    return mixed(colour, CHIP, 0.66)

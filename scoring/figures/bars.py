"""Domain results as bars: the percent with its range, a tier's word in infancy, or that not enough is known."""

from __future__ import annotations

from fractions import Fraction

from scoring.figures import palette
from scoring.figures.canvas import Sheet
from scoring.figures.layout import Box
from scoring.figures.text import SMALLEST_PX, shortened
from scoring.figures.words import Reach, reach
from scoring.result import Result

BAR_PX = 18.0
_VALUE_PX = 30.0
#: Room for "100 %" in bold beside the bar.
_VALUE_ROOM = 112.0


def draw_domains(sheet: Sheet, result: Result, box: Box) -> None:
    """The domains one below the other, in the order of the instrument, filling `box`."""
    figures, words = result.instrument.figures, result.instrument.words
    heading = 36.0
    in_words = result.profile.counted_months < figures.rules.infant_below_months
    title = "Domains, in words" if in_words else "% of what is expected"
    sheet.text(box.left, box.top + 24, title, SMALLEST_PX, colour=palette.MUTED, gid="domains")
    pitch = (box.height - heading) / len(figures.domains)
    for i, domain in enumerate(figures.domains):
        top = box.top + heading + pitch * i
        _draw_domain(
            sheet,
            words.domains[domain].name,
            reach(result.profile.domains[domain], result),
            domain,
            Box(box.left, top, box.right, top + pitch),
        )


def _draw_domain(sheet: Sheet, name: str, shown: Reach, domain: str, box: Box) -> None:
    sheet.text(box.left, box.top + 23, shortened(name, box.width, SMALLEST_PX), SMALLEST_PX, gid=f"domain:{domain}")
    if shown.at is None:
        baseline = box.top + 51
        bold, ink = (False, palette.MUTED) if shown.low is not None else (True, palette.INK)
        sheet.text(box.left, baseline, shown.value, SMALLEST_PX, bold=bold, colour=ink, gid=f"value:{domain}")
        if shown.low is not None and shown.high is not None:
            draw_bar(sheet, Box(box.left, baseline + 8, box.right, baseline + 17), shown, gid=domain)
        return
    middle = box.top + 46
    track = Box(box.left, middle - BAR_PX / 2, box.right - _VALUE_ROOM, middle + BAR_PX / 2)
    draw_bar(sheet, track, shown, gid=domain)
    sheet.text(box.right, middle + 11, shown.value, _VALUE_PX, bold=True, align="right", gid=f"value:{domain}")


def draw_bar(sheet: Sheet, track: Box, shown: Reach, *, gid: str, ground: str = palette.TRACK) -> None:
    """A track from 0 to 100 with the range on it (hatched where it comes from what is not known) and a mark at the percent."""

    def at(percent: Fraction) -> float:
        return track.left + track.width * float(percent) / 100

    radius = track.height / 2
    sheet.box(track, ground, radius=radius, gid=f"track:{gid}")
    if shown.low is not None and shown.high is not None:
        span = Box(at(shown.low), track.top, max(at(shown.high), at(shown.low) + 4), track.bottom)
        patch = sheet.box(
            span, palette.UNKNOWN if shown.unknown else palette.BAND, radius=radius, gid=f"range:{gid}",
            edge=palette.OUTLINE if shown.unknown else None, edge_px=1.5,
        )  # fmt: skip
        if shown.unknown:
            sheet.hatch(patch, span, pitch_px=9, gid=f"hatch:{gid}")
    if shown.at is not None:
        x = at(shown.at)
        sheet.box(Box(x - 4, track.top - 5, x + 4, track.bottom + 5), palette.MARKER, radius=3, gid=f"mark:{gid}")

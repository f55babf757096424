"""The map: 32 cells in five regions of a brain seen from the side, the legend and the domains beside the stem."""

from __future__ import annotations

from matplotlib.figure import Figure

from scoring.figures import palette, words
from scoring.figures.bars import draw_domains
from scoring.figures.canvas import Align, Sheet
from scoring.figures.cells import draw_cell
from scoring.figures.frame import draw_header, draw_notice
from scoring.figures.layout import HEIGHT_PX, MARGIN_PX, WIDTH_PX, Box, map_cells
from scoring.figures.legend import draw_legend
from scoring.figures.silhouette import silhouette
from scoring.figures.text import SMALLEST_PX, visible, wrapped
from scoring.instrument.model import Texts
from scoring.result import Result

LEGEND = Box(MARGIN_PX, 884, 330, 1234)
DOMAINS = Box(764, 902, WIDTH_PX - MARGIN_PX, 1232)
_NOTE_ROOM_PX = 220.0
#: Where each region is named: middle or end of the line, baseline, pixels.
_REGION_NAMES: tuple[tuple[str, float, float, Align], ...] = (
    ("frontal_cortex", 412, 152, "center"),
    ("cortex", 700, 152, "center"),
    ("limbic", 540, 416, "center"),
    ("diencephalon_cerebellum", 240, 722, "right"),
    ("brainstem", 549, 1222, "center"),
)


def figure(result: Result) -> Figure:
    """The map as a figure of 1080 × 1350 pixels."""
    sheet = Sheet(WIDTH_PX, HEIGHT_PX)
    profile, texts = result.profile, result.instrument.words
    draw_header(sheet, profile.label, words.facts_line(result))
    draw_brain(sheet, texts)
    for cell, function in zip(map_cells(result.instrument.figures), profile.functions, strict=True):
        draw_cell(sheet, cell, visible(texts.functions[function.id].short), function)
    note = words.age_note(result)
    if note is not None:
        draw_note(sheet, note)
    draw_legend(sheet, LEGEND, "5 of 9: rated, expected")
    draw_domains(sheet, result, DOMAINS)
    draw_notice(sheet, texts.notice.short)
    return sheet.figure


def draw_brain(sheet: Sheet, texts: Texts) -> None:
    """The silhouette: a soft rim around everything, the regions with their names, the folds."""
    drawn = silhouette()
    for shape in drawn.shapes:
        sheet.area(shape.outline, palette.HALO, edge=palette.HALO, edge_px=14)
    for shape in drawn.shapes:
        sheet.area(shape.outline, palette.TISSUE, edge=palette.TISSUE_EDGE, edge_px=2.5, gid=f"region:{shape.region}")
    for furrow in drawn.furrows:
        sheet.line(furrow, palette.FOLD, 4)
    for region, x, baseline, align in _REGION_NAMES:
        for i, line in enumerate(wrapped(visible(texts.regions[region].name), 222, SMALLEST_PX, most=2)):
            gid = f"region-name:{region}:{i}"
            sheet.text(x, baseline + 31 * i, line, SMALLEST_PX, colour=palette.MUTED, align=align, gid=gid)


def draw_note(sheet: Sheet, note: str) -> None:
    """A few words under the forehead, where nothing else stands."""
    for i, line in enumerate(wrapped(note, _NOTE_ROOM_PX, SMALLEST_PX, most=3)):
        sheet.text(MARGIN_PX, 800 + 31 * i, line, SMALLEST_PX, gid=f"note:{i}")

"""A document as a PDF: text that can be selected and searched, with title, language, bookmarks, tags and page numbers.

fpdf2 and the fonts that come with matplotlib are imported only when something is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scoring.documents.blocks import (
    Block,
    Bullets,
    Document,
    Heading,
    Paper,
    Paragraph,
    Picture,
    PictureName,
    Section,
    Table,
)

if TYPE_CHECKING:
    from scoring.documents.pdf_page import Sheet

BODY_PT, SMALL_PT, TITLE_PT, SECTION_PT, PART_PT = 8.6, 7.4, 17.0, 11.5, 9.6
#: Line height in mm for a size in points.
LEADING = 0.3528 * 1.42
#: How much smaller everything may be set to fit; the last are for the longest of records, on Letter, with dense tables at 5.3 points.
SCALES = (1.0, 0.94, 0.88, 0.82, 0.79, 0.76)
INDENT_MM = 4.6
PARAGRAPH_GAP_MM = 1.3
#: What stands over and under a heading, together.
HEADING_GAPS_MM = 3.4
PICTURE_GAP_MM = 6.0
PICTURE_WIDEST_MM, PICTURE_HIGHEST_MM = 118.0, 150.0
#: Pictures shrink to what a page has left, but not below this. A document that is set smaller takes more from its pictures than
#: from its letters, since they are files of their own, down to the last.
PICTURE_LOWEST_MM, PICTURE_LAST_MM = 118.0, 62.0


def to_pdf(
    document: Document,
    pictures: Mapping[PictureName, bytes],
    *,
    paper: Paper = "A4",
    fonts: Sequence[Path] = (),
    most_pages: int | None = None,
) -> bytes:
    """The document on paper; the same input gives the same bytes.

    Parameters
    ----------
    pictures : PNG files by name; where one is missing, its text twin is printed in its place
    fonts : further font files for scripts that the bundled fonts lack. What no font has becomes one visible mark
    most_pages : set smaller, by steps and never below what can be read, where it would take more pages

    Notes
    -----
    Arabic is joined, and it and Hebrew run from right to left: `uharfbuzz` shapes the lines that hold such letters.

    Examples
    --------
    >>> to_pdf(Document("Example", (Section("x", (Paragraph("A line."),)),)), {})[:5]
    b'%PDF-'
    """
    from scoring.documents.pdf_page import Sheet

    for scale in SCALES if most_pages else SCALES[:1]:
        sheet = Sheet(document, paper, fonts, scale)
        sheet.turn()
        _title(sheet, document)
        for section in document.sections:
            _section(sheet, section, pictures)
        if not most_pages or sheet.page_no() <= most_pages:
            break
    return sheet.finished()


def _section(sheet: Sheet, section: Section, pictures: Mapping[PictureName, bytes]) -> None:
    """A section's blocks in turn; pictures that follow each other stand side by side."""
    from scoring.documents.pdf_table import draw_table

    waiting = list(section.blocks)
    while waiting:
        block = waiting.pop(0)
        if isinstance(block, Heading):
            _heading(sheet, block, _kept_under(sheet, waiting, pictures))
        elif isinstance(block, Paragraph):
            if block.text.endswith(":") and waiting:
                lines = 4 * BODY_PT * LEADING * sheet.scale  # what leads to a list stays with it, or to a table
                sheet.need(max(lines, _kept_under(sheet, (block, *waiting), pictures)))
            _paragraph(sheet, block)
        elif isinstance(block, Bullets):
            _bullets(sheet, block)
        elif isinstance(block, Table):
            draw_table(sheet, block)
        else:
            row = [block]
            while waiting and isinstance(waiting[0], Picture):
                row.append(waiting.pop(0))  # type: ignore[arg-type]  # seen to be a picture
            _pictures(sheet, row, pictures)


def _kept_under(sheet: Sheet, following: Sequence[Block], pictures: Mapping[PictureName, bytes]) -> float:
    """What stays with a heading, in mm: its picture, or its table's first rows with the paragraphs before them.

    Nothing is kept together that would take more than half a page.
    """
    from scoring.documents.pdf_table import head_mm

    if following and isinstance(following[0], Picture):
        return _lowest_mm(sheet) if following[0].name in pictures else 0.0
    height = HEADING_GAPS_MM
    for block in following:
        if isinstance(block, Table):
            height += head_mm(sheet, block)
            return height if height <= sheet.h / 2 else 0.0
        if not isinstance(block, Paragraph):
            break
        height += _paragraph_mm(sheet, block)
    return 0.0


# --- text ------------------------------------------------------------------------------------------------------------


def _title(sheet: Sheet, document: Document) -> None:
    from scoring.documents.pdf_page import ACCENT, QUIET
    from scoring.documents.words import day

    sheet.style(TITLE_PT, "B", ACCENT)
    _lines(sheet, document.title, TITLE_PT, "H1")
    if document.dated:
        sheet.style(BODY_PT, "", QUIET)
        _lines(sheet, day(document.dated), BODY_PT, "P")
    sheet.set_draw_color(*ACCENT)
    sheet.set_line_width(0.6)
    sheet.line(sheet.l_margin, sheet.y + 1.2, sheet.l_margin + 22, sheet.y + 1.2)
    sheet.y += 4.5


def _heading(sheet: Sheet, block: Heading, follows_mm: float) -> None:
    """A heading with its bookmark; it never stands alone at the foot of a page. `follows_mm` is what must fit under it."""
    from scoring.documents.pdf_page import ACCENT, INK

    large = block.level <= 2
    size = SECTION_PT if large else PART_PT
    if not sheet.need(size * LEADING * sheet.scale + max(follows_mm, 20)):
        sheet.y += 2.6 if large else 1.6
    sheet.start_section(sheet.drawable(block.text), level=0 if large else 1, strict=False)
    sheet.style(size, "B", ACCENT if large else INK)
    _lines(sheet, block.text, size, "H2" if large else "H3")
    sheet.y += 0.8


def _paragraph(sheet: Sheet, block: Paragraph) -> None:
    _lines(sheet, block.text, _paragraph_style(sheet, block), "P")
    sheet.y += PARAGRAPH_GAP_MM


def _paragraph_mm(sheet: Sheet, block: Paragraph) -> float:
    """The height a paragraph takes, with what stands under it."""
    size = _paragraph_style(sheet, block)
    return len(sheet.wrap(block.text, sheet.epw)) * size * LEADING * sheet.scale + PARAGRAPH_GAP_MM


def _paragraph_style(sheet: Sheet, block: Paragraph) -> float:
    """Take on the letters of a paragraph; gives their size in points."""
    from scoring.documents.pdf_page import INK, QUIET

    size = SMALL_PT if block.tone == "small" else BODY_PT
    sheet.style(size, "B" if block.tone == "strong" else "", QUIET if block.tone == "small" else INK)
    return size


def _bullets(sheet: Sheet, block: Bullets) -> None:
    sheet.style(BODY_PT)
    indent = INDENT_MM if block.start is None else INDENT_MM + 1.6
    for number, item in enumerate(block.items, block.start or 0):
        _lines(sheet, item, BODY_PT, "P", indent, "•" if block.start is None else f"{number}.")
        sheet.y += 0.6
    sheet.y += 0.9


def _lines(
    sheet: Sheet, text: str, size: float, kind: Literal["H1", "H2", "H3", "P"], indent: float = 0.0, marker: str = ""
) -> None:
    """A text in the present style, over as many pages as it takes: one tagged element a page."""
    height = size * LEADING * sheet.scale
    left = sheet.wrap(text, sheet.epw - indent)
    sheet.need(min(2, len(left)) * height)
    while left:
        fits = max(1, int(sheet.room / height + 1e-6))
        with sheet.tagged(kind):
            if marker:
                sheet.put(sheet.l_margin + 0.6, sheet.y, marker, height)
            for line in left[:fits]:
                sheet.put(sheet.l_margin + indent, sheet.y, line, height)
                sheet.y += height
        left, marker = left[fits:], ""
        if left:
            font = (sheet.font_family, sheet.font_style, sheet.font_size_pt)
            sheet.turn()
            sheet.set_font(*font)


# --- pictures --------------------------------------------------------------------------------------------------------


def _pictures(sheet: Sheet, blocks: Sequence[Picture], pictures: Mapping[PictureName, bytes]) -> None:
    """Pictures that follow each other stand side by side, each as large as fits; a missing one speaks."""
    there = [block for block in blocks if block.name in pictures]
    if there:
        width = min((sheet.epw - PICTURE_GAP_MM * (len(there) - 1)) / len(there), PICTURE_WIDEST_MM)
        sheet.need(_lowest_mm(sheet))
        highest = min(sheet.room - 8, PICTURE_HIGHEST_MM * sheet.scale**3)
        sizes = [_fitted(pictures[block.name], width, highest) for block in there]
        tallest = max(high for _, high in sizes)
        x, top = sheet.l_margin, sheet.y
        for block, (wide, high) in zip(there, sizes, strict=True):
            sheet.image(BytesIO(pictures[block.name]), x=x, y=top, w=wide, h=high, alt_text=sheet.drawable(block.alt))
            x += width + PICTURE_GAP_MM
        sheet.y = top + tallest + 2
    for block in blocks:
        if block.name not in pictures:
            _paragraph(sheet, Paragraph(block.alt, "small"))


def _lowest_mm(sheet: Sheet) -> float:
    return max(PICTURE_LAST_MM, PICTURE_LOWEST_MM * sheet.scale**3)


def _fitted(png: bytes, width: float, height: float) -> tuple[float, float]:
    """Width and height in mm of a PNG in a box, its proportions kept. The sizes stand in the file's first bytes."""
    pixels_wide, pixels_high = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    scale = min(width / pixels_wide, height / pixels_high)
    return pixels_wide * scale, pixels_high * scale

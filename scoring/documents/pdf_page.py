"""The sheet a PDF is drawn on: fonts, lines of text, footers, tags, and characters that no font has.

It never breaks a page by itself: whoever draws asks for room first, so that no tag is cut by the end of a page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import matplotlib
from fpdf import FPDF
from fpdf.fonts import TTFFont

from scoring.documents.blocks import Document, Paper
from scoring.documents.words import day

Style = Literal["", "B"]
Colour = tuple[int, int, int]

INK: Colour = (34, 44, 52)
QUIET: Colour = (84, 94, 102)
ACCENT: Colour = (32, 78, 92)
RULE: Colour = (198, 208, 212)
TINT: Colour = (235, 241, 243)

MARGIN_MM = 15.5
FOOT_MM = 17.5
FAMILY = "body"
#: One visible mark in the place of a character that no font has; captions and files keep the true text.
MARK = "\N{REPLACEMENT CHARACTER}"
#: Stands for the number of pages until it is known. Private use, so that no text can hold it.
_PAGES = "\ue000pages\ue000"
#: Where a word may be parted: after a hyphen between letters.
_HYPHEN = re.compile(r"(?<=[^\W\d]-)(?=[^\W\d])")
#: Never drawn by themselves: joiners, variation selectors, skin tones.
_SILENT = (("\u200b", "\u200f"), ("\u2060", "\u2064"), ("\ufe00", "\ufe0f"), ("\U0001f3fb", "\U0001f3ff"))


class Sheet(FPDF):
    """Pages with margins, footers and tags for one document; lengths in mm, sizes in points."""

    def __init__(self, document: Document, paper: Paper, fonts: Sequence[Path], scale: float = 1.0) -> None:
        super().__init__(orientation="portrait", unit="mm", format=paper)
        #: Of all letters and lines, where a document is set smaller to fit.
        self.scale = scale
        self._document = document
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(False)
        self.c_margin = 0
        self.alias_nb_pages(_PAGES)
        self._drawn = self._with_fonts(fonts)
        self.set_title(self.drawable(document.title))
        self.set_lang(document.language)
        self.set_creator("Stemwise")
        if (on := document.dated) is not None:
            self.set_creation_date(datetime(on.year, on.month, on.day, tzinfo=UTC))

    def _with_fonts(self, fonts: Sequence[Path]) -> frozenset[int]:
        """Load the fonts that come with matplotlib, and more where given; what characters they have."""
        bundled = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
        self.add_font(FAMILY, "", bundled / "DejaVuSans.ttf")
        self.add_font(FAMILY, "B", bundled / "DejaVuSans-Bold.ttf")
        more = [f"more{number}" for number in range(len(fonts))]
        for family, path in zip(more, fonts, strict=True):
            self.add_font(family, "", path)
        self.set_fallback_fonts([FAMILY, *more], exact_match=False)
        return frozenset(code for font in self.fonts.values() if isinstance(font, TTFFont) for code in font.cmap)

    def finished(self) -> bytes:
        """The file. Whoever searches a line from right to left turns it round letter by letter, so that a glyph which stands for
        several of its letters names them in the order of the line, as other glyphs stand.
        """
        for font in self.fonts.values():
            for glyph, _ in font.subset.items() if isinstance(font, TTFFont) else ():
                if glyph is not None and isinstance(glyph.unicode, tuple) and _is_rtl(glyph.unicode):
                    glyph.unicode = glyph.unicode[::-1]
        return bytes(self.output())

    # --- pages ---

    def turn(self) -> None:
        """Begin a page."""
        self.add_page()
        self.y = MARGIN_MM

    @property
    def room(self) -> float:
        """What is left of the page above the footer."""
        return self.h - FOOT_MM - self.y

    def need(self, height: float) -> bool:
        """Turn the page where `height` does not fit any more; whether it was turned."""
        if height <= self.room:
            return False
        self.turn()
        return True

    def footer(self) -> None:
        """The short notice, whose sheet it is, and the page's number: marked as no part of the text."""
        document, y = self._document, self.h - FOOT_MM + 4
        self._out("/Artifact BMC")
        self.set_draw_color(*RULE)
        self.set_line_width(0.2)
        self.line(MARGIN_MM, y, self.w - MARGIN_MM, y)
        self.style(6.8, colour=QUIET)
        width = self.epw - 22
        of = f"{document.title} · {day(document.dated)}" if document.dated else document.title
        for number, text in enumerate((document.small_print, of)):
            for first in self.wrap(text, width)[:1]:
                self.put(MARGIN_MM, y + 1.4 + 3.4 * number, first, 3.4)
        self.put(self.w - MARGIN_MM - 17, y + 1.4, f"Page {self.page_no()} of {_PAGES}", 3.4)
        self._out("EMC")

    @contextmanager
    def tagged(self, kind: Literal["H1", "H2", "H3", "P"]) -> Iterator[None]:
        """What is drawn inside is one element of the document's structure, in reading order. It stays on one page."""
        number = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=f"/{kind}", mcid=number)
        self._out(f"/{kind} <</MCID {number}>> BDC")
        yield
        self._out("EMC")

    # --- text ---

    def drawable(self, text: str) -> str:
        """The text with one visible mark for each character that no font has, and without what is never drawn."""
        kept = []
        for c in text:
            if c.isspace():
                kept.append(" ")
            elif _is_silent(c):
                continue
            else:
                kept.append(c if ord(c) in self._drawn and unicodedata.category(c)[0] != "C" else MARK)
        return "".join(kept)

    def style(self, size_pt: float, style: Style = "", colour: Colour = INK) -> None:
        self.set_font(FAMILY, style, size_pt * self.scale)
        self.set_text_color(*colour)

    def wrap(self, text: str, width: float) -> list[str]:
        """The text in lines no wider than `width` in the present font, each in reading order.

        Lines end between words, after a hyphen, or, where a word is wider than a line, anywhere.
        """
        lines: list[str] = []
        line = ""
        for word in self.drawable(text).split():
            gap = " "
            for piece in self._pieces(word, width):
                longer = f"{line}{gap}{piece}" if line else piece
                if line and self.get_string_width(longer) > width:
                    lines.append(line)
                    line = piece
                else:
                    line = longer
                gap = ""
        return [*lines, line] if line else lines

    def _pieces(self, word: str, width: float) -> Iterator[str]:
        for part in _HYPHEN.split(word):
            piece = ""
            for c in part if self.get_string_width(part) > width else [part]:
                if piece and self.get_string_width(piece + c) > width:
                    yield piece
                    piece = ""
                piece += c
            yield piece

    def put(self, x: float, y: float, text: str, height: float) -> None:
        """One line of text that is known to fit, its top left at x, y.

        A space ends it, so that a reader that joins lines does not join words. Only a line with letters that join, run from
        right to left or carry marks is shaped: it takes longer, and other lines come out the same.
        """
        self.set_xy(x, y)
        text = text if text.endswith("-") else f"{text} "
        self.set_text_shaping(any(unicodedata.bidirectional(c) in ("R", "AL", "NSM") for c in text))
        self.cell(self.get_string_width(text), height, text)
        self.set_text_shaping(False)


def _is_rtl(codes: Sequence[int]) -> bool:
    """Whether characters are letters that run from right to left, with the marks they carry."""
    kinds = {unicodedata.bidirectional(chr(code)) for code in codes}
    return bool(kinds & {"R", "AL"}) and kinds <= {"R", "AL", "NSM"}


def _is_silent(c: str) -> bool:
    return any(first <= c <= last for first, last in _SILENT)

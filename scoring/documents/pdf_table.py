"""Tables on paper: a header that comes again on each page, rows that are never cut where they could be whole."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.documents.blocks import Table
from scoring.documents.pdf_page import ACCENT, FOOT_MM, MARGIN_MM, RULE, TINT, Sheet

SIZE_PT, DENSE_SIZE_PT = 7.6, 7.0
PAD_MM, DENSE_PAD_MM = 1.2, 0.9
#: A row that must be cut leaves at least this many lines on the page where it begins.
LINES_TOGETHER = 3
#: A table begins with at least this many rows on the page of its header, and of what leads to it.
ROWS_TOGETHER = 2

Cells = list[list[str]]


def draw_table(sheet: Sheet, table: Table) -> None:
    """Draw a table over the width of the page, from the present height on."""
    _Drawing(sheet, table).draw()


def head_mm(sheet: Sheet, table: Table) -> float:
    """How much room a table takes at least where it begins."""
    return _Drawing(sheet, table).head_mm()


class _Drawing:
    def __init__(self, sheet: Sheet, table: Table) -> None:
        self._sheet, self._table = sheet, table
        self._size = DENSE_SIZE_PT if table.dense else SIZE_PT
        self._pad = DENSE_PAD_MM if table.dense else PAD_MM
        self._step = self._size * 0.3528 * 1.32 * sheet.scale
        shares = table.widths or (1,) * len(table.header)
        self._widths = [sheet.epw * share / sum(shares) for share in shares]
        self._lefts = [MARGIN_MM + sum(self._widths[:n]) for n in range(len(self._widths))]
        sheet.style(self._size, "B", ACCENT)
        self._header = self._lines(table.header)

    def draw(self) -> None:
        sheet = self._sheet
        sheet.need(self.head_mm())
        sheet.style(self._size)
        rows = [self._lines(row) for row in self._table.rows]
        self._draw_header()
        for lines in rows:
            self._draw_row(lines)
        self._rule(0)
        sheet.y += 2.5

    def head_mm(self) -> float:
        """Height of the header and the first rows, at most half of what a page holds under the header."""
        self._sheet.style(self._size)
        first = sum(self._height(self._lines(row)) for row in self._table.rows[:ROWS_TOGETHER])
        return self._height(self._header) + min(first, self._fresh_room() / 2)

    def _lines(self, row: Sequence[str]) -> Cells:
        widths = [*self._widths[: len(row) - 1], sum(self._widths[len(row) - 1 :])]
        return [self._sheet.wrap(text, width - 2 * self._pad) for text, width in zip(row, widths, strict=True)]

    def _height(self, cells: Cells) -> float:
        return max((len(lines) for lines in cells), default=0) * self._step + 2 * self._pad

    def _fresh_room(self) -> float:
        """What a fresh page holds under the header."""
        sheet = self._sheet
        return sheet.h - FOOT_MM - MARGIN_MM - self._height(self._header)

    def _draw_header(self) -> None:
        sheet = self._sheet
        sheet.set_fill_color(*TINT)
        sheet.rect(MARGIN_MM, sheet.y, sheet.epw, self._height(self._header), style="F")
        sheet.style(self._size, "B", ACCENT)
        self._put(self._header)
        sheet.style(self._size)

    def _draw_row(self, cells: Cells) -> None:
        """A row whole, on the next page if need be; cut only where no page could hold it."""
        sheet = self._sheet
        while self._height(cells) > sheet.room:
            fits = int((sheet.room - 2 * self._pad) / self._step)
            if self._height(cells) > self._fresh_room() and fits >= LINES_TOGETHER:
                self._rule(0)
                self._put([lines[:fits] for lines in cells])
                cells = [lines[fits:] for lines in cells]
            sheet.turn()
            self._draw_header()
        self._rule(next((n for n, lines in enumerate(cells) if lines), 0))
        self._put(cells)

    def _rule(self, column: int) -> None:
        """A thin line over a row, from its first filled column on: rows of one step stand together."""
        sheet = self._sheet
        sheet.set_draw_color(*RULE)
        sheet.set_line_width(0.2)
        sheet.line(self._lefts[column], sheet.y, MARGIN_MM + sheet.epw, sheet.y)

    def _put(self, cells: Cells) -> None:
        sheet, top = self._sheet, self._sheet.y
        for left, lines in zip(self._lefts, cells, strict=False):
            if lines:
                with sheet.tagged("P"):
                    for number, line in enumerate(lines):
                        sheet.put(left + self._pad, top + self._pad + number * self._step, line, self._step)
        sheet.y = top + self._height(cells)

"""Results and pictures the tests of documents share."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from scoring.case import Case, case_from, read_case
from scoring.documents.blocks import Block, Bullets, Document, Heading, Paragraph, Picture, Section, Table
from scoring.instrument import load
from scoring.result import Result, assess

VECTORS = Path(__file__).parents[2] / "vectors"
NAMES = sorted(p.name.removesuffix(".case.json") for p in VECTORS.glob("*.case.json"))


@cache
def vector(number: str) -> Result:
    """The result of the worked example whose name begins so."""
    path = next(VECTORS.glob(f"{number}*.case.json"))
    return assess(read_case(path.read_bytes(), load()), load())


def result_of(content: dict[str, Any]) -> Result:
    return assess(case_from(content, load()), load())


def result_with(result: Result, **changes: Any) -> Result:
    """The result of the same case with some fields changed."""
    return assess(replace(result.case, **changes), result.instrument)


def bare(months: int, **fields: Any) -> Result:
    """The result of a case of this age of which nothing is known but what is given."""
    year, month = divmod(2026 * 12 + 5 - months, 12)
    return assess(Case(label=None, born=date(year, month + 1, 10), assessed=date(2026, 6, 10), **fields), load())


def texts(block: Block) -> list[str]:
    """Every text in a block."""
    if isinstance(block, Heading | Paragraph):
        return [block.text]
    if isinstance(block, Bullets):
        return list(block.items)
    if isinstance(block, Table):
        return [*block.header, *(cell for row in block.rows for cell in row)]
    assert isinstance(block, Picture)
    return [block.alt]


def words_of(part: Document | Section | None) -> str:
    """All the text of a document or a section, a line a text."""
    assert part is not None
    sections = part.sections if isinstance(part, Document) else (part,)
    return "\n".join(t for section in sections for block in section.blocks for t in texts(block))


def png(width: int = 40, height: int = 50, grey: int = 200) -> bytes:
    """A picture of one colour, made by hand so that nothing has to be drawn."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([grey]) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

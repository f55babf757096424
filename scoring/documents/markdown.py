"""A document as Markdown (CommonMark with tables), for `summary.md` and for reading in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scoring.documents.blocks import Block, Bullets, Document, Heading, Paragraph, Picture, Table

#: What means something in the middle of a line; `$` begins mathematics for some readers.
_INLINE = re.compile(r"([\\`*_\[\]<$~]|&(?=#?\w+;))")
#: What means something at the beginning of a line.
_AT_START = re.compile(r"^(\s*)([#+=>:-]|\d+(?=[.)]))")


def to_markdown(document: Document) -> str:
    """The document as Markdown text; every text in it stands as itself, whatever signs it holds.

    Examples
    --------
    >>> from scoring.documents.blocks import Section
    >>> print(to_markdown(Document("A *b*", (Section("x", (Paragraph("1. no list"),)),))), end="")
    # A \\*b\\*
    <BLANKLINE>
    1\\. no list
    """
    parts = [f"# {escaped(document.title)}"]
    parts += ["\n".join(_lines(block)) for section in document.sections for block in section.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Text in which no sign is taken for Markdown, in the middle of a line."""
    return _INLINE.sub(r"\\\1", " ".join(text.split()))


def _at_start(text: str) -> str:
    return _AT_START.sub(_start, escaped(text))


def _start(found: re.Match[str]) -> str:
    space, sign = found.groups()
    return f"{space}{sign}\\" if sign.isdigit() else f"{space}\\{sign}"


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"{'#' * block.level} {escaped(block.text)}"
    elif isinstance(block, Paragraph):
        text = _at_start(block.text)
        yield f"**{text}**" if block.tone == "strong" and text else text
    elif isinstance(block, Bullets):
        for number, item in enumerate(block.items, block.start or 0):
            yield f"- {_at_start(item)}" if block.start is None else f"{number}. {_at_start(item)}"
    elif isinstance(block, Table):
        yield _row(block.header)
        yield "|" + " --- |" * len(block.header)
        yield from map(_row, block.rows)
    elif isinstance(block, Picture):
        yield f"![{escaped(block.alt)}]({block.name}.png)"


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(escaped(cell).replace("|", r"\|") for cell in cells) + " |"

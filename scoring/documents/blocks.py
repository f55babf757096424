"""The blocks that every document, chat message and screen is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

PictureName = Literal["map", "history", "compare", "trend"]
Paper = Literal["A4", "Letter"]


@dataclass(frozen=True, slots=True)
class Heading:
    """`level` 1 is the document's title."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`tone` tells how much weight it has: plain, strong (a warning or an answer), small (a note, a notice)."""

    text: str
    tone: Literal["plain", "strong", "small"] = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; numbered from `start` where that is given."""

    items: tuple[str, ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `widths` are the columns' shares of the width (`None`: equal), `dense` asks for small letters on paper.

    The last cell of a row that is shorter than the header takes the rest of the width.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...] | None = None
    dense: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by name, with its full text twin."""

    name: PictureName
    alt: str


Block = Heading | Paragraph | Bullets | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A named part of a document. A document for the family is an allow-list of these names."""

    name: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a renderer is given.

    `dated` is the day a document speaks of, and stands in for the day of printing, so that the same content prints alike;
    `small_print` stands on every page where there are pages.
    """

    title: str
    sections: tuple[Section, ...]
    language: str = "en"
    dated: date | None = None
    small_print: str = ""

    def only(self, allowed: frozenset[str]) -> Document:
        """The same document with nothing but the sections that are allowed by name."""
        return replace(self, sections=tuple(s for s in self.sections if s.name in allowed))

    def section(self, name: str) -> Section | None:
        """The section of that name, `None` where the document has none."""
        return next((s for s in self.sections if s.name == name), None)

"""MarkdownV2 to text and entities."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .units import Entity, MarkupError, by_place, utf16_length

LinkMaker = Callable[[int, int, str], Entity | None]

#: Marks that open and close an entity, the longer ones first.
_MARKS = {"__": "underline", "||": "spoiler", "_": "italic", "*": "bold", "~": "strikethrough"}
_NAMES = {"pre": "Pre", "pre_code": "PreCode", "text_link": "TextUrl", "custom_emoji": "CustomEmoji"}
_RESERVED = frozenset("_*[]()~`>#+-=|{}.!")


@dataclass(frozen=True)
class _Open:
    kind: str
    offset: int
    at: int
    language: str = ""
    begins: int = 0


class _Parser:
    def __init__(self, source: str, link: LinkMaker) -> None:
        self.source = source
        self.link = link
        self.at = 0
        self.units = 0
        self.written: list[str] = []
        self.open: list[_Open] = []
        self.entities: list[Entity] = []
        self.quote: int | None = None

    def write(self, text: str) -> None:
        self.written.append(text)
        self.units += utf16_length(text)

    def begin(self, kind: str, width: int, language: str = "") -> None:
        self.open.append(_Open(kind, self.units, self.at, language, len(self.written)))
        self.at += width

    def unfinished(self, entity: _Open) -> MarkupError:
        name = _NAMES.get(f"{entity.kind}_code" if entity.language else entity.kind, entity.kind.capitalize())
        byte = len(self.source[: entity.at].encode())
        return MarkupError(f"Can't find end of {name} entity at byte offset {byte}")

    def reserved(self) -> MarkupError:
        return MarkupError(
            f"Character '{self.source[self.at]}' is reserved and must be escaped with the preceding '\\'"
        )

    def finish(self, width: int) -> None:
        entity = self.open.pop()
        self.at += width
        length = self.units - entity.offset
        made: Entity | None = {"type": entity.kind, "offset": entity.offset, "length": length}
        assert made is not None
        if entity.language:
            made["language"] = entity.language
        if entity.kind in ("text_link", "custom_emoji"):
            made = self.address(entity, length)
        if length and made is not None:
            self.entities.append(made)

    def address(self, entity: _Open, length: int) -> Entity | None:
        """What follows ``]``: ``(address)``, or nothing, and then the text itself is the address of a link."""
        begins = self.at
        url = "".join(self.written[entity.begins :])
        if self.source.startswith("(", begins):
            found = re.compile(r"\(((?:\\[\x01-\x7e]|[^)\\])*)\)").match(self.source, begins)
            if found is None:
                what = "URL" if entity.kind == "text_link" else "custom emoji URL"
                byte = len(self.source[: begins + 1].encode())
                raise MarkupError(f"Can't find end of a {what} at byte offset {byte}")
            url = re.sub(r"\\([\x01-\x7e])", r"\1", found[1])
            self.at = found.end()
        elif entity.kind == "custom_emoji":
            raise MarkupError("Custom emoji entity must contain a tg://emoji URL")
        if entity.kind == "text_link":
            return self.link(entity.offset, length, url)
        number = re.fullmatch(r"tg://emoji\?id=([1-9]\d*)", url)
        if number is None:
            raise MarkupError("Invalid custom emoji identifier specified")
        return {"type": "custom_emoji", "offset": entity.offset, "length": length, "custom_emoji_id": number[1]}

    def closing(self) -> int:
        """Width of the mark that ends the innermost entity here, 0 if none does."""
        if not self.open:
            return 0
        kind = self.open[-1].kind
        for mark, name in _MARKS.items():
            if name == kind and self.source.startswith(mark, self.at):
                return 0 if mark == "_" and self.source.startswith("__", self.at) else len(mark)
        mark = {"code": "`", "pre": "```", "text_link": "]", "custom_emoji": "]"}.get(kind, "")
        return len(mark) if mark and self.source.startswith(mark, self.at) else 0

    def line_end(self) -> None:
        if self.quote is not None and not self.source.startswith("\n>", self.at):
            if self.open:
                raise self.unfinished(self.open[-1])
            self.write("\n")
            self.close_quote()
        else:
            self.write("\n")
        self.at += 1
        if self.source.startswith(">", self.at):
            self.quote = self.units if self.quote is None else self.quote
            self.at += 1

    def close_quote(self) -> None:
        if self.quote is not None and self.units > self.quote:
            self.entities.append({"type": "blockquote", "offset": self.quote, "length": self.units - self.quote})
        self.quote = None

    def opening(self) -> None:
        """An entity that begins at a reserved character, or a refusal."""
        rest = self.source[self.at :]
        fence = re.match(r"```([^\s`]*(?=\s))?(?:\r\n|\n\r|\n|\r)?", rest)
        mark = next((mark for mark in _MARKS if rest.startswith(mark)), "")
        if fence:
            self.begin("pre", fence.end(), fence[1] or "")
        elif rest[0] == "`":
            self.begin("code", 1)
        elif mark:
            self.begin(_MARKS[mark], len(mark))
        elif rest.startswith("!["):
            self.begin("custom_emoji", 2)
        elif rest[0] == "[":
            self.begin("text_link", 1)
        elif rest[0] == ">" and self.at == 0:
            self.quote, self.at = 0, 1
        else:
            raise self.reserved()

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            here = self.source[self.at]
            verbatim = bool(self.open) and self.open[-1].kind in ("code", "pre")
            escaped = self.source[self.at + 1 : self.at + 2]
            if here == "\\" and escaped and "\0" < escaped <= "~":
                self.write(escaped)
                self.at += 2
            elif width := self.closing():
                self.finish(width)
            elif here == "\n" and not verbatim:
                self.line_end()
            elif (here == "`") if verbatim else (here in _RESERVED):
                self.opening()
            else:
                self.write(here)
                self.at += 1
        if self.open:
            raise self.unfinished(self.open[-1])
        self.close_quote()
        return "".join(self.written), by_place(self.entities)


def parse_markdown(source: str, link: LinkMaker) -> tuple[str, list[Entity]]:
    """MarkdownV2 to text and entities; `link` makes a link's entity.

    Raises
    ------
    MarkupError
        With the real server's reason. The ``||`` that makes a quotation expandable is not known here.
    """
    return _Parser(source, link).parse()

"""View → Telegram: text with entities and keys, purely. Lengths are counted as Telegram counts them, in UTF-16 units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.events import ANY_SCREEN, tap_data
from flows.views import Button, Screen
from scoring.documents.blocks import Block, Bullets, Document, Heading, Paragraph, Picture, Table

MAX_TEXT = 4096
MAX_CAPTION = 1024
CUT = "…"


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def clipped(text: str, most: int) -> str:
    """A text that fits, cut at a whole character with a mark where it was too long."""
    if utf16_length(text) <= most:
        return text
    kept: list[str] = []
    left = most - utf16_length(CUT)
    for character in text:
        left -= utf16_length(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + CUT


@dataclass(slots=True)
class Message:
    """Text with entities, as the Bot API takes them."""

    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)

    @property
    def length(self) -> int:
        return utf16_length(self.text)

    def add(self, text: str, style: str | None = None) -> None:
        if style and text.strip():
            stripped = text.strip()
            lead = text[: len(text) - len(text.lstrip())]
            offset = self.length + utf16_length(lead)
            self.entities.append({"type": style, "offset": offset, "length": utf16_length(stripped)})
        self.text += text

    def fitted(self, most: int = MAX_TEXT) -> Message:
        """The same, cut to what Telegram takes; entities past the cut go."""
        if self.length <= most:
            return self
        text = clipped(self.text, most)
        end = utf16_length(text)
        kept = [{**e, "length": min(e["length"], end - e["offset"])} for e in self.entities if e["offset"] < end]
        return Message(text, kept)


def _pieces(block: Block) -> Iterator[tuple[str, str | None]]:
    match block:
        case Heading(text=text):
            yield text, "bold"
        case Paragraph(text=text, tone=tone):
            yield text, {"plain": None, "strong": "bold", "small": "italic"}[tone]
        case Bullets(items=items, start=start):
            lines = (f"{'•' if start is None else f'{start + i}.'} {item}" for i, item in enumerate(items))
            yield "\n".join(lines), None
        case Table(header=header, rows=rows):
            yield (
                "\n".join("• " + "; ".join(f"{h}: {c}" for h, c in zip(header, row, strict=True) if c) for row in rows),
                None,
            )
        case Picture(alt=alt):
            yield alt, None


def message_of(blocks: Iterable[Block]) -> Message:
    """Blocks as one message, an empty line between them."""
    message = Message()
    for block in blocks:
        for text, style in _pieces(block):
            if not text:
                continue
            if message.text:
                message.add("\n\n")
            message.add(text, style)
    return message


def screen_message(screen: Screen) -> Message:
    return message_of(screen.blocks).fitted()


def keyboard(rows: Sequence[Sequence[Button]], number: int = ANY_SCREEN) -> dict[str, Any] | None:
    """Rows of buttons as an inline keyboard; `None` where there are none."""
    if not rows:
        return None
    return {"inline_keyboard": [[_key(button, number) for button in row] for row in rows]}


def _key(button: Button, number: int) -> dict[str, str]:
    words = clipped(button.words, 64)
    if button.link:
        return {"text": words, "url": button.link}
    return {"text": words, "callback_data": tap_data(number, button.action, button.arg)}


def document_messages(document: Document) -> list[Message]:
    """A document as messages: split between sections where it is longer than one, inside one only where it must be."""
    messages: list[Message] = []
    current: list[Block] = []
    for section in document.sections:
        if not section.blocks:
            continue
        if current and message_of([*current, *section.blocks]).length > MAX_TEXT:
            messages.extend(_split(current))
            current = []
        current.extend(section.blocks)
    messages.extend(_split(current))
    return messages


def _split(blocks: Sequence[Block]) -> Iterator[Message]:
    """One message, or as many as the blocks need."""
    current: list[Block] = []
    for block in _small_enough(blocks):
        if current and message_of([*current, block]).length > MAX_TEXT:
            yield message_of(current)
            current = []
        current.append(block)
    if current:
        yield message_of(current).fitted()


def _small_enough(blocks: Sequence[Block]) -> Iterator[Block]:
    """Lists that alone are too long come item by item."""
    for block in blocks:
        if isinstance(block, Bullets) and message_of([block]).length > MAX_TEXT // 2:
            for place, item in enumerate(block.items):
                yield Bullets((item,), None if block.start is None else block.start + place)
        elif isinstance(block, Table) and message_of([block]).length > MAX_TEXT // 2:
            yield from (Table(block.header, (row,)) for row in block.rows)
        else:
            yield block

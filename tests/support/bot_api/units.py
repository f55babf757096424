"""Counting in UTF-16 code units, and what parsers of formatted text share."""

from __future__ import annotations

from typing import Any

Entity = dict[str, Any]


class MarkupError(Exception):
    """Formatted text that cannot be parsed; the text is the reason behind "can't parse entities: "."""


def utf16_length(text: str) -> int:
    """Length of `text` in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf16_offsets(text: str) -> tuple[int, dict[int, int]]:
    """Length in UTF-16 units, and the byte offset at each unit where a character begins (and at the end)."""
    units = size = 0
    places = {0: 0}
    for character in text:
        units += 2 if character > "\uffff" else 1
        size += len(character.encode())
        places[units] = size
    return units, places


def by_place(entities: list[Entity]) -> list[Entity]:
    """Entities as Telegram orders them: by offset, the longer first."""
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))

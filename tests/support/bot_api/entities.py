"""Text as Telegram counts and formats it: UTF-16 units, entities, HTML and MarkdownV2.

Two things the real server does are left out: it marks links, mentions and commands in a bot's text by itself, and it
splits entities that cross each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .errors import bad_request
from .markdown import parse_markdown
from .units import Entity, MarkupError, by_place, utf16_length, utf16_offsets

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
ENTITY_LIMIT = 100

ENTITY_TYPES = frozenset(
    [
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    ]
)

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]{1,6})|#(?P<dec>[0-9]{1,7})|(?P<name>lt|gt|amp|quot)(?![A-Za-z]));?")
_ATTRIBUTE = re.compile(r"""([^\s=>]+)(?:\s*=\s*("[^"]*"|'[^']*'|[A-Za-z0-9.-]+))?""")
_COMMAND = re.compile(r"(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")


@dataclass(frozen=True)
class _Open:
    tag: str
    argument: str
    offset: int
    begins: int
    expandable: bool


def _decoded(source: str) -> str:
    def character(found: re.Match[str]) -> str:
        if found["name"]:
            return _NAMED[found["name"]]
        code = int(found["hex"], 16) if found["hex"] else int(found["dec"])
        if 0xD800 <= code <= 0xDFFF:
            raise MarkupError(
                "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate "
                "code units"
            )
        return chr(code) if 0 < code < 0x10FFFF else found[0]

    return _REFERENCE.sub(character, source)


def _start_tag(source: str, at: int, offset: int, begins: int) -> tuple[_Open, int]:
    byte = len(source[:at].encode())
    name = re.compile(r"[^\s>]*").match(source, at + 1)
    assert name is not None
    if name.end() == len(source):
        raise MarkupError(f"Unclosed start tag at byte offset {byte}")
    tag = name[0].lower()
    if tag not in _TAGS:
        raise MarkupError(f'Unsupported start tag "{tag}" at byte offset {byte}')
    attributes: dict[str, str] = {}
    position = name.end()
    while True:
        while position < len(source) and source[position].isspace():
            position += 1
        if position == len(source):
            raise MarkupError(f"Unclosed start tag at byte offset {byte}")
        if source[position] == ">":
            break
        found = _ATTRIBUTE.match(source, position)
        if found is None:
            raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {byte}')
        attributes[found[1]] = _decoded((found[2] or "").strip("\"'"))
        position = found.end()
    argument = ""
    if tag == "a":
        argument = attributes.get("href", "")
    elif tag == "code":
        argument = attributes.get("class", "").removeprefix("language-")
    elif tag == "tg-emoji":
        argument = attributes.get("emoji-id", "")
    elif tag == "span" and attributes.get("class") != "tg-spoiler":
        raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {byte}')
    return _Open(tag, argument, offset, begins, "expandable" in attributes), position + 1


def link_entity(offset: int, length: int, url: str) -> Entity | None:
    """A link's entity: of a person for ``tg://user?id=``, none for what is no address."""
    person = re.fullmatch(r"tg:(?://)?user\?id=(\d+)", url)
    if person:
        user = {"id": int(person[1]), "is_bot": False, "first_name": "?"}
        return {"type": "text_mention", "offset": offset, "length": length, "user": user}
    if "://" not in url and not re.match(r"(?:tg|ton|mailto|tel):", url):
        url = f"http://{url}"
    if url.startswith("http") and not re.match(r"https?://[^\s/?#]+\.[^\s/?#.]+", url):
        return None
    return {"type": "text_link", "offset": offset, "length": length, "url": url}


def _closed(tag: _Open, length: int, written: str, entities: list[Entity]) -> None:
    entity: Entity | None = {"type": _TAGS[tag.tag], "offset": tag.offset, "length": length}
    assert entity is not None
    if tag.tag == "a":
        entity = link_entity(tag.offset, length, tag.argument or written)
    elif tag.tag == "tg-emoji":
        if not re.fullmatch(r"[1-9]\d*", tag.argument):
            raise MarkupError("Invalid custom emoji identifier specified")
        entity["custom_emoji_id"] = tag.argument
    elif tag.tag == "blockquote" and tag.expandable:
        entity["type"] = "expandable_blockquote"
    elif tag.tag == "code" and tag.argument:
        entity["language"] = tag.argument
    elif tag.tag == "pre" and entities:
        inner = entities[-1]
        if inner.get("language") and (inner["offset"], inner["length"]) == (tag.offset, length):
            inner["type"] = "pre"
            return
    if entity is not None:
        entities.append(entity)


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Telegram's HTML to text and entities.

    Raises
    ------
    MarkupError
        With the real server's reason; offsets in it count UTF-8 bytes.
    """
    written: list[str] = []
    open_tags: list[_Open] = []
    entities: list[Entity] = []
    units = at = 0
    while at < len(source):
        if source[at] != "<":
            until = source.find("<", at)
            part = _decoded(source[at : until if until >= 0 else len(source)])
            written.append(part)
            units += utf16_length(part)
            at = until if until >= 0 else len(source)
            continue
        if not source.startswith("</", at):
            tag, at = _start_tag(source, at, units, len(written))
            open_tags.append(tag)
            continue
        byte = len(source[:at].encode())
        if not open_tags:
            raise MarkupError(f"Unexpected end tag at byte offset {byte}")
        ending = re.compile(r"</([^\s>]*)\s*>").match(source, at)
        if ending is None:
            raise MarkupError(f"Unclosed end tag at byte offset {byte}")
        tag, name = open_tags.pop(), ending[1].lower()
        if name not in ("", tag.tag):
            raise MarkupError(f'Unmatched end tag at byte offset {byte}, expected "</{tag.tag}>", found "</{name}>"')
        if units > tag.offset:
            _closed(tag, units - tag.offset, "".join(written[tag.begins :]), entities)
        at = ending.end()
    if open_tags:
        raise MarkupError(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].tag}"')
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    return "".join(written), by_place(entities)


def commands_in(text: str) -> list[Entity]:
    """The ``bot_command`` entities that Telegram itself marks in a person's text."""
    return [
        {"type": "bot_command", "offset": utf16_length(text[: found.start()]), "length": utf16_length(found[0])}
        for found in _COMMAND.finditer(text)
    ]


def _checked(text: str, entities: Any) -> list[Entity]:
    if not isinstance(entities, list):
        raise bad_request("can't parse entities JSON object")
    size, byte_offsets = utf16_offsets(text)
    kept: list[Entity] = []
    for entity in entities:
        if not isinstance(entity, dict):
            raise bad_request("can't parse MessageEntity: expected an Object")
        if entity.get("type") not in ENTITY_TYPES:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        offset, length = entity.get("offset"), entity.get("length")
        if not isinstance(offset, int) or not isinstance(length, int):
            raise bad_request('can\'t parse MessageEntity: Field "offset" or "length" must be of type Number')
        if offset < 0 or length <= 0:
            raise bad_request("entity has a negative offset or no length")
        end = offset + length
        if end > size:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {end}"
            )
        if offset not in byte_offsets:
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {byte_offsets[offset + 1]}")
        if end not in byte_offsets:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol at byte offset "
                f"{byte_offsets[end + 1]}"
            )
        if entity["type"] == "text_link" and link_entity(0, 1, str(entity.get("url", ""))) is None:
            raise bad_request(f"entity URL '{entity.get('url', '')}' is invalid: Wrong HTTP URL")
        kept.append(dict(entity))
    return by_place(kept)


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    shorter = text.rstrip()
    lead = len(shorter) - len(shorter.lstrip(" \n"))
    if entities:
        lead = min(lead, min(entity["offset"] for entity in entities))
    shorter = shorter[lead:]
    size = utf16_length(shorter)
    kept = []
    for entity in entities:
        offset = entity["offset"] - lead
        length = min(entity["length"], size - offset)
        if length > 0:
            kept.append({**entity, "offset": offset, "length": length})
    return shorter, kept


def parsed(text: str, mode: str | None) -> tuple[str, list[Entity]]:
    """Text and entities by `mode` (``HTML``, ``MarkdownV2`` or nothing), before anything looks at the chat."""
    how = (mode or "").lower()
    if how in ("", "none"):
        return text, []
    try:
        if how == "html":
            return parse_html(text)
        if how == "markdownv2":
            return parse_markdown(text, link_entity)
    except MarkupError as error:
        raise bad_request(f"can't parse entities: {error}") from error
    if how == "markdown":
        raise bad_request("legacy Markdown is not known to this test double: use HTML, MarkdownV2 or entities")
    raise bad_request("unsupported parse_mode")


def finished(text: str, entities: list[Entity] | Any, limit: int) -> tuple[str, list[Entity]]:
    """Trimmed text with checked entities, within `limit` UTF-16 units.

    Raises
    ------
    ApiError
        400 for entities out of place, an empty text (`TEXT_LIMIT` only) and one that is too long.
    """
    trimmed, kept = _trimmed(text, _checked(text, entities))
    if limit == TEXT_LIMIT and not trimmed:
        raise bad_request("text must be non-empty")
    if utf16_length(trimmed) > limit:
        raise bad_request("message is too long" if limit == TEXT_LIMIT else "message caption is too long")
    return trimmed, kept[:ENTITY_LIMIT]

"""Methods that send, edit and delete messages."""

from __future__ import annotations

import struct
from typing import Any

from .access import chat_for
from .calls import Call
from .entities import CAPTION_LIMIT, TEXT_LIMIT, finished, parsed
from .errors import NOT_MODIFIED, ApiError, bad_request
from .markup import checked_markup
from .units import Entity
from .world import Chat, Message, StoredFile, World

PHOTO_LIMIT = 10 * 1024 * 1024
DOCUMENT_LIMIT = 50 * 1024 * 1024
DELETABLE_SECONDS = 48 * 3600
DELETED_AT_ONCE = 100


def _formatted(call: Call, name: str) -> tuple[str, list[Entity] | Any]:
    """A text or caption and its entities; parsed, not yet measured."""
    text, mode = call.text(name), call.text("parse_mode")
    if mode:
        return parsed(text, mode)
    return text, call.params.get("entities" if name == "text" else "caption_entities") or []


def _options(world: World, chat: Chat, call: Call) -> dict[str, Any]:
    """What all sending methods share."""
    reply = call.params.get("reply_parameters")
    reply_to = reply.get("message_id") if isinstance(reply, dict) else call.number("reply_to_message_id") or None
    if reply_to:
        target = chat.messages.get(reply_to)
        if target is None or target.deleted:
            lenient = isinstance(reply, dict) and reply.get("allow_sending_without_reply")
            if not (lenient or call.flag("allow_sending_without_reply")):
                raise bad_request("message to be replied not found")
            reply_to = None
    return {
        "protect_content": call.flag("protect_content"),
        "silent": call.flag("disable_notification"),
        "reply_to": reply_to,
    }


def send_message(world: World, call: Call) -> Any:
    """``sendMessage``."""
    if not call.text("text"):
        raise bad_request("message text is empty")
    text, entities = _formatted(call, "text")
    markup = checked_markup(call.params.get("reply_markup"))
    chat = chat_for(world, call)
    options = _options(world, chat, call)
    text, entities = finished(text, entities, TEXT_LIMIT)
    message = world.add_message(chat, "bot", world.bot, text=text, entities=entities, reply_markup=markup, **options)
    return world.message_json(message)


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels from a PNG's header, `None` where it is none."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _photo_size(data: bytes) -> tuple[int, int]:
    if len(data) > PHOTO_LIMIT:
        raise bad_request(
            f"file of size {len(data)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
        )
    if data[:3] == b"\xff\xd8\xff":
        return 0, 0
    size = png_size(data)
    if size is None or b"IEND" not in data[-16:]:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    if min(size) < 1 or width + height > 10_000 or max(size) > 20 * min(size):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return size


def _file(world: World, call: Call, field: str) -> StoredFile:
    """The file of a sending method: uploaded now, or named by its id."""
    upload = call.upload(field)
    if upload is None:
        reference = call.text(field)
        if not reference:
            raise bad_request(f"there is no {field} in the request")
        if reference not in world.files:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return world.files[reference]
    if not upload.data:
        raise bad_request("file must be non-empty")
    if field == "photo":
        return world.add_file(upload.data, upload.name, "image/png", _photo_size(upload.data))
    if len(upload.data) > DOCUMENT_LIMIT:
        raise ApiError(413, "Request Entity Too Large")
    return world.add_file(upload.data, upload.name, upload.mime_type)


def _send_file(world: World, call: Call, field: str) -> Any:
    caption, entities = _formatted(call, "caption")
    markup = checked_markup(call.params.get("reply_markup"))
    chat = chat_for(world, call)
    options = _options(world, chat, call)
    caption, entities = finished(caption, entities, CAPTION_LIMIT)
    stored = _file(world, call, field)
    message = world.add_message(
        chat,
        "bot",
        world.bot,
        caption=caption or None,
        entities=entities,
        reply_markup=markup,
        file=stored,
        **{field: stored.data},
        **options,
    )
    return world.message_json(message)


def send_photo(world: World, call: Call) -> Any:
    """``sendPhoto``."""
    return _send_file(world, call, "photo")


def send_document(world: World, call: Call) -> Any:
    """``sendDocument``."""
    return _send_file(world, call, "document")


def _own_message(world: World, call: Call) -> Message:
    chat = chat_for(world, call)
    message = chat.messages.get(call.message_id())
    if message is None or message.deleted:
        raise bad_request("message to edit not found")
    if message.sender != "bot":
        raise bad_request("message can't be edited")
    return message


def _edited(world: World, message: Message, **changes: Any) -> Any:
    if all(getattr(message, name) == value for name, value in changes.items()):
        raise bad_request(NOT_MODIFIED)
    for name, value in changes.items():
        setattr(message, name, value)
    message.edited += 1
    message.edit_date = int(world.now())
    message.remember()
    world.touch()
    return world.message_json(message)


def edit_message_text(world: World, call: Call) -> Any:
    """``editMessageText``; without a keyboard it takes the keyboard away."""
    if not call.text("text"):
        raise bad_request("message text is empty")
    text, entities = _formatted(call, "text")
    markup = checked_markup(call.params.get("reply_markup"), inline_only=True)
    message = _own_message(world, call)
    if message.text is None:
        raise bad_request("there is no text in the message to edit")
    text, entities = finished(text, entities, TEXT_LIMIT)
    return _edited(world, message, text=text, entities=entities, reply_markup=markup)


def edit_message_caption(world: World, call: Call) -> Any:
    """``editMessageCaption``."""
    caption, entities = _formatted(call, "caption")
    markup = checked_markup(call.params.get("reply_markup"), inline_only=True)
    message = _own_message(world, call)
    if message.file is None:
        raise bad_request("there is no caption in the message to edit")
    caption, entities = finished(caption, entities, CAPTION_LIMIT)
    return _edited(world, message, caption=caption or None, entities=entities, reply_markup=markup)


def edit_message_reply_markup(world: World, call: Call) -> Any:
    """``editMessageReplyMarkup``."""
    markup = checked_markup(call.params.get("reply_markup"), inline_only=True)
    return _edited(world, _own_message(world, call), reply_markup=markup)


def _check_deletable(world: World, message: Message) -> None:
    if world.now() - message.date > DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    if message.sender != "bot" and world.chats[message.chat_id].kind != "private":
        raise bad_request("message can't be deleted")


def delete_message(world: World, call: Call) -> bool:
    """``deleteMessage``: the bot's own, and in a private chat the person's too, for 48 hours."""
    chat = chat_for(world, call, writing=False)
    message = chat.messages.get(call.message_id())
    if message is None or message.deleted:
        raise bad_request("message to delete not found")
    _check_deletable(world, message)
    world.delete(message, "bot")
    return True


def delete_messages(world: World, call: Call) -> bool:
    """``deleteMessages``: those that are not there are passed over."""
    numbers = call.params.get("message_ids")
    if not isinstance(numbers, list) or not numbers:
        raise bad_request("message identifiers are not specified")
    if len(numbers) > DELETED_AT_ONCE:
        raise bad_request("too many message identifiers specified")
    if not all(isinstance(number, int) and number > 0 for number in numbers):
        raise bad_request("invalid message identifier specified")
    chat = chat_for(world, call, writing=False)
    found = [message for number in numbers if (message := chat.messages.get(number)) and not message.deleted]
    for message in found:
        _check_deletable(world, message)
    for message in found:
        world.delete(message, "bot")
    return True

"""Update → Event at the door: what a person did in a private chat, and nothing else. Malformed updates are stepped over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flows.events import Event, parse_tap

CHANNEL = "telegram"
#: What is asked of Telegram; nothing else is sent.
ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
#: A screen number that no screen has: a tap with data of no screen of ours is an old tap.
NO_SCREEN = -1
MAX_ID = 2**52


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update at the door.

    Attributes
    ----------
    event : what the engine takes, `None` where there is nothing to take
    query_id : the tap to be answered
    message_id : the message that was typed
    group_id : a group that must be left
    blocked_chat : a private chat whose person blocked the bot
    """

    update_id: int
    event: Event | None = None
    query_id: str | None = None
    message_id: str | None = None
    group_id: int | None = None
    blocked_chat: str | None = None


def read_update(raw: Any, source: str) -> Incoming | None:
    """What an update means, or `None` where it is malformed and has no number."""
    if not isinstance(raw, dict) or type(raw.get("update_id")) is not int:
        return None
    update_id: int = raw["update_id"]
    try:
        return _read(raw, update_id, source)
    except (KeyError, TypeError, ValueError, AttributeError):
        return Incoming(update_id)


def _read(raw: dict[str, Any], update_id: int, source: str) -> Incoming:
    if "callback_query" in raw:
        return _tap(raw["callback_query"], update_id, source)
    if "my_chat_member" in raw:
        return _membership(raw["my_chat_member"], update_id)
    message = raw.get("message") or raw.get("edited_message")
    if not isinstance(message, dict):
        return Incoming(update_id)
    chat, sender = message["chat"], message.get("from") or {}
    if chat["type"] != "private":
        return Incoming(update_id, group_id=_id(chat["id"]) if chat["type"] in ("group", "supergroup") else None)
    if sender.get("is_bot"):
        return Incoming(update_id)
    parts: dict[str, Any] = {"kind": "other"}
    text = message.get("text")
    if "message" in raw and isinstance(text, str):
        parts = _text(text)
    event = _event(update_id, source, _id(chat["id"]), sender, **parts)
    return Incoming(update_id, event, message_id=str(_id(message["message_id"])))


def _id(value: Any) -> int:
    if type(value) is not int or abs(value) > MAX_ID:
        raise ValueError("not an id")
    return value


def _text(text: str) -> dict[str, Any]:
    if not text.startswith("/"):
        return {"kind": "text", "text": text}
    name, _, arg = text[1:].partition(" ")
    return {"kind": "command", "action": name.partition("@")[0].casefold(), "arg": arg.strip()[:128]}


def _tap(query: dict[str, Any], update_id: int, source: str) -> Incoming:
    query_id = str(query["id"])
    message = query.get("message") or {}
    chat = message.get("chat") or {}
    if chat.get("type") != "private" or query["from"].get("is_bot"):
        return Incoming(update_id, query_id=query_id)
    parsed = parse_tap(str(query.get("data") or ""))
    screen, action, arg = parsed or (NO_SCREEN, "", "")
    event = _event(update_id, source, _id(chat["id"]), query["from"], kind="tap", action=action, arg=arg, screen=screen)
    return Incoming(update_id, event, query_id=query_id)


def _membership(change: dict[str, Any], update_id: int) -> Incoming:
    chat, status = change["chat"], change["new_chat_member"]["status"]
    if chat["type"] == "private":
        return Incoming(update_id, blocked_chat=str(_id(chat["id"])) if status == "kicked" else None)
    present = status in ("member", "administrator", "restricted")
    return Incoming(update_id, group_id=_id(chat["id"]) if present else None)


def _event(update_id: int, source: str, chat: int, sender: dict[str, Any], **parts: Any) -> Event:
    locale = sender.get("language_code")
    return Event(
        source=source,
        id=str(update_id),
        channel=CHANNEL,
        address=str(chat),
        locale=locale if isinstance(locale, str) and locale.isprintable() else "en",
        **parts,
    )

"""The other methods, and the table of all that are known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from . import messages
from .access import chat_for
from .calls import Call
from .errors import QUERY_TOO_OLD, bad_request
from .units import utf16_length
from .world import Json, World

ANSWER_LIMIT = 200
COMMAND_LIMIT = 100
_ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
_SCOPES = frozenset(
    [
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ]
)
_PROFILE = {"accent_color_id": 0, "max_reaction_count": 11}
_GIFTS = {
    "unlimited_gifts": True,
    "limited_gifts": True,
    "unique_gifts": True,
    "premium_subscription": True,
    "gifts_from_channels": True,
}


def get_me(world: World, call: Call) -> Any:
    """``getMe``."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return {**world.bot, **abilities}


def answer_callback_query(world: World, call: Call) -> bool:
    """``answerCallbackQuery``: once a tap, while it is young."""
    if utf16_length(call.text("text")) > ANSWER_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    query = world.callback_queries.get(call.text("callback_query_id"))
    if query is None or query.state != "pending":
        raise bad_request(QUERY_TOO_OLD)
    if world.now() - query.at > world.callback_max_age:
        query.state = "too_old"
        world.touch()
        raise bad_request(QUERY_TOO_OLD)
    query.state = "answered"
    query.text, query.show_alert = call.text("text"), call.flag("show_alert")
    query.answered_at = world.now()
    world.touch()
    return True


def send_chat_action(world: World, call: Call) -> bool:
    """``sendChatAction``."""
    action = call.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat_for(world, call).actions.append((action, world.now()))
    return True


def _scope(world: World, call: Call) -> tuple[str, str]:
    scope = call.params.get("scope") or {"type": "default"}
    if not isinstance(scope, dict) or scope.get("type") not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    if scope["type"] in ("chat", "chat_administrators", "chat_member"):
        number = scope.get("chat_id")
        number = int(number) if isinstance(number, str) and re.fullmatch(r"-?\d+", number) else number
        if number not in world.chats:
            raise bad_request("chat not found")
        scope = {**scope, "chat_id": number}
    language = call.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    return json.dumps(scope, sort_keys=True), language


def set_my_commands(world: World, call: Call) -> bool:
    """``setMyCommands`` for one scope and language."""
    key = _scope(world, call)
    commands = call.params.get("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    if len(commands) > COMMAND_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict) or not re.fullmatch(r"[a-z0-9_]{1,32}", str(command.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[key] = [{"command": one["command"], "description": one["description"]} for one in commands]
    return True


def delete_my_commands(world: World, call: Call) -> bool:
    """``deleteMyCommands``."""
    world.commands.pop(_scope(world, call), None)
    return True


def get_my_commands(world: World, call: Call) -> list[Json]:
    """``getMyCommands``."""
    return world.commands.get(_scope(world, call), [])


def leave_chat(world: World, call: Call) -> bool:
    """``leaveChat``."""
    chat = chat_for(world, call, writing=False)
    if chat.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    chat.member, chat.removed = False, "left"
    world.touch()
    return True


def get_chat(world: World, call: Call) -> Json:
    """``getChat``."""
    return {**chat_for(world, call, writing=False).to_json(), **_PROFILE, "accepted_gift_types": _GIFTS}


def get_file(world: World, call: Call) -> Json:
    """``getFile``."""
    stored = world.files.get(call.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id")
    return {
        "file_id": stored.file_id,
        "file_unique_id": f"U{stored.file_id}",
        "file_size": len(stored.data),
        "file_path": stored.path,
    }


def close(world: World, call: Call) -> bool:
    """``close``: recorded, no more."""
    return True


def log_out(world: World, call: Call) -> bool:
    """``logOut``: the bot may not come back here."""
    world.logged_out = True
    return True


Method = Callable[[World, Call], Any]

#: Methods that answer at once, by their lower-case name; the server itself has those of updates and webhooks.
METHODS: dict[str, Method] = {
    "getme": get_me,
    "sendmessage": messages.send_message,
    "sendphoto": messages.send_photo,
    "senddocument": messages.send_document,
    "editmessagetext": messages.edit_message_text,
    "editmessagecaption": messages.edit_message_caption,
    "editmessagereplymarkup": messages.edit_message_reply_markup,
    "deletemessage": messages.delete_message,
    "deletemessages": messages.delete_messages,
    "answercallbackquery": answer_callback_query,
    "sendchataction": send_chat_action,
    "setmycommands": set_my_commands,
    "deletemycommands": delete_my_commands,
    "getmycommands": get_my_commands,
    "leavechat": leave_chat,
    "getchat": get_chat,
    "getfile": get_file,
    "close": close,
    "logout": log_out,
}

#: Methods that put a new message into a chat, counted where pacing is strict.
SENDS = frozenset({"sendmessage", "sendphoto", "senddocument"})

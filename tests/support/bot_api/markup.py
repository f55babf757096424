"""Keyboards: what a reply markup must be.

Stricter than the real server where that would hide a mistake: it drops buttons without text and buttons past its
limits in silence, and takes the first of two actions; here each is refused.
"""

from __future__ import annotations

import re
from typing import Any

from .errors import bad_request

ROW_LIMIT = 8
BUTTON_LIMIT = 100
DATA_LIMIT = 64

ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
_OTHER_MARKUPS = ("keyboard", "remove_keyboard", "force_reply")


def _checked_button(button: Any) -> dict[str, Any]:
    problem = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(f"{problem}InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise bad_request(f'{problem}Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise bad_request(f'{problem}Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("inline keyboard button text must be non-empty")
    actions = [name for name in ACTIONS if button.get(name) is not None]
    if not actions or button.get("callback_data") == "":
        raise bad_request(f"{problem}Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"{problem}exactly one action must be used, not {', '.join(actions)}")
    if actions == ["callback_data"]:
        data = button["callback_data"]
        if not isinstance(data, str):
            raise bad_request(f'{problem}Field "callback_data" must be of type String')
        if len(data.encode()) > DATA_LIMIT:
            raise bad_request("BUTTON_DATA_INVALID")
    if actions == ["url"] and not re.match(r"(?:https?://|tg:|ton:)?[^\s/]+[.:?][^\s]+", str(button["url"])):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    return button


def checked_markup(markup: Any, *, inline_only: bool = False) -> dict[str, Any] | None:
    """A reply markup that is well-formed; `None` for none and for an empty keyboard.

    Raises
    ------
    ApiError
        400, with the real server's words where it has any.
    """
    if markup is None or markup == "":
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" not in markup:
        if inline_only and markup:
            raise bad_request("inline keyboard expected")
        if markup and not any(name in markup for name in _OTHER_MARKUPS):
            raise bad_request("object expected as reply markup")
        return markup or None
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    kept = []
    for row in rows:
        if not isinstance(row, list):
            raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
        if len(row) > ROW_LIMIT:
            raise bad_request(f"reply markup is too long: {len(row)} buttons in a row")
        if row:
            kept.append([_checked_button(button) for button in row])
    if sum(map(len, kept)) > BUTTON_LIMIT:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None

"""A request as Python values, whichever of the ways it was sent: query, form, multipart or JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .errors import bad_request

_NUMBERS = frozenset(
    [
        "message_id",
        "offset",
        "limit",
        "timeout",
        "cache_time",
        "max_connections",
        "message_thread_id",
        "reply_to_message_id",
        "user_id",
    ]
)
_FLAGS = frozenset(
    [
        "protect_content",
        "disable_notification",
        "show_alert",
        "drop_pending_updates",
        "has_spoiler",
        "show_caption_above_media",
        "disable_content_type_detection",
        "allow_paid_broadcast",
        "disable_web_page_preview",
        "allow_sending_without_reply",
    ]
)
_STRUCTURES = frozenset(
    [
        "reply_markup",
        "entities",
        "caption_entities",
        "message_ids",
        "allowed_updates",
        "commands",
        "scope",
        "link_preview_options",
        "reply_parameters",
    ]
)


@dataclass(frozen=True)
class Upload:
    """One uploaded file."""

    name: str
    data: bytes
    mime_type: str


@dataclass
class Call:
    """One method call.

    Attributes
    ----------
    method : the name as it was asked for
    params : parameters; numbers, flags and JSON structures already read
    files : uploads by field name
    """

    method: str
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A string parameter, empty when missing."""
        value = self.params.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """A whole number; what is none counts as missing."""
        value = self.params.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def flag(self, name: str) -> bool:
        """A truth value."""
        return bool(self.params.get(name))

    def message_id(self) -> int:
        """The message the call is about.

        Raises
        ------
        ApiError
            400 when none is named.
        """
        number = self.number("message_id")
        if number <= 0:
            raise bad_request("message identifier is not specified")
        return number

    def upload(self, name: str) -> Upload | None:
        """The file sent as parameter `name`, directly or through ``attach://``."""
        reference = self.text(name)
        if reference.startswith("attach://"):
            return self.files.get(reference.removeprefix("attach://"))
        return self.files.get(name)


def _read(name: str, value: Any) -> Any:
    """One parameter's value; what cannot be read stays as it came, for the method to refuse."""
    if not isinstance(value, str):
        return value
    if name == "chat_id" or name in _NUMBERS:
        return int(value) if re.fullmatch(r"-?\d{1,19}", value.strip()) else value
    if name in _FLAGS:
        return value.strip().lower() in ("true", "1", "yes")
    if name in _STRUCTURES and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


async def read_call(request: web.Request, method: str) -> Call:
    """The call in an HTTP request.

    Raises
    ------
    ApiError
        400 for a body that is no JSON though it says so.
    """
    found: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.method == "POST" and request.can_read_body:
        if request.content_type == "application/json":
            try:
                body = json.loads(await request.read())
            except ValueError as error:
                raise bad_request("can't parse JSON object") from error
            if not isinstance(body, dict):
                raise bad_request("can't parse JSON object")
            found.update(body)
        else:
            for name, value in (await request.post()).items():
                if isinstance(value, web.FileField):
                    files[name] = Upload(value.filename, value.file.read(), value.content_type)
                else:
                    found[name] = value.decode() if isinstance(value, bytes) else value
    params = {name: _read(name, value) for name, value in found.items() if value is not None}
    return Call(method, params, files)

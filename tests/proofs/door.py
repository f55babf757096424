"""The door of Telegram, in this process: raw updates go in as they come off the wire, and every outgoing call is kept.

All of it is the product's own: `Server` reads and commits, `Sender` renders and sends, python-telegram-bot's request class
encodes. Only the line itself is not there: what would go out is written down and answered as Telegram answers.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from bot.drawing import Job
from bot.telegram import serve
from bot.telegram.request import AiohttpRequest, _body
from flows.engine import Engine

TOKEN = "4242424242:" + "Canary_Token-of_the_proofs_0123456"
#: An update's number; never the same twice in one process.
NUMBERS = itertools.count(1_000)


@dataclass(frozen=True, slots=True)
class Call:
    """One outgoing call: its words are all texts and files in it, as they would stand on a phone."""

    endpoint: str
    chat: str
    values: dict[str, str]
    words: str

    @property
    def toast(self) -> str:
        """The line that answers a tap, empty where the tap simply worked."""
        return self.values.get("text", "") if self.endpoint == "answerCallbackQuery" else ""


class Line(AiohttpRequest):
    """Where the Bot API would be: keeps each call, and gives messages their numbers.

    Attributes
    ----------
    breaks : may raise in place of an answer, as a broken line does
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.breaks: Callable[[str], None] = lambda _: None
        self._messages = itertools.count(1)

    async def do_request(
        self, url: str, method: str, request_data: Any = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        values = dict(request_data.json_parameters) if request_data else {}
        _body(request_data)
        for value in values.values():
            value.encode()  # what cannot be encoded would not get onto the line
        files = (request_data.multipart_data or {}).values() if request_data and request_data.contains_files else ()
        words = [*values.values(), *(content.decode("utf-8", "replace") for _, content, _ in files)]
        self.calls.append(Call(url.rpartition("/")[2], values.get("chat_id", ""), values, "\n".join(words)))
        self.breaks(url)
        return 200, json.dumps({"ok": True, "result": {"message_id": next(self._messages)}}).encode()


class Paper:
    """In place of the drawing process: a picture shows the very case it would be drawn from, so that a leak can be read."""

    def make(self, job: Job) -> bytes:
        return repr(job).encode()

    def close(self) -> None:
        """Nothing runs."""


class Door:
    """One bot's server over an engine.

    Parameters
    ----------
    engine : of the installation that is served
    drawer : makes pictures and documents; paper unless told otherwise
    """

    def __init__(self, engine: Engine, drawer: Any = None) -> None:
        self.line = Line()
        self.loop = asyncio.new_event_loop()
        with patch.object(serve, "AiohttpRequest", lambda: self.line):
            self.server = serve.Server(engine, TOKEN, "http://localhost", 1e9)
        self.server._drawer.close()
        self.server._drawer = self.server._sender._drawer = drawer or Paper()

    def send(self, *updates: Any) -> list[Call]:
        """Let updates in together, and wait until nothing more goes out; what went out."""
        start = len(self.line.calls)
        self.loop.run_until_complete(self._take(updates))
        sent = self.line.calls[start:]
        del self.line.calls[:]
        return sent

    async def _take(self, updates: Sequence[Any]) -> None:
        await self.server._take(updates, None)
        sender = self.server._sender
        while under_way := [t for t in (*sender._workers.values(), *sender._answers) if not t.done()]:
            await asyncio.wait(under_way)

    def close(self) -> None:
        self.server._database.shutdown(wait=True)
        self.loop.close()


# --- updates as Telegram writes them ---------------------------------------------------------------------------------


def person(user: int, *, is_bot: bool = False, language: str = "en") -> dict[str, Any]:
    return {"id": user, "is_bot": is_bot, "first_name": "P", "language_code": language}


def _message(user: int, text: str | None, sender: dict[str, Any], chat: dict[str, Any]) -> dict[str, Any]:
    message = {"message_id": next(NUMBERS), "date": 1_770_000_000, "chat": chat, "from": sender}
    return message if text is None else {**message, "text": text}


def private(user: int) -> dict[str, Any]:
    return {"id": user, "type": "private", "first_name": "P"}


def says(user: int, text: str | None, *, sender: dict[str, Any] | None = None, chat: Any = None) -> dict[str, Any]:
    """A typed message; without a text a voice message, which nobody reads."""
    message = _message(user, text, sender or person(user), chat or private(user))
    if text is None:
        message["voice"] = {"file_id": "v", "file_unique_id": "v", "duration": 1}
    return {"update_id": next(NUMBERS), "message": message}


def edits(user: int, text: str) -> dict[str, Any]:
    return {"update_id": next(NUMBERS), "edited_message": _message(user, text, person(user), private(user))}


def taps(user: int, data: str, *, sender: dict[str, Any] | None = None, chat: Any = None) -> dict[str, Any]:
    """A tap on a button that carries these data."""
    query = {
        "id": str(next(NUMBERS)),
        "from": sender or person(user),
        "chat_instance": "1",
        "data": data,
        "message": _message(user, "…", person(1, is_bot=True), chat or private(user)),
    }
    return {"update_id": next(NUMBERS), "callback_query": query}

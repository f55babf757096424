"""What the server knows: chats, their messages, taps, files and requests. Everything recorded, nothing forgotten."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .units import Entity
from .updates import UpdateQueue

Json = dict[str, Any]
Sender = Literal["bot", "person"]


@dataclass
class StoredFile:
    """A file that someone sent: by the bot's upload or from a phone."""

    file_id: str
    data: bytes
    name: str
    mime_type: str
    size_px: tuple[int, int] = (0, 0)

    @property
    def path(self) -> str:
        """Where ``/file/bot<TOKEN>/`` serves it."""
        return f"documents/{self.file_id}/{self.name}"


@dataclass
class Message:
    """One message as the chat shows it now, and what it showed before.

    Attributes
    ----------
    text, caption : one of them, or neither (a sticker, a service message)
    entities : of the text or the caption
    photo, document : the bytes that were sent
    edited : how many edits were applied
    deleted : gone from the chat; `deleted_by` says by whom ("bot" or "person")
    keyboards : every inline keyboard it has shown, the present one last
    contents : every text or caption it has shown, the present one last
    extra : fields a client adds (sticker, voice, contact, new_chat_members)
    """

    message_id: int
    chat_id: int
    date: int
    sender: Sender
    user: Json
    text: str | None = None
    caption: str | None = None
    entities: list[Entity] = field(default_factory=list)
    reply_markup: Json | None = None
    photo: bytes | None = None
    document: bytes | None = None
    file: StoredFile | None = None
    protect_content: bool = False
    silent: bool = False
    reply_to: int | None = None
    edited: int = 0
    edit_date: int | None = None
    deleted: bool = False
    deleted_by: str = ""
    keyboards: list[list[list[Json]]] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.remember()

    def __getitem__(self, name: str) -> Any:
        """``message["text"]`` reads as ``message.text``."""
        return getattr(self, name)

    @property
    def content(self) -> str:
        """Text or caption."""
        return self.text if self.text is not None else self.caption or ""

    @property
    def file_name(self) -> str:
        """Name of the file it carries, empty for none."""
        return self.file.name if self.file else ""

    def keyboard(self) -> list[list[Json]]:
        """Rows of inline buttons it shows now."""
        rows: list[list[Json]] = (self.reply_markup or {}).get("inline_keyboard", [])
        return rows

    def buttons(self) -> list[Json]:
        """Inline buttons it shows now, row after row."""
        return [button for row in self.keyboard() for button in row]

    def labels(self) -> list[str]:
        """Texts of its buttons."""
        return [button["text"] for button in self.buttons()]

    def remember(self) -> None:
        """Keep what it shows now among what it has shown."""
        if self.keyboard() and (not self.keyboards or self.keyboards[-1] != self.keyboard()):
            self.keyboards.append(self.keyboard())
        if self.content and (not self.contents or self.contents[-1] != self.content):
            self.contents.append(self.content)


@dataclass
class Chat:
    """A private chat or a group, with what the bot may do there.

    Attributes
    ----------
    started : the person has written to the bot once; before, it may not write to them
    blocked : the person blocked the bot
    member : the bot is in the group; `removed` says why not ("left", "kicked")
    messages : message id to message, deleted ones included
    actions : chat actions shown ("typing", …) with their times
    """

    chat_id: int
    kind: Literal["private", "group", "supergroup"]
    user: Json | None = None
    title: str = ""
    started: bool = False
    blocked: bool = False
    member: bool = True
    removed: str = ""
    messages: dict[int, Message] = field(default_factory=dict)
    actions: list[tuple[str, float]] = field(default_factory=list)

    def to_json(self) -> Json:
        """The ``Chat`` object of messages and updates."""
        if self.kind != "private":
            return {"id": self.chat_id, "type": self.kind, "title": self.title}
        user = self.user or {}
        names: Json = {name: user[name] for name in ("first_name", "last_name", "username") if name in user}
        return {"id": self.chat_id, "type": "private", **names}

    def visible(self, sender: Sender | None = None) -> list[Message]:
        """Messages that are still there, oldest first."""
        return [
            message for message in self.messages.values() if not message.deleted and sender in (None, message.sender)
        ]


@dataclass
class CallbackQuery:
    """One tap, and whether its spinner has stopped.

    Attributes
    ----------
    state : "pending"; "answered"; "too_old" when the bot tried after the query's time
    text, show_alert : what the answer said
    """

    query_id: str
    chat_id: int
    message_id: int
    user: Json
    data: str
    label: str
    at: float
    state: Literal["pending", "answered", "too_old"] = "pending"
    text: str = ""
    show_alert: bool = False
    answered_at: float | None = None


@dataclass
class RequestRecord:
    """One request of the bot.

    Attributes
    ----------
    params : parameters as Python values, whatever way they were sent
    files : upload names to file names
    status : HTTP status of the answer; `None` while none was given and where the line was dropped
    description : the refusal's words
    when, done : times of the server's clock
    fault : the fault that met it, empty for none
    early : it came before a 429's `retry_after` was over
    """

    number: int
    method: str
    params: Json
    files: dict[str, str]
    chat: int | None
    when: float
    status: int | None = None
    description: str = ""
    done: float | None = None
    fault: str = ""
    early: bool = False


class World:
    """The state behind the server. Every method may be called from any thread; `changed` is notified of each change."""

    def __init__(self, bot: Json, clock: Callable[[], float], first_update_id: int) -> None:
        self.bot = bot
        self.changed = threading.Condition(threading.RLock())
        self.updates = UpdateQueue(first_update_id)
        self.wake: Callable[[], None] = lambda: None
        self.chats: dict[int, Chat] = {}
        self.callback_queries: dict[str, CallbackQuery] = {}
        self.requests: list[RequestRecord] = []
        self.files: dict[str, StoredFile] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.callback_max_age = 900.0
        self.in_flight = 0
        self.last_activity = time.monotonic()
        self.logged_out = False
        self._clock = clock
        self._skipped = 0.0
        self._message_ids = itertools.count(1)
        self._numbers = itertools.count(1)

    def now(self) -> float:
        """The server's time, seconds since the epoch."""
        return self._clock() + self._skipped

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on the server's clock alone."""
        with self.changed:
            self._skipped += seconds
            self.changed.notify_all()

    def touch(self) -> None:
        """Something happened: whoever waits looks again."""
        with self.changed:
            self.last_activity = time.monotonic()
            self.changed.notify_all()

    def add_private(self, user: Json) -> Chat:
        """A person the server knows, who has not written to the bot yet."""
        with self.changed:
            return self.chats.setdefault(user["id"], Chat(user["id"], "private", user=user))

    def add_group(self, chat_id: int, title: str) -> Chat:
        """A group; a supergroup's id begins with -100."""
        kind: Literal["group", "supergroup"] = "supergroup" if str(chat_id).startswith("-100") else "group"
        with self.changed:
            return self.chats.setdefault(chat_id, Chat(chat_id, kind, title=title, member=False, removed="left"))

    def add_file(self, data: bytes, name: str, mime_type: str, size_px: tuple[int, int] = (0, 0)) -> StoredFile:
        """Keep a file under a new id."""
        with self.changed:
            stored = StoredFile(f"FILE{next(self._numbers):06d}", data, name, mime_type, size_px)
            self.files[stored.file_id] = stored
            return stored

    def add_message(self, chat: Chat, sender: Sender, user: Json, **content: Any) -> Message:
        """A new message in `chat`."""
        with self.changed:
            message = Message(next(self._message_ids), chat.chat_id, int(self.now()), sender, user, **content)
            chat.messages[message.message_id] = message
            self.touch()
            return message

    def delete(self, message: Message, by: Literal["bot", "person"]) -> None:
        """Take a message out of the chat, for both sides."""
        with self.changed:
            message.deleted, message.deleted_by = True, by
            self.touch()

    def push(self, kind: str, content: Json) -> int:
        """Queue an update for the bot; its id."""
        return self.queue({kind: content})

    def queue(self, update: Json, update_id: int | None = None) -> int:
        """Queue a whole update object; its id."""
        with self.changed:
            number = self.updates.push(update, update_id)
            self.touch()
        self.wake()
        return number

    def tap(self, chat: Chat, message: Message | None, user: Json, data: str, label: str) -> CallbackQuery:
        """A person taps a button that carries `data`."""
        with self.changed:
            number = next(self._numbers)
            query = CallbackQuery(
                f"{user['id'] * 10_000_000 + number}",
                chat.chat_id,
                message.message_id if message else 0,
                user,
                data,
                label,
                self.now(),
            )
            self.callback_queries[query.query_id] = query
            shown: Json = {"chat": chat.to_json(), "message_id": query.message_id, "date": 0}
            if message is not None and not message.deleted:
                shown = self.message_json(message)
            self.push(
                "callback_query",
                {
                    "id": query.query_id,
                    "from": user,
                    "message": shown,
                    "chat_instance": str(chat.chat_id * 7919),
                    "data": data,
                },
            )
            return query

    def message_json(self, message: Message) -> Json:
        """The ``Message`` object."""
        told: Json = {
            "message_id": message.message_id,
            "from": message.user,
            "chat": self.chats[message.chat_id].to_json(),
            "date": message.date,
            **message.extra,
        }
        if message.text is not None:
            told["text"] = message.text
            if message.entities:
                told["entities"] = message.entities
        if message.caption:
            told["caption"] = message.caption
            if message.entities:
                told["caption_entities"] = message.entities
        if message.file is not None:
            unique = {"file_id": message.file.file_id, "file_unique_id": f"U{message.file.file_id}"}
            size = {"file_size": len(message.file.data)}
            if message.photo is not None:
                width, height = message.file.size_px
                told["photo"] = [{**unique, **size, "width": width, "height": height}]
            elif message.document is not None:
                named = {"file_name": message.file.name, "mime_type": message.file.mime_type}
                told["document"] = {**unique, **size, **named}
        if message.keyboard():
            told["reply_markup"] = message.reply_markup
        if message.protect_content:
            told["has_protected_content"] = True
        if message.edit_date is not None:
            told["edit_date"] = message.edit_date
        replied = self.chats[message.chat_id].messages.get(message.reply_to or 0)
        if replied is not None and not replied.deleted and "reply_to_message" not in message.extra:
            told["reply_to_message"] = {
                name: part for name, part in self.message_json(replied).items() if name != "reply_to_message"
            }
        return told

    def transcript(self, chat_id: int, last: int = 8) -> str:
        """The chat as a person sees it, for a failure's message."""
        with self.changed:
            chat = self.chats.get(chat_id)
            shown = chat.visible()[-last:] if chat else []
            lines = [f"chat {chat_id} shows:" if shown else f"chat {chat_id} is empty"]
            for message in shown:
                what = "[photo] " if message.photo is not None else ""
                what = f"[{message.file_name}] " if message.document is not None else what
                who = "bot" if message.sender == "bot" else message.user.get("first_name", "person")
                lines.append(f"  #{message.message_id} {who}: {what}{message.content}")
                lines += ["      " + "  ".join(f"[{one['text']}]" for one in row) for row in message.keyboard()]
            return "\n".join(lines)

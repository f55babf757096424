"""People with phones: they write, tap what they can see, and get annoyed when nothing happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal, NoReturn, Self

from .bot_api import BotApi, CallbackQuery, Chat, Message
from .bot_api.entities import commands_in
from .bot_api.hands import PATIENCE_SECONDS
from .bot_api.messages import png_size


class Person:
    """Somebody with a phone, in their private chat with the bot (or in a group, see `in_group`).

    What a person does is blocking and short; nothing waits for the bot unless its name says so (`settled`,
    `wait_until`, `see`). Call it from any thread but the bot's own event loop.

    Parameters
    ----------
    api : the server
    user_id : the account, also the id of the private chat
    language_code : what the account's phone speaks
    group : chat id of a group to act in, in place of the private chat

    Attributes
    ----------
    taps : how many buttons were tapped
    tapped : labels in the order they were tapped
    """

    def __init__(
        self,
        api: BotApi,
        user_id: int,
        first_name: str,
        language_code: str = "en",
        username: str | None = None,
        *,
        group: int | None = None,
    ) -> None:
        self.api = api
        self.user: dict[str, Any] = {
            "id": user_id,
            "is_bot": False,
            "first_name": first_name,
            "language_code": language_code,
        }
        if username:
            self.user["username"] = username
        self.private = api.world.add_private(self.user)
        self.chat_id = user_id if group is None else group
        self.taps = 0
        self.tapped: list[str] = []

    def __repr__(self) -> str:
        return f"<{self.user['first_name']}, {self.api.transcript(self.chat_id)}>"

    @property
    def user_id(self) -> int:
        """The account."""
        return int(self.user["id"])

    @property
    def chat(self) -> Chat:
        """The chat this person acts in."""
        return self.api.chats[self.chat_id]

    @property
    def tap_counts(self) -> Counter[str]:
        """How often each label was tapped."""
        return Counter(self.tapped)

    def _fail(self, what: str) -> NoReturn:
        raise AssertionError(f"{what}\n{self.api.transcript(self.chat_id)}")

    # Writing

    def _write(self, **content: Any) -> Message:
        with self.api.world.changed:
            if self.chat.kind == "private":
                if self.chat.blocked:
                    self._fail("this person has blocked the bot: unblock() first")
                self.chat.started = True
            message = self.api.world.add_message(self.chat, "person", self.user, **content)
            if self.chat.kind == "private" or self.chat.member:
                self.api.world.push("message", self.api.world.message_json(message))
            return message

    def say(self, text: str, reply_to: int | None = None) -> Message:
        """Write `text`; commands in it are marked as Telegram does, and the first message starts the bot."""
        return self._write(text=text, entities=commands_in(text), reply_to=reply_to)

    def edit_message(self, text: str, message_id: int | None = None) -> Message:
        """Change one's own message, the last text unless `message_id` says which."""
        with self.api.world.changed:
            own = [one for one in self.chat.visible("person") if one.text is not None and self._wrote(one)]
            own = [one for one in own if message_id in (None, one.message_id)]
            if not own:
                self._fail("there is no message of one's own to edit")
            message = own[-1]
            message.text, message.entities = text, commands_in(text)
            message.edited += 1
            message.edit_date = int(self.api.now())
            message.remember()
            self.api.world.push("edited_message", self.api.world.message_json(message))
            return message

    def _wrote(self, message: Message) -> bool:
        return message.user.get("id") == self.user_id

    def send_sticker(self, emoji: str = "👍") -> Message:
        """A sticker."""
        stored = self.api.world.add_file(b"sticker", "sticker.webp", "image/webp")
        ids = {"file_id": stored.file_id, "file_unique_id": f"U{stored.file_id}"}
        look = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._write(extra={"sticker": {**ids, **look, "emoji": emoji}})

    def send_voice(self, seconds: int = 3) -> Message:
        """A voice message."""
        stored = self.api.world.add_file(b"voice", "voice.ogg", "audio/ogg")
        ids = {"file_id": stored.file_id, "file_unique_id": f"U{stored.file_id}"}
        return self._write(extra={"voice": {**ids, "duration": seconds, "mime_type": "audio/ogg"}})

    def send_contact(self, phone_number: str = "+15550100", first_name: str = "Somebody") -> Message:
        """A contact card."""
        return self._write(extra={"contact": {"phone_number": phone_number, "first_name": first_name}})

    def send_location(self, latitude: float = 0.0, longitude: float = 0.0) -> Message:
        """A place."""
        return self._write(extra={"location": {"latitude": latitude, "longitude": longitude}})

    def send_photo(self, data: bytes = b"\xff\xd8\xffphoto", caption: str = "") -> Message:
        """A picture."""
        stored = self.api.world.add_file(data, "photo.jpg", "image/jpeg", png_size(data) or (90, 90))
        return self._write(photo=data, file=stored, caption=caption or None, entities=commands_in(caption))

    def send_document(self, data: bytes = b"document", name: str = "notes.pdf", caption: str = "") -> Message:
        """A file."""
        stored = self.api.world.add_file(data, name, "application/octet-stream")
        return self._write(document=data, file=stored, caption=caption or None, entities=commands_in(caption))

    # Seeing

    def messages(self, *, everybody: bool = False) -> list[Message]:
        """The bot's messages that are still there, oldest first; those of people too if `everybody`."""
        with self.api.world.changed:
            return self.chat.visible(None if everybody else "bot")

    def message(self, message_id: int) -> Message:
        """A message by id, there or deleted."""
        return self.chat.messages[message_id]

    def last(self) -> Message:
        """The bot's latest message."""
        shown = self.messages()
        return shown[-1] if shown else self._fail("the bot has written nothing")

    def live(self) -> Message | None:
        """The latest message with buttons, `None` when there is none."""
        shown = [message for message in self.messages() if message.keyboard()]
        return shown[-1] if shown else None

    def screen(self) -> str:
        """Text (or caption) of the latest message with buttons, empty when there is none."""
        live = self.live()
        return live.content if live else ""

    def buttons(self, message: int | None = None) -> list[str]:
        """Labels of the latest message with buttons, or of the message with this id."""
        shown = self.live() if message is None else self.chat.messages.get(message)
        return shown.labels() if shown and not shown.deleted else []

    def photos(self) -> list[Message]:
        """The bot's pictures that are still there; their bytes are `photo`."""
        return [message for message in self.messages() if message.photo is not None]

    def documents(self) -> list[Message]:
        """The bot's files that are still there; their bytes are `document`."""
        return [message for message in self.messages() if message.document is not None]

    def unanswered(self) -> list[CallbackQuery]:
        """This chat's taps whose spinner still turns."""
        return self.api.unanswered(self.chat_id)

    def commands(self) -> list[str]:
        """Commands in this chat's menu: the most special scope that has any, own language first."""
        scopes = [f'{{"chat_id": {self.chat_id}, "type": "chat"}}']
        scopes.append('{"type": "all_private_chats"}' if self.chat.kind == "private" else '{"type": "all_group_chats"}')
        scopes.append('{"type": "default"}')
        for scope in scopes:
            for language in (self.user["language_code"][:2], ""):
                found = self.api.commands.get((scope, language))
                if found:
                    return [command["command"] for command in found]
        return []

    # Tapping

    def _button(self, label: str, message: int | None, exact: bool) -> tuple[Message, dict[str, Any]]:
        shown = self.live() if message is None else self.chat.messages.get(message)
        if shown is None or shown.deleted or not shown.keyboard():
            self._fail(f"no button to tap [{label}]")
        wanted = label.casefold()
        fitting = [
            button
            for button in shown.buttons()
            if (button["text"] == label if exact else wanted in button["text"].casefold())
        ]
        if len(fitting) != 1:
            count = "no button reads" if not fitting else f"{len(fitting)} buttons read"
            self._fail(f"{count} [{label}]; there are {shown.labels()}")
        return shown, fitting[0]

    def _tap(self, message: Message | None, data: str, label: str) -> str:
        if self.private.blocked:
            self._fail(f"this person has blocked the bot and cannot tap [{label}]")
        return self.api.world.tap(self.chat, message, self.user, data, label).query_id

    def tap(self, label: str, message: int | None = None, exact: bool = True, within: float = 0.0) -> str:
        """Tap the button that reads `label`.

        Parameters
        ----------
        label : the visible text; a part of it in any case if `exact` is false
        message : id of the message, the latest with buttons when not given
        within : seconds to wait for the button to appear

        Returns
        -------
        str
            Id of the callback query.

        Raises
        ------
        AssertionError
            When no button, or more than one, reads so; with the buttons that are there.
        """
        if within:
            self.see(label, within, message=message, exact=exact)
        with self.api.world.changed:
            shown, button = self._button(label, message, exact)
            if "callback_data" not in button:
                self._fail(f"[{button['text']}] is no button for the bot: {button}")
            self.taps += 1
            self.tapped.append(button["text"])
            return self._tap(shown, button["callback_data"], button["text"])

    def tap_old(self, message_id: int, label_or_data: str) -> str:
        """Tap a button that a message shows or once showed, as a phone does that has not caught up."""
        with self.api.world.changed:
            message = self.chat.messages.get(message_id)
            keyboards = reversed(message.keyboards) if message else ()
            for keyboard in keyboards:
                for button in (button for row in keyboard for button in row):
                    if "callback_data" in button and label_or_data in (button["text"], button["callback_data"]):
                        self.taps += 1
                        self.tapped.append(button["text"])
                        return self._tap(message, button["callback_data"], button["text"])
        return self._fail(f"message {message_id} never had a button [{label_or_data}]")

    def forge(self, data: str, message: int | None = None) -> str:
        """Send a tap with data that no button carries, on the latest message with buttons; not counted in `taps`."""
        with self.api.world.changed:
            shown = self.live() if message is None else self.chat.messages.get(message)
            if shown is None and message is None:
                shown = self.last()
            return self._tap(shown, data, "(forged)")

    def link(self, label: str, exact: bool = True) -> str:
        """Address of the link button that reads `label`."""
        _, button = self._button(label, None, exact)
        if "url" not in button:
            self._fail(f"[{label}] is no link: {button}")
        return str(button["url"])

    # Waiting

    def wait_until(self, holds: Callable[[], Any], timeout: float = PATIENCE_SECONDS, what: str = "") -> Self:
        """Wait until `holds()` is true; fail with what the chat shows."""
        self.api.wait_until(holds, timeout, what, self.chat_id)
        return self

    def see(
        self, label: str, timeout: float = PATIENCE_SECONDS, *, message: int | None = None, exact: bool = True
    ) -> Self:
        """Wait until a button reads `label`."""

        def there() -> bool:
            return any(
                shown == label if exact else label.casefold() in shown.casefold() for shown in self.buttons(message)
            )

        return self.wait_until(there, timeout, f"a button [{label}]")

    def settled(self, timeout: float = PATIENCE_SECONDS, *, answered: bool = True) -> Self:
        """Wait until the bot is at rest, see `BotApi.settled`."""
        self.api.settled(timeout, answered=answered)
        return self

    # Coming and going

    def _membership(self, old: str, new: str) -> None:
        bot = self.api.world.bot
        until = {"until_date": 0} if "kicked" in (old, new) else {}
        states = {
            name: {"user": bot, "status": status, **(until if status == "kicked" else {})}
            for name, status in (("old_chat_member", old), ("new_chat_member", new))
        }
        told = {"chat": self.chat.to_json(), "from": self.user, "date": int(self.api.now()), **states}
        self.api.world.push("my_chat_member", told)

    def block(self) -> None:
        """Block the bot."""
        with self.api.world.changed:
            self.private.blocked = True
            self._membership("member", "kicked")

    def unblock(self) -> None:
        """Let the bot write again."""
        with self.api.world.changed:
            self.private.blocked = False
            self._membership("kicked", "member")

    def clear_chat(self) -> None:
        """Delete every message, for both sides. The bot is not told."""
        with self.api.world.changed:
            for message in self.chat.visible():
                self.api.world.delete(message, "person")

    def delete_message(self, message_id: int) -> None:
        """Delete one message, for both sides. The bot is not told."""
        with self.api.world.changed:
            self.api.world.delete(self.chat.messages[message_id], "person")

    def in_group(self, chat_id: int, title: str = "A group") -> Person:
        """Add the bot to a group and be in it: the returned person acts there. A bot that is in is not added again."""
        names = {name: self.user[name] for name in ("first_name", "language_code")}
        there = Person(self.api, self.user_id, **names, username=self.user.get("username"), group=chat_id)
        with self.api.world.changed:
            group = self.api.world.add_group(chat_id, title)
            if not group.member:
                group.member, group.removed = True, ""
                there._membership("left", "member")
                there._write(extra={"new_chat_members": [self.api.world.bot]})
        return there

    def remove_bot(self, how: Literal["kicked", "left"] = "kicked") -> None:
        """Put the bot out of the group."""
        with self.api.world.changed:
            if self.chat.kind == "private":
                self._fail("a private chat's bot is blocked, not removed: block()")
            self.chat.member, self.chat.removed = False, how
            self._membership("member", how)

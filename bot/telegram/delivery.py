"""The only sender: a queue per chat, in order; retries; the one live message edited in place; results as new messages.

A screen is rendered when it is sent, so ten fast taps become one edit. A new message can arrive twice where its answer was lost,
never more often than that; the outbox is marked only after Telegram took it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, TypeVar

from telegram import InputFile
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.drawing import Drawer, DrawingFailed, Job, Wanted
from bot.invitation import forward_text, invitation_link, qr_png
from bot.outputs import summary_of
from bot.telegram import render
from bot.telegram.pace import Pace
from bot.telegram.request import AiohttpRequest
from flows.engine import Engine
from flows.storage.engines import StorageUnavailable
from flows.storage.mail import Waiting
from flows.views import Button, Screen
from flows.wording import translator
from scoring.compare import Comparison, compare
from scoring.documents.blocks import Document
from scoring.documents.comparison import reading
from scoring.trend import trend

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Pauses between tries of a call that did not get through, in seconds; the last one repeats.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
#: Tries of a message before it is given up and shown as undelivered.
MAX_TRIES = 60
#: Tries of answering a tap; after some seconds the person has tapped again anyway.
ANSWER_TRIES = 4
UNCHANGED = "message is not modified"
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message not found")
#: What is sent as a photo with its words under it.
PICTURES = ("map", "history", "compare", "trend")
#: After what is new in the chat the live message comes again, below it.
ABOVE_THE_SCREEN = (*PICTURES, "summary", "file", "text", "invitation")
NO_PREVIEW = {"is_disabled": True}
BY_HAND = "Messages that are too old to be taken back from this chat: {count}. Please delete them by hand."
EMPTIED = "…"
DELETE_YOURSELF = "Please delete what you typed: hold it, then tap Delete."
NOT_DRAWN = "The picture could not be drawn. The answers are kept; ask for the results again from My cases."


class GaveUp(Exception):
    """A call was refused for good; the chat goes on without it."""


class Sender:
    """Owns every outgoing call of the process.

    Parameters
    ----------
    database : the executor with the one thread that talks to the store
    """

    def __init__(
        self,
        engine: Engine,
        request: AiohttpRequest,
        base_url: str,
        drawer: Drawer,
        pace: Pace,
        database: Executor,
    ) -> None:
        self._engine, self._request, self._base_url = engine, request, base_url
        self._drawer, self._pace, self._database = drawer, pace, database
        self._dirty: set[str] = set()
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._answers: set[asyncio.Task[None]] = set()
        self._is_closing = False

    # --- what others ask of it ---

    def notify(self, account_id: str) -> None:
        """Something may be newer than what this account was shown."""
        self._dirty.add(account_id)
        worker = self._workers.get(account_id)
        if (worker is None or worker.done()) and not self._is_closing:
            self._workers[account_id] = asyncio.create_task(self._work(account_id))

    def answer(self, query_id: str, toast: str = "") -> None:
        """Answer a tap, so that nothing spins; with a line where the tap did not do what it said."""
        task = asyncio.create_task(self._answer(query_id, toast))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def leave_group(self, chat: int) -> None:
        text = "Stemwise works in private chats only. It leaves this group and keeps nothing of it."
        for endpoint, values in (("sendMessage", {"chat_id": chat, "text": text}), ("leaveChat", {"chat_id": chat})):
            try:
                await self._request.call(self._base_url, endpoint, values)
            except TelegramError as error:
                log.info("leaving a group: %s", type(error).__name__)

    async def close(self) -> None:
        """Let what is under way end; what is not sent waits in the store."""
        self._is_closing = True
        tasks = [*self._workers.values(), *self._answers]
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        for task in tasks:
            task.cancel()

    # --- one chat ---

    async def _stored(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """A call of the store, in its thread; tried again while the storage cannot be used."""
        loop = asyncio.get_running_loop()
        for tries in range(len(PAUSES) * 10):
            try:
                return await loop.run_in_executor(self._database, lambda: function(*arguments, **named))
            except StorageUnavailable as error:
                log.warning("storage: %s", error)
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
        raise StorageUnavailable("the database stayed unusable")

    async def _work(self, account_id: str) -> None:
        """Deliver until nothing is newer than what was shown."""
        while account_id in self._dirty and not self._is_closing:
            self._dirty.discard(account_id)
            try:
                account = await self._stored(self._engine.account_of, account_id)
                if account.channel == "telegram":
                    moved = await self._deliver_news(account_id, account.address)
                    await self._deliver_screen(account_id, account.address, goes_below=moved)
            except Forbidden:
                await self._stored(self._engine.unreachable, account_id)
            except GaveUp as error:
                log.error("delivery to %s was given up: %s", account_id, error)
            except StorageUnavailable:
                log.error("delivery to %s waits: the database cannot be used", account_id)
            except Exception as error:
                log.error("delivery to %s failed: %s", account_id, type(error).__name__)
        self._workers.pop(account_id, None)
        if account_id in self._dirty and not self._is_closing:
            self.notify(account_id)

    async def _call(self, chat: str, endpoint: str, **values: Any) -> Any:
        """One call, tried until it gets through or is refused for good."""
        for tries in range(MAX_TRIES):
            await self._pace.wait(chat)
            try:
                return await self._request.call(self._base_url, endpoint, {"chat_id": chat, **values})
            except RetryAfter as error:
                wait = error.retry_after
                self._pace.hold(chat, wait if isinstance(wait, int | float) else wait.total_seconds())
            except (BadRequest, Forbidden):
                raise
            except NetworkError:
                if self._is_closing:
                    raise
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            except TelegramError as error:
                raise GaveUp(f"{endpoint}: {type(error).__name__}") from None
        raise GaveUp(f"{endpoint}: no answer after {MAX_TRIES} tries")

    async def _answer(self, query_id: str, toast: str) -> None:
        values = {"callback_query_id": query_id, "text": render.clipped(toast, 200) or None}
        for tries in range(ANSWER_TRIES):
            try:
                await self._request.call(self._base_url, "answerCallbackQuery", values)
                return
            except RetryAfter as error:
                wait = error.retry_after
                await asyncio.sleep(wait if isinstance(wait, int | float) else wait.total_seconds())
            except BadRequest:
                return  # too old: the person has long since seen what came of it
            except NetworkError:
                await asyncio.sleep(PAUSES[tries])
            except TelegramError:
                return

    # --- the live screen ---

    async def _deliver_screen(self, account_id: str, chat: str, *, goes_below: bool) -> None:
        screen, message, wants_new = await self._stored(self._engine.screen_of, account_id)
        if message is not None and not wants_new and not goes_below:
            if await self._edit(chat, message, screen):
                await self._stored(self._engine.screen_delivered, account_id, screen.version, message)
                return
            message = None
        sent = await self._send_screen(chat, screen)
        await self._stored(self._engine.screen_delivered, account_id, screen.version, sent)
        if message is not None:
            await (self._remove if screen.leaves_nothing else self._strip)(chat, message)

    def _screen_values(self, screen: Screen) -> dict[str, Any]:
        message = render.screen_message(screen)
        keys = render.keyboard(screen.rows, screen.number)
        return {
            "text": message.text,
            "entities": message.entities or None,
            "reply_markup": keys,
            "link_preview_options": NO_PREVIEW,
        }

    async def _edit(self, chat: str, message: str, screen: Screen) -> bool:
        """Whether the live message now shows the screen; false where it is gone and a new one is needed."""
        try:
            await self._call(chat, "editMessageText", message_id=message, **self._screen_values(screen))
        except BadRequest as error:
            if UNCHANGED in str(error).casefold():
                return True
            if any(gone in str(error).casefold() for gone in GONE):
                return False
            log.warning("an edit was refused; a new message is sent")
            return False
        return True

    async def _send_screen(self, chat: str, screen: Screen) -> str:
        sent = await self._sent(chat, "sendMessage", **self._screen_values(screen))
        return str(sent["message_id"])

    async def _sent(self, chat: str, endpoint: str, **values: Any) -> Any:
        try:
            return await self._call(chat, endpoint, **values)
        except BadRequest as error:
            if "chat not found" in str(error).casefold():
                raise Forbidden("chat not found") from None
            raise GaveUp(f"{endpoint} was refused") from None

    async def _remove(self, chat: str, message: str) -> None:
        """An older message of a questionnaire goes; where Telegram refuses, its words go."""
        try:
            await self._call(chat, "deleteMessage", message_id=message)
        except (BadRequest, GaveUp):
            with suppress(BadRequest, GaveUp):
                await self._call(chat, "editMessageText", message_id=message, text=EMPTIED)

    async def _strip(self, chat: str, message: str) -> None:
        """An older message loses its buttons; where it is gone, that is as good."""
        try:
            await self._call(chat, "editMessageReplyMarkup", message_id=message)
        except (BadRequest, GaveUp):
            log.debug("an old message kept its buttons")

    # --- new messages ---

    async def _deliver_news(self, account_id: str, chat: str) -> bool:
        """Send what waits, in order; whether the live message must come below it."""
        moved = False
        for waiting in await self._stored(self._engine.waiting_for, account_id):
            try:
                messages = await self._send_news(chat, waiting)
            except GaveUp:
                await self._stored(self._engine.news_failed, waiting, gives_up=True)
                continue
            except (NetworkError, TelegramError) as error:
                if not isinstance(error, Forbidden):
                    await self._stored(self._engine.news_failed, waiting, gives_up=False)
                raise
            await self._stored(self._engine.news_sent, waiting, messages)
            moved = moved or waiting.news.kind in ABOVE_THE_SCREEN
        return moved

    async def _send_news(self, chat: str, waiting: Waiting) -> list[str]:
        news = waiting.news
        send: dict[str, Callable[[str, Waiting], Awaitable[list[str]]]] = {
            **dict.fromkeys(PICTURES, self._send_picture),
            "file": self._send_file,
            "summary": self._send_summary,
            "text": self._send_text,
            "alert": self._send_text,
            "notice": self._send_text,
            "reminder": self._send_text,
            "invitation": self._send_invitation,
            "take_away": self._take_back,
        }
        return await send[news.kind](chat, waiting)

    def _manner(self, waiting: Waiting) -> dict[str, Any]:
        news = waiting.news
        return {"protect_content": news.is_protected or None, "disable_notification": news.is_silent or None}

    async def _drawn(self, chat: str, waiting: Waiting, wanted: Wanted) -> bytes:
        """A picture or document made by the helper; meanwhile the chat shows that something is coming."""
        action = "upload_photo" if waiting.news.kind in PICTURES else "upload_document"
        await self._call(chat, "sendChatAction", action=action)
        body = waiting.news.body
        kept = await self._stored(self._engine.kept_of, body["encounter"], body["number"], body.get("edits"))
        before = None
        if wanted == "compare":
            before = await self._stored(self._engine.kept_of, body["before"], body["before_number"])
        earlier = [
            await self._stored(self._engine.kept_of, one["encounter"], one["number"]) for one in body.get("earlier", [])
        ]
        voices = await self._stored(self._engine.voices_of, body["encounter"])
        job = Job(wanted, kept, before, tuple(earlier), voices)
        return await asyncio.get_running_loop().run_in_executor(None, self._drawer.make, job)

    async def _caption(self, waiting: Waiting) -> str:
        from scoring import figures

        body, kind = waiting.news.body, waiting.news.kind
        result = await self._stored(self._engine.result_of, body["encounter"], body["number"])
        if kind == "map":
            return figures.map_caption(result)
        if kind == "history":
            return figures.history_alt(result)
        if kind == "trend":
            of, earlier = self._engine.result_of, body["earlier"]
            return figures.trend_caption(
                trend([*[await self._stored(of, e["encounter"], e["number"]) for e in earlier], result])
            )
        return figures.comparison_caption(await self._compared(waiting))

    async def _compared(self, waiting: Waiting) -> Comparison:
        of, body = self._engine.result_of, waiting.news.body
        before = await self._stored(of, body["before"], body["before_number"])
        return compare(before, await self._stored(of, body["encounter"], body["number"]))

    async def _send_picture(self, chat: str, waiting: Waiting) -> list[str]:
        kind = waiting.news.kind
        try:
            picture = await self._drawn(chat, waiting, kind)  # type: ignore[arg-type]
        except DrawingFailed as error:
            log.error("drawing %s failed: %s", kind, error)
            return await self._say(chat, NOT_DRAWN, waiting)
        caption = await self._caption(waiting)
        sent = await self._sent(
            chat,
            "sendPhoto",
            photo=InputFile(picture, filename=f"{kind}.png"),
            caption=render.clipped(caption, render.MAX_CAPTION),
            **self._manner(waiting),
        )
        said = [str(sent["message_id"])]
        if kind == "compare":  # what it may not be read as has no room in a caption
            said += await self._send_document(chat, waiting, reading(await self._compared(waiting)))
        return said

    async def _send_file(self, chat: str, waiting: Waiting) -> list[str]:
        """A document: drawn by the helper, or the case's export."""
        wanted = waiting.news.body["wanted"]
        try:
            if wanted == "export":
                content = await self._stored(self._engine.export_of, waiting.news.case_id)
            else:
                content = await self._drawn(chat, waiting, wanted)
        except DrawingFailed as error:
            log.error("making a document failed: %s", error)
            return await self._say(chat, NOT_DRAWN, waiting)
        name = "case.json" if wanted == "export" else f"{wanted}.pdf"
        document = InputFile(content, filename=name)
        sent = await self._sent(chat, "sendDocument", document=document, **self._manner(waiting))
        return [str(sent["message_id"])]

    async def _send_summary(self, chat: str, waiting: Waiting) -> list[str]:
        body = waiting.news.body
        result = await self._stored(self._engine.result_of, body["encounter"], body["number"], body.get("edits"))
        voices = await self._stored(self._engine.voices_of, body["encounter"])
        return await self._send_document(chat, waiting, summary_of(result, voices))

    async def _send_document(self, chat: str, waiting: Waiting, document: Document) -> list[str]:
        """A document as text, in as many messages as it needs."""
        sent = []
        for message in render.document_messages(document):
            answer = await self._sent(
                chat,
                "sendMessage",
                text=message.text,
                entities=message.entities or None,
                **self._manner(waiting),
            )
            sent.append(str(answer["message_id"]))
        return sent

    async def _send_text(self, chat: str, waiting: Waiting) -> list[str]:
        return await self._say(chat, waiting.news.body["text"], waiting)

    async def _send_invitation(self, chat: str, waiting: Waiting) -> list[str]:
        """A text to forward, with the link, and the same link as a picture; neither says what it is about."""
        name = await self._stored(self._engine.bot_name)
        locale = (await self._stored(self._engine.account_of, waiting.account_id)).locale
        token = waiting.news.body["token"]
        link = invitation_link(name or "", token)
        sent = await self._sent(
            chat, "sendMessage", text=forward_text(name, token, locale), link_preview_options=NO_PREVIEW
        )
        picture = InputFile(qr_png(link), filename="link.png")
        shown = await self._sent(
            chat, "sendPhoto", photo=picture, caption="The same link, to be scanned from this screen."
        )
        return [str(sent["message_id"]), str(shown["message_id"])]

    async def _take_back(self, chat: str, waiting: Waiting) -> list[str]:
        """Messages of an erased case go from the chat; how many Telegram no longer lets go is said."""
        left = 0
        for message in waiting.news.body["messages"]:
            try:
                await self._call(chat, "deleteMessage", message_id=message)
            except BadRequest as error:
                left += "not found" not in str(error).casefold()
        if left:
            account = await self._stored(self._engine.account_of, waiting.account_id)
            await self._sent(chat, "sendMessage", text=translator(account.locale)(BY_HAND, count=left))
        return []

    def take_away(self, account_id: str, chat: str, message: str) -> None:
        """What a carer typed does not stay in the chat; where Telegram refuses, one line says how to do it."""
        task = asyncio.create_task(self._take_away(account_id, chat, message))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _take_away(self, account_id: str, chat: str, message: str) -> None:
        try:
            await self._call(chat, "deleteMessage", message_id=message)
        except BadRequest as error:
            if "not found" in str(error).casefold():
                return
            account = await self._stored(self._engine.account_of, account_id)
            with suppress(TelegramError, GaveUp):
                await self._call(chat, "sendMessage", text=translator(account.locale)(DELETE_YOURSELF))
        except (TelegramError, GaveUp):
            log.warning("a typed message could not be taken away")

    async def _say(self, chat: str, text: str, waiting: Waiting) -> list[str]:
        rows = [[Button(b["words"], b["action"], b.get("arg", "")) for b in waiting.news.body.get("buttons", [])]]
        keys = render.keyboard(rows) if rows[0] else None
        sent = await self._sent(
            chat,
            "sendMessage",
            text=render.clipped(text, render.MAX_TEXT),
            reply_markup=keys,
            **self._manner(waiting),
        )
        return [str(sent["message_id"])]

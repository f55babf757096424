"""Our own polling loop: updates are taken, committed, and only then confirmed to Telegram.

The library's `Updater` confirms what it has merely queued; here the next offset is asked for after the commit. A malformed
update is stepped over; a storage error confirms nothing and is tried again with growing pauses.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.drawing import Drawer
from bot.telegram import commands
from bot.telegram.delivery import PAUSES, Sender
from bot.telegram.pace import Pace
from bot.telegram.request import AiohttpRequest
from bot.telegram.updates import ALLOWED, CHANNEL, Incoming, read_update
from flows.engine import Engine
from flows.storage.engines import StorageUnavailable
from flows.wording import translator
from scoring.documents.blocks import Paper

log = logging.getLogger(__name__)

POLL_S = 25
TICK_S = 10.0
BATCH = 100
BUSY = "The storage is busy. Your tap is being tried again; nothing is lost."


class ServeFailed(Exception):
    """Serving cannot go on; the message says why and what to do, never the token."""


class Server:
    """Long polling for one bot.

    Parameters
    ----------
    api_url : where the Bot API is, without the token
    sends_per_second : outgoing calls a second over all chats
    gives_up_webhook : take away a webhook that was set for this bot, so that it can be polled again
    paper : what documents are made on
    """

    def __init__(
        self,
        engine: Engine,
        token: str,
        api_url: str,
        sends_per_second: float,
        tick_s: float = TICK_S,
        *,
        gives_up_webhook: bool = False,
        paper: Paper = "A4",
    ) -> None:
        self._engine = engine
        self._gives_up_webhook = gives_up_webhook
        self._tick_s = tick_s
        self._request = AiohttpRequest()
        self._bot = Bot(
            token,
            base_url=f"{api_url.rstrip('/')}/bot",
            base_file_url=f"{api_url.rstrip('/')}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )
        self._database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._drawer = Drawer(paper=paper)
        self._pace = Pace(sends_per_second)
        self._sender = Sender(engine, self._request, self._bot.base_url, self._drawer, self._pace, self._database)
        self._source = f"{CHANNEL}:{token.partition(':')[0]}"
        self._stopping = asyncio.Event()
        self._groups_left: set[int] = set()

    async def run(self) -> None:
        """Serve until asked to stop.

        Raises
        ------
        ServeFailed
            For a wrong token, a second poller, or a webhook that is set elsewhere.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, self._stopping.set)
        await self._request.initialize()
        ticking: asyncio.Task[None] | None = None
        try:
            await self._begin()
            ticking = asyncio.create_task(self._tick())
            await self._receive()
        except Conflict:
            raise ServeFailed(
                "another program is polling for this bot, or a webhook is set; end that program,"
                " or give the webhook up: stemwise serve --webhook off"
            ) from None
        except InvalidToken:
            raise ServeFailed(
                "Telegram does not know this token; set STEMWISE_TOKEN to the one BotFather gave"
            ) from None
        finally:
            if ticking is not None:
                ticking.cancel()
            await self._sender.close()
            await self._request.shutdown()
            self._drawer.close()
            self._database.shutdown(wait=True)

    async def _stored(self, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._database, function, *arguments)

    async def _begin(self) -> None:
        """Say who we are, register commands, and deliver what a crash left undelivered."""
        tries = 0
        while not self._stopping.is_set():
            try:
                me = await self._bot.get_me()
                await commands.register(self._bot)
                await self._stored(self._engine.remember_bot, me.username or "")
                print(f"Serving @{me.username}. Ctrl-C ends it; nothing is lost.", flush=True)
                break
            except (Conflict, InvalidToken):
                raise
            except TelegramError as error:
                log.warning("Telegram does not answer: %s", type(error).__name__)
                await self._rest(tries)
                tries += 1
        for account_id in await self._stored(self._engine.accounts_waiting):
            self._sender.notify(account_id)
        for chat in await self._stored(self._engine.clinicians_addresses, CHANNEL):
            await self._menu_for(chat)

    async def _menu_for(self, chat: str) -> None:
        """A clinician's own menu; without it everything still works."""
        try:
            await commands.register_clinician(self._bot, chat)
        except TelegramError as error:
            log.info("a menu was not taken: %s", type(error).__name__)

    async def _tick(self) -> None:
        """Do what is due, every few seconds; a failure is tried again at the next tick."""
        while True:
            try:
                for account_id in await self._stored(self._engine.tick):
                    self._sender.notify(account_id)
            except Exception as error:
                log.warning("what is due waits: %s", type(error).__name__)
            await asyncio.sleep(self._tick_s)

    async def _rest(self, tries: int, seconds: float | None = None) -> None:
        """A growing pause that ends at once when serving ends."""
        pause = PAUSES[min(tries, len(PAUSES) - 1)] if seconds is None else seconds
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), pause)

    async def _receive(self) -> None:
        """Take updates until serving ends."""
        if self._gives_up_webhook:
            with suppress(TelegramError):  # where it could not be, polling says so
                await self._bot.delete_webhook()
        await self._poll()

    async def _poll(self) -> None:
        offset: int | None = None
        tries = 0
        while not self._stopping.is_set():
            try:
                raw = await self._until_stopped(self._fetch(offset))
            except RetryAfter as error:
                wait = error.retry_after
                await self._rest(0, wait if isinstance(wait, int | float) else wait.total_seconds())
                continue
            except (Conflict, InvalidToken):
                raise
            except TelegramError as error:
                log.log(
                    logging.INFO if isinstance(error, NetworkError) else logging.WARNING,
                    "poll: %s",
                    type(error).__name__,
                )
                await self._rest(tries)
                tries += 1
                continue
            tries = 0
            if raw:
                offset = await self._take(raw, offset)
        if offset is not None:  # confirm what was committed, so that it does not come again
            with suppress(TelegramError, asyncio.TimeoutError):
                await asyncio.wait_for(self._fetch(offset, seconds=0, limit=1), 3)

    async def _until_stopped(self, fetching: Any) -> list[Any]:
        """What was fetched, or nothing when serving ends meanwhile."""
        fetch, stop = asyncio.ensure_future(fetching), asyncio.ensure_future(self._stopping.wait())
        done, _ = await asyncio.wait({fetch, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if fetch in done:
            found: list[Any] = fetch.result()
            return found
        fetch.cancel()
        with suppress(asyncio.CancelledError, TelegramError):
            await fetch
        return []

    async def _fetch(self, offset: int | None, seconds: int = POLL_S, limit: int = BATCH) -> list[Any]:
        found = await self._request.call(
            self._bot.base_url,
            "getUpdates",
            {"offset": offset, "timeout": seconds, "limit": limit, "allowed_updates": ALLOWED},
            read_timeout=seconds + 10,
        )
        return found if isinstance(found, list) else []

    async def _take(self, raw: Sequence[Any], offset: int | None) -> int | None:
        """Take what was fetched; gives the next offset once all of it is committed."""
        incoming = [read for item in raw if (read := read_update(item, self._source)) is not None]
        numbers = [i.update_id for i in incoming]
        tries = 0
        while not self._stopping.is_set():
            try:
                await self._commit(incoming)
                break
            except StorageUnavailable as error:
                log.warning("storage: %s", error)
                if tries == 0:
                    self._say_busy(incoming)
                await self._rest(tries)
                tries += 1
        else:
            return offset
        return max(numbers) + 1 if numbers else offset

    def _say_busy(self, incoming: Iterable[Incoming]) -> None:
        """Who tapped is told at once that it is being tried again."""
        for one in incoming:
            if one.query_id:
                self._sender.answer(one.query_id, translator(one.event.locale if one.event else "en")(BUSY))

    async def _commit(self, incoming: Sequence[Incoming]) -> None:
        """One commit for all that waits together; then taps are answered and chats shown what is new."""
        events = [i.event for i in incoming if i.event is not None]
        taken = iter(await self._stored(self._engine.take_all, events) if events else [])
        for one in incoming:
            if one.event is not None:
                outcome = next(taken)
                for account_id in outcome.recipients:
                    self._sender.notify(account_id)
                if one.query_id:
                    self._sender.answer(one.query_id, outcome.toast)
                if outcome.has_enrolled:
                    await self._menu_for(one.event.address)
                if outcome.deletes_typed and one.message_id:
                    self._sender.take_away(outcome.account_id, one.event.address, one.message_id)
            elif one.query_id:
                self._sender.answer(one.query_id)
            elif one.group_id is not None and one.group_id not in self._groups_left:
                self._groups_left.add(one.group_id)
                await self._sender.leave_group(one.group_id)
            elif one.blocked_chat is not None:
                await self._stored(self._engine.blocked, CHANNEL, one.blocked_chat)

"""The HTTP server, in a thread and an event loop of its own, and what tests ask of it."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

from .access import chat_of
from .calls import Call, read_call
from .errors import ApiError, bad_request, too_many
from .faults import Fault, FaultBook
from .hands import PATIENCE_SECONDS, Hands
from .messages import DOCUMENT_LIMIT
from .methods import METHODS, SENDS
from .polling import Outlet
from .world import RequestRecord, World

TEST_TOKEN = "123456:TEST-token-of-the-local-bot-api"  # opens nothing but this server

_log = logging.getLogger(__name__)


def _page(status: int) -> web.Response:
    """A proxy's error page."""
    reason = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
    title = f"{status} {reason.get(status, 'Error')}"
    text = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><center><h1>{title}</h1></center></body>\r\n</html>"
    return web.Response(status=status, text=text, content_type="text/html")


def _refusal(error: ApiError) -> web.Response:
    return web.json_response(error.body(), status=error.code)


class BotApi(Hands):
    """A Bot API server on the loopback interface for one bot.

    Use it as a context manager, or `start` and `stop` it; the state and the port stay when it is started again.

    Parameters
    ----------
    token, username, first_name : the bot's
    clock : seconds since the epoch; dates, the 48 hours and the age of taps follow it (see `advance`)
    strict_pacing : refuse with 429 what exceeds `burst` messages to a chat, refilled by one a second
    first_update_id : id of the first update
    port : 0 chooses a free one
    """

    def __init__(
        self,
        token: str = TEST_TOKEN,
        username: str = "stemwise_bot",
        first_name: str = "Stemwise",
        *,
        clock: Callable[[], float] = time.time,
        strict_pacing: bool = False,
        burst: int = 20,
        first_update_id: int = 100_001,
        port: int = 0,
    ) -> None:
        if not re.fullmatch(r"\d+:[\w-]+", token):
            raise ValueError("a token reads 123456:LETTERS-and-digits")
        bot = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": first_name, "username": username}
        world = World(bot, clock, first_update_id)
        super().__init__(world, Outlet(world), FaultBook(strict_pacing=strict_pacing, burst=burst))
        self.token = token
        self.port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._failed: BaseException | None = None
        world.wake = self._wake

    @property
    def url(self) -> str:
        """Base address, without a slash at its end: ``base_url=f"{api.url}/bot"``."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Listen; returns when connections are accepted."""
        if self._thread is not None:
            return self
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, name="bot-api", daemon=True)
        self._thread.start()
        if not self._ready.wait(PATIENCE_SECONDS):
            raise AssertionError("the local Bot API server did not start in time")
        if self._failed is not None:
            self._thread = None
            raise self._failed
        return self

    def stop(self) -> None:
        """Close every connection and stop listening."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._stop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "the local Bot API server did not stop in time"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self.outlet.wake)
            except RuntimeError:  # closed in between
                _log.debug("the server stopped while an update was queued")

    def _run(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        app = web.Application(client_max_size=DOCUMENT_LIMIT + 2**20)
        app.router.add_route("*", "/file/bot{token}/{path:.+}", self._download)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        self._failed = None
        try:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
            await site.start()
            self.port = runner.addresses[0][1]
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        except BaseException as error:
            self._failed = error
            raise
        finally:
            self._ready.set()
        await self._stop.wait()
        self.outlet.stop_posting()
        self.outlet.end_poll(ApiError(502, "Bad Gateway"))
        await runner.cleanup()

    def _refused_token(self, given: str) -> web.Response | None:
        if given == self.token:
            return None
        if re.fullmatch(r"\d+:[\w-]+", given):
            return _refusal(ApiError(401, "Unauthorized"))
        return _refusal(ApiError(404, "Not Found"))

    async def _download(self, request: web.Request) -> web.Response:
        refused = self._refused_token(request.match_info["token"])
        if refused is not None:
            return refused
        path = request.match_info["path"]
        for stored in list(self.world.files.values()):
            if stored.path == path:
                return web.Response(body=stored.data, content_type=stored.mime_type)
        return _refusal(ApiError(404, "Not Found"))

    async def _handle(self, request: web.Request) -> web.Response:
        refused = self._refused_token(request.match_info["token"])
        if refused is not None:
            return refused
        try:
            call = await read_call(request, request.match_info["method"])
        except web.HTTPRequestEntityTooLarge:
            return _refusal(ApiError(413, "Request Entity Too Large"))
        except ApiError as error:
            return _refusal(error)
        record = self._note(call)
        try:
            answer = await self._answer(request, call, record)
        finally:
            with self.world.changed:
                record.done = self.world.now()
                if call.method.lower() != "getupdates":
                    self.world.in_flight -= 1
                    self.world.touch()
        return answer

    def _note(self, call: Call) -> RequestRecord:
        with self.world.changed:
            chat = chat_of(self.world, call)
            files = {name: upload.name for name, upload in call.files.items()}
            number = len(self.world.requests) + 1
            record = RequestRecord(number, call.method, call.params, files, chat, self.world.now())
            record.early = self.faults.held(chat, record.when)[0] > 0
            self.world.requests.append(record)
            if call.method.lower() != "getupdates":
                self.world.in_flight += 1
                self.world.touch()
            return record

    async def _answer(self, request: web.Request, call: Call, record: RequestRecord) -> web.Response:
        with self.world.changed:
            fault = self.faults.pick(call.method, record.chat)
        if fault is None:
            return await self._result(call, record)
        record.fault = fault.kind
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return await self._result(call, record)
        if fault.applied:
            await self._result(call, record)
            record.status = None
        if fault.kind == "timeout":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "bad_json":
            record.status = 200
            return web.Response(text='{"ok":true,"result":', content_type="application/json")
        if fault.status:
            return self._status(fault, record)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _status(self, fault: Fault, record: RequestRecord) -> web.Response:
        record.status = fault.status
        if fault.status == 429:
            with self.world.changed:
                self.faults.hold(fault, self.world.now())
            error = too_many(fault.retry_after)
        elif fault.status >= 500:
            record.description = "a proxy's error page"
            return _page(fault.status)
        else:
            error = ApiError(fault.status, fault.description or "Bad Request: scripted by the test")
        record.description = error.description
        return _refusal(error)

    async def _result(self, call: Call, record: RequestRecord) -> web.Response:
        try:
            result = await self._run_method(call, record)
        except ApiError as error:
            record.status, record.description = error.code, error.description
            return _refusal(error)
        except Exception as error:
            _log.exception("the local Bot API server failed in %s", call.method)
            record.status, record.description = 500, f"Internal Server Error: this test double failed: {error!r}"
            return _refusal(ApiError(500, record.description))
        record.status = 200
        return web.json_response({"ok": True, "result": result})

    async def _run_method(self, call: Call, record: RequestRecord) -> Any:
        name = call.method.lower()
        with self.world.changed:
            now = self.world.now()
            left, enforced = self.faults.held(record.chat, now)
            if enforced:
                raise too_many(max(1, round(left)))
            if self.world.logged_out:
                raise bad_request("Logged out")
            if name in SENDS and record.chat is not None:
                wait = self.faults.pace(record.chat, now)
                if wait:
                    raise too_many(wait)
            if name in METHODS:
                return METHODS[name](self.world, call)
        if name == "getupdates":
            return await self.outlet.get_updates(call)
        if name == "setwebhook":
            return self.outlet.set_webhook(call)
        if name == "deletewebhook":
            return self.outlet.delete_webhook(call)
        if name == "getwebhookinfo":
            return self.outlet.webhook_info()
        raise ApiError(404, "Not Found")

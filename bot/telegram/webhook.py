"""The webhook: Telegram posts updates to us, and hears "taken" only after the commit.

The library's own webhook compares its secret with `!=`, reads bodies of any size and logs them; this one is aiohttp's server with
one path, one method, a limit on the body that is looked at before the body is read, and a comparison in constant time. TLS ends at the
proxy in front of it. Updates that wait together are one commit, in Telegram's order.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web
from telegram.error import InvalidToken, TelegramError

from bot.telegram.serve import BATCH, ServeFailed, Server
from bot.telegram.updates import ALLOWED, Incoming, read_update
from flows.engine import Engine
from flows.storage.engines import StorageUnavailable
from scoring.documents.blocks import Paper

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the header's name)
MAX_BODY_BYTES = 2**20
#: How long requests under way may take when serving ends.
END_S = 5.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Listening:
    """Where Telegram posts to, and where this program listens; the proxy between them passes the path on as it is."""

    url: str
    host: str
    port: int

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"


def read_listening(url: str, listen: str) -> Listening:
    """Two options of the command line, checked.

    Raises
    ------
    ValueError
        Naming the option, what is wrong with it, and the remedy.
    """
    try:
        parts = urlsplit(url)
        is_near = parts.hostname in LOOPBACK
        is_good = parts.scheme == "https" or (parts.scheme == "http" and is_near)
    except ValueError:
        is_good = False
    if not is_good or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("--webhook: is not an address Telegram can post to; write https://HOST/PATH")
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
        raise ValueError("--listen: is not a place to listen; write HOST:PORT, such as 127.0.0.1:8080")
    return Listening(url, host.strip("[]") or "127.0.0.1", int(port))


def secret_of(token: str) -> str:
    """The secret that Telegram shows with every update: the same after each start, so that no update meets a stale one."""
    return hmac.digest(token.encode(), b"stemwise webhook", "sha256").hex()


@dataclass(slots=True)
class _Posted:
    """An update that was posted and waits for its commit; `taken` says whether it came about."""

    incoming: Incoming
    taken: asyncio.Future[bool]


class _NoTrace(logging.Filter):
    """What the HTTP library says of a request that broke: its kind, since a trace can hold what was sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            record.msg, record.args = "a request broke: %s", (record.exc_info[0].__name__,)
            record.exc_info = None
        return True


http_log = logging.getLogger(f"{__name__}.http")
http_log.addFilter(_NoTrace())


class WebhookServer(Server):
    """Serves one bot by webhook in place of polling.

    Parameters
    ----------
    listening : where updates come in
    """

    def __init__(
        self,
        engine: Engine,
        token: str,
        api_url: str,
        sends_per_second: float,
        listening: Listening,
        *,
        paper: Paper = "A4",
    ) -> None:
        super().__init__(engine, token, api_url, sends_per_second, paper=paper)
        self._listening = listening
        self._secret = secret_of(token)
        self._posted: asyncio.Queue[_Posted] = asyncio.Queue()

    async def _receive(self) -> None:
        """Listen, tell Telegram where, and take what comes until serving ends."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post(self._listening.path, self._handle, expect_handler=self._expected)
        runner = web.AppRunner(app, access_log=None, logger=http_log, shutdown_timeout=END_S)
        await runner.setup()
        committing = asyncio.create_task(self._commit_posted())
        try:
            await self._listen(runner)
            await self._set_webhook()
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({stopping, committing}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
        finally:
            await runner.cleanup()  # what was posted is still committed and answered
            committing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await committing  # an error that no later try can mend ends serving

    async def _listen(self, runner: web.AppRunner) -> None:
        host, port = self._listening.host, self._listening.port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ServeFailed(
                f"--listen {host}:{port}: cannot listen there ({error.strerror or type(error).__name__}); name another"
            ) from None

    async def _set_webhook(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            try:
                await self._bot.set_webhook(
                    self._listening.url, secret_token=self._secret, allowed_updates=ALLOWED, max_connections=40
                )
                return
            except InvalidToken:
                raise
            except TelegramError as error:
                if type(error).__name__ == "BadRequest":
                    raise ServeFailed(
                        f"--webhook: Telegram refuses it ({error}); see that it is https, on port 443, 80, 88 or 8443"
                    ) from None
                log.warning("Telegram does not answer: %s", type(error).__name__)
                await self._rest(tries)
                tries += 1

    # --- one post ---

    def _refusal(self, request: web.Request) -> web.Response | None:
        """What speaks against a post before its body is read."""
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._secret.encode()):
            return web.Response(status=403)
        if request.content_length is not None and request.content_length > MAX_BODY_BYTES:
            return web.Response(status=413)
        return None

    async def _expected(self, request: web.Request) -> web.StreamResponse | None:
        """A client that asks before it sends is refused before it has sent."""
        if request.headers.get("Expect", "").casefold() != "100-continue":
            return web.Response(status=417)
        refusal = self._refusal(request)
        if refusal is None and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return refusal

    async def _handle(self, request: web.Request) -> web.Response:
        refusal = self._refusal(request)
        if refusal is not None:
            refusal.force_close()
            return refusal
        try:
            body = await request.read()  # a body that did not tell its length is cut off at the same limit, with 413
        except (ConnectionError, web.RequestPayloadError):  # it ended early, or is not what it says to be
            return web.Response(status=400)
        incoming = self._read(body)
        if incoming is None:
            log.warning("a malformed update was stepped over")
            return web.Response()  # else Telegram would send it for ever
        posted = _Posted(incoming, asyncio.get_running_loop().create_future())
        self._posted.put_nowait(posted)
        return web.Response(status=200 if await posted.taken else 503)

    def _read(self, body: bytes) -> Incoming | None:
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError):
            return None
        return read_update(raw, self._source)

    async def _commit_posted(self) -> None:
        """Commit what waits together, in Telegram's order, and tell each post how it went."""
        while True:
            batch = [await self._posted.get()]
            while len(batch) < BATCH and not self._posted.empty():
                batch.append(self._posted.get_nowait())
            batch.sort(key=lambda posted: posted.incoming.update_id)
            is_taken = False
            try:
                await self._commit([posted.incoming for posted in batch])
                is_taken = True
            except StorageUnavailable as error:
                log.warning("storage: %s", error)
                self._say_busy(posted.incoming for posted in batch)
            finally:
                for posted in batch:
                    if not posted.taken.done():
                        posted.taken.set_result(is_taken)

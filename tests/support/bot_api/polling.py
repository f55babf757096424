"""How updates leave: long polling with one poller at a time, or a webhook."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .calls import Call
from .errors import OTHER_POLLER, WEBHOOK_IS_SET, WEBHOOK_WAS_SET, ApiError, bad_request
from .world import Json, World

POLL_LIMIT_SECONDS = 50
WEBHOOK_RETRY_SECONDS = 0.1
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/|$)")


@dataclass
class _Poll:
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: ApiError | None = None


@dataclass
class Webhook:
    """Where updates are posted to, and how that went last."""

    url: str
    secret_token: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_at: int = 0
    in_flight: bool = False


class Outlet:
    """The way out for updates. Its coroutines run in the server's loop; the rest may be called from any thread.

    Attributes
    ----------
    started : long polls begun so far
    finished_empty : the last poll was answered with nothing
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.webhook: Webhook | None = None
        self.started = 0
        self.finished_empty = False
        self._poll: _Poll | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> bool:
        """A poller is waiting for updates now."""
        return self._poll is not None

    def wake(self) -> None:
        """Look again: in the server's loop."""
        if self._poll is not None:
            self._poll.wake.set()

    def end_poll(self, error: ApiError) -> None:
        """Answer the waiting poller with `error`: in the server's loop."""
        if self._poll is not None:
            self._poll.ended = error
            self._poll.wake.set()

    async def get_updates(self, call: Call) -> list[Any]:
        """``getUpdates``: a second poller ends the first one's wait with 409."""
        offset, timeout = call.number("offset"), min(call.number("timeout"), POLL_LIMIT_SECONDS)
        limit = call.number("limit", 100)
        limit = limit if 1 <= limit <= 100 else 100
        poll = _Poll()
        with self.world.changed:
            if self.webhook is not None:
                raise ApiError(409, WEBHOOK_IS_SET)
            self.end_poll(ApiError(409, OTHER_POLLER))
            if isinstance(call.params.get("allowed_updates"), list):
                self.world.updates.allow(call.params["allowed_updates"])
            self.world.updates.confirm(offset)
            self._poll = poll
            self.started += 1
            self.finished_empty = False
            self.world.changed.notify_all()
        try:
            return await self._wait(poll, limit, time.monotonic() + timeout)
        finally:
            with self.world.changed:
                if self._poll is poll:
                    self._poll = None
                self.world.changed.notify_all()

    async def _wait(self, poll: _Poll, limit: int, deadline: float) -> list[Any]:
        while True:
            with self.world.changed:
                if poll.ended is not None:
                    raise poll.ended
                batch = self.world.updates.batch(limit)
                left = deadline - time.monotonic()
                if batch or left <= 0:
                    self.finished_empty = not batch
                    return batch
                poll.wake.clear()
            try:
                await asyncio.wait_for(poll.wake.wait(), left)
            except TimeoutError:
                continue

    def set_webhook(self, call: Call) -> bool:
        """``setWebhook``; plain HTTP is let through to this machine only."""
        url = call.text("url")
        if not url:
            return self.delete_webhook(call)
        if not url.startswith("https://") and not _LOOPBACK.match(url):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        secret = call.text("secret_token")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        with self.world.changed:
            if call.flag("drop_pending_updates"):
                self.world.updates.clear()
            if isinstance(call.params.get("allowed_updates"), list):
                self.world.updates.allow(call.params["allowed_updates"])
            self.end_poll(ApiError(409, WEBHOOK_WAS_SET))
            self.webhook = Webhook(url, secret, call.number("max_connections", 40))
        self.stop_posting()
        self._task = asyncio.get_running_loop().create_task(self._post_all(self.webhook))
        self.world.touch()
        return True

    def delete_webhook(self, call: Call) -> bool:
        """``deleteWebhook``."""
        with self.world.changed:
            if call.flag("drop_pending_updates"):
                self.world.updates.clear()
            self.webhook = None
        self.stop_posting()
        self.world.touch()
        return True

    def webhook_info(self) -> Json:
        """``getWebhookInfo``."""
        told: Json = {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self.world.updates.pending),
        }
        if self.webhook is not None:
            told["max_connections"] = self.webhook.max_connections
            if self.webhook.last_error:
                told["last_error_date"] = self.webhook.last_error_at
                told["last_error_message"] = self.webhook.last_error
        if self.world.updates.allowed:
            told["allowed_updates"] = sorted(self.world.updates.allowed)
        return told

    def stop_posting(self) -> None:
        """End the webhook's task: in the server's loop."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _post_all(self, hook: Webhook) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
        limit = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=limit, trust_env=False) as session:
            while self.webhook is hook:
                with self.world.changed:
                    update = self.world.updates.first()
                    hook.in_flight = update is not None
                if update is None:
                    await asyncio.sleep(0.01)
                    continue
                try:
                    async with session.post(hook.url, json=update, headers=headers) as answer:
                        error = "" if answer.ok else f"Wrong response from the webhook: {answer.status} {answer.reason}"
                except (aiohttp.ClientError, TimeoutError) as problem:
                    error = f"Connection failed: {type(problem).__name__}"
                with self.world.changed:
                    hook.in_flight = False
                    if not error:
                        self.world.updates.drop_first()
                    else:
                        hook.last_error, hook.last_error_at = error, int(self.world.now())
                    self.world.touch()
                if error:
                    await asyncio.sleep(WEBHOOK_RETRY_SECONDS)

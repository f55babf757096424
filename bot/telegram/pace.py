"""How fast calls go out: a global rate, and a hold for a single chat that Telegram asked to wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Pace:
    """A global token bucket; a chat's hold concerns that chat alone.

    Parameters
    ----------
    per_second : calls a second over all chats
    monotonic : seconds that only go forward
    """

    def __init__(self, per_second: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gap = 1 / per_second
        self._monotonic = monotonic
        self._next_at = 0.0
        self._held_until: dict[str, float] = {}

    def hold(self, chat: str, seconds: float) -> None:
        self._held_until[chat] = max(self._held_until.get(chat, 0.0), self._monotonic() + seconds)

    async def wait(self, chat: str) -> None:
        """Come back when this chat may have its next call."""
        while (left := self._held_until.get(chat, 0.0) - self._monotonic()) > 0:
            await asyncio.sleep(left)
        self._held_until.pop(chat, None)
        now = self._monotonic()
        at = max(now, self._next_at)
        self._next_at = at + self._gap
        if at > now:
            await asyncio.sleep(at - now)

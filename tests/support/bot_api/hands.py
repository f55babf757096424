"""What a test does with the server: read, push, break, wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .faults import STORM_KINDS, Fault, FaultBook, Storm
from .polling import Outlet
from .world import CallbackQuery, Chat, RequestRecord, StoredFile, World

PATIENCE_SECONDS = 10.0
QUIET_SECONDS = 0.05
GLANCE_SECONDS = 0.02


class Hands:
    """The test's side of `BotApi`. Everything here may be called from any thread but the bot's own event loop."""

    def __init__(self, world: World, outlet: Outlet, faults: FaultBook) -> None:
        self.world = world
        self.outlet = outlet
        self.faults = faults

    # What happened

    @property
    def requests(self) -> list[RequestRecord]:
        """Every request, oldest first."""
        return self.world.requests

    @property
    def chats(self) -> dict[int, Chat]:
        """Chats by id, with their messages."""
        return self.world.chats

    @property
    def callback_queries(self) -> dict[str, CallbackQuery]:
        """Taps by id."""
        return self.world.callback_queries

    @property
    def files(self) -> dict[str, StoredFile]:
        """Files by id."""
        return self.world.files

    @property
    def commands(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """Registered commands by scope (canonical JSON) and language."""
        return self.world.commands

    @property
    def polls(self) -> int:
        """How many long polls have begun."""
        return self.outlet.started

    def calls(self, method: str = "", chat: int | None = None) -> list[RequestRecord]:
        """Requests of `method` (all but ``getUpdates`` when empty), for `chat` if given."""
        wanted = method.lower()
        with self.world.changed:
            return [
                record
                for record in self.world.requests
                if (record.method.lower() == wanted if wanted else record.method.lower() != "getupdates")
                and chat in (None, record.chat)
            ]

    def unanswered(self, chat: int | None = None) -> list[CallbackQuery]:
        """Taps whose spinner still turns."""
        with self.world.changed:
            return [
                query
                for query in self.world.callback_queries.values()
                if query.state == "pending" and chat in (None, query.chat_id)
            ]

    def transcript(self, chat_id: int, last: int = 8) -> str:
        """The chat's last messages as a person sees them."""
        return self.world.transcript(chat_id, last)

    def assert_all_answered(self) -> None:
        """Fail when a tap was never answered."""
        left = self.unanswered()
        if left:
            told = [f"[{query.label}] ({query.data}) in chat {query.chat_id}" for query in left]
            chats = {query.chat_id for query in left}
            shown = "\n".join(self.transcript(chat) for chat in sorted(chats))
            raise AssertionError(f"{len(left)} taps were never answered: {', '.join(told)}\n{shown}")

    # Clock and settings

    def now(self) -> float:
        """The server's time."""
        return self.world.now()

    def advance(self, seconds: float) -> None:
        """Let time pass on the server's clock: dates, the 48 hours, the age of taps, waits after a 429."""
        self.world.advance(seconds)

    @property
    def callback_max_age(self) -> float:
        """Seconds after which a tap can no longer be answered; can be set."""
        return self.world.callback_max_age

    @callback_max_age.setter
    def callback_max_age(self, seconds: float) -> None:
        self.world.callback_max_age = seconds

    @property
    def next_update_id(self) -> int:
        """Id of the next update; can be set."""
        return self.world.updates.next_id

    @next_update_id.setter
    def next_update_id(self, number: int) -> None:
        self.world.updates.next_id = number

    # Updates

    def push(self, update: dict[str, Any], update_id: int | None = None) -> int:
        """Queue an update, with the next id unless `update_id` is given; its id."""
        return self.world.queue(update, update_id)

    def push_raw(self, payload: Any, *, assign_id: bool = True) -> int:
        """Queue what is no proper update: an object without its fields, a string, a number."""
        with self.world.changed:
            number = self.world.updates.push_raw(payload, assign_id=assign_id)
            self.world.touch()
        self.world.wake()
        return number

    def redeliver(self, update_id: int, copies: int = 1) -> None:
        """Deliver an update again under its own id, `copies` times, confirmed or not."""
        with self.world.changed:
            self.world.updates.redeliver(update_id, copies)
            self.world.touch()
        self.world.wake()

    @contextmanager
    def held(self, order: str | Sequence[int] = "given", seed: int = 0) -> Iterator[None]:
        """Gather what is pushed inside, and let it go together: ``given``, ``reversed``, ``shuffled`` or by position."""
        with self.world.changed:
            self.world.updates.hold()
        try:
            yield
        finally:
            with self.world.changed:
                self.world.updates.release(order, seed)
                self.world.touch()
            self.world.wake()

    def pending_updates(self) -> list[Any]:
        """Updates the bot has not confirmed."""
        with self.world.changed:
            return self.world.updates.pending

    # Faults

    def fault(
        self,
        method: str = "*",
        kind: str | int = "429",
        times: int | None = 1,
        chat: int | None = None,
        after: int = 0,
        **details: Any,
    ) -> Fault:
        """Script a fault for the next requests that fit (``*``: any, polls too); see `Fault` for kinds and `details`."""
        fault = Fault(method.lower(), str(kind), times, chat, after, **details)
        with self.world.changed:
            self.faults.faults.append(fault)
        return fault

    def storm(self, rate: float | Mapping[str, float], seed: int, kinds: Sequence[str | int] = STORM_KINDS) -> Storm:
        """Faults at random from now on, by seeded dice of each method; `calm` ends it."""
        storm = Storm(rate, seed, tuple(map(str, kinds)))
        with self.world.changed:
            self.faults.storm = storm
        return storm

    def calm(self) -> None:
        """End every fault and the storm."""
        with self.world.changed:
            self.faults.clear()

    # Waiting

    def wait_until(
        self, holds: Callable[[], Any], timeout: float = PATIENCE_SECONDS, what: str = "", chat: int | None = None
    ) -> None:
        """Wait until `holds()` is true; fail with the chat's transcript when `timeout` seconds are over."""
        deadline = time.monotonic() + timeout
        while not holds():
            if time.monotonic() > deadline:
                with self.world.changed:
                    shown = [self.transcript(one) for one in ([chat] if chat is not None else list(self.chats))]
                told = what or getattr(holds, "__name__", "what was waited for")
                raise AssertionError("\n".join([f"not within {timeout} s: {told}", *shown, self._last_requests()]))
            with self.world.changed:
                self.world.changed.wait(GLANCE_SECONDS)

    def _last_requests(self, last: int = 6) -> str:
        told = [
            f"  {record.method} → {record.status} {record.description} {record.fault}".rstrip()
            for record in self.world.requests[-last:]
        ]
        return "\n".join(["last requests:", *told])

    def next_poll(self, timeout: float = PATIENCE_SECONDS, since: int | None = None) -> RequestRecord:
        """Wait for the bot's next ``getUpdates`` to begin (counted from `since`, a value of `polls`); its record."""
        begun = self.polls if since is None else since
        self.wait_until(lambda: self.polls > begun, timeout, "the bot's next getUpdates")
        return self.calls("getUpdates")[-1]

    def unsettled(self, quiet: float = QUIET_SECONDS, *, answered: bool = True) -> str:
        """Why the bot is not at rest, empty when it is."""
        with self.world.changed:
            pending, left = self.world.updates.pending, self.unanswered()
            hook = self.outlet.webhook
            if answered and left:
                return f"unanswered taps: {[query.label for query in left]}"
            if pending:
                return f"{len(pending)} updates not confirmed"
            if self.world.in_flight:
                return f"{self.world.in_flight} requests under way"
            if hook is not None and hook.in_flight:
                return "an update is being posted to the webhook"
            if hook is None and not (self.outlet.waiting or self.outlet.finished_empty):
                return "the bot is not polling"
            if time.monotonic() - self.world.last_activity < quiet:
                return f"requests less than {quiet} s ago"
            return ""

    def settled(
        self, timeout: float = PATIENCE_SECONDS, *, quiet: float = QUIET_SECONDS, answered: bool = True
    ) -> None:
        """Wait until the bot is at rest.

        That is: no unanswered tap (unless `answered` is false), every update confirmed, polling again, and no request
        for `quiet` seconds.
        """
        reason = ""

        def at_rest() -> bool:
            nonlocal reason
            reason = self.unsettled(quiet, answered=answered)
            return not reason

        try:
            self.wait_until(at_rest, timeout, "the bot at rest")
        except AssertionError as error:
            raise AssertionError(f"{reason}: {error}") from None

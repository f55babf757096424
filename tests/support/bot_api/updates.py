"""The queue of updates: ids, confirming by offset, and the ways in which it can misbehave."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: Kinds that are only sent to a bot that asks for them by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass
class _Entry:
    update_id: int
    payload: Any
    delivered: int = 0
    again: bool = False


class UpdateQueue:
    """Updates that wait for the bot. Not locked by itself: the world's lock guards it.

    Attributes
    ----------
    next_id : int
        Id of the next update, can be set.
    confirmed : int
        Highest offset the bot has sent.
    history : dict
        Every update that was pushed, by id.
    """

    def __init__(self, first_id: int) -> None:
        self.next_id = first_id
        self.confirmed = 0
        self.history: dict[int, Any] = {}
        self.allowed: frozenset[str] = frozenset()
        self._entries: list[_Entry] = []
        self._held: list[_Entry] | None = None

    @property
    def pending(self) -> list[Any]:
        """Updates that are neither confirmed nor held back."""
        return [entry.payload for entry in self._entries]

    def _admits(self, update: dict[str, Any]) -> bool:
        kinds = set(update) - {"update_id"}
        return not kinds or bool(kinds & self.allowed if self.allowed else kinds - ON_REQUEST)

    def _number(self, update_id: int | None) -> int:
        number = self.next_id if update_id is None else update_id
        self.next_id = max(self.next_id, number + 1)
        return number

    def _add(self, entry: _Entry) -> None:
        (self._entries if self._held is None else self._held).append(entry)

    def push(self, update: dict[str, Any], update_id: int | None = None) -> int:
        """Queue an update with the next id, or with `update_id`; its id. A kind that the bot did not allow is left out: 0."""
        if self._admits(update):
            number = self._number(update_id)
            payload = {"update_id": number, **{name: part for name, part in update.items() if name != "update_id"}}
            self.history[number] = payload
            self._add(_Entry(number, payload))
            return number
        return 0

    def push_raw(self, payload: Any, *, assign_id: bool = True) -> int:
        """Queue anything at all; a dict without an id gets one unless `assign_id` is false."""
        given = payload.get("update_id") if isinstance(payload, dict) else None
        number = self._number(given if isinstance(given, int) and not isinstance(given, bool) else None)
        if assign_id and isinstance(payload, dict) and "update_id" not in payload:
            payload = {"update_id": number, **payload}
        self.history[number] = payload
        self._add(_Entry(number, payload))
        return number

    def redeliver(self, update_id: int, copies: int = 1) -> None:
        """Deliver an update again under its own id, confirmed or not."""
        for _ in range(copies):
            self._add(_Entry(update_id, self.history[update_id], again=True))

    def hold(self) -> None:
        """Keep back what is pushed from now on."""
        if self._held is None:
            self._held = []

    def release(self, order: str | Sequence[int] = "given", seed: int = 0) -> None:
        """Let go what was held back, in the order ``given``, ``reversed`` or ``shuffled``, or as the positions say."""
        held, self._held = self._held or [], None
        if order == "reversed":
            held.reverse()
        elif order == "shuffled":
            random.Random(seed).shuffle(held)
        elif not isinstance(order, str):
            held = [held[place] for place in order]
        self._entries += held

    def allow(self, kinds: Iterable[str]) -> None:
        """What the bot asked to be sent; nothing means all but `ON_REQUEST`."""
        self.allowed = frozenset(kinds)

    def confirm(self, offset: int) -> None:
        """Forget what lies before `offset`; a negative one keeps that many of the last."""
        if offset > 0:
            self.confirmed = max(self.confirmed, offset)
            self._entries = [
                entry for entry in self._entries if entry.update_id >= offset or (entry.again and not entry.delivered)
            ]
        elif offset < 0:
            self._entries = self._entries[offset:]

    def batch(self, limit: int) -> list[Any]:
        """The next updates, which stay until they are confirmed."""
        chosen = self._entries[:limit]
        for entry in chosen:
            entry.delivered += 1
        return [entry.payload for entry in chosen]

    def first(self) -> Any:
        """The next update alone, for a webhook; `None` when there is none."""
        chosen = self.batch(1)
        return chosen[0] if chosen else None

    def drop_first(self) -> None:
        """The next update was taken by the webhook."""
        if self._entries:
            self.confirmed = max(self.confirmed, self._entries.pop(0).update_id + 1)

    def clear(self) -> None:
        """Drop all that waits."""
        self._entries = []

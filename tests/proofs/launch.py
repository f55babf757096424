"""Starts `stemwise serve` again and again for a proof, each time so that it can die at a chosen point of a turn.

A line of JSON on standard input is one life: `{"point": "before_commit", "passes": 3}` kills the process when it comes to
that point for the third time; an empty point leaves it alive until somebody else kills it. A life is forked from this
process, which spares each the start of an interpreter, and runs the real `bot.cli.main(["serve"])`. The product knows
nothing of it: the points, and for a negative control the guard that is missing, are wrapped around its functions here.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import aiohttp
from sqlalchemy import Engine as Database
from sqlalchemy import event as listening
from sqlalchemy.engine.default import DefaultDialect

from bot import cli
from bot.commands import serve as _serve_command  # noqa: F401 (imported before the fork, for speed)
from bot.telegram import delivery, serve, webhook  # noqa: F401
from flows.storage.engines import PRAGMAS
from flows.storage.mail import Mail

#: The labelled points of a turn, in their order.
POINTS = (
    "after_fetch",
    "after_insert",
    "before_commit",
    "after_commit",
    "before_delivery",
    "during_delivery",
    "after_delivery",
    "after_new_message",
)
#: Pauses between tries while a proof runs: it is about what is kept, and not about how long one waits.
PAUSES = (0.02, 0.05, 0.1, 0.2)
BUSY_TIMEOUT_MS = 500
#: Time in which a call that was written has reached the other side.
ON_ITS_WAY_S = 0.003


class Fuse:
    """Ends the process, as a crash does, when a point is passed for the n-th time."""

    def __init__(self, point: str, passes: int) -> None:
        self.point, self.left = point, passes
        self.commits_a_turn = False

    def passed(self, point: str) -> None:
        if point == self.point:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def label_points(fuse: Fuse) -> None:
    """Let the product pass the fuse at each labelled point."""
    _label_fetch(fuse)
    _label_storage(fuse)
    _label_delivery(fuse)


def _label_fetch(fuse: Fuse) -> None:
    fetch = serve.Server._fetch

    async def fetched(self: serve.Server, *arguments: Any, **named: Any) -> list[Any]:
        found = await fetch(self, *arguments, **named)
        if found:
            fuse.passed("after_fetch")
        return found

    serve.Server._fetch = fetched  # type: ignore[method-assign]


def _label_storage(fuse: Fuse) -> None:
    def executed(connection: Any, _: Any, statement: str, *__: Any) -> None:
        if statement.startswith("INSERT INTO inbox"):
            connection.info["is_turn"] = True
        if statement.startswith("INSERT INTO responses"):
            fuse.passed("after_insert")

    def commits(connection: Any) -> None:
        fuse.commits_a_turn = connection.info.pop("is_turn", False)
        if fuse.commits_a_turn:
            fuse.passed("before_commit")

    commit = DefaultDialect.do_commit

    def committed(self: DefaultDialect, connection: Any) -> None:
        commit(self, connection)
        if fuse.commits_a_turn:
            fuse.commits_a_turn = False
            fuse.passed("after_commit")

    listening.listen(Database, "after_cursor_execute", executed)
    listening.listen(Database, "commit", commits)
    DefaultDialect.do_commit = committed  # type: ignore[method-assign]


def _label_delivery(fuse: Fuse) -> None:
    call, start = delivery.Sender._call, aiohttp.ClientResponse.start
    send_news = delivery.Sender._send_news

    async def sent(self: delivery.Sender, *arguments: Any) -> list[str]:
        messages = await send_news(self, *arguments)
        fuse.passed("after_new_message")
        return messages

    async def called(self: delivery.Sender, *arguments: Any, **named: Any) -> Any:
        fuse.passed("before_delivery")
        answer = await call(self, *arguments, **named)
        fuse.passed("after_delivery")
        return answer

    async def started(self: aiohttp.ClientResponse, connection: Any) -> aiohttp.ClientResponse:
        if fuse.point == "during_delivery" and self.url.name != "getUpdates":
            await asyncio.sleep(ON_ITS_WAY_S)
            fuse.passed("during_delivery")
        return await start(self, connection)

    delivery.Sender._call = called  # type: ignore[method-assign]
    delivery.Sender._send_news = sent  # type: ignore[method-assign]
    aiohttp.ClientResponse.start = started  # type: ignore[method-assign]


# --- guards that a negative control takes out ------------------------------------------------------------------------


def _confirm_before_commit() -> None:
    """What was fetched is confirmed to Telegram before it is stored."""
    take = serve.Server._take

    async def confirmed_first(self: serve.Server, raw: Any, offset: int | None) -> int | None:
        await self._fetch(max(one["update_id"] for one in raw) + 1, seconds=0, limit=1)
        return await take(self, raw, offset)

    serve.Server._take = confirmed_first  # type: ignore[method-assign]


def _claim_always() -> None:
    """An event that was taken before is taken again."""
    Mail.claim = lambda self, source, event_id: True  # type: ignore[method-assign]


def _never_store_delivery() -> None:
    """What was sent is not marked as sent."""
    from flows.engine import Engine

    Engine.news_sent = lambda self, waiting, messages: None  # type: ignore[method-assign]


GUARDS: dict[str, Callable[[], None]] = {
    "confirmed_after_commit": _confirm_before_commit,
    "claimed_once": _claim_always,
    "marked_as_sent": _never_store_delivery,
}


# --- lives -----------------------------------------------------------------------------------------------------------


def live(order: dict[str, Any]) -> int:
    """One life; the exit code, where it ends by itself."""
    label_points(Fuse(order["point"], order["passes"]))
    return cli.main(["serve"])


def die_with_parent() -> None:
    """No life outlives the proof that wanted it, however that ends."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def warm_up() -> None:
    """What every life would do at its start and can share."""
    from scoring.instrument import load

    load()
    delivery.PAUSES = serve.PAUSES = PAUSES
    PRAGMAS["busy_timeout"] = BUSY_TIMEOUT_MS


def _tell(what: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", choices=sorted(GUARDS), help="a guard to take out, for a negative control")
    guard = parser.parse_args().without
    die_with_parent()
    warm_up()
    if guard:
        GUARDS[guard]()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            die_with_parent()
            os.dup2(2, 1)  # what serving prints is for the log; this process speaks JSON
            code = live(json.loads(line))
            sys.stderr.flush()
            os._exit(code)
        _tell({"pid": child})
        _tell({"ended": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])})


if __name__ == "__main__":
    main()

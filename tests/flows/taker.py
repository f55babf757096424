"""A process that forks a child for each line of its input; the child takes events until it is done or killed.

Used by the tests that kill -9 a process in the middle: forking spares each life the start of an interpreter. A child opens
the database anew. It confirms events, as a channel would, only after they are committed, by writing how far it has come.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event as listening
from support.clock import START, TickingClock
from support.walker import Clinic

from flows.events import Event

FOLDER = Path(sys.argv[1])


def live(order: dict[str, Any], confirmed: Path) -> None:
    """One life: open the store, take what is left; die at the given statement, where one is given."""
    clinic = Clinic(FOLDER, rebuilds=False, clock=TickingClock(START + timedelta(minutes=order["life"])))
    events = [Event(**one) for one in json.loads((FOLDER / "events.json").read_text())]
    left = order["dies_at_statement"]

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if left:
        for name in ("before_cursor_execute", "after_cursor_execute"):
            listening.listen(clinic.store.engine, name, count)
        listening.listen(clinic.store.engine, "commit", count)
    at = order["from"]
    while at < len(events):
        batch = events[at : at + order["batch"]]
        taken = clinic.engine.take_all(batch)
        assert not any(t.has_failed for t in taken)
        at += len(batch)
        confirmed.write_text(str(at))
    clinic.close()


def tell(what: Any) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    confirmed = FOLDER / "confirmed"
    for line in sys.stdin:
        order = json.loads(line)
        confirmed.write_text(str(order["from"]))
        child = os.fork()
        if child == 0:
            sys.stdin.close()
            live(order, confirmed)
            os._exit(0)
        tell(child)
        _, status = os.waitpid(child, 0)
        was_killed = os.WIFSIGNALED(status)
        assert was_killed or os.WEXITSTATUS(status) == 0, status
        tell([int(confirmed.read_text() or order["from"]), int(was_killed)])


if __name__ == "__main__":
    main()

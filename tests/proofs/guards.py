"""Guards of the store that a negative control takes out, so that a proof shows that it would find their loss."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine as Database
from sqlalchemy import event as listening

from flows.storage.mail import Mail

#: What makes a turn one piece, on either database.
TRANSACTIONS = ("BEGIN IMMEDIATE", "SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")
WRITERS_LOCK = "SELECT pg_advisory_xact_lock"


@contextmanager
def without_transactions(beginnings: tuple[str, ...]) -> Iterator[None]:
    """Statements that begin so do nothing."""

    def emptied(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> tuple[str, Any]:
        return ("SELECT 1", ()) if statement.startswith(beginnings) else (statement, parameters)

    listening.listen(Database, "before_cursor_execute", emptied, retval=True)
    try:
        yield
    finally:
        listening.remove(Database, "before_cursor_execute", emptied)


@contextmanager
def taken_out(guard: str | None) -> Iterator[None]:
    """Run without a guard: `claim` (an event is taken once), `transaction`, or `lock` (writers of PostgreSQL in line)."""
    if guard is None:
        yield
    elif guard == "claim":
        with patch.object(Mail, "claim", lambda self, source, event_id: True):
            yield
    else:
        with without_transactions({"transaction": TRANSACTIONS, "lock": (WRITERS_LOCK,)}[guard]):
            yield

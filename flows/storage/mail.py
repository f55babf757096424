"""Inbox and outbox: which events were taken, and which new messages wait to be delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError

from flows.storage import keys, models
from flows.storage.store import Tx, new_id
from flows.views import News

KEEP_IDS_DAYS = 7


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits in the outbox."""

    id: int
    account_id: str
    attempts: int
    news: News


class Mail:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        #: Accounts that this transaction has queued something for.
        self.added: set[str] = set()

    def claim(self, source: str, event_id: str) -> bool:
        """Take an event's id; false where it was taken before."""
        if self._tx.session.get(models.Inbox, (source, event_id)) is not None:
            return False
        try:
            with self._tx.session.begin_nested():
                self._tx.session.add(
                    models.Inbox(source=source, event_id=event_id, taken_at=self._tx.now, failed=False)
                )
        except IntegrityError:  # another worker took it in between
            return False
        return True

    def is_claimed(self, source: str, event_id: str, before: datetime) -> bool:
        """Whether an event was taken, and that at or before a time."""
        row = self._tx.session.get(models.Inbox, (source, event_id))
        return row is not None and row.taken_at <= before

    def mark_failed(self, source: str, event_id: str) -> None:
        row = self._tx.session.get(models.Inbox, (source, event_id))
        if row is None:
            self._tx.session.add(models.Inbox(source=source, event_id=event_id, taken_at=self._tx.now, failed=True))
        else:
            row.failed = True

    def prune(self) -> int:
        """Forget ids that are too old to come again; how many."""
        before = self._tx.now - timedelta(days=KEEP_IDS_DAYS)
        # of the clock's own, only those of a rest can go: what was told or reminded of once must not be due again
        can_go = or_(models.Inbox.source != "clock", models.Inbox.event_id.startswith("due:rest:"))
        old = delete(models.Inbox).where(models.Inbox.taken_at < before, can_go)
        result = self._tx.session.execute(old)
        return int(result.rowcount)  # type: ignore[attr-defined]

    def add(self, news: Iterable[News]) -> None:
        for one in news:
            self.added.add(one.account_id)
            token = new_id()
            body = {
                "body": one.body,
                "is_protected": one.is_protected,
                "is_silent": one.is_silent,
                "extra": one.extra,
            }
            self._tx.session.add(
                models.Outbox(
                    account_id=one.account_id,
                    case_id=one.case_id,
                    kind=one.kind,
                    token=token,
                    sealed_body=self._tx.seal(one.case_id or keys.INSTALLATION, body, "outbox", token, "body"),
                    state="waiting",
                    attempts=0,
                    created_at=self._tx.now,
                    sent_at=None,
                )
            )
            self._tx.session.flush()

    def waiting(self, account_id: str) -> list[Waiting]:
        """What waits for an account, in order."""
        rows = self._tx.session.scalars(
            select(models.Outbox)
            .where(models.Outbox.account_id == account_id, models.Outbox.state == "waiting")
            .order_by(models.Outbox.id)
        )
        return [Waiting(row.id, row.account_id, row.attempts, self._news(row)) for row in rows]

    def waiting_since(self, since: datetime) -> list[str]:
        """Accounts with a message that was queued since a time, by whatever process, and waits."""
        queued = (models.Outbox.state == "waiting", models.Outbox.created_at >= since)
        return sorted(set(self._tx.session.scalars(select(models.Outbox.account_id).where(*queued))))

    def drop_waiting(self, account_ids: Iterable[str], case_id: str) -> None:
        """Of a case that is another clinician's by now nothing more goes out to the one before; a reminder is an informant's."""
        self._tx.session.execute(
            delete(models.Outbox).where(
                models.Outbox.account_id.in_(list(account_ids)),
                models.Outbox.case_id == case_id,
                models.Outbox.state == "waiting",
                models.Outbox.kind != "reminder",
            )
        )

    def _news(self, row: models.Outbox) -> News:
        sealed = self._tx.unseal(row.case_id or keys.INSTALLATION, row.sealed_body, "outbox", row.token, "body")
        return News(
            account_id=row.account_id,
            kind=row.kind,  # type: ignore[arg-type]
            body=sealed["body"],
            case_id=row.case_id,
            is_protected=sealed["is_protected"],
            is_silent=sealed["is_silent"],
            extra=sealed["extra"],
        )

    def accounts_waiting(self) -> list[str]:
        """Accounts with something undelivered: a waiting message, or a screen that is newer than what was shown."""
        found = set(self._tx.session.scalars(select(models.Outbox.account_id).where(models.Outbox.state == "waiting")))
        found.update(
            self._tx.session.scalars(
                select(models.Conversation.account_id).where(
                    models.Conversation.delivered_version < models.Conversation.screen_version
                )
            )
        )
        return sorted(found)

    def mark_sent(self, outbox_id: int) -> None:
        row = self._tx.session.get(models.Outbox, outbox_id)
        if row is None:
            return
        if row.kind == "invitation":  # the token it holds is told once and not kept
            self._tx.session.delete(row)
        else:
            row.state, row.sent_at = "sent", self._tx.now

    def mark_attempt(self, outbox_id: int, *, gives_up: bool) -> None:
        row = self._tx.session.get(models.Outbox, outbox_id)
        if row is not None:
            row.attempts += 1
            if gives_up:
                row.state = "failed"

    def undelivered(self, account_ids: Iterable[str]) -> int:
        """How many messages for these accounts were given up."""
        return int(
            self._tx.session.scalar(
                select(func.count())
                .select_from(models.Outbox)
                .where(models.Outbox.account_id.in_(list(account_ids)), models.Outbox.state == "failed")
            )
            or 0
        )

    def sent_since(self, account_ids: Iterable[str], since: datetime) -> list[tuple[str, str | None, datetime]]:
        rows = self._tx.session.scalars(
            select(models.SentMessage)
            .where(models.SentMessage.account_id.in_(list(account_ids)), models.SentMessage.sent_at >= since)
            .order_by(models.SentMessage.sent_at.desc())
        )
        return [(row.kind, row.case_id, row.sent_at) for row in rows]

    def remember_sent(self, account_id: str, message: str, case_id: str | None, kind: str) -> None:
        if self._tx.session.get(models.SentMessage, (account_id, message)) is None:
            self._tx.session.add(
                models.SentMessage(
                    account_id=account_id, message=message, case_id=case_id, kind=kind, sent_at=self._tx.now
                )
            )

    def sent_of_case(self, case_id: str) -> list[tuple[str, str, str, datetime]]:
        """Account, message, kind and time of what was sent about a case."""
        rows = self._tx.session.scalars(select(models.SentMessage).where(models.SentMessage.case_id == case_id))
        return [(r.account_id, r.message, r.kind, r.sent_at) for r in rows]

    def body_of(self, outbox_id: int) -> dict[str, Any] | None:
        row = self._tx.session.get(models.Outbox, outbox_id)
        return None if row is None else self._news(row).body

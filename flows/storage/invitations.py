"""Invitations: a single-use way in for one informant. Only a hash of the token is kept; it binds to the first account."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from flows.itinerary import Role
from flows.storage import keys, models
from flows.storage.store import Tx, new_id

PREFIX = "i_"


@dataclass(frozen=True, slots=True)
class InvitationInfo:
    """`words`: the relation as the clinician named it, whether they hold responsibility, who must not learn of it."""

    id: str
    case_id: str
    encounter_id: str
    role: Role
    state: str
    words: dict[str, Any]
    informant_id: str | None
    created_at: datetime
    expires_at: datetime


class Invitations:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def make(
        self, *, case_id: str, encounter_id: str, role: Role, words: dict[str, Any], days: int
    ) -> tuple[str, InvitationInfo]:
        """A new invitation and its token, which is told once and not kept."""
        token, invitation_id = keys.new_token(PREFIX), new_id()
        row = models.Invitation(
            id=invitation_id,
            case_id=case_id,
            encounter_id=encounter_id,
            role=role,
            token_hash=keys.token_hash(token),
            state="open",
            sealed_words=self._tx.seal(case_id, words, "invitations", invitation_id, "words"),
            informant_id=None,
            created_at=self._tx.now,
            expires_at=self._tx.now + timedelta(days=days),
            ended_at=None,
        )
        self._tx.session.add(row)
        self._tx.session.flush()
        return token, self._info(row)

    def _info(self, row: models.Invitation) -> InvitationInfo:
        return InvitationInfo(
            id=row.id,
            case_id=row.case_id,
            encounter_id=row.encounter_id,
            role=row.role,  # type: ignore[arg-type]
            state=row.state,
            words=self._tx.unseal(row.case_id, row.sealed_words, "invitations", row.id, "words"),
            informant_id=row.informant_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def usable(self, token: str) -> InvitationInfo | None:
        """The invitation of a token, while it can be used; used, expired, withdrawn and made-up ones look alike."""
        digest = keys.token_hash(token)
        row = self._tx.session.scalar(select(models.Invitation).where(models.Invitation.token_hash == digest))
        if row is None or not hmac.compare_digest(row.token_hash, digest):
            return None
        return self._info(row) if row.state == "open" and row.expires_at > self._tx.now else None

    def informant_of(self, token: str) -> str | None:
        """Whom a used token let in."""
        digest = keys.token_hash(token)
        return self._tx.session.scalar(
            select(models.Invitation.informant_id).where(models.Invitation.token_hash == digest)
        )

    def use(self, invitation_id: str, informant_id: str) -> None:
        row = self._tx.session.get_one(models.Invitation, invitation_id)
        row.state, row.informant_id, row.ended_at = "used", informant_id, self._tx.now

    def end(self, invitation_id: str, state: str) -> None:
        """Withdraw or expire an open invitation."""
        row = self._tx.session.get_one(models.Invitation, invitation_id)
        if row.state == "open":
            row.state, row.ended_at = state, self._tx.now

    def info(self, invitation_id: str) -> InvitationInfo | None:
        row = self._tx.session.get(models.Invitation, invitation_id)
        return None if row is None else self._info(row)

    def of_case(self, case_id: str) -> list[InvitationInfo]:
        rows = self._tx.session.scalars(
            select(models.Invitation).where(models.Invitation.case_id == case_id).order_by(models.Invitation.created_at)
        )
        return [self._info(row) for row in rows]

    def expired(self) -> list[InvitationInfo]:
        """Open invitations whose time is over."""
        rows = self._tx.session.scalars(
            select(models.Invitation).where(
                models.Invitation.state == "open", models.Invitation.expires_at <= self._tx.now
            )
        )
        return [self._info(row) for row in rows]

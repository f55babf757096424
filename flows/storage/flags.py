"""Safety flags: latched in the transaction of the answer, ended only by who raised them by mistake or by a clinician."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from flows.conversation import FlagState, RaisedFlag
from flows.storage import models
from flows.storage.store import Tx, new_id


@dataclass(frozen=True, slots=True)
class FlagInfo:
    """A flag with who raised it and when, for the case's clinician and for exports."""

    id: str
    case_id: str
    encounter_id: str
    interview_id: str
    informant_id: str
    role: str
    question: str
    words: str
    state: FlagState
    raised_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None


class Flags:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def raise_flag(
        self,
        *,
        case_id: str,
        encounter_id: str,
        interview_id: str,
        informant_id: str,
        question: str,
        words: str,
        is_confirmed: bool,
    ) -> RaisedFlag:
        """Latch a danger answer; one that is not confirmed yet waits for a word, a pause or ten minutes of silence."""
        flag_id = new_id()
        state: FlagState = "open" if is_confirmed else "unconfirmed"
        self._tx.session.add(
            models.Flag(
                id=flag_id,
                case_id=case_id,
                encounter_id=encounter_id,
                interview_id=interview_id,
                informant_id=informant_id,
                state=state,
                sealed_body=self._tx.seal(case_id, {"question": question, "words": words}, "flags", flag_id, "body"),
                raised_at=self._tx.now,
                opened_at=self._tx.now if is_confirmed else None,
                seen_at=None,
                ended_at=None,
                ended_by=None,
                sealed_reason=None,
            )
        )
        self._tx.session.flush()
        return RaisedFlag(flag_id, question, informant_id, state)

    def confirm(self, flag_id: str) -> None:
        row = self._tx.session.get_one(models.Flag, flag_id)
        row.state, row.opened_at = "open", self._tx.now

    def unconfirmed_since(self, before: datetime) -> list[FlagInfo]:
        """Danger answers that nobody has confirmed or taken back since a time."""
        rows = self._tx.session.execute(
            select(models.Flag, models.Informant.role)
            .join(models.Informant, models.Informant.id == models.Flag.informant_id)
            .where(models.Flag.state == "unconfirmed", models.Flag.raised_at <= before)
        )
        return [self._info(row, role) for row, role in rows]

    def withdraw(self, flag_id: str, by: str) -> None:
        """Take back a flag that was tapped by mistake; the row stays."""
        row = self._tx.session.get_one(models.Flag, flag_id)
        row.state, row.ended_at, row.ended_by = "withdrawn", self._tx.now, by

    def clear(self, flag_id: str, by: str, reason: str) -> None:
        """A clinician clears a flag, with a reason that is kept."""
        row = self._tx.session.get_one(models.Flag, flag_id)
        row.state, row.ended_at, row.ended_by = "cleared", self._tx.now, by
        row.sealed_reason = self._tx.seal(row.case_id, reason, "flags", flag_id, "reason")

    def _body(self, row: models.Flag) -> dict[str, str]:
        body: dict[str, str] = self._tx.unseal(row.case_id, row.sealed_body, "flags", row.id, "body")
        return body

    def of_case(self, case_id: str) -> list[RaisedFlag]:
        rows = self._tx.session.scalars(
            select(models.Flag).where(models.Flag.case_id == case_id).order_by(models.Flag.raised_at)
        )
        return [self._raised(r) for r in rows]

    def _raised(self, row: models.Flag) -> RaisedFlag:
        question = self._body(row)["question"]
        return RaisedFlag(row.id, question, row.informant_id, row.state, row.seen_at is not None)  # type: ignore[arg-type]

    def mark_seen(self, case_id: str) -> None:
        """The case's clinician has had its flags on the screen."""
        rows = self._tx.session.scalars(
            select(models.Flag).where(models.Flag.case_id == case_id, models.Flag.seen_at.is_(None))
        )
        for row in rows:
            row.seen_at = self._tx.now

    def infos(self, case_id: str) -> list[FlagInfo]:
        rows = self._tx.session.execute(
            select(models.Flag, models.Informant.role)
            .join(models.Informant, models.Informant.id == models.Flag.informant_id)
            .where(models.Flag.case_id == case_id)
            .order_by(models.Flag.raised_at, models.Flag.id)
        )
        return [self._info(row, role) for row, role in rows]

    def _info(self, row: models.Flag, role: str) -> FlagInfo:
        body = self._body(row)
        reason = row.sealed_reason
        return FlagInfo(
            id=row.id,
            case_id=row.case_id,
            encounter_id=row.encounter_id,
            interview_id=row.interview_id,
            informant_id=row.informant_id,
            role=role,
            question=body["question"],
            words=body["words"],
            state=row.state,  # type: ignore[arg-type]
            raised_at=row.raised_at,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
            reason=None if reason is None else self._tx.unseal(row.case_id, reason, "flags", row.id, "reason"),
        )

    def open_of_clinician(self, clinician_id: str) -> list[FlagInfo]:
        """Open flags over all cases of a clinician, oldest first."""
        rows = self._tx.session.execute(
            select(models.Flag, models.Informant.role)
            .join(models.Informant, models.Informant.id == models.Flag.informant_id)
            .join(models.Case, models.Case.id == models.Flag.case_id)
            .where(models.Case.clinician_id == clinician_id, models.Flag.state.in_(("open", "unconfirmed")))
            .order_by(models.Flag.raised_at, models.Flag.id)
        )
        return [self._info(row, role) for row, role in rows]

    def info(self, flag_id: str) -> FlagInfo | None:
        found = self._tx.session.execute(
            select(models.Flag, models.Informant.role)
            .join(models.Informant, models.Informant.id == models.Flag.informant_id)
            .where(models.Flag.id == flag_id)
        ).first()
        return None if found is None else self._info(found[0], found[1])

"""The tables. Bytes columns named `sealed_*` or `wrapped` hold ciphertext; ids, times, states and counts stand open.

Times are stored as UTC without an offset and come back aware (`UtcTime`). Ids are made by the store and are part of what a
sealed value is bound to.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone is not stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


Id = String(32)


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's own declaration)
        datetime: UtcTime,
        date: Date,
        bytes: LargeBinary,
        str: String(64),
        bool: Boolean,
        int: Integer,
    }


class WrappedKey(Base):
    """A key per case (and one for the installation), wrapped by the key file's key. Deleting the row erases."""

    __tablename__ = "keys"
    owner: Mapped[str] = mapped_column(Id, primary_key=True)
    wrapped: Mapped[bytes]
    master: Mapped[str]


class Clinician(Base):
    __tablename__ = "clinicians"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    sealed_name: Mapped[bytes]
    name_index: Mapped[bytes] = mapped_column(unique=True)
    state: Mapped[str]  # active, suspended, removed
    created_at: Mapped[datetime]


class EnrolmentCode(Base):
    """A one-time code for a clinician; only its hash is kept."""

    __tablename__ = "codes"
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinicians.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Account(Base):
    """Somebody on a channel: a Telegram user in a private chat, or the user of the terminal."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    channel: Mapped[str]
    address: Mapped[str]
    clinician_id: Mapped[str | None] = mapped_column(ForeignKey("clinicians.id"), index=True)
    locale: Mapped[str]
    is_reachable: Mapped[bool]
    wrong_tokens: Mapped[int]
    slowed_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("channel", "address"),)


class Conversation(Base):
    """Where an account stands: which machine, which state, which screen, and what was delivered of it."""

    __tablename__ = "conversations"
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    interview_id: Mapped[str | None] = mapped_column(ForeignKey("interviews.id"), index=True)
    sealed_draft: Mapped[bytes]
    screen_number: Mapped[int]
    screen_version: Mapped[int]
    delivered_version: Mapped[int]
    is_hidden: Mapped[bool]
    live_message: Mapped[str | None]
    wants_new_message: Mapped[bool]
    updated_at: Mapped[datetime]


class Case(Base):
    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    clinician_id: Mapped[str] = mapped_column(ForeignKey("clinicians.id"), index=True)
    sealed_label: Mapped[bytes]
    label_index: Mapped[bytes]
    sealed_birth: Mapped[bytes]
    on_hold: Mapped[bool]
    created_at: Mapped[datetime]
    last_activity_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("clinician_id", "label_index"),)


class Encounter(Base):
    """One occasion of assessment; its date is the day of the first clinician's answer."""

    __tablename__ = "encounters"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    number: Mapped[int]
    state: Mapped[str]  # open, finished, entered_in_error
    assessed: Mapped[date | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("case_id", "number"),)


class Informant(Base):
    """Who answers for a case: its clinician, a carer, somebody at school, the person themself."""

    __tablename__ = "informants"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    role: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    sealed_words: Mapped[bytes]
    created_at: Mapped[datetime]


class Interview(Base):
    """One informant's pass through the instrument in one encounter, with a sealed snapshot of its current answers."""

    __tablename__ = "interviews"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounters.id"), index=True)
    informant_id: Mapped[str] = mapped_column(ForeignKey("informants.id"), index=True)
    state: Mapped[str]
    resume_state: Mapped[str | None]
    sealed_snapshot: Mapped[bytes]
    responses_count: Mapped[int]
    reminders_sent: Mapped[int]
    wants_reminders: Mapped[bool]
    instrument_version: Mapped[str]
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("encounter_id", "informant_id"),)


class Response(Base):
    """One response, appended and never changed; the latest for an item counts."""

    __tablename__ = "responses"
    interview_id: Mapped[str] = mapped_column(ForeignKey("interviews.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    sealed_body: Mapped[bytes]


class Flag(Base):
    """A safety flag: raised by somebody, latched until the case's clinician clears it with a reason."""

    __tablename__ = "flags"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounters.id"), index=True)
    interview_id: Mapped[str] = mapped_column(ForeignKey("interviews.id"), index=True)
    informant_id: Mapped[str] = mapped_column(ForeignKey("informants.id"), index=True)
    state: Mapped[str]  # unconfirmed, open, withdrawn, cleared
    sealed_body: Mapped[bytes]
    raised_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)
    sealed_reason: Mapped[bytes | None]
    __table_args__ = (Index("ix_flags_case_state", "case_id", "state"),)


class Result(Base):
    """A finished scoring of an encounter, kept as it was: the case it was made from, sealed."""

    __tablename__ = "results"
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounters.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    instrument_version: Mapped[str]
    instrument_sha256: Mapped[str]
    sealed_case: Mapped[bytes]
    made_at: Mapped[datetime]


class PlanEdit(Base):
    """One thing a clinician changed of a plan; appended and never changed."""

    __tablename__ = "plan_edits"
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounters.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    result: Mapped[int]  # the number of the result it was made at
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Id)
    sealed_body: Mapped[bytes]


class Invitation(Base):
    """A single-use way in for one informant; only a hash of its token is kept."""

    __tablename__ = "invitations"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    state: Mapped[str]  # open, used, withdrawn, expired
    encounter_id: Mapped[str] = mapped_column(ForeignKey("encounters.id"), index=True)
    sealed_words: Mapped[bytes]
    informant_id: Mapped[str | None] = mapped_column(ForeignKey("informants.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Inbox(Base):
    """Ids of events that were taken, so that one that comes again changes nothing. Pruned after seven days."""

    __tablename__ = "inbox"
    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(index=True)
    failed: Mapped[bool]


class Outbox(Base):
    """New messages that wait to be delivered, each with its recipient; never the live screen."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str]
    token: Mapped[str] = mapped_column(Id)
    sealed_body: Mapped[bytes]
    state: Mapped[str]  # waiting, sent, failed
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_outbox_account_state", "account_id", "state"),)


class SentMessage(Base):
    """Messages of a chat that belong to a case, so that erasing the case can take them back."""

    __tablename__ = "sent_messages"
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    message: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str]
    sent_at: Mapped[datetime]


class Audit(Base):
    """Who did what to which case, and when; never content. `clinician_id` is whom an act was about, or who was given a case."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    case_id: Mapped[str | None] = mapped_column(Id, index=True)
    clinician_id: Mapped[str | None] = mapped_column(Id)


class Installation(Base):
    """Facts about the installation that hold no person's data, by name."""

    __tablename__ = "installation"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(256))

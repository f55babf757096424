"""Where each account's conversation stands, kept across every restart."""

from __future__ import annotations

from datetime import date
from typing import Any

from flows.conversation import OF_INFORMANTS, Account, Home, Interview, Talk
from flows.storage import keys, models
from flows.storage.casebook import Casebook
from flows.storage.store import Tx


class Talks:
    def __init__(self, tx: Tx, casebook: Casebook) -> None:
        self._tx = tx
        self._casebook = casebook

    def get(self, account: Account, today: date) -> Talk:
        """The account's conversation, rehydrated; a new one for an account that never spoke."""
        row = self._tx.session.get(models.Conversation, account.id)
        if row is None:
            return Talk(account, Home("home" if account.clinician_id else "stranger"))
        draft = self._tx.unseal(keys.INSTALLATION, row.sealed_draft, "conversations", account.id, "draft")
        hint = draft.pop("hint", "")
        place = draft.pop("place", None)
        if account.clinician_id is None and not account.informs:
            # never enrolled, suspended or removed: nothing of where the conversation stood is shown
            return Talk(
                account,
                Home("stranger"),
                screen_number=row.screen_number,
                screen_version=row.screen_version,
                delivered_version=row.delivered_version,
                live_message=row.live_message,
                wants_new_message=row.wants_new_message,
                hint=hint if row.state == "stranger" else "",
            )
        state = row.state if row.kind == "home" else "case"
        interview = self._casebook.interview(row.interview_id, today) if row.interview_id else None
        if self._is_anothers(account, interview, draft):
            state, draft, hint, interview = "home", {}, "", None  # the case was handed over
        if account.clinician_id is None and interview is None and state not in OF_INFORMANTS:
            state, draft, hint = "mine", {}, ""  # a suspended clinician, who still answers a questionnaire
        talk = Talk(
            account=account,
            home=Home(state, draft),
            interview=interview,
            screen_number=row.screen_number,
            screen_version=row.screen_version,
            delivered_version=row.delivered_version,
            live_message=row.live_message,
            wants_new_message=row.wants_new_message,
            is_hidden=row.is_hidden,
            hint=hint,
        )
        if place is not None and place != str(talk.place()):
            talk.screen_number += 1  # it moved on from elsewhere: a second phone, a command
        return talk

    def _is_anothers(self, account: Account, interview: Interview | None, draft: dict[str, Any]) -> bool:
        """Whether the conversation stands at a case that is another clinician's by now."""
        if interview and interview.role != "clinician":
            return False
        case_id = interview.case_id if interview else draft.get("case")
        if case_id is None or not self._casebook.has_case(case_id):
            return False
        return self._casebook.case(case_id).clinician_id != account.clinician_id

    def save(self, talk: Talk, today: date) -> None:
        """Keep where the conversation stands, and of an open interview all that this turn added."""
        draft = {**talk.home.draft, "hint": talk.hint, "place": str(talk.place())}
        sealed = self._tx.seal(keys.INSTALLATION, draft, "conversations", talk.account.id, "draft")
        row = self._tx.session.get(models.Conversation, talk.account.id)
        is_new = row is None
        if row is not None and row.state != "stranger" and talk.home.state == "stranger":
            row.wants_new_message = talk.wants_new_message
            return  # a suspension keeps where the conversation stood
        if row is None:
            row = models.Conversation(account_id=talk.account.id, delivered_version=0, live_message=None)
        interview = talk.interview
        row.kind = "interview" if interview else "home"
        row.state = talk.home.state
        row.case_id = interview.case_id if interview else talk.home.draft.get("case")
        row.interview_id = interview.id if interview else None
        row.sealed_draft = sealed
        row.screen_number, row.screen_version = talk.screen_number, talk.screen_version
        row.wants_new_message = talk.wants_new_message
        row.is_hidden = talk.is_hidden
        row.updated_at = self._tx.now
        if is_new:
            self._tx.session.add(row)
        if interview:
            self._casebook.save_interview(interview, today)

    def raise_version(self, account_id: str) -> None:
        """Something that the screen shows has changed without a turn of its account."""
        if row := self._tx.session.get(models.Conversation, account_id):
            row.screen_version += 1
            row.screen_number += 1

    def hide(self, account_id: str) -> None:
        """A questionnaire's screen turns neutral, with a way back."""
        row = self._tx.session.get_one(models.Conversation, account_id)
        draft = self._tx.unseal(keys.INSTALLATION, row.sealed_draft, "conversations", account_id, "draft")
        draft = {**draft, "offers_return": True, "hint": ""}
        row.sealed_draft = self._tx.seal(keys.INSTALLATION, draft, "conversations", account_id, "draft")
        row.is_hidden = True
        self.raise_version(account_id)

    def mark_delivered(self, account_id: str, version: int, message: str | None) -> None:
        """The channel has shown the screen of this version, in this message."""
        row = self._tx.session.get(models.Conversation, account_id)
        if row is None:
            return
        row.delivered_version = max(row.delivered_version, version)
        row.live_message = message
        if version == row.screen_version:
            row.wants_new_message = False

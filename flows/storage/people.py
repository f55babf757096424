"""Clinicians, their codes, and accounts on channels."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from flows.conversation import Account
from flows.storage import keys, models
from flows.storage.store import Tx, new_id

CODE_HOURS = 24
#: The clinician that the terminal's user is.
LOCAL_CHANNEL, LOCAL_ADDRESS, LOCAL_NAME = "terminal", "local", "Local clinician"
#: After so many wrong codes an account is slowed, a little longer each time.
FREE_GUESSES = 5
#: So many wrong codes in one minute, from whomever, and none is taken until the next.
GUESSES_A_MINUTE = 60
GUESSES = "wrong_codes_this_minute"


@dataclass(frozen=True, slots=True)
class ClinicianInfo:
    id: str
    name: str
    state: str


class People:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def add_clinician(self, name: str) -> ClinicianInfo:
        clinician_id = new_id()
        self._tx.session.add(
            models.Clinician(
                id=clinician_id,
                sealed_name=self._tx.seal(keys.INSTALLATION, name, "clinicians", clinician_id, "name"),
                name_index=self._tx.master.index("clinician", name),
                state="active",
                created_at=self._tx.now,
            )
        )
        self._tx.session.flush()
        self._tx.audit("operator", "clinician.add", clinician_id=clinician_id)
        return ClinicianInfo(clinician_id, name, "active")

    def clinicians(self) -> Iterator[ClinicianInfo]:
        for row in self._tx.session.scalars(select(models.Clinician).order_by(models.Clinician.created_at)):
            yield self._info(row)

    def clinician_named(self, name: str) -> ClinicianInfo | None:
        row = self._tx.session.scalar(
            select(models.Clinician).where(models.Clinician.name_index == self._tx.master.index("clinician", name))
        )
        return None if row is None or row.state == "removed" else self._info(row)

    def _info(self, row: models.Clinician) -> ClinicianInfo:
        name = self._tx.unseal(keys.INSTALLATION, row.sealed_name, "clinicians", row.id, "name")
        return ClinicianInfo(row.id, name, row.state)

    def clinician_state(self, clinician_id: str) -> str:
        row = self._tx.session.get(models.Clinician, clinician_id)
        return row.state if row else "removed"

    def set_clinician_state(self, clinician_id: str, state: str) -> None:
        row = self._tx.session.get_one(models.Clinician, clinician_id)
        row.state = state
        if state == "removed":
            row.name_index = b"removed:" + row.id.encode()  # the name may be given again
        self._tx.audit("operator", f"clinician.{state}", clinician_id=clinician_id)

    def make_code(self, clinician_id: str) -> str:
        """A one-time code for a clinician; only its hash is kept."""
        code = keys.new_token("c_")
        self._tx.session.add(
            models.EnrolmentCode(
                hash=keys.token_hash(code),
                clinician_id=clinician_id,
                expires_at=self._tx.now + timedelta(hours=CODE_HOURS),
                used_at=None,
            )
        )
        self._tx.audit("operator", "clinician.code", clinician_id=clinician_id)
        return code

    def clinician_of_code(self, code: str) -> str | None:
        """Whose code it is, while it can still be used."""
        digest = keys.token_hash(code)
        row = self._tx.session.get(models.EnrolmentCode, digest)
        if row is None or not hmac.compare_digest(row.hash, digest):
            return None
        if row.used_at is not None or row.expires_at <= self._tx.now:
            return None
        return row.clinician_id if self.clinician_state(row.clinician_id) == "active" else None

    def use_code(self, code: str, account_id: str) -> None:
        row = self._tx.session.get_one(models.EnrolmentCode, keys.token_hash(code))
        row.used_at = self._tx.now
        account = self._tx.session.get_one(models.Account, account_id)
        account.clinician_id, account.wrong_tokens, account.slowed_until = row.clinician_id, 0, None
        self._tx.audit(account_id, "account.enrolled", clinician_id=row.clinician_id)

    # --- accounts ---

    def account(self, channel: str, address: str, locale: str) -> Account:
        """The account at an address, made where there is none."""
        row = self._tx.session.scalar(
            select(models.Account).where(models.Account.channel == channel, models.Account.address == address)
        )
        if row is None:
            row = models.Account(
                id=new_id(),
                channel=channel,
                address=address,
                clinician_id=None,
                locale=locale[:8] or "en",
                is_reachable=True,
                wrong_tokens=0,
                slowed_until=None,
                created_at=self._tx.now,
            )
            self._tx.session.add(row)
            self._tx.session.flush()
        return self._account(row)

    def account_by_id(self, account_id: str) -> Account:
        return self._account(self._tx.session.get_one(models.Account, account_id))

    def accounts_of(self, clinician_id: str) -> list[Account]:
        rows = self._tx.session.scalars(select(models.Account).where(models.Account.clinician_id == clinician_id))
        return [self._account(row) for row in rows]

    def _account(self, row: models.Account) -> Account:
        active = row.clinician_id is not None and self.clinician_state(row.clinician_id) == "active"
        informs = self._tx.session.scalar(
            select(models.Informant.id)
            .where(models.Informant.account_id == row.id, models.Informant.role != "clinician")
            .limit(1)
        )
        return Account(
            row.id, row.channel, row.address, row.clinician_id if active else None, row.locale, informs is not None
        )

    def set_locale(self, account_id: str, locale: str) -> None:
        self._tx.session.get_one(models.Account, account_id).locale = locale

    def local_clinician(self) -> Account:
        """The terminal's user: a built-in clinician, made on first use."""
        account = self.account(LOCAL_CHANNEL, LOCAL_ADDRESS, "en")
        if account.clinician_id is not None:
            return account
        info = self.clinician_named(LOCAL_NAME) or self.add_clinician(LOCAL_NAME)
        self._tx.session.get_one(models.Account, account.id).clinician_id = info.id
        self._tx.session.flush()
        return self.account_by_id(account.id)

    def set_reachable(self, account_id: str, *, reachable: bool) -> None:
        self._tx.session.get_one(models.Account, account_id).is_reachable = reachable

    def is_slowed(self, account_id: str) -> bool:
        until: datetime | None = self._tx.session.get_one(models.Account, account_id).slowed_until
        is_own = until is not None and until > self._tx.now
        return is_own or self._guesses_this_minute() >= GUESSES_A_MINUTE

    def _guesses_this_minute(self) -> int:
        """Wrong codes of all accounts in the present minute, so that many accounts are slowed as one is."""
        row = self._tx.session.get(models.Installation, GUESSES)
        minute, _, count = (row.value if row else "").partition(" ")
        return int(count) if minute == self._minute() else 0

    def _minute(self) -> str:
        return f"{self._tx.now:%Y%m%d%H%M}"

    def count_wrong_token(self, account_id: str) -> None:
        """A wrong code slows the account that guesses, longer each time, and with many others everybody for a minute."""
        said = f"{self._minute()} {self._guesses_this_minute() + 1}"
        fact = self._tx.session.get(models.Installation, GUESSES)
        if fact is None:
            self._tx.session.add(models.Installation(name=GUESSES, value=said))
        else:
            fact.value = said
        row = self._tx.session.get_one(models.Account, account_id)
        row.wrong_tokens += 1
        if row.wrong_tokens >= FREE_GUESSES:
            row.slowed_until = self._tx.now + timedelta(seconds=min(3600, 2 ** min(row.wrong_tokens, 12)))

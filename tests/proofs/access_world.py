"""The clinic in which the matrix is run: every actor with a phone, and the case in each state it can be in.

States are made once, by people who tap what stands on their screens, and kept as copies of the database in memory; each cell
begins from such a copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from support.informants import answered, invited, opened
from support.walker import Clinic, Walker

from bot.commands.clinician import move
from tests.proofs.access_rules import NOTES, OTHER, ROBIN, STATES

#: Each actor's account. Who is suspended or removed is the case's own clinician; a bot and a group speak in their name.
ACCOUNTS = {
    "owner": 11,
    "suspended": 11,
    "removed": 11,
    "bot": 11,
    "group": 11,
    "colleague": 12,
    "both": 13,
    "carer_begun": 21,
    "carer_sent": 22,
    "carer_withdrawn": 23,
    "carer_expired": 24,
    "carer_other": 25,
    "carer_danger": 26,
    "carer_last": 27,
    "school": 31,
    "self": 32,
    "stranger": 99,
}
OWNER, COLLEAGUE, BOTH = "Dr Owner", "Dr Colleague", "Dr Both"
BORN = "2010-02-03"
#: What is kept of a case, and who did what: everything but where a conversation stands and what was delivered.
KEPT = {
    "cases": ("id", "clinician_id", "sealed_label", "sealed_birth", "on_hold"),
    "encounters": ("id", "case_id", "state", "assessed"),
    "informants": ("id", "case_id", "role", "account_id", "sealed_words"),
    "interviews": ("id", "encounter_id", "informant_id", "state", "responses_count", "wants_reminders"),
    "responses": ("interview_id", "number", "sealed_body"),
    "flags": ("id", "case_id", "informant_id", "state", "ended_by", "sealed_reason", "seen_at"),
    "results": ("encounter_id", "number", "sealed_case"),
    "invitations": ("id", "case_id", "state", "informant_id"),
    "keys": ("owner", "wrapped"),
    "clinicians": ("id", "state"),
    "codes": ("hash", "used_at"),
    "outbox": ("id", "account_id", "case_id", "kind"),
    "audit": ("id", "actor", "action", "case_id"),
}
ON = (
    "Confirm all",
    "As they said",
    "None of these",
    "All steady",
    "As expected for age",
    "All checked",
    "No",
    "Next",
    "Skip",
)

Row = tuple[object, ...]
Rows = frozenset[Row]


@dataclass(frozen=True, slots=True)
class Copy:
    """The database as it was, and the time of its clock."""

    database: sqlite3.Connection
    at: datetime


class World:
    """A clinic whose database can be put back.

    Attributes
    ----------
    links : tokens that were used, withdrawn or ran out
    """

    def __init__(self, folder: Path) -> None:
        self.clinic = Clinic(folder, rebuilds=False)
        self.links: dict[str, str] = {}
        self.copies: dict[str, Copy] = {}
        self.case_id = ""
        self._make()

    # --- copies ---

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.clinic.path, isolation_level=None)) as connection:
            yield connection

    def copy(self) -> Copy:
        memory = sqlite3.connect(":memory:", check_same_thread=False)
        with self._raw() as raw:
            raw.backup(memory)
        return Copy(memory, self.clinic.clock.now)

    def put_back(self, copy: Copy) -> None:
        with self._raw() as raw:
            copy.database.backup(raw)
        self.clinic.clock.now = copy.at
        self.clinic.changes += 1

    def deliver_all(self) -> None:
        """As when everything that waited has been delivered."""
        with self._raw() as raw:
            raw.execute("DELETE FROM outbox WHERE kind = 'invitation'")
            raw.execute("UPDATE outbox SET state = 'sent'")

    def kept(self) -> Rows:
        """Every row that belongs to a case or says who did what."""
        with self._raw() as raw:
            return frozenset(
                (table, *row)
                for table, columns in KEPT.items()
                for row in raw.execute(f"SELECT {', '.join(columns)} FROM {table}")
            )

    def walker(self, actor: str) -> Walker:
        """An actor's phone, taken into the hand again."""
        walker = Walker(self.clinic, str(ACCOUNTS[actor]), "telegram")
        walker.looks_twice = False
        return walker

    # --- making the states ---

    def _enrolled(self, actor: str, name: str) -> Walker:
        walker = self.walker(actor)
        walker.command("start", self.clinic.code_for(name))
        walker.shows("New case")
        return walker

    def _case(self, walker: Walker, label: str) -> None:
        walker.command("new")
        walker.type(label)
        walker.type(BORN)

    def _opened(self, actor: str, label: str, role: str = "carer") -> Walker:
        """Somebody with a link, before the first question."""
        told = {"relation": "relation-gander", "must_not_learn": "hidden-from-uncle-otter"} if label == ROBIN else {}
        self.links[actor] = invited(self.clinic, label, role, **told)
        return opened(_OnTelegram(self), self.links[actor], str(ACCOUNTS[actor]))

    def _begun(self, actor: str, label: str, role: str = "carer") -> Walker:
        """Somebody who has agreed, said who they are and left a note."""
        walker = self._opened(actor, label, role)
        walker.tap("I agree")
        if role != "self":
            walker.type("K")
            walker.tap("Teacher" if role == "school" else "Parent")
            for words in ("Yes", "Since the start"):
                if walker.has(words):
                    walker.tap(words)
        if actor in NOTES:
            walker.type(f"note: {NOTES[actor]}")
        return walker

    def _make(self) -> None:
        clinician, colleague = self._enrolled("owner", OWNER), self._enrolled("colleague", COLLEAGUE)
        self._case(clinician, ROBIN)
        self.case_id = self.clinic.case_id(ROBIN)
        self.links["carer_expired"] = invited(self.clinic, ROBIN)
        self.clinic.clock.advance(days=8)
        self.walker("carer_expired").command("start", self.links["carer_expired"])
        self._make_informants()
        self._case(colleague, OTHER)
        colleague.tap("Start now")
        self._begun("carer_other", OTHER)
        for actor in ("owner", "colleague", "both"):
            self.walker(actor).command("start")
        self._make_states(clinician)

    def _make_informants(self) -> None:
        self._begun("carer_begun", ROBIN)
        sent = self._begun("carer_sent", ROBIN)
        answered(sent)
        sent.tap("Send")
        self._opened("carer_withdrawn", ROBIN).tap("No thanks")
        answered(self._begun("carer_last", ROBIN))
        afraid = self._begun("carer_danger", ROBIN)
        answered(afraid, until="answer alone")
        afraid.tap("Yes")
        afraid.tap("Yes")
        self._begun("school", ROBIN, "school")
        self._begun("self", ROBIN, "self")
        self._enrolled("both", BOTH)
        self._begun("both", ROBIN)

    def _make_states(self, clinician: Walker) -> None:
        """The same case, further on at each copy."""
        self._keep("waiting")
        clinician.open_from_elsewhere("open", self.case_id)
        clinician.tap("Start")
        clinician.type("languages-volapuk")
        clinician.type("note: clinicians-note-quetzal")
        _say_that_all_was_hard(clinician)
        self._keep("history")
        for stage in ("Functioning", "Relationships", "Safety"):
            _on_until(clinician, lambda s=stage: clinician.text.startswith(s) or f"\n{s}" in clinician.text)
            self._keep(stage.casefold())
        clinician.tap("Danger at home now")
        _on_until(clinician, lambda: clinician.has("Finish"))
        clinician.tap_this(next(b for b in clinician.screen.buttons if b.action == "notes"))
        clinician.tap("Back")
        self._keep("review")
        self._see_flags(clinician)
        clinician.tap("Finish")
        self._keep("finished")
        finished = self.copy()
        self._make_second(clinician)
        for state in ("held", "in_error", "erased", "moved"):
            self.put_back(finished)
            self._change(state)
            self._keep(state)

    def _see_flags(self, clinician: Walker) -> None:
        """Finish waits until what somebody has just said of danger was opened."""
        clinician.command("start")
        clinician.tap_this(next(b for b in clinician.screen.buttons if b.action == "flags"))
        clinician.open_from_elsewhere("open", self.case_id)
        clinician.tap("Go on")

    def _make_second(self, clinician: Walker) -> None:
        """A second encounter, finished as well, and no flag open: two results that can be compared, and a plan."""
        self.clinic.clock.advance(days=200)
        with self.clinic.desk() as desk:
            for flag in desk.open_flags(self.case_id):
                desk.flags.confirm(flag.id)
                desk.flags.clear(flag.id, "operator", "a slip")
        clinician.tap("Back")
        clinician.tap("Reassess")
        _on_until(clinician, lambda: clinician.has("Finish"))
        clinician.tap("Finish")
        self._keep("reassessed")

    def _change(self, state: str) -> None:
        clinician = self.walker("owner")
        clinician.open_from_elsewhere("open", self.case_id)
        if state == "held":
            clinician.tap("Hold")
        elif state == "in_error":
            clinician.tap("Entered in error")
            clinician.tap("Yes, entered in error")
        elif state == "erased":
            clinician.tap("Erase")
            clinician.tap("Yes, erase")
        else:
            self.hand_over()

    def _keep(self, state: str) -> None:
        assert state in STATES
        self.deliver_all()
        self.copies[state] = self.copy()

    # --- what operators do ---

    def hand_over(self) -> None:
        with self.clinic.desk() as desk:
            other = desk.people.clinician_named(COLLEAGUE)
            assert other is not None
            mine = [c for c in desk.cases.cases_of(None) if c.id == self.case_id and c.clinician_id != other.id]
            if mine:
                move(desk, self.case_id, other.id)

    def set_state(self, name: str, state: str) -> None:
        with self.clinic.desk() as desk:
            found = desk.people.clinician_named(name)
            assert found is not None
            desk.people.set_clinician_state(found.id, state)


class _OnTelegram:
    """The clinic as `informants.opened` wants it, with everybody's phone on Telegram."""

    def __init__(self, world: World) -> None:
        self._world = world

    def stranger(self, address: str) -> Walker:
        return Walker(self._world.clinic, address, "telegram")


def _say_that_all_was_hard(walker: Walker) -> None:
    """The first list with everything on it; what harms is then asked about singly, and there this ends."""
    for _ in range(20):
        if any(b.action == "say" for b in walker.screen.buttons):
            return
        for place in range(len([b for b in walker.screen.buttons if b.action == "set"])):
            walker.tap_this([b for b in walker.screen.buttons if b.action == "set"][place])
        walker.tap("Next")
    walker.fail("no harm was asked about")


def _on_until(walker: Walker, is_there: object) -> None:
    """The shortest way on until something holds."""
    assert callable(is_there)
    for _ in range(250):
        if is_there():
            return
        words = next((words for words in ON if walker.has(words)), None)
        if words is None:
            walker.fail("no way on")
        walker.tap(words)
    walker.fail("it never came")

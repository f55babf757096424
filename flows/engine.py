"""The turn: an event in, one transaction, a screen out; a repeat changes nothing.

`take` claims the event's id, rehydrates the conversation, lets a machine decide, and saves conversation, responses, flags and new
messages in one transaction. Only then does a channel deliver. Several waiting events share one commit (`take_all`), each in a
savepoint of its own.
"""

from __future__ import annotations

import json
import logging
import shutil
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from flows import access, clock
from flows.commands import trigger_of
from flows.conversation import Account, Turn
from flows.curtain import CURTAIN
from flows.desk import Desk
from flows.events import ANY_SCREEN, Event
from flows.exchange.record import record_of
from flows.informant_moves import has_invitation
from flows.machines import HOME, INTERVIEW
from flows.screens import show
from flows.storage.engines import flush_deleted, storage_error
from flows.storage.mail import Waiting
from flows.storage.store import Store, Tx
from flows.typed import read_text
from flows.views import Button, Screen
from flows.voices import voices_of
from flows.wording import translator
from scoring.documents.blocks import Paragraph
from scoring.documents.voices import Voices
from scoring.instrument import Instrument
from scoring.result import Kept, Result, assess_kept

log = logging.getLogger(__name__)

MOVED_ON = "The question has moved on; this is the present one."
NOT_HERE = "That does not work here. Use the buttons below."
NOT_ALLOWED = "That is not for this account."
CODE_REFUSED = "That code does not work, or no longer. Ask whoever gave it to you for a new one."
FAILED = "That did not work. Nothing was lost; please try again."
SEND_WORDS = "Please use the buttons, or type. Voice, pictures, stickers and contacts are not read."
#: Home triggers that lead out of an interview, which is paused and kept.
LEADS_HOME = frozenset(
    {
        "home",
        "new",
        "cases",
        "help",
        "privacy",
        "flags",
        "open",
        "language",
        "mine",
        "choose_place",
        "invited",
        "go_on_with",
    }
)
#: Triggers that only follow from another one; from outside they would lead past a question that must be answered.
FOLLOWS = frozenset({"forward", "finished"})
#: A message that another process commits while a tick looks bears a time from before it.
QUEUED_BEFORE = timedelta(minutes=1)
#: How many screens may follow each other by themselves in one turn, as a guard against a loop.
MAX_CHAIN = 4


@dataclass(slots=True)
class Settings:
    """What the engine must know of the place it runs in."""

    zone: tzinfo | None = None  # the system's
    country: str | None = None
    invite_days: int = 7
    retention_days: int | None = None
    results_folder: Path | None = None
    #: Cases erased since what was deleted was last flushed out of the files.
    erased: list[str] = field(default_factory=list)

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Taken:
    """What a turn leaves for its channel.

    `toast` is a line that belongs to this tap alone; `recipients` are the accounts that have something new to be shown;
    `deletes_typed` says that what was typed must not stay in the chat.
    """

    account_id: str
    screen: Screen
    toast: str = ""
    is_repeat: bool = False
    has_failed: bool = False
    deletes_typed: bool = False
    has_enrolled: bool = False
    recipients: frozenset[str] = frozenset()


def _enrols(event: Event) -> bool:
    """Whether a stranger tries a code or an invitation."""
    return event.kind == "command" and event.action == "start" and bool(event.arg)


def _where(error: Exception) -> str:
    """Kind and place of an error; never its text, which could hold content."""
    frames = traceback.extract_tb(error.__traceback__)
    return " ".join([type(error).__name__, *(f"{Path(f.filename).name}:{f.lineno}" for f in frames[-6:])])


class Engine:
    """All conversations over one store, which also gives the one reading of the clock that a turn has."""

    def __init__(self, store: Store, instrument: Instrument, settings: Settings | None = None) -> None:
        self.store = store
        self.instrument = instrument
        self.settings = settings or Settings()
        self._ticked_at: datetime | None = None

    def desk(self, tx: Tx) -> Desk:
        return Desk(tx, self.instrument, self.settings)

    # --- turns ---

    def take(self, event: Event) -> Taken:
        """Run one turn. Raises `StorageUnavailable` where the event must be tried again later."""
        return self.take_all([event])[0]

    def take_all(self, events: Sequence[Event]) -> list[Taken]:
        """Run several turns in one commit, in order; one that fails does not take the others with it."""
        with self.store.transaction() as tx:
            desk = self.desk(tx)
            taken = [self._take_one(desk, event) for event in events]
        self.settings.erased.extend(desk.erased)
        self.forget_erased()
        return taken

    def forget_erased(self) -> bool:
        """After an erasure: its results go from the disk, its pages from the database's files; false while a reader holds them."""
        erased = self.settings.erased
        if not erased:
            return True
        for case_id in erased:
            if self.settings.results_folder and case_id:
                shutil.rmtree(self.settings.results_folder / case_id, ignore_errors=True)
        if is_flushed := flush_deleted(self.store.engine):
            erased.clear()
        return is_flushed

    def _take_one(self, desk: Desk, event: Event) -> Taken:
        account = desk.people.account(event.channel, event.address, event.locale)
        erased_before = len(desk.erased)
        try:
            with desk.tx.savepoint():
                return self._turn(desk, account, event)
        except Exception as error:
            if storage_error(error):
                raise
            del desk.erased[erased_before:]
            log.error("turn failed: event=%s account=%s %s", event.id, account.id, _where(error))
            desk.mail.mark_failed(event.source, event.id)
            words = translator(account.locale)(FAILED)
            screen = self._screen_after_failure(desk, account, event, words)
            return Taken(account.id, screen, words, has_failed=True, recipients=frozenset({account.id}))

    def _screen_after_failure(self, desk: Desk, account: Account, event: Event, words: str) -> Screen:
        """Where things stand; where even that cannot be shown, a way home, so that nobody else's turn is held up.

        A tap is answered with the words that say so; whoever typed finds them on the screen.
        """
        try:
            with desk.tx.savepoint():
                turn = self._turn_of(desk, account, event)
                if event.kind != "tap":
                    turn.talk.hint, turn.talk.wants_new_message = words, True
                    turn.talk.screen_version += 1
                    desk.talks.save(turn.talk, turn.today)
                return show(turn)
        except Exception as error:
            if storage_error(error):
                raise
            log.error("screen failed: account=%s %s", account.id, _where(error))
            return Screen(account.id, 0, 0, (Paragraph(FAILED, "strong"),), ((Button("Home", "home"),),))

    def _turn_of(self, desk: Desk, account: Account, event: Event) -> Turn:
        now = desk.tx.now
        today = self.settings.today(now)
        talk = desk.talks.get(account, today)
        if talk.interview:
            talk.interview.locale = account.locale
        return Turn(event, now, today, talk, desk, self.instrument, arg=event.arg, text=event.text)

    def _turn(self, desk: Desk, account: Account, event: Event) -> Taken:
        turn = self._turn_of(desk, account, event)
        if not desk.mail.claim(event.source, event.id):
            return Taken(account.id, show(turn), is_repeat=True)
        desk.people.set_reachable(account.id, reachable=True)
        talk, place = turn.talk, turn.talk.place()
        if access.actor_of(talk) == "stranger" and not _enrols(event):
            return self._stranger(turn)
        toast = self._decide(turn)
        accepted = not toast
        if accepted or event.kind != "tap":
            talk.screen_version += 1
            talk.hint = toast or talk.hint
        if talk.place() != place:
            talk.screen_number += 1
        if event.kind != "tap" or event.screen == ANY_SCREEN:
            talk.wants_new_message = True  # what comes of it must stand below it
        desk.talks.save(talk, turn.today)
        desk.mail.add(turn.news)
        desk.tx.session.flush()
        recipients = frozenset({account.id, *desk.mail.added})
        typed = event.kind == "text" and access.actor_of(talk) in access.INFORMANTS
        enrolled = _enrols(event) and account.clinician_id is None and talk.account.clinician_id is not None
        screen = show(turn)
        return Taken(account.id, screen, toast, recipients=recipients, deletes_typed=typed, has_enrolled=enrolled)

    def _stranger(self, turn: Turn) -> Taken:
        """One polite screen, whatever a stranger says; it is shown anew only to a first word, a command or a tap."""
        talk, event = turn.talk, turn.event
        is_new = talk.delivered_version == 0
        talk.wants_new_message = is_new or event.kind == "command"
        turn.desk.talks.save(talk, turn.today)
        toast = translator(talk.account.locale)(NOT_ALLOWED)
        shown = {talk.account.id} if is_new or event.kind in ("command", "tap") else set()
        return Taken(talk.account.id, show(turn), toast if event.kind == "tap" else "", recipients=frozenset(shown))

    def _decide(self, turn: Turn) -> str:
        """Let the event do what it may; gives the line that says why it did not, empty where it did."""
        event, talk = turn.event, turn.talk
        if event.kind == "other":
            return translator(talk.account.locale)(SEND_WORDS)
        if event.kind == "tap" and event.screen not in (ANY_SCREEN, talk.screen_number):
            return translator(talk.account.locale)(MOVED_ON)
        trigger = event.action
        if event.kind == "text":
            read = read_text(turn)
            if read.refusal or talk.is_hidden:
                return translator(talk.account.locale)(read.refusal or NOT_HERE)
            trigger, turn.arg, turn.text = read.trigger, read.arg, read.text
        elif event.kind == "command":
            trigger = trigger_of(turn)
        if trigger in FOLLOWS:
            return translator(talk.account.locale)(NOT_HERE)
        if not access.permits(talk, trigger):
            return translator(talk.account.locale)(NOT_HERE if trigger not in access.MAY else NOT_ALLOWED)
        talk.hint = ""
        if trigger in CURTAIN:
            CURTAIN[trigger](turn)
            return ""
        # a reminder's Go on is a way back from behind the curtain
        if talk.is_hidden and event.kind == "tap" and trigger != "go_on_with":
            return translator(talk.account.locale)(MOVED_ON)
        if self._fire(turn, trigger):
            talk.is_hidden = False
            return ""
        return translator(talk.account.locale)(CODE_REFUSED if trigger in ("enrol", "invited") else NOT_HERE)

    def _fire(self, turn: Turn, trigger: str) -> bool:
        """One transition, and those that follow from it by themselves."""
        talk = turn.talk
        if trigger == "go_back":
            return self._go_back(turn)
        if talk.interview is None:
            fired = HOME.fire(talk.home, trigger, turn)
        elif INTERVIEW.fire(talk.interview, trigger, turn):
            fired = True
        elif trigger == "back" and INTERVIEW.offers("back", talk.interview.state):
            return self._go_home(turn, "home")  # from the first screen
        elif trigger in LEADS_HOME:
            return self._go_home(turn, trigger)
        else:
            return False
        self._follow(turn)
        if talk.interview and trigger == "finish" and talk.interview.state == "finished":
            turn.desk.leave_interview(turn)
            HOME.fire(talk.home, "finished", turn)
        return fired

    def _follow(self, turn: Turn) -> None:
        """The transitions that follow from one by themselves."""
        talk = turn.talk
        for _ in range(MAX_CHAIN):
            if talk.interview and turn.goes_forward:
                turn.goes_forward = False
                INTERVIEW.fire(talk.interview, "forward", turn)
            elif talk.interview and turn.then:
                then, turn.then = turn.then, ""
                INTERVIEW.fire(talk.interview, then, turn)

    def _go_home(self, turn: Turn, trigger: str) -> bool:
        """Out of an interview, which is paused where it stands."""
        interview = turn.interview
        if trigger == "invited" and not has_invitation(turn):
            return False
        if INTERVIEW.offers("pause", interview.state):
            INTERVIEW.fire(interview, "pause", turn)
        turn.desk.leave_interview(turn)
        turn.talk.home.state = "case" if interview.role == "clinician" else "mine"
        fired = HOME.fire(turn.talk.home, trigger, turn)
        self._follow(turn)
        return fired

    def _go_back(self, turn: Turn) -> bool:
        """`/resume`: into the interview the clinician left last, where one is still open."""
        clinician = turn.talk.account.clinician_id
        if turn.talk.interview or clinician is None:
            return turn.talk.interview is not None
        for case in turn.desk.cases.cases_of(clinician):
            opened = turn.desk.open_encounter(case.id)
            info = turn.desk.cases.clinician_interview(opened.id) if opened else None
            if info:
                turn.talk.home.state, turn.talk.home.draft = "case", {"case": case.id}
                turn.desk.open_interview(turn, info.id)
                self._follow(turn)
                return True
        turn.say("There is no open interview. Begin one from My cases.")
        return True

    # --- time ---

    def tick(self) -> frozenset[str]:
        """Do what is due, each thing once among all workers; the accounts that have something new to be shown."""
        with self.store.reading() as tx:
            desk = self.desk(tx)
            # most of what is due was done at an earlier tick, and costs no transaction any more
            waiting = [due for due in clock.due(desk) if not desk.mail.is_claimed("clock", due[2], tx.now)]
            # commands and the terminal queue messages in processes of their own
            touched = set(desk.mail.waiting_since((self._ticked_at or tx.now) - QUEUED_BEFORE))
            self._ticked_at = tx.now
        for kind, what, event_id in waiting:
            with self.store.transaction() as tx:
                desk = self.desk(tx)
                if desk.mail.claim("clock", event_id):
                    clock.do(desk, kind, what)
                    tx.session.flush()
                    touched |= desk.mail.added
            self.settings.erased.extend(desk.erased)
        self.forget_erased()
        with self.store.transaction() as tx:
            self.desk(tx).mail.prune()
        return frozenset(touched)

    # --- what channels read ---

    def screen_of(self, account_id: str) -> tuple[Screen, str | None, bool]:
        """The screen of an account as it is now, the message that shows it, and whether a new message is wanted."""
        with self.store.reading() as tx:
            desk = self.desk(tx)
            account = desk.people.account_by_id(account_id)
            turn = self._turn_of(desk, account, Event("", "", account.channel, account.address, "other"))
            return show(turn), turn.talk.live_message, turn.talk.wants_new_message

    def waiting_for(self, account_id: str) -> list[Waiting]:
        """What waits for an account; of a suspended or removed clinician, nothing of a case, even where they answer for one."""
        with self.store.reading() as tx:
            desk = self.desk(tx)
            account = desk.people.account_by_id(account_id)
            waiting = desk.mail.waiting(account_id)
            if account.clinician_id is not None:
                return waiting
            kinds = ("take_away", "reminder") if account.informs else ("take_away",)
            return [w for w in waiting if w.news.kind in kinds]

    def accounts_waiting(self) -> list[str]:
        with self.store.reading() as tx:
            return self.desk(tx).mail.accounts_waiting()

    def account_of(self, account_id: str) -> Account:
        with self.store.reading() as tx:
            return self.desk(tx).people.account_by_id(account_id)

    def voices_of(self, encounter_id: str) -> Voices:
        """Who said what for a result, and where they differ."""
        with self.store.reading() as tx:
            return voices_of(self.desk(tx), encounter_id)

    def kept_of(self, encounter_id: str, number: int, edits: int | None = None) -> Kept:
        """The very content that a kept result was made from; `edits` of its plan's edits, or all of them."""
        with self.store.reading() as tx:
            return self.desk(tx).kept(encounter_id, number, edits)

    def export_of(self, case_id: str) -> bytes:
        """A whole case as `stemwise export --format json` writes it."""
        with self.store.reading() as tx:
            record = record_of(self.desk(tx), case_id)
        return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()

    def result_of(self, encounter_id: str, number: int, edits: int | None = None) -> Result:
        """A kept result, scored again from what it was made from."""
        return assess_kept(self.kept_of(encounter_id, number, edits), self.instrument)

    # --- what channels report ---

    def screen_delivered(self, account_id: str, version: int, message: str | None) -> None:
        with self.store.transaction() as tx:
            self.desk(tx).talks.mark_delivered(account_id, version, message)

    def news_sent(self, waiting: Waiting, messages: Sequence[str]) -> None:
        with self.store.transaction() as tx:
            mail = self.desk(tx).mail
            mail.mark_sent(waiting.id)
            for message in messages:
                mail.remember_sent(waiting.account_id, message, waiting.news.case_id, waiting.news.kind)

    def news_failed(self, waiting: Waiting, *, gives_up: bool) -> None:
        with self.store.transaction() as tx:
            self.desk(tx).mail.mark_attempt(waiting.id, gives_up=gives_up)

    def unreachable(self, account_id: str) -> None:
        """The person blocked the bot: what waits for them is given up, and nothing is tried until they write again."""
        with self.store.transaction() as tx:
            desk = self.desk(tx)
            desk.people.set_reachable(account_id, reachable=False)
            for waiting in desk.mail.waiting(account_id):
                desk.mail.mark_attempt(waiting.id, gives_up=True)

    def bot_name(self) -> str | None:
        with self.store.reading() as tx:
            return self.desk(tx).installation.get("bot_username")

    def clinicians_addresses(self, channel: str) -> list[str]:
        """Where active clinicians are on a channel."""
        with self.store.reading() as tx:
            people = self.desk(tx).people
            active = [c.id for c in people.clinicians() if c.state == "active"]
            return [a.address for c in active for a in people.accounts_of(c) if a.channel == channel]

    def remember_bot(self, username: str) -> None:
        """What the bot is called, so that links can be printed without asking Telegram."""
        with self.store.transaction() as tx:
            self.desk(tx).installation.set("bot_username", username)

    def blocked(self, channel: str, address: str) -> None:
        """The channel says that a person blocked the bot."""
        with self.store.transaction() as tx:
            account_id = self.desk(tx).people.account(channel, address, "en").id
        self.unreachable(account_id)

"""Somebody who walks the engine by what can be seen: visible words on buttons, and typed text.

`Clinic` is one installation: a database file, a key, a clock, and an engine that can be built again from the file between
all turns, so that nothing can live in memory alone. `Walker` is one account there. Every screen a walker is shown is
checked for what must hold of all of them: there is a way on, and it fits into a Telegram message.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from support.clock import TickingClock

from bot.telegram.render import MAX_TEXT, keyboard, message_of
from flows.answers import Answers
from flows.desk import Desk
from flows.engine import Engine, Settings, Taken
from flows.events import ANY_SCREEN, Event, tap_data
from flows.exchange.record import record_of
from flows.storage.casebook import CaseInfo, StoredResponse
from flows.storage.keys import MasterKey
from flows.storage.store import Store
from flows.views import Button, Screen
from scoring.documents.blocks import Bullets, Heading, Paragraph, Picture, Table
from scoring.instrument import Instrument, load

#: What one keyboard may hold, as Telegram has it.
MAX_BUTTONS = 100
MAX_CALLBACK_BYTES = 64
_IDS = itertools.count(1)  # never the same event twice, whoever sends it to whichever installation
_NUMBER = re.compile(r"\A\d+\. ")


def plain(words: str) -> str:
    """A button's words without arrows, list number and present value: `2. Sleep: some` is `sleep`."""
    return _NUMBER.sub("", words.strip("‹› "), count=1).partition(": ")[0].strip().casefold()


def screen_text(screen: Screen) -> str:
    """All that stands on a screen above its buttons, a block a line."""
    lines: list[str] = []
    for block in screen.blocks:
        match block:
            case Heading(text=text) | Paragraph(text=text):
                lines.append(text)
            case Bullets(items=items):
                lines.extend(items)
            case Table(rows=rows):
                lines.extend(" ".join(row) for row in rows)
            case Picture(alt=alt):
                lines.append(alt)
    return "\n".join(lines)


def heading_of(screen: Screen) -> str:
    """The first heading of a screen, empty where it has none."""
    return next((b.text for b in screen.blocks if isinstance(b, Heading)), "")


def faults_of(screen: Screen) -> list[str]:
    """What must hold of every screen, and does not of this one."""
    faults = []
    # a stranger is told how to come in, and behind the curtain /start leads back
    leads_on = (
        "It is for people who were given a code or a link",
        "Es para quienes recibieron",
        "Nothing to see here",
        "nada que ver aquí",
    )
    if not screen.buttons and screen.typed == "nothing" and not any(w in screen_text(screen) for w in leads_on):
        faults.append("no way on: no button, and nothing may be typed")
    length = message_of(screen.blocks).length
    if not 0 < length <= MAX_TEXT:
        faults.append(f"{length} UTF-16 units of text")
    if len(screen.buttons) > MAX_BUTTONS:
        faults.append(f"{len(screen.buttons)} buttons")
    for button in screen.buttons:
        if not button.words.strip():
            faults.append(f"a button without words: {button.action} {button.arg}")
        if len(screen.data_of(button).encode()) > MAX_CALLBACK_BYTES:
            faults.append(f"too many bytes behind [{button.words}]")
    rows = keyboard(screen.rows, screen.number)
    if rows and max(len(row) for row in rows["inline_keyboard"]) > 8:
        faults.append("more than 8 buttons in a row")
    seen = [(b.action, b.arg) for b in screen.buttons if b.words not in ("−", "+")]
    doubled = {pair for pair in seen if seen.count(pair) > 1 and not pair[1].isdigit() and ":" not in pair[1]}
    if doubled:
        faults.append(f"two buttons that do the same: {sorted(doubled)}")
    return faults


class Clinic:
    """One installation of the program, on a database file.

    Parameters
    ----------
    folder : where the database lies
    rebuilds : close store and engine, and open them again from the file, before every turn and every look
    instrument : the one that ships with the package unless another is given
    """

    def __init__(
        self,
        folder: Path,
        *,
        rebuilds: bool = True,
        clock: TickingClock | None = None,
        zone: tzinfo | None = UTC,
        instrument: Instrument | None = None,
        secret: bytes = b"k" * 32,
    ) -> None:
        self.folder = folder
        self.path = folder / "stemwise.db"
        self.clock = clock or TickingClock()
        self.zone = zone
        self.rebuilds = rebuilds
        self.instrument = instrument or load()
        self.master = MasterKey(secret)
        self.changes = 0
        self._store = self._opened()
        self._store.prepare()
        self._engine = self._built()

    def _opened(self) -> Store:
        return Store(f"sqlite:///{self.path}", self.master, self.clock)

    def _built(self) -> Engine:
        return Engine(self._store, self.instrument, Settings(zone=self.zone))

    @property
    def engine(self) -> Engine:
        """The engine; a new one over a newly opened store each time, where this clinic rebuilds."""
        if self.rebuilds:
            self.restart()
        return self._engine

    @property
    def present(self) -> Engine:
        """The engine as it stands, to look without building it again."""
        return self._engine

    @property
    def store(self) -> Store:
        return self._store

    def restart(self) -> None:
        """As after the end of the process: nothing is left but the file.

        Of the database library all connections are closed; its compiled statements, which hold no data, are kept for speed.
        """
        self._store.close()
        with patch("flows.storage.store.open_engine", return_value=self._store.engine):
            self._store = self._opened()
        self._engine = self._built()

    def close(self) -> None:
        self._store.close()

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """One writing transaction with everything at hand, as a command has it."""
        self.changes += 1
        with self._store.transaction() as tx:
            yield self._engine.desk(tx)

    # --- people ---

    def code_for(self, name: str = "Dr Sample") -> str:
        """A one-time code for the clinician of that name, made where there is none yet."""
        with self.desk() as desk:
            found = desk.people.clinician_named(name) or desk.people.add_clinician(name)
            return desk.people.make_code(found.id)

    def stranger(self, address: str = "100") -> Walker:
        return Walker(self, address)

    def clinician(self, name: str = "Dr Sample", address: str = "1") -> Walker:
        """An enrolled clinician with a phone, at home."""
        walker = self.stranger(address)
        walker.command("start", self.code_for(name))
        walker.shows("Stemwise")
        walker.taps = 0
        return walker

    # --- what is kept ---

    def cases(self) -> list[CaseInfo]:
        with self.desk() as desk:
            return desk.cases.cases_of(None)

    def case_id(self, label: str) -> str:
        return next(case.id for case in self.cases() if case.label == label)

    def interview_ids(self, case_id: str) -> list[str]:
        """Interviews of a case in the order of their encounters."""
        with self.desk() as desk:
            return [i.id for e in desk.cases.encounters(case_id) for i in desk.cases.interviews(e.id)]

    def stored(self, label: str, number: int = -1) -> list[StoredResponse]:
        """Every response of a case's interview (the latest, unless told otherwise), in order."""
        case_id = self.case_id(label)
        interview = self.interview_ids(case_id)[number]
        with self.desk() as desk:
            return list(desk.cases.responses(case_id, interview))

    def said(self, label: str, number: int = -1) -> list[tuple[str, str, Any, str]]:
        """Item, kind, value and label of each response, in order."""
        rows = (s.response for s in self.stored(label, number))
        return [(r.item, r.kind, r.value, r.label) for r in rows]

    def answers(self, label: str, number: int = -1) -> Answers:
        """What counts now, from the snapshot."""
        case_id = self.case_id(label)
        interview = self.interview_ids(case_id)[number]
        with self.desk() as desk:
            return desk.cases.interview(interview, self.clock.now.date()).answers

    def record(self, label: str) -> dict[str, Any]:
        case_id = self.case_id(label)
        with self.desk() as desk:
            return record_of(desk, case_id)

    def faults(self) -> list[str]:
        """Interviews whose snapshot is not what their rows add up to, or whose rows are not numbered through."""
        faults = []
        with self.desk() as desk:
            for case in desk.cases.cases_of(None):
                for encounter in desk.cases.encounters(case.id):
                    for info in desk.cases.interviews(encounter.id):
                        rows = list(desk.cases.responses(case.id, info.id))
                        answers = Answers()
                        for row in rows:
                            answers.take(row.response)
                        if answers != desk.cases.interview(info.id, self.clock.now.date()).answers:
                            faults.append(f"snapshot of {info.id}")
                        if [r.number for r in rows] != list(range(1, len(rows) + 1)):
                            faults.append(f"numbers of {info.id}")
                        if any(a.at > b.at for a, b in zip(rows, rows[1:], strict=False)):
                            faults.append(f"times of {info.id}")
        return faults


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a walker did, as a line that can be read and done again."""

    did: str
    words: str

    def __str__(self) -> str:
        return f"{self.did} {self.words!r}"


class Walker:
    """One account: sees its screen, taps what stands there, types.

    Attributes
    ----------
    taps : buttons tapped so far; typed text does not count
    taken : what the last turn left
    screen : what is shown now
    journal : everything done, to be printed when a walk fails
    may_fail : whether a turn may fail without ending the walk
    looks_twice : compare after every turn what it returned with what is stored; off where a walk is long and not about that
    """

    def __init__(self, clinic: Clinic, address: str, channel: str = "phone") -> None:
        self.clinic = clinic
        self.channel, self.address = channel, address
        self.taps = 0
        self.journal: list[Step] = []
        self.taken: Taken | None = None
        self.last_event: Event | None = None
        self.may_fail = False
        self.looks_twice = True
        self._seen: tuple[int, Screen] | None = None

    # --- seeing ---

    @property
    def account_id(self) -> str:
        assert self.taken is not None, "this account has done nothing yet"
        return self.taken.account_id

    @property
    def screen(self) -> Screen:
        """The screen as a channel would render it now, from what is stored."""
        if self._seen is None or self._seen[0] != self.clinic.changes:
            self._seen = self.clinic.changes, self.clinic.present.screen_of(self.account_id)[0]
        return self._seen[1]

    @property
    def heading(self) -> str:
        return heading_of(self.screen)

    @property
    def text(self) -> str:
        return screen_text(self.screen)

    @property
    def buttons(self) -> list[str]:
        return [b.words for b in self.screen.buttons]

    @property
    def toast(self) -> str:
        return self.taken.toast if self.taken else ""

    def fail(self, why: str) -> NoReturn:
        """End the walk with what can be seen, and with everything that led here."""
        script = "\n".join(f"  {step}" for step in self.journal)
        seen = f"{screen_text(self.screen)}\n{self.buttons}" if self.taken else "(nothing yet)"
        raise AssertionError(f"{why}\n--- on the screen\n{seen}\n--- the walk\n{script}")

    def shows(self, *pieces: str) -> None:
        """All of these stand on the screen, in its text or on its buttons."""
        seen = "\n".join([self.text, *self.buttons])
        for piece in pieces:
            if piece not in seen:
                self.fail(f"not on the screen: {piece!r}")

    def hides(self, *pieces: str) -> None:
        seen = "\n".join([self.text, *self.buttons])
        for piece in pieces:
            if piece in seen:
                self.fail(f"on the screen: {piece!r}")

    def has(self, words: str) -> bool:
        """Whether a button reads so."""
        return bool(self._found(self.screen, words))

    @staticmethod
    def _found(screen: Screen, words: str) -> list[Button]:
        exact = [b for b in screen.buttons if b.words == words]
        return exact or [b for b in screen.buttons if plain(b.words) == plain(words)]

    def button(self, words: str, screen: Screen | None = None) -> Button:
        """The one visible button of these words; its list number, value and arrows may be left out."""
        found = self._found(screen or self.screen, words)
        if len(found) != 1:
            count = "no button reads" if not found else f"{len(found)} buttons read"
            self.fail(f"{count} [{words}]")
        return found[0]

    # --- doing ---

    def tap(self, words: str, *, on: Screen | None = None) -> Taken:
        """Tap a visible button; of an older screen where one is given."""
        screen = on or self.screen
        return self._tap(self.button(words, screen), screen, "tap" if on is None else "tap on an old screen")

    def _tap(self, button: Button, screen: Screen, did: str = "tap", *, looks: bool = True) -> Taken:
        self.taps += 1
        self.journal.append(Step(did, button.words))
        event = self.event("tap", action=button.action, arg=button.arg, screen=screen.number)
        taken = self.send(event, looks=looks)
        if did == "tap" and taken.toast and not taken.has_failed:
            self.fail(f"[{button.words}] stood there and was refused: {taken.toast}")
        return taken

    def tap_this(self, button: Button) -> Taken:
        """Tap a button of the present screen that was found there."""
        return self._tap(button, self.screen)

    def tap_times(self, words: str, times: int) -> None:
        for _ in range(times):
            self.tap(words)

    def type(self, text: str) -> Taken:
        self.journal.append(Step("type", text))
        return self._take("text", text=text)

    def command(self, name: str, arg: str = "") -> Taken:
        self.journal.append(Step("command", f"/{name} {arg}".strip()))
        return self._take("command", action=name, arg=arg)

    def send_other(self) -> Taken:
        """A sticker, a voice message: nothing that can be read."""
        self.journal.append(Step("send", "something else"))
        return self._take("other")

    def forge(self, action: str, arg: str = "", screen: int | None = None) -> Taken:
        """A tap with data that may stand on no button; on the present screen unless told otherwise."""
        number = self.screen.number if screen is None else screen
        self.journal.append(Step("forge", tap_data(number, action, arg)))
        return self._take("tap", action=action, arg=arg, screen=number)

    def open_from_elsewhere(self, action: str, arg: str = "") -> Taken:
        """A tap on a button under a message of its own, such as an alert."""
        return self.forge(action, arg, ANY_SCREEN)

    def repeat(self) -> Taken:
        """The same event once more, as after a lost answer."""
        assert self.last_event is not None
        self.journal.append(Step("repeat", self.last_event.id))
        return self.send(self.last_event)

    def event(self, kind: str, **parts: Any) -> Event:
        """A new event of this account."""
        return Event(self.channel, f"{self.address}-{next(_IDS)}", self.channel, self.address, kind, **parts)  # type: ignore[arg-type]

    def tap_event(self, words: str) -> Event:
        """A tap on a visible button that is not sent yet."""
        screen = self.screen
        button = self.button(words, screen)
        return self.event("tap", action=button.action, arg=button.arg, screen=screen.number)

    def _take(self, kind: str, **parts: Any) -> Taken:
        return self.send(self.event(kind, **parts))

    def send(self, event: Event, *, looks: bool = True) -> Taken:
        """Let the engine take an event, and check what it leaves; without a look into the store where that is not wanted."""
        self.last_event = event
        self.taken = taken = self.clinic.engine.take(event)
        self.clinic.changes += 1
        self._seen = self.clinic.changes, taken.screen
        if taken.has_failed and not self.may_fail:
            self.fail("the turn failed")
        if faults := faults_of(taken.screen):
            self.fail("; ".join(faults))
        if looks and self.looks_twice:
            self.check()
        return taken

    def check(self) -> None:
        """What the last turn returned is what stands in the store."""
        assert self.taken is not None
        stored = self.clinic.engine.screen_of(self.account_id)[0]
        self._seen = self.clinic.changes, stored
        if (stored.blocks, stored.rows, stored.number) != (
            self.taken.screen.blocks,
            self.taken.screen.rows,
            self.taken.screen.number,
        ):
            self.fail("the screen that the turn returned is not the one that is stored")

    # --- longer ways ---

    def new_case(self, label: str = "Robin", born: str = "2018-01-10") -> None:
        """From home to the first screen of an interview."""
        self.command("new")
        self.type(label)
        self.type(born)
        self.tap("Start now")

    def until(self, heading: str, *choices: str, most: int = 200) -> None:
        """Tap the first of these buttons that stands there, again and again, until a screen's heading begins so."""
        for _ in range(most):
            screen = self.screen
            if heading_of(screen).startswith(heading):
                self.check()
                return
            words = next((c for c in choices if self._found(screen, c)), None)
            if words is None:
                self.fail(f"none of {list(choices)} on the way to {heading!r}")
            self._tap(self.button(words, screen), screen, looks=False)
        self.fail(f"{heading!r} did not come within {most} taps")

    def fill_until(self, heading: str) -> None:
        """The shortest way on: one button for each screen."""
        self.until(heading, "None of these", "All steady", "As expected for age", "All checked", "Next")

"""Many turns race for one case: two phones of one account, two accounts of one clinician, and carers, through several processes.

Every process has its own store and engine on the same database, and its threads take turns for the same people at once; some
events are handed to two processes, as an update is that comes again. What was accepted, and said so, must stand in the store
once and in the order of each phone, with the snapshot that the rows add up to, and with flags that fit the last answers.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty
from typing import Any

from support.informants import begun, invited
from support.walker import Clinic, Walker

from flows.carer_moves import CONSENT_VERSION
from flows.desk import Desk
from flows.engine import Engine
from flows.events import Event
from flows.itinerary import last_name
from flows.scales import value_of
from flows.storage.engines import StorageUnavailable
from flows.storage.keys import MasterKey
from flows.storage.store import Store
from flows.views import Screen
from scoring.instrument import load

from .guards import taken_out
from .outcome import Outcome, Progress, run_by_hand

LABEL = "Robin"
KEY = MasterKey(b"k" * 32)
#: Buttons that give one answer each.
ANSWERS = ("set", "compare", "choose", "say")
#: Buttons that lead on or back without one, so that nobody's race ends.
WAYS = ("back", "confirm", "agree")
#: Those that leave a response.
RESPONSES = (*ANSWERS, "agree")
PROCESSES = 2
TAKEN_BY_BOTH = 0.1
#: On lists nobody moves on. Danger answers make rows of flags, which every turn reads; so fewer of them race.
LIST, DANGERS = "Childhood", "Safety"
MOST_DANGERS = 600
PATIENCE_S = 3600


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Racer:
    """An account in the race; its screen's version and its interview's rows before it."""

    address: str
    account_id: str
    interview: str
    version: int
    rows: int


@dataclass(slots=True)
class Told:
    """What one phone was told, in order.

    Attributes
    ----------
    accepted : id of the tap, whose it was, and the value it gave; no value for a tap that leads on or back
    """

    address: str
    accepted: list[tuple[str, str, tuple[Any, ...]]] = field(default_factory=list)
    refused: int = 0
    repeats: int = 0
    waits: int = 0
    version: int = 0
    faults: list[str] = field(default_factory=list)

    def values(self, address: str) -> list[Any]:
        return [value for _, whose, values in self.accepted for value in values if whose == address]


class Meeting(Clinic):
    """An installation on any database, with people who are ready to race."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        super().__init__(folder, rebuilds=False)

    def _opened(self) -> Store:
        return Store(self.url, KEY, now)

    def racers(self, at: str) -> list[Racer]:
        """A clinician on two accounts at the same list, and three carers who have begun."""
        first = self.clinician("Dr Sample", "1")
        first.new_case(LABEL)
        first.fill_until(at)
        second = self.clinician("Dr Sample", "2")
        second.command("resume")
        assert second.heading == first.heading
        carers = [begun(self, invited(self, LABEL), str(number)) for number in (11, 12, 13)]
        with self.desk() as desk:
            return [self._racer(desk, walker) for walker in (first, second, *carers)]

    @staticmethod
    def _racer(desk: Desk, walker: Walker) -> Racer:
        interview = desk.talks.get(desk.people.account_by_id(walker.account_id), now().date()).interview
        assert interview is not None
        rows = sum(1 for _ in desk.cases.responses(interview.case_id, interview.id))
        return Racer(walker.address, walker.account_id, interview.id, walker.screen.version, rows)


# --- a phone ---------------------------------------------------------------------------------------------------------


class Phone:
    """Looks, taps something that stands there, notes what it was told, and looks again."""

    def __init__(self, engine: Engine, racer: Racer, name: str, seed: int) -> None:
        self.engine, self.racer, self.name = engine, racer, name
        self.dice = random.Random(seed)
        self.told = Told(racer.address)

    def race(self, turns: int, other: Any, mine: Any) -> None:
        """Take so many turns; hand some to the other process, and take what that hands over."""
        screen = self.engine.screen_of(self.racer.account_id)[0]
        for number in range(turns):
            if (event := self._tap(screen, number)) is None:
                screen = self.engine.screen_of(self.racer.account_id)[0]
                continue
            if self.dice.random() < TAKEN_BY_BOTH:
                other.put(event)
            screen = self.take(event)
            self._take_over(mine)
            if screen.version < self.told.version:
                self.told.faults.append(f"version {screen.version} after {self.told.version}")
            self.told.version = screen.version

    def _take_over(self, mine: Any) -> None:
        try:
            self.take(mine.get_nowait())
        except Empty:
            return

    def _tap(self, screen: Screen, number: int) -> Event | None:
        answers = [b for b in screen.buttons if b.action in ANSWERS]
        ways = [b for b in screen.buttons if b.action in WAYS]
        goes = not answers or (int(self.racer.address) > 10 and self.dice.random() < 0.3)
        buttons = (ways if goes else answers) or answers
        if not buttons:
            return None
        button = self.dice.choice(buttons)
        name, address = f"{self.name}-{number}", self.racer.address
        return Event("race", name, "phone", address, "tap", button.action, button.arg, screen=screen.number)

    def take(self, event: Event) -> Screen:
        """Take an event until the storage lets it, and note what came of it."""
        while True:
            try:
                taken = self.engine.take(event)
                break
            except StorageUnavailable:
                self.told.waits += 1
                time.sleep(0.005)
        if taken.has_failed:
            self.told.faults.append(f"a turn of {event.address} failed")
        elif taken.is_repeat:
            self.told.repeats += 1
        elif taken.toast:
            self.told.refused += 1  # the other phone was there before
        else:
            values = (value_behind(event),) if event.action in RESPONSES else ()
            self.told.accepted.append((event.id, event.address, values))
        return taken.screen


def value_behind(event: Event) -> Any:
    """The value that a tap's response has."""
    if event.action == "agree":
        return CONSENT_VERSION
    token = event.arg.rpartition(":")[2]
    return value_of(token) if event.action in ("set", "say") else token


# --- the race --------------------------------------------------------------------------------------------------------


def run_process(
    url: str,
    racers: list[Racer],
    number: int,
    turns: int,
    seed: int,
    guard: str | None,
    queues: list[Any],
    results: Any,
) -> None:
    """One process: a phone of every racer, each in a thread, all on one engine."""
    with taken_out(guard):
        engine = Engine(Store(url, KEY, now), load())
        phones = [Phone(engine, racer, f"{number}-{racer.address}", seed + at) for at, racer in enumerate(racers)]
        other, mine = queues[1 - number], queues[number]
        threads = [threading.Thread(target=phone.race, args=(turns, other, mine)) for phone in phones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        engine.store.close()
    other.cancel_join_thread()  # what the other process no longer took was taken here
    results.put([phone.told for phone in phones])


def race(url: str, racers: list[Racer], turns: int, seed: int, guard: str | None) -> list[Told]:
    """Let all race in two processes; what every phone was told."""
    context = multiprocessing.get_context("fork")
    queues, results = [context.Queue() for _ in range(PROCESSES)], context.Queue()
    each = max(1, turns // (PROCESSES * len(racers)))
    processes = [
        context.Process(target=run_process, args=(url, racers, n, each, seed + 100 * n, guard, queues, results))
        for n in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    told = [one for _ in processes for one in results.get(timeout=PATIENCE_S)]
    for process in processes:
        process.join(60)
    return told


class Finish:
    """What stands in the store after a race, compared with what was told."""

    def __init__(self, meeting: Meeting, racers: list[Racer], told: list[Told], outcome: Outcome) -> None:
        self.meeting, self.racers, self.told, self.outcome = meeting, racers, told, outcome

    def compare(self) -> None:
        outcome = self.outcome
        outcome.count("turns", sum(len(t.accepted) + t.refused + t.repeats for t in self.told))
        outcome.count("of them accepted", sum(len(t.accepted) for t in self.told))
        outcome.count("of them came after another phone's", sum(t.refused for t in self.told))
        ids = Counter(event for told in self.told for event, _, _ in told.accepted)
        outcome.doubled += [f"event {event} was taken {times} times" for event, times in ids.items() if times > 1]
        outcome.count("taken by both processes", sum(t.repeats for t in self.told))
        outcome.count("times the storage was waited for", sum(t.waits for t in self.told))
        outcome.wrong += [fault for told in self.told for fault in told.faults]
        outcome.wrong += self.meeting.faults()
        for interview in dict.fromkeys(r.interview for r in self.racers):
            self._answers(interview, [r for r in self.racers if r.interview == interview])
        for racer in self.racers:
            self._version(racer)

    def _answers(self, interview: str, racers: list[Racer]) -> None:
        """Every accepted answer is a row, once; rows keep the order of each phone."""
        with self.meeting.desk() as desk:
            case = desk.cases.interview(interview, now().date()).case_id
            rows = [r.response for r in desk.cases.responses(case, interview)]
            flags = [f for f in desk.flags.infos(case) if f.interview_id == interview]
        addresses = [r.address for r in racers]
        given = Counter(value for told in self.told for a in addresses for value in told.values(a))
        kept = Counter(r.value for r in rows[racers[0].rows :])
        self.outcome.count("answers", given.total())
        self.outcome.lost += [f"{interview}: {value}" for value in (given - kept).elements()]
        self.outcome.doubled += [f"{interview}: {value}" for value in (kept - given).elements()]
        for told in self.told:
            if told.address in addresses and not _is_in_order(told.values(told.address), [r.value for r in rows]):
                self.outcome.wrong.append(f"the answers of a phone of {told.address} are not in its order")
        latest = {r.item: r.value for r in rows if r.item.startswith("safety.")}
        for item, value in latest.items():
            standing = [f for f in flags if f.question == last_name(item) and f.state in ("open", "unconfirmed")]
            if (value is True and len(standing) != 1) or (value is not True and standing and "1" in addresses):
                self.outcome.wrong.append(f"{len(standing)} flags stand where the last answer is {value}")

    def _version(self, racer: Racer) -> None:
        """Each accepted turn has raised the screen's version by one; flags of others may have raised it further."""
        accepted = sum(whose == racer.address for told in self.told for _, whose, _ in told.accepted)
        with self.meeting.store.reading() as tx:
            account = self.meeting.present.desk(tx).people.account_by_id(racer.account_id)
            version = self.meeting.present.desk(tx).talks.get(account, now().date()).screen_version
        if version < racer.version + accepted:
            self.outcome.wrong.append(
                f"version {version} of {racer.address}, after {racer.version} and {accepted} turns"
            )


def _is_in_order(part: list[Any], whole: list[Any]) -> bool:
    rest = iter(whole)
    return all(any(value == other for other in rest) for value in part)


def prove_on(
    url: str, folder: Path, at: str, turns: int, seed: int, outcome: Outcome, guard: str | None = None
) -> None:
    """One race on an empty database."""
    meeting = Meeting(url, folder)
    racers = meeting.racers(at)
    meeting.close()
    told = race(url, racers, turns, seed, guard)
    Finish(meeting, racers, told, outcome).compare()
    meeting.close()


def prove(count: int, seed: int, progress: Progress = lambda _: None, *, guard: str | None = None) -> Outcome:
    """Race `count` turns on SQLite; the last part of them raises and takes back danger flags."""
    outcome = Outcome("racing", seed)
    dangers = min(MOST_DANGERS, count // 4)
    for at, turns in ((LIST, count - dangers), (DANGERS, dangers)):
        with tempfile.TemporaryDirectory(prefix="stemwise-racing-") as folder:
            prove_on(f"sqlite:///{folder}/stemwise.db", Path(folder), at, turns, seed, outcome, guard)
        progress(outcome.counts["turns"])
    return outcome


if __name__ == "__main__":
    sys.exit(run_by_hand(prove, count=10_000, what="turns"))

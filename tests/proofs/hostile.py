"""A million updates, well-formed and not, among clinicians and carers at work: nothing breaks, and everybody can go on.

`python -m tests.proofs.hostile --count 1000000`. Updates are read as the webhook reads them and taken in batches that share a
commit, as in `serve`. At least a tenth are turns of enrolled people, who tap what stands before them and type what
`hostile_words` has. Every screen is rendered and encoded. At the end each account writes /start and must stand where it belongs.
"""

from __future__ import annotations

import json
import logging
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from support.walker import Clinic, Walker, faults_of, screen_text

from bot.telegram import render
from bot.telegram.updates import Incoming
from bot.telegram.webhook import WebhookServer
from flows.access import MAY
from flows.engine import Taken
from flows.events import tap_data
from flows.views import Button, Screen
from tests.proofs.door import says, taps
from tests.proofs.hostile_fields import faults_of_fields
from tests.proofs.hostile_updates import DATA, STRANGERS, broken, from_strangers, hostile_words, on_the_wire
from tests.proofs.outcome import Outcome, Progress, run_by_hand

BATCH = 100
CLINICIANS, CARERS = range(50_000, 50_010), range(51_000, 51_020)
#: What the process may grow by after its first tenth, with caches warm.
MOST_GROWTH_MB = 48
QUICK = Path("/dev/shm")
ON = ("None of these", "All steady", "As expected for age", "All checked", "Next", "Finish", "Start now", "Start", "Go on",
      "I agree", "About the same", "All of these, nearly always", "No", "Yes", "New case", "Confirm all", "As they said")  # fmt: skip
#: What ends something for good is tapped less than the rest.
RARE = frozenset({"yes_erase", "yes_erase_mine", "decline", "hide"})
STRANGERS_SCREEN = ("people who were given a code or a link", "quienes recibieron")


class Errors(logging.Handler):
    """Keeps what is logged as an error: a turn that failed has one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def listening() -> Iterator[Errors]:
    errors = Errors()
    logging.getLogger().addHandler(errors)
    try:
        yield errors
    finally:
        logging.getLogger().removeHandler(errors)


def memory_mb() -> float:
    """What the process holds just now."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


@dataclass(slots=True)
class Post:
    """An update on its way, and what it is: `turn` for what an enrolled person did."""

    body: bytes
    kind: str


@dataclass
class Crowd:
    """One clinic with people at work in it, and everybody else who writes to its bot.

    Attributes
    ----------
    screens : what each enrolled account has before it
    earlier : updates that may be sent once more
    """

    folder: Path
    dice: random.Random
    outcome: Outcome
    screens: dict[int, Screen] = field(default_factory=dict)
    earlier: list[Post] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clinic = Clinic(self.folder, rebuilds=False)
        self.door: Any = SimpleNamespace(_source="telegram:42")
        self._ids: dict[str, int] = {}
        for user in CLINICIANS:
            self._let_in(user, self.clinic.code_for(f"Dr {user}"))
            self._case_of(user)
        for user in CARERS:
            self._invite(user)

    # --- people ---

    def _walker(self, user: int) -> Walker:
        walker = Walker(self.clinic, str(user), "telegram")
        walker.may_fail = True
        walker.looks_twice = False
        return walker

    def _let_in(self, user: int, token: str) -> None:
        taken = self._walker(user).command("start", token)
        self._ids[taken.account_id], self.screens[user] = user, taken.screen

    def _goes_on(self, user: int) -> bool:
        """Into the latest questionnaire that is open; false where there is none."""
        walker = self._walker(user)
        self.screens[user] = walker.command("start").screen
        waiting = [b for b in self.screens[user].buttons if b.action in ("go_on_with", "show", "resume")]
        if waiting:
            self.screens[user] = walker.tap_this(waiting[0]).screen
        return bool(waiting)

    def _case_of(self, user: int) -> None:
        walker = self._walker(user)
        walker.command("new")
        walker.type(f"Case {self.dice.randrange(10**9)}")
        self.screens[user] = walker.type(
            self.dice.choice(("2018-01-10", "2025-06-01", "2009-02-28", "1961-05-05"))
        ).screen

    def _invite(self, user: int) -> None:
        """Another questionnaire for a carer, of whichever case there is."""
        with self.clinic.desk() as desk:
            cases = desk.cases.cases_of(None)
            if not cases:
                return
            token = desk.invite(self.dice.choice(cases).id, self.dice.choice(("carer", "school")), {"relation": ""})[0]
        self._let_in(user, token)

    # --- what they do ---

    def posts(self) -> list[Post]:
        """A batch of what waits together."""
        return [self._post() for _ in range(BATCH)]

    def _post(self) -> Post:
        kind = self.dice.choices(("broken", "strangers", "turn", "again"), (62, 22, 13, 3))[0]
        if kind == "again" and self.earlier:
            return Post(self.dice.choice(self.earlier).body, "again")
        if kind == "broken":
            update = broken(self.dice, self._turn() if self.dice.random() < 0.2 else from_strangers(self.dice))
        else:
            update = from_strangers(self.dice) if kind == "strangers" else self._turn()
        post = Post(on_the_wire(self.dice, update), kind)
        self.earlier = [*self.earlier[-50:], post]
        return post

    def _turn(self) -> dict[str, Any]:
        """Somebody enrolled: mostly a button that stands there, else something typed."""
        user = self.dice.choice((*CLINICIANS, *CARERS))
        screen, how = self.screens[user], self.dice.random()
        buttons = [b for b in screen.buttons if not b.link and (b.action not in RARE or self.dice.random() < 0.1)]
        if how < 0.7 and buttons:
            button = self._chosen(buttons)
            return taps(user, tap_data(screen.number, button.action, button.arg))
        if how < 0.75:
            return taps(user, self._forged(screen))
        if how < 0.9 and (screen.typed != "nothing" or self.dice.random() < 0.3):
            return says(user, hostile_words(self.dice))
        command = self.dice.choice(
            ("start", "new", "cases", "resume", "help", "privacy", "language", "invite", "erase")
        )
        return says(user, f"/{command}")

    def _forged(self, screen: Screen) -> str:
        """Data that no button has: any action, any value, on the present screen or on none."""
        if self.dice.random() < 0.2:
            return self.dice.choice(DATA)
        value = self.dice.choice(("", "0:1", "7", "٧", "yes", "-1", "9" * 40, hostile_words(self.dice)[:40]))
        return f"{self.dice.choice((screen.number, 0)):x}.{self.dice.choice(sorted(MAY))}.{value}"

    def _chosen(self, buttons: list[Button]) -> Button:
        on = [b for b in buttons if b.words in ON]
        return self.dice.choice(on if on and self.dice.random() < 0.5 else buttons)

    # --- what comes of it ---

    def take(self, posts: list[Post]) -> None:
        """Read, commit together, render: what `serve` does with a batch."""
        incoming = [(post, one) for post in posts if (one := self._read(post)) is not None]
        heard = [(post, one) for post, one in incoming if one.event is not None]
        try:
            taken = self.clinic.present.take_all([one.event for _, one in heard if one.event])
        except Exception as error:
            self.outcome.wrong.append(f"a batch could not be taken: {type(error).__name__}")
            return
        for (post, one), outcome in zip(heard, taken, strict=True):
            self._look(post, one, outcome)
        self.clinic.clock.advance(seconds=90)

    def _read(self, post: Post) -> Incoming | None:
        self.outcome.count("updates")
        self.outcome.count(f"{post.kind}")
        try:
            return WebhookServer._read(self.door, post.body)
        except Exception as error:
            self.outcome.wrong.append(f"could not be read: {type(error).__name__}: {post.body[:200]!r}")
            return None

    def _look(self, post: Post, one: Incoming, taken: Taken) -> None:
        if taken.has_failed:
            self.outcome.wrong.append(f"a turn failed: {post.body[:300]!r}")
        user = self._ids.get(taken.account_id)
        if user is not None:
            self.screens[user] = taken.screen
            self.outcome.count("turns of enrolled people")
        if user is not None or self.dice.random() < 0.05:
            self.outcome.wrong += [f"{fault}: {post.body[:200]!r}" for fault in _faults(taken)]

    def deliver(self) -> None:
        """What waits goes out; its words are rendered and encoded, its pictures are drawn elsewhere."""
        engine = self.clinic.present
        for account in engine.accounts_waiting():
            for waiting in engine.waiting_for(account):
                text = str(waiting.news.body.get("text", ""))
                render.clipped(text, render.MAX_TEXT).encode()
                engine.news_sent(waiting, [])
                self.outcome.count("messages")

    def go_on(self) -> None:
        """Who has nothing left to do gets something: a carer what is still open or a new link, a clinician a new case."""
        for user in CARERS:
            if not any(
                b.action in ("set", "fill", "compare", "say", "agree", "choose") for b in self.screens[user].buttons
            ) and not self._goes_on(user):
                self._invite(user)
        for user in CLINICIANS:
            if self.dice.random() < 0.1:
                self._case_of(user)
        self.clinic.present.tick()

    def everybody_starts(self) -> None:
        """/start leads each account to its place."""
        for user in (*CLINICIANS, *CARERS, *self.dice.sample(STRANGERS, 20)):
            walker = self._walker(user)
            taken = walker.command("start")
            if user in self.screens:
                self.screens[user] = taken.screen
            words = [b.words for b in taken.screen.buttons]
            is_right = {
                True: "New case" in words and "My cases" in words,
                False: bool(words) if user in CARERS else _is_strangers(taken.screen),
            }[user in CLINICIANS]
            if taken.has_failed or not is_right:
                self.outcome.wrong.append(f"/start of {user} led to {screen_text(taken.screen)[:80]!r} {words}")
            self.outcome.count("starts")


def _faults(taken: Taken) -> Iterator[str]:
    """Whether a screen could be shown on a phone."""
    try:
        message = render.screen_message(taken.screen)
        message.text.encode()
        json.dumps(render.keyboard(taken.screen.rows, taken.screen.number), ensure_ascii=False).encode()
        render.clipped(taken.toast, 200).encode()
    except (ValueError, AssertionError) as error:
        yield f"a screen could not be sent: {type(error).__name__}"
        return
    for fault in faults_of(taken.screen):
        if "no way on" not in fault or not _is_strangers(taken.screen):
            yield fault


def _is_strangers(screen: Screen) -> bool:
    return any(words in screen_text(screen) for words in STRANGERS_SCREEN)


def run(count: int, seed: int, progress: Progress = lambda _: None, *, fields: int | None = None) -> Outcome:
    """`fields`: how many of the hostile words are walked through every text field and drawn; all unless told otherwise."""
    outcome, dice = Outcome("hostile", seed), random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="stemwise-proof-", dir=QUICK if QUICK.is_dir() else None))
    (folder / "crowd").mkdir()
    start, warm = time.monotonic(), 0.0
    try:
        with listening() as errors:
            crowd = Crowd(folder / "crowd", dice, outcome)
            for number in range(batches := max(1, count // BATCH)):
                crowd.take(crowd.posts())
                if number % 20 == 19:
                    crowd.deliver()
                    crowd.go_on()
                    progress(outcome.counts["updates"])
                if number == batches // 10:
                    warm = memory_mb()
            crowd.everybody_starts()
            crowd.clinic.close()
            _measure(outcome, warm, time.monotonic() - start)
            faults_of_fields(folder, outcome, most=fields)
            outcome.wrong += [f"logged: {line}" for line in errors.lines[:20]]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _measure(outcome: Outcome, warm_mb: float, seconds: float) -> None:
    grown = memory_mb() - warm_mb
    outcome.count("updates a second", round(outcome.counts["updates"] / seconds))
    outcome.count("MB grown", max(0, round(grown)))
    if grown > MOST_GROWTH_MB:
        outcome.wrong.append(f"memory grew by {grown:.0f} MB after the first tenth")
    if outcome.counts.get("turns of enrolled people", 0) < outcome.counts["updates"] // 10:
        outcome.wrong.append("too few turns of enrolled people to say anything")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print("a full run: --count 1000000", file=sys.stderr)  # noqa: T201
    raise SystemExit(run_by_hand(run, count=1_000_000, what="updates"))

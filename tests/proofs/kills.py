"""Serving is killed again and again while people answer: nothing that was confirmed is lost, and nothing counts twice.

A few clinicians, each with a case of their own, and two carers answer at once. Their taps arrive again, twice and out of
order; the Bot API drops replies and refuses calls. `stemwise serve` dies at random moments and at every labelled point of
a turn. At the end an export of every case is compared with what was tapped, in order.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
import tempfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from support.bot_api import BotApi

from bot import cli
from bot.app import build
from bot.settings import read_settings
from bot.telegram import render

from .launch import POINTS
from .lives import Lives
from .outcome import Outcome, Progress, run_by_hand
from .phones import Carer, Clinician, Phone, Tap, words_of

TOKEN = "424242:" + "k" * 35  # opens nothing but the local server
#: How often a point is passed at most before the process dies there; about as often as it is in a few turns of everybody.
PASSES = {
    "after_fetch": 5,
    "after_insert": 60,
    "before_commit": 5,
    "after_commit": 5,
    "before_delivery": 40,
    "during_delivery": 40,
    "after_delivery": 40,
    "after_new_message": 1,
}
#: Half of the lives end at one of the first passes, which is where new messages are delivered.
SOON = 4
AT_RANDOM = "at a random moment"
MOST_IN_FLIGHT = 90  # one fetch brings at most a hundred
STORM = {
    "editmessagetext": 0.04,
    "answercallbackquery": 0.04,
    "getupdates": 0.04,
    "editmessagereplymarkup": 0.04,
    "*": 0,
}
STORM_KINDS = ("502", "drop", "applied_but_dropped", "bad_json")
QUIET_S, PATIENCE_S = 3.0, 60.0
ALERT, IS_BACK = "A case needs you now.", "questionnaire is back"


class NothingCame(Exception):
    """Everything is at rest, and somebody still does not see what follows from their tap."""


@dataclass(slots=True)
class Crowd:
    """How many answer, and how much.

    Attributes
    ----------
    rounds : how often a clinician goes over one list, at most
    bursts : how often everybody taps in one life, at most
    walks_first : come to the review before anything is killed
    """

    clinicians: int
    carers: int
    rounds: int
    bursts: int
    walks_first: bool = False
    storms: bool = True
    points: tuple[str, ...] = (*POINTS, AT_RANDOM, AT_RANDOM)


FULL = Crowd(clinicians=10, carers=4, rounds=8, bursts=6)


class Kills:
    """One run: people, lives, and the books."""

    def __init__(self, folder: Path, seed: int, crowd: Crowd, without: str | None = None) -> None:
        self.dice = random.Random(seed)
        self.crowd = crowd
        self.api = BotApi(token=TOKEN, username="kills_bot")
        self.lives = Lives(self.api, folder, without)
        self.outcome = Outcome("kills", seed)
        self.delivered_before: list[int] = []
        self.clinicians: list[Clinician] = []
        self.carers: list[Carer] = []
        self.settles = False

    @property
    def phones(self) -> list[Phone]:
        return [*self.clinicians, *self.carers]

    def run(self, kills: int, progress: Progress) -> Outcome:
        with self.api:
            self.lives.environment["STEMWISE_API_URL"] = self.api.url
            with self.lives:
                self._gather()
                try:
                    for number in range(kills):
                        self._one_life()
                        self.outcome.count("kills")
                        progress(number + 1)
                    self._last_life()
                except NothingCame as error:
                    self.outcome.wrong.append(str(error))
                Books(self).compare()
        return self.outcome

    # --- people ---

    def command(self, *arguments: str) -> str:
        """A command of the program on the same data, in this process; what it prints."""
        printed = io.StringIO()
        with patch.dict(os.environ, self.lives.environment), redirect_stdout(printed), redirect_stderr(io.StringIO()):
            assert cli.main(arguments) == 0, arguments
        return printed.getvalue()

    def _gather(self) -> None:
        """Everybody comes in, while nothing is killed yet."""
        self.lives.begin()
        for number in range(self.crowd.clinicians):
            phone = Clinician(self.api, 100 + number, f"Ann {number}", self.dice, self.crowd.rounds)
            self.clinicians.append(phone)
            code = self.command("clinician", "add", f"Dr {number}").splitlines()
            phone.person.say(next(line for line in code if line.startswith("/start ")))
            phone.wait_for("New case")
            for asked in range(number, self.crowd.carers, self.crowd.clinicians):
                self._ask_a_carer(phone, asked)
            phone.begin_case()
        self.until_caught_up()
        while self.crowd.walks_first and not all(c.is_at_review for c in self.clinicians):
            self.burst()
            self.until_caught_up()
        self.lives.end()
        if self.crowd.storms:
            self.api.storm(STORM, self.outcome.seed, STORM_KINDS)

    def _ask_a_carer(self, owner: Clinician, number: int) -> None:
        """About a case without an intake of the clinician's own, so that nobody's flags move the clinician's screen."""
        label = f"Asked {number}"
        owner.make_case(label)
        link = next(w for w in self.command("invite", label).split() if "start=i_" in w)
        carer = Carer(self.api, 900 + number, f"Cai {number}", owner, label, raises=number == 0)
        carer.begin(link.partition("=")[2])
        self.carers.append(carer)

    # --- lives ---

    def _one_life(self) -> None:
        """A life with people in it, up to its end."""
        finished = [c for c in self.clinicians if c.is_at_results and c.is_caught_up()]
        is_quiet = self.settles or bool(finished)
        point = "" if is_quiet else self.dice.choice(self.crowd.points)
        is_random = point == AT_RANDOM
        most = min(PASSES.get(point, 1), self.dice.choice([SOON, 100]))
        self.lives.begin("" if is_random else point, self.dice.randint(1, most))
        if is_random and self.dice.random() < 0.3:
            self.lives.dies_within(self.dice.uniform(0, 0.4))
        else:
            self._be_there(is_random, finished)
        died_there = self.lives.end()
        self.outcome.count("of them at a labelled point", int(died_there))
        self.settles = self._waits_for_news() and not is_quiet
        self._forget_old_requests()

    def _be_there(self, is_random: bool, finished: list[Clinician]) -> None:
        if not self.until_caught_up():
            return
        if self.settles:
            self._let_news_come()
            return
        for clinician in finished:
            clinician.begin_case()
        for _ in range(self.dice.randint(1, self.crowd.bursts)):
            self.burst()
            if is_random and self.dice.random() < 0.4:
                self.lives.dies_within(self.dice.uniform(0, 0.25))
                return
            if not self.until_caught_up():
                return

    def _waits_for_news(self) -> bool:
        """Somebody waits for a new message: the next life ends only when it has come, so that no reply is lost a second time."""
        return any(c.awaits_results for c in self.clinicians) or any(c.is_told_of for c in self.carers)

    def _let_news_come(self) -> None:
        """New messages arrive, and serving has noted that they did."""
        self.api.settled(PATIENCE_S, quiet=0.5, answered=False)
        for carer in self.carers:
            carer.is_told_of = False

    def _last_life(self) -> None:
        """Nothing is killed or broken any more: everybody gets what is theirs, and taps on old screens say what they must."""
        self.api.calm()
        self.lives.begin()
        self.until_caught_up()
        self.api.settled(PATIENCE_S, quiet=0.5, answered=False)
        for phone in self.phones:
            if old := phone.old_tap():
                query = phone.person.tap_old(*old)
                told = self.api.callback_queries[query]
                phone.person.wait_until(lambda t=told: t.state != "pending", PATIENCE_S, "an answer to an old tap")
                self.outcome.count("old taps")
                if "moved on" not in told.text:
                    self.outcome.wrong.append(f"a tap on an old screen of {phone.person.user_id} said {told.text!r}")
        self.api.settled(PATIENCE_S, quiet=0.5, answered=False)
        self.lives.end()

    def until_caught_up(self) -> bool:
        """Wait until everybody sees what follows from their taps; false where serving died before.

        Raises
        ------
        NothingCame
            When all is at rest, and somebody does not.
        """
        while behind := [p for p in self.phones if not p.is_caught_up()]:
            if self.lives.is_over:
                return False
            quiet = PATIENCE_S if any(c.awaits_results for c in self.clinicians) else QUIET_S
            if not self.api.unsettled(quiet, answered=False):
                raise NothingCame(f"nothing follows from a tap of {behind[0].person.user_id}")
            with self.api.world.changed:
                self.api.world.changed.wait(0.02)
        for phone in self.phones:
            phone.arrive()
        return not self.lives.is_over

    # --- tapping ---

    def burst(self) -> None:
        """Everybody taps at once; some of it comes twice, some again from earlier, and all of it in any order."""
        taps: list[tuple[Phone, Tap]] = []
        for phone in self.dice.sample(self.phones, len(self.phones)):
            taps += [(phone, tap) for tap in phone.next_taps(self.dice.randint(1, 6))]
        taps = taps[: MOST_IN_FLIGHT // 2]
        again = [n for n in range(len(taps)) if self.dice.random() < 0.1]
        earlier = self.dice.sample(self.delivered_before, min(2, len(self.delivered_before)))
        order = list(range(len(taps) + len(again) + len(earlier)))
        if self.dice.random() < 0.5:
            self.dice.shuffle(order)
        with self.api.held(order):
            numbers = [phone.make(tap) for phone, tap in taps]
            for number in again:
                self.api.redeliver(numbers[number])
            for number in earlier:
                self.api.redeliver(number)
            self._enter([*range(len(taps)), *again], order, taps)
        self.delivered_before = [*self.delivered_before[-200:], *numbers]
        self.outcome.count("updates delivered again", len(again) + len(earlier))

    def _enter(self, places: list[int], order: list[int], taps: list[tuple[Phone, Tap]]) -> None:
        """Enter taps into the books in the order of their delivery; the first of two counts."""
        seen: set[int] = set()
        for at in order:
            if at < len(places) and places[at] not in seen:
                seen.add(places[at])
                phone, tap = taps[places[at]]
                if tap.moves_on:
                    phone.leave()
                phone.was_delivered(tap)
                self.outcome.count("answers", int(phone.answers_with(tap)))

    def _forget_old_requests(self) -> None:
        """What the server recorded of taps that are long answered is not kept, so that a long run stays as quick as it began."""
        with self.api.world.changed:
            queries = self.api.world.callback_queries
            for query in list(queries)[:-300]:
                del queries[query]


@dataclass(slots=True)
class Books:
    """What was tapped and shown, compared with what an export and the store say."""

    run: Kills
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="stemwise-proof-")))

    def compare(self) -> None:
        for clinician in self.run.clinicians:
            for label, said in clinician.said.items():
                self._intake(label, said)
            self._news(clinician)
        for carer in self.run.carers:
            self._questionnaire(carer)
        self._screens()

    @property
    def outcome(self) -> Outcome:
        return self.run.outcome

    def exported(self, label: str) -> dict[str, Any]:
        out = self.folder / f"{label}.json"
        if not out.exists():
            self.run.command("export", label, "--format", "json", "--out", str(out))
        record: dict[str, Any] = json.loads(out.read_text())
        return record

    def _intake(self, label: str, said: list[tuple[str, Any]]) -> None:
        interviews = [i for e in self.exported(label)["encounters"] for i in e["interviews"]]
        kept = [(r["item"], r["value"]) for i in interviews for r in i["responses"] if r["kind"] != "note"]
        self._differ(label, kept, said)

    def _questionnaire(self, carer: Carer) -> None:
        (interview,) = [i for e in self.exported(carer.label)["encounters"] for i in e["interviews"]]
        self._differ(carer.label, words_of(interview["responses"]), carer.words)

    def _differ(self, whose: str, kept: list[Any], said: list[Any]) -> None:
        """Enter what is missing, what is there too often, and an order that is not the one of the taps."""
        self.outcome.lost += [f"{whose}: {one}" for one in (Counter(said) - Counter(kept)).elements()]
        self.outcome.doubled += [f"{whose}: {one}" for one in (Counter(kept) - Counter(said)).elements()]
        if Counter(said) == Counter(kept) and kept != said:
            self.outcome.wrong.append(f"{whose}: the answers are not in the order of the taps")
        self.outcome.count("responses compared", len(kept))

    def _news(self, clinician: Clinician) -> None:
        """Each new message came at least once and at most twice."""
        shown = [m.content for m in clinician.person.messages()]
        told = {
            "maps": (len(clinician.person.photos()), clinician.results),
            "alerts": (shown.count(ALERT), sum(c.has_raised_alarm for c in self.run.carers if c.owner is clinician)),
            "questionnaires back": (
                sum(IS_BACK in text for text in shown),
                sum(c.has_sent for c in self.run.carers if c.owner is clinician),
            ),
        }
        for what, (came, expected) in told.items():
            self.outcome.count("new messages", expected)
            self.outcome.count("of them twice", max(0, came - expected))
            if not expected <= came <= 2 * expected:
                self.outcome.wrong.append(f"{came} {what} for {expected} of {clinician.person.user_id}")

    def _screens(self) -> None:
        """Each live message shows what the store says."""
        with patch.dict(os.environ, self.run.lives.environment):
            app = build(read_settings())
        try:
            for phone in self.run.phones:
                with app.store.reading() as tx:
                    account = app.engine.desk(tx).people.account("telegram", str(phone.person.user_id), "en")
                screen, message_id, _ = app.engine.screen_of(account.id)
                shown = phone.person.message(int(message_id or 0))
                keys = render.keyboard(screen.rows, screen.number)
                if (shown.text, shown.keyboard()) != (
                    render.screen_message(screen).text,
                    (keys or {}).get("inline_keyboard", []),
                ):
                    self.outcome.wrong.append(
                        f"the live screen of {phone.person.user_id} is another one: {shown.text!r}"
                    )
                self.outcome.count("live screens compared")
        finally:
            app.close()


def prove(
    count: int, seed: int, progress: Progress = lambda _: None, *, crowd: Crowd = FULL, without: str | None = None
) -> Outcome:
    """Kill serving `count` times."""
    with tempfile.TemporaryDirectory(prefix="stemwise-kills-") as folder:
        return Kills(Path(folder) / "data", seed, crowd, without).run(count, progress)


if __name__ == "__main__":
    sys.exit(run_by_hand(prove, count=1000, what="kills"))

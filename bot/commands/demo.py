"""`stemwise demo`: a fictional eight-year-old walked through the very engine, in seconds."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import clock
from bot.commands.files import progress
from bot.outputs import write_result
from bot.settings import Settings
from bot.terminal import Palette, lines_of
from flows import engine
from flows.conversation import Account
from flows.engine import Engine
from flows.events import Event
from flows.storage.keys import MasterKey, new_key
from flows.storage.people import People
from flows.storage.store import Store
from flows.views import Button, Screen
from scoring.documents.blocks import Heading
from scoring.instrument import load

#: The walk's answers; where nothing is named, the bulk button or the expected rating is tapped. Nobody real.
LABEL = "Robin (fictional)"
AGE_DAYS = 8 * 365 + 150
HARD = {"Before birth": {"Low mood or strain": 2}, "Early childhood": {"Money or housing": 1}}
RATINGS = {
    "Calm after alarm": 5,
    "Sleep": 6,
    "Waiting and sense of time": 4,
    "Thinking before acting": 3,
    "Reading and writing": 3,
    "Enjoyment and motivation": 11,
}


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("demo", help="a fictional case, walked through the same engine")
    parser.add_argument("--out", type=Path, default=Path("stemwise-demo"), metavar="DIR")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> None:
    with tempfile.TemporaryDirectory(prefix="stemwise-demo-") as folder:
        store = Store(f"sqlite:///{folder}/demo.db", MasterKey(new_key()), clock)
        store.prepare()
        machine = Engine(store, load(), engine.Settings(zone=settings.zone))
        with store.transaction() as tx:
            account = People(tx).local_clinician()
        walk = Walk(machine, account)
        taps = walk.intake()
        waiting = machine.waiting_for(account.id)
        result = machine.result_of(waiting[0].news.body["encounter"], waiting[0].news.body["number"])
        store.close()
    paths = write_result(result, options.out, progress(), paper=settings.paper)
    from scoring.documents.summary import summary

    palette = Palette(is_coloured=sys.stdout.isatty())
    for section in summary(result).sections:
        for line in lines_of(section.blocks, palette):
            print(line)
    print()
    print(f"{LABEL}: a whole intake in {taps} taps, through the same engine as the chat. The files:")
    for path in paths:
        print(f"  {path}")


class Walk:
    """Somebody who taps: reads the screen, chooses a button, hands it to the engine."""

    def __init__(self, machine: Engine, account: Account) -> None:
        self._engine, self._account = machine, account
        self._count = 0
        self.taps = 0

    def screen(self) -> Screen:
        return self._engine.screen_of(self._account.id)[0]

    def _take(self, kind: str, **parts: Any) -> Screen:
        self._count += 1
        account = self._account
        event = Event("demo", str(self._count), account.channel, account.address, kind, **parts)  # type: ignore[arg-type]
        return self._engine.take(event).screen

    def tap(self, button: Button) -> Screen:
        self.taps += 1
        return self._take("tap", action=button.action, arg=button.arg, screen=self.screen().number)

    def press(self, words: str) -> Screen:
        """Tap the button of these words on the present screen."""
        return self.tap(next(b for b in self.screen().buttons if b.words == words))

    def intake(self) -> int:
        """From home to the results; how many taps it took."""
        self.press("New case")
        self._take("text", text=LABEL)
        self._take("text", text=(clock() - timedelta(days=AGE_DAYS)).date().isoformat())
        self.press("Start now")
        self._take("text", text="English")
        while (screen := self.screen()).buttons and not any(b.action == "finish" for b in screen.buttons):
            self._answer(screen)
        self.press("Finish")
        return self.taps

    def _answer(self, screen: Screen) -> None:
        title = next(b.text for b in screen.blocks if isinstance(b, Heading))
        if screen.typed == "rating":
            wanted = next((n for name, n in RATINGS.items() if title.startswith(name)), None)
            self.press("As expected for age" if wanted is None else str(wanted))
            return
        for words, times in self._hard(title):
            for _ in range(times):
                self.tap(next(b for b in self.screen().buttons if words in b.words))
        actions = {b.action: b for b in self.screen().buttons}
        self.tap(actions.get("fill") or actions["next"])

    @staticmethod
    def _hard(title: str) -> Iterator[tuple[str, int]]:
        for period, factors in HARD.items():
            if title.startswith(period) and title.endswith("hard"):
                yield from factors.items()

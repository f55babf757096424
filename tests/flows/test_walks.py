"""Walks as data: what somebody taps and types, what they then see, and what is stored of it.

Each file in `walks/` is one walk. Store and engine are built again from the file between all turns. A failing walk prints
what stood on the screen and everything that was done up to there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.clock import TickingClock
from support.walker import Clinic, Walker

from flows.views import Screen

WALKS = Path(__file__).parent / "walks"


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Script:
    """Runs a walk's lines, one method a keyword."""

    def __init__(self, clinic: Clinic, label: str) -> None:
        self.clinic, self.label = clinic, label
        self.walkers: dict[str, Walker] = {}
        self.walker = self.switch("first phone")
        self.kept: dict[str, Screen] = {}

    def switch(self, phone: str) -> Walker:
        if phone not in self.walkers:
            self.walkers[phone] = self.clinic.clinician(address=str(len(self.walkers) + 1))
        self.walker = self.walkers[phone]
        return self.walker

    def run(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            ((name, value),) = line.items()
            getattr(self, f"do_{name}")(value)

    # --- doing ---

    def do_phone(self, name: str) -> None:
        self.switch(name)

    def do_tap(self, value: str | dict[str, Any]) -> None:
        """A button by its words; `{words, times}` for several taps."""
        if isinstance(value, dict):
            self.walker.tap_times(value["words"], value["times"])
            return
        found = [b for b in self.walker.buttons if b.startswith(value)] if value.endswith("·") else []
        self.walker.tap(found[0] if found else value)

    def do_twice(self, words: str) -> None:
        """Two taps on the same button before the first has been answered."""
        first, second = self.walker.tap_event(words), self.walker.tap_event(words)
        self.walker.send(first)
        self.walker.send(second)
        self.walker.taps += 2

    def do_type(self, text: str) -> None:
        self.walker.type(text)

    def do_command(self, name: str) -> None:
        self.walker.command(name)

    def do_until(self, value: dict[str, Any]) -> None:
        self.walker.until(value["heading"], *value["tap"])

    def do_fill_until(self, heading: str) -> None:
        self.walker.fill_until(heading)

    def do_keep(self, name: str) -> None:
        """Remember this screen, as a message higher up in a chat."""
        self.kept[name] = self.walker.screen

    def do_tap_on(self, value: dict[str, str]) -> None:
        self.walker.tap(value["words"], on=self.kept[value["screen"]])

    def do_repeat(self, _: bool) -> None:
        assert self.walker.repeat().is_repeat

    def do_advance(self, parts: dict[str, float]) -> None:
        self.clinic.clock.advance(**parts)

    def do_sticker(self, _: bool) -> None:
        self.walker.send_other()

    def do_count_taps_from_here(self, _: bool) -> None:
        self.walker.taps = 0

    # --- seeing ---

    def do_heading(self, start: str) -> None:
        if not self.walker.heading.startswith(start):
            self.walker.fail(f"the heading is {self.walker.heading!r} and not {start!r}")

    def do_shows(self, pieces: Any) -> None:
        self.walker.shows(*many(pieces))

    def do_hides(self, pieces: Any) -> None:
        self.walker.hides(*many(pieces))

    def do_buttons(self, words: list[str]) -> None:
        for one in words:
            self.walker.button(one)

    def do_no_buttons(self, words: list[str]) -> None:
        for one in words:
            if self.walker.has(one):
                self.walker.fail(f"there is a button [{one}]")

    def do_reads(self, words: list[str]) -> None:
        """Buttons with number and value, exactly as they read."""
        for one in words:
            if one not in self.walker.buttons:
                self.walker.fail(f"no button reads exactly [{one}]")

    def do_toast(self, piece: str) -> None:
        if piece not in self.walker.toast or (not piece and self.walker.toast):
            self.walker.fail(f"the toast is {self.walker.toast!r} and not {piece!r}")

    def do_same_as(self, name: str) -> None:
        """The screen is again what it was when it was kept; its number may have changed."""
        before, now = self.kept[name], self.walker.screen
        if (before.blocks, before.rows) != (now.blocks, now.rows):
            self.walker.fail(f"the screen is not the one that was kept as {name!r}")

    def do_taps_at_most(self, most: int) -> None:
        if self.walker.taps > most:
            self.walker.fail(f"{self.walker.taps} taps, and {most} are allowed")

    # --- what is kept ---

    def do_case(self, label: str) -> None:
        self.label = label

    def do_responses(self, count: int) -> None:
        found = len(self.clinic.stored(self.label))
        if found != count:
            self.walker.fail(f"{found} responses are stored, not {count}")

    def do_said(self, items: dict[str, list[list[Any]]]) -> None:
        """All responses to an item, in order: kind, value, label."""
        rows = self.clinic.said(self.label)
        for item, expected in items.items():
            found = [[kind, value, label] for name, kind, value, label in rows if name == item]
            if found != expected:
                self.walker.fail(f"{item}: {found}")

    def do_last(self, expected: list[list[Any]]) -> None:
        found = [list(row) for row in self.clinic.said(self.label)[-len(expected) :]]
        if found != expected:
            self.walker.fail(f"the last responses are {found}")

    def do_never(self, items: list[str]) -> None:
        """Items without any response."""
        reached = {item for item, *_ in self.clinic.said(self.label)}
        if there := reached & set(items):
            self.walker.fail(f"there are responses to {sorted(there)}")

    def do_notes(self, expected: dict[str, list[str]]) -> None:
        found = self.clinic.answers(self.label).notes
        if found != expected:
            self.walker.fail(f"the notes are {found}")

    def do_flags(self, expected: list[list[str]]) -> None:
        found = [[f["question"], f["state"]] for f in self.clinic.record(self.label)["flags"]]
        if found != expected:
            self.walker.fail(f"the flags are {found}")

    def do_in_case(self, expected: dict[str, Any]) -> None:
        """Values at dotted places of the case that is scored."""
        record = self.clinic.record(self.label)
        for place, value in expected.items():
            found: Any = record
            for part in place.split("."):
                found = found[part]
            if found != value:
                self.walker.fail(f"{place} is {found!r}")

    def do_news(self, kinds: list[str]) -> None:
        """What waits to be sent to this phone."""
        found = [w.news.kind for w in self.clinic.engine.waiting_for(self.walker.account_id)]
        if found != kinds:
            self.walker.fail(f"waiting are {found}")


@pytest.mark.parametrize("path", sorted(WALKS.glob("*.yaml")), ids=lambda path: path.stem)
def test_walk(path: Path, make_clinic: Callable[..., Clinic]) -> None:
    walk = yaml.safe_load(path.read_text("utf-8"))
    day = walk.get("today", "2026-03-14")
    clinic = make_clinic(clock=TickingClock(datetime.fromisoformat(f"{day}T09:00:00").replace(tzinfo=UTC)))
    script = Script(clinic, walk.get("label", "Robin"))
    script.run(walk["walk"])
    assert clinic.faults() == []


def test_every_walk_has_a_sentence_for_a_name_and_says_what_it_is_about() -> None:
    for path in WALKS.glob("*.yaml"):
        walk = yaml.safe_load(path.read_text("utf-8"))
        assert set(walk) <= {"about", "today", "label", "walk"}, path.name
        assert len(walk["about"]) > 20, path.name

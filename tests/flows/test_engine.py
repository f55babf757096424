"""The turn: a repeat changes nothing, an error takes nothing else with it, and a killed process loses and doubles nothing."""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import event as listening
from sqlalchemy import func, select
from support.clock import TickingClock
from support.walker import Clinic, Walker, screen_text

from flows import interview_moves
from flows.conversation import Turn
from flows.engine import FAILED, Engine
from flows.events import Event
from flows.storage import models
from flows.storage.engines import StorageUnavailable

ROOT = Path(__file__).parents[2]


def counts(clinic: Clinic) -> dict[str, int]:
    """How many rows every table has."""
    with clinic.desk() as desk:
        tables = models.Base.metadata.sorted_tables
        return {t.name: desk.tx.session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


# --- repeats ---------------------------------------------------------------------------------------------------------


def test_an_event_that_comes_again_changes_nothing_at_any_place(walker: Walker) -> None:
    clinic = walker.clinic

    def twice() -> None:
        before, rows, shown = walker.screen, counts(clinic), walker.taken
        again = walker.repeat()
        assert again.is_repeat
        assert shown is not None
        assert (walker.screen, counts(clinic)) == (before, rows)
        assert again.screen == before

    walker.command("new")
    twice()
    walker.type("Robin")
    twice()
    walker.type("2018-01-10")
    twice()
    walker.tap("Start now")
    twice()
    walker.type("English")
    twice()
    walker.tap("All checked")
    twice()
    walker.tap("Alcohol in pregnancy")
    twice()
    walker.type("a note")
    twice()
    walker.fill_until("Safety")
    walker.tap("Missing now")
    twice()
    walker.tap("None of these")
    walker.tap("Finish")
    twice()
    walker.tap("Send again")
    twice()


def test_the_same_id_from_another_source_is_another_event(walker: Walker) -> None:
    walker.new_case()
    event = walker.tap_event("Hearing checked")
    walker.send(event)
    other = Event("elsewhere", event.id, event.channel, event.address, "tap", event.action, "0:no", screen=event.screen)
    assert not walker.send(other).is_repeat
    assert [row[2] for row in walker.clinic.said("Robin")] == [True, False]


def test_an_event_may_come_again_within_its_own_batch_and_long_after(walker: Walker) -> None:
    walker.new_case()
    event = walker.tap_event("Hearing checked")
    taken = walker.clinic.engine.take_all([event, event, event])
    assert [t.is_repeat for t in taken] == [False, True, True]
    walker.clinic.clock.advance(days=3)
    assert walker.send(event).is_repeat
    assert len(walker.clinic.stored("Robin")) == 1


# --- batches ---------------------------------------------------------------------------------------------------------


def test_a_batch_is_taken_in_order_and_equals_one_by_one(make_clinic: Callable[..., Clinic]) -> None:
    said = []
    for together in (True, False):
        clinic = make_clinic()
        one, other = clinic.clinician("A", "1"), clinic.clinician("B", "2")
        one.new_case("Robin")
        other.new_case("Robin")
        events = []
        for walker in (one, other, one):
            events += [walker.tap_event("Hearing checked"), walker.event("text", text="note: x")]
            events.append(walker.event("tap", action="next", screen=walker.screen.number))
        taken = clinic.engine.take_all(events) if together else [clinic.engine.take(e) for e in events]
        assert [bool(t.toast) for t in taken] == [False] * 6 + [True, False, True]
        with clinic.desk() as desk:
            rows = []
            for case in desk.cases.cases_of(None):
                (interview,) = desk.cases.interviews(desk.cases.encounters(case.id)[0].id)
                stored = desk.cases.responses(case.id, interview.id)
                rows.append([(r.response.item, r.response.value, r.response.note) for r in stored])
        said.append(sorted(rows, key=len))
    assert said[0] == said[1]


def test_a_whole_walk_in_one_batch_is_the_same_walk(make_clinic: Callable[..., Clinic]) -> None:
    clinic = make_clinic()
    events = list(script_of_an_intake(clinic.clinician()))
    expected = clinic.said("Robin")
    again = make_clinic()
    walker = again.clinician()
    taken = again.engine.take_all(events)
    assert not any(t.toast or t.has_failed for t in taken)
    assert again.said("Robin") == expected
    assert again.faults() == []
    assert screen_text(walker.screen) == screen_text(
        clinic.engine.screen_of(clinic.engine.take(events[0]).account_id)[0]
    )


def script_of_an_intake(walker: Walker) -> Iterator[Event]:
    """The events of an intake, while it is walked."""
    sent: list[Event] = []
    send = walker.send

    def recording(event: Event, *, looks: bool = True) -> Any:
        sent.append(event)
        return send(event, looks=looks)

    walker.send = recording  # type: ignore[method-assign]
    walker.new_case("Robin", "2025-11-20")
    walker.type("English")
    walker.tap("+")
    walker.tap("All checked")
    walker.tap("Alcohol in pregnancy")
    walker.tap("Alcohol in pregnancy")
    walker.type("note: a thought")
    walker.tap("None of these")
    walker.tap("Back")
    walker.tap("Next")
    walker.until("Relationships now", "None of these", "All steady", "As expected for age")
    walker.tap("Friends")
    walker.tap("Not sure")
    walker.tap("Missing now") if walker.has("Missing now") else walker.tap("Harmed lately")
    walker.tap("None of these")
    walker.tap("Functioning")
    walker.tap("Sleep")
    walker.tap("3")
    walker.tap("‹ Back")
    walker.tap("Finish")
    walker.send = send  # type: ignore[method-assign]
    return iter(sent)


# --- errors inside a turn --------------------------------------------------------------------------------------------


def broken(turn: Turn) -> None:
    turn.interview.answers.of.clear()
    raise ZeroDivisionError("Robin said so")


@pytest.fixture
def in_interview(walker: Walker) -> Walker:
    walker.new_case()
    walker.type("English")
    walker.may_fail = True
    return walker


def events_around_a_fault(walker: Walker) -> list[Event]:
    """A good tap, one whose effect is broken, and a good one again."""
    bad = walker.event("tap", action="why", arg="1", screen=walker.screen.number)
    return [walker.tap_event("Hearing checked"), bad, walker.tap_event("Sight checked")]


@pytest.fixture
def broken_why() -> Iterator[None]:
    """Showing why raises, after it has changed what it must not."""
    from flows import machines

    patched = machines.Conversations(machines.INTERVIEW_STATES, tuple(broken_moves()), "history")
    with patch("flows.engine.INTERVIEW", patched):
        yield


def broken_moves() -> Iterator[Any]:
    from dataclasses import replace

    from flows.machines import INTERVIEW

    for move in INTERVIEW.moves:
        yield replace(move, effect=broken) if move.effect is interview_moves.show_why else move


def test_an_error_marks_its_event_failed_and_keeps_the_rest_of_the_batch(
    in_interview: Walker, broken_why: None, caplog: pytest.LogCaptureFixture
) -> None:
    walker, clinic = in_interview, in_interview.clinic
    events = events_around_a_fault(walker)
    with caplog.at_level(logging.DEBUG):
        first, failed, last = clinic.engine.take_all(events)
    assert (first.has_failed, failed.has_failed, last.has_failed) == (False, True, False)
    assert failed.toast == FAILED
    assert failed.recipients == {walker.account_id}
    assert failed.screen.buttons
    assert [row[:3] for row in clinic.said("Robin")][1:] == [
        ("facts.hearing_checked", "answer", True),
        ("facts.sight_checked", "answer", True),
    ]
    assert clinic.answers("Robin").value("facts.languages") == "English"
    assert clinic.faults() == []
    with clinic.desk() as desk:
        failures = desk.tx.session.scalars(select(models.Inbox.event_id).where(models.Inbox.failed)).all()
    assert failures == [events[1].id]
    assert "ZeroDivisionError" in caplog.text
    assert events[1].id in caplog.text
    assert "Robin" not in caplog.text


def test_a_failed_event_that_comes_again_is_not_tried_for_ever(in_interview: Walker, broken_why: None) -> None:
    walker = in_interview
    bad = events_around_a_fault(walker)[1]
    assert walker.send(bad).has_failed
    again = walker.send(bad)
    assert again.is_repeat
    assert not again.has_failed
    assert walker.heading == "A few facts first"


def test_a_screen_that_cannot_be_shown_holds_nobody_else_up(
    make_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = make_clinic()
    one, other = clinic.clinician("A", "1"), clinic.clinician("B", "2")
    one.new_case()
    other.new_case()
    from flows import engine

    show = engine.show
    monkeypatch.setattr(
        engine, "show", lambda turn: broken(turn) if turn.talk.account.id == one.account_id else show(turn)
    )
    event = one.event("tap", action="fill", screen=1)
    failed, good = clinic.engine.take_all([event, other.tap_event("Hearing checked")])
    assert failed.has_failed
    assert failed.screen.buttons, "there is a way on from there too"
    assert not good.has_failed
    monkeypatch.undo()
    one.tap("Hearing checked")


def test_what_a_failed_turn_wanted_to_send_is_not_sent(walker: Walker) -> None:
    walker.new_case()
    walker.fill_until("Review")
    walker.may_fail = True
    before = counts(walker.clinic)
    with patch("flows.desk.Desk.send_results", side_effect=ZeroDivisionError):
        walker.tap("Finish")
    assert walker.taken is not None
    assert walker.taken.has_failed
    after = counts(walker.clinic)
    assert {name for name in after if after[name] != before[name]} == {"inbox"}
    assert walker.heading == "Review"
    walker.tap("Finish")
    assert walker.heading.startswith("Results")


# --- storage errors --------------------------------------------------------------------------------------------------


def test_a_storage_error_confirms_nothing_and_the_same_event_succeeds_later(walker: Walker) -> None:
    walker.new_case()
    clinic = walker.clinic
    event, before = walker.tap_event("Hearing checked"), counts(clinic)
    holder = sqlite3.connect(clinic.path, isolation_level=None)
    holder.execute("PRAGMA journal_mode")
    clinic.close()
    with patch.dict("flows.storage.engines.PRAGMAS", {"busy_timeout": 30}):
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable) as caught:
            clinic.engine.take(event)
        holder.execute("ROLLBACK")
    holder.close()
    assert "Robin" not in str(caught.value)
    assert counts(clinic) == before
    taken = walker.send(event)
    assert not taken.is_repeat
    assert len(clinic.stored("Robin")) == 1


def test_a_full_disk_leaves_the_batch_untaken(walker: Walker) -> None:
    walker.new_case()
    clinic = walker.clinic
    clinic.rebuilds = False
    engine, before = clinic.engine, counts(clinic)
    events = [walker.event("text", text="note: " + "x" * 1900) for _ in range(100)]
    with clinic.store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.rollback()
    raw = clinic.store.engine.raw_connection()
    raw.execute(f"PRAGMA max_page_count={pages + 4}")
    raw.close()
    with pytest.raises(StorageUnavailable):
        engine.take_all(events)
    raw = clinic.store.engine.raw_connection()
    raw.execute("PRAGMA max_page_count=1000000")
    raw.close()
    assert counts(clinic) == before
    assert not any(t.is_repeat or t.has_failed for t in engine.take_all(events))
    assert len(clinic.stored("Robin")) == 100


@pytest.mark.parametrize("when", ["BEGIN", "INSERT INTO responses", "UPDATE interviews", "COMMIT"])
def test_a_storage_error_at_any_moment_of_a_turn_leaves_nothing_of_it(when: str, walker: Walker) -> None:
    """The disk goes away at a statement in the middle: not the event's fault, so nothing is marked failed."""
    walker.new_case()
    clinic = walker.clinic
    before, event = counts(clinic), walker.tap_event("Hearing checked")
    clinic.rebuilds = False
    engine = clinic.engine
    with failing_at(engine, when), pytest.raises(StorageUnavailable):
        engine.take(event)
    clinic.restart()
    assert counts(clinic) == before
    assert not walker.send(event).is_repeat
    assert len(clinic.stored("Robin")) == 1


class failing_at:  # noqa: N801 (reads as a context)
    """A disk that fails when a statement begins so."""

    def __init__(self, engine: Engine, start: str) -> None:
        self.engine, self.start = engine.store.engine, start
        self.commit = self.engine.dialect.do_commit

    def _statement(self, connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(self.start):
            raise sqlite3.OperationalError("disk I/O error")

    def _commit(self, connection: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    def __enter__(self) -> None:
        listening.listen(self.engine, "before_cursor_execute", self._statement)
        if self.start == "COMMIT":
            self.engine.dialect.do_commit = self._commit

    def __exit__(self, *_: object) -> None:
        listening.remove(self.engine, "before_cursor_execute", self._statement)
        self.engine.dialect.do_commit = self.commit


# --- from outside ----------------------------------------------------------------------------------------------------


def test_a_forged_tap_leads_past_no_question(walker: Walker) -> None:
    """What follows by itself is no button's; a harm that is present stays until it is answered."""
    walker.new_case()
    walker.type("English")
    walker.tap("All checked")
    walker.fill_until("Childhood")
    walker.tap("Violence at home")
    walker.tap("None of these")
    before = walker.clinic.said("Robin")
    for action in ("forward", "finished", "resume", "change", "enrol", "typed", "banana", "consent", "next", "skip"):
        for arg in ("", "0:yes", "functioning"):
            walker.forge(action, arg)
            assert walker.heading == "Is this still happening?", (action, arg)
        walker.command(action)
        assert walker.heading == "Is this still happening?", action
    assert walker.clinic.said("Robin") == before


FORGED_ON_A_RATING = (
    *(("rate", arg) for arg in ("13", "0", "-1", "seven", "²", "", "1.0")),
    *(("set", "0:1"), ("fill", ""), ("say", "yes"), ("not_known", ""), ("weeks", "3"), ("write", ""), ("edit", "0")),
    *(("section", "history"), ("page", "1"), ("finish", ""), ("compare", "harder"), ("choose", "parent")),
    *(("confirm", ""), ("slip", ""), ("send", ""), ("agree", ""), ("withdraw", ""), ("confirm_all", ""), ("word", "")),
)


def test_a_forged_tap_on_a_rating_screen_stores_nothing(walker: Walker) -> None:
    walker.new_case()
    walker.fill_until("Heart")
    before, heading = walker.clinic.said("Robin"), walker.heading
    for action, arg in FORGED_ON_A_RATING:
        walker.forge(action, arg)
        assert walker.toast, (action, arg)
        assert walker.heading == heading
    assert walker.clinic.said("Robin") == before


def test_a_forged_tap_on_a_list_stores_nothing(walker: Walker) -> None:
    walker.new_case()
    walker.fill_until("Before birth")
    before = walker.clinic.said("Robin")
    for arg in ("0:9", "0:4", "99:1", "-1:1", "0", ":", "0:", "²:1", "0:yes", "x:1", "0:-1", "0:1:1", ""):
        walker.forge("set", arg)
        assert walker.toast, arg
    assert walker.clinic.said("Robin") == before


# --- kill -9 ---------------------------------------------------------------------------------------------------------


def killed_child(folder: Path) -> subprocess.Popen[str]:
    """The process that forks a taker of events for every line it is given."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "taker.py"), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
    )


class Killed:
    """Lets children take the events of a script and kills them; events that were not confirmed come again."""

    def __init__(self, folder: Path, events: list[Event], dice: random.Random) -> None:
        self.folder, self.events, self.dice = folder, events, dice
        self.done = 0  # confirmed: as a channel knows it
        self.kills = self.lives = 0

    def run(self, kills: int) -> None:
        parent = killed_child(self.folder)
        assert parent.stdin is not None
        assert parent.stdout is not None
        try:
            while self.done < len(self.events):
                is_killed = self.kills < kills
                statement = self.dice.randrange(1, 400) if is_killed and self.dice.random() < 0.6 else 0
                batch = self.dice.choice([1, 1, 1, 3])
                self.lives += 1
                order = {"from": self.done, "dies_at_statement": statement, "batch": batch, "life": self.lives}
                parent.stdin.write(json.dumps(order) + "\n")
                parent.stdin.flush()
                child = int(parent.stdout.readline())
                if is_killed and not statement:
                    time.sleep(self.dice.uniform(0.0, 0.12))
                    self._kill(child)
                line = parent.stdout.readline()
                confirmed, was_killed = json.loads(line)
                self.done = max(self.done, confirmed)
                self.kills += was_killed
                yield_state(self)
        finally:
            parent.stdin.close()
            parent.wait(20)

    @staticmethod
    def _kill(child: int) -> None:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            return


def yield_state(killed: Killed) -> None:
    """Between two lives: what stands in the file is what the confirmed events (and at most the next batch) have left."""
    with sqlite3.connect(killed.folder / "stemwise.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        taken = {row[0] for row in raw.execute("SELECT event_id FROM inbox WHERE failed = 0")}
        assert raw.execute("SELECT COUNT(*) FROM inbox WHERE failed").fetchone() == (0,)
    flags = [event.id in taken for event in killed.events]
    assert flags == sorted(flags, reverse=True), "events were taken out of order"
    assert killed.done <= sum(flags) <= killed.done + 3


def kill_while_walking(make_clinic: Callable[..., Clinic], kills: int, seed: int) -> int:
    """Walk an intake once in peace and once in children that are killed, as often as wanted; how often it was."""
    peaceful = make_clinic(rebuilds=False)
    events = list(script_of_an_intake(peaceful.clinician()))
    dice, total = random.Random(seed), 0
    while total < kills:
        clinic = make_clinic(rebuilds=False)
        walker = clinic.clinician()
        (clinic.folder / "events.json").write_text(json.dumps([as_json(e) for e in events]))
        clinic.close()
        killed = Killed(clinic.folder, events, dice)
        killed.run(kills - total)
        total += killed.kills
        assert clinic.said("Robin") == peaceful.said("Robin")
        assert clinic.faults() == []
        ours, theirs = walker.screen, peaceful.engine.screen_of(account_in(peaceful))[0]
        assert (ours.blocks, ours.rows, ours.number) == (theirs.blocks, theirs.rows, theirs.number)
        waiting = [w.news.kind for w in clinic.engine.waiting_for(walker.account_id)]
        assert waiting == ["map", "summary"]
        assert [f["state"] for f in clinic.record("Robin")["flags"]] == ["open"]
    return total


def account_in(clinic: Clinic) -> str:
    with clinic.desk() as desk:
        return str(desk.tx.session.scalar(select(models.Account.id)))


def as_json(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in Event.__dataclass_fields__}


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a signal of POSIX")
def test_killed_at_any_moment_no_answer_is_lost_or_doubled(make_clinic: Callable[..., Clinic]) -> None:
    assert kill_while_walking(make_clinic, kills=32, seed=1) >= 32


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a signal of POSIX")
def test_killed_hundreds_of_times_no_answer_is_lost_or_doubled(make_clinic: Callable[..., Clinic]) -> None:
    assert kill_while_walking(make_clinic, kills=400, seed=2) >= 400


def test_the_clock_of_these_tests_ticks_at_each_reading() -> None:
    clock = TickingClock()
    assert clock() < clock() < clock()

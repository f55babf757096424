"""Every row of the interview's table by real walks, and a way on for everybody, wherever they wander."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from support.walker import Clinic, Walker
from transition_walks import LESS, Watch, walk_clinicians_interviews, walk_questionnaires, without

from flows.machines import HOME, INTERVIEW, INTERVIEW_STATES

#: Births from four months to a hundred years ago.
BORN = ("2025-11-20", "2026-03-01", "2024-06-01", "2018-01-10", "2011-05-05", "1985-03-02", "1916-04-01")


def test_every_row_of_the_interviews_table_is_taken_by_somebody(
    make_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch)
    for number, less in enumerate(LESS):
        clinic = make_clinic(instrument=without(*less), rebuilds=False)
        walker = clinic.clinician()
        walker.looks_twice = number == 0
        walk_clinicians_interviews(clinic, walker, number)
        if not less:
            walk_questionnaires(clinic, clinic.clinician("Dr Other", "2"))
    assert watch.untaken(INTERVIEW) == []
    assert sorted(set(watch.misplaced)) == []


STAYS = "where it is"
#: Where what is no answer leads; between stages the itinerary leads, and the screens above tell whether it leads right.
OUT_OF_A_STAGE = {
    "decline": {"withdrawn"},
    "withdraw": {"withdrawn"},
    "pause": {"paused"},
    "send": {"safety", "finished"},
    "finish": {STAYS, "history", "finished"},
    "change": {"review"},
}
BETWEEN_STAGES = ("forward", "back", "edit", "resume")


def test_an_answer_stays_in_its_stage_and_what_ends_an_interview_ends_it() -> None:
    leads: dict[str, set[str]] = {}
    for move in INTERVIEW.moves:
        if move.trigger not in BETWEEN_STAGES:
            leads.setdefault(move.trigger, set()).add(move.dest or STAYS)
    assert {trigger: leads.pop(trigger) for trigger in OUT_OF_A_STAGE} == OUT_OF_A_STAGE
    assert {trigger: dests for trigger, dests in leads.items() if dests != {STAYS}} == {}


def test_a_row_that_nobody_takes_is_named(make_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch)
    make_clinic(rebuilds=False).clinician()
    assert len(watch.untaken(HOME)) == len(HOME.moves) - 1
    assert len(watch.untaken(INTERVIEW)) == len(INTERVIEW.moves)
    assert "review ─finish→ finished, if may_finish" in watch.untaken(INTERVIEW)
    assert not [row for row in watch.untaken(HOME) if "enrol" in row]


def test_no_state_is_without_a_row() -> None:
    """What is walked row by row is walked state by state as well."""
    for machine, states in ((INTERVIEW, set(INTERVIEW_STATES)), (HOME, set(HOME.machine.states))):
        assert {m.source for m in machine.moves} | {m.dest or m.source for m in machine.moves} == states


# --- wandering -------------------------------------------------------------------------------------------------------

TYPED = (
    "7",
    "13",
    "0",
    "-3",
    "note: x",
    "hello",
    "note:",
    "12",
    " ",
    "14 March 2018",
    "Kim",
    "<b>&amp;",
    "😀" * 30,
    "A" * 2500,
)
COMMANDED = ("start", "new", "cases", "resume", "help", "privacy", "erase", "language", "banana", "rate", "forward")
ONWARD = frozenset(
    {"fill", "expected", "rate", "set", "not_known", "next", "skip", "say", "finish", "go_on", "start", "edit"}
)


class Wanderer:
    """Taps, types and commands at random, also on old screens and twice; checks as every walker does."""

    def __init__(self, walker: Walker, seed: int) -> None:
        self.walker, self.random = walker, random.Random(seed)
        self.old = [walker.screen]

    def step(self) -> None:
        walker, dice = self.walker, self.random
        screen = walker.screen
        self.old = [*self.old[-30:], screen]
        chance = dice.random()
        if chance < 0.03:
            self.begin()
        elif chance < 0.09:
            walker.type(dice.choice(TYPED))
        elif chance < 0.11:
            walker.command(dice.choice(COMMANDED))
        elif chance < 0.14 and (old := dice.choice(self.old)).buttons:
            button = dice.choice(old.buttons)
            walker.forge(button.action, button.arg, old.number)
        elif chance < 0.15:
            walker.repeat()
        elif screen.buttons:
            onward = [b for b in screen.buttons if b.action in ONWARD]
            button = dice.choice(onward if onward and dice.random() < 0.7 else screen.buttons)
            assert walker.taken is not None
            walker.tap_this(button)

    def begin(self) -> None:
        """A new case of some age, so that wandering does not end at home."""
        self.walker.command("new")
        self.walker.type(f"Case {self.random.randrange(10**6)}")
        self.walker.type(self.random.choice(BORN))
        self.walker.tap("Start now")


def wander(clinic: Clinic, seed: int, steps: int) -> None:
    wanderer = Wanderer(clinic.clinician(), seed)
    wanderer.begin()
    for _ in range(steps):
        wanderer.step()
    assert clinic.faults() == []


@pytest.mark.parametrize("seed", range(4))
def test_whoever_wanders_about_always_has_a_way_on(seed: int, make_clinic: Callable[..., Clinic]) -> None:
    wander(make_clinic(rebuilds=seed == 0), seed, 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_whoever_wanders_for_long_always_has_a_way_on(seed: int, make_clinic: Callable[..., Clinic]) -> None:
    wander(make_clinic(rebuilds=False), seed, 600)

"""Every state and every transition of both machines by real walks, and a way on for everybody, wherever they wander.

What the machines can do is read from their own tables; which of it a walk can reach at all is computed from the
itineraries of many people and of instruments with a stage less. What fired is recorded while walks run.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from support.walker import Clinic, Walker, plain

from flows import access
from flows.answers import Answer, Answers
from flows.conversation import Turn
from flows.itinerary import Person, Step, itinerary
from flows.machines import HOME, INTERVIEW, INTERVIEW_STATES, Conversations, Move
from flows.screens.home import SCREENS
from flows.views import Button
from scoring.instrument import Instrument, load

Fired = tuple[str, str, str]
BORN = ("2026-03-01", "2025-11-20", "2024-06-01", "2018-01-10", "2011-05-05", "1985-03-02", "1916-04-01")
TODAY = date(2026, 3, 14)

#: On which kinds of screens a clinician's answering triggers stand.
KINDS = {
    "set": {"facts", "hard", "held", "relationships", "safety"},
    "rate": {"function"},
    "expected": {"function"},
    "fill": {"facts", "hard", "held", "relationships", "safety"},
    "not_known": {"hard", "held"},
    "say": {"harm", "danger"},
    "not_sure": {"hard", "held", "relationships", "safety", "function"},
    "skip": {"hard", "held", "relationships", "safety", "function"},
    "next": {"facts", "hard", "held", "harm", "danger", "function", "relationships", "safety"},
    "write": {"facts"},
    "weeks": {"facts"},
    "why": {"facts", "hard", "held", "harm", "danger", "function", "relationships", "safety"},
    "aside": {"function"},
    "note": {"facts", "hard", "held", "harm", "danger", "function", "relationships", "safety"},
}
#: Triggers of the interview's machine that are no answers, and stand for a clinician alone.
MOVING = {"forward", "back", "edit", "pause", "resume", "section", "page", "finish", "change", "contact"}
#: States and triggers that take another informant, an invitation or a questionnaire: walked where those are tested.
WALKED_ELSEWHERE = {"consent", "withdrawn", "mine", "choose", "erase_mine"}
NEEDS_OTHERS = {"must_read"}


# --- what fired ------------------------------------------------------------------------------------------------------


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[int, set[Fired]]]:
    """All transitions that fire meanwhile, by machine, as source, trigger and destination."""
    found: dict[int, set[Fired]] = {id(INTERVIEW): set(), id(HOME): set()}
    fire = Conversations.fire

    def recording(machine: Conversations, actor: Any, trigger: str, turn: Turn) -> bool:
        source = actor.state
        fired = fire(machine, actor, trigger, turn)
        if fired:
            found[id(machine)].add((source, trigger, actor.state))
        return fired

    monkeypatch.setattr(Conversations, "fire", recording)
    yield found


def triple(move: Move) -> Fired:
    return move.source, move.trigger, move.dest or move.source


# --- what a clinician's interview can do at all ----------------------------------------------------------------------


def without(*stages: str) -> Instrument:
    """The instrument with a stage less to ask: what comes next is data, and the machine has to bear it."""
    instrument = load()
    changes: dict[str, Any] = {}
    if "functioning" in stages:
        bands = len(instrument.figures.age_bands_from_months)
        asked = [f.model_copy(update={"expected": (None,) * bands}) for f in instrument.figures.functions]
        changes["functions"] = tuple(asked)
    if "relationships" in stages:
        changes["relational_now"] = ()
    return instrument.model_copy(update={"figures": instrument.figures.model_copy(update=changes)})


LESS = ((), ("functioning",), ("relationships",), ("functioning", "relationships"))


def itineraries() -> Iterator[tuple[Step, ...]]:
    """Ways through an interview: many ages, stages left out, with a harm that goes on and without."""
    harmed = Answers()
    harmed.of["history.childhood.adversity.violence_at_home"] = Answer("answer", 2)
    harmed.of["still_happening.violence_at_home"] = Answer("answer", True)
    for less in LESS:
        for born in BORN:
            person = Person("R", date.fromisoformat(born), TODAY)
            yield itinerary(person, "clinician", Answers(), without(*less))
        yield itinerary(Person("R", date(2018, 1, 10), TODAY), "clinician", harmed, without(*less))


def clinicians_moves() -> set[Fired]:
    """The transitions of the interview's machine that a clinician's walk can take: all that the contract asks for."""
    ways = list(itineraries())
    kinds: dict[str, set[str]] = {}
    for steps in ways:
        for step in steps:
            kinds.setdefault(step.stage, set()).add(step.kind)
    pairs = {(a.stage, b.stage) for steps in ways for a, b in zip(steps, steps[1:], strict=False)}
    asked = {stage for stage in kinds if stage != "review"}
    wanted: set[Fired] = set()
    for trigger, on in KINDS.items():
        wanted |= {(stage, trigger, stage) for stage in asked if kinds[stage] & on}
    for earlier, later in pairs:
        if earlier != "review":
            wanted.add((earlier, "forward", later))
            wanted.add((later, "back", earlier))
    for stage in asked:
        wanted |= {(stage, "forward", "review"), (stage, "back", "review"), ("review", "edit", stage)}
    for stage in kinds:
        wanted |= {(stage, "pause", "paused"), ("paused", "resume", stage)}
    wanted |= {
        ("review", "section", "review"),
        ("review", "page", "review"),
        ("review", "note", "review"),
        ("review", "contact", "review"),
        ("review", "finish", "review"),
        ("review", "finish", "finished"),
        ("finished", "change", "review"),
    }
    return wanted


def walk_an_interview(clinic: Clinic, walker: Walker, born: str) -> None:
    """One interview that uses everything on the way."""
    walker.new_case(f"Case {len(clinic.cases())}", born)
    walker.tap("Hearing checked")
    walker.tap("Why this?")
    walker.type("note: about the facts")
    if walker.has("+"):
        walker.tap("+")
        walker.type("4")
    walker.type("English")
    walker.tap("All checked")
    walker.tap("Back")
    walker.tap("Next")
    while walker.heading != "Review":
        use_a_screen(walker)
    walker.type("note: about it all")
    contact = [b for b in walker.screen.buttons if b.action == "contact"]
    if contact:  # offered where a harm goes on
        walker.tap_this(contact[0])


def use_a_screen(walker: Walker) -> None:
    """Why, a note, a value, back and on, and what a bulk button leaves."""
    heading = walker.heading
    if heading == "Is this still happening?" or heading.startswith("Safety, before"):
        walker.type("somebody said so")
        walker.tap("Yes")
        return
    walker.tap("Why this?")
    walker.type("a thought")
    if walker.has("As expected for age"):
        walker.tap("Set aside")
        if walker.heading.startswith("Sleep"):
            walker.tap("Back")
            walker.tap("Next")
        walker.tap(("Skip", "Not sure", "As expected for age", "7", "12")[walker.taps % 5])
        return
    first = next(b for b in walker.screen.buttons if b.action == "set")
    harm = next((b for b in walker.screen.buttons if "Violence at home" in b.words), first)
    walker.tap(harm.words)
    walker.tap("None of these" if walker.has("None of these") else "All steady")


def walk_stage_by_stage(walker: Walker, born: str, leaves: str) -> None:
    """Pause, resume and back at the start of every stage, and each way to leave a list open in turn."""
    walker.new_case(f"Paused {walker.taps}", born)
    walker.tap("Pause")
    walker.tap("Go on")
    walker.tap("Next")
    seen: set[str] = set()
    ways = ("Not known for this period", "Not sure", "Skip")
    number = 0
    while walker.heading != "Review":
        stage = walker.text.splitlines()[1].partition(" ·")[0]
        if stage not in seen:
            seen.add(stage)
            walker.tap("Pause")
            walker.tap("Go on")
            walker.tap("Back")
            walker.tap("Next" if walker.has("Next") else "Not sure")
        number += 1
        wanted = ways[number % 3] if stage == "History" else leaves
        walker.tap(wanted if walker.has(wanted) else "Skip" if walker.has("Skip") else "Next")
    walker.tap("Pause")
    walker.tap("Go on")
    walker.tap("Finish")


def edit_everything(walker: Walker) -> None:
    """From the review into each section, kept and changed, back and forward."""
    assert walker.heading == "Review"
    for section in ("History", "Functioning", "Relationships now", "Safety"):
        if not walker.has(section):
            continue
        walker.tap(section)
        if walker.has("More ›"):
            walker.tap("More ›")
            walker.tap("‹ Before")
        edits = [b for b in walker.screen.buttons if b.action == "edit"]
        if not edits:  # a stage that this instrument does not ask
            walker.tap("‹ Back")
            continue
        words = edits[-1].words
        walker.tap(words)
        walker.tap("Back")
        walker.tap(words)
        walker.tap("Next" if walker.has("Next") else "Skip")
        while walker.heading.startswith(("Is this still", "Safety, before")):
            walker.tap("No")
        walker.tap("‹ Back")
    walker.tap("Back")
    walker.tap("Next" if walker.has("Next") else "Skip")


def test_a_clinicians_walks_take_every_transition_of_the_interview(
    make_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded(monkeypatch) as fired:
        for number, less in enumerate(LESS):
            clinic = make_clinic(instrument=without(*less), rebuilds=False)
            walker = clinic.clinician()
            walker.looks_twice = number == 0
            walk_an_interview(clinic, walker, BORN[3] if number == 0 else BORN[1])
            edit_everything(walker)
            walker.tap("Finish")
            if walker.heading == "Review":
                walker.tap("Finish")
            walker.tap("Change an answer")
            walker.command("start")
            walk_stage_by_stage(walker, BORN[1], ("Skip", "Not sure")[number % 2])
            assert clinic.faults() == []
    wanted = clinicians_moves()
    table = {triple(move) for move in INTERVIEW.moves}
    assert wanted - table == set(), "the machine's table has no such move"
    missing = sorted(wanted - fired[id(INTERVIEW)])
    assert not missing, f"no walk took: {missing}"
    unknown = sorted(fired[id(INTERVIEW)] - wanted)
    assert not unknown, f"walks took what the tests think nobody can: {unknown}"


def test_each_answering_trigger_of_a_clinician_is_known_to_these_tests() -> None:
    """A new button for clinicians is walked here, or named as walked elsewhere."""
    triggers = {m.trigger for m in INTERVIEW.moves if "clinician" in access.MAY.get(m.trigger, frozenset())}
    others = {"confirm_all", "one_by_one", "as_said", "notes"}
    assert triggers - set(KINDS) - MOVING - others == set()


def test_every_state_has_a_screen_and_is_left_by_some_move() -> None:
    assert {m.source for m in INTERVIEW.moves} | {"finished", "withdrawn"} >= set(INTERVIEW_STATES)
    states = {m.source for m in HOME.moves} | {m.dest for m in HOME.moves if m.dest}
    assert states <= set(SCREENS)
    for state in states:
        assert any(m.source == state and m.dest not in (None, state) for m in HOME.moves), state


# --- home ------------------------------------------------------------------------------------------------------------

#: How to stand in each state of the home, from home, with a finished case and an open flag there.
WAYS: dict[str, tuple[str, ...]] = {
    "home": (),
    "label": ("New case",),
    "born": ("New case", "=?"),
    "ready": ("New case", "=?", "=2018-01-10"),
    "cases": ("My cases",),
    "case": ("My cases", "Robin*"),
    "results": ("My cases", "Robin*", "Results"),
    "handing": ("My cases", "Robin*", "Results", "#hand"),
    "erase": ("My cases", "Robin*", "Erase"),
    "in_error": ("My cases", "Robin*", "Entered in error"),
    "flags": ("Danger flags*",),
    "clearing": ("Danger flags*", "Clear 1*"),
    "help": ("Help",),
    "privacy": ("Privacy",),
    "language": ("/language",),
    "invite": ("My cases", "Mika*", "#invite"),
    "invite_relation": ("My cases", "Mika*", "#invite", "#role"),
    "invite_responsible": ("My cases", "Mika*", "#invite", "#role", "=mother"),
    "invite_hidden_from": ("My cases", "Mika*", "#invite", "#role", "=mother", "#responsible"),
    "invited": ("My cases", "Mika*", "#invite", "#role", "=mother", "#responsible", "#nobody"),
}
COMMANDS = {
    "home": "start",
    "new": "new",
    "cases": "cases",
    "help": "help",
    "privacy": "privacy",
    "language": "language",
}


def starting(walker: Walker, words: str) -> list[Button]:
    return [b for b in walker.screen.buttons if plain(b.words).startswith(plain(words))]


def go(walker: Walker, way: tuple[str, ...]) -> None:
    """A way by visible words; `*` stands for the rest of a button, `=` is typed (`=?` a new label), `/` a command, `#` a kind of button."""
    for one in way:
        if one.startswith("="):
            walker.type(f"Sam {len(walker.journal)}" if one == "=?" else one[1:])
        elif one.startswith("/"):
            walker.command(one[1:])
        elif one.startswith("#"):
            found = [b for b in walker.screen.buttons if b.action == one[1:]]
            if not found:
                walker.fail(f"no button does {one!r}")
            walker.tap_this(found[0])
        elif one.endswith("*"):
            while not (found := starting(walker, one[:-1])) and walker.has("Older ›"):
                walker.tap("Older ›")
            if not found:
                walker.fail(f"no button begins with {one!r}")
            walker.tap_this(found[0])
        else:
            walker.tap(one)


def state_of(walker: Walker) -> str:
    with walker.clinic.desk() as desk:
        account = desk.people.account_by_id(walker.account_id)
        return str(desk.talks.get(account, TODAY).home.state)


@pytest.fixture
def at_home(make_clinic: Callable[..., Clinic]) -> Walker:
    """A clinician at home with a case of two finished encounters and open flags."""
    clinic = make_clinic(rebuilds=False)
    walker = clinic.clinician()
    walker.new_case("Robin", "2025-11-20")
    walker.tap("Next")
    walker.until("Safety", "Skip")
    walker.tap("Danger at home now")
    walker.tap("Harmed lately")
    walker.tap("None of these")
    walker.tap("Finish")
    go(walker, ("/new", "=Mika", "=2018-01-10", "/cases", "Robin*", "Reassess", "Next"))
    walker.until("Review", "Skip", "Next")
    walker.tap("Finish")
    if walker.heading == "Review":
        walker.tap("Finish")
    walker.command("start")
    return walker


def fire_home(walker: Walker, move: Move, code: str) -> None:
    """Do in its source state what a move stands for."""
    trigger = move.trigger
    if trigger in COMMANDS:
        walker.command(COMMANDS[trigger])
    elif trigger == "enrol":
        walker.command("start", code)
    elif trigger == "typed":
        stays = move.dest is None or move.dest == move.source
        good = {"label": "Kim", "born": "2018-01-10", "clearing": "Seen; not so."}.get(move.source, "mother")
        walker.type("x" if stays else good)
    elif trigger == "flags":
        walker.open_from_elsewhere("flags")
    elif trigger == "open":
        walker.open_from_elsewhere("open", walker.clinic.case_id("Robin"))
    elif trigger == "page":
        walker.forge("page", "0")
    elif trigger == "back" and not walker.has("Back"):
        walker.command("back")  # no button says so here, and typing it works all the same
    else:
        found = [b for b in walker.screen.buttons if b.action == trigger]
        if not found:
            walker.fail(f"no button does {trigger} in {move.source}")
        walker.tap(found[0].words)


def is_a_clinicians(move: Move) -> bool:
    """Whether a clinician (or a stranger, by a code) can take it without an invitation to answer themself."""
    if move.source not in WAYS and move.source != "stranger":
        return False
    if WALKED_ELSEWHERE & {move.source, move.dest} or move.trigger == "invited":
        return False
    guards = {g.__name__ for g in move.guards}
    return not guards & {"is_informant", "is_only_informant", "is_both", "is_mine", "knows_mine"}


def test_every_transition_of_the_home_is_taken_by_somebody(at_home: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic, walker = at_home.clinic, at_home
    walker.looks_twice = False
    wanted = {triple(move) for move in HOME.moves if is_a_clinicians(move)}
    moves = {triple(move): move for move in HOME.moves if is_a_clinicians(move)}
    with recorded(monkeypatch) as fired:
        # Enrolling, and the moves that end what others need, come from their own places.
        clinic.clinician("Dr Other", "2")
        done = fired[id(HOME)]
        for name in sorted(moves, key=lambda m: (m[1] in ("yes_erase", "yes_in_error", "reassess", "start"), m)):
            if name in done:
                continue
            source, trigger, _ = name
            walker.command("start")
            if (source, trigger) == ("case", "start"):
                go(walker, ("New case", f"={trigger} it", "=2018-01-10", "/cases", f"{trigger} it*", "Start"))
            elif (source, trigger) == ("case", "go_on"):
                go(walker, ("New case", "=going on", "=2018-01-10", "Start now", "/cases", "going on*", "Go on"))
            elif trigger in ("yes_in_error", "yes_erase"):
                walk_stage_by_stage_briefly(walker, trigger)
                ask, yes = {
                    "yes_in_error": ("Entered in error", "Yes, entered in error"),
                    "yes_erase": ("Erase", "Yes, erase"),
                }[trigger]
                go(walker, ("/cases", f"{trigger}*", ask, yes))
            elif trigger == "finished":
                go(walker, (*WAYS["results"], "Change an answer", "Finish"))
                if walker.heading == "Review":
                    walker.tap("Finish")
            elif (source, trigger) == ("invite", "withdraw_invitation"):
                go(walker, (*WAYS["invited"], "/cases", "Mika*", "#invite", "#withdraw_invitation"))
            else:
                go(walker, ("My cases", "Mika*") if (source, trigger) == ("case", "invite") else WAYS[source])
                assert state_of(walker) == source
                fire_home(walker, moves[name], "")
                if (source, trigger) == ("case", "reassess"):
                    walker.tap("Back")  # out of the interview that it begins
        missing = sorted(wanted - done)
    assert not missing, f"nobody took: {missing}"
    assert clinic.faults() == []


def test_these_tests_know_a_way_to_each_state_of_the_home() -> None:
    """A new state is walked when its way is added to `WAYS`, or named in `WALKED_ELSEWHERE`."""
    assert {m.source for m in HOME.moves} - set(WAYS) - WALKED_ELSEWHERE - {"stranger"} == set()


def walk_stage_by_stage_briefly(walker: Walker, label: str) -> None:
    walker.new_case(label, "2025-11-20")
    walker.tap("Back")


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

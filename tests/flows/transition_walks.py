"""What is seen while people walk, row by row of the machines' tables; and walks through interviews and questionnaires.

A row of a table counts as taken only where the running machine took it in a turn of the engine. Every screen that a turn
ends with must bear the sign of the state it belongs to, and of no other.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from support.informants import answered, begun, invited, opened
from support.walker import Clinic, Walker, screen_text
from transitions import EventData
from transitions.core import Transition

from flows import engine
from flows.conversation import Talk, Turn
from flows.machines import HOME, INTERVIEW, Conversations, Move
from flows.views import Screen
from scoring.instrument import Instrument, load

#: Words that stand above the buttons in one state of the home and in no other.
AT_HOME = {
    "stranger": "This is Stemwise.",
    "home": "A guided intake",
    "label": "Type a label",
    "born": ": date of birth",
    "ready": "The case is made and kept.",
    "cases": "\nMy cases\n",
    "case": " · id ",
    "results": "Map and summary of",
    "handing": "Before it leaves here",
    "plan": "The plan · ",
    "plan_activity": "How it is done",
    "plan_swap": "Swap: ",
    "plan_drop": "Leave out: ",
    "plan_limits": "What can the plan not do?",
    "erase": "Its key, answers",
    "in_error": "Entered in error?",
    "flags": "A flag stays until you clear it",
    "clearing": "Type the reason.",
    "help": "\nHelp\n",
    "privacy": "\nPrivacy\n",
    "language": "\nLanguage\n",
    "mine": "Your questions",
    "choose": "Where to?",
    "erase_mine": "Erase what you said?",
    "invite": "Whom do you want to ask?",
    "invite_relation": "Who are they to the person?",
    "invite_responsible": "Do they hold parental responsibility?",
    "invite_hidden_from": "Who must not learn of this?",
    "invited": "Invitation made",
}
#: The same of a clinician's interview, and of a questionnaire.
ASKING_CLINICIANS = {
    "history": "\nHistory · ",
    "functioning": "\nFunctioning · ",
    "relationships": "\nRelationships now · ",
    "safety": "\nSafety · ",
    "review": "Review",
    "paused": "Paused",
}
ASKING_OTHERS = {
    "consent": "Before you begin",
    "history": ": Earlier · ",
    "functioning": ": Every day · ",
    "relationships": ": People around · ",
    "safety": ": Staying safe · ",
    "review": "A last look",
    "paused": "Paused",
    "finished": "It is sent.",
    "withdrawn": "Nothing more is asked",
}


def fault_of_screen(talk: Talk, screen: Screen) -> str:
    """Why a screen is not the one of the state the conversation stands in; empty where it is."""
    signs = AT_HOME
    if talk.interview:
        signs = ASKING_CLINICIANS if talk.interview.role == "clinician" else ASKING_OTHERS
        if talk.interview.section == "notes":
            signs = {**signs, "review": "Notes from others"}
    text = f"\n{screen_text(screen)}\n"
    found = [state for state, sign in signs.items() if sign in text]
    return "" if found == [talk.state] else f"in {talk.state!r} a screen of {found}: {text[:60]!r}"


def described(move: Move) -> str:
    """A row of a table, to be named where nobody took it."""
    guards = f", if {' and '.join(g.__name__ for g in move.guards)}" if move.guards else ""
    return f"{move.source} ─{move.trigger}→ {move.dest or move.source}{guards}"


class Watch:
    """Records, while people walk, which rows the machines take and whether each screen is the right one.

    Attributes
    ----------
    misplaced : screens that were not those of the state they were shown in
    state_at_home : where whoever was shown something last stands outside of an interview
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._rows = {**self._rows_of(INTERVIEW), **self._rows_of(HOME)}
        self._taken: set[int] = set()
        self.misplaced: list[str] = []
        self.state_at_home = ""
        self._see_rows(monkeypatch)
        self._see_screens(monkeypatch)

    @staticmethod
    def _rows_of(machine: Conversations) -> dict[int, Move]:
        """Which row each transition of a machine was made from: those of a trigger in a state keep the table's order."""
        rows, places = {}, Counter[tuple[str, str]]()
        for move in machine.moves:
            among = machine.machine.events[move.trigger].transitions[move.source]
            rows[id(among[places[move.trigger, move.source]])] = move
            places[move.trigger, move.source] += 1
        return rows

    def _see_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        execute = Transition.execute

        def executing(transition: Transition, event: EventData) -> bool:
            happened = bool(execute(transition, event))
            if happened:
                self._taken.add(id(self._rows[id(transition)]))
            return happened

        monkeypatch.setattr(Transition, "execute", executing)

    def _see_screens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        show = engine.show

        def showing(turn: Turn) -> Screen:
            screen = show(turn)
            self.state_at_home = turn.talk.home.state
            if not turn.talk.is_hidden and (fault := fault_of_screen(turn.talk, screen)):
                self.misplaced.append(fault)
            return screen

        monkeypatch.setattr(engine, "show", showing)

    def has_seen(self, move: Move) -> bool:
        return id(move) in self._taken

    def forget(self, move: Move) -> None:
        """Count a row from here on only, so that a walk that is meant to take it must take it itself."""
        self._taken.discard(id(move))

    def untaken(self, machine: Conversations) -> list[str]:
        """All rows of a machine's own table that no walk took."""
        return [described(move) for move in machine.moves if not self.has_seen(move)]


# --- a clinician's interview -----------------------------------------------------------------------------------------

INFANT, EIGHT_YEARS, SIXTEEN_YEARS = "2025-11-20", "2018-01-10", "2010-01-10"


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


def use_everything(walker: Walker, label: str, born: str) -> None:
    """One interview up to its review that uses on the way whatever stands there."""
    walker.new_case(label, born)
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


def edit_everything(walker: Walker) -> None:
    """From the review into each section, kept and changed, back and forward."""
    for section in ("History", "Functioning", "Relationships now", "Safety"):
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


def leave_a_harm_unasked(walker: Walker) -> None:
    """A harm set from the review: whatever is changed next leads to its question, and so does Finish."""
    walker.tap("History")
    walker.tap("More ›")
    walker.tap("Childhood, hard")
    walker.tap_times("Sexual harm", 2)
    walker.tap("Back")
    walker.tap("Back")
    walker.tap("‹ Back")
    for section in ("Functioning", "Relationships now", "Safety"):
        walker.tap(section)
        walker.tap(next(b.words for b in walker.screen.buttons if b.action == "edit"))
        walker.tap("Next" if walker.has("Next") else "Skip")
        assert walker.heading == "Is this still happening?"
        walker.tap("Back")
        walker.tap("‹ Back")
    walker.tap("Finish")
    assert walker.heading == "Is this still happening?"
    walker.tap("No")


def finish(walker: Walker) -> None:
    """Finish, once more where it asks."""
    walker.tap("Finish")
    if walker.heading == "Review":
        walker.tap("Finish")


def pause_everywhere(walker: Walker, label: str, born: str, leaves: str) -> None:
    """Pause, resume and back at the start of every stage, and each way to leave a list open in turn."""
    walker.new_case(label, born)
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


def walk_clinicians_interviews(clinic: Clinic, walker: Walker, number: int) -> None:
    """All that a clinician does in interviews of their own, with whatever instrument the clinic has."""
    use_everything(walker, "Everything", EIGHT_YEARS if number == 0 else INFANT)
    edit_everything(walker)
    if number == 0:
        leave_a_harm_unasked(walker)
    finish(walker)
    walker.tap("Change an answer")
    walker.command("start")
    pause_everywhere(walker, "Leaving often", INFANT, ("Skip", "Not sure")[number % 2])
    assert clinic.faults() == []


# --- those who are asked ---------------------------------------------------------------------------------------------


def walk_questionnaires(clinic: Clinic, walker: Walker) -> None:
    """Carers in all the ways they answer, and their clinician who takes over what they said."""
    walker.new_case("Robin", SIXTEEN_YEARS)
    carer = begun(clinic, invited(clinic, "Robin"), "500")
    carer.looks_twice = False
    answer_with_a_slip(carer)
    later = begun(clinic, invited(clinic, "Robin"), "501")
    later.looks_twice = False
    answer_danger_later(later)
    refuse_and_erase(clinic)
    walker.command("start")
    take_over_what_was_said(walker)
    assert clinic.faults() == []


def answer_with_a_slip(carer: Walker) -> None:
    """Through every part, back into each from the last look; a yes to danger that was a slip, and one that is meant."""
    carer.tap("Back")
    carer.tap("Since the start")
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.tap("A slip")
    carer.tap("Yes")
    carer.tap("Yes, it is so")
    carer.tap("Back")
    answered(carer)
    carer.type("He sleeps badly since June")
    carer.tap("Send")


def answer_danger_later(carer: Walker) -> None:
    """The consent screen once more from the first question; danger left for later, asked once more, left out, erased."""
    while carer.has("Back"):
        carer.tap("Back")
    carer.tap("I agree")
    carer.tap("Next")
    answered(carer, until="answer alone")
    carer.tap("Later")
    carer.tap("Send")
    carer.tap("Leave these out")
    carer.tap("Pause")
    carer.command("privacy")
    carer.tap("Erase what I said: K")
    carer.tap("Yes, erase")


def refuse_and_erase(clinic: Clinic) -> None:
    """A first screen that is answered with No thanks, and one whose questionnaire is erased unread."""
    unwilling = opened(clinic, invited(clinic, "Robin"), "502")
    unwilling.tap("No thanks")
    unwilling.shows("Nothing more is asked")
    fresh = opened(clinic, invited(clinic, "Robin"), "503")
    fresh.command("privacy")
    fresh.tap("Erase what I said: Questions 1")
    fresh.tap("Yes, erase")
    fresh.shows("Nothing more is asked")


def take_over_what_was_said(walker: Walker) -> None:
    """Lists as they said, regions confirmed or asked one by one; Finish waits until their notes are read."""
    walker.command("cases")
    walker.tap_this(next(b for b in walker.screen.buttons if b.words.startswith("Robin")))
    walker.tap("Go on")
    on = ("All checked", "As they said", "None of these", "All steady", "Next")
    walker.until("Brainstem: what others say", *on)
    walker.tap("One by one")
    walker.until("Diencephalon, cerebellum: what others say", "As expected for age")
    walker.until("Review", "Confirm all", "As expected for age", *on)
    walker.tap("Finish")
    walker.shows("Others left notes.")
    walker.tap("Notes from others (1 new)")
    walker.tap("‹ Back")
    finish(walker)

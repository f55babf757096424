"""Every row of the home's table: somebody stands in its state, does what it names, and comes where it leads.

A new row is written into `LEADS` and walks by itself where a button of its state does it. A new state needs its way in
`WAYS` and its sign in `transition_walks.AT_HOME`; a row that takes a case of its own, or an own way to it, stands in
`OWN_WAYS`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.informants import begun, invited
from support.walker import Clinic, Walker
from transition_walks import INFANT, Watch, described, finish

from flows.home_moves import STATES
from flows.informant_moves import is_only_informant
from flows.machines import HOME, Move
from flows.screens.home import FLAGS_A_PAGE
from flows.views import Button

#: A way, piece by piece: words on a button; `#` a kind of button; `/` a command; `=` typed text; `@` Open under an alert of the
#: case with that label; `+` a new link that is opened; `!` what the operator makes of the clinician meanwhile.
Way = tuple[str, ...]

RESULTS: Way = ("@Robin", "Results")
PLAN: Way = ("@Nico", "Results", "Plan")
INVITE: Way = ("@Mika", "Invite")
#: From the clinician's home into each of its states.
WAYS: dict[str, Way] = {
    "home": (),
    "label": ("New case",),
    "born": ("New case", "=?"),
    "ready": ("New case", "=?", "=2018-01-10"),
    "cases": ("My cases",),
    "case": ("@Robin",),
    "results": RESULTS,
    "handing": (*RESULTS, "#hand"),
    "plan": PLAN,
    "plan_activity": (*PLAN, "#plan_activity"),
    "plan_swap": (*PLAN, "#plan_activity", "Swap"),
    "plan_drop": (*PLAN, "#plan_activity", "Leave out"),
    "plan_limits": (*PLAN, "Limits"),
    "erase": ("@Robin", "Erase"),
    "in_error": ("@Robin", "Entered in error"),
    "flags": ("#flags",),
    "clearing": ("#flags", "#clear"),
    "help": ("Help",),
    "privacy": ("Privacy",),
    "language": ("/language",),
    "mine": ("/start", "Questions I answer"),
    "choose": ("/start",),
    "invite": INVITE,
    "invite_relation": (*INVITE, "School"),
    "invite_responsible": (*INVITE, "School", "=class teacher"),
    "invite_hidden_from": (*INVITE, "School", "Skip", "Not known"),
    "invited": (*INVITE, "School", "Skip", "Not known", "Nobody"),
}
#: The same for somebody who only answers, from the list of their questionnaires.
CARERS_WAYS: dict[str, Way] = {
    "mine": (),
    "help": ("Help",),
    "privacy": ("Privacy",),
    "language": ("Language",),
    "erase_mine": ("Privacy", "#erase_one"),
}
#: Rows with a way of their own: by state and trigger.
OWN_WAYS: dict[tuple[str, str], Way] = {
    ("case", "start"): ("@Alex",),
    ("case", "go_on"): ("@Sasha",),
    ("case", "hold"): ("@Sasha",),
    ("case", "reassess"): ("@Nico",),
    ("case", "invite"): ("@Mika",),
    ("case", "finished"): (*RESULTS, "Change an answer"),
    ("erase", "yes_erase"): ("@Gone", "Erase"),
    ("in_error", "yes_in_error"): ("@Wrong", "Entered in error"),
    ("invite", "withdraw_invitation"): (*WAYS["invited"], "Invite another"),
    ("plan", "plan_as_computed"): (*PLAN, "Limits", "At school only", "Back"),
    ("results", "change"): ("@Nico", "Results"),
    ("plan", "change"): (*RESULTS, "Plan"),  # a plan that waits while there is danger
    # a carer's question, asked while their work was suspended, and seen when it is not
    ("erase_mine", "choose_place"): ("!suspended", "/start", "Privacy", "#erase_one", "!active"),
}
#: Where each state leads by what is its own: destinations, and the triggers that lead there. Held against the table.
LEADS: dict[str, dict[str, str]] = {
    "stranger": {"home": "enrol"},
    "home": {"home": "back"},
    "label": {"label": "typed", "born": "typed", "home": "back"},
    "born": {"born": "typed", "ready": "typed", "label": "back"},
    "ready": {"case": "start", "invite": "invite", "home": "back"},
    "cases": {"cases": "page", "home": "back"},
    "case": {
        "case": "start go_on reassess hold",
        "results": "results finished",
        "erase": "erase",
        "in_error": "in_error",
        "flags": "case_flags",
        "invite": "invite",
        "cases": "back",
    },
    "results": {
        "results": "again report compare_results history_picture",
        "handing": "hand",
        "plan": "plan",
        "case": "change back",
    },
    "handing": {"results": "hand_over back"},
    "plan": {
        "plan": "plan_as_computed",
        "plan_activity": "plan_activity",
        "plan_limits": "plan_limits",
        "results": "plan_send back",
        "case": "change",
    },
    "plan_activity": {"plan_swap": "plan_swap", "plan_drop": "plan_drop", "plan": "back"},
    "plan_swap": {"plan": "plan_swap_for", "plan_activity": "back"},
    "plan_drop": {"plan": "plan_drop_for typed", "plan_drop": "typed", "plan_activity": "back"},
    "plan_limits": {"plan_limits": "plan_limit", "plan": "back"},
    "erase": {"cases": "yes_erase", "case": "back"},
    "in_error": {"case": "yes_in_error back"},
    "flags": {"flags": "page", "clearing": "clear", "home": "back"},
    "clearing": {"clearing": "typed", "flags": "typed back"},
    "help": {"home": "back", "mine": "back"},
    "privacy": {"home": "back", "mine": "back", "erase_mine": "erase_one"},
    "language": {"home": "set_language back", "mine": "set_language back"},
    "mine": {},
    "choose": {},
    "erase_mine": {"mine": "yes_erase_mine", "privacy": "back"},
    "invite": {"invite": "withdraw_invitation", "invite_relation": "role", "case": "back"},
    "invite_relation": {"invite_responsible": "typed skip", "invite_relation": "typed", "invite": "back"},
    "invite_responsible": {"invite_hidden_from": "responsible", "invite_relation": "back"},
    "invite_hidden_from": {"invited": "typed nobody", "invite_hidden_from": "typed", "invite_responsible": "back"},
    "invited": {"invite": "invite", "case": "start back"},
}
#: Where triggers lead that work in many states, and the states in which they do not.
EVERYWHERE = {
    "home": ("home", {"stranger", "erase_mine"}),
    "new": ("label", {"stranger", "erase_mine"}),
    "cases": ("cases", {"stranger", "erase_mine"}),
    "flags": ("flags", {"stranger", "erase_mine"}),
    "open": ("case", {"stranger", "erase_mine"}),
    "help": ("help", {"stranger"}),
    "privacy": ("privacy", {"stranger"}),
    "language": ("language", {"stranger"}),
    "mine": ("mine", {"stranger"}),
    "go_on_with": ("mine", {"stranger"}),
    "choose_place": ("choose", {"stranger"}),
    "invited": ("mine", set()),
}
#: What is typed where a state takes it.
TYPED = {"label": "Kim", "born": "2018-01-10", "clearing": "Seen; not so.", "plan_drop": "Done at nursery already"}
#: What is refused there, where one letter is not.
REFUSED = {"invite_relation": "x" * 61, "invite_hidden_from": "x" * 501}
#: Triggers that no button of a state needs to do, and what does them from everywhere.
FROM_EVERYWHERE = {
    "open": "@Robin",
    "invited": "+",
    "choose_place": "/start",
    **{name: f"/{name}" for name in ("home", "new", "cases", "flags", "help", "privacy", "language", "mine", "back")},
}
#: What is said of a row that stays where it is, or of what it has done.
SAID = {
    ("label", "typed", "label"): "A label has 2 to 24 characters",
    ("born", "typed", "born"): "date",
    ("clearing", "typed", "clearing"): "A reason has 3 to 500 characters.",
    ("clearing", "typed", "flags"): "Cleared, with your reason.",
    ("plan_drop", "typed", "plan_drop"): "A reason has 3 to 300 characters.",
    ("plan_drop", "typed", "plan"): "Left out, with the reason.",
    ("plan_drop", "plan_drop_for", "plan"): "Left out, with the reason.",
    ("plan_swap", "plan_swap_for", "plan"): "Swapped.",
    ("invite_relation", "typed", "invite_relation"): "At most 60 letters",
    ("invite_hidden_from", "typed", "invite_hidden_from"): "At most 500 letters",
    ("plan_limits", "plan_limit", "plan_limits"): "✓ At home only",
    ("plan", "plan_as_computed", "plan"): "The plan is as it was computed.",
    ("case", "hold", "case"): "On hold",
    ("invite", "withdraw_invitation", "invite"): "Withdrawn: the link no longer opens anything.",
    ("erase", "yes_erase", "cases"): "Erased.",
    ("in_error", "yes_in_error", "case"): "Marked as entered in error.",
    ("stranger", "enrol", "home"): "Welcome.",
    ("language", "set_language", "home"): "A guided intake",
    ("language", "set_language", "mine"): "Your questions",
    ("cases", "page", "cases"): "Page 2 of",
    ("flags", "page", "flags"): "page 2 of",
}
#: Where rows lead that open an interview or a questionnaire.
OPENS = {
    "invited": "Before you begin",
    "go_on_with": "About K · Step 1 of 4",
    "start": "A few facts first",
    "go_on": "A few facts first",
    "reassess": "A few facts first",
    "change": "Review",
    "yes_erase_mine": "Nothing more is asked",
}


class Actor:
    """Somebody who walks ways that begin where `leaving` leads, and what a row takes of theirs."""

    def __init__(self, walker: Walker, ways: dict[str, Way], leaving: str) -> None:
        self.walker, self.clinic, self.ways, self.leaving = walker, walker.clinic, ways, leaving
        self.cases = {case.label: case.id for case in self.clinic.cases()}
        walker.looks_twice = False

    def answers_first(self) -> None:
        """A questionnaire that is begun and left, to be gone on with."""
        self.go(("+", "I agree", "=K"))
        self.goes_on_with = self.open_questionnaires()[0]

    def open_questionnaires(self) -> list[str]:
        with self.clinic.desk() as desk:
            return [info.id for info in desk.cases.informing(self.walker.account_id)]

    def stands_in(self, move: Move) -> None:
        """Out of wherever they are, and to where the row begins."""
        self.take(self.leaving)
        if self.walker.toast:  # in a questionnaire nobody is a clinician
            self.go(("/help", "Back"))
        self.go(OWN_WAYS.get((move.source, move.trigger)) or self.ways[move.source])

    def go(self, way: Way) -> None:
        for piece in way:
            self.take(piece)

    def take(self, piece: str) -> None:
        sort, rest, walker = piece[0], piece[1:], self.walker
        match sort:
            case "=":
                walker.type(f"Sam {len(walker.journal)}" if rest == "?" else rest)
            case "/":
                walker.command(rest)
            case "@":
                walker.open_from_elsewhere("open", self.cases[rest])
            case "+":
                walker.command("start", invited(self.clinic, "Mika"))
            case "#":
                walker.tap_this(self.button_that_does(rest) or walker.fail(f"no button does {rest!r}"))
            case "!":
                set_clinician(self.clinic, rest)
            case _:
                walker.tap(piece)

    def button_that_does(self, trigger: str) -> Button | None:
        return next((b for b in self.walker.screen.buttons if b.action == trigger), None)

    def does(self, move: Move) -> None:
        """What a row's trigger stands for: typed, by a button where one does it, else from everywhere."""
        if move.trigger == "typed":
            stays = move.dest in (None, move.source)
            self.walker.type(REFUSED.get(move.source, "x") if stays else TYPED.get(move.source, "mother"))
        elif move.trigger == "go_on_with":
            self.walker.open_from_elsewhere("go_on_with", self.goes_on_with)  # as under a reminder
        elif move.trigger == "finished":
            finish(self.walker)
        elif move.trigger == "enrol":
            self.walker.command("start", self.clinic.code_for("Dr New"))
        elif button := self.button_that_does(move.trigger):
            self.walker.tap_this(button)
        else:
            self.take(FROM_EVERYWHERE.get(move.trigger, f"#{move.trigger}"))


def set_clinician(clinic: Clinic, state: str) -> None:
    with clinic.desk() as desk:
        found = desk.people.clinician_named("Dr Sample")
        assert found
        desk.people.set_clinician_state(found.id, state)


# --- who walks -------------------------------------------------------------------------------------------------------


def prepared(walker: Walker) -> None:
    """The cases that ways lead to, under labels of their own."""
    with_danger(walker, "Robin")
    rated_low(walker, "Nico")
    for label in ("Mika", "Alex", "Gone"):
        for did in (lambda: walker.command("new"), lambda one=label: walker.type(one), lambda: walker.type(INFANT)):
            did()
    for label in ("Sasha", "Wrong"):
        walker.new_case(label, INFANT)
    walker.command("start")


def with_danger(walker: Walker, label: str) -> None:
    """Two finished encounters, to be compared, with more open flags than one page shows; the plan waits."""
    walker.new_case(label, INFANT)
    walker.tap("Next")
    walker.until("Safety", "Skip")
    for button in [b for b in walker.screen.buttons if b.action == "set"][: FLAGS_A_PAGE + 2]:
        walker.tap(button.words)
    walker.tap("None of these")
    finish(walker)
    walker.tap("Back")
    walker.tap("Reassess")
    walker.tap("Next")
    walker.until("Review", "Skip", "Next")
    finish(walker)


def rated_low(walker: Walker, label: str) -> None:
    """A finished intake with much behind, so that there is a plan to change."""
    walker.new_case(label, INFANT)
    walker.until("Review", "2", "All steady", "None of these", "All checked", "Next")
    finish(walker)


class Cast:
    """A clinician who answers questions as well, a carer, and strangers; each row is walked by whom it is for."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        walker = clinic.clinician()
        prepared(walker)
        self.clinician = Actor(walker, WAYS, "/home")
        self.clinician.answers_first()
        self.carer = Actor(begun(clinic, invited(clinic, "Mika"), "500"), CARERS_WAYS, "/mine")
        self.carer.goes_on_with = self.carer.open_questionnaires()[0]
        self.strangers = 0

    def walks(self, move: Move) -> Actor:
        """Who takes a row, standing where it begins."""
        if move.source == "stranger":
            self.strangers += 1
            stranger = Actor(self.clinic.stranger(f"60{self.strangers}"), {}, "")
            stranger.walker.command("start")
            return stranger
        is_carers = is_only_informant in move.guards or move.trigger == "erase_one" or move.source == "erase_mine"
        is_carers &= (move.source, move.trigger) not in OWN_WAYS
        actor = self.carer if is_carers else self.clinician
        actor.stands_in(move)
        return actor


def fault_of(move: Move, cast: Cast, watch: Watch) -> str:
    """What is wrong with a row when somebody walks it; empty where nothing is."""
    try:
        actor = cast.walks(move)
        if watch.state_at_home != move.source:
            return f"{described(move)}: the way led to {watch.state_at_home}"
        watch.forget(move)
        actor.does(move)
    except AssertionError as failed:
        return f"{described(move)}: {str(failed).partition('--- the walk')[0]}"
    if not watch.has_seen(move):
        return f"{described(move)}: not taken, {actor.walker.toast or actor.walker.text[:80]}"
    if watch.state_at_home != (dest := move.dest or move.source):
        return f"{described(move)}: led to {watch.state_at_home}"
    seen = "\n".join((actor.walker.text, *actor.walker.buttons))
    expected = SAID.get((move.source, move.trigger, dest)) or OPENS.get(move.trigger, "")
    return "" if expected in seen else f"{described(move)}: no {expected!r} in {seen[:300]!r}"


def test_every_row_of_the_homes_table_is_taken_and_shows_where_it_leads(
    make_clinic: Callable[..., Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch)
    cast = Cast(make_clinic(rebuilds=False))
    faults = [fault for move in HOME.moves if (fault := fault_of(move, cast, watch))]
    assert not faults, "\n".join(faults)
    assert watch.untaken(HOME) == []
    assert sorted(set(watch.misplaced)) == []
    assert cast.clinic.faults() == []


def test_each_row_leads_where_it_should_and_every_state_can_be_walked_to() -> None:
    """The rows as they are meant, written down a second time; a new state is walked when its way is added."""
    own = {(state, t, dest) for state, leads in LEADS.items() for dest, named in leads.items() for t in named.split()}
    shared = {(s, t, dest) for t, (dest, without) in EVERYWHERE.items() for s in STATES if s not in without}
    assert {(m.source, m.trigger, m.dest or m.source) for m in HOME.moves} == own | shared
    assert {*WAYS, *CARERS_WAYS, "stranger"} == set(LEADS) == set(STATES)

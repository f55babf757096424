"""What the machines act on: where an account stands, and what one turn adds. Plain data; no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from flows.answers import Answers, Response
from flows.itinerary import Person, Role, Step, after, before, itinerary, last_name, step_at, suggested_rating
from scoring.case import Case
from scoring.instrument import Instrument
from scoring.score import counted_months

if TYPE_CHECKING:
    from flows.desk import Desk
    from flows.events import Event
    from flows.views import News

FlagState = Literal["unconfirmed", "open", "withdrawn", "cleared"]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody on a channel; a clinician's account names the clinician."""

    id: str
    channel: str
    address: str
    clinician_id: str | None
    locale: str = "en"
    informs: bool = False


@dataclass(frozen=True, slots=True)
class RaisedFlag:
    """A safety flag of the case, whoever raised it."""

    id: str
    question: str
    informant_id: str
    state: FlagState
    is_seen: bool = False


@dataclass(frozen=True, slots=True)
class Other:
    """What another informant of the same encounter has said; only the clinician's interview has any."""

    informant_id: str
    role: Role
    who: str
    is_finished: bool
    answers: Answers

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Item and note, in the order of their items."""
        return [(item, note) for item, notes in self.answers.notes.items() for note in notes]


@dataclass(slots=True)
class Interview:
    """One informant's interview: its state, the screen it stands at, and its current answers."""

    id: str
    encounter_id: str
    case_id: str
    informant_id: str
    role: Role
    person: Person
    state: str
    resume_state: str | None
    answers: Answers
    flags: list[RaisedFlag]
    is_dated: bool
    #: The version of the instrument it was begun with; empty for the installed one.
    version: str = ""
    at: str = ""
    is_returning: bool = False
    shows_why: bool = False
    section: str = ""
    page: int = 0
    asked_once_more: bool = False
    notes_seen: int = 0
    lines_shown: bool = False
    #: Pause was tapped, so nobody is reminded; not set where a way home paused it.
    paused_by_request: bool = False
    opened_on: str = ""
    locale: str = "en"
    results: int = 0
    others: list[Other] = field(default_factory=list)
    new_responses: list[Response] = field(default_factory=list)
    #: The itinerary as the present answers make it; `None` once an answer has changed.
    known_steps: tuple[Step, ...] | None = None

    def steps(self, instrument: Instrument) -> tuple[Step, ...]:
        if self.known_steps is None:
            said = self.suggestions(instrument)
            self.known_steps = itinerary(self.person, self.role, self.answers, instrument, said)
        return self.known_steps

    def language(self, instrument: Instrument) -> str:
        """The language the instrument speaks to this informant: theirs where it has it, else English."""
        base = self.locale.replace("_", "-").partition("-")[0].casefold()
        return base if self.role != "clinician" and base in instrument.texts else "en"

    def counted_months(self, instrument: Instrument) -> int:
        """The age that counts for functions: corrected for an early birth that has been answered."""
        weeks = self.answers.value("weeks_early")
        case = Case(label=None, born=self.person.born, assessed=self.person.on, weeks_early=weeks)
        return counted_months(case, instrument)

    def step(self, instrument: Instrument) -> Step:
        return step_at(self.steps(instrument), self.at)

    def suggestions(self, instrument: Instrument) -> dict[str, list[tuple[Other, str, int]]]:
        """By function item: who said what for their age, and the rating that suggests."""
        if not self.others:
            return {}
        counted = self.counted_months(instrument)
        found: dict[str, list[tuple[Other, str, int]]] = {}
        for function in instrument.figures.functions:
            expected = instrument.expected(function, counted)
            if expected is None:
                continue
            item = f"functions.{function.id}"
            said = [(o, o.answers.value(item)) for o in self.others]
            given = [(o, str(v), suggested_rating(str(v), expected, instrument)) for o, v in said if v is not None]
            if given:
                found[item] = given
        return found

    def pending_flag(self, instrument: Instrument) -> RaisedFlag | None:
        """The informant's own danger answer on this very screen that is not yet confirmed."""
        step = self.step(instrument)
        if step.kind != "danger":
            return None
        name = last_name(step.items[0])
        mine = (f for f in self.flags if f.informant_id == self.informant_id and f.question == name)
        return next((f for f in mine if f.state == "unconfirmed"), None)

    def unread_notes(self) -> int:
        """Notes of other informants that the clinician has not opened yet."""
        return max(0, sum(len(o.notes) for o in self.others) - self.notes_seen)

    def step_after(self, instrument: Instrument) -> Step:
        """Where going on leads: back to the review while an answer is being changed from there."""
        steps = self.steps(instrument)
        step = step_at(steps, self.at)
        following = after(steps, step)
        while following.kind == "function" and self._is_confirmed(following):
            following = after(steps, following)
        if self.is_returning:
            following = steps[-1]
        passed = steps[: steps.index(following)]
        unseen = (s for s in passed if s.kind in ("harm", "danger") and s.stage == "history" and s.key != step.key)
        return next((s for s in unseen if not self._was_asked_singly(s)), following)

    def _was_asked_singly(self, step: Step) -> bool:
        """Whether a harm or danger question was answered by itself; a bulk answer given before the harm was known is none."""
        return all(item in self.answers.of and not self.answers.of[item].is_bulk for item in step.items)

    def _is_confirmed(self, step: Step) -> bool:
        """Whether a function was taken over with its region, so that it is not asked singly as well."""
        answer = self.answers.of.get(step.items[0])
        return answer is not None and answer.is_bulk

    def step_before(self, instrument: Instrument) -> Step | None:
        """Where Back leads; back to the review as well past no harm that nobody has asked about singly."""
        if self.is_returning:
            return self.step_after(instrument)
        steps = self.steps(instrument)
        return before(steps, step_at(steps, self.at))

    def go_to(self, step: Step) -> None:
        self.at = step.key
        self.shows_why = False
        if step.kind == "review":
            self.is_returning = False

    def respond(self, response: Response) -> None:
        """Let a response count now and be appended when the turn is saved."""
        self.answers.take(response)
        self.known_steps = None
        self.new_responses.append(response)

    def open_flag(self, question: str) -> RaisedFlag | None:
        """A flag on a question that still stands, whoever raised it."""
        return next((f for f in self.flags if f.question == question and f.state in ("open", "unconfirmed")), None)

    def settings_json(self) -> dict[str, Any]:
        """What the snapshot keeps beside the answers."""
        return {
            "at": self.at,
            "is_returning": self.is_returning,
            "shows_why": self.shows_why,
            "section": self.section,
            "page": self.page,
            "asked_once_more": self.asked_once_more,
            "notes_seen": self.notes_seen,
            "lines_shown": self.lines_shown,
            "paused_by_request": self.paused_by_request,
            "opened_on": self.opened_on,
        }


#: States of the home in which an account that answers a questionnaire can be, outside of it.
OF_INFORMANTS = ("stranger", "mine", "choose", "erase_mine", "help", "privacy", "language")


@dataclass(slots=True)
class Home:
    """Where a clinician (or a stranger) stands outside an interview; `draft` holds what the screens there need."""

    state: str
    draft: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Talk:
    """An account's conversation. It is at an interview or at home, never both."""

    account: Account
    home: Home
    interview: Interview | None = None
    screen_number: int = 1
    screen_version: int = 1
    delivered_version: int = 0
    live_message: str | None = None
    wants_new_message: bool = False
    is_hidden: bool = False
    hint: str = ""

    @property
    def actor(self) -> Interview | Home:
        """What the machine acts on."""
        return self.interview or self.home

    @property
    def state(self) -> str:
        return self.actor.state

    def _pending(self) -> int:
        """How many danger answers wait to be confirmed: with one more the screen is another one.

        For an informant only their own: what another says must not be felt in so much as a tap that is refused.
        """
        interview = self.interview
        if interview is None:
            return 0
        seen = [f for f in interview.flags if interview.role == "clinician" or f.informant_id == interview.informant_id]
        return sum(f.state == "unconfirmed" for f in seen)

    def place(self) -> tuple[Any, ...]:
        """What makes a screen another one: when it changes, taps on the old one are old."""
        if self.interview:
            i = self.interview
            return (
                "interview",
                self.is_hidden,
                i.id,
                i.state,
                i.at,
                i.section,
                i.page,
                i.asked_once_more,
                self._pending(),
            )
        return ("home", self.home.state, *(self.home.draft.get(k) for k in ("case", "page", "flag", "encounter")))


@dataclass(slots=True)
class Turn:
    """One turn in the making: what came in, when, and what it wants to leave."""

    event: Event
    now: datetime
    today: date
    talk: Talk
    desk: Desk
    instrument: Instrument
    arg: str = ""
    text: str = ""
    goes_forward: bool = False
    then: str = ""
    news: list[News] = field(default_factory=list)

    @property
    def interview(self) -> Interview:
        assert self.talk.interview is not None
        return self.talk.interview

    @property
    def step(self) -> Step:
        return self.interview.step(self.instrument)

    def say(self, hint: str) -> None:
        """One line that stands above the next screen."""
        self.talk.hint = hint

    def respond_all(self, responses: Iterable[Response]) -> None:
        for response in responses:
            self.interview.respond(response)

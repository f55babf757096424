"""People who answer by what they see, and remember what they tapped: the other side of the books.

A phone knows the instrument's words only, so that it can name the item behind a button; what it was shown, tapped and must
find again in an export it keeps itself.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from support.bot_api import BotApi, Message
from support.people import Person

from flows.answers import Answers
from flows.events import parse_tap
from flows.interview_moves import BULK_VALUES
from flows.itinerary import Person as About
from flows.itinerary import Step, itinerary
from flows.scales import NOT_KNOWN, cycle_of, next_token, value_of
from scoring.instrument import load

ASSESSED = datetime.now(UTC).date()
BORN = ASSESSED - timedelta(days=3100)  # a child of eight, whenever this runs
#: Stands for a tap that answers all of a list.
ALL_OF_A_LIST = "(all of a list)"
#: Buttons under messages of their own, which are no question.
ASIDE = (["Open"],)
Value = int | bool | str | None
Given = tuple[str, Value]


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap that is about to be made: where, with which data, and the answers it gives."""

    message_id: int
    data: str
    words: str
    gives: tuple[Given, ...] = ()
    moves_on: bool = False


@cache
def screens_of_an_intake() -> dict[str, Step]:
    """Screens of an intake by a line that stands on each alone."""
    instrument = load()
    words, found = instrument.words, {}
    for step in itinerary(About("", BORN, ASSESSED), "clinician", Answers(), instrument):
        if step.kind in ("hard", "held"):
            period, what = words.periods[step.period], "what was hard" if step.kind == "hard" else "what held"
            found[f"{period.name} ({period.when}): {what}"] = step
        elif step.kind == "function":
            text = words.functions[step.items[0].rpartition(".")[2]]
            found[
                f"{text.name} · {words.regions[instrument.function[step.items[0].rpartition('.')[2]].region].name}"
            ] = step
        else:
            heading = {"facts": "A few facts first", "relationships": "Relationships now", "safety": "Safety"}
            found[heading.get(step.kind, "Review")] = step
    for harm in instrument.figures.harm_factors:
        item = f"still_happening.{harm.id}"
        found[words.harm[harm.id].still] = Step(item, "history", "harm", (item,))
    for question in instrument.figures.safety:
        item = f"safety.{question.id}"
        found[words.safety[question.id].question] = Step(f"at_once.{question.id}", "history", "danger", (item,))
    return found


def token_for(value: Value) -> str:
    """A value as the buttons of a list have it."""
    if value is None:
        return NOT_KNOWN
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


class Phone(ABC):
    """A person with a phone and a memory.

    Attributes
    ----------
    said : by label of a case, what was tapped, in the order in which it was delivered
    """

    def __init__(self, api: BotApi, user_id: int, name: str) -> None:
        self.person = Person(api, user_id, name)
        self.api = api
        self.said: dict[str, list[Given]] = {}
        self.tapped_before: list[tuple[int, str]] = []
        self._left: str | None = None

    def question(self) -> Message | None:
        """The live message: the latest with buttons that is no alert."""
        shown = [m for m in self.person.messages() if m.keyboard() and m.labels() not in ASIDE]
        return shown[-1] if shown else None

    def look(self) -> tuple[str, list[tuple[str, str]], int]:
        """Text, buttons (words and data) and id of the live message."""
        with self.api.world.changed:
            message = self.question()
            if message is None:
                return "", [], 0
            buttons = [(b["text"], b.get("callback_data", "")) for b in message.buttons()]
            return message.content, buttons, message.message_id

    def make(self, tap: Tap) -> int:
        """Tap; the number of the update."""
        self.person.tap_old(tap.message_id, tap.data)
        return self.api.next_update_id - 1

    @abstractmethod
    def was_delivered(self, tap: Tap) -> None:
        """Enter a tap into the books, at the moment it is on its way for the first time."""

    @abstractmethod
    def next_taps(self, most: int) -> list[Tap]:
        """What this person taps now, at most so many at once."""

    def answers_with(self, tap: Tap) -> bool:
        return bool(tap.gives)

    def is_caught_up(self) -> bool:
        """Whether this person sees what follows from everything that they tapped."""
        return self.has_moved_on()

    def old_tap(self) -> tuple[int, str] | None:
        """Message and data of a button that was tapped on an earlier screen."""
        present = {parse_tap(data)[0] for _, data in self.look()[1] if parse_tap(data)}  # type: ignore[index]
        old = [(m, d) for m, d in self.tapped_before if (parse_tap(d) or (0,))[0] not in present]
        return old[-1] if old else None

    def has_moved_on(self) -> bool:
        """Whether what stood here before the last step is gone; nothing else is waited for."""
        return self._left is None or self.look()[0] not in ("", self._left)

    def leave(self) -> None:
        """The next step leads to another screen."""
        self._left = self.look()[0]

    def arrive(self) -> None:
        self._left = None


@dataclass(slots=True)
class Pace:
    """How much a clinician taps on one list before going on."""

    dice: random.Random
    most_rounds: int
    left: dict[str, int] = field(default_factory=dict)

    def again(self, place: str) -> bool:
        left = self.left.setdefault(place, self.dice.randint(min(1, self.most_rounds), self.most_rounds))
        self.left[place] = left - 1
        return left > 0


class Clinician(Phone):
    """Takes one intake after another; knows the value of every item on the list it stands at."""

    def __init__(self, api: BotApi, user_id: int, name: str, dice: random.Random, most_rounds: int) -> None:
        super().__init__(api, user_id, name)
        self.dice = dice
        self.cases = self.results = 0
        self.most_rounds = most_rounds
        self.label = ""
        self.awaits_results = False
        self._begin_books()

    def _begin_books(self) -> None:
        self._tokens: dict[str, str] = {}
        self._pace = Pace(self.dice, self.most_rounds)

    def make_case(self, label: str) -> None:
        """From wherever one is to a new case; needs a program that is alive."""
        self.person.say("/new")
        self.wait_for("Type a label")
        self.person.say(label)
        self.wait_for("date of birth")
        self.person.say(BORN.isoformat())
        self.wait_for("Start now")

    def begin_case(self) -> None:
        """From wherever one is to the first screen of an intake; needs a program that is alive."""
        self.cases += 1
        self.label = f"Case {self.person.user_id} {self.cases}"
        self.said[self.label] = []
        self._begin_books()
        self.make_case(self.label)
        self.person.tap("Start now", message=self.look()[2])
        self.wait_for("A few facts first")

    def wait_for(self, words: str) -> None:
        """Until a screen or a button says so."""
        self.person.wait_until(lambda: words in self.look()[0] or self._button(words) is not None, 60, words)

    def _button(self, words: str) -> str | None:
        return next((data for text, data in self.look()[1] if text == words), None)

    def where(self) -> tuple[str, Step] | None:
        """The step of the intake that is on the screen."""
        screens = screens_of_an_intake()
        lines = self.look()[0].splitlines()
        danger_first = sorted(
            (line for line in lines if line in screens), key=lambda line: screens[line].kind != "danger"
        )
        return (danger_first[0], screens[danger_first[0]]) if danger_first else None

    @property
    def is_at_review(self) -> bool:
        place = self.where()
        return place is not None and place[1].kind == "review"

    @property
    def is_at_results(self) -> bool:
        return self._button("Report (PDF)") is not None

    def is_caught_up(self) -> bool:
        """Whether the screen is the right one after everything that was tapped, and a map has come where one was asked for."""
        if self.awaits_results and len(self.person.photos()) < self.results:
            return False
        return self.has_moved_on() and not self.wrong_buttons()

    def wrong_buttons(self) -> list[str]:
        """Buttons of a list that do not stand at the value that was tapped last."""
        place = self.where()
        if place is None or place[1].kind not in ("hard", "held", "relationships", "safety"):
            return []
        wrong = []
        for words, data in self.look()[1]:
            parsed = parse_tap(data)
            if parsed and parsed[1] == "set":
                number, _, following = parsed[2].partition(":")
                item = place[1].items[int(number)]
                if following != next_token(cycle_of(place[1].kind, item), self._tokens.get(item)):
                    wrong.append(words)
        return wrong

    def next_taps(self, most: int) -> list[Tap]:
        """What this clinician taps now: several values of a list, or one tap that leads on."""
        place = self.where()
        if place is None or self.is_at_results:
            return []
        name, step = place
        if step.kind in ("hard", "held", "relationships") and self._pace.again(name):
            return self._values(step, most)
        return [self._onward(step)]

    def _values(self, step: Step, most: int) -> list[Tap]:
        _, buttons, message_id = self.look()
        found = []
        for words, data in buttons:
            parsed = parse_tap(data)
            if parsed and parsed[1] == "set":
                number, _, token = parsed[2].partition(":")
                found.append(Tap(message_id, data, words, ((step.items[int(number)], value_of(token)),)))
        return self.dice.sample(found, min(most, len(found)))

    def _onward(self, step: Step) -> Tap:
        open_items = [i for i in step.items if i not in self._tokens]
        if step.kind == "function":
            rating = self.dice.randint(1, 12)
            return self._tap(str(rating), ((step.items[0], rating),))
        if step.kind in ("harm", "danger"):
            return self._tap("No", ((step.items[0], False),))
        if step.kind in ("hard", "held", "relationships", "safety") and open_items:
            words = "None of these" if step.kind in ("hard", "safety") else "All steady"
            return self._tap(words, tuple((item, BULK_VALUES[step.kind]) for item in open_items))
        return self._tap("Finish" if step.kind == "review" else "Next")

    def _tap(self, words: str, gives: tuple[Given, ...] = ()) -> Tap:
        text, buttons, message_id = self.look()
        data = next((d for w, d in buttons if w == words), None)
        assert data is not None, f"no button [{words}] on {text!r}: {[w for w, _ in buttons]}"
        return Tap(message_id, data, words, gives, moves_on=True)

    def was_delivered(self, tap: Tap) -> None:
        if tap.gives:
            self.said[self.label].extend(tap.gives)
        for item, value in tap.gives:
            self._tokens[item] = token_for(value)
        self.tapped_before.append((tap.message_id, tap.data))
        if tap.words == "Finish":
            self.results += 1
            self.awaits_results = True

    def arrive(self) -> None:
        super().arrive()
        self.awaits_results = False


class Carer(Phone):
    """Answers a questionnaire by its words, one screen at a time."""

    CALM = ("Parent", "Since the start", "About the same", "None of these", "All of these, nearly always", "No", "Next")
    #: What a tap does that is no answer.
    NO_ANSWER = ("next", "send", "confirm")

    def __init__(self, api: BotApi, user_id: int, name: str, owner: Clinician, label: str, *, raises: bool) -> None:
        super().__init__(api, user_id, name)
        self.owner, self.label = owner, label
        self.raises_alarm, self.has_raised_alarm = raises, False
        self.words: list[str] = []
        self.has_sent = False
        #: The clinician gets a new message of what was tapped, and it may still be on its way.
        self.is_told_of = False

    def begin(self, token: str) -> None:
        """Open the link, agree, and say a word for whom it is about; needs a program that is alive."""
        self.person.say(f"/start {token}")
        self.person.tap("I agree", within=60)
        self.person.wait_until(lambda: "Who is it about?" in self.last_text(), 60, "who it is about")
        self.person.say("K")
        self.person.wait_until(lambda: "Who are you" in self.last_text(), 60, "who they are")

    def last_text(self) -> str:
        shown = self.person.messages()
        return shown[-1].content if shown else ""

    def is_caught_up(self) -> bool:
        return (self.has_sent and "Thank you" in self.last_text()) or self.has_moved_on()

    def next_taps(self, _: int = 1) -> list[Tap]:
        text, buttons, message_id = self.look()
        if self.has_sent or not text:
            return []
        wanted = self._wanted(text, [w for w, _ in buttons])
        return [Tap(message_id, dict(buttons)[wanted], wanted, moves_on=True)]

    def _wanted(self, text: str, words: list[str]) -> str:
        """Calm answers, but for one danger that one carer tells of."""
        if "Yes, it is so" in words:
            return "Yes, it is so"
        is_danger = any(line in danger_questions() for line in text.splitlines())
        tells = self.raises_alarm and is_danger and not self.has_raised_alarm
        if "live with them" in text or "answer alone" in text or tells:
            return "Yes"
        wanted = next((w for w in (*self.CALM, "Send") if w in words), None)
        assert wanted is not None, f"nothing to tap on {text!r}: {words}"
        return wanted

    def answers_with(self, tap: Tap) -> bool:
        parsed = parse_tap(tap.data)
        return parsed is not None and parsed[1] not in self.NO_ANSWER

    def was_delivered(self, tap: Tap) -> None:
        if self.answers_with(tap):
            is_fill = (parse_tap(tap.data) or ("", ""))[1] == "fill"
            self.words.append(ALL_OF_A_LIST if is_fill else tap.words)
        self.is_told_of = self.is_told_of or tap.words in ("Send", "Yes, it is so")
        self.has_sent = self.has_sent or tap.words == "Send"
        self.has_raised_alarm = self.has_raised_alarm or tap.words == "Yes, it is so"
        self.tapped_before.append((tap.message_id, tap.data))


@cache
def danger_questions() -> frozenset[str]:
    """As a carer is asked them."""
    return frozenset(text.carer.question for text in load().words.safety.values() if text.carer)


def words_of(responses: Sequence[dict[str, object]]) -> list[str]:
    """The buttons behind a questionnaire's responses: one for each answer, one for all that a single tap filled."""
    found: list[tuple[str, str]] = []
    for response in responses:
        label, group = str(response["label"]), str(response["item"]).rpartition(".")[0]
        is_more_of_the_same = response["bulk"] and found and found[-1] == (label, group)
        if response["item"] not in ("consent", "about.word") and not is_more_of_the_same:
            found.append((label, group if response["bulk"] else ""))
    return [ALL_OF_A_LIST if group else label for label, group in found]

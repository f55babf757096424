"""The instrument as FHIR questionnaires, one for each role, and what may be answered to each of their items.

`questions_of` is the one description of an item's type and codes: questionnaires, responses going out and responses coming in
are all made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from flows.answers import Answers
from flows.carer_moves import CHOICES, COMPARED, SCHOOL_RELATIONS
from flows.conversation import Interview
from flows.exchange.fhir_terms import (
    ITEM,
    MAX_VALUE,
    MIN_VALUE,
    ORDINAL,
    canonical,
    code_system,
    icf,
)
from flows.itinerary import ABOUT, Person, Role, last_name
from flows.labels import STAGE_NAMES, item_text
from scoring.case import FACTS, MAX_WEEKS_EARLY
from scoring.instrument import Instrument

Kind = Literal["boolean", "integer", "string", "text", "choice"]
#: How the questions about who answers read for somebody who is not in the chat.
ABOUT_TEXTS = {
    "consent": "Agreement (version of the notice)",
    "about.word": "A word or an initial for the person",
    "about.relation": "Who answers, to the person",
    "about.together": "Living together",
    "about.since": "Knowing the person since",
    "about.earlier": "Knowing about the time before",
    "about.alone": "Can answer alone",
    "about.more": "Anything else",
}
TITLES = {
    "clinician": "Stemwise intake",
    "carer": "Stemwise questionnaire for carers",
    "school": "Stemwise questionnaire for school or work",
    "self": "Stemwise questionnaire for the person",
}
#: A child's age, for wordings that an adult is asked in other words.
_EXAMPLE = Person("", date(2000, 1, 1), date(2008, 1, 1))


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a list: its code and words, the value it stands for, and its place in an order where it has one."""

    code: str
    words: str
    value: int | str
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One item: what may be answered to it. `low` and `high` bound a whole number, `choices` are of the code system."""

    item: str
    kind: Kind
    text: str
    system: str = ""
    choices: tuple[Choice, ...] = ()
    low: int | None = None
    high: int | None = None
    icf: tuple[str, ...] = ()

    def allows(self, value: Any) -> bool:
        """Whether this item can be answered so."""
        if self.kind == "choice":
            return any(type(choice.value) is type(value) and choice.value == value for choice in self.choices)
        if self.kind == "boolean":
            return isinstance(value, bool)
        if self.kind == "integer":
            above = self.low is None or (type(value) is int and self.low <= value)
            return type(value) is int and above and (self.high is None or value <= self.high)
        return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class Group:
    """Items that are asked together; its id is that of their screen."""

    item: str
    text: str
    questions: tuple[Question, ...]


def groups_of(role: Role, instrument: Instrument) -> tuple[Group, ...]:
    """Everything an informant of a role can be asked at any age, in order."""
    return tuple(group for group in _Maker(role, instrument).groups() if group.questions)


def questions_of(role: Role, instrument: Instrument) -> Mapping[str, Question]:
    """The same by item."""
    return {q.item: q for group in groups_of(role, instrument) for q in group.questions}


class _Maker:
    def __init__(self, role: Role, instrument: Instrument) -> None:
        self._role = role
        self._instrument = instrument
        self._asked = Interview(
            id="",
            encounter_id="",
            case_id="",
            informant_id="",
            role=role,
            person=_EXAMPLE,
            state="",
            resume_state=None,
            answers=Answers(),
            flags=[],
            is_dated=True,
        )

    def groups(self) -> Iterator[Group]:
        figures, words, role = self._instrument.figures, self._instrument.words, self._role
        if role == "clinician":
            yield Group("facts", "Facts", tuple(self._facts()))
        else:
            yield Group("about", "Who answers", tuple(self._about()))
        for period in figures.periods:
            hard = [f.id for f in period.adversity if self._is_asked(f.asked_of)]
            held = [] if role == "school" else list(period.relational)
            for part, ids, name in (("adversity", hard, "what was hard"), ("relational", held, "what held")):
                yield Group(
                    f"history.{period.id}.{part}",
                    f"{words.periods[period.id].name}: {name}",
                    tuple(self._graded(f"history.{period.id}.{part}.{i}") for i in ids),
                )
        if role == "clinician":
            harms = tuple(self._yes_no(f"still_happening.{h.id}") for h in figures.harm_factors)
            yield Group("still_happening", "Still happening", harms)
        for region in figures.regions:
            functions = [f for f in figures.functions if f.region == region and self._is_asked(f.asked_of)]
            asked = tuple(self._function(f"functions.{f.id}", f.icf) for f in functions)
            yield Group(f"functions.in.{region}", words.regions[region].name, asked)
        now = tuple(
            self._graded(f"relational_now.{r.id}") for r in figures.relational_now if self._is_asked(r.asked_of)
        )
        yield Group("relational_now", STAGE_NAMES["relationships"], now)
        dangers = tuple(self._yes_no(f"safety.{s.id}") for s in figures.safety if self._is_asked(s.asked_of))
        yield Group("safety", STAGE_NAMES["safety"], dangers)
        if role != "clinician":
            more = (Question("about.more", "text", ABOUT_TEXTS["about.more"]),) if role == "self" else ()
            yield Group("more", "More", (self._chosen("about.alone"), *more))

    def _is_asked(self, asked_of: Iterable[str]) -> bool:
        return self._role == "clinician" or self._role in asked_of

    def _text(self, item: str) -> str:
        return item_text(item, self._asked, self._instrument)

    def _yes_no(self, item: str) -> Question:
        return Question(item, "boolean", self._text(item))

    def _facts(self) -> Iterator[Question]:
        for name in FACTS:
            item = f"facts.{name}"
            yield Question(item, "string", self._text(item)) if name == "languages" else self._yes_no(item)
        yield Question("weeks_early", "integer", self._text("weeks_early"), low=0, high=MAX_WEEKS_EARLY)

    def _about(self) -> Iterator[Question]:
        yield Question("consent", "string", ABOUT_TEXTS["consent"])
        names = [*ABOUT[self._role], *(["earlier"] if self._role == "carer" else [])]
        for name in names:
            item = f"about.{name}"
            yield Question(item, "string", ABOUT_TEXTS[item]) if name == "word" else self._chosen(item)

    def _chosen(self, item: str) -> Question:
        given: dict[str, str] = CHOICES.get(item, {})
        name = last_name(item)
        if item == "about.relation" and self._role == "school":
            given, name = SCHOOL_RELATIONS, "school-relation"
        if item == "about.since":
            periods = self._instrument.words.periods
            given = {"start": "Since the start", **{p.id: periods[p.id].name for p in self._instrument.figures.periods}}
        choices = tuple(Choice(code, words, code) for code, words in given.items())
        return Question(item, "choice", ABOUT_TEXTS[item], code_system(f"about-{name}"), choices)

    def _graded(self, item: str) -> Question:
        """A list's answer, 0–3, in the words of who is asked."""
        is_hard = ".adversity." in item
        name = "adversity" if is_hard else "relational"
        scale = self._instrument.figures.adversity_scale if is_hard else self._instrument.figures.relational_scale
        words = self._instrument.words.scales[name if self._role == "clinician" else f"carer_{name}"]
        choices = tuple(Choice(code, words[code].word, value, value) for value, code in enumerate(scale))
        return Question(item, "choice", self._text(item), code_system(name), choices)

    def _function(self, item: str, codes: tuple[str, ...]) -> Question:
        """The clinician rates; others compare with what is usual at that age."""
        rating, scale = self._instrument.figures.rating, self._instrument.words.scales["carer_scale"]
        if self._role == "clinician":
            return Question(item, "integer", self._text(item), low=rating.min, high=rating.max, icf=codes)
        choices = tuple(Choice(code, scale[code].word, code, place) for place, code in enumerate(COMPARED))
        return Question(item, "choice", self._text(item), code_system("for-their-age"), choices, icf=codes)


# --- as FHIR ---------------------------------------------------------------------------------------------------------


def questionnaire(role: Role, instrument: Instrument) -> dict[str, Any]:
    """The questionnaire of a role; its items are our items by id, and it changes with the instrument's version only."""
    address = canonical(role)
    return {
        "resourceType": "Questionnaire",
        "id": address.rpartition("/")[2],
        "language": "en",
        "url": address,
        "version": instrument.version,
        "name": "".join(word.capitalize() for word in address.rpartition("/")[2].split("-")),
        "title": TITLES[role],
        "status": "active",
        "subjectType": ["Patient"],
        "description": instrument.words.notice.short,
        "item": [
            {
                "linkId": group.item,
                "text": group.text,
                "type": "group",
                "item": [_item(question) for question in group.questions],
            }
            for group in groups_of(role, instrument)
        ],
    }


def _item(question: Question) -> dict[str, Any]:
    bounds = ((MIN_VALUE, question.low), (MAX_VALUE, question.high))
    item: dict[str, Any] = {
        "extension": [{"url": url, "valueInteger": bound} for url, bound in bounds if bound is not None],
        "linkId": question.item,
        "code": [{"system": ITEM, "code": question.item}, *icf(question.icf)],
        "text": question.text,
        "type": question.kind,
        "answerOption": [{"valueCoding": coding(question, choice, with_place=True)} for choice in question.choices],
    }
    return {name: value for name, value in item.items() if value != []}


def coding(question: Question, choice: Choice, *, with_place: bool = False) -> dict[str, Any]:
    """A choice as a coding, with its place in the order of its scale where that is wanted."""
    place: dict[str, Any] = {}
    if with_place and choice.ordinal is not None:
        place = {"extension": [{"url": ORDINAL, "valueDecimal": choice.ordinal}]}
    return {**place, "system": question.system, "code": choice.code, "display": choice.words}

"""Which screen comes next: a pure function of age, who answers, and what is answered. Stages are states; steps are data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from flows.answers import Answers
from flows.cases import case_of
from scoring.case import Case, completed_months
from scoring.instrument import Instrument
from scoring.instrument.model import Period
from scoring.score import counted_months, is_harm_present

Suggestions = Mapping[str, Sequence[tuple[Any, str, int]]]
Stage = Literal["consent", "history", "functioning", "relationships", "safety", "review"]
StepKind = Literal[
    "consent",
    "about",
    "alone",
    "more",
    "confirm",
    "facts",
    "hard",
    "held",
    "harm",
    "danger",
    "function",
    "relationships",
    "safety",
    "review",
]
Role = Literal["clinician", "carer", "school", "self"]

#: The stages in order, as the states of an interview.
STAGES: tuple[Stage, ...] = ("consent", "history", "functioning", "relationships", "safety", "review")
#: Asked at once when a harm goes on, and answered before going on.
DANGER_QUESTIONS = ("danger_at_home_now", "harmed_recently")


@dataclass(frozen=True, slots=True)
class Person:
    """What an interview must know of the person it is about."""

    label: str
    born: date
    on: date

    @property
    def age_months(self) -> int:
        return completed_months(self.born, self.on)


@dataclass(frozen=True, slots=True)
class Step:
    """One screen of an interview.

    `key` names it for good (it is what an interview stands at), `subject` is the item or list a note goes to, and `items`
    are the items that are answered on it.
    """

    key: str
    stage: Stage
    kind: StepKind
    items: tuple[str, ...]
    period: str = ""

    @property
    def subject(self) -> str:
        return self.items[0] if len(self.items) == 1 else self.key

    def is_answered(self, answers: Answers) -> bool:
        return all(answers.is_reached(item) for item in self.items)

    def open_items(self, answers: Answers) -> list[str]:
        return [item for item in self.items if not answers.is_reached(item)]


REVIEW = Step("review", "review", "review", ())
CONSENT = Step("consent", "consent", "consent", ())
#: Said of themself by who answers, before anything is asked; the first is typed.
ABOUT = {"carer": ("word", "relation", "together", "since"), "school": ("word", "relation"), "self": ()}


def last_name(item: str) -> str:
    """The id at the end of an item's path."""
    return item.rpartition(".")[2]


def suggested_rating(answer: str, expected: int, instrument: Instrument) -> int:
    """The rating that an answer for their age suggests; only a clinician's tap makes it one."""
    rule, scale = instrument.figures.carer_suggestion[answer], instrument.figures.rating
    return max(scale.min, min(scale.max, int(rule.times * expected) + rule.add))


def itinerary(
    person: Person, role: Role, answers: Answers, instrument: Instrument, suggestions: Suggestions | None = None
) -> tuple[Step, ...]:
    """All screens of an interview in order, as things stand.

    Harm that is present adds its question right after the list it was named in; a yes there adds the danger questions.
    """
    case = _case_so_far(person, role, answers, instrument)
    steps: list[Step] = []
    if role == "clinician":
        steps.append(_facts(person, instrument))
    else:
        steps.append(CONSENT)
        steps.extend(_about(role, answers))
    begun = [p for p in instrument.figures.periods if p.has_begun(person.age_months)]
    for period in begun:
        if role == "carer" and not _was_there(period.id, answers, begun):
            continue
        steps.extend(_period(period, role))
        if role == "clinician" and period is begun[-1]:
            hard = next(i for i, s in enumerate(steps) if s.key == f"history.{period.id}.adversity")
            steps[hard + 1 : hard + 1] = _harms(case, answers, instrument)
    if role == "self":
        steps.append(Step("about.more", "history", "more", ("about.more",)))
    steps.extend(_functions(case, role, instrument, suggestions or {}, answers))
    now = tuple(
        f"relational_now.{r.id}" for r in instrument.figures.relational_now if role == "clinician" or role in r.asked_of
    )
    if now:
        steps.append(Step("relational_now", "relationships", "relationships", now))
    dangers = tuple(
        f"safety.{s.id}"
        for s in instrument.figures.safety
        if s.is_asked_at(person.age_months) and (role == "clinician" or role in s.asked_of)
    )
    if role == "clinician":
        steps.append(Step("safety", "safety", "safety", dangers))
    else:
        steps.append(Step("about.alone", "safety", "alone", ("about.alone",)))
        if answers.value("about.alone") == "yes":
            steps.extend(Step(item, "safety", "danger", (item,)) for item in dangers)
    return (*steps, REVIEW)


def _case_so_far(person: Person, role: Role, answers: Answers, instrument: Instrument) -> Case:
    """What the answers make of the person; others than the clinician make no case, so theirs has an age only."""
    if role != "clinician":
        return Case(label=None, born=person.born, assessed=person.on)
    return case_of(
        instrument,
        label=None,
        born=person.born,
        assessed=person.on,
        answers=answers,
        open_flags=(),
        no_contact=False,
    )


def _about(role: Role, answers: Answers) -> list[Step]:
    """Who is answering; somebody who came later is asked whether they know about earlier."""
    names = list(ABOUT[role])
    if role == "carer" and answers.value("about.since") not in (None, "start"):
        names.append("earlier")
    return [Step(f"about.{name}", "history", "about", (f"about.{name}",)) for name in names]


def _was_there(period: str, answers: Answers, begun: Sequence[Period]) -> bool:
    """Whether a carer is asked about a period: they were there, or say that they know about earlier."""
    since = answers.value("about.since")
    ids = [p.id for p in begun]
    if since not in ids or answers.value("about.earlier") == "yes":
        return True
    return ids.index(period) >= ids.index(since)


def _facts(person: Person, instrument: Instrument) -> Step:
    items = ["facts.hearing_checked", "facts.sight_checked", "facts.languages"]
    if person.age_months < instrument.figures.rules.corrected_age_below_months:
        items.insert(2, "weeks_early")
    return Step("facts", "history", "facts", tuple(items))


def _period(period: Period, role: Role) -> list[Step]:
    base = f"history.{period.id}"
    hard = tuple(f"{base}.adversity.{f.id}" for f in period.adversity if role == "clinician" or role in f.asked_of)
    held = tuple(f"{base}.relational.{r}" for r in period.relational) if role != "school" else ()
    return [
        step
        for step in (
            Step(f"{base}.adversity", "history", "hard", hard, period.id),
            Step(f"{base}.relational", "history", "held", held, period.id),
        )
        if step.items
    ]


def _harms(case: Case, answers: Answers, instrument: Instrument) -> list[Step]:
    steps = []
    goes_on = False
    for harm in instrument.figures.harm_factors:
        item = f"still_happening.{harm.id}"
        if is_harm_present(case, harm.id, instrument) or answers.value(item):
            steps.append(Step(item, "history", "harm", (item,)))
            if answers.value(item) and not goes_on:
                goes_on = True
                steps.extend(Step(f"at_once.{q}", "history", "danger", (f"safety.{q}",)) for q in DANGER_QUESTIONS)
    return steps


def can_confirm(given: Sequence[tuple[Any, str, int]]) -> bool:
    """Whether a suggestion may be taken over with its region: nobody said much harder, and nobody differs."""
    return len({answer for _, answer, _ in given}) == 1 and given[0][1] != "much_harder"


def _functions(
    case: Case, role: Role, instrument: Instrument, suggestions: Suggestions, answers: Answers
) -> list[Step]:
    """Functions asked at the age that counts, grouped by region from the bottom up, with one screen to confirm a region."""
    counted = counted_months(case, instrument)
    steps = []
    for region in instrument.figures.regions:
        items = [
            f"functions.{f.id}"
            for f in instrument.figures.functions
            if f.region == region
            and instrument.expected(f, counted) is not None
            and (role == "clinician" or role in f.asked_of)
        ]
        sure = tuple(i for i in items if i in suggestions and can_confirm(suggestions[i]))
        if sure and any(not answers.is_reached(i) or answers.of[i].is_bulk for i in sure):
            steps.append(Step(f"confirm.{region}", "functioning", "confirm", sure))
        steps.extend(Step(item, "functioning", "function", (item,)) for item in items)
    return steps


def step_at(steps: tuple[Step, ...], key: str) -> Step:
    """The step an interview stands at; where it no longer exists, the first that is still open."""
    return next((s for s in steps if s.key == key), steps[0])


def after(steps: tuple[Step, ...], step: Step) -> Step:
    """The step that follows, the last following itself."""
    place = next((i for i, s in enumerate(steps) if s.key == step.key), len(steps) - 1)
    return steps[min(place + 1, len(steps) - 1)]


def before(steps: tuple[Step, ...], step: Step) -> Step | None:
    """The step that came before, `None` at the first."""
    place = next((i for i, s in enumerate(steps) if s.key == step.key), 0)
    return steps[place - 1] if place else None


def progress(steps: tuple[Step, ...], step: Step) -> tuple[int, int]:
    """Which screen of its stage a step is, from 1, and how many the stage has."""
    stage = [s.key for s in steps if s.stage == step.stage]
    return stage.index(step.key) + 1, len(stage)

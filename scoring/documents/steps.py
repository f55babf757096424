"""The plan in words: each step with its reason, each activity with what led to it, and what it all asks of the family."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction

from scoring.documents.blocks import Block, Bullets, Heading, Paragraph, Table
from scoring.documents.findings import language_note
from scoring.documents.words import Wording, capital, counted, flat, sentence, series
from scoring.edits import Drop, Limit, Swap
from scoring.instrument.checks import FALLBACK_ACTIVITY, RELATIONSHIP
from scoring.plan import what_else_fits
from scoring.profile import Step
from scoring.result import Result

#: Said once, before the steps.
ORDER_IS_A_CONVENTION = (
    "The order, from the bottom up with relationships first, is a convention and has not been tested. Nor has it been "
    "tested whether the plan helps: look again after some weeks."
)
BY_THE_CLINICIAN = "chosen by the clinician"
TAKES_MOST_SHOWN = 3
#: Letters of a reason that summary and report show; an export holds it whole.
REASON_SHOWN = 160


def step_title(words: Wording, step: Step) -> str:
    if step.kind in ("now", "later"):
        assert isinstance(step.target, str)
        tier = f" ({words.tier(step.tier).lower()})" if step.tier else ""
        return f"{capital(step.kind)}: {words.domain(step.target).lower()}{tier}"
    return {
        "safety": "Safety",
        "look_closer": "A closer look",
        "relationship": "Relationships",
        "find_out": "Find out more",
    }[step.kind]


def step_reason(words: Wording, step: Step) -> str:
    """Why the step is there and stands where it stands."""
    result = words.result
    if step.kind == "safety":
        return f"Answered yes: {series(map(words.flag_or_harm, step.target))}."
    if step.kind == "look_closer":
        return f"These stand out, whatever the domains say: {series(map(words.function, step.target))}."
    if step.kind == "relationship":
        if not result.case.relational_now:
            return (
                "Nothing is known of present relationships: they are still to be asked. They come early in every plan."
            )
        return "Present relationships come early in every plan, whatever else was found."
    if step.kind == "find_out":
        return f"Too little is known to place every domain. Ask next: {series(map(words.function, step.target))}."
    return _domain_reason(words, step)


def _domain_reason(words: Wording, step: Step) -> str:
    """Where a domain stands in the order, and what its placing means."""
    place = domain_place(words, step)
    return f"{place} {words.texts.tiers[step.tier].about}" if step.tier and step.kind == "now" else place


def domain_place(words: Wording, step: Step) -> str:
    """Why a domain stands where it stands in the order."""
    if step.kind == "later":
        return "After the domains above, by how it is placed."
    if step.target != words.result.profile.order[0]:
        return "Next by how it is placed, from the bottom up among equals."
    if step.tier == "extend":
        return "First of the domains, from the bottom up, as all of them hold."
    return f"First of the domains: the lowest from the bottom up that is not yet at {words.tier('extend').lower()}."


def empty_reason(words: Wording, step: Step) -> str | None:
    """Why a step has no activities; `None` where it has some or says all in its reason."""
    if step.activities:
        return None
    if step.waits:
        return "Waits, see Safety first."
    if step.kind == "safety":
        return "No activities here: people act, see Safety first."
    if step.kind == "find_out":
        return None
    if step.kind == "later" and step.tier != "extend":
        return "Comes later: a family can only do so much at a time."
    if step.kind != "later" and words.result.edits:
        return "Nothing left here after what the clinician changed."
    if step.tier == "extend":
        return "Nothing needed."
    return "Nothing in the library fits; the clinician chooses."


# --- why an activity -------------------------------------------------------------------------------------------------


def why(words: Wording, step: Step, activity: str, *, brief: bool = False) -> str:
    """The answers that led to an activity, with their words; a choice made by hand says so.

    Parameters
    ----------
    brief : names and ratings only, for a table that has little room
    """
    if step.kind == "relationship":
        return _why_relationship(words, activity)
    found = {f.id: f for f in words.result.profile.functions}
    led = led_by_functions(words.result, step, activity)
    if not led:
        return capital(BY_THE_CLINICIAN)
    if brief:
        return series(f"{words.function(f)} {found[f].rating} of {found[f].expected}" for f in led)
    rated = series(f"{words.function_plain(f)}, rated {found[f].rating}, expected {found[f].expected}" for f in led)
    return f"A closer look at {rated}" if step.kind == "look_closer" else rated


def led_by_functions(result: Result, step: Step, activity: str) -> tuple[str, ...]:
    """The functions that led to an activity of a domain or of the closer look, what weighs most first."""
    listed_there = result.instrument.activity[activity].functions
    if step.kind == "look_closer":
        if activity != FALLBACK_ACTIVITY:
            return tuple(t for t in step.target if t in listed_there)
        others = {f for a in step.activities if a != activity for f in result.instrument.activity[a].functions}
        return tuple(t for t in step.target if t not in others)
    if step.kind not in ("now", "later") or not isinstance(step.target, str):
        return ()
    gaps = {f.id: f.gap or 0 for f in result.profile.functions}
    weighed = {f: result.instrument.function[f].weights[step.target] * max(0, gaps[f]) for f in listed_there}
    return tuple(sorted((f for f in listed_there if weighed[f] > 0), key=lambda f: -weighed[f]))


def _why_relationship(words: Wording, activity: str) -> str:
    result, case = words.result, words.result.case
    chosen = result.instrument.activity[activity]
    thin = [s for s in chosen.supports if case.relational_now.get(s, 3) < 3]
    reasons = [f"{words.relational_now(s)}: {words.how_steady(case.relational_now[s])}" for s in thin]
    unknown = "carer_has_support" in chosen.supports and "carer_has_support" not in case.relational_now
    if unknown and case.safety.get("carer_in_crisis"):
        reasons.append(words.flag("carer_in_crisis"))
    if reasons:
        return capital("; ".join(reasons))
    if RELATIONSHIP not in chosen.targets or chosen.kind != "enrichment":
        return capital(BY_THE_CLINICIAN)
    supports = series(map(words.relational_now, chosen.supports))
    known = all(s in case.relational_now for s in chosen.supports)
    return f"Keeps up what holds: {supports}" if known else f"Fits while more is still to be asked: {supports}"


# --- blocks ----------------------------------------------------------------------------------------------------------


def plan_blocks(result: Result) -> Iterator[Block]:
    """The sequence: each step with its reason, each activity with why, who, where, how often, care and source."""
    words = Wording(result)
    yield Paragraph(ORDER_IS_A_CONVENTION, "small")
    yield from edit_blocks(result)
    for step in result.plan.steps:
        yield Heading(f"{step.step}. {step_title(words, step)}", level=3)
        yield from language_note(result, step_functions(result, step))
        yield Paragraph(step_reason(words, step))
        if empty := empty_reason(words, step):
            yield Paragraph(empty)
        for activity in step.activities:
            yield from _activity(words, step, activity)


#: What the clinician says of where, or with what, the plan can be done.
LIMIT_WORDS: dict[Limit, str] = {
    "home_only": "at home only",
    "school_only": "at school only",
    "not_at_school": "not at school",
    "no_equipment": "nothing that needs equipment",
}


def edit_lines(result: Result) -> Iterator[str]:
    """What the clinician changed of the plan as computed, a line a change."""
    words = Wording(result)
    if limits := result.edits.limits:
        yield f"Limits: {'; '.join(LIMIT_WORDS[limit] for limit in limits)}. A closer look is not limited."
    for place, change in enumerate(result.edits.changes):
        name = words.activity(change.activity).name
        if isinstance(change, Swap):
            back = "" if _is_done(result, place, change) else f" With what was changed since, {name} is back."
            yield f"Swapped: {name}, for {words.activity(change.to).name}.{back}"
        elif isinstance(change, Drop):
            yield f"Left out: {name}. Why: {sentence(flat(change.reason, REASON_SHOWN))}"


def _is_done(result: Result, place: int, swap: Swap) -> bool:
    """Whether a swap holds still: limits set later can rule out what was swapped in, and bring the other back."""
    brought_back = any(isinstance(c, Swap) and c.to == swap.activity for c in result.edits.changes[place + 1 :])
    return brought_back or all(swap.activity not in step.activities for step in result.plan.steps)


def edit_blocks(result: Result) -> Iterator[Block]:
    if lines := tuple(edit_lines(result)):
        yield Paragraph("Changed by the clinician:", "strong")
        yield Bullets(lines)


def step_functions(result: Result, step: Step) -> tuple[str, ...]:
    """The functions a step speaks of as found (what is still to be asked is no finding)."""
    if step.kind == "look_closer":
        return tuple(step.target)
    return tuple(f for a in step.activities for f in led_by_functions(result, step, a))


def _activity(words: Wording, step: Step, activity: str) -> Iterator[Block]:
    yield Paragraph(words.activity(activity).name, "strong")
    yield Bullets((f"Why: {sentence(why(words, step, activity))}", *activity_facts(words, activity)))


def who_leads(words: Wording, activity: str) -> str:
    """Who leads an activity, where, and how often."""
    text = words.activity(activity)
    return f"{capital(text.leader)} leads, {text.place}: {text.dose}."


def activity_facts(words: Wording, activity: str) -> Iterator[str]:
    """Who leads an activity, where, how often, what to take care of, and its source."""
    text = words.activity(activity)
    yield who_leads(words, activity)
    if text.caution:
        yield f"Take care: {text.caution}"
    if text.source:
        yield f"Source: {text.source}"


PLAN_HEADER = ("Step", "Why", "Activity", "Who leads", "Where", "How often", "Take care", "Source")


def plan_table(result: Result) -> Table:
    """The plan as a table: a row an activity, a row a step that has none."""
    words = Wording(result)
    rows: list[tuple[str, ...]] = []
    for step in result.plan.steps:
        title = f"{step.step}. {step_title(words, step)}"
        if not step.activities:
            rows.append((title, " ".join((_brief_reason(words, step), empty_reason(words, step) or "")).strip()))
        for place, name in enumerate(step.activities):
            text = words.activity(name)
            rows.append(
                (
                    title if place == 0 else "",
                    capital(why(words, step, name, brief=True)),
                    f"{text.name}. {text.what}",
                    capital(text.leader),
                    capital(text.place),
                    text.dose,
                    text.caution or "",
                    result.instrument.activity[name].evidence or "",
                )
            )
    return Table(PLAN_HEADER, tuple(rows), widths=(22, 33, 38, 19, 20, 19, 33, 17), dense=True)


def _brief_reason(words: Wording, step: Step) -> str:
    """A step's reason without what stands elsewhere in a report."""
    if step.kind in ("now", "later"):
        return domain_place(words, step)
    if step.kind == "safety":
        return "What was answered yes."
    if step.kind == "find_out":
        return "Too little is known to place every domain, see What is not known."
    return step_reason(words, step)


def source_blocks(result: Result) -> Iterator[Block]:
    """The works named in the table, each with the people it was studied in."""
    words = Wording(result)
    sources = [words.activity(a).source for step in result.plan.steps for a in step.activities]
    if named := [source for source in sources if source]:
        yield Paragraph("Sources, and for whom they were studied:")
        yield from (Paragraph(source, "small") for source in named)


# --- load ------------------------------------------------------------------------------------------------------------


def load_heading(result: Result) -> Heading:
    return Heading(f"What it asks of {_who_carries(result)}")


def load_blocks(result: Result) -> Iterator[Block]:
    """What the plan asks of the family a week; too much is said to be too much, and what takes most is named."""
    minutes, most = result.plan.family_minutes, result.instrument.figures.rules.family_minutes_max
    who = _who_carries(result)
    if result.plan.waits and not minutes:
        yield Paragraph(f"While the plan waits it asks no time of {who}.")
        return
    if not minutes:
        yield Paragraph(f"The plan asks no extra time of {who}.")
        return
    yield Paragraph(f"The plan asks about {counted(round(minutes), 'minute')} a week of {who}.")
    if minutes > most:
        yield Paragraph(
            f"That is too much: more than {most} minutes. Choose with {who} what to begin with, and leave the rest.",
            "strong",
        )
        yield Paragraph("What takes most, and could wait or be swapped:")
        yield Bullets(tuple(_takes_most(result)))


def _who_carries(result: Result) -> str:
    return "the adult and those around them" if Wording(result).adult else "the family"


def weekly_minutes(result: Result, activity: str) -> Fraction:
    """Minutes a week an activity asks of the family, 0 where it adds no load."""
    figures = result.instrument.activity[activity]
    return Fraction(figures.minutes) * Fraction(str(figures.per_week)) if figures.adds_load else Fraction(0)


def _takes_most(result: Result) -> Iterator[str]:
    """The heaviest activities, each with the lighter one that could take its place."""
    words = Wording(result)
    chosen: Sequence[str] = [a for step in result.plan.steps for a in step.activities]
    heavy = sorted((a for a in chosen if weekly_minutes(result, a)), key=lambda a: -weekly_minutes(result, a))
    offered: set[str] = set()
    for name in heavy[:TAKES_MOST_SHOWN]:
        line = f"{words.activity(name).name}: {_a_week(result, name)}"
        lighter = lighter_swap(result, name, besides=offered)
        if lighter is None:
            yield line
            continue
        offered.add(lighter)
        yield f"{line}. In its place: {words.activity(lighter).name}, {_a_week(result, lighter)}"


def _a_week(result: Result, activity: str) -> str:
    minutes = weekly_minutes(result, activity)
    return f"{counted(round(minutes), 'minute')} a week" if minutes else "no time of theirs"


def lighter_swap(result: Result, activity: str, besides: Collection[str] = ()) -> str | None:
    """The best activity for the same target that asks for less of the family's week, and is not one of `besides`."""
    others = what_else_fits(result.case, result.profile, result.instrument, result.edits, activity)
    asks = weekly_minutes(result, activity)
    lighter = (other for other in others if weekly_minutes(result, other) < asks and other not in besides)
    return next(lighter, None)

"""The plan on a clinician's screen: its activities, why each is there, and what can be changed of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flows import plan_moves as moves
from flows.conversation import Turn
from flows.screens.parts import BACK, HOME, Rendered, grid, without_empty
from flows.views import Button
from scoring.documents.blocks import Block, Bullets, Heading, Paragraph
from scoring.documents.safety import waiting_reasons
from scoring.documents.steps import (
    LIMIT_WORDS,
    activity_facts,
    edit_lines,
    empty_reason,
    load_blocks,
    step_title,
    weekly_minutes,
    who_leads,
    why,
)
from scoring.documents.words import Wording, capital, counted, sentence
from scoring.edits import LIMITS
from scoring.result import Result

#: So many alternatives are offered, the best first.
ALTERNATIVES_SHOWN = 8


def _plan(turn: Turn) -> Rendered:
    result = moves.result_of(turn)
    words = Wording(result)
    lines, buttons = [], []
    for step in result.plan.steps:
        names = [words.activity(a).name for a in step.activities]
        said = "; ".join(names) if names else empty_reason(words, step) or "see the summary"
        lines.append(f"{step_title(words, step)}: {said}")
        buttons += [
            Button(name, "plan_activity", activity) for name, activity in zip(names, step.activities, strict=True)
        ]
    blocks: list[Block] = [Heading(f"The plan · {words.label()}"), Bullets(tuple(lines), start=1)]
    blocks += load_blocks(result)
    if edited := tuple(edit_lines(result)):
        blocks += [Paragraph("Changed by you:", "strong"), Bullets(edited)]
    if result.plan.waits:
        blocks.append(
            Paragraph(
                "The plan waits. What has changed since is recorded under Change an answer, also that the person who "
                "harms has no contact; the new result says whether the plan still waits.",
                "strong",
            )
        )
        blocks.append(Bullets(tuple(waiting_reasons(words))))
    else:
        blocks.append(Paragraph("Tap an activity to see why it is there, to swap it or to leave it out.", "small"))
    rows = (
        *grid(buttons, 1),
        (Button("Change an answer", "change"),) if result.plan.waits else (),
        (Button("Limits", "plan_limits"), *((Button("As computed", "plan_as_computed"),) if edited else ())),
        (Button("Send summary and report", "plan_send"),),
        (BACK, HOME),
    )
    return tuple(blocks), without_empty(rows), "nothing"


def _activity(turn: Turn) -> Rendered:
    result, chosen = moves.result_of(turn), turn.talk.home.draft["activity"]
    words = Wording(result)
    step = next((s for s in result.plan.steps if chosen in s.activities), None)
    text = words.activity(chosen)
    blocks: list[Block] = [Heading(text.name), Paragraph(text.what)]
    if step is None:  # another phone of the same clinician took it out meanwhile
        blocks.append(Paragraph("It is not in the plan any more.", "strong"))
        return tuple(blocks), ((BACK, HOME),), "nothing"
    blocks += [
        Paragraph("Why this?", "strong"),
        Paragraph(f"{step_title(words, step)}. {sentence(why(words, step, chosen))}"),
        Bullets((*activity_facts(words, chosen), *_load(result, chosen))),
        Paragraph("How it is done", "strong"),
        Bullets(text.how, start=1),
    ]
    return tuple(blocks), ((Button("Swap", "plan_swap"), Button("Leave out", "plan_drop")), (BACK, HOME)), "nothing"


def _load(result: Result, activity: str) -> Iterator[str]:
    if minutes := weekly_minutes(result, activity):
        yield f"It asks about {counted(round(minutes), 'minute')} a week of the family."


def _swap(turn: Turn) -> Rendered:
    result, chosen = moves.result_of(turn), turn.talk.home.draft["activity"]
    words = Wording(result)
    name = words.activity(chosen).name
    others = moves.alternatives(result, chosen)[:ALTERNATIVES_SHOWN]
    if not others:
        text = "Nothing else in the library fits this target. Limits leave things out too."
        return (Heading(f"Swap: {name}"), Paragraph(text)), ((BACK, HOME),), "nothing"
    lines = [f"{words.activity(o).name}. {words.activity(o).what} {who_leads(words, o)}" for o in others]
    buttons = [
        Button(f"{place}. {words.activity(other).name}", "plan_swap_for", other)
        for place, other in enumerate(others, start=1)
    ]
    blocks = (
        Heading(f"Swap: {name}"),
        Paragraph("These fit the same target, the best first.", "small"),
        Bullets(tuple(lines), start=1),
    )
    return blocks, (*grid(buttons, 1), (BACK, HOME)), "nothing"


def _drop(turn: Turn) -> Rendered:
    name = Wording(moves.result_of(turn)).activity(turn.talk.home.draft["activity"]).name
    buttons = [Button(words, "plan_drop_for", key) for key, words in moves.REASONS.items()]
    blocks = (
        Heading(f"Leave out: {name}"),
        Paragraph("Why? Tap a reason, or type one. It stands in summary and report. Nothing takes its place."),
    )
    return blocks, (*grid(buttons, 1), (BACK, HOME)), "text"


def _limits(turn: Turn) -> Rendered:
    result = moves.result_of(turn)
    buttons = [
        Button(
            f"{'✓ ' if limit in result.edits.limits else ''}{capital(LIMIT_WORDS[limit])}",
            "plan_limit",
            limit,
            is_chosen=limit in result.edits.limits,
        )
        for limit in LIMITS
    ]
    blocks = (
        Heading("Limits"),
        Paragraph("What can the plan not do? Tap to set a limit or to take it back; the plan is made anew at once."),
        Paragraph("A closer look is not limited: a check never waits.", "small"),
    )
    return blocks, (*grid(buttons, 1), (BACK, HOME)), "nothing"


SCREENS: dict[str, Callable[[Turn], Rendered]] = {
    "plan": _plan,
    "plan_activity": _activity,
    "plan_swap": _swap,
    "plan_drop": _drop,
    "plan_limits": _limits,
}

"""The clinician's review: what is answered in each section, notes of others, and Finish."""

from __future__ import annotations

from collections import Counter

from flows import interview_moves as moves
from flows import notes
from flows.conversation import Interview, Turn
from flows.itinerary import STAGES, Step
from flows.labels import STAGE_NAMES, short_words
from flows.screens.parts import BACK, IN_ORDER, PAUSE, Rendered, age_words, grid, pager, without_empty
from flows.views import Button
from scoring.case import case_from
from scoring.documents.blocks import Block, Bullets, Heading, Paragraph
from scoring.plan import plan_waits

EDITS_A_PAGE = 8


def _counts(interview: Interview, items: list[str]) -> str:
    kinds = Counter(
        "not reached"
        if not interview.answers.is_reached(i)
        else {"answer": "answered", "not_sure": "not sure", "skipped": "skipped"}[interview.answers.of[i].kind]
        for i in items
    )
    return ", ".join(f"{kinds[k]} {k}" for k in ("answered", "not sure", "skipped", "not reached") if kinds[k])


def review_screen(turn: Turn) -> Rendered:
    if turn.interview.section == "notes":
        return _notes(turn)
    if turn.interview.section:
        return _section(turn)
    interview = turn.interview
    steps = interview.steps(turn.instrument)
    lines, buttons = [], []
    for stage in STAGES[1:-1]:
        items = list(dict.fromkeys(i for s in steps if s.stage == stage for i in s.items))
        lines.append(f"{STAGE_NAMES[stage]}: {_counts(interview, items)}")
        buttons.append(Button(STAGE_NAMES[stage], "section", stage))
    raised = [f for f in interview.flags if f.state == "open"]
    blocks: list[Block] = [
        Paragraph(f"{interview.person.label} · {age_words(interview.person.age_months)}", "small"),
        Heading("Review"),
        Bullets(tuple(lines)),
    ]
    if raised:
        names = ", ".join(dict.fromkeys(turn.instrument.words.safety[f.question].short for f in raised))
        blocks.append(Paragraph(f"Open safety flags: {names}", "strong"))
    asking = interview.asked_once_more
    unanswered = moves.open_safety(interview, turn)
    if asking and unanswered:
        names = "; ".join(short_words(i, interview, turn.instrument) for i in unanswered[:6])
        more = f" and {len(unanswered) - 6} more" if len(unanswered) > 6 else ""
        blocks.append(
            Paragraph(
                f"{len(unanswered)} safety questions have no answer: {names}{more}. Not asked is not safe. Finish goes on without them.",
                "strong",
            )
        )
    else:
        blocks.append(Paragraph("Tap a section to change an answer. Finish makes the map and the summary.", "small"))
    if moves.lacks_reason(interview):
        blocks.append(Paragraph("Why is an answer changed? Type it here: it stands with the new result.", "strong"))
    ask = _ask_safety(steps) if asking and unanswered else ()
    others = (Button(f"Notes from others ({interview.unread_notes()} new)", "notes"),) if notes.has_notes(turn) else ()
    if any(f.state in ("open", "unconfirmed") and f.informant_id != interview.informant_id for f in interview.flags):
        others = (*others, Button("Danger flags", "flags"))
    contact = _contact(turn)
    if contact:
        blocks.append(
            Paragraph(
                "The plan waits while harm may go on. Record here if the person who harms has no contact.", "small"
            )
        )
    rows = (*grid(buttons, 2), others, contact, ask, (Button("Finish", "finish"),), (BACK, PAUSE))
    return tuple(blocks), without_empty(rows), "note"


def _contact(turn: Turn) -> tuple[Button, ...]:
    """Offered where a plan would wait: whether the person who harms has contact."""
    interview, desk = turn.interview, turn.desk
    is_set = bool(interview.answers.value("no_contact"))
    if is_set:
        return (Button("There is contact", "contact", "no"),)
    case = case_from(desk.case_json_of(desk.cases.encounter(interview.encounter_id), interview), turn.instrument)
    return (Button("No contact with who harms", "contact", "yes"),) if plan_waits(case, turn.instrument) else ()


def _notes(turn: Turn) -> Rendered:
    """What other informants wrote, by whom and on which question."""
    pages = notes.pages_of_notes(turn.interview)
    page = min(turn.interview.page, len(pages) - 1)
    lines = tuple(f"{part.who}, on {_subject(turn, part.item)}: {part.text}" for part in pages[page])
    turning = pager(page, len(pages), IN_ORDER)
    rows = without_empty((turning, (Button("‹ Back", "section"),)))
    return (Heading("Notes from others"), Bullets(lines)), rows, "nothing"


def _subject(turn: Turn, item: str) -> str:
    """What a note of another informant is about."""
    if item.startswith(("functions.", "safety.")):
        return short_words(item, turn.interview, turn.instrument)
    parts = item.split(".")
    if parts[0] == "history":
        return turn.instrument.words.periods[parts[1]].name
    return {"relational_now": "relationships now", "review": "the whole"}.get(parts[0], "themself")


def _ask_safety(steps: tuple[Step, ...]) -> tuple[Button, ...]:
    place = next((i for i, s in enumerate(steps) if s.stage == "safety"), None)
    return () if place is None else (Button("Ask them now", "edit", str(place)),)


def _section(turn: Turn) -> Rendered:
    interview = turn.interview
    steps = interview.steps(turn.instrument)
    chosen = [(place, s) for place, s in enumerate(steps) if s.stage == interview.section]
    pages = max(1, -(-len(chosen) // EDITS_A_PAGE))
    page = min(interview.page, pages - 1)
    buttons = [
        Button(f"{_step_name(turn, step)}: {_step_said(turn, step)}", "edit", str(place))
        for place, step in chosen[page * EDITS_A_PAGE : (page + 1) * EDITS_A_PAGE]
    ]
    blocks = (Heading(f"Review · {STAGE_NAMES[interview.section]}"), Paragraph("Tap what you want to change.", "small"))
    turning = pager(page, pages, IN_ORDER)
    return blocks, without_empty((*grid(buttons, 1), turning, (Button("‹ Back", "section"),))), "nothing"


def _step_name(turn: Turn, step: Step) -> str:
    words = turn.instrument.words
    if step.period:
        return f"{words.periods[step.period].name}, {'hard' if step.kind == 'hard' else 'held'}"
    if step.kind == "confirm":
        return f"{words.regions[step.key.partition('.')[2]].name}, by others"
    if len(step.items) == 1:
        return short_words(step.items[0], turn.interview, turn.instrument)
    return {"facts": "Facts", "relationships": "Relationships", "safety": "Safety questions"}[step.kind]


def _step_said(turn: Turn, step: Step) -> str:
    answers = turn.interview.answers
    if len(step.items) == 1:
        item = step.items[0]
        answer = answers.of.get(item)
        if answer is None:
            return "not reached"
        if answer.kind != "answer":
            return {"not_sure": "not sure", "skipped": "skipped"}[answer.kind]
        value = {True: "yes", False: "no"}[answer.value] if isinstance(answer.value, bool) else str(answer.value)
        return f"{value} (set aside)" if item in answers.set_aside else value
    return _counts(turn.interview, list(step.items))

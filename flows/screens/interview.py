"""A clinician's interview on a phone: lists, pad, harm questions, review. One function a kind of step."""

from __future__ import annotations

from flows import interview_moves as moves
from flows.conversation import Other, Turn
from flows.itinerary import Step, last_name, progress
from flows.labels import STAGE_NAMES, bulk_words, item_text, period_not_known_words, short_words, token_words
from flows.scales import NOT_KNOWN, cycle_of, next_token, token_of
from flows.screens.parts import BACK, HOME, PAUSE, Rendered, Rows, age_words, bar, grid, without_empty
from flows.screens.review import review_screen
from flows.views import Button
from scoring.documents.blocks import Block, Bullets, Heading, Paragraph
from scoring.documents.words import flat

NEXT = Button("Next", "next")
SKIP = Button("Skip", "skip")
NOT_SURE = Button("Not sure", "not_sure")

#: For how many flags a list says what to do first, so that it still fits into one message.
ACTS_SHOWN = 4
#: Letters of a note that its screen shows again; the whole note is kept.
NOTE_SHOWN = 500

LIST_WHY = {
    "hard": "What was hard, and when it was, tells which early experiences weighed. Nothing here says who is to blame.",
    "held": "What held the person counts as much as what hurt: later help builds on it.",
    "relationships": "The people around somebody now are what any plan leans on, so they stand second in every plan.",
    "safety": "Danger comes before everything else. A yes is kept at once and stays until a clinician clears it.",
}
LEGENDS = {
    "hard": ("adversity", ("some", "marked", "severe")),
    "held": ("relational", ("steadily", "mostly", "sometimes", "hardly")),
}


def interview_screen(turn: Turn) -> Rendered:
    interview = turn.interview
    if interview.state == "paused":
        return _paused(turn)
    if interview.state == "finished":
        return (Paragraph("This interview is finished."),), ((HOME,),), "nothing"
    step = turn.step
    if step.kind == "review":
        return review_screen(turn)
    body = {
        "facts": _facts,
        "confirm": _confirm,
        "hard": _list,
        "held": _list,
        "relationships": _list,
        "safety": _list,
        "harm": _harm,
        "danger": _danger,
        "function": _function,
    }[step.kind]
    blocks, rows = body(turn, step)
    notes = interview.answers.notes.get(step.subject, [])
    noted = (Paragraph(f"Notes: {len(notes)}. The last: {flat(notes[-1], NOTE_SHOWN)}", "small"),) if notes else ()
    typed = "rating" if step.kind == "function" else "note"
    return (*_head(turn, step), *blocks, *noted), without_empty(rows), typed  # type: ignore[return-value]


def _head(turn: Turn, step: Step) -> tuple[Block, ...]:
    interview = turn.interview
    at, of = progress(interview.steps(turn.instrument), step)
    person = interview.person
    return (
        Paragraph(f"{person.label} · {age_words(person.age_months)}", "small"),
        Paragraph(f"{STAGE_NAMES[step.stage]} · {at} of {of}  {bar(at - 1, of)}", "small"),
    )


def _navigation(turn: Turn, *, leaves: bool = True, why: bool = True) -> Rows:
    """Back, what leaves the screen open, and Pause; Next where there is something to keep."""
    first = [BACK]
    if leaves and moves.may_leave_open(turn):
        first += [SKIP, NOT_SURE]
    second = []
    if why:
        shown = turn.interview.shows_why
        second.append(Button("Hide why" if shown else "Why this?", "why", "0" if shown else "1"))
    second.append(PAUSE)
    going = (NEXT,) if moves.may_go_on(turn) else ()
    return (going, tuple(first), tuple(second))


# --- lists -----------------------------------------------------------------------------------------------------------


def _item_buttons(turn: Turn, step: Step) -> Rows:
    """One button an item: its number, short name and present value; a tap sets the next value of its scale."""
    answers = turn.interview.answers
    buttons = []
    for place, item in enumerate(step.items):
        token = token_of(answers, item)
        following = next_token(cycle_of(step.kind, item), token)
        words = f"{place + 1}. {short_words(item, turn.interview, turn.instrument)}"
        if token is not None:
            value = _said(turn, step, item, token)
            words += f": {value}"
        buttons.append(Button(words, "set", f"{place}:{following}", is_chosen=token is not None))
    return grid(buttons, 1)


def _said(turn: Turn, step: Step, item: str, token: str) -> str:
    answer = turn.interview.answers.of[item]
    if answer.kind == "skipped":
        return "skipped"
    if answer.kind == "not_sure" and step.kind == "safety":
        return "not sure"
    return token_words(step.kind, item, token, turn.instrument)


def _list(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    interview, words = turn.interview, turn.instrument.words
    blocks: list[Block] = []
    if step.period:
        period = words.periods[step.period]
        what = "what was hard" if step.kind == "hard" else "what held"
        blocks.append(Heading(f"{period.name} ({period.when}): {what}"))
    else:
        blocks.append(Heading({"relationships": "Relationships now", "safety": "Safety"}[step.kind]))
    if turn.interview.shows_why:
        blocks.append(Paragraph(LIST_WHY[step.kind]))
    blocks.append(Bullets(tuple(item_text(i, interview, turn.instrument) for i in step.items), start=1))
    if step.kind == "safety":
        blocks.extend(_raised_lines(turn, step))
        blocks.append(Paragraph("A tap says yes, one more no. A yes is kept at once.", "small"))
    else:
        scale, shown = LEGENDS.get(step.kind, LEGENDS["held"])
        legend = "; ".join(f"{words.scales[scale][v].word} = {words.scales[scale][v].handle}" for v in shown)
        blocks.append(Paragraph(f"Each tap steps on: {legend}.", "small"))
    blocks.extend(_others_on_list(turn, step))
    bulk = (Button(bulk_words(step.kind, interview), "fill"),) if step.open_items(interview.answers) else ()
    if moves.has_been_said(turn):
        bulk = (*bulk, Button("As they said", "as_said"))
    period_row = (Button(period_not_known_words(interview), "not_known"),) if step.period else ()
    return tuple(blocks), (*_item_buttons(turn, step), bulk, period_row, *_navigation(turn))


def _others_on_list(turn: Turn, step: Step) -> list[Block]:
    """What others said of a list, each by name; what a carer says of themself is marked so."""
    lines = []
    for other in turn.interview.others:
        said = []
        for place, item in enumerate(step.items, start=1):
            value = other.answers.value(item)
            if value is None:
                continue
            words = token_words(step.kind, item, str(value), turn.instrument) if step.kind != "safety" else str(value)
            own = " (of themself)" if last_name(item) in turn.instrument.figures.of_self else ""
            said.append(f"{place} {words}{own}")
        if said and step.kind != "safety":
            lines.append(f"{other.who}: {', '.join(said)}")
    return [Bullets(tuple(lines))] if lines else []


def _confirm(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    """Before a region: what others say of it, and one tap that takes it over."""
    words, said = turn.instrument.words, turn.interview.suggestions(turn.instrument)
    region = turn.instrument.function[last_name(step.items[0])].region
    lines = tuple(
        f"{words.functions[last_name(item)].name}: {_who_said(turn, said[item])} → {said[item][0][2]}"
        for item in step.items
    )
    asked = "What differs between informants, or is much harder, is asked singly."
    return (
        Heading(f"{words.regions[region].name}: what others say"),
        Bullets(lines),
        Paragraph(f"Confirm all makes these your ratings. {asked}", "small"),
    ), ((Button("Confirm all", "confirm_all"), Button("One by one", "one_by_one")), (BACK, PAUSE))


def _who_said(turn: Turn, given: list[tuple[Other, str, int]]) -> str:
    scale = turn.instrument.words.scales["carer_scale"]
    return "; ".join(f"{other.who}: {scale[answer].word.lower()}" for other, answer, _ in given)


def _said_of_function(turn: Turn, item: str) -> tuple[Block, ...]:
    """Who said what of a function and the rating it suggests; where home and clinic differ, that is said."""
    given = turn.interview.suggestions(turn.instrument).get(item)
    if not given:
        return ()
    scale, rules = turn.instrument.words.scales["carer_scale"], turn.instrument.figures.rules
    lines = tuple(f"{other.who}: {scale[answer].word.lower()} → suggests {rating}" for other, answer, rating in given)
    places = [turn.instrument.figures.carer_scale.index(answer) for _, answer, _ in given]
    blocks: list[Block] = [Bullets(lines)]
    if max(places) - min(places) >= rules.carer_steps_disagree_from:
        blocks.append(Paragraph("They see this differently. Both are kept; your rating counts.", "strong"))
    rating = turn.interview.answers.value(item)
    if rating is not None and any(abs(rating - s) >= rules.ratings_disagree_from for _, _, s in given):
        blocks.append(Paragraph("Home and clinic see this differently. Your rating counts.", "strong"))
    return tuple(blocks)


def _raised_lines(turn: Turn, step: Step) -> list[Block]:
    """Flags that stand, and for each what to do first."""
    lines: list[Block] = []
    raised = [flag for item in step.items if (flag := turn.interview.open_flag(last_name(item)))]
    for flag in raised:
        if len(lines) == ACTS_SHOWN:
            names = ", ".join(turn.instrument.words.safety[f.question].short for f in raised[ACTS_SHOWN:])
            lines.append(
                Paragraph(f"Flags as well: {names}. What to do first stands under Danger flags at home.", "strong")
            )
            break
        text = turn.instrument.words.safety[flag.question]
        own = flag.informant_id == turn.interview.informant_id
        who = "" if own else " (raised by another informant)"
        lines.append(Paragraph(f"Flag: {text.short}{who}. {text.act}", "strong"))
    return lines


def _facts(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    answers, words = turn.interview.answers, turn.instrument.words
    blocks: list[Block] = [Heading("A few facts first")]
    blocks.append(Bullets(tuple(words.facts[last_name(i)].full for i in step.items), start=1))
    if turn.interview.shows_why:
        blocks.append(Paragraph(" ".join(words.facts[last_name(i)].why for i in step.items)))
    languages = answers.value("facts.languages")
    blocks.append(Paragraph(f"Languages: {languages}" if languages else "Type the languages spoken at home."))
    rows: list[tuple[Button, ...]] = [
        (Button(_fact_words(turn, place, item), "set", f"{place}:{_fact_next(turn, item)}"),)
        for place, item in enumerate(step.items)
        if item not in ("facts.languages", "weeks_early")
    ]
    if "weeks_early" in step.items:
        rows.append(_weeks_row(turn, step))
        blocks.append(Paragraph("Weeks born early: step with − and +, or type the number; 0 if on time.", "small"))
    checks = [i for i in ("facts.hearing_checked", "facts.sight_checked") if not answers.is_reached(i)]
    bulk = (Button("All checked", "fill"),) if checks else ()
    return tuple(blocks), (*rows, bulk, *_navigation(turn, leaves=False))


def _fact_next(turn: Turn, item: str) -> str:
    return next_token(cycle_of("facts", item), token_of(turn.interview.answers, item))


def _fact_words(turn: Turn, place: int, item: str) -> str:
    token = token_of(turn.interview.answers, item)
    words = f"{place + 1}. {short_words(item, turn.interview, turn.instrument)}"
    return words if token is None else f"{words}: {'not known' if token == NOT_KNOWN else token}"


def _weeks_row(turn: Turn, step: Step) -> tuple[Button, ...]:
    place = step.items.index("weeks_early")
    token = token_of(turn.interview.answers, "weeks_early")
    weeks = int(token) if token not in (None, NOT_KNOWN) else None
    shown = "Weeks early: ?" if weeks is None else f"Weeks early: {weeks}"
    less = str(max(0, (weeks or 0) - 1))
    more = str(min(18, (weeks if weeks is not None else -1) + 1))
    return (
        Button("−", "set", f"{place}:{less}"),
        Button(shown, "set", f"{place}:{more}"),
        Button("+", "set", f"{place}:{more}"),
    )


# --- harm and danger -------------------------------------------------------------------------------------------------


def _yes_no_rows(turn: Turn) -> Rows:
    answers = (Button("Yes", "say", "yes"), Button("No", "say", "no"), Button("Not known", "say", NOT_KNOWN))
    going = (NEXT,) if moves.may_go_on(turn) else ()
    return (answers, going, (BACK, PAUSE))


def _harm(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    harm = turn.instrument.words.harm[last_name(step.items[0])]
    return (
        Heading("Is this still happening?"),
        Paragraph(harm.still, "strong"),
        *_present(turn, step),
        Paragraph("Not known is a good answer too, and is not the same as no.", "small"),
    ), _yes_no_rows(turn)


def _danger(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    text = turn.instrument.words.safety[last_name(step.items[0])]
    return (
        Heading("Safety, before going on"),
        Paragraph(text.question, "strong"),
        Paragraph(text.meant, "small"),
        *_present(turn, step),
        *_raised_lines(turn, step),
    ), _yes_no_rows(turn)


def _present(turn: Turn, step: Step) -> tuple[Block, ...]:
    """The earlier answer, shown as chosen when one comes back to it."""
    item = step.items[0]
    answer = turn.interview.answers.of.get(item)
    if answer is None:
        return ()
    if answer.kind == "skipped":
        said = "Skip"
    elif answer.value is None:
        said = "Not known" if step.kind in ("harm", "danger") else "Not sure"
    else:
        said = (
            {True: "Yes", False: "No"}.get(answer.value, str(answer.value))
            if isinstance(answer.value, bool)
            else str(answer.value)
        )
    return (Paragraph(f"Chosen: {said}. Next keeps it.", "strong"),)


# --- functions -------------------------------------------------------------------------------------------------------


def _function(turn: Turn, step: Step) -> tuple[tuple[Block, ...], Rows]:
    interview, words = turn.interview, turn.instrument.words
    name = last_name(step.items[0])
    text = words.functions[name]
    figures = turn.instrument.function[name]
    expected = moves.expected_of(turn)
    is_aside = step.items[0] in interview.answers.set_aside
    blocks: list[Block] = [
        Heading(f"{text.name} · {words.regions[figures.region].name}"),
        Paragraph(text.question, "strong"),
    ]
    blocks.append(Paragraph(f"Expected at this age: {expected}"))
    blocks.append(
        Bullets(
            tuple(
                f"{low}–{high}  {getattr(text.anchors, band)}"
                for band, (low, high) in turn.instrument.figures.rating.bands.items()
            )
        )
    )
    blocks.extend(_said_of_function(turn, step.items[0]))
    blocks.extend(_present(turn, step))
    if is_aside:
        blocks.append(Paragraph("Set aside: a rating stays on the map, marked, and counts nowhere.", "strong"))
    if interview.shows_why:
        blocks.append(Paragraph(text.why))
        if text.over:
            blocks.append(Paragraph(text.over))
        blocks.append(
            Paragraph(
                "Set aside is for a known lasting cause (deaf, blind, non-speaking, wheelchair, tube-fed) or for what has not"
                " been taught yet.",
                "small",
            )
        )
    scale = turn.instrument.figures.rating
    chosen = interview.answers.value(step.items[0])
    pad = grid((Button(str(n), "rate", str(n), is_chosen=n == chosen) for n in range(scale.min, scale.max + 1)), 3)
    aside = (Button("Count it again" if is_aside else "Set aside", "aside"),) if interview.shows_why else ()
    return tuple(blocks), (*pad, (Button("As expected for age", "expected"),), aside, *_navigation(turn))


def _paused(turn: Turn) -> Rendered:
    person = turn.interview.person
    return (
        (
            Heading("Paused"),
            Paragraph(f"{person.label}: every answer is kept. Go on whenever you like, on any of your phones."),
        ),
        ((Button("Go on", "resume"), HOME),),
        "nothing",
    )

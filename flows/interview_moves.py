"""What each action of an interview does: guards that say whether it fits, effects that record it. No channel, no store."""

from __future__ import annotations

import unicodedata

from flows.answers import Response, ResponseKind
from flows.conversation import Interview, Turn
from flows.itinerary import STAGES, Step, last_name
from flows.labels import bulk_words, change_item, item_text, period_not_known_words, value_words
from flows.notes import see_notes
from flows.scales import NOT_KNOWN, YES_NO, cycle_of, value_of
from flows.wording import translator

#: Of a note: as much as one message of a chat can hold.
MAX_NOTE = 4096
CONTACT = "The person who harms has no contact with them."
MAX_LANGUAGES = 400
LISTS = ("hard", "held", "relationships", "safety", "facts")
BULK_VALUES: dict[str, int | bool] = {"hard": 0, "held": 3, "relationships": 3, "safety": False, "facts": True}


def _whole(text: str) -> str:
    """A person's text as it could be kept: composed, and without control characters."""
    kept = "".join(c if c.isprintable() or c == "\n" else " " for c in unicodedata.normalize("NFC", text))
    return kept.strip()


def clean(text: str, most: int) -> str:
    """A person's text as it is kept: not longer than a field takes."""
    return _whole(text)[:most]


def is_cut(text: str, most: int) -> bool:
    """Whether a field keeps less than was typed."""
    return len(_whole(text)) > most


# --- guards ----------------------------------------------------------------------------------------------------------


def fits_list(turn: Turn) -> bool:
    """A tap on a list names one of its items and a value that its scale has."""
    step, (item, token) = turn.step, split_item(turn)
    return step.kind in LISTS and item is not None and token in cycle_of(step.kind, item)


def fits_rating(turn: Turn) -> bool:
    scale = turn.instrument.figures.rating
    is_rated = turn.step.kind == "function" and turn.interview.role == "clinician"
    return is_rated and turn.arg.isdecimal() and scale.min <= int(turn.arg) <= scale.max


def fits_expected(turn: Turn) -> bool:
    is_rated = turn.step.kind == "function" and turn.interview.role == "clinician"
    return is_rated and expected_of(turn) is not None


def fits_bulk(turn: Turn) -> bool:
    return turn.step.kind in BULK_VALUES


def fits_period(turn: Turn) -> bool:
    return turn.step.kind in ("hard", "held")


def fits_yes_no(turn: Turn) -> bool:
    if turn.interview.pending_flag(turn.instrument):
        return False
    return turn.step.kind in ("harm", "danger") and turn.arg in (*YES_NO, NOT_KNOWN)


def may_leave_open(turn: Turn) -> bool:
    """Not sure and Skip are there wherever something is still unanswered, save where a harm must be answered."""
    step, interview = turn.step, turn.interview
    if interview.role != "clinician" and step.kind in ("danger", "about"):
        return interview.pending_flag(turn.instrument) is None
    return step.kind == "function" or (
        step.kind in ("hard", "held", "relationships", "safety") and bool(step.open_items(interview.answers))
    )


def may_go_on(turn: Turn) -> bool:
    """Next stands on the facts always, elsewhere once something is answered."""
    step = turn.step
    if step.kind == "danger" and turn.interview.pending_flag(turn.instrument):
        return False
    if step.kind == "more":
        return True
    if step.kind in ("harm", "danger"):
        return step.is_answered(turn.interview.answers)
    return step.kind == "facts" or any(turn.interview.answers.is_reached(i) for i in step.items)


def fits_writing(turn: Turn) -> bool:
    return turn.step.kind == "facts" and bool(clean(turn.text, MAX_LANGUAGES))


def fits_weeks(turn: Turn) -> bool:
    return "weeks_early" in turn.step.items and turn.arg in cycle_of("facts", "weeks_early")


def has_note(turn: Turn) -> bool:
    return bool(clean(turn.text, MAX_NOTE)) and turn.interview.state in STAGES


def fits_set_aside(turn: Turn) -> bool:
    return turn.step.kind == "function"


def has_unasked_harm(turn: Turn) -> bool:
    """A present harm of which nobody has been asked whether it goes on: no result is made past it."""
    interview = turn.interview
    return interview.role == "clinician" and interview.step_after(turn.instrument).stage == "history"


def ask_harm(turn: Turn) -> None:
    arrive_after(turn)
    turn.interview.is_returning = True


def asks_once_more(turn: Turn) -> bool:
    """Finish asks once more while safety questions are open."""
    interview = turn.interview
    return interview.role == "clinician" and bool(open_safety(interview, turn)) and not interview.asked_once_more


def lacks_reason(interview: Interview) -> bool:
    """Whether answers are being changed after a result, without a word on why."""
    return interview.results > 0 and not interview.answers.notes.get(change_item(interview.results + 1))


def may_set_contact(turn: Turn) -> bool:
    """Whether the person who harms has contact matters while a plan waits for it; only a clinician records it."""
    return turn.interview.role == "clinician" and turn.arg in YES_NO


def set_contact(turn: Turn) -> None:
    none = YES_NO[turn.arg]
    label = "No contact" if none else "There is contact"
    turn.interview.respond(Response("no_contact", "answer", none, label, CONTACT))
    turn.say(
        "Recorded: the person who harms has no contact." if none else "Recorded: there is contact, or it is not known."
    )


def is_clinicians(turn: Turn) -> bool:
    return turn.interview.role == "clinician"


def must_read(turn: Turn) -> bool:
    """Finish waits for unread notes of others, and for danger answers that nobody has confirmed yet."""
    return turn.interview.role == "clinician" and (
        turn.interview.unread_notes() > 0
        or any(f.state == "unconfirmed" and not f.is_seen for f in turn.interview.flags)
    )


def may_finish(turn: Turn) -> bool:
    return turn.interview.role == "clinician" and not asks_once_more(turn) and not must_read(turn)


def wait_for_reading(turn: Turn) -> None:
    if turn.interview.unread_notes():
        turn.say("Others left notes. Open them first: Notes from others.")
    else:
        turn.say("Somebody has just answered a danger question. Open it first: Danger flags.")


def fits_edit(turn: Turn) -> bool:
    return edit_target(turn) is not None


def fits_section(turn: Turn) -> bool:
    return turn.arg in STAGES[1:-1] or turn.arg == ""


def fits_page(turn: Turn) -> bool:
    return turn.arg.isdecimal() and len(turn.arg) <= 2


# --- reading an event ------------------------------------------------------------------------------------------------


def split_item(turn: Turn) -> tuple[str | None, str]:
    """The item and the value's token in a list button's argument, `PLACE:TOKEN`."""
    place, _, token = turn.arg.partition(":")
    items = turn.step.items
    if place.isdecimal() and int(place) < len(items):
        return items[int(place)], token
    return None, token


def expected_of(turn: Turn) -> int | None:
    """What is expected at the age that counts, of the function on the screen."""
    return expectation(turn, last_name(turn.step.items[0]))


def expectation(turn: Turn, function: str) -> int | None:
    counted = turn.interview.counted_months(turn.instrument)
    return turn.instrument.expected(turn.instrument.function[function], counted)


def open_safety(interview: Interview, turn: Turn) -> list[str]:
    """Safety questions of this interview that have no known answer and no flag."""
    return [
        item
        for step in interview.steps(turn.instrument)
        if step.stage == "safety"
        for item in step.items
        if interview.answers.value(item) is None and not interview.open_flag(last_name(item))
    ]


def edit_target(turn: Turn) -> Step | None:
    """The step a review's button leads to, by its place in the itinerary."""
    steps = turn.interview.steps(turn.instrument)
    if turn.arg.isdecimal() and int(turn.arg) < len(steps) - 1:
        return steps[int(turn.arg)]
    return None


# --- effects ---------------------------------------------------------------------------------------------------------


def respond_to(
    turn: Turn,
    item: str,
    value: int | bool | str | None,
    label: str,
    *,
    kind: ResponseKind | None = None,
    bulk: bool = False,
) -> Response:
    if kind is None:
        kind = "not_sure" if value is None else "answer"
    shown = item_text(item, turn.interview, turn.instrument)
    if turn.interview.role != "clinician":
        label = translator(turn.interview.locale)(label)  # kept as it stood on the button
    return Response(item=item, kind=kind, value=value, label=label, text=shown, is_bulk=bulk)


def answer_item(turn: Turn, item: str, value: int | bool | str | None, label: str, *, bulk: bool = False) -> None:
    """Record one answer; a danger's yes latches and its no takes back what this informant raised, in the same turn."""
    turn.interview.respond(respond_to(turn, item, value, label, bulk=bulk))
    if item.startswith("safety."):
        if value is True:
            turn.desk.raise_flag(turn, last_name(item), is_confirmed=turn.interview.role == "clinician")
        else:
            turn.desk.withdraw_flag(turn, last_name(item))


def set_item(turn: Turn) -> None:
    item, token = split_item(turn)
    assert item is not None
    words = value_words(turn.step.kind, item, token, turn.interview, turn.instrument)
    answer_item(turn, item, value_of(token), words)


def rate(turn: Turn) -> None:
    answer_item(turn, turn.step.items[0], int(turn.arg), turn.arg)
    turn.goes_forward = True


def rate_as_expected(turn: Turn) -> None:
    answer_item(turn, turn.step.items[0], expected_of(turn), "As expected for age")
    turn.goes_forward = True


def fill(turn: Turn) -> None:
    """One tap for all that is still unanswered; moves on when nothing is left open."""
    step, answers = turn.step, turn.interview.answers
    for item in step.open_items(answers):
        if step.kind == "facts" and item in ("facts.languages", "weeks_early"):
            continue
        if step.kind == "safety" and turn.interview.open_flag(last_name(item)):
            continue  # nobody's bulk answer contradicts a flag that another raised
        answer_item(turn, item, BULK_VALUES[step.kind], bulk_words(step.kind, turn.interview), bulk=True)
    turn.goes_forward = step.kind == "safety" or step.is_answered(answers)


def period_not_known(turn: Turn) -> None:
    """Both lists of a period become unknown, and the next period comes."""
    steps = turn.interview.steps(turn.instrument)
    for step in [s for s in steps if s.period == turn.step.period and s.kind in ("hard", "held")]:
        for item in step.items:
            answer_item(turn, item, None, period_not_known_words(turn.interview), bulk=True)
    remaining = turn.interview.steps(turn.instrument)
    turn.interview.at = next(s.key for s in remaining if s.period == turn.step.period and s.kind == "held")
    turn.goes_forward = True


def leave_not_sure(turn: Turn) -> None:
    _leave_open(turn, "not_sure", "Not sure")


def skip(turn: Turn) -> None:
    _leave_open(turn, "skipped", "Skip")


def _leave_open(turn: Turn, kind: ResponseKind, label: str) -> None:
    """What is unanswered becomes a response of its own; an earlier answer to a single question is replaced."""
    step = turn.step
    items = list(step.items) if len(step.items) == 1 else step.open_items(turn.interview.answers)
    for item in items:
        if step.kind == "safety" and turn.interview.open_flag(last_name(item)):
            continue
        turn.interview.respond(respond_to(turn, item, None, label, kind=kind, bulk=len(items) > 1))
    turn.goes_forward = True


def say_yes_no(turn: Turn) -> None:
    """The answer to a harm or danger question that stands by itself."""
    words = {"yes": "Yes", "no": "No", NOT_KNOWN: "Not known"}[turn.arg]
    answer_item(turn, turn.step.items[0], value_of(turn.arg), words)
    turn.goes_forward = turn.interview.pending_flag(turn.instrument) is None


def confirm_region(turn: Turn) -> None:
    """One tap takes over what others say of a region, wherever they agree and nobody said much harder."""
    said = turn.interview.suggestions(turn.instrument)
    for item in turn.step.items:
        answer = turn.interview.answers.of.get(item)
        if answer is None or answer.is_bulk:
            answer_item(turn, item, said[item][0][2], "Confirm all", bulk=True)
    turn.goes_forward = True


def take_as_said(turn: Turn) -> None:
    """What another informant said of a list fills what is still unanswered; never what they said of themself."""
    step, interview = turn.step, turn.interview
    for item, value in said_by_others(turn).items():
        if not interview.answers.is_reached(item):
            answer_item(turn, item, value, "As they said", bulk=True)
    turn.goes_forward = step.is_answered(interview.answers)


def said_by_others(turn: Turn) -> dict[str, int]:
    """For the list on the screen: what others say, where all who know say the same; `of_self` items are left out."""
    found: dict[str, int] = {}
    for item in turn.step.items:
        values = {o.answers.value(item) for o in turn.interview.others} - {None}
        if len(values) == 1 and last_name(item) not in turn.instrument.figures.of_self:
            found[item] = values.pop()
    return found


def has_been_said(turn: Turn) -> bool:
    is_list = turn.step.kind in ("hard", "held", "relationships")
    return is_list and any(not turn.interview.answers.is_reached(i) for i in said_by_others(turn))


def confirms(turn: Turn) -> bool:
    return turn.step.kind == "confirm"


def go_on(turn: Turn) -> None:
    turn.goes_forward = True


def write_languages(turn: Turn) -> None:
    text = clean(turn.text, MAX_LANGUAGES)
    answer_item(turn, "facts.languages", text, text)
    cut = is_cut(turn.text, MAX_LANGUAGES)
    turn.say(f"Languages kept, the first {MAX_LANGUAGES} letters." if cut else "Languages kept.")


def write_weeks(turn: Turn) -> None:
    answer_item(turn, "weeks_early", int(turn.arg), turn.arg)


def note(turn: Turn) -> None:
    """Every note is answered; a carer is told each time that nobody is reading now."""
    subject = _subject(turn)
    shown = item_text(subject, turn.interview, turn.instrument)
    turn.interview.respond(Response(subject, "note", None, "", shown, note=clean(turn.text, MAX_NOTE)))
    is_clinician = turn.interview.role == "clinician"
    said = "Note kept with this screen." if is_clinician else turn.desk.answer_to_note(turn)
    if is_cut(turn.text, MAX_NOTE):
        t = translator(turn.talk.account.locale)
        said = f"{t('That was very long: the end is not kept. Please write the end once more.')} {said}"
    turn.say(said)


def _subject(turn: Turn) -> str:
    """What a note goes to; on the review after a result it says why answers are changed."""
    interview = turn.interview
    if interview.role == "clinician" and interview.state == "review" and interview.results:
        return change_item(interview.results + 1)
    return turn.step.subject


def show_why(turn: Turn) -> None:
    turn.interview.shows_why = turn.arg != "0"


def set_aside(turn: Turn) -> None:
    item = turn.step.items[0]
    if item in turn.interview.answers.set_aside:
        turn.interview.respond(respond_to(turn, item, None, "Count it again", kind="counted_again"))
        turn.say("It counts again.")
    else:
        turn.interview.respond(respond_to(turn, item, None, "Set aside", kind="set_aside"))
        turn.say("Set aside: a rating stays on the map, marked, and counts nowhere.")


def pause(turn: Turn) -> None:
    turn.desk.latch_unconfirmed(turn)
    turn.interview.resume_state = turn.interview.state
    turn.interview.paused_by_request = turn.event.action == "pause"


def arrive_after(turn: Turn) -> None:
    interview = turn.interview
    target = interview.step_after(turn.instrument)
    interview.go_to(target)


def arrive_before(turn: Turn) -> None:
    target = turn.interview.step_before(turn.instrument)
    assert target is not None
    turn.interview.go_to(target)


def arrive_at_edit(turn: Turn) -> None:
    target = edit_target(turn)
    assert target is not None
    turn.interview.go_to(target)
    turn.interview.is_returning = True


def show_section(turn: Turn) -> None:
    turn.interview.section, turn.interview.page = turn.arg, 0


def show_page(turn: Turn) -> None:
    turn.interview.page = int(turn.arg)
    if turn.interview.section == "notes":
        see_notes(turn.interview)


def ask_once_more(turn: Turn) -> None:
    turn.interview.asked_once_more = True


def finish(turn: Turn) -> None:
    turn.interview.section, turn.interview.asked_once_more = "", False
    turn.desk.finish_encounter(turn)


def reopen(turn: Turn) -> None:
    turn.interview.section, turn.interview.asked_once_more = "", False
    turn.interview.at = "review"
    turn.say("The result so far is kept. Finish makes a new one beside it.")


def resume(turn: Turn) -> None:
    turn.interview.resume_state = None
    turn.interview.paused_by_request = False

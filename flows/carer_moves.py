"""What a carer, a school or the person themself does in a questionnaire: agree, say who they are, answer, send, stop."""

from __future__ import annotations

from flows.conversation import Turn
from flows.interview_moves import answer_item, clean, respond_to
from flows.itinerary import Step, last_name
from scoring.documents.words import capital

CONSENT_VERSION = "1"
WORD_MAX = 20
#: What can be chosen about who answers, by item: value → words (English; screens translate them).
CHOICES: dict[str, dict[str, str]] = {
    "about.relation": {
        "parent": "Parent",
        "foster": "Foster carer",
        "family": "Family",
        "partner": "Partner",
        "key_worker": "Key worker",
        "friend": "Friend",
        "other": "Someone else",
    },
    "about.together": {"yes": "Yes", "no": "No", "partly": "Part of the time"},
    "about.earlier": {"yes": "I know about earlier", "no": "No"},
    "about.alone": {"yes": "Yes", "later": "Later", "leave_out": "Leave these out"},
}
SCHOOL_RELATIONS = {
    "teacher": "Teacher",
    "key_person": "Key person",
    "work": "Someone at work",
    "other": "Someone else",
}
SINCE_THE_START = "Since the start"
COMPARED = ("much_harder", "harder", "as_expected", "ahead")


def choices(step: Step, turn: Turn) -> dict[str, str]:
    """Value → English words of what can be chosen on a screen; periods for since when."""
    item = step.items[0]
    if item == "about.relation" and turn.interview.role == "school":
        return SCHOOL_RELATIONS
    if item == "about.since":
        begun = [p.id for p in turn.instrument.figures.periods if p.has_begun(turn.interview.person.age_months)]
        texts = turn.instrument.texts[turn.interview.language(turn.instrument)].periods
        return {"start": SINCE_THE_START, **{p: capital(texts[p].carer) for p in begun[1:]}}
    return CHOICES.get(item, {})


# --- guards ----------------------------------------------------------------------------------------------------------


def is_choice(turn: Turn) -> bool:
    return turn.step.kind in ("about", "alone") and turn.arg in choices(turn.step, turn)


def is_word(turn: Turn) -> bool:
    return turn.step.key == "about.word" and bool(clean(turn.text, WORD_MAX))


def is_comparison(turn: Turn) -> bool:
    return turn.step.kind == "function" and turn.arg in COMPARED and turn.interview.role != "clinician"


def has_pending(turn: Turn) -> bool:
    return turn.interview.pending_flag(turn.instrument) is not None


def is_consenting(turn: Turn) -> bool:
    return turn.step.kind == "consent"


def asks_alone_again(turn: Turn) -> bool:
    """Later was said to the danger questions: they are offered once more before sending."""
    interview = turn.interview
    is_later = interview.answers.value("about.alone") == "later"
    return interview.role != "clinician" and is_later and not interview.asked_once_more


def may_send(turn: Turn) -> bool:
    return turn.interview.role != "clinician" and not asks_alone_again(turn)


def informs(turn: Turn) -> bool:
    return turn.interview.role != "clinician"


# --- effects ---------------------------------------------------------------------------------------------------------


def agree(turn: Turn) -> None:
    """Agreement is kept with the version of the notice it was given to."""
    turn.interview.respond(respond_to(turn, "consent", CONSENT_VERSION, "I agree", kind="agreed"))
    turn.goes_forward = True


def decline(turn: Turn) -> None:
    turn.desk.cases.decline(turn.interview)
    turn.desk.tx.audit(turn.talk.account.id, "invitation.declined", turn.interview.case_id)


def choose(turn: Turn) -> None:
    answer_item(turn, turn.step.items[0], turn.arg, choices(turn.step, turn)[turn.arg])
    turn.goes_forward = True


def write_word(turn: Turn) -> None:
    word = " ".join(clean(turn.text, WORD_MAX).split())
    answer_item(turn, "about.word", word, word)
    turn.goes_forward = True


def compare(turn: Turn) -> None:
    texts = turn.instrument.texts[turn.interview.language(turn.instrument)]
    words = texts.scales["carer_scale"][turn.arg].word
    answer_item(turn, turn.step.items[0], turn.arg, words)
    turn.goes_forward = True


def confirm_danger(turn: Turn) -> None:
    """The yes was meant: it is latched, and the clinician told, in this very transaction."""
    turn.desk.latch_unconfirmed(turn)
    turn.goes_forward = True


def take_back(turn: Turn) -> None:
    """A slip: the flag is withdrawn, and the question stands open again."""
    item = turn.step.items[0]
    turn.desk.withdraw_flag(turn, last_name(item))
    turn.interview.respond(respond_to(turn, item, None, "A slip", kind="slip"))


def offer_danger_again(turn: Turn) -> None:
    interview = turn.interview
    interview.asked_once_more = True
    interview.at = "about.alone"


def send(turn: Turn) -> None:
    """Send: what was left unconfirmed is latched, and the case's clinician gets one quiet line without content."""
    turn.desk.latch_unconfirmed(turn)
    turn.desk.tell_questionnaire_is_back(turn)


def withdraw(turn: Turn) -> None:
    """Erase what was said, save danger answers; no more is asked."""
    turn.desk.latch_unconfirmed(turn)
    turn.desk.cases.erase_answers(turn.interview)
    turn.desk.tx.audit(turn.talk.account.id, "questionnaire.erased", turn.interview.case_id)

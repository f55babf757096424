"""The words for items, values and sections as each informant reads them, taken from the instrument."""

from __future__ import annotations

from flows.conversation import Interview
from flows.itinerary import last_name
from flows.scales import NOT_KNOWN
from flows.wording import Translate, translator
from scoring.instrument import Instrument
from scoring.instrument.model import DangerAsked, FactorText

ADULT_FROM_MONTHS = 216
ASKED_SECTIONS = ("functions.", "safety.", "history.", "relational_now.")
STAGE_NAMES = {
    "consent": "Agreement",
    "history": "History",
    "functioning": "Functioning",
    "relationships": "Relationships now",
    "safety": "Safety",
    "review": "Review",
}


#: Who answers, as it stands within a sentence.
WHO = {"clinician": "clinician", "carer": "carer", "school": "school", "self": "the person"}
#: What the one button that fills a list says to a clinician, by kind of list.
BULK_WORDS = {
    "hard": "None of these",
    "held": "All steady",
    "relationships": "All steady",
    "safety": "None of these",
    "facts": "All checked",
}
#: Notes on why answers were changed after finishing, by the number of the result that they led to.
CHANGE = "change."


def who(role: str, relation: str = "") -> str:
    """Who answers, with what they are to the person where that is known, so that two carers can be told apart."""
    return f"{WHO[role]} ({relation.replace('_', ' ')})" if relation else WHO[role]


def change_item(result: int) -> str:
    return f"{CHANGE}{result}"


def factor_text(item: str, instrument: Instrument) -> FactorText:
    words = instrument.words
    name = last_name(item)
    if item.startswith("relational_now."):
        return words.relational_now[name]
    return words.adversity[name] if ".adversity." in item else words.relational[name]


def is_adult_wording(item: str, interview: Interview) -> bool:
    """Whether an item speaks of an adult: of adult life for history, of an adult person for the present."""
    if item.startswith("history."):
        return item.split(".")[1] in ("youth", "adulthood")
    return interview.person.age_months >= ADULT_FROM_MONTHS


def short_words(item: str, interview: Interview, instrument: Instrument) -> str:
    """What stands on a list's button, at most 20 characters."""
    name = last_name(item)
    if item.startswith("safety."):
        return instrument.words.safety[name].short
    if item.startswith("functions."):
        return instrument.words.functions[name].name
    if item.startswith("facts.") or item == "weeks_early":
        return instrument.words.facts[name].short
    if item.startswith("still_happening."):
        return instrument.words.adversity[name].short
    text = factor_text(item, instrument)
    return (text.adult.short if is_adult_wording(item, interview) else None) or text.short


def asked_text(item: str, interview: Interview, instrument: Instrument) -> str:
    """An item in the words of the informant who is asked, in their language."""
    texts, role, name = instrument.texts[interview.language(instrument)], interview.role, last_name(item)
    if item.startswith("functions."):
        asked = getattr(texts.functions[name], role)
        return str(asked.question)
    if item.startswith("safety."):
        return danger_asked(item, interview, instrument).question
    section = texts.relational_now
    if item.startswith("history."):
        section = texts.adversity if ".adversity." in item else texts.relational
    text = section[name]
    is_adult = role == "carer" and interview.person.age_months >= ADULT_FROM_MONTHS
    return (text.carer_adult if is_adult else None) or getattr(text, role) or text.full


def danger_asked(item: str, interview: Interview, instrument: Instrument) -> DangerAsked:
    """A danger question as it is put to the informant: the question, what is meant, what to do at once."""
    text = instrument.texts[interview.language(instrument)].safety[last_name(item)]
    asked: DangerAsked = getattr(text, interview.role)
    if interview.role == "carer" and interview.person.age_months >= ADULT_FROM_MONTHS and text.carer_adult:
        return asked.model_copy(update={"question": text.carer_adult.question})
    return asked


def about_text(item: str, t: Translate) -> str:
    """What somebody is asked of themself, and of answering alone, in the words at the head of its screen."""
    return {
        "about.word": t("Who is it about?"),
        "about.relation": t("Who are you to them?"),
        "about.together": t("Do you live with them?"),
        "about.since": t("Since when have you known them well?"),
        "about.earlier": t("Do you know about the time before that?"),
        "about.alone": t("Can you answer alone now?"),
        "about.more": t("If you have more to say now, type it here. It is kept with your answers."),
    }[item]


def consent_text(interview: Interview, instrument: Instrument) -> tuple[str, ...]:
    """What somebody agrees to, line by line, in their language."""
    t = translator(interview.locale)
    if interview.role == "self":
        opening = t("This is a set of plain questions about you and your days.")
    else:
        opening = t("This is a set of plain questions about someone you look after or work with.")
    asked_for = t("A clinician you know has asked for it and will read it.")
    return opening, asked_for, *instrument.texts[interview.language(instrument)].notice.carer


def asked_words(kind: str, token: str, interview: Interview, instrument: Instrument) -> str:
    """The word for a list's value in the informant's own scale."""
    scales, figures = instrument.texts[interview.language(instrument)].scales, instrument.figures
    name, values = (
        ("carer_adversity", figures.adversity_scale)
        if kind == "hard"
        else (
            "carer_relational",
            figures.relational_scale,
        )
    )
    return scales[name]["not_known" if token == NOT_KNOWN else values[int(token)]].word


def item_text(item: str, interview: Interview, instrument: Instrument) -> str:
    """The full wording of an item as this informant is shown it."""
    name = last_name(item)
    words = instrument.words
    if interview.role != "clinician":
        return _informants_text(item, interview, instrument)
    if item.startswith("safety."):
        return words.safety[name].question
    if item.startswith("functions."):
        return words.functions[name].question
    if item.startswith("facts.") or item == "weeks_early":
        return words.facts[name].full
    if item.startswith("still_happening."):
        return words.harm[name].still
    if item.startswith(("history.", "relational_now.")) and name not in ("adversity", "relational"):
        text = factor_text(item, instrument)
        return (text.adult.full if is_adult_wording(item, interview) else None) or text.full
    if item.startswith(CHANGE):
        return "Why answers were changed after finishing"
    return STAGE_NAMES.get(item, item)


def _informants_text(item: str, interview: Interview, instrument: Instrument) -> str:
    if item == "consent":
        return " ".join(consent_text(interview, instrument))
    if item.startswith("about."):
        return about_text(item, translator(interview.locale))
    is_item = item.startswith(ASKED_SECTIONS) and last_name(item) not in ("adversity", "relational")
    return asked_text(item, interview, instrument) if is_item else item


def value_words(kind: str, item: str, token: str, interview: Interview, instrument: Instrument) -> str:
    """The word for a value on a list's button, as who answers sees it."""
    if interview.role == "clinician":
        return token_words(kind, item, token, instrument)
    return asked_words(kind, token, interview, instrument)


def bulk_words(kind: str, interview: Interview) -> str:
    """The words of the button that answers all of a list that is still open, as who answers sees them."""
    if interview.role == "clinician":
        return BULK_WORDS[kind]
    t = translator(interview.locale)
    return t("None of these") if kind == "hard" else t("All of these, nearly always")


def period_not_known_words(interview: Interview) -> str:
    """The words of the button that leaves a whole period unknown."""
    if interview.role == "clinician":
        return "Not known for this period"
    return translator(interview.locale)("I do not know about this time")


def token_words(kind: str, item: str, token: str, instrument: Instrument) -> str:
    """The word for a value on a list's button, as a clinician sees it."""
    scales = instrument.words.scales
    if token == NOT_KNOWN:
        return "not known"
    if token in ("yes", "no"):
        return token
    if item == "weeks_early":
        return token
    if kind == "hard":
        return scales["adversity"][instrument.figures.adversity_scale[int(token)]].word
    return scales["relational"][instrument.figures.relational_scale[int(token)]].word

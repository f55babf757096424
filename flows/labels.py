"""The words for items, values and sections on a clinician's screens, taken from the instrument."""

from __future__ import annotations

from flows.conversation import Interview
from flows.itinerary import last_name
from flows.scales import NOT_KNOWN
from scoring.instrument import Instrument
from scoring.instrument.model import FactorText

ADULT_FROM_MONTHS = 216
STAGE_NAMES = {
    "history": "History",
    "functioning": "Functioning",
    "relationships": "Relationships now",
    "safety": "Safety",
    "review": "Review",
}


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


def item_text(item: str, interview: Interview, instrument: Instrument) -> str:
    """The full wording of an item as the clinician is shown it."""
    name = last_name(item)
    words = instrument.words
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
    return STAGE_NAMES.get(item, item)


def token_words(kind: str, item: str, token: str, instrument: Instrument) -> str:
    """The word for a value on a list's button."""
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

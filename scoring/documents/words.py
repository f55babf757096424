"""Numbers and ids to words: ages, percents, doses, names. Every document, chat message and screen speaks through these.

Percents are printed whole here, half to even on the exact value; one decimal stands in JSON only (clinical.md, "Scoring").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from scoring.instrument.model import ActivityText, Texts
from scoring.result import Result

ADULT_FROM_MONTHS = 216
#: Below this age months say more than years.
YEARS_FROM_MONTHS = 24
LABEL_MAX = 80
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_HELD_BACK = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": "\N{REPLACEMENT CHARACTER}"}
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_CARER = re.compile(r"\b(?:(?:the|a|their) )?(?:main )?carer(?P<plural>s)?(?P<own>'s?)?(?![a-z])")


# --- numbers ---------------------------------------------------------------------------------------------------------


def whole(value: Fraction) -> str:
    """A number printed whole.

    Examples
    --------
    >>> whole(Fraction(6496, 100)), whole(Fraction(1, 2))
    ('65', '0')
    """
    return str(round(value))


def percent(value: Fraction) -> str:
    """A percent (0–100) printed whole: `61%`."""
    return f"{whole(value)}%"


def span(low: Fraction, high: Fraction) -> str:
    """A range of percents, one number where both print alike.

    Examples
    --------
    >>> span(Fraction(152, 10), Fraction(99)), span(Fraction(70), Fraction(702, 10))
    ('15–99%', '70%')
    """
    return percent(low) if whole(low) == whole(high) else f"{whole(low)}–{percent(high)}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "answer"), counted(3, "answer")
    ('1 answer', '3 answers')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def age(months: int) -> str:
    """An age in completed months as people say it.

    Examples
    --------
    >>> age(0), age(19), age(99), age(96)
    ('under 1 month', '19 months', '8 years 3 months', '8 years')
    """
    if months < 1:
        return "under 1 month"
    if months < YEARS_FROM_MONTHS:
        return counted(months, "month")
    years, rest = divmod(months, 12)
    return counted(years, "year") + (f" {counted(rest, 'month')}" if rest else "")


def day(on: date) -> str:
    """A date that nobody can read as another: `1 April 2026`."""
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def how_often(per_week: float) -> str:
    """How many times, from times a week.

    Examples
    --------
    >>> [how_often(n) for n in (0.25, 0.5, 1, 2, 7)]
    ['once a month', 'every other week', 'once a week', 'twice a week', '7 times a week']
    """
    named = {0.25: "once a month", 0.5: "every other week", 1: "once a week", 2: "twice a week"}
    return named.get(per_week) or f"{per_week:g} times a week"


def dose(minutes: int, per_week: float) -> str:
    """What an activity takes: `10 minutes, 7 times a week`."""
    return f"{counted(minutes, 'minute')}, {how_often(per_week)}"


# --- sentences -------------------------------------------------------------------------------------------------------


def listed(parts: Iterable[str], word: str = "and") -> str:
    """Parts in a sentence.

    Examples
    --------
    >>> listed(["sleep"]), listed(["sleep", "mood", "play"])
    ('sleep', 'sleep, mood and play')
    """
    *most, last = list(parts) or [""]
    return f"{', '.join(most)} {word} {last}" if most else last


def series(parts: Iterable[str]) -> str:
    """Parts that may hold commas of their own, in a line.

    Examples
    --------
    >>> series(["Skilled movement, body sense", "Sleep"])
    'Skilled movement, body sense; Sleep'
    """
    return "; ".join(parts)


def capital(text: str) -> str:
    """The text with a capital to begin with, the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence: a capital first, and an end."""
    return capital(text) if text.endswith((".", "?", "!")) else f"{capital(text)}."


def units(text: str) -> int:
    """Length in UTF-16 code units, as chats count it.

    Examples
    --------
    >>> units("a"), units("🙂")
    (1, 2)
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def flat(text: str, most: int | None = None) -> str:
    """Text that somebody typed, safe to set in a line: no control or direction marks, no line breaks, no half characters.

    What people write stays as it is, in any script; a half character (a lone surrogate) becomes one visible mark.
    """
    kept = "".join(
        c if c in _JOINERS else _HELD_BACK.get(unicodedata.category(c), c) for c in unicodedata.normalize("NFC", text)
    )
    line = " ".join(kept.split())
    return line if most is None or len(line) <= most else f"{line[: most - 1].rstrip()}…"


def closest(text: str) -> str:
    """For an adult the carer is the person who is closest (clinical.md, "Adults and self-report").

    Examples
    --------
    >>> closest("support for the carer"), closest("a carer in crisis")
    ('support for the person who is closest', 'the person who is closest in crisis')
    """

    def replaced(found: re.Match[str]) -> str:
        who = "the people who are closest" if found["plural"] else "the person who is closest"
        return who + ("'s" if found["own"] else "")

    return _CARER.sub(replaced, text)


# --- ids -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActivityWords:
    """An activity in the words that fit the person's age."""

    name: str
    what: str
    how: tuple[str, ...]
    helps: str
    stop: str
    caution: str | None
    source: str | None
    leader: str
    place: str
    dose: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The instrument's words for one result: the adult variants where the person is an adult."""

    result: Result

    @property
    def texts(self) -> Texts:
        return self.result.instrument.words

    @property
    def adult(self) -> bool:
        return self.result.profile.age_months >= ADULT_FROM_MONTHS

    def label(self) -> str:
        """The label as it may stand in a line, empty where the case has none."""
        return flat(self.result.case.label or "", LABEL_MAX)

    def function(self, name: str) -> str:
        return self.texts.functions[name].name

    def function_plain(self, name: str) -> str:
        """Name and plain words, once where they are the same."""
        text = self.texts.functions[name]
        return text.name if text.name.lower() == text.plain.lower() else f"{text.name} ({text.plain})"

    def domain(self, name: str) -> str:
        return self.texts.domains[name].name

    def tier(self, name: str) -> str:
        return self.texts.tiers[name].word

    def harm(self, name: str) -> str:
        """What is named, for example `being hit or hurt in the body`."""
        return self.texts.harm[name].named

    def flag(self, name: str) -> str:
        plain = self.texts.safety[name].plain
        return closest(plain) if self.adult else plain

    def flag_act(self, name: str) -> str:
        act = self.texts.safety[name].act
        return closest(act) if self.adult else act

    def flag_or_harm(self, name: str) -> str:
        return self.flag(name) if name in self.texts.safety else self.harm(name)

    def relational_now(self, name: str) -> str:
        plain = self.texts.relational_now[name].plain
        return closest(plain) if self.adult else plain

    def how_steady(self, value: int) -> str:
        """A value of 0–3 on the relational scale: hardly to steadily."""
        return self.texts.scales["relational"][self.result.instrument.figures.relational_scale[value]].word

    def how_heavy(self, value: int) -> str:
        """A value of 0–3 on the adversity scale: none to severe."""
        return self.texts.scales["adversity"][self.result.instrument.figures.adversity_scale[value]].word

    def activity(self, name: str) -> ActivityWords:
        text: ActivityText = self.texts.activities[name]
        figures = self.result.instrument.activity[name]
        adult = text.adult if self.adult else None
        return ActivityWords(
            name=(adult and adult.name) or text.name,
            what=(adult and adult.what) or text.what,
            how=(adult and adult.how) or text.how,
            helps=text.helps,
            stop=text.stop,
            caution=text.caution,
            source=text.source,
            leader=self.leader(figures.lead),
            place=self.place(figures.setting),
            dose=dose(figures.minutes, figures.per_week),
        )

    def leader(self, lead: str) -> str:
        """Who leads, in words that fit the age: what a carer leads is led by an adult themself."""
        if lead == "carer":
            return "the adult themself" if self.adult else "the carer"
        if lead == "self":
            return "the adult themself" if self.adult else "the young person themself"
        if lead == "teacher" and self.result.profile.age_months < 48:
            return "a key person at nursery"
        return (
            f"the {lead}"
            if lead in ("family", "clinician")
            else f"a {lead}"
            if lead[0] not in "aeiou"
            else f"an {lead}"
        )

    def place(self, setting: str) -> str:
        if setting == "school":
            months = self.result.profile.age_months
            return "at nursery" if months < 48 else "at school" if months < ADULT_FROM_MONTHS else "at college or work"
        return {"home": "at home", "clinic": "at a clinic", "community": "in the community"}[setting]

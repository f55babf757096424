"""The words of the instrument, and of the program around it: what may never be said, and how plain the rest must be."""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from scoring.instrument import load
from scoring.instrument.model import FunctionText

ROOT = Path(__file__).parents[3]
WORDS = load().words
FIGURES = load().figures
BANDS = ("severe", "moderate", "mild", "typical")

#: Never in the product: terms that promise a look into the head, and names or terms of art of other instruments.
TERMS = re.compile(
    r"""\b(?: brain[\s_-]?scans? | brain[\s_-]?ages? | damag\w* | abnormal\w* | normal | normality
        | neurosequential\w* | NMT | NME | Perry | polyvagal | window\ of\ tolerance | upstairs\ brain | lizard\ brain
        | ACE[\ -]scores? | ACEs | CBCL | SDQ | ASQ | BRIEF-?2 | Vineland | Bayley | Griffiths | WISC | WPPSI | Conners
        | M-CHAT | ADOS | CANS | Sensory\ Profile | sensory\ diet | Theraplay | Floortime | Marschak | Triple\ P | PCIT
        | DDP | PACE | Circle\ of\ Security | Incredible\ Years | Makaton | state[\ -]dependent | use[\ -]dependent
        | functional\ domains | relational\ health | attachment\ disorder | reactive\ attachment )\b""",
    re.IGNORECASE | re.VERBOSE,
)
#: These are written in capitals where they are meant, and are ordinary words or letters otherwise.
IN_CAPITALS = {"NMT", "NME", "ACES", "SDQ", "ASQ", "CANS", "DDP", "PACE", "PCIT"}
DENIED = re.compile(r"\b(?:no|not a|never a|nor a|not)\s+diagnosis\b", re.IGNORECASE)
#: A work's own title and authors may stand where a source is named.
SOURCES = re.compile(r"\.(source|evidence)$")


def forbidden(text: str) -> list[str]:
    """Terms in a text that may never stand in the product."""
    found = [m.group(0) for m in TERMS.finditer(text) if m.group(0).upper() not in IN_CAPITALS or m.group(0).isupper()]
    return found + re.findall(r"\bdiagnos\w*", DENIED.sub("", text), re.IGNORECASE)


def texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from texts(getattr(value, name), f"{place}.{name}")
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from texts(entry, f"{place}.{key}")
    elif isinstance(value, tuple | list):
        for i, entry in enumerate(value):
            yield from texts(entry, f"{place}.{i}")


ALL = dict(texts(WORDS))
#: What a carer, a school or the person themself is asked or shown.
ASKED = {
    place: text
    for place, text in ALL.items()
    if re.search(r"\.(carer|carer_adult|school|self)(\.|$)", place) and not place.startswith(".periods")
}


def words(text: str) -> list[str]:
    return re.findall(r"[\w'’]+(?:-[\w'’]+)*", text)


def sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])[\"')]*\s+", text) if s]


# --- what may never be said ---------------------------------------------------------------------------------------------


def test_the_check_on_terms_finds_them_and_lets_the_denial_pass() -> None:
    for text in (
        "A brain scan.",
        "brain-age",
        "Damaged",
        "is abnormal",
        "a normal child",
        "the diagnosis",
        "NMT",
        "Perry",
    ):
        assert forbidden(text), text
    for text in ("It is not a diagnosis.", "no diagnosis", "a slow pace", "he cans peas", "the brainstem", "manage"):
        assert not forbidden(text), text


def test_no_text_of_the_instrument_says_what_may_never_be_said() -> None:
    assert {p: found for p, text in ALL.items() if not SOURCES.search(p) and (found := forbidden(text))} == {}


def test_no_id_of_the_instrument_says_what_may_never_be_said() -> None:
    ids = [place for place, _ in texts(FIGURES.model_dump())] + list(ALL)
    assert [i for i in ids if forbidden(re.sub(r"[._]", " ", i))] == []


def terms_in_the_program() -> set[tuple[str, str]]:
    """Terms in strings, remarks and names of the program, its front page and its metadata.

    Let through: FHIR's own `DiagnosticReport` and `diagnostic`.
    """
    found: set[tuple[str, str]] = set()
    kinds = {tokenize.STRING, tokenize.COMMENT, tokenize.NAME, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for path in sorted(p for package in ("bot", "flows", "scoring") for p in (ROOT / package).rglob("*.py")):
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            if token.type not in kinds or token.string == "diagnostic":
                continue
            plain = token.string.replace("_", " ") if token.type == tokenize.NAME else token.string
            terms = forbidden(plain.replace("DiagnosticReport", ""))
            found.update((str(path.relative_to(ROOT)), term.lower()) for term in terms)
    for name in ("pyproject.toml", "README.md"):
        found.update((name, term.lower()) for term in forbidden((ROOT / name).read_text("utf-8")))
    return found


def test_nothing_in_the_program_says_what_may_never_be_said() -> None:
    assert terms_in_the_program() == set()


@pytest.mark.parametrize(
    "phrase",
    [
        r"why did(?:n't)? (?:you|they)",
        r"your (?:child|son|daughter|kid|boy|girl)\b",
        r"\b(?:naughty|manipulat\w+|lazy|attention.seeking|challenging behaviou?r|dysregulated|non-?compliant)\b",
        r"\b(?:mum|mummy|dad|daddy)\b",
        r"\bbad parent\w*",
    ],
)
def test_nobody_is_blamed_and_no_family_is_taken_for_granted(phrase: str) -> None:
    assert [(p, t) for p, t in ALL.items() if re.search(phrase, t, re.IGNORECASE) and not SOURCES.search(p)] == []


#: The same in the other languages, as far as we have them.
NEVER_ELSEWHERE = {
    "es": r"\b(?:tus?|sus?) hij[oa]s?\b|\b(?:anormal|normal)\w*|diagn[oó]stic|esc[aá]ner|edad cerebral|por qué (?:lo )?hiciste",
}


@pytest.mark.parametrize("language", [name for name in load().texts if name != "en"])
def test_other_languages_keep_to_the_same(language: str) -> None:
    translated = {p: t for p, t in texts(load().texts[language]) if t != ALL.get(p)}
    assert len(translated) > 500
    never = re.compile(NEVER_ELSEWHERE[language], re.IGNORECASE)
    assert [(p, t) for p, t in translated.items() if never.search(t)] == []


def test_those_who_are_asked_meet_no_word_of_scoring() -> None:
    shown = ASKED | {p: t for p, t in ALL.items() if p.endswith((".plain", ".named", ".plain_now", ".still"))}
    word = re.compile(r"\b(?:score|scores|rating|percent|symptoms?|deficits?|tier|norms?)\b", re.IGNORECASE)
    assert [(p, t) for p, t in shown.items() if word.search(t)] == []


def test_there_are_no_exclamation_marks_and_no_curly_quotes() -> None:
    assert [(p, t) for p, t in ALL.items() if re.search(r"[!‘’“”]", t) and not SOURCES.search(p)] == []


def test_no_text_has_stray_blanks_or_is_empty() -> None:
    may_be_empty = {p for p in ALL if p.endswith(".handle")}
    wrong = [p for p, t in ALL.items() if t != " ".join(t.split()) or (not t and p not in may_be_empty)]
    assert wrong == []


# --- length and plainness -----------------------------------------------------------------------------------------------

#: Sentences of 15 words or more that cannot be shorter, each with the reason. None so far.
LONGER: dict[str, str] = {}


@pytest.mark.parametrize("language", load().texts)
def test_sentences_for_those_who_are_asked_have_under_15_words(language: str) -> None:
    shown = {place: text for place, text in texts(load().texts[language]) if place in ASKED}
    assert set(shown) == set(ASKED)
    assert [(p, s) for p, t in shown.items() for s in sentences(t) if len(words(s)) >= 15 and p not in LONGER] == []


def syllables(word: str) -> int:
    """Syllables by a rule of thumb: groups of vowels, less a silent ending."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    count = len(re.findall(r"[aeiouy]+", letters))
    if count > 1 and re.search(r"[^aeiouyl]e$|[^aeioudty]ed$|[^aeiouy]les?$", letters) and not letters.endswith("le"):
        count -= 1
    return max(1, count)


def grade(text: str) -> float:
    """Reading grade after Flesch and Kincaid."""
    every = words(text)
    return 0.39 * len(every) / len(sentences(text)) + 11.8 * sum(map(syllables, every)) / len(every) - 15.59


def test_the_reading_grade_tells_plain_from_hard() -> None:
    assert grade("How is falling asleep for them?") < 6
    assert grade("Considerable difficulties with emotional regulation necessitate individualised intervention.") > 12


def test_questions_for_those_who_are_asked_read_at_grade_six_or_lower() -> None:
    """The rule of thumb for syllables is off by one word now and then, so one grade of slack for a single question."""
    questions = {
        p: t for p, t in ASKED.items() if p.endswith((".question", ".carer", ".self", ".school", ".carer_adult"))
    }
    assert [(p, t, round(grade(t), 1)) for p, t in questions.items() if grade(t) > 7.8] == []
    assert sum(map(grade, questions.values())) / len(questions) < 4


def test_a_question_asks_one_thing() -> None:
    questions = {p: t for p, t in ASKED.items() if p.endswith(".question")}
    assert [(p, t) for p, t in questions.items() if t.count("?") != 1 or not t.endswith("?")] == []


def test_buttons_fit() -> None:
    for section in (WORDS.adversity, WORDS.relational, WORDS.relational_now, WORDS.safety, WORDS.facts):
        for name, text in section.items():
            assert 1 <= len(text.short) <= 20, name
            adult = getattr(getattr(text, "adult", None), "short", None)
            assert adult is None or 1 <= len(adult) <= 20, name


def test_buttons_of_one_screen_read_differently() -> None:
    """At an adult's age as well, where some buttons have words of their own."""

    def short(section: dict[str, Any], name: str, adult: bool) -> str:
        text = section[name]
        return (adult and text.adult.short) or text.short

    for adult in (False, True):
        for period in FIGURES.periods:
            hard = [short(WORDS.adversity, f.id, adult) for f in period.adversity]
            held = [short(WORDS.relational, r, adult) for r in period.relational]
            assert len({*hard, *held}) == len(hard) + len(held), period.id
        now = [short(WORDS.relational_now, r.id, adult) for r in FIGURES.relational_now]
        assert len(set(now)) == len(now)
    flags = [text.short for text in WORDS.safety.values()]
    assert len(set(flags)) == len(flags)


def test_captions_of_the_picture_are_short_and_told_apart() -> None:
    captions = [text.short for text in WORDS.functions.values()]
    assert len({c.casefold() for c in captions}) == 32
    assert all(1 <= len(caption) <= 15 for caption in captions)
    assert all(max(map(len, caption.split())) <= 12 for caption in captions), "a word is too wide for its cell"
    names = [text.name for text in WORDS.functions.values()]
    assert len({n.casefold() for n in names}) == 32
    assert len({text.plain for text in WORDS.functions.values()}) == 32


def test_the_notice_makes_its_points_whole_and_short() -> None:
    whole = " ".join(WORDS.notice.points).lower()
    for point in (
        r"independent",
        r"not been validated|not validated",
        r"drawn from answers",
        r"not measured from any",
        r"low cell.*nothing about that part",
        r"provisional",
        r"not (?:a )?norms?\b",
        r"conversation with a qualified clinician",
        r"responsible for what is concluded",
        r"not a diagnosis",
        r"court",
        r"benefit",
        r"custody",
        r"complements other assessments",
    ):
        assert re.search(point, whole), point
    assert len(WORDS.notice.short) <= 200
    assert "not a diagnosis" in WORDS.notice.short.lower()
    assert "not validated" in WORDS.notice.short.lower()


# --- each function whole ------------------------------------------------------------------------------------------------

FUNCTION_IDS = [f.id for f in FIGURES.functions]


def text_of(name: str) -> FunctionText:
    return WORDS.functions[name]


def alike(one: str, other: str) -> float:
    """How alike two texts are, 0 to 1, word by word in order."""
    return SequenceMatcher(None, words(one.lower()), words(other.lower()), autojunk=False).ratio()


@pytest.mark.parametrize("name", FUNCTION_IDS)
def test_the_anchors_of_a_function_differ_in_kind(name: str) -> None:
    anchors = {band: getattr(text_of(name).anchors, band) for band in BANDS}
    for one, other in itertools.combinations(BANDS, 2):
        assert alike(anchors[one], anchors[other]) < 0.4, (one, other)
    assert all(len(words(text)) >= 12 for text in anchors.values())
    assert all(len(text) <= 260 for text in anchors.values()), "four of them stand on one screen of a phone"


@pytest.mark.parametrize("name", FUNCTION_IDS)
def test_a_function_is_asked_of_those_whom_the_figures_name_and_of_nobody_else(name: str) -> None:
    function = load().function[name]
    for who in ("carer", "school", "self"):
        assert (getattr(text_of(name), who) is not None) is (who in function.asked_of), who


@pytest.mark.parametrize("name", FUNCTION_IDS)
def test_carers_and_schools_get_examples_at_three_ages_or_more(name: str) -> None:
    function = load().function[name]
    first = next(
        edge for edge, e in zip(FIGURES.age_bands_from_months, function.expected, strict=True) if e is not None
    )
    for asked in (text_of(name).carer, text_of(name).school):
        if asked is None:
            continue
        assert len(asked.examples) >= 3
        assert len(set(asked.examples.values())) == len(asked.examples)
        assert max(asked.examples) >= 144, "grown people are asked too"
    if (carer := text_of(name).carer) is not None:
        assert min(carer.examples) <= first, "the youngest who are asked have no example"


@pytest.mark.parametrize("name", [f.id for f in FIGURES.functions if not f.ahead_counts])
def test_the_over_version_is_described_where_it_is_no_strength(name: str) -> None:
    over = text_of(name).over
    assert over is not None
    assert len(words(over)) >= 8


def test_an_example_fits_the_age_it_is_shown_at() -> None:
    asked = text_of("enjoyment_and_motivation").carer
    assert asked is not None
    ages = sorted(asked.examples)
    assert asked.example_at(0) == asked.examples[ages[0]]
    assert asked.example_at(1320) == asked.examples[ages[-1]]
    assert asked.example_at(ages[1]) == asked.examples[ages[1]]
    assert asked.example_at(ages[1] - 1) == asked.examples[ages[0]]


# --- nothing twice ------------------------------------------------------------------------------------------------------

#: Places where the same few words are right: names, buttons, words of a scale, and what a harm is called.
LABELS = re.compile(r"\.(short|name|plain|plain_now|named|word|handle|when|still)$|^\.(statuses|periods)\.")


def test_no_two_texts_are_the_same_across_the_book() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for place, text in ALL.items():
        if not LABELS.search(place):
            places[" ".join(words(text.lower()))].append(place)
    assert {text: there for text, there in places.items() if len(there) > 1} == {}


def test_no_two_longer_texts_of_a_kind_are_nearly_the_same() -> None:
    groups: dict[str, list[tuple[str, str, set[str]]]] = defaultdict(list)
    for place, text in ALL.items():
        found = set(words(text.lower()))
        if len(found) >= 8 and not LABELS.search(place):
            _, section, _, *field = place.split(".")
            groups[f"{section}.{field[0] if field else ''}"].append((place, text, found))
    close = []
    for group in groups.values():
        for (one, text, a), (other, _, b) in itertools.combinations(group, 2):
            if len(a & b) / len(a | b) > 0.75 and one.rpartition(".")[0] != other.rpartition(".")[0]:
                close.append((one, other, text))
    assert close == []


def steps() -> list[tuple[str, str]]:
    found = [(name, step) for name, text in WORDS.activities.items() for step in text.how]
    return found + [(name, s) for name, text in WORDS.activities.items() for s in text.adult.how or ()]


def test_no_step_could_stand_under_two_activities() -> None:
    bags = [(name, step, set(words(step.lower()))) for name, step in steps()]
    close = [
        (one, other, step)
        for (one, step, a), (other, _, b) in itertools.combinations(bags, 2)
        if one != other and len(a & b) / len(a | b) > 0.55
    ]
    assert close == []


def test_activities_are_told_apart_by_their_names_and_by_what_they_are() -> None:
    for field in ("name", "what", "helps", "stop"):
        said = [getattr(text, field).casefold() for text in WORDS.activities.values()]
        assert len(set(said)) == len(said), field


@pytest.mark.parametrize("name", [a.id for a in FIGURES.activities])
def test_an_activity_says_what_to_do_and_when_to_stop(name: str) -> None:
    text = WORDS.activities[name]
    assert 4 <= len(text.how) <= 6
    assert len(set(text.how)) == len(text.how)
    assert all(5 <= len(words(step)) <= 50 for step in text.how)
    assert len(sentences(text.what)) == 1
    assert text.name.casefold() not in {step.casefold() for step in text.how}


def test_a_source_says_for_whom_it_was_studied() -> None:
    for activity in FIGURES.activities:
        source = WORDS.activities[activity.id].source
        assert (source is None) == (activity.evidence is None), activity.id
        if source is not None and activity.evidence is not None:
            year = re.search(r"\b(?:19|20)\d\d\b", activity.evidence)
            assert year is not None
            assert year.group(0) in source, activity.id
            assert activity.evidence.split()[0].strip(",") in source, activity.id
            assert len(sentences(source)) >= 2, f"{activity.id}: for whom was it studied?"


def test_danger_has_what_to_do_first_and_with_people() -> None:
    for name, text in WORDS.safety.items():
        assert len(sentences(text.question)) == 1, name
        for asked in (text.carer, text.carer_adult, text.school, text.self):
            if asked is not None:
                assert len(words(asked.question)) <= 15, name
                assert asked.act or text.act
                assert "why" not in words(asked.question.lower())
    for name in ("loss_of_skills", "fits_or_blackouts"):
        text = WORDS.safety[name]
        for act in (text.act, *(a.act for a in (text.carer, text.school, text.self) if a is not None)):
            assert re.search(r"emergency number", act or text.act), (
                f"{name}: a first fit and skills lost within days call now"
            )

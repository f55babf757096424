"""Words for carers: each has its translation, each can be read by a tired reader, and none breaks a screen.

Grades come from textstat. Of itself it would fetch a dictionary of English pronunciations (nltk's cmudict) at the first
English word, whatever the variant of English; here that dictionary is one made by rule (`Syllables`), so that nothing is
fetched. The rule takes the larger of pyphen's count and the count of vowel groups: pyphen alone gives hyphenation points,
which are fewer than syllables, and would let long words pass as short ones. For Spanish textstat asks pyphen alone.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import nltk
import pyphen
import pytest
import textstat
import yaml
from babel.messages.pofile import read_po
from pydantic import BaseModel
from support.walker import Clinic, faults_of, heading_of
from textstat.backend.counts import _count_syllables

import bot
import flows
from bot.telegram import delivery
from bot.telegram.render import MAX_TEXT, keyboard, message_of, utf16_length
from flows import carer_moves, engine, help_lines, wording
from flows.conversation import Turn
from flows.events import Event
from flows.itinerary import Role
from flows.screens import show
from flows.views import Button, Screen
from scoring.documents.blocks import Bullets, Heading, Paragraph
from scoring.instrument import Instrument, load, load_from
from scoring.instrument.loader import FOLDER
from scoring.instrument.model import Texts
from scoring.instrument.translations import asked_texts, current_sources, kept_sources, main, stale

ROOTS = [Path(package.__file__).parent for package in (flows, bot)]
LANGUAGES = wording.languages()[1:]
#: Typed at a clinician's screens only, so never translated.
CLINICIANS_REFUSALS = ("Weeks born early go from 0 to 18.",)
#: What a call of `t` is given that is no literal, and where its words are listed instead.
LISTED_ELSEWHERE = {
    "words",  # choices of carer_moves
    "label",  # the words of a button, which its screen translates too
    "carer.choices(step, turn).get(str(answer.value), str(answer.value))",
    "read.refusal",  # refusals of typed
    "read.refusal or NOT_HERE",
}


# --- messages --------------------------------------------------------------------------------------------------------


def _is_translation(call: ast.Call) -> bool:
    """Whether a call is `t(…)` or `translator(…)(…)`."""
    if isinstance(call.func, ast.Name):
        return call.func.id == "t"
    return (
        isinstance(call.func, ast.Call) and isinstance(call.func.func, ast.Name) and call.func.func.id == "translator"
    )


def _given(argument: ast.expr, constants: Mapping[str, str]) -> Iterator[str | None]:
    """The messages an argument can stand for; `None` for one that cannot be told from the source."""
    match argument:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in constants:
            yield constants[name]
        case ast.IfExp(body=body, orelse=orelse):
            yield from _given(body, constants)
            yield from _given(orelse, constants)
        case _:
            yield None


def _constants(tree: ast.Module) -> dict[str, str]:
    """Texts that a module gives names to."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _calls() -> Iterator[tuple[str, ast.expr, str | None]]:
    """Place, argument and message of every translation in the source."""
    for path in (path for root in ROOTS for path in sorted(root.rglob("*.py"))):
        tree = ast.parse(path.read_text("utf-8"))
        constants = _constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_translation(node) and node.args:
                for message in _given(node.args[0], constants):
                    yield f"{path.name}:{node.lineno}", node.args[0], message


def _refusals() -> Iterator[str]:
    """Why typed words do nothing, as typed.py says it to somebody who answers a questionnaire."""
    tree = ast.parse((ROOTS[0] / "typed.py").read_text("utf-8"))
    constants = _constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "refusal":
            yield from (m for m in _given(node.value, constants) if m and m not in CLINICIANS_REFUSALS)


def messages() -> set[str]:
    """Every English message that somebody who answers can be shown."""
    found = {message for _, _, message in _calls() if message is not None}
    found |= {engine.SEND_WORDS, engine.MOVED_ON, engine.NOT_HERE, engine.FAILED, engine.NOT_ALLOWED}
    found |= {engine.CODE_REFUSED, delivery.DELETE_YOURSELF, carer_moves.SINCE_THE_START, *_refusals()}
    for choices in (*carer_moves.CHOICES.values(), carer_moves.SCHOOL_RELATIONS):
        found |= set(choices.values())
    return found


def _entries(language: str) -> list[Any]:
    with (wording.CATALOGUES / f"{language}.po").open("rb") as file:
        return [entry for entry in read_po(file, locale=language, abort_invalid=True) if entry.id]


def placeholders(message: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(message) if name is not None)


def test_every_message_can_be_told_from_the_source() -> None:
    unknown = {f"{place} {ast.unparse(given)}" for place, given, message in _calls() if message is None}
    assert {u for u in unknown if u.partition(" ")[2] not in LISTED_ELSEWHERE} == set()
    assert len(messages()) > 100


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_holds_every_message_and_no_other(language: str) -> None:
    entries = _entries(language)
    translated = {entry.id for entry in entries if entry.string}
    assert sorted(messages() - translated) == [], "missing"
    assert sorted(translated - messages()) == [], "obsolete: no screen says it any more"
    assert [entry.id for entry in entries if entry.fuzzy] == [], "fuzzy: somebody must read these again"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_stands_twice_or_kept_as_obsolete(language: str) -> None:
    text = (wording.CATALOGUES / f"{language}.po").read_text("utf-8")
    ids = re.findall(r"^msgid (.+)$", text, flags=re.MULTILINE)
    assert len(ids) == len(set(ids))
    assert "#~" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_those_of_english(language: str) -> None:
    assert {e.id: placeholders(e.string) for e in _entries(language)} == {
        e.id: placeholders(e.id) for e in _entries(language)
    }


def test_arrows_and_ends_of_sentences_are_kept_in_spanish() -> None:
    odd = [
        e.id
        for e in _entries("es")
        if e.id.startswith("‹") != e.string.startswith("‹")
        or e.id.endswith("?") != e.string.endswith("?")
        or e.string.count("?") != e.string.count("¿")
        or e.id.endswith((".", ":")) != e.string.endswith((".", ":"))
    ]
    assert odd == []


#: English words that no Spanish text has; names of commands and the word for both languages are no leftovers.
ENGLISH = re.compile(
    r"\b(the|you|your|they|their|them|this|that|is|are|of|and|what|who|how|with|not|tap|type|yes|about|answers?|"
    r"questions?|clinician|clinic|child|baby|school|home)\b",
    re.IGNORECASE,
)


def test_no_english_is_left_in_spanish() -> None:
    shown = {entry.id: entry.string for entry in _entries("es")}
    assert [english for english, spanish in shown.items() if english == spanish and english != "No"] == []
    texts = {**shown, **asked_texts(load().texts["es"])}
    assert {p: text for p, text in texts.items() if ENGLISH.search(re.sub(r"\{\w+\}", "", text))} == {}


def test_the_language_of_an_account_chooses_the_words() -> None:
    assert wording.languages()[0] == "en"
    assert wording.translator("es-MX")("Pause") == "Pausa"
    assert wording.translator("es")("About {word}", word="{R}") == "Sobre {R}"
    assert wording.translator("xx")("Pause") == "Pause"
    assert wording.translator("es")("A message nobody has translated") == "A message nobody has translated"


def test_the_instrument_speaks_every_language_of_the_screens() -> None:
    assert set(load().texts) == set(wording.languages())


# --- texts that English has left behind ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translated_text_is_stale(language: str) -> None:
    left_behind = stale(language, load().words)
    assert left_behind == [], f"translate these anew, then: python -m scoring.instrument.translations {language}"


def test_a_changed_english_word_makes_its_translation_stale() -> None:
    words = load().words
    name, text = next((n, t) for n, t in words.functions.items() if t.carer)
    assert text.carer is not None
    asked = text.carer.model_copy(update={"question": "Another question?"})
    changed = {**words.functions, name: text.model_copy(update={"carer": asked})}
    assert stale("es", words.model_copy(update={"functions": changed})) == [f"functions.{name}.carer.question"]


def test_every_translated_text_has_its_source_and_differs_from_it() -> None:
    english, spanish = asked_texts(load().words), asked_texts(load().texts["es"])
    assert set(english) == set(spanish) == set(kept_sources("es")) == set(current_sources(load().words))
    assert [place for place in english if english[place] == spanish[place]] == []


def test_sources_are_written_anew_and_are_no_part_of_the_instrument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "instrument"
    for path in FOLDER.rglob("*.yaml"):
        (folder / path.relative_to(FOLDER)).parent.mkdir(parents=True, exist_ok=True)
        (folder / path.relative_to(FOLDER)).write_bytes(path.read_bytes())
    file = folder / "locales" / "es" / "source.yaml"
    file.write_text("functions.gone: '0'\n", "utf-8")
    assert load_from(folder).sha256 == load().sha256
    assert "functions.gone" in stale("es", load().words, folder)
    monkeypatch.setattr("scoring.instrument.translations.source_file", lambda *_: file)
    assert main(["es"]) == 0
    assert "functions.gone" in capsys.readouterr().out
    assert yaml.safe_load(file.read_text("utf-8")) == current_sources(load().words)
    file.unlink()
    assert load_from(folder).sha256 == load().sha256


# --- reading ---------------------------------------------------------------------------------------------------------

MOST_GRADE = 6.0
MOST_WORDS = 15
#: Fewer words than these make a label and no sentence, whose grade means nothing; a label has short words.
SENTENCE_FROM = 5
LABEL_SYLLABLES = 3
#: Words of four syllables that a label may have all the same: there is no shorter one that says as much.
KNOWN_LONG = {"emergency"}
#: Vowels that are written and not said, before the endings that keep them and at the end of a word.
SILENT = (
    re.compile(
        r"(?<=[aeiouy][^aeiouy])e(?=(?:ful|ly|less|ment|thing|times?|one|where|body|table)$)|(?<=els)e(?=where$)"
    ),
    re.compile(r"(?<=[^aeiouylr])e$|(?<=[aeiouy][lr])e$"),
    re.compile(r"(?<=[^aeiouytd])e(?=d$)|(?<=[^aeiouyscxzgh])e(?=s$)|(?<=[^aeiouycs]h)e(?=s$)"),
)


def syllables(word: str) -> int:
    """Syllables of an English word as it is said, rather one too many than one too few."""
    letters = re.sub(r"[^a-z]", "", word.casefold())
    for silent in SILENT:
        letters = silent.sub("", letters)
    groups = len(re.findall(r"[aeiouy]+", letters))
    return max(groups, len(_hyphens("en_GB").positions(word)) + 1, 1)


@lru_cache
def _hyphens(language: str) -> pyphen.Pyphen:
    return pyphen.Pyphen(lang=language)


class Syllables(dict[str, list[list[str]]]):
    """A dictionary of pronunciations as textstat reads one: a sound with a digit is a syllable."""

    def __missing__(self, word: str) -> list[list[str]]:
        return [["AH0"] * syllables(word)]


@pytest.fixture(autouse=True, scope="module")
def offline() -> Iterator[None]:
    """Grades with nothing fetched; a try to fetch fails."""

    def no_download(*_: Any, **__: Any) -> None:
        raise AssertionError("a readability grade wanted to fetch something")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nltk, "download", no_download)
        patch.setattr(_count_syllables, "get_cmudict", lambda lang: Syllables() if lang.startswith("en") else None)
        yield
    textstat.set_lang("en_US")


def grade(text: str) -> float:
    textstat.set_lang("en_GB")  # a language of its own in textstat's memory of counts
    return float(textstat.flesch_kincaid_grade(text))


def ease(text: str) -> float:
    """How easily a Spanish text is read (Fernández Huerta): 80 and more is easy."""
    textstat.set_lang("es_ES" if "es_ES" in pyphen.LANGUAGES else "es")
    return float(textstat.fernandez_huerta(text))


def sentences(text: str) -> list[str]:
    """What is read in one breath: the parts of a text between marks; a phone number is not read as words."""
    return [part for part in re.split(r"(?<=[.?!:;])\s+|\s*·\s*", re.sub(r"[\d–-]{3,}", "", text)) if part.strip()]


def hard_to_read(text: str) -> list[str]:
    """Why a text is too hard; nothing where it is not."""
    faults = [f"{len(part.split())} words: {part}" for part in sentences(text) if len(part.split()) > MOST_WORDS]
    words = re.findall(r"[A-Za-z'’]+", text)
    if len(words) >= SENTENCE_FROM:
        if (found := grade(re.sub(r"\s*·\s*", ". ", text))) > MOST_GRADE:
            faults.append(f"grade {found:.1f}: {text}")
    else:
        long = [w for w in words if syllables(w) > LABEL_SYLLABLES and w.casefold() not in KNOWN_LONG]
        faults.extend(f"a long word in a label: {w}" for w in long)
    return faults


#: Words that tell of measuring, and the question that blames, in each language.
NEVER = {
    "en": re.compile(r"\b(scor(e|es|ed|ing)|ratings?|rated|percent\w*|maps?|why did you)\b|%", re.IGNORECASE),
    "es": re.compile(r"\b(puntu\w+|puntaje\w*|califica\w+|porcentaje\w*|por ciento|mapas?|por qué)\b|%", re.IGNORECASE),
}
#: Medical words, each with a plain one that must stand in the same text.
MEDICAL = {
    "seizure": "fit", "convulsion": "fit", "epilepsy": "fit", "spasm": "jerk", "sedative": "sleep", "medication": "medicine", "antenatal": "pregnan", "prenatal": "pregnan",
    "perinatal": "birth", "neonatal": "newborn", "postnatal": "birth", "hallucination": "hear", "psychosis": "voices",
    "psychotic": "voices", "paranoia": "afraid", "depression": "sad", "anxiety": "worr", "trauma": "hurt",
    "suicide": "die", "suicidal": "die", "overdose": "too m", "intoxicated": "drunk", "asphyxia": "breath",
    "apnoea": "breath", "cyanosis": "blue", "aspiration": "chok", "reflux": "sick", "regression": "lost",
    "sensory": "feel", "motor": "mov", "cognitive": "think", "vestibular": "balance", "proprioception": "body",
    "dissociation": "far away", "attachment": "close", "adversity": "hard", "diagnosis": "what it is",
    "symptom": "sign", "therapy": "help", "syndrome": "ill", "chronic": "long", "acute": "sudden",
    "hypothermia": "cold", "metabolism": "energy", "cardiac": "heart", "respiratory": "breath",
}  # fmt: skip


def unplain(text: str) -> list[str]:
    """Medical words of a text that stand without their plain one."""
    low = text.casefold()
    return [word for word, says in MEDICAL.items() if re.search(rf"\b{word}", low) and says not in low]


def instrument_texts(language: str) -> dict[str, str]:
    """All that the instrument says to a carer, a school or the person themself, by its path.

    `plain` is left out: a fragment that a document for the family builds its sentences from.
    """
    texts = asked_texts(load().texts[language])
    return {place: text for place, text in texts.items() if not place.endswith(".plain")}


def test_syllables_are_counted_as_they_are_said() -> None:
    said = {
        1: ("a", "hurt", "stays", "time", "made", "moved", "likes", "eyes", "through", "scenes"),
        2: (
            "something",
            "sometimes",
            "careful",
            "closely",
            "people",
            "baby",
            "answer",
            "needed",
            "houses",
            "elsewhere",
        ),
        3: ("clinician", "together", "privacy", "timetable", "hospital"),
        4: ("emergency",),
        5: ("dysregulation", "university"),
    }
    assert {w: syllables(w) for words in said.values() for w in words} == {
        w: n for n, words in said.items() for w in words
    }


def test_the_grade_tells_hard_from_easy_and_fetches_nothing() -> None:
    assert grade("Is it easy or hard for them to fall asleep at night?") < 3
    assert grade("How frequently does dysregulation necessitate professional intervention?") > 12
    assert ease("Come mucho al mediodía, va al baño y sale a jugar.") > 80
    assert ease("La desregulación comportamental requiere intervención profesional especializada.") < 40


def test_what_is_too_hard_is_found() -> None:
    assert hard_to_read("Considerable emotional dysregulation necessitates intervention.")
    assert hard_to_read(" ".join(["It is so"] * 6))
    assert hard_to_read("Metabolism")
    assert unplain("Have they had a seizure?") == ["seizure"]
    assert unplain("Have they had a seizure (a fit)?") == []


def test_every_message_is_easy_to_read() -> None:
    filled = {re.sub(r"\{\w+\}", "two", message) for message in messages()}
    assert [fault for message in sorted(filled) for fault in hard_to_read(message)] == []


def test_everything_the_instrument_asks_is_easy_to_read() -> None:
    assert [f"{place}: {fault}" for place, text in instrument_texts("en").items() for fault in hard_to_read(text)] == []


def _help_lines() -> list[str]:
    data = yaml.safe_load(help_lines.FILE.read_text("utf-8"))
    entries = [e for c in data["countries"].values() for e in (c["emergency"], *c.get("lines", []))]
    return sorted({entry["en"] for entry in (*entries, data["neutral"])})


@pytest.mark.parametrize("line", list(_help_lines()))
def test_a_help_line_is_easy_to_read(line: str) -> None:
    assert hard_to_read(line) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_asked_measures_blames_or_speaks_as_doctors_do(language: str) -> None:
    t = wording.translator(language)
    said = {message: t(message, **dict.fromkeys(placeholders(message), "2")) for message in messages()}
    texts = {**instrument_texts(language), **said}
    assert {place: text for place, text in texts.items() if NEVER[language].search(text)} == {}
    if language == "en":
        assert {place: unplain(text) for place, text in texts.items() if unplain(text)} == {}


#: A Spanish text as long as these words or longer has a figure that means something.
SPANISH_FROM = 8
SPANISH_EASE = 70


def test_spanish_is_easy_to_read() -> None:
    texts = {**instrument_texts("es"), **{e.id: re.sub(r"\{\w+\}", "dos", e.string) for e in _entries("es")}}
    long = {place: text for place, text in texts.items() if len(text.split()) >= SPANISH_FROM}
    assert {place: round(ease(text)) for place, text in long.items() if ease(text) < SPANISH_EASE} == {}


# --- screens ---------------------------------------------------------------------------------------------------------

BORN = {
    "a newborn": date(2026, 2, 20),
    "a baby of 8 months": date(2025, 7, 10),
    "a toddler of 2": date(2023, 12, 1),
    "a child of 5": date(2020, 9, 1),
    "a child of 8": date(2018, 1, 10),
    "a youth of 13": date(2012, 8, 3),
    "a youth of 16": date(2009, 6, 1),
    "an adult of 34": date(1991, 5, 5),
}
ROLES: dict[Role, tuple[str, ...]] = {
    "carer": ("a newborn", "a toddler of 2", "a child of 8", "a youth of 16", "an adult of 34"),
    "school": ("a baby of 8 months", "a child of 5", "an adult of 34"),
    "self": ("a youth of 13", "an adult of 34"),
}
WALKS = [pytest.param(role, BORN[who], id=f"{role} of {who}") for role, ages in ROLES.items() for who in ages]
#: A carer's word in letters that run from the right, as long as one may be, with marks that turn the direction.
RTL_WORD = "\u202eשלום עליכם אדוני רב"
LONG, FROM_RIGHT = "xx", "xr"


class Stretched(dict[str, str]):
    """A catalogue whose every message is three times as long."""

    def get(self, key: str, default: str | None = None) -> str:  # type: ignore[override]
        return longer(key)


class Mirrored(dict[str, str]):
    """A catalogue in Hebrew letters, placeholders left as they are."""

    def get(self, key: str, default: str | None = None) -> str:  # type: ignore[override]
        return mirrored(key)


def longer(text: str) -> str:
    """Three times the text; what it holds is said once only, as a translator would."""
    bare = re.sub(r"\{\w+\}", "…", text)
    return f"{text} {bare} {bare}"


def mirrored(text: str) -> str:
    parts = re.split(r"(\{\w+\})", text)
    return "".join(
        p if p.startswith("{") else re.sub(r"[a-zA-Z]", lambda m: chr(0x05D0 + ord(m[0]) % 27), p) for p in parts
    )


def remade(value: Any, change: Callable[[str], str]) -> Any:
    """A record of the instrument with every text changed; limits of length are not looked at again."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, BaseModel):
        fields = {name: remade(getattr(value, name), change) for name in type(value).model_fields}
        return value.model_copy(update=fields)
    if isinstance(value, Mapping):
        return {key: remade(inner, change) for key, inner in value.items()}
    return tuple(remade(inner, change) for inner in value) if isinstance(value, tuple) else value


@pytest.fixture(scope="module")
def strange() -> Iterator[Instrument]:
    """The instrument and the screens in two more languages that nobody speaks: a long one, and one from right to left."""
    real, words = wording._catalogue, load().words
    made: dict[str, Mapping[str, str]] = {LONG: Stretched(), FROM_RIGHT: Mirrored()}
    texts: dict[str, Texts] = {LONG: remade(words, longer), FROM_RIGHT: remade(words, mirrored)}
    languages = (*wording.languages(), *made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wording, "_catalogue", lambda name: made[name] if name in made else real(name))
        patch.setattr(wording, "languages", lambda: languages)
        yield load().model_copy(update={"texts": {**load().texts, **texts}})


@dataclass
class Seen:
    """Every screen that one walk came by, in each language, without repeats."""

    screens: dict[str, dict[tuple[Any, ...], Screen]]
    toasts: set[str]


def _in(language: str, turn: Turn) -> Turn:
    """The turn of somebody who speaks a language; a line above the screen stays in the one it was said in, so it goes."""
    turn.talk.account = replace(turn.talk.account, locale=language)
    if turn.talk.interview:
        turn.talk.interview.locale = language
    turn.talk.hint = turn.talk.hint if language == "en" else ""
    return turn


class Reader:
    """Somebody who answers, and keeps every screen as it would stand there in each language."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.seen = Seen({language: {} for language in wording.languages()}, set())
        self.has_waited = False
        self.events = 0
        self.screen: Screen | None = None

    def take(self, kind: Literal["tap", "text", "command", "other"], **parts: Any) -> None:
        """One event, and a look at what stands there afterwards in every language."""
        self.events += 1
        event = Event("phone", f"reader-{self.events}", "phone", "700", kind, **parts)
        present = self.clinic.present
        taken = present.take(event)
        assert not taken.has_failed, event
        if taken.toast:
            self.seen.toasts.add(taken.toast)
        with self.clinic.store.reading() as tx:
            desk = present.desk(tx)
            turn = present._turn_of(desk, desk.people.account_by_id(taken.account_id), event)
            for language, kept in self.seen.screens.items():
                shown = show(_in(language, turn))
                kept.setdefault((shown.blocks, shown.rows), shown)
        self.screen = taken.screen

    def command(self, name: str, arg: str = "") -> None:
        self.take("command", action=name, arg=arg)

    def type(self, text: str) -> None:
        self.take("text", text=text)

    @property
    def actions(self) -> dict[str, list[Button]]:
        """What can be tapped now, by action."""
        assert self.screen is not None
        found: dict[str, list[Button]] = {}
        for button in self.screen.buttons:
            found.setdefault(button.action, []).append(button)
        return found

    def press(self, action: str, place: int = 0) -> None:
        """Tap the button of an action, the one at `place` where there are several."""
        assert self.screen is not None
        assert action in self.actions, f"no button does {action!r}: {self.screen}"
        button = self.actions[action][place]
        self.take("tap", action=button.action, arg=button.arg, screen=self.screen.number)

    def answer(self, turn: int) -> None:
        """One answer on the present screen, another one at each turn, and on to the next screen."""
        actions = self.actions
        if "choose" in actions:
            values = [b.arg for b in actions["choose"]]
            if "start" in values:
                self.press("choose", -1)  # somebody who came late
            elif "later" in values:
                self.press("choose", values.index("yes" if self.has_waited else "later"))
                self.has_waited = True
            else:
                self.press("choose", 0)
        elif "set" in actions:
            for place in range(len(actions["set"])):
                for _ in range(1 + (turn + place) % 5):
                    self.press("set", place)
            self.press("next" if "next" in self.actions else "fill")
            if "set" in self.actions and "fill" in self.actions:
                self.press("fill")
        elif "compare" in actions:
            self.press("compare", turn % 4)
        elif "say" in actions:
            self.press("say", 0)
            if "slip" in self.actions:
                self.press("slip" if turn % 3 else "confirm")
            if "say" in self.actions:
                self.press("say", 1)
        elif self.screen and self.screen.typed == "text":
            self.type(RTL_WORD)
        else:
            self.press("next" if "next" in actions else "skip")

    def come_back(self) -> None:
        """Look at the screen before, with what was said there, and return."""
        if "back" in self.actions:
            self.press("back")
        if "next" in self.actions:
            self.press("next")


def invitation(clinic: Clinic, role: Role, born: date) -> str:
    """The token of a link to a new case's questionnaire."""
    with clinic.desk() as desk:
        found = desk.people.clinician_named("Dr Sample") or desk.people.add_clinician("Dr Sample")
        case = desk.cases.add_case(found.id, f"Robin {len(desk.cases.cases_of(found.id))}", born)
        return desk.invite(case.id, role, {"relation": "", "responsible": "yes", "must_not_learn": ""})[0]


def walked(clinic: Clinic, role: Role, born: date) -> Seen:
    """All screens of one questionnaire, from the link to what follows after it is sent."""
    reader = Reader(clinic)
    reader.command("start", invitation(clinic, role, born))
    reader.type("hello")
    reader.command("language")
    reader.press("set_language", 0)
    reader.press("go_on_with")
    reader.press("agree")
    turn = 0
    while "send" not in reader.actions and turn < 400:
        if turn % 7 == 3:
            reader.type("12")
            reader.type("note: they like water")
            reader.take("other")
        if turn % 5 == 2:
            reader.come_back()
        reader.answer(turn)
        turn += 1
    reader.press("edit")
    while "send" not in reader.actions:
        reader.press("next" if "next" in reader.actions else "skip")
    reader.press("send")  # once more: can you answer alone now?
    while "send" not in reader.actions and turn < 800:
        turn += 1
        reader.answer(turn)
    _look_around(reader)
    reader.press("send")
    for command in ("help", "privacy", "start", "resume"):
        reader.command(command)
    return reader.seen


def _look_around(reader: Reader) -> None:
    """Pause, hide and come back, help and privacy; then back to the last look."""
    reader.press("pause")
    reader.type("anything")
    reader.press("resume")
    reader.press("hide")
    reader.type("anything")
    reader.command("start")
    reader.press("show")
    for command in ("help", "privacy"):
        reader.command(command)
    reader.press("erase_one")
    reader.press("back")
    reader.command("start")
    reader.press("go_on_with")


@pytest.fixture(scope="module")
def walks() -> dict[tuple[Role, date], Seen]:
    return {}


@pytest.fixture
def walk(
    walks: dict[tuple[Role, date], Seen], make_clinic: Callable[..., Clinic], strange: Instrument
) -> Callable[[Role, date], Seen]:
    """One walk for each role and age, whichever test asks first."""

    def given(role: Role, born: date) -> Seen:
        if (role, born) not in walks:
            walks[role, born] = walked(make_clinic(rebuilds=False, instrument=strange), role, born)
        return walks[role, born]

    return given


def texts_of(screen: Screen) -> Iterator[str]:
    """Each text of a screen by itself, those of its buttons too; an example without the words that lead to it."""
    for block in screen.blocks:
        match block:
            case Heading(text=text) | Paragraph(text=text):
                yield text.removeprefix("For example: ")
            case Bullets(items=items):
                yield from items
    yield from (button.words for button in screen.buttons)


def without_word(texts: Iterable[str]) -> set[str]:
    """Texts with the carer's own word taken out."""
    own = carer_moves.clean(RTL_WORD, carer_moves.WORD_MAX)
    return {text.replace(" ".join(own.split()), "R") for text in texts}


def assert_easy(seen: Seen) -> None:
    texts = without_word([*seen.toasts, *(t for s in seen.screens["en"].values() for t in texts_of(s))])
    assert [fault for text in sorted(texts) for fault in hard_to_read(text)] == []
    assert [text for text in sorted(texts) if NEVER["en"].search(text) or unplain(text)] == []


def assert_spanish(seen: Seen) -> None:
    texts = without_word(t for s in seen.screens["es"].values() for t in texts_of(s))
    left = [t for t in sorted(texts) if ENGLISH.search(re.sub(r"/\w+", "", t))]
    assert left == []
    assert [t for t in sorted(texts) if NEVER["es"].search(t)] == []


@pytest.mark.parametrize(("role", "born"), WALKS)
def test_every_screen_is_easy_to_read(walk: Callable[[Role, date], Seen], role: Role, born: date) -> None:
    assert_easy(walk(role, born))


@pytest.mark.parametrize(("role", "born"), WALKS)
def test_every_screen_is_spanish_throughout(walk: Callable[[Role, date], Seen], role: Role, born: date) -> None:
    assert_spanish(walk(role, born))


def test_to_decline_to_stop_and_to_be_both_is_said_plainly(
    make_clinic: Callable[..., Clinic], strange: Instrument
) -> None:
    """The ends that a whole questionnaire does not come by, and the choice of somebody who also works here."""
    clinic = make_clinic(rebuilds=False, instrument=strange)
    reader = Reader(clinic)
    reader.command("start", clinic.code_for())  # a clinician's home, which is no carer's screen
    reader.seen = Seen({language: {} for language in wording.languages()}, set())
    for ends in ("decline", "agree"):
        reader.command("start", invitation(clinic, "carer", BORN["a child of 5"]))
        reader.press(ends)
        if ends == "agree":
            reader.type(RTL_WORD)
            reader.press("pause")
    reader.command("language")
    reader.command("start")
    reader.press("mine")
    headings = {heading_of(screen) for screen in reader.seen.screens["en"].values()}
    texts = {t for screen in reader.seen.screens["en"].values() for t in texts_of(screen)}
    assert {"That is fine", "Paused", "Your questions"} <= headings
    assert "Where to?" in texts
    assert_easy(reader.seen)
    assert_spanish(reader.seen)


@pytest.mark.parametrize("language", ["en", *LANGUAGES, LONG, FROM_RIGHT])
@pytest.mark.parametrize(("role", "born"), WALKS)
def test_long_texts_and_texts_from_the_right_break_no_screen(
    walk: Callable[[Role, date], Seen], role: Role, born: date, language: str
) -> None:
    for screen in walk(role, born).screens[language].values():
        assert [f for f in faults_of(screen) if not f.startswith("no way on")] == [], heading_of(screen)
        assert message_of(screen.blocks).length <= MAX_TEXT
        keys = keyboard(screen.rows, screen.number) or {"inline_keyboard": []}
        words = [key["text"] for row in keys["inline_keyboard"] for key in row]
        assert all(w.strip() and utf16_length(w) <= 64 for w in words), words
        if language not in (LONG, FROM_RIGHT):
            assert [b.words for b in screen.buttons if utf16_length(b.words) > 64] == []


def test_a_line_that_answers_is_in_the_language_of_the_account(make_clinic: Callable[..., Clinic]) -> None:
    clinic = make_clinic(rebuilds=False)
    reader = Reader(clinic)
    reader.take("command", action="start", arg=invitation(clinic, "carer", BORN["a child of 8"]), locale="es-MX")
    for kind, parts in (
        ("other", {}),
        ("text", {"text": "hola"}),
        ("tap", {"action": "agree", "screen": 900}),
        ("command", {"action": "cases"}),
        ("tap", {"action": "choose", "arg": "nobody", "screen": reader.screen.number if reader.screen else 0}),
    ):
        reader.take(kind, **parts)  # type: ignore[arg-type]
    reader.press("agree")
    reader.type("R")
    reader.type("12")
    assert len(reader.seen.toasts) >= 4
    assert reader.seen.toasts <= {entry.string for entry in _entries("es")}


def test_a_walk_comes_by_every_kind_of_screen(walk: Callable[[Role, date], Seen]) -> None:
    screens = walk("carer", BORN["a child of 8"]).screens["en"].values()
    headings = {heading_of(screen) for screen in screens}
    assert {
        "Before you begin", "Who is it about?", "Since when have you known them well?",
        "Do you know about the time before that?", "People and days now", "Can you answer alone now?",
        "What you can do now", "A last look", "Paused", "Thank you", "Help", "Privacy", "Language", "Erase what you said?",
        "Your questions",
    } <= headings  # fmt: skip


def test_a_period_is_a_button_with_a_capital(walk: Callable[[Role, date], Seen]) -> None:
    for language in ("en", "es"):
        screens = walk("carer", BORN["a child of 8"]).screens[language].values()
        since = next(s for s in screens if any(b.arg == "start" and b.action == "choose" for b in s.buttons))
        assert all(b.words[0].isupper() for b in since.buttons if b.action == "choose")

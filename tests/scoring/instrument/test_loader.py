"""The instrument's files, broken in one place at a time: each fault is found, and names its file and field."""

from __future__ import annotations

import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scoring.instrument import Instrument, InstrumentError, load, load_from
from scoring.instrument.loader import FOLDER

FIGURES, FUNCTIONS, ACTIVITIES = "instrument.yaml", "functions.yaml", "activities.yaml"
EN = "locales/en"
INTERVIEW, HISTORY, SAFETY, RELATIONSHIPS = (
    f"{EN}/{n}.yaml" for n in ("interview", "history", "safety", "relationships")
)
LIMBIC, BRAINSTEM = f"{EN}/functions/limbic.yaml", f"{EN}/functions/brainstem.yaml"
COGNITIVE = f"{EN}/activities/cognitive.yaml"

Edit = Callable[[Any], Any]


class Copy:
    """A copy of the instrument that a test may break."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def data(self, file: str, edit: Edit) -> None:
        """Change what a YAML file holds."""
        path = self.folder / file
        content = parsed_once(path.read_text("utf-8"), yaml.CSafeLoader)
        edit(content)
        path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True), "utf-8")

    def text(self, file: str, edit: Callable[[str], str]) -> None:
        """Change the letters of a file."""
        path = self.folder / file
        before = path.read_text("utf-8")
        after = edit(before)
        assert after != before
        path.write_text(after, "utf-8")

    def problems(self) -> list[tuple[str, str]]:
        """File and place of every fault, after checking that each says what is wrong and what to do."""
        with pytest.raises(InstrumentError) as caught:
            load_from(self.folder)
        for problem in caught.value.problems:
            assert problem.file, f"no file is named for: {problem}"
            assert problem.message.strip()
            assert problem.remedy.strip()
            assert "\n" not in str(problem)
        return [(problem.file, problem.place) for problem in caught.value.problems]


_parse = yaml.load
_parsed: dict[tuple[str, Any], bytes] = {}


def parsed_once(text: str, Loader: Any) -> Any:  # noqa: N803 (as in `yaml.load`)
    """Give a fresh copy of what is in a text, which is parsed only once: most files of a copy are as they ship."""
    if (text, Loader) not in _parsed:
        _parsed[text, Loader] = pickle.dumps(_parse(text, Loader=Loader))
    return pickle.loads(_parsed[text, Loader])


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """A copy of the instrument with all its languages."""
    monkeypatch.setattr(yaml, "load", parsed_once)
    folder = tmp_path / "instrument"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return Copy(folder)


@pytest.fixture
def copy(whole: Copy) -> Copy:
    """A copy in English alone, so that one fault is one fault and not also a translation that no longer fits."""
    whole.text(FIGURES, lambda text: re.sub(r"^languages: .*$", "languages: [en]", text, flags=re.MULTILINE) + "\n")
    for folder in (whole.folder / "locales").iterdir():
        if folder.name != "en":
            shutil.rmtree(folder)
    return whole


def entry(name: str, section: str | None = None) -> Callable[[Any], Any]:
    """Find the entry of a list by its id."""

    def find(data: Any) -> Any:
        return next(e for e in (data[section] if section else data) if e["id"] == name)

    return find


def put(path: str, value: Any) -> Edit:
    """Set the value at a dotted path, in which an entry of a list is called by its id; `...` takes it away."""

    def edit(data: Any) -> None:
        *way, last = path.split(".")
        for part in way:
            if isinstance(data, list):
                data = data[int(part)] if part.isdigit() else entry(part)(data)
            else:
                data = data[int(part) if part.isdigit() and int(part) in data else part]
        key: Any = int(last) if last.isdigit() else last
        if value is ...:
            del data[key]
        else:
            data[key] = value

    return edit


def append(path: str, value: Any) -> Edit:
    def edit(data: Any) -> None:
        for part in path.split("."):
            data = entry(part)(data) if isinstance(data, list) else data[part]
        data.append(value)

    return edit


def drop(section: str, name: str) -> Edit:
    def edit(data: Any) -> None:
        data[section] = [e for e in data[section] if e["id"] != name]

    return edit


def twin(section: str, name: str) -> Edit:
    def edit(data: Any) -> None:
        data[section].append(entry(name)(data[section]))

    return edit


def test_the_instrument_as_it_ships_is_sound(whole: Copy) -> None:
    assert load_from(whole.folder).sha256 == load().sha256


def test_english_alone_is_sound(copy: Copy) -> None:
    assert set(load_from(copy.folder).texts) == {"en"}


def test_writing_the_files_anew_changes_nothing(whole: Copy) -> None:
    """The edits below are made on parsed data, so writing it back must be no fault in itself."""
    for path in sorted(whole.folder.rglob("*.yaml")):
        whole.data(str(path.relative_to(whole.folder)), lambda data: None)
    assert load_from(whole.folder).sha256 == load().sha256


def test_what_is_loaded_cannot_be_changed() -> None:
    instrument = load()
    for target, field in (
        (instrument, "sha256"),
        (instrument.figures, "version"),
        (instrument.figures.rules, "age_max_months"),
        (instrument.figures.functions[0], "region"),
        (instrument.words.functions["sleep"], "question"),
    ):
        with pytest.raises(Exception, match="frozen"):
            setattr(target, field, "changed")


# --- figures ------------------------------------------------------------------------------------------------------------

SLEEP, SPEECH = "functions.sleep", "activities.speech_language_therapy"

FIGURE_FAULTS: dict[str, tuple[str, Edit, str]] = {
    # the frame
    "another schema": (FIGURES, put("schema", "stemwise-instrument/2"), "schema"),
    "no schema": (FIGURES, put("schema", ...), "schema"),
    "no version": (FIGURES, put("version", ...), "version"),
    "a version that is a number": (FIGURES, put("version", 0.3), "version"),
    "an empty frame": (FIGURES, lambda data: data.clear(), ""),
    "a field nobody knows": (FIGURES, put("rules.luck", 7), "rules.luck"),
    "a rule missing": (FIGURES, put("rules.near_edge_percent", ...), "rules.near_edge_percent"),
    "a rule of the wrong type": (FIGURES, put("rules.carry_over_months", "two years"), "rules.carry_over_months"),
    "a fraction written as a decimal": (FIGURES, put("rules.known_share_min", 0.7), "rules.known_share_min"),
    "a fraction over nought": (FIGURES, put("rules.known_share_min", [7, 0]), "rules.known_share_min"),
    "a fraction of three numbers": (FIGURES, put("rules.known_share_min", [7, 10, 1]), "rules.known_share_min"),
    "age edges out of order": (FIGURES, put("age_bands_from_months.2", 1), "age_bands_from_months"),
    "an age edge twice": (FIGURES, put("age_bands_from_months.2", 2), "age_bands_from_months"),
    "an age edge that is text": (FIGURES, put("age_bands_from_months.2", "six"), "age_bands_from_months"),
    "a region unknown": (FIGURES, put("regions.0", "stem"), f"{SLEEP.split('.')[0]}"),
    "periods that leave a gap": (FIGURES, put("periods.infancy.to_months", 12), "periods.early_childhood"),
    "a period twice": (FIGURES, twin("periods", "youth"), "periods.youth"),
    "a factor twice in a period": (
        FIGURES,
        append("periods.youth.adversity", {"id": "neglect", "asked_of": []}),
        "periods.youth.neglect",
    ),
    "a factor asked of nobody known": (FIGURES, put("relational_now.friends.asked_of", ["aunt"]), "relational_now.friends"),
    "a relationship twice": (FIGURES, twin("relational_now", "friends"), "relational_now.friends"),
    "a harm that no period asks": (FIGURES, put("harm_factors.neglect.id", "neglekt"), "harm_factors"),
    "a harm ever that no period asks": (FIGURES, append("harm_ever", "harmed"), "harm_ever"),
    "an answer of self that is not asked": (FIGURES, append("of_self", "patience"), "of_self"),
    "a safety question twice": (FIGURES, twin("safety", "missing_now"), "safety.missing_now"),
    "a gate that is text": (FIGURES, put("safety.exploitation.gate", "yes"), "safety.exploitation.gate"),
    "a safety question without a field": (FIGURES, put("safety.exploitation.now_months", ...), "safety.exploitation"),
    # functions
    "a negative weight": (FUNCTIONS, put(f"{SLEEP}.weights.self_regulation", -1), f"{SLEEP}.weights"),
    "no weight anywhere": (
        FUNCTIONS,
        put(f"{SLEEP}.weights", dict.fromkeys(("sensory_integration", "self_regulation", "relational", "cognitive"), 0)),
        f"{SLEEP}.weights",
    ),
    "a weight for an unknown domain": (FUNCTIONS, put(f"{SLEEP}.weights.moral", 1), f"{SLEEP}.weights"),
    "a weight missing": (FUNCTIONS, put(f"{SLEEP}.weights.cognitive", ...), f"{SLEEP}.weights"),
    "a weight of one and a half": (FUNCTIONS, put(f"{SLEEP}.weights.cognitive", 1.5), f"{SLEEP}.weights.cognitive"),
    "a weight that is true": (FUNCTIONS, put(f"{SLEEP}.weights.cognitive", True), f"{SLEEP}.weights.cognitive"),
    "an unknown region": (FUNCTIONS, put(f"{SLEEP}.region", "brain_stem"), f"{SLEEP}.region"),
    "an expectation of 12": (FUNCTIONS, put(f"{SLEEP}.expected.12", 12), f"{SLEEP}.expected"),
    "an expectation of 0": (FUNCTIONS, put(f"{SLEEP}.expected.0", 0), f"{SLEEP}.expected"),
    "an expectation that falls": (FUNCTIONS, put(f"{SLEEP}.expected.12", 1), f"{SLEEP}.expected"),
    "an expectation that stops": (FUNCTIONS, put(f"{SLEEP}.expected.12", None), f"{SLEEP}.expected"),
    "an expectation too many": (FUNCTIONS, append(f"{SLEEP}.expected", 11), f"{SLEEP}.expected"),
    "an expectation that is text": (FUNCTIONS, put(f"{SLEEP}.expected.3", "high"), f"{SLEEP}.expected"),
    "two functions in one place": (FUNCTIONS, put(f"{SLEEP}.place", {"row": 1, "x": -0.5}), f"{SLEEP}.place"),
    "a function twice": (FUNCTIONS, twin("functions", "sleep"), SLEEP),
    "a field of a function missing": (FUNCTIONS, put(f"{SLEEP}.ahead_counts", ...), f"{SLEEP}.ahead_counts"),
    "a field of a function too much": (FUNCTIONS, put(f"{SLEEP}.colour", "red"), f"{SLEEP}.colour"),
    "asked of somebody unknown": (FUNCTIONS, put(f"{SLEEP}.asked_of", ["neighbour"]), f"{SLEEP}.asked_of"),
    "functions that are no list": (FUNCTIONS, put("functions", "none"), "functions"),
    "functions under another name": (FUNCTIONS, lambda d: d.update(function=d.pop("functions")), "functions"),
    # activities
    "an activity for an unknown function": (ACTIVITIES, append(f"{SPEECH}.functions", "tongue"), f"{SPEECH}.functions"),
    "an activity for an unknown domain": (ACTIVITIES, put(f"{SPEECH}.targets", ["moral"]), f"{SPEECH}.targets"),
    "an activity left out for an unknown flag": (ACTIVITIES, put(f"{SPEECH}.not_while", ["tired"]), f"{SPEECH}.not_while"),
    "an activity left out for an unknown harm": (
        ACTIVITIES,
        put(f"{SPEECH}.not_if_current", ["hardship"]),
        f"{SPEECH}.not_if_current",
    ),
    "an activity that supports what nobody asks": (
        ACTIVITIES,
        put("activities.mentor.supports", ["luck"]),
        "activities.mentor.supports",
    ),
    "an activity of an unknown kind": (ACTIVITIES, put(f"{SPEECH}.kind", "medical"), f"{SPEECH}.kind"),
    "an activity without a dose": (ACTIVITIES, put(f"{SPEECH}.minutes", 0), f"{SPEECH}.minutes"),
    "an activity that ends before it begins": (ACTIVITIES, put(f"{SPEECH}.to_months", 0), f"{SPEECH}.to_months"),
    "an activity that lists nothing": (ACTIVITIES, put(f"{SPEECH}.functions", []), SPEECH),
    "an activity for a domain in which its functions weigh nothing": (
        ACTIVITIES,
        put("activities.swimming.targets", ["relational"]),
        "activities.swimming",
    ),
    "an activity before its function is asked": (
        ACTIVITIES,
        lambda d: entry("handwriting_and_tools", "activities")(d).update(
            functions=["reading_and_writing"], from_months=0, to_months=2
        ),
        "activities.handwriting_and_tools",
    ),
    "a relationship activity that supports nothing": (ACTIVITIES, put("activities.mentor.supports", []), "activities.mentor"),
    "an activity twice": (ACTIVITIES, twin("activities", "mentor"), "activities.mentor"),
    "no specialist to fall back on": (ACTIVITIES, drop("activities", "specialist_assessment"), "specialist_assessment"),
    "a library that runs dry": (
        ACTIVITIES,
        lambda d: d.update(
            activities=[a for a in d["activities"] if a["kind"] != "enrichment" or "cognitive" not in a["targets"]]
        ),
        "cognitive",
    ),
    "a library without relationships": (
        ACTIVITIES,
        lambda d: d.update(activities=[a for a in d["activities"] if "relationship" not in a["targets"]]),
        "relationship",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FIGURE_FAULTS)
def test_a_fault_in_the_figures_names_its_file_and_field(copy: Copy, fault: str) -> None:
    file, edit, place = FIGURE_FAULTS[fault]
    copy.data(file, edit)
    found = copy.problems()
    wanted_file = FUNCTIONS if fault == "a region unknown" else file
    assert any(f == wanted_file and p.startswith(place) for f, p in found), found


@pytest.mark.parametrize(
    ("file", "edit", "place"),
    [
        (FUNCTIONS, put(f"{SLEEP}.expected.12", ...), f"{SLEEP}.expected"),
        (FIGURES, put("age_bands_from_months.0", 1), "age_bands_from_months"),
        (FIGURES, put("age_bands_from_months", []), "age_bands_from_months"),
        (FIGURES, put("age_bands_from_months.0", ...), "age_bands_from_months"),
        (ACTIVITIES, put(f"{SPEECH}.from_months", -1), SPEECH),
    ],
    ids=["an expectation too few", "bands that begin at 1", "no bands", "the first band gone", "an age below nought"],
)
def test_a_wrong_age_is_told_and_is_no_crash(copy: Copy, file: str, edit: Edit, place: str) -> None:
    copy.data(file, edit)
    assert any(f == file and p.startswith(place) for f, p in copy.problems())


LET_IN: dict[str, tuple[str, Edit, str]] = {
    "rating bands with a hole": (FIGURES, put("rating.bands.severe", [1, 2]), "rating"),
    "a rating band gone": (FIGURES, put("rating.bands.severe", ...), "rating"),
    "a rating scale turned round": (FIGURES, put("rating.min", 13), "rating"),
    "tier edges turned round": (FIGURES, put("rules.tier_edges_percent", [85, 65]), "rules.tier_edges_percent"),
    "a share above one": (FIGURES, put("rules.known_share_min", [70, 10]), "rules.known_share_min"),
    "a harm that waits from none": (FIGURES, put("harm_factors.neglect.waits_from", 0), "harm_factors"),
    "a harm that waits from what the scale lacks": (FIGURES, put("harm_factors.neglect.waits_from", 4), "harm_factors"),
    "an urgency that ends before it begins": (FIGURES, put("safety.exploitation.now_months", [13, 0]), "safety"),
    "a question that is never asked": (FIGURES, put("safety.goes_missing.asked_to_months", 0), "safety"),
    "a harm gone from harm_ever": (FIGURES, lambda d: d["harm_ever"].remove("neglect"), "harm_ever"),
    "a last period that ends": (FIGURES, put("periods.adulthood.to_months", 600), "periods.adulthood"),
    "a first period that begins": (FIGURES, put("periods.before_birth.from_months", -9), "periods.before_birth"),
    "a suggestion missing": (FIGURES, put("carer_suggestion.ahead", ...), "carer_suggestion"),
    "a closer look at what is as expected": (FUNCTIONS, put(f"{SLEEP}.look_closer_from", 0), SLEEP),
    "a dose without end": (ACTIVITIES, put(f"{SPEECH}.per_week", float("inf")), SPEECH),
    "a dose that is no number": (ACTIVITIES, put(f"{SPEECH}.per_week", float("nan")), SPEECH),
    "a dose that is text": (ACTIVITIES, put(f"{SPEECH}.per_week", "1"), SPEECH),
    "a dose that is true": (ACTIVITIES, put(f"{SPEECH}.per_week", True), SPEECH),
    "a setting misspelt": (ACTIVITIES, put(f"{SPEECH}.setting", "clinik"), SPEECH),
    "a leader misspelt": (ACTIVITIES, put(f"{SPEECH}.lead", "clinican"), SPEECH),
    "a function listed twice": (ACTIVITIES, append(f"{SPEECH}.functions", "language"), SPEECH),
    "a target listed twice": (ACTIVITIES, append(f"{SPEECH}.targets", "cognitive"), SPEECH),
    "a load that nobody at home carries": (ACTIVITIES, put(f"{SPEECH}.adds_load", True), SPEECH),
    "a scale of three answers": (FIGURES, lambda d: d["adversity_scale"].pop(), "adversity_scale"),
    "more known relationships than are asked": (FIGURES, put("rules.relational_now_known_min", 11), "rules.relational_now_known_min"),
    "an id with a blank": (FIGURES, put("domains.0", "the senses"), "domains"),
    "a language that is a path": (FIGURES, put("languages.0", "../en"), "languages"),
    "the functions in the frame": (FIGURES, put("functions", []), "functions"),
    "a stray key beside the functions": (FUNCTIONS, put("function", []), "function"),
    "a stray key beside the activities": (ACTIVITIES, put("activity", []), "activity"),
}  # fmt: skip


@pytest.mark.parametrize("fault", LET_IN)
def test_a_figure_that_makes_no_sense_is_told(copy: Copy, fault: str) -> None:
    file, edit, place = LET_IN[fault]
    copy.data(file, edit)
    assert any(f == file and p.startswith(place) for f, p in copy.problems())


EARLIER_FAULTS: dict[str, tuple[Edit, str]] = {
    "no list": (put("earlier_versions", ...), "earlier_versions"),
    "a version that is a number": (lambda data: data["earlier_versions"].update({2: []}), "earlier_versions"),
    "the installed version": (lambda data: data["earlier_versions"].update({load().version: []}), "earlier_versions."),
    "a function that does not exist": (put("earlier_versions", {"0.2.0": ["dreams"]}), "earlier_versions.0.2.0"),
    "a function twice": (put("earlier_versions", {"0.2.0": ["sleep", "sleep"]}), "earlier_versions.0.2.0"),
    "one function and no list": (put("earlier_versions", {"0.2.0": "sleep"}), "earlier_versions.0.2.0"),
}


@pytest.mark.parametrize("fault", EARLIER_FAULTS)
def test_a_fault_in_the_list_of_earlier_versions_is_told(copy: Copy, fault: str) -> None:
    edit, place = EARLIER_FAULTS[fault]
    copy.data(FIGURES, edit)
    assert any(f == FIGURES and p.startswith(place) for f, p in copy.problems())


def test_an_earlier_version_is_read_with_what_has_changed_since(copy: Copy) -> None:
    copy.data(FIGURES, put("earlier_versions", {"0.2.0": ["sleep"], "0.1.0": []}))
    assert load_from(copy.folder).figures.earlier_versions == {"0.2.0": ("sleep",), "0.1.0": ()}


# --- words --------------------------------------------------------------------------------------------------------------

WORD_FAULTS: dict[str, tuple[str, Edit, str]] = {
    "words for a function nobody knows": (LIMBIC, put("moods", {}), "functions.moods"),
    "no question": (LIMBIC, put("mood_and_feelings.question", ...), "functions.mood_and_feelings.question"),
    "an empty question": (LIMBIC, put("mood_and_feelings.question", ""), "functions.mood_and_feelings.question"),
    "an anchor missing": (LIMBIC, put("mood_and_feelings.anchors.mild", ...), "functions.mood_and_feelings.anchors.mild"),
    "an anchor too many": (LIMBIC, put("mood_and_feelings.anchors.great", "x"), "functions.mood_and_feelings.anchors.great"),
    "a text that is a number": (LIMBIC, put("mood_and_feelings.why", 7), "functions.mood_and_feelings.why"),
    "an example for an age that is text": (
        LIMBIC,
        put("mood_and_feelings.carer.examples.baby", "x"),
        "functions.mood_and_feelings.carer.examples",
    ),
    "no word on the over-version": (BRAINSTEM, put("heart_and_circulation.over", ...), "functions.heart_and_circulation.over"),
    "a short name that no cell holds": (LIMBIC, put("mood_and_feelings.short", "M" * 30), "functions.mood_and_feelings.short"),
    "words that are a list": (LIMBIC, put("mood_and_feelings", []), "functions.mood_and_feelings"),
    "a factor without words": (HISTORY, put("adversity.neglect", ...), "adversity.neglect"),
    "a factor nobody knows": (HISTORY, put("adversity.neglekt", {"short": "a", "full": "b", "plain": "c"}), "adversity.neglekt"),
    "a button of 21 letters": (HISTORY, put("adversity.neglect.short", "n" * 21), "adversity.neglect.short"),
    "no wording of a factor for carers": (HISTORY, put("adversity.hardship.carer", ...), "adversity.hardship.carer"),
    "no wording of a factor for the person": (HISTORY, put("adversity.hardship.self", ""), "adversity.hardship.self"),
    "two buttons of one period that read the same": (HISTORY, put("adversity.neglect.short", "Carer unwell"), "periods"),
    "a period without words": (HISTORY, put("periods.youth", ...), "periods.youth"),
    "a harm without words": (HISTORY, put("harm.neglect", ...), "harm.neglect"),
    "what held without words": (HISTORY, put("relational.steady_home", ...), "relational.steady_home"),
    "a relationship without words": (RELATIONSHIPS, put("friends", ...), "relational_now.friends"),
    "no wording of a relationship for school": (RELATIONSHIPS, put("friends.school", None), "relational_now.friends.school"),
    "a danger without words": (SAFETY, put("missing_now", ...), "safety.missing_now"),
    "a danger without what to do": (SAFETY, put("missing_now.act", ...), "safety.missing_now.act"),
    "no wording of a danger for carers": (SAFETY, put("missing_now.carer", ...), "safety.missing_now.carer"),
    "no wording of a danger for school": (SAFETY, put("told_of_harm.school", ...), "safety.told_of_harm.school"),
    "an activity without words": (COGNITIVE, put("speech_language_therapy", ...), "activities.speech_language_therapy"),
    "an activity of two steps": (
        COGNITIVE,
        put("speech_language_therapy.how", ["One.", "Two."]),
        "activities.speech_language_therapy.how",
    ),
    "a caution left unsaid": (COGNITIVE, put("speech_language_therapy.caution", ...), "activities.speech_language_therapy.caution"),
    "a caution nobody asked for": (COGNITIVE, put("shared_reading.caution", "Mind."), "activities.shared_reading.caution"),
    "a source nobody named": (COGNITIVE, put("library_and_museum.source", "A. 1999"), "activities.library_and_museum.source"),
    "a region without words": (INTERVIEW, put("regions.limbic", ...), "regions.limbic"),
    "a domain without words": (INTERVIEW, put("domains.cognitive", ...), "domains.cognitive"),
    "a tier without words": (INTERVIEW, put("tiers.extend", ...), "tiers.extend"),
    "a status without words": (INTERVIEW, put("statuses.ahead", ...), "statuses.ahead"),
    "a scale without words": (INTERVIEW, put("scales.carer_scale", ...), "scales.carer_scale"),
    "a fact without words": (INTERVIEW, put("facts.hearing_checked", ...), "facts.hearing_checked"),
    "a notice cut short": (INTERVIEW, put("notice.points", ["One point."]), "notice.points"),
    "a section nobody knows": (INTERVIEW, put("jokes", {"one": "x"}), "jokes"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WORD_FAULTS)
def test_a_fault_in_the_words_names_its_file_and_field(copy: Copy, fault: str) -> None:
    file, edit, place = WORD_FAULTS[fault]
    copy.data(file, edit)
    found = copy.problems()
    assert any(f == file and p.startswith(place) for f, p in found), found


WRONG_FILE: dict[str, tuple[str, Edit, str]] = {
    "a function without words": (LIMBIC, put("mood_and_feelings", ...), "functions.mood_and_feelings"),
    "no wording for carers": (LIMBIC, put("mood_and_feelings.carer", ...), "functions.mood_and_feelings.carer"),
    "no wording for school": (LIMBIC, put("mood_and_feelings.school", None), "functions.mood_and_feelings.school"),
    "no wording for the person": (LIMBIC, put("mood_and_feelings.self", ...), "functions.mood_and_feelings.self"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG_FILE)
def test_words_that_are_missing_are_told_with_the_file_they_belong_in(copy: Copy, fault: str) -> None:
    file, edit, place = WRONG_FILE[fault]
    copy.data(file, edit)
    found = copy.problems()
    assert any(f in (file, str(Path(file).parent)) and p.startswith(place) for f, p in found), found


@pytest.mark.parametrize("file", [LIMBIC, COGNITIVE])
def test_a_missing_file_of_words_is_one_fault(copy: Copy, file: str) -> None:
    (copy.folder / file).unlink()
    assert copy.problems() == [(file, "")]


def test_words_that_stand_in_two_files_are_told(copy: Copy) -> None:
    copy.data(LIMBIC, lambda data: data.update(sleep=data["mood_and_feelings"]))
    assert any(place == "functions.sleep" for _, place in copy.problems())


@pytest.mark.parametrize(
    ("file", "section"), [(HISTORY, "harm"), (HISTORY, "periods"), (INTERVIEW, "tiers"), (INTERVIEW, "notice")]
)
def test_a_whole_section_gone_names_a_file(copy: Copy, file: str, section: str) -> None:
    copy.data(file, put(section, ...))
    assert any(place == section for _, place in copy.problems())


def test_a_stray_section_of_the_frame_names_its_file(copy: Copy) -> None:
    copy.data(FIGURES, put("extra", 1))
    assert copy.problems() == [(FIGURES, "extra")]


WORDS_LET_IN: dict[str, tuple[str, Edit, str]] = {
    "a scale word missing": (INTERVIEW, put("scales.adversity.severe", ...), "scales.adversity"),
    "a scale word nobody knows": (INTERVIEW, put("scales.adversity.sever", {"word": "x"}), "scales.adversity"),
    "a rating band without words": (INTERVIEW, put("scales.bands.severe", ...), "scales.bands"),
    "a carer's answer without words": (INTERVIEW, put("scales.carer_scale.harder", ...), "scales.carer_scale"),
    "a status that is empty": (INTERVIEW, put("statuses.ahead", ""), "statuses.ahead"),
    "a question of blanks": (LIMBIC, put("mood_and_feelings.question", "  "), "functions.mood_and_feelings.question"),
    "no example at all": (LIMBIC, put("mood_and_feelings.carer.examples", {}), "functions.mood_and_feelings.carer"),
    "examples at two ages only": (
        LIMBIC,
        put("mood_and_feelings.carer.examples", {0: "A.", 24: "B."}),
        "functions.mood_and_feelings.carer",
    ),
    "a wording for whom nobody asks": (
        BRAINSTEM,
        put("heart_and_circulation.self", {"question": "a?", "example": "b."}),
        "functions.heart_and_circulation.self",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", WORDS_LET_IN)
def test_words_that_a_screen_would_miss_are_told(copy: Copy, fault: str) -> None:
    file, edit, place = WORDS_LET_IN[fault]
    copy.data(file, edit)
    assert any(f == file and p.startswith(place) for f, p in copy.problems())


# --- files --------------------------------------------------------------------------------------------------------------

ALL_FILES = (FIGURES, FUNCTIONS, ACTIVITIES, INTERVIEW, HISTORY, SAFETY, RELATIONSHIPS)


@pytest.mark.parametrize("file", [*ALL_FILES, LIMBIC, COGNITIVE])
def test_a_missing_file_is_told(copy: Copy, file: str) -> None:
    (copy.folder / file).unlink()
    with pytest.raises(InstrumentError) as caught:
        load_from(copy.folder)
    named = {problem.file for problem in caught.value.problems}
    assert named & {file, EN, str(Path(file).parent)}


BROKEN_YAML = {
    "a bracket left open": "\nextra: [1, 2\n",
    "a tab for blanks": "\nextra:\n\t- 1\n",
    "a colon too many": "\nextra: a: b\n",
    "a control character": "\nextra: \x00\n",
    "an unknown alias": "\nextra: *nobody\n",
    "a second document": "\n---\nextra: 1\n",
    "Python in a tag": '\nextra: !!python/object/apply:os.system ["true"]\n',
    "nesting without end": "\nextra: " + "[" * 5_000 + "]" * 5_000 + "\n",
}


@pytest.mark.parametrize("fault", BROKEN_YAML)
@pytest.mark.parametrize("file", [FUNCTIONS, LIMBIC])
def test_what_is_not_yaml_is_told_and_never_run(copy: Copy, file: str, fault: str) -> None:
    copy.text(file, lambda text: text + BROKEN_YAML[fault])
    assert (file, "") in copy.problems()


@pytest.mark.parametrize("file", [FIGURES, SAFETY, LIMBIC])
@pytest.mark.parametrize("data", [b"", b"- 1\n- 2\n", b"text", b"caf\xe9: 1\n", "schema: 1".encode("utf-16"), b"null"])
def test_a_file_of_another_make_is_told(copy: Copy, file: str, data: bytes) -> None:
    (copy.folder / file).write_bytes(data)
    with pytest.raises(InstrumentError) as caught:
        load_from(copy.folder)
    assert file in {problem.file for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("file", "line", "again"),
    [
        (FIGURES, r"^id: .*\n", r"\g<0>\g<0>"),
        (FUNCTIONS, r"^  region: brainstem\n", r"\g<0>\g<0>"),
        (LIMBIC, r"^      6: .*\n", r"\g<0>\g<0>"),
        (SAFETY, r"^danger_at_home_now:\n", r"danger_at_home_now: {}\n\g<0>"),
    ],
)
def test_the_same_key_twice_is_told_with_its_line(copy: Copy, file: str, line: str, again: str) -> None:
    copy.text(file, lambda text: re.sub(line, again, text, count=1, flags=re.MULTILINE))
    with pytest.raises(InstrumentError) as caught:
        load_from(copy.folder)
    told = [str(p) for p in caught.value.problems if p.file == file and "twice" in p.message]
    assert told
    assert re.search(r"line \d+", told[0])


@pytest.mark.parametrize("key", ["? [a, b]\n: 1\n", "? {a: b}\n: 1\n"])
def test_a_key_that_is_no_text_is_told_and_is_no_crash(copy: Copy, key: str) -> None:
    copy.text(FIGURES, lambda text: f"{text}\n{key}")
    assert copy.problems() == [(FIGURES, "")]


@pytest.mark.parametrize("value", ["2026-13-45", "!!bool perhaps", "!!timestamp soon", "!!int many", "9" * 5_000])
def test_a_value_that_does_not_exist_is_told_and_is_no_crash(copy: Copy, value: str) -> None:
    copy.text(LIMBIC, lambda text: f"{text}\nextra: {value}\n")
    assert copy.problems() == [(LIMBIC, "")]


def test_one_fault_of_yaml_is_one_line(copy: Copy) -> None:
    copy.text(FIGURES, lambda text: text.replace("id: stemwise-intake", "id: stemwise-intake\nid: stemwise-intake", 1))
    assert copy.problems() == [(FIGURES, "")]


def test_no_files_at_all_are_told(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError) as caught:
        load_from(tmp_path / "nowhere")
    assert {FIGURES, FUNCTIONS, ACTIVITIES} <= {problem.file for problem in caught.value.problems}


def test_several_faults_are_told_at_once(copy: Copy) -> None:
    copy.data(FUNCTIONS, put(f"{SLEEP}.weights.self_regulation", -1))
    copy.data(FUNCTIONS, put("functions.language.expected.12", 12))
    copy.data(ACTIVITIES, put(f"{SPEECH}.minutes", 0))
    copy.data(SAFETY, put("told_of_harm.school", ...))
    found = {place for _, place in copy.problems()}
    assert {
        f"{SLEEP}.weights",
        "functions.language.expected",
        f"{SPEECH}.minutes",
        "safety.told_of_harm.school",
    } <= found


# --- the digest ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "edit"),
    [
        (FIGURES, put("rules.new_band_months", 3)),
        (FUNCTIONS, put(f"{SLEEP}.weights.self_regulation", 4)),
        (ACTIVITIES, put(f"{SPEECH}.minutes", 46)),
        (LIMBIC, put("mood_and_feelings.plain", "an even mood")),
        (FIGURES, put("version", "0.3.1")),
    ],
)
def test_a_changed_figure_and_a_changed_word_change_the_digest(copy: Copy, file: str, edit: Edit) -> None:
    before = load_from(copy.folder).sha256
    copy.data(file, edit)
    assert load_from(copy.folder).sha256 != before


def test_a_remark_and_the_order_of_keys_do_not_change_the_digest(copy: Copy) -> None:
    before = load_from(copy.folder).sha256
    copy.text(FIGURES, lambda text: f"# a remark\n{text}")
    copy.data(LIMBIC, lambda data: [data.update({key: data.pop(key)}) for key in sorted(data)])
    assert load_from(copy.folder).sha256 == before


def test_the_parts_of_an_instrument_are_found_by_id() -> None:
    instrument: Instrument = load()
    assert set(instrument.function) == set(instrument.words.functions)
    assert set(instrument.activity) == set(instrument.words.activities)
    assert instrument.band_index(0) == 0
    assert [instrument.band_index(m) for m in (1, 2, 215, 216, 1320)] == [0, 1, 11, 12, 12]


# --- other languages ----------------------------------------------------------------------------------------------------

OTHERS = [language for language in load().figures.languages if language != "en"]
TRANSLATION_FAULTS: dict[str, tuple[str, Edit, str]] = {
    "a question left in English": ("functions/limbic.yaml", put("mood_and_feelings.carer", ...), "mood_and_feelings.carer"),
    "an example at another age": (
        "functions/limbic.yaml",
        lambda d: d["mood_and_feelings"]["carer"]["examples"].update({1: "Uno."}),
        "mood_and_feelings.carer.examples.1",
    ),
    "a danger left in English": ("safety.yaml", put("missing_now.carer.act", ...), "safety.missing_now.carer"),
    "a factor left in English": ("history.yaml", put("adversity.hardship.self", ...), "adversity.hardship.self"),
    "a text that is a number": ("history.yaml", put("adversity.hardship.self", 7), "adversity.hardship.self"),
    "a notice that lacks a point": ("interview.yaml", lambda d: d["notice"]["carer"].pop(), "notice.carer"),
}  # fmt: skip


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("fault", TRANSLATION_FAULTS)
def test_a_fault_in_a_translation_names_its_file_and_field(whole: Copy, language: str, fault: str) -> None:
    file, edit, place = TRANSLATION_FAULTS[fault]
    whole.data(f"locales/{language}/{file}", edit)
    found = whole.problems()
    assert any(place in p for _, p in found), found
    assert all(f.startswith(f"locales/{language}") for f, _ in found), found


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_that_is_gone_or_unreadable_is_told(whole: Copy, language: str) -> None:
    whole.text(f"locales/{language}/safety.yaml", lambda text: text + "\nextra: [1\n")
    assert (f"locales/{language}/safety.yaml", "") in whole.problems()
    shutil.rmtree(whole.folder / "locales" / language)
    assert whole.problems()


@pytest.mark.parametrize("language", OTHERS)
def test_a_missing_file_of_a_translation_is_one_fault(whole: Copy, language: str) -> None:
    for file in ("functions/limbic.yaml", "safety.yaml", "history.yaml"):
        path = whole.folder / "locales" / language / file
        kept = path.read_bytes()
        path.unlink()
        assert whole.problems() == [(f"locales/{language}/{file}", "")]
        path.write_bytes(kept)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("value", [7, None, ["a"], "text"])
def test_a_section_of_a_translation_that_is_no_mapping_is_one_fault(whole: Copy, language: str, value: Any) -> None:
    whole.data(f"locales/{language}/history.yaml", put("adversity", value))
    assert whole.problems() == [(f"locales/{language}/history.yaml", "adversity")]


@pytest.mark.parametrize("languages", [[], ["es"], ["en", "xx"], "en", None, ["en", "en"], ["en", "../en"]], ids=repr)
def test_languages_without_english_or_without_texts_are_refused(copy: Copy, languages: Any) -> None:
    copy.data(FIGURES, put("languages", languages))
    if languages == ["en", "en"]:
        assert set(load_from(copy.folder).texts) == {"en"}
        return
    assert copy.problems()

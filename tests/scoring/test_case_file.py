"""Case files: what is refused, with which field named, and what must be let through."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.case import Case, CaseError, case_from, completed_months, read_case
from scoring.instrument import load
from scoring.result import assess, profile_json
from tests.scoring.independent import FIGURES
from tests.scoring.strategies import cases, without_nulls

FILE = "anna.case.json"
PLAIN: dict[str, Any] = {
    "schema": "stemwise-case/1",
    "label": "Example",
    "born": "2018-03-14",
    "assessed": "2026-04-01",
}
FUNCTIONS = [f["id"] for f in FIGURES["functions"]]
NOT_A_WHOLE_NUMBER: list[Any] = [True, False, 7.0, 1e2, 0.5, "7", "", [], [7], {}, -1, 10**30]


def plain(**changes: Any) -> dict[str, Any]:
    """A small valid case of an 8-year-old, with some fields changed."""
    return deepcopy(PLAIN) | changes


def read(content: Any) -> Case:
    data = content if isinstance(content, bytes | str) else json.dumps(content).encode()
    return read_case(data, load(), FILE)


def with_text(more: str) -> bytes:
    """The plain case with fields written by hand, for what `json.dumps` would never write."""
    return (json.dumps(PLAIN)[:-1] + "," + more + "}").encode()


def faults(content: Any) -> list[str]:
    """Places of all faults, after checking that each reads as one short line that names file, fault and remedy."""
    with pytest.raises(CaseError) as caught:
        read(content)
    for problem in caught.value.problems:
        line = str(problem)
        assert line.startswith(FILE)
        assert problem.message.strip()
        assert problem.remedy.strip()
        assert line.isprintable(), line
        assert len(line) < 300, line[:400]
        assert "Error" not in line
    return [problem.place for problem in caught.value.problems]


# --- what stands in no field: the file as a whole -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"\xef\xbb\xbf",
        b"born: 2018-03-14",
        b"{'schema': 'stemwise-case/1'}",
        json.dumps(PLAIN).encode()[:-1],
        json.dumps(PLAIN).encode() + b"x",
        json.dumps(PLAIN).encode() + b"\x00",
        json.dumps(PLAIN).encode()[:-1] + b",}",
        b"\xff\xfe{\x00}\x00",
        json.dumps(PLAIN).encode("utf-16"),
        json.dumps(PLAIN | {"label": "x"}).encode().replace(b"x", b"\xe9"),
        b"\x00" * 50,
        with_text('"functions": {"sleep": 07}'),
        with_text('"x": NaN'),
        with_text('"functions": {"sleep": NaN}'),
        with_text('"weeks_early": Infinity'),
        with_text('"weeks_early": -Infinity'),
        with_text('"weeks_early": 0x0a'),
    ],
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    assert faults(data) == [""]


@pytest.mark.parametrize("data", [b"null", b"[]", b"7", b'"stemwise-case/1"', b"true", b"[{}]"])
def test_json_that_is_no_object_is_refused(data: bytes) -> None:
    assert faults(data) == [""]


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 200_000,
        with_text('"x": ' + "[" * 100_000 + "]" * 100_000),
        with_text('"x": ' + '{"a":' * 100_000 + "1" + "}" * 100_000),
        with_text('"functions": ' + '{"sleep":' * 100_000 + "1" + "}" * 100_000),
    ],
    ids=["an open list", "lists", "objects", "in a section"],
)
def test_deep_nesting_is_refused_and_brings_nothing_down(data: bytes) -> None:
    assert faults(data) == [""]


def test_the_fault_of_deep_nesting_does_not_depend_on_how_deep_the_caller_is() -> None:
    def deeper(levels: int) -> list[str]:
        return deeper(levels - 1) if levels else faults(with_text('"x": ' + "[" * 5_000 + "]" * 5_000))

    assert deeper(sys.getrecursionlimit() // 4) == [""]


def test_a_byte_order_mark_is_let_through() -> None:
    assert read(b"\xef\xbb\xbf" + json.dumps(PLAIN).encode()) == read(PLAIN)
    assert read("\ufeff" + json.dumps(PLAIN)) == read(PLAIN)


@pytest.mark.parametrize(
    "value", [None, "stemwise-case/2", "stemwise-case/1 ", "Stemwise-case/1", 1, ["x"], {}, "\ud800"]
)
def test_an_unknown_schema_is_refused(value: Any) -> None:
    assert faults(plain(schema=value)) == ["schema"]


def test_a_missing_schema_is_refused() -> None:
    assert faults({}) == ["schema"]


# --- the same key twice -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('"label": "Other"', "label"),
        ('"functions": {"sleep": 7, "sleep": 7}', "sleep"),
        ('"functions": {"sleep": 7, "sle\\u0065p": 7}', "sleep"),
        ('"functions": {"sleep": 7}, "functions": {}', "functions"),
        ('"history": {"infancy": {"adversity": {}, "adversity": {}}}', "adversity"),
        ('"encounters": [{"id": 1, "id": 2}]', "id"),
    ],
)
def test_the_same_key_twice_in_one_object_is_refused(more: str, key: str) -> None:
    (place,) = faults(with_text(more))
    assert place.rpartition(".")[2] == key


def test_the_same_key_in_two_objects_is_no_fault() -> None:
    read(with_text('"x": {"sleep": 1}, "functions": {"sleep": 7}, "y": [{"a": 1}, {"a": 2}]'))


@pytest.mark.parametrize(
    "key", ["a\\nb", "\\u001b[31mred", "k" * 5_000, "\\ud800"], ids=["line", "escape", "long", "half"]
)
def test_a_strange_key_standing_twice_still_gives_one_short_line(key: str) -> None:
    faults(with_text(f'"x": {{"{key}": 1, "{key}": 2}}'))


# --- dates --------------------------------------------------------------------------------------------------------------

NO_DATES: list[Any] = [
    *("0000-00-00", "0000-01-01", "2018-00-10", "2018-13-10", "2018-02-30", "2017-02-29", "1900-02-29", "2018-04-31"),
    *("2018-3-14", "20180314", "2018-W11-3", "2018-03-14T00:00", "14.3.2018", "2018/03/14", "18-03-14", "+2018-03-14"),
    *(" 2018-03-14", "2018-03-14\n", "2018-03-14 ", "２０１８-03-14", "٢٠١٨-٠٣-١٤", "-018-03-14", "", "today"),
    *(20180314, 2018.0, None, True, [], ["2018-03-14"], {}, "\ud800"),
]


@pytest.mark.parametrize("value", NO_DATES)
@pytest.mark.parametrize("field", ["born", "assessed"])
def test_what_is_no_date_is_refused(field: str, value: Any) -> None:
    assert faults(plain(**{field: value})) == [field]


@pytest.mark.parametrize("field", ["born", "assessed"])
def test_a_missing_date_is_refused(field: str) -> None:
    content = plain()
    del content[field]
    assert faults(content) == [field]


@pytest.mark.parametrize("born", ["2024-02-29", "2000-02-29"])
def test_the_29th_of_february_is_a_day_in_a_leap_year(born: str) -> None:
    assert read(plain(born=born)).born == date.fromisoformat(born)


@pytest.mark.parametrize(
    ("born", "assessed", "age"),
    [
        ("2024-02-29", "2025-02-28", 11),
        ("2024-02-29", "2025-03-01", 12),
        ("2024-02-29", "2028-02-29", 48),
        ("2024-01-31", "2024-02-29", 0),
        ("2024-01-31", "2024-03-01", 1),
        ("2024-01-30", "2024-02-29", 0),
        ("2023-12-31", "2024-04-30", 3),
        ("2023-12-31", "2024-05-01", 4),
        ("2024-03-14", "2024-03-14", 0),
        ("0001-01-01", "0001-02-01", 1),
        ("9999-12-01", "9999-12-31", 0),
    ],
)
def test_age_is_in_completed_months(born: str, assessed: str, age: int) -> None:
    assert read(plain(born=born, assessed=assessed)).age_months == age


def test_a_birth_in_the_last_weeks_of_the_calendar_can_be_early_and_is_scored() -> None:
    case = read(plain(born="9999-12-20", assessed="9999-12-31", weeks_early=18))
    assert profile_json(assess(case, load()))["counted_months"] == 0


def test_dates_in_the_wrong_order_are_refused() -> None:
    assert faults(plain(born="2026-04-02")) == ["assessed"]
    assert read(plain(born="2026-04-01")).age_months == 0


def test_an_age_over_1320_months_is_refused_and_1320_is_not() -> None:
    assert read(plain(born="1916-04-01")).age_months == 1320
    assert read(plain(born="1916-03-02")).age_months == 1320
    assert faults(plain(born="1916-03-01")) == ["born"]
    assert faults(plain(born="0001-01-01")) == ["born"]


# --- values -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [*NOT_A_WHOLE_NUMBER, 0, 13], ids=repr)
def test_a_rating_that_is_not_a_whole_number_from_1_to_12_is_refused(value: Any) -> None:
    assert faults(plain(functions={"sleep": value})) == ["functions.sleep"]


@pytest.mark.parametrize("text", ["7e0", "-0", "1e999", "-1e999", "1E1", "7.00", "9" * 4_000])
def test_a_rating_written_in_another_way_is_refused(text: str) -> None:
    assert faults(with_text(f'"functions": {{"sleep": {text}}}')) == ["functions.sleep"]


def test_an_integer_too_long_to_read_is_refused_in_plain_words() -> None:
    with pytest.raises(CaseError) as caught:
        read(with_text(f'"functions": {{"sleep": {"9" * 5_000}}}'))
    assert "sys." not in str(caught.value)


@pytest.mark.parametrize("value", range(1, 13))
def test_every_rating_from_1_to_12_is_let_through(value: int) -> None:
    assert read(plain(functions={"sleep": value})).functions == {"sleep": value}


@pytest.mark.parametrize("value", [*NOT_A_WHOLE_NUMBER, 4], ids=repr)
@pytest.mark.parametrize(
    ("section", "place"),
    [
        ({"history": {"infancy": {"adversity": {"neglect": "?"}}}}, "history.infancy.adversity.neglect"),
        ({"history": {"infancy": {"relational": {"play_and_talk": "?"}}}}, "history.infancy.relational.play_and_talk"),
        ({"relational_now": {"friends": "?"}}, "relational_now.friends"),
    ],
)
def test_a_factor_that_is_not_a_whole_number_from_0_to_3_is_refused(
    section: dict[str, Any], place: str, value: Any
) -> None:
    content = json.loads(json.dumps(section).replace('"?"', json.dumps(value)))
    assert faults(plain(**content)) == [place]


@pytest.mark.parametrize("value", [*NOT_A_WHOLE_NUMBER, 19], ids=repr)
def test_weeks_early_are_0_to_18(value: Any) -> None:
    assert faults(plain(weeks_early=value)) == ["weeks_early"]
    assert read(plain(weeks_early=18)).weeks_early == 18
    assert read(plain(weeks_early=0)).weeks_early == 0
    assert read(plain(weeks_early=None)).weeks_early is None


@pytest.mark.parametrize("value", [0, 1, "true", "yes", "", [], {}, 1.0])
@pytest.mark.parametrize(
    ("section", "place"),
    [
        ({"safety": {"harmed_recently": "?"}}, "safety.harmed_recently"),
        ({"still_happening": {"neglect": "?"}}, "still_happening.neglect"),
        ({"no_contact": "?"}, "no_contact"),
        ({"facts": {"hearing_checked": "?"}}, "facts.hearing_checked"),
        ({"facts": {"sight_checked": "?"}}, "facts.sight_checked"),
    ],
)
def test_what_is_answered_by_yes_or_no_takes_only_true_false_and_null(
    section: dict[str, Any], place: str, value: Any
) -> None:
    assert faults(plain(**json.loads(json.dumps(section).replace('"?"', json.dumps(value))))) == [place]
    for fine in (True, False, None):
        read(plain(**json.loads(json.dumps(section).replace('"?"', json.dumps(fine)))))


@pytest.mark.parametrize("value", [5, True, [], ["English"], {}])
def test_label_and_languages_are_text_or_null(value: Any) -> None:
    assert faults(plain(label=value)) == ["label"]
    assert faults(plain(facts={"languages": value})) == ["facts.languages"]


def test_a_missing_label_is_let_through() -> None:
    content = plain()
    del content["label"]
    assert read(content).label is None
    assert read(plain(label=None)).label is None
    assert profile_json(assess(read(content), load()))["label"] is None


@pytest.mark.parametrize("label", ["Ünïcødé 例", "a" * 24, "", "=cmd()", "<b>", "\u202eabc", "𝄞"])
def test_a_label_comes_back_as_it_was_written(label: str) -> None:
    assert profile_json(assess(read(plain(label=label)), load()))["label"] == label


@pytest.mark.parametrize("field", ["label", "languages"])
def test_half_a_character_is_refused_or_can_be_written_down(field: str) -> None:
    """A lone surrogate is valid in JSON and no text: what lets it in must be able to print it as UTF-8."""
    content = plain(label="A\ud800B") if field == "label" else plain(facts={"languages": "A\ud800B"})
    try:
        case = read(content)
    except CaseError as error:
        assert [p.place.rpartition(".")[2] for p in error.problems] == [field]
        return
    kept = case.label if field == "label" else case.facts["languages"]
    str(kept).encode("utf-8")


@pytest.mark.parametrize(
    "value", [{}, "sleep", True, 0, [None], [5], [["sleep"]], [{}], ["naps"], ["sleep", "sleep"], ["\ud800"]]
)
def test_set_aside_is_a_list_of_function_ids_each_once(value: Any) -> None:
    assert set(faults(plain(set_aside=value))) == {"set_aside"}


def test_any_list_of_functions_may_be_set_aside() -> None:
    assert read(plain(set_aside=[])).set_aside == frozenset()
    assert read(plain(set_aside=None)).set_aside == frozenset()
    assert read(plain(set_aside=FUNCTIONS)).set_aside == frozenset(FUNCTIONS)


# --- ids, sections and periods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ({"functions": {"naps": 7}}, "functions.naps"),
        ({"functions": {"naps": None}}, "functions.naps"),
        ({"functions": {"": 7}}, "functions."),
        ({"functions": {"Sleep": 7}}, "functions.Sleep"),
        ({"relational_now": {"play_and_talk": 1}}, "relational_now.play_and_talk"),
        ({"safety": {"hungry": True}}, "safety.hungry"),
        ({"still_happening": {"hardship": True}}, "still_happening.hardship"),
        ({"still_happening": {"violence_in_pregnancy": None}}, "still_happening.violence_in_pregnancy"),
        ({"facts": {"weeks_early": 5}}, "facts.weeks_early"),
        ({"history": {"teens": {}}}, "history.teens"),
        ({"history": {"teens": None}}, "history.teens"),
        ({"history": {"infancy": {"adversity": {"bullying_or_exclusion": 1}}}}, "history.infancy.adversity.bullying_or_exclusion"),
        ({"history": {"infancy": {"relational": {"neglect": 1}}}}, "history.infancy.relational.neglect"),
        ({"history": {"infancy": {"adversity": {"friends": None}}}}, "history.infancy.adversity.friends"),
        ({"history": {"infancy": {"other": {}}}}, "history.infancy.other"),
        ({"history": {"infancy": {"neglect": 2}}}, "history.infancy.neglect"),
        ({"history": {"youth": {"adversity": {"teasing": None}}}}, "history.youth.adversity.teasing"),
    ],
)  # fmt: skip
def test_an_unknown_id_period_or_part_is_refused(section: dict[str, Any], place: str) -> None:
    assert faults(plain(**section)) == [place]


@pytest.mark.parametrize("value", [[], "x", 0, 1, False, True, 1.5])
@pytest.mark.parametrize(
    "section", ["history", "functions", "relational_now", "safety", "still_happening", "facts", "instrument"]
)
def test_a_section_that_is_no_object_is_refused(section: str, value: Any) -> None:
    assert faults(plain(**{section: value})) == [section]


@pytest.mark.parametrize("value", [[], "x", 0, False])
def test_a_period_or_part_that_is_no_object_is_refused(value: Any) -> None:
    assert faults(plain(history={"infancy": value})) == ["history.infancy"]
    assert faults(plain(history={"infancy": {"adversity": value}})) == ["history.infancy.adversity"]
    assert faults(plain(history={"infancy": {"relational": value}})) == ["history.infancy.relational"]


def test_null_in_the_place_of_a_section_is_unknown() -> None:
    names = ("history", "functions", "relational_now", "safety", "still_happening", "facts", "instrument")
    everything = dict.fromkeys((*names, "weeks_early", "set_aside", "no_contact"))
    assert read(plain(**everything)) == read(PLAIN)
    assert read(plain(history={"infancy": None, "newborn": {"adversity": None}})).functions == read(PLAIN).functions


def test_an_answer_in_a_period_not_begun_is_refused() -> None:
    for part, name in (("adversity", "neglect"), ("relational", "close_friend")):
        for value in (0, 3):
            (place,) = faults(plain(history={"youth": {part: {name: value}}}))
            assert place.startswith("history.youth")
    assert faults(plain(born="2026-03-01", history={"infancy": {"adversity": {"neglect": 0}}}))


def test_a_period_not_begun_may_stand_there_with_nulls_only() -> None:
    for nothing in (
        None,
        {},
        {"adversity": None},
        {"adversity": {"neglect": None}, "relational": {"close_friend": None}},
    ):
        case = read(plain(history={"youth": nothing}))
        assert profile_json(assess(case, load())) == profile_json(assess(read(PLAIN), load()))


@pytest.mark.parametrize(
    ("born", "begun"),
    [
        ("2026-04-01", ["before_birth", "newborn"]),
        ("2026-02-02", ["before_birth", "newborn"]),
        ("2026-02-01", ["before_birth", "newborn", "infancy"]),
        ("2025-03-02", ["before_birth", "newborn", "infancy"]),
        ("2025-03-01", ["before_birth", "newborn", "infancy", "early_childhood"]),
        ("2022-04-01", ["before_birth", "newborn", "infancy", "early_childhood", "childhood"]),
        ("2008-04-02", ["before_birth", "newborn", "infancy", "early_childhood", "childhood", "youth"]),
        ("2008-04-01", ["before_birth", "newborn", "infancy", "early_childhood", "childhood", "youth", "adulthood"]),
    ],
)
def test_a_period_begins_on_its_first_day(born: str, begun: list[str]) -> None:
    assert list(assess(read(plain(born=born)), load()).profile.history) == begun
    for period in FIGURES["periods"]:
        content = plain(born=born, history={period["id"]: {"relational": {period["relational"][0]: 3}}})
        if period["id"] in begun:
            read(content)
        else:
            assert faults(content)


def test_periods_go_by_the_age_lived_also_after_an_early_birth() -> None:
    born_early = plain(born="2025-03-01", weeks_early=12, history={"early_childhood": {"adversity": {"neglect": 1}}})
    assert read(born_early).history["early_childhood"].adversity == {"neglect": 1}


def test_other_top_level_keys_are_left_alone() -> None:
    export = plain(encounters=[{"at": "x"}], responses=None, flags=[], notes={"functions": {"naps": 99}})
    assert read(export) == read(PLAIN)


def test_another_instrument_is_refused_and_another_version_is_told() -> None:
    assert faults(plain(instrument={"id": "other-intake"})) == ["instrument.id"]
    assert faults(plain(instrument={"version": 3})) == ["instrument.version"]
    mine = {"id": FIGURES["id"], "version": "0.2.9", "sha256": "0" * 64}
    assert read(plain(instrument=mine)).taken_with_version == "0.2.9"
    assert read(plain(instrument={})).taken_with_version is None
    assert read(plain(instrument={"id": None, "version": None})).taken_with_version is None
    assert faults(plain(instrument={"version": "0.\ud800"})) == ["instrument.version"]


def test_every_fault_is_told_at_once() -> None:
    content = plain(
        born="2018-02-30",
        weeks_early=19,
        functions={"sleep": 13, "naps": 1, "language": 7.0},
        safety={"harmed_recently": 1},
        set_aside=["sleep", "sleep"],
        history={"infancy": {"adversity": {"neglect": True}}},
    )
    assert faults(content) == [
        "born",
        "weeks_early",
        "history.infancy.adversity.neglect",
        "functions.naps",
        "functions.sleep",
        "functions.language",
        "set_aside",
        "safety.harmed_recently",
    ]


@pytest.mark.parametrize("key", ["a\nb", "\x1b[31m", "k" * 5_000, "\ud800", "\u202e", "\x00"], ids=ascii)
def test_a_strange_id_gives_one_short_line(key: str) -> None:
    for content in (
        plain(functions={key: 1}),
        plain(history={key: {}}),
        plain(history={"infancy": {key: {}}}),
        plain(set_aside=[key]),
        plain(schema=key),
        plain(born=key),
        plain(instrument={"id": key}),
    ):
        assert len(faults(content)) == 1


# --- generated ----------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SECTIONS = ("schema", "label", "born", "assessed", "weeks_early", "set_aside", "history", "functions", "relational_now")
SECTIONS += ("safety", "still_happening", "no_contact", "facts", "instrument")


@given(st.sampled_from(SECTIONS), JSON)
def test_whatever_stands_in_a_field_is_read_or_refused_by_name(section: str, value: Any) -> None:
    try:
        case = case_from(plain(**{section: value}), load(), FILE)
    except CaseError as error:
        wanted = {section} | ({"born", "assessed"} if section in ("born", "assessed") else set())
        assert {p.place.split(".")[0] for p in error.problems} <= wanted
    else:
        profile_json(assess(case, load()))


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(CaseError):
        read(data)


@given(cases())
def test_nulls_and_missing_keys_mean_the_same(case: dict[str, Any]) -> None:
    assert profile_json(assess(read(without_nulls(case)), load())) == profile_json(assess(read(case), load()))


@given(cases(), st.randoms(use_true_random=False))
def test_one_fault_anywhere_in_a_good_case_is_found_and_named(case: dict[str, Any], rng: Any) -> None:
    spoil: list[tuple[str, Callable[[], None]]] = []

    def set_in(section: dict[str, Any], key: str, value: Any) -> Callable[[], None]:
        return lambda: section.__setitem__(key, value)

    for name, bad in (("functions", 13), ("relational_now", 4), ("safety", 1), ("still_happening", "yes")):
        section = case.setdefault(name, {})
        spoil += [(f"{name}.{key}", set_in(section, key, bad)) for key in section]
        spoil.append((f"{name}.nobody", set_in(section, "nobody", None)))
    for period, parts in (case.get("history") or {}).items():
        for part, answers in parts.items():
            spoil += [(f"history.{period}.{part}.{k}", set_in(answers, k, -1)) for k in answers or {}]
    place, change = rng.choice(spoil)
    change()
    assert faults(case) == [place]


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.integers(0, 40_000))
def test_age_agrees_with_counting_the_months_one_by_one(born: date, days: int) -> None:
    on = date.fromordinal(born.toordinal() + days)
    months = 0
    while _reached(born, months + 1) <= on:
        months += 1
    assert completed_months(born, on) == months


def _reached(born: date, months: int) -> date:
    """The day on which a month is completed: the day of birth in that month or, where it lacks it, the next 1st."""
    year, month = born.year, born.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    try:
        return date(year, month, born.day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)

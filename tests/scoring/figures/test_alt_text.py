"""The pictures' twins in words say what the pictures say, and the caption fits a chat."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.compare import compare
from scoring.documents.words import units
from scoring.figures import (
    comparison_alt,
    comparison_caption,
    examples,
    history_alt,
    map_alt,
    map_caption,
    trend_caption,
)
from scoring.figures.caption import CAPTION_UNITS
from scoring.instrument import load
from scoring.trend import trend
from tests.scoring.figures.made import EXTREMES, LABELS, NUMBERS, made, rated, vector

BANNED = ("brain scan", "brain age", "damage", "normal", "score")


def results() -> list[tuple[str, object]]:
    return [*((n, vector(n)) for n in NUMBERS), *((name, made(**fields)) for name, fields in EXTREMES.items())]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_twin_of_the_map_names_every_function_and_domain_with_its_numbers(number: str) -> None:
    result = vector(number)
    lines = map_alt(result).splitlines()
    for function in result.profile.functions:
        line = next(ln for ln in lines if ln.startswith(f"- {load().words.functions[function.id].name}:"))
        if function.rating is not None:
            assert str(function.rating) in line
        if function.expected is None:
            assert "not asked at this age" in line
        elif function.status == "set_aside":
            assert "set aside and not counted" in line
        else:
            assert f"{function.expected} expected" in line
            assert ("not known" in line) == (function.rating is None)
    for domain, area in result.profile.domains.items():
        line = next(ln for ln in lines if ln.startswith(f"- {load().words.domains[domain].name}:"))
        if area.percent is not None:
            assert f"{round(area.percent)}%" in line
        if not area.shown:
            assert "%" not in line
    assert lines[-1] == load().words.notice.short


@pytest.mark.parametrize("number", NUMBERS)
def test_the_twin_of_the_history_names_every_begun_period(number: str) -> None:
    result = vector(number)
    text = history_alt(result)
    for name, period in result.profile.history.items():
        line = next(ln for ln in text.splitlines() if ln.startswith(f"- {load().words.periods[name].name} ("))
        assert ("not enough known" in line) == (not period.shown)
        if period.load is not None:
            assert f"load {round(period.load)}" in line
    assert "not what it did" in text


def test_the_twin_of_the_comparison_says_what_moved_and_that_no_cause_is_shown() -> None:
    text = comparison_alt(compare(vector("08"), vector("09")))
    assert "- Sensory integration: 42% before, 68% now, up." in text
    assert "- Relational: 44% before, 49% now, level, no change beyond what two raters easily differ by." in text
    assert "- Fine hand movement: 2 before; now rated 6, 9 expected, 3 below, moved up." in text
    assert "No change here shows a cause." in text
    held = comparison_alt(compare(vector("16"), vector("17")))
    assert "the ratings held, what is expected grew" in held
    assert "Moved down by two steps or more: none." in held


@pytest.mark.parametrize("case", [*NUMBERS, *EXTREMES])
def test_the_caption_has_the_domains_what_is_unknown_and_the_notice_and_fits(case: str) -> None:
    result = vector(case) if case in NUMBERS else made(**EXTREMES[case])
    caption = map_caption(result)
    assert units(caption) <= CAPTION_UNITS
    for domain in result.profile.domains:
        assert load().words.domains[domain].name in caption
    assert caption.endswith(load().words.notice.short)
    if any(f.rating is None and f.expected is not None and f.status != "set_aside" for f in result.profile.functions):
        assert "Not known: " in caption


def test_the_caption_says_what_stands_out_and_hearing_first() -> None:
    caption = map_caption(vector("08"))
    assert "Stands out, furthest below: Heart and circulation (5 of 11)" in caption
    assert caption.index("hearing") < caption.index("Stands out")
    assert "Stands out" not in map_caption(vector("01"))


COURSES = {
    "four": examples.four_encounters,
    "seven with gaps": examples.seven_encounters,
    "fourteen": lambda: [result for result in examples.seven_encounters() for _ in range(2)],
}


@pytest.mark.parametrize("name", COURSES)
def test_the_captions_of_change_fit_and_end_with_the_notice(name: str) -> None:
    course = trend(COURSES[name]())
    for caption in (trend_caption(course), *(comparison_caption(step) for step in course.comparisons)):
        assert units(caption) <= CAPTION_UNITS
        assert caption.endswith(f"No change here shows a cause.\n{load().words.notice.short}")
        for domain in load().figures.domains:
            assert load().words.domains[domain].name in caption


def test_the_caption_of_a_course_has_every_percent_and_its_bounds_where_there_is_room() -> None:
    results = examples.seven_encounters()
    few, many = (trend_caption(trend(r)).splitlines() for r in (results, [r for r in results for _ in range(2)]))
    for number, domain in enumerate(load().figures.domains, start=2):
        percents = [r.profile.domains[domain].percent for r in results]
        known = [f"{round(p)}%" for p in percents if p is not None]
        assert [v.split(" (")[0] for v in few[number].split(": ", 1)[1].split(";")[0].split(" → ")][-3:] == known[-3:]
        assert few[number].count("(") >= len(known), "with bounds"
        assert "(" not in many[number], "without, where twelve encounters leave no room"
        assert many[number].count("→") == 11
    assert many[0].startswith("Nilo · latest 12 of 14 encounters")


def test_a_caption_leaves_out_what_has_no_room_with_a_mark_and_never_the_notice() -> None:
    low, high = rated(1, label="W" * 24), rated(12, label="W" * 24)
    caption = comparison_caption(compare(low, high))
    assert units(caption) <= CAPTION_UNITS
    assert "Moved up" in comparison_alt(compare(low, high))
    assert caption.splitlines()[-3:] == ["…", "No change here shows a cause.", load().words.notice.short]
    short = comparison_caption(compare(high, high))
    assert "…" not in short


@pytest.mark.parametrize("name", LABELS)
def test_captions_and_twins_keep_the_true_label(name: str) -> None:
    result = rated(5, label=LABELS[name])
    assert units(map_caption(result)) <= CAPTION_UNITS
    if name in ("emoji", "CJK", "Arabic", "mathematics", "wide", "Devanagari", "only what no font has"):
        for text in (
            map_caption(result),
            map_alt(result),
            history_alt(result),
            comparison_alt(compare(result, result)),
        ):
            assert LABELS[name] in text


@given(st.text(max_size=3000))
def test_no_label_makes_a_caption_too_long(label: str) -> None:
    result = rated(1, label=label)
    for caption in (
        map_caption(result),
        comparison_caption(compare(result, result)),
        trend_caption(trend([result] * 3)),
    ):
        assert units(caption) <= CAPTION_UNITS
        assert caption.endswith(load().words.notice.short)


def test_no_twin_holds_a_word_that_the_product_never_uses() -> None:
    for _, result in results():
        for text in (map_alt(result), history_alt(result), map_caption(result)):  # type: ignore[arg-type]
            assert not [word for word in BANNED if word in text.lower()]


@pytest.mark.parametrize("first", ["import scoring", "import scoring.figures", "from scoring.figures import alt_text"])
def test_nothing_that_draws_is_loaded_before_something_is_drawn(first: str) -> None:
    code = f"{first}\nimport sys\nprint([m for m in ('matplotlib', 'numpy', 'PIL') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"


def test_drawing_touches_no_state_that_others_share() -> None:
    code = """
import sys, matplotlib
def settings():  # asking for the backend would load one
    return {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}
before = settings()
from datetime import date
from scoring.case import Case
from scoring.figures import draw_history, draw_map
from scoring.instrument import load
from scoring.result import assess
result = assess(Case(label="x", born=date(2018, 3, 14), assessed=date(2026, 4, 1)), load())
draw_map(result), draw_history(result)
print("matplotlib.pyplot" in sys.modules, settings() == before)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.split() == ["False", "True"]

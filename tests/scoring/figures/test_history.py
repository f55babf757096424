"""The history: what is known as bars, what is not known as hatching and words."""

from __future__ import annotations

import pytest

from scoring.figures import history
from scoring.figures.words import LOAD
from scoring.instrument import load
from tests.scoring.figures.made import EXTREMES, NUMBERS, artists, made, texts, vector


@pytest.mark.parametrize("number", NUMBERS)
def test_each_begun_period_has_its_name_and_its_figures_or_says_that_they_are_not_known(number: str) -> None:
    result = vector(number)
    figure = history.figure(result)
    drawn, found = {t.gid: t.words for t in texts(figure)}, artists(figure)
    for period in load().figures.periods:
        name = period.id
        if name not in result.profile.history:
            assert f"period:{name}" not in drawn
            continue
        assert drawn[f"period:{name}"] == load().words.periods[name].name
        shown = result.profile.history[name]
        if shown.shown:
            assert shown.adversity is not None
            assert shown.relational is not None
            assert shown.load is not None
            assert drawn[f"number:heavy:{name}"] == str(round(shown.adversity))
            assert drawn[f"number:held:{name}"] == str(round(shown.relational))
            assert drawn[f"load:{name}"] == str(round(shown.load))
            assert f"unknown:{name}" not in found
        else:
            assert drawn[f"words:{name}"] == "not enough known"
            assert drawn[f"load:{name}"] == "?"
            assert f"mark:{name}" not in found
        bounded = shown.low != shown.high
        assert (f"hatch:{name}" in found) == (bounded or not shown.shown)
        assert (f"range:{name}" in found) == bounded


def test_bars_grow_with_what_they_show() -> None:
    figure = history.figure(vector("15"))
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = artists(figure)
    for side, field in (("heavy", "adversity"), ("held", "relational")):
        values = {name: float(getattr(p, field)) for name, p in vector("15").profile.history.items()}
        for name, value in values.items():
            box = found[f"{side}:{name}"].get_window_extent(renderer)
            assert box.width == pytest.approx(2.14 * value, abs=2), name


def test_unknown_relationships_are_hatched_and_said_and_known_ones_are_not() -> None:
    unknown, known = history.figure(made()), history.figure(vector("15"))
    assert {t.gid: t.words for t in texts(unknown)}["value:now"] == "not enough known"
    assert "hatch:now" in artists(unknown)
    assert {t.gid: t.words for t in texts(known)}["value:now"].isdigit()
    assert "hatch:now" not in artists(known)


@pytest.mark.parametrize("case", EXTREMES)
def test_the_words_say_what_the_load_is_not_and_never_speak_of_harm_done(case: str) -> None:
    words = [t.words for t in texts(history.figure(made(**EXTREMES[case])))]
    assert LOAD in words
    assert not any(banned in " ".join(words).lower() for banned in ("damage", "normal", "brain scan", "brain age"))

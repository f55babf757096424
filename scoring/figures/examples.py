"""Fictional people for the gallery and for the pictures that drawing is held against. Nobody real stands behind any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from matplotlib.figure import Figure

from scoring.case import SCHEMA, case_from
from scoring.compare import compare
from scoring.figures import brain_map, comparison_alt, history, history_alt, map_alt, trend_alt
from scoring.figures import compare as comparison_figure
from scoring.figures import trend as trend_figure
from scoring.instrument import load
from scoring.result import Result, assess
from scoring.trend import trend

TODAY = date(2026, 4, 1)
#: How far a rating stands off what is expected, one after another: an ordinary person is not even.
_UNEVEN = (0, 0, 1, -1, 0, -1, 0, 1, 0, -2, 0)


@dataclass(frozen=True, slots=True)
class Example:
    """One picture: the file's name, a title, what is to be seen in it, how it is drawn, and its text twin."""

    name: str
    title: str
    about: str
    draw: Callable[[], Figure]
    alt: Callable[[], str]


def examples() -> tuple[Example, ...]:
    """Every picture of the gallery, in its order."""
    ages = (
        (
            "infant",
            "An infant, 7 months",
            7,
            "Domains are said in words, since one step of rating is too large a part.",
        ),
        ("four_years", "Four years", 50, "Much is not asked yet and stays an open outline."),
        ("eight_years", "Eight years", 99, "Everything is asked; the lower regions are the weaker ones."),
        ("fifteen_years", "Fifteen years", 185, "Expectations are near their end; mood and closeness stand out."),
        ("thirty_five_years", "Thirty-five years", 423, "An adult on the same map."),
    )
    regions = load().figures.regions
    return (
        *(_map(name, title, about, partial(at_age, name, months)) for name, title, months, about in ages),
        _map(
            "all_unknown",
            "Nothing known",
            "Hatched everywhere: not known is neither low nor as expected.",
            nothing_known,
        ),
        _map("typical", "As expected", "A typical eight-year-old, a step up and down here and there.", typical),
        *(_map(f"weak_{r}", f"Weak: {load().words.regions[r].name}", _WEAK, partial(weak_in, r)) for r in regions),
        _compared(
            "before_and_after",
            "Before and after",
            "A year apart: what moved by two steps or more has a triangle and a frame. Nothing here shows a cause.",
            before_and_after,
        ),
        Example(
            "history",
            "A history",
            "What was heavy and what held in each period, with one of which little is known.",
            lambda: history.figure(with_history()),
            lambda: history_alt(with_history()),
        ),
        _course(
            "course",
            "Four encounters",
            "Each percent with its range; heavy lines only where the change is beyond noise.",
            four_encounters,
        ),
        _course(
            "course_with_gaps",
            "Seven encounters with gaps",
            "From infancy on: no percent under 13 months, one encounter with too little known, once not the same set aside.",
            seven_encounters,
        ),
    )


_WEAK = "This region is five steps below what is expected, the rest is near it."


def _map(name: str, title: str, about: str, made: Callable[[], Result]) -> Example:
    return Example(name, title, about, lambda: brain_map.figure(made()), lambda: map_alt(made()))


def _compared(name: str, title: str, about: str, made: Callable[[], tuple[Result, Result]]) -> Example:
    return Example(
        name,
        title,
        about,
        lambda: comparison_figure.figure(compare(*made())),
        lambda: comparison_alt(compare(*made())),
    )


def _course(name: str, title: str, about: str, made: Callable[[], tuple[Result, ...]]) -> Example:
    return Example(name, title, about, lambda: trend_figure.figure(trend(made())), lambda: trend_alt(trend(made())))


# --- the people ------------------------------------------------------------------------------------------------------


def person(label: str | None, months: int, **fields: Any) -> Result:
    """A result of a fictional person of this age in completed months, with the fields of a case file that are given."""
    back = TODAY.year * 12 + TODAY.month - 1 - months
    born = date(back // 12, back % 12 + 1, 1)
    return on_day(label, born, TODAY, **fields)


def on_day(label: str | None, born: date, day: date, **fields: Any) -> Result:
    case = {"schema": SCHEMA, "label": label, "born": born.isoformat(), "assessed": day.isoformat()} | fields
    return assess(case_from(case, load()), load())


def ratings(months: int, *, below: Mapping[str, int] | None = None, uneven: int = 0) -> dict[str, int]:
    """Ratings of what is asked at an age, near what is expected.

    Parameters
    ----------
    below : how far a region or a function stands below, steps; a function goes before its region
    uneven : where in the row of small differences to begin
    """
    found = {}
    for i, function in enumerate(load().figures.functions):
        expected = load().expected(function, months)
        if expected is not None:
            off = (below or {}).get(function.id, (below or {}).get(function.region, 0))
            found[function.id] = min(12, max(1, expected + _UNEVEN[(i + uneven) % len(_UNEVEN)] - off))
    return found


_AT_AGE: Mapping[str, tuple[str, Mapping[str, int], tuple[str, ...]]] = {
    "infant": ("Juno", {"brainstem": 2, "sleep": 3}, ("growth_and_body_rhythms",)),
    "four_years": ("Milo", {"limbic": 3, "calm_after_alarm": 4}, ("speech_sounds", "sense_of_self")),
    "eight_years": ("Tove", {"brainstem": 4, "diencephalon_cerebellum": 3, "limbic": 1}, ("numbers_and_symbols",)),
    "fifteen_years": (
        "Ravi",
        {"mood_and_feelings": 6, "closeness_and_attachment": 5, "frontal_cortex": 1},
        ("abstract_and_reflective_thought",),
    ),
    "thirty_five_years": ("Ines", {"sleep": 6, "diencephalon_cerebellum": 2}, ("temperature_and_metabolism",)),
}


def at_age(name: str, months: int) -> Result:
    """A mixed picture at one of the ages: some of it below, a little of it not known."""
    label, below, unknown = _AT_AGE[name]
    rated = {f: r for f, r in ratings(months, below=below, uneven=len(label)).items() if f not in unknown}
    return person(label, months, functions=rated)


def nothing_known() -> Result:
    return person("Nobody yet", 99)


def typical() -> Result:
    return person("Ada", 99, functions=ratings(99))


def weak_in(region: str) -> Result:
    return person("Bo", 99, functions=ratings(99, below={region: 5}))


def before_and_after() -> tuple[Result, Result]:
    """A child at six and at seven years: some functions have moved, some were not known before, one has fallen."""
    born = date(2019, 3, 14)
    earlier = ratings(73, below={"brainstem": 5, "diencephalon_cerebellum": 4, "limbic": 3, "cortex": 1})
    later = ratings(
        87, below={"brainstem": 2, "diencephalon_cerebellum": 4, "limbic": 3, "cortex": 2, "mood_and_feelings": 6}
    )
    for unknown in list(earlier)[5::11]:
        del earlier[unknown]
    return (
        on_day("Kim", born, date(2025, 4, 20), functions=earlier),
        on_day("Kim", born, date(2026, 6, 20), functions=later),
    )


def with_history() -> Result:
    """A ten-year-old: heavy at first, later steadier, with one period of which little is known."""
    months, figures = 125, load().figures
    spread = {0: (1, 2), 1: (2, 1), 2: (2, 0), 3: (1, 1), 4: (0, 2)}
    told: dict[str, Any] = {}
    for i, period in enumerate(p for p in figures.periods if p.has_begun(months)):
        heavy, held = spread.get(i, (0, 3))
        known = slice(0, 2) if i == 3 else slice(0, None)
        told[period.id] = {
            "adversity": {f.id: heavy if j % 4 == 1 else 0 for j, f in enumerate(period.adversity[known])},
            "relational": {f: held if j % 3 else min(3, held + 1) for j, f in enumerate(period.relational[known])},
        }
    now = {r.id: 2 + (i % 2) for i, r in enumerate(figures.relational_now)}
    del now[figures.relational_now[-1].id]
    return person("Sami", months, functions=ratings(months, below={"limbic": 2}), history=told, relational_now=now)


def four_encounters() -> tuple[Result, ...]:
    """A child between five and eight years: up at first, then level while more is expected."""
    born = date(2018, 5, 9)
    steps = ((date(2023, 6, 1), 5), (date(2024, 2, 12), 2), (date(2025, 9, 30), 2), (date(2026, 4, 1), 1))
    return tuple(
        on_day("Lior", born, day, functions=_even(born, day, dict.fromkeys(load().figures.regions, b)))
        for day, b in steps
    )


def seven_encounters() -> tuple[Result, ...]:
    """From ten months to six years: no percent at first, later one with too little known and one with much set aside."""
    born = date(2020, 1, 10)
    days = [
        date(2020, 11, 20),
        date(2021, 9, 2),
        date(2022, 10, 14),
        date(2023, 2, 1),
        date(2024, 6, 18),
        date(2025, 3, 3),
        TODAY,
    ]
    found = []
    for i, day in enumerate(days):
        rated = _even(born, day, {"limbic": max(1, 5 - i), "brainstem": 3})
        fields: dict[str, Any] = {}
        if i == 3:
            rated = dict(list(rated.items())[::3])
        if i == 1:
            rated = dict(list(rated.items())[1:])
        if i == 5:
            fields["set_aside"] = [f.id for f in load().figures.functions if f.region == "cortex"][:2]
        found.append(on_day("Nilo", born, day, functions=rated, **fields))
    return tuple(found)


def _even(born: date, day: date, below: Mapping[str, int]) -> dict[str, int]:
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    return ratings(months, below=below)

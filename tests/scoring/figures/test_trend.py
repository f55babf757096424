"""The course shows what is known at each encounter, joins only what is compared, and fills nothing in."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from scoring.compare import CompareError
from scoring.figures import draw_trend, examples, palette, trend_alt
from scoring.figures import trend as picture
from scoring.figures.words import TREND_MAX, day_short, kind_of
from scoring.instrument import load
from scoring.trend import Trend, trend
from tests.scoring.figures.made import EVERY, LABELS, artists, contrasts, overlaps, texts
from tests.scoring.figures.test_every_picture import size_of

BORN = date(2018, 3, 14)
DOMAINS = load().figures.domains


def course(days: list[int], ratings: list[int | None], *, label: str | None = "Example", **fields: Any) -> Trend:
    """Encounters at these ages in days, everything rated alike; `None`: nothing is known."""
    return trend(
        [
            examples.on_day(
                label,
                BORN,
                BORN + timedelta(days=day),
                functions={} if rating is None else dict.fromkeys(EVERY, rating),
                **fields,
            )
            for day, rating in zip(days, ratings, strict=True)
        ]
    )


@cache
def gaps() -> Trend:
    return trend(examples.seven_encounters())


def wide() -> Trend:
    return course([2000, 2400, 2700], [12, 11, 12], label="W" * 24)


COURSES: dict[str, Callable[[], Trend]] = {
    "four": lambda: trend(examples.four_encounters()),
    "seven with gaps": gaps,
    "twelve over years": lambda: course([800 + 200 * i for i in range(12)], [5 + i % 4 for i in range(12)]),
    "twelve within two weeks": lambda: course([3000 + i for i in range(12)], [12] * 12),
    "fifteen": lambda: course([800 + 150 * i for i in range(15)], [1 + i % 12 for i in range(15)]),
    "all of one day": lambda: course([3000] * 3, [3, 9, 3]),
    "nothing known": lambda: course([1000, 2000, 3000], [None, None, None]),
    "unknown between": lambda: course([1000, 2000, 3000], [5, None, 5]),
    "infancy only": lambda: course([10, 100, 300], [2, 3, 4]),
    "set aside": lambda: course([1000, 2000, 3000], [5, 6, 7], set_aside=EVERY),
    "lowest and highest": lambda: course([3000, 3300, 3600], [1, 12, 1]),
    "a whole life": lambda: course([400, 20000, 40000], [3, 12, 9]),
    "wide": wide,
}
every_course = pytest.mark.parametrize("name", COURSES)
pytestmark = pytest.mark.filterwarnings("error")


@every_course
def test_texts_are_large_enough_within_the_sheet_and_not_over_one_another(name: str) -> None:
    drawn = texts(picture.figure(COURSES[name]()))
    for text in drawn:
        left, top, right, bottom = text.box
        assert text.size_px >= 26 - 1e-6, text.gid
        assert left >= 14, (text.gid, text.words)
        assert right <= 1080 - 14, (text.gid, text.words)
        assert top >= 8, text.gid
        assert bottom <= 1350 - 4, text.gid
    assert overlaps(drawn) == []


@pytest.mark.parametrize("name", ["seven with gaps", "twelve over years", "lowest and highest", "set aside"])
def test_every_text_stands_out_from_all_that_lies_under_it(name: str) -> None:
    for drawn, ratio in contrasts(picture.figure(COURSES[name]())):
        assert ratio >= 4.5, (drawn.gid, drawn.words, ratio)


@pytest.mark.parametrize("label", LABELS)
def test_a_label_is_handled_as_on_the_map(label: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = course([2000, 2400, 2700], [5, 6, 7], label=LABELS[label])
        title = next(t for t in texts(picture.figure(made)) if t.gid == "title")
    assert title.box[2] <= 1080 - 14
    if label in ("mathematics", "wide", "Arabic", "marks"):
        assert title.words == LABELS[label]
    assert LABELS[label].split()[0][:20] in trend_alt(made) or label in ("only invisible", "control")


def test_the_picture_has_its_size_and_the_same_course_gives_the_same_bytes() -> None:
    drawn = draw_trend(gaps())
    assert size_of(drawn) == (1080, 1350)
    assert draw_trend(gaps()) == drawn


@every_course
def test_a_line_joins_only_neighbours_that_are_both_known_and_compared(name: str) -> None:
    made = COURSES[name]().latest(TREND_MAX)
    found = artists(picture.figure(made))
    for domain in DOMAINS:
        for i, step in enumerate(made.steps(domain)):
            joined, broken = f"line:{domain}:{i}" in found, f"apart:{domain}:{i}:-5" in found
            both = step.before is not None and step.after is not None
            assert joined == (step.moved != "unknown"), (domain, i)
            assert broken == (both and step.moved == "unknown"), (domain, i)
        lines = [gid for gid in found if gid.startswith(f"line:{domain}:")]
        for gid in lines:
            assert len(found[gid].get_xdata()) == 2, "from one point to the next, and no further"  # type: ignore[attr-defined]


@every_course
def test_only_a_change_beyond_noise_has_a_heavy_line_and_the_last_step_is_said(name: str) -> None:
    made = COURSES[name]().latest(TREND_MAX)
    figure = picture.figure(made)
    found, drawn = artists(figure), {t.gid: t.words for t in texts(figure)}
    for domain in DOMAINS:
        for i, step in enumerate(made.steps(domain)):
            if (line := found.get(f"line:{domain}:{i}")) is not None:
                heavy = line.get_color() == palette.MARKER and line.get_linewidth() > 3  # type: ignore[attr-defined]
                assert heavy == (step.moved in ("up", "down"))
        last = made.steps(domain)[-1]
        assert (f"moved:{domain}" in found) == (last.moved in ("up", "down"))
        wanted = {"within_noise": "level", "expectations_grew": "held"}.get(last.moved, last.moved)
        assert drawn[f"last:{domain}"] == f"last step: {'not compared' if last.is_apart else wanted}"


@every_course
def test_each_percent_stands_at_its_height_and_what_is_not_known_is_shown_as_not_known(name: str) -> None:
    made = COURSES[name]().latest(TREND_MAX)
    figure = picture.figure(made)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = artists(figure)
    for domain in DOMAINS:
        scale = found[f"expected:{domain}"].get_ydata()[0]  # type: ignore[attr-defined]
        for i, result in enumerate(made.results):
            area = result.profile.domains[domain]
            kind = kind_of(area, result)
            assert (f"point:{domain}:{i}" in found) == (area.percent is not None) == (kind == "point")
            for other in ("unknown", "in_words", "aside"):
                assert (f"{other}:{domain}:{i}" in found) == (kind == other)
            assert (f"hatch:{domain}:{i}" in found) == (
                kind == "unknown" or (kind == "point" and area.known_share != 1)
            )
        points = {
            i: found[f"point:{domain}:{i}"].get_window_extent(renderer)
            for i in range(len(made.results))
            if f"point:{domain}:{i}" in found
        }
        percents = {i: float(made.results[i].profile.domains[domain].percent or 0) for i in points}
        for i, j in pairwise(points):
            rise = points[j].y0 - points[i].y0
            assert np.sign(round(rise, 3)) == np.sign(round(percents[j] - percents[i], 3))
        for i, percent in percents.items():
            if percent == 100:
                assert 1350 - (points[i].y0 + points[i].y1) / 2 == pytest.approx(scale, abs=0.6)


def test_the_whiskers_are_the_bounds_of_what_is_not_known() -> None:
    rated = dict.fromkeys(EVERY[:-5], 6)
    results = [examples.on_day("x", BORN, BORN + timedelta(days=d), functions=rated) for d in (2600, 2800, 3000)]
    figure = picture.figure(trend(results))
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = artists(figure)
    hatched = [d for d in DOMAINS if f"hatch:{d}:0" in found and f"point:{d}:0" in found]
    assert hatched
    for domain in hatched:
        area = results[0].profile.domains[domain]
        assert area.low is not None
        assert area.high is not None
        top, bottom = (found[f"{gid}:{domain}"].get_ydata()[0] for gid in ("expected", "naught"))  # type: ignore[attr-defined]
        box = found[f"range:{domain}:0"].get_window_extent(renderer)
        for percent, y in ((area.low, 1350 - box.y0), (area.high, 1350 - box.y1)):
            assert y == pytest.approx(bottom - (bottom - top) * float(percent) / 100, abs=5)


def test_time_runs_at_its_true_pace() -> None:
    figure = picture.figure(course([2000, 2100, 2400, 3000], [5, 5, 5, 5]))
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = artists(figure)
    first, *_, last = xs = [
        sum(found[f"point:cognitive:{i}"].get_window_extent(renderer).intervalx) / 2 for i in range(4)
    ]
    assert [(x - first) / (last - first) for x in xs] == pytest.approx([0, 0.1, 0.4, 1], abs=0.002)


def test_the_first_and_the_last_date_stand_and_what_is_shown_is_explained() -> None:
    drawn = {t.gid: t.words for t in texts(picture.figure(gaps()))}
    assert (drawn["date:0"], drawn["age:0"]) == ("20 Nov 2020", "10 months")
    assert (drawn["date:6"], drawn["age:6"]) == ("1 Apr 2026", "6 y 2 m")
    assert {gid.partition(":")[2] for gid in drawn if gid.startswith("legend:")} == {
        *("step_range", "unknown_range", "unknown", "in_words", "moved", "level", "apart")
    }
    assert drawn["number:relational:0"] == "–"
    assert drawn["number:relational:3"] == "?"
    few = {
        t.gid for t in texts(picture.figure(course([2600, 2700, 2800], [12, 12, 12]))) if t.gid.startswith("legend:")
    }
    assert few == {"legend:step_range", "legend:level"}
    apart = {t.gid for t in texts(picture.figure(COURSES["unknown between"]())) if t.gid.startswith("legend:")}
    assert apart == {"legend:step_range", "legend:unknown"}, "there is no line to explain"


def test_what_is_not_known_takes_the_height_in_which_the_percent_may_lie() -> None:
    figure = picture.figure(gaps())
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    found = artists(figure)
    for domain in DOMAINS:
        area = gaps().results[3].profile.domains[domain]
        assert area.low is not None
        assert area.high is not None
        top, bottom = (found[f"{gid}:{domain}"].get_ydata()[0] for gid in ("expected", "naught"))  # type: ignore[attr-defined]
        box = found[f"unknown:{domain}:3"].get_window_extent(renderer)
        for percent, y in ((area.low, 1350 - box.y0), (area.high, 1350 - box.y1)):
            assert y == pytest.approx(bottom - (bottom - top) * float(percent) / 100, abs=3)


def test_of_more_than_twelve_the_latest_twelve_are_drawn_and_it_is_said() -> None:
    made = COURSES["fifteen"]()
    figure = picture.figure(made)
    assert "point:cognitive:11" in artists(figure)
    assert "point:cognitive:12" not in artists(figure)
    assert next(t.words for t in texts(figure) if t.gid == "facts").startswith("latest 12 of 15 encounters")
    assert "over 12 encounters, the latest of 15" in trend_alt(made)
    dates = {t.gid: t.words for t in texts(figure)}
    assert (dates["date:0"], dates["date:11"]) == tuple(day_short(r.profile.assessed) for r in made.results[3::11])


@every_course
def test_the_words_say_every_encounter_and_what_the_course_may_not_be_read_as(name: str) -> None:
    made = COURSES[name]().latest(TREND_MAX)
    text = trend_alt(made)
    for domain in DOMAINS:
        part = text.partition(f"{load().words.domains[domain].name}:\n")[2].splitlines()[: len(made.results)]
        for line, result in zip(part, made.results, strict=True):
            area = result.profile.domains[domain]
            assert (
                (f"{round(area.percent)}% of what is expected" in line)
                if area.percent is not None
                else "% of" not in line
            )
            assert ("no percent at this age" in line) == (kind_of(area, result) == "in_words")
            assert ("not enough known" in line) == (kind_of(area, result) == "unknown")
    assert "None of this shows that anything caused anything" in text
    assert "No change beyond noise does not show that nothing changed." in text
    assert "Nothing is drawn between what is not known." in text
    assert text.endswith(load().words.notice.short)
    seen = " ".join(t.words for t in texts(picture.figure(made)))
    assert "No change here shows a cause." in seen
    assert "Not validated, not a diagnosis." in seen


def test_two_results_another_person_and_a_wrong_order_are_refused() -> None:
    first, second, third, *_ = gaps().results
    stranger = examples.on_day("x", BORN, date(2026, 1, 1))
    for wrong in ((first, second), (), (first, third, second), (first, second, stranger)):
        with pytest.raises(CompareError) as caught:
            trend(wrong)
        assert all(problem.remedy for problem in caught.value.problems)
    assert len(trend((first, first, second)).comparisons) == 2

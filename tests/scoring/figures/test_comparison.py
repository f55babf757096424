"""The comparison marks what moved beyond noise, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from matplotlib.colors import to_hex

from scoring.compare import Comparison, compare
from scoring.figures import compare as comparison_figure
from scoring.figures import palette
from scoring.figures.layout import map_cells
from scoring.instrument import load
from scoring.result import assess
from tests.scoring.figures.made import EVERY, EXTREMES, artists, inside, made, overlaps, rated, texts, vector

CELLS = {cell.id: cell for cell in map_cells(load().figures)}


def mixed() -> Comparison:
    """Ups, downs, noise, unknown before, unknown after, set aside, not asked before."""
    before = {name: (i * 7) % 12 + 1 for i, name in enumerate(EVERY) if i % 5}
    after = {name: (i * 5) % 12 + 1 for i, name in enumerate(EVERY) if i % 7}
    return compare(
        made(born="2021-06-14", assessed="2024-06-20", functions=before),
        made(born="2021-06-14", assessed="2026-07-01", functions=after, set_aside=EVERY[3:20:6]),
    )


COMPARISONS: dict[str, Callable[[], Comparison]] = {
    "08 and 09": lambda: compare(vector("08"), vector("09")),
    "16 and 17": lambda: compare(vector("16"), vector("17")),
    "mixed": mixed,
    "widest numbers": lambda: compare(rated(10), rated(12)),
    "down": lambda: compare(rated(12), rated(10)),
    "infant": lambda: compare(made(**EXTREMES["0 months"]), made(born="2026-03-20", functions=dict.fromkeys(EVERY, 3))),
    "adult": lambda: compare(made(**EXTREMES["41 years"]), made(**EXTREMES["41 years"])),
}
every_comparison = pytest.mark.parametrize("name", COMPARISONS)


@every_comparison
def test_exactly_what_moved_is_marked_and_points_the_way_it_moved(name: str) -> None:
    comparison = COMPARISONS[name]()
    figure = comparison_figure.figure(comparison)
    found = artists(figure)
    asked = {f.id for f in comparison.after.profile.functions if f.expected is not None}
    moved = {c.id: c.moved for c in comparison.functions if c.moved in ("up", "down") and c.id in asked}
    assert {gid.partition(":")[2] for gid in found if gid.startswith("moved-edge:")} == set(moved)
    for function, way in moved.items():
        points = found[f"moved:{function}"].get_xy()  # type: ignore[attr-defined]
        tip = points[2][1]
        assert (tip < points[0][1]) == (way == "up"), "y runs down"


@every_comparison
def test_before_and_now_stand_in_each_cell_and_inside_it(name: str) -> None:
    comparison = COMPARISONS[name]()
    drawn = {t.gid: t for t in texts(comparison_figure.figure(comparison))}
    for change in comparison.functions:
        if change.expected_after is None:
            continue
        assert drawn[f"rating:{change.id}"].words == ("?" if change.after is None else str(change.after))
        unrated = "–" if change.expected_before is None else "?"
        assert drawn[f"before:{change.id}"].words == (unrated if change.before is None else str(change.before))
        for kind in ("before", "rating", "name"):
            gid = f"{kind}:{change.id}" + (":0" if kind == "name" else "")
            assert inside(drawn[gid].corners(), CELLS[change.id].outline).all(), gid


@every_comparison
def test_the_colour_is_the_distance_now(name: str) -> None:
    comparison = COMPARISONS[name]()
    found = artists(comparison_figure.figure(comparison))
    for function in comparison.after.profile.functions:
        if function.gap is not None:
            cap = found[f"cap:{function.id}"]
            assert to_hex(cap.get_facecolor()).upper() == palette.step_of(function.gap).colour  # type: ignore[attr-defined]


@every_comparison
def test_no_text_lies_over_another_here_either(name: str) -> None:
    assert overlaps(texts(comparison_figure.figure(COMPARISONS[name]()))) == []


def test_the_picture_says_that_change_shows_no_cause_and_what_held_means() -> None:
    for name in COMPARISONS:
        comparison = COMPARISONS[name]()
        words = " ".join(t.words for t in texts(comparison_figure.figure(comparison)))
        assert "No change here shows a cause." in words, name
        grew = any(d.moved == "expectations_grew" for d in comparison.domains)
        assert ("Held: the ratings stayed, more is expected." in words) == grew, name


def test_both_ages_and_days_stand_in_the_header() -> None:
    drawn = {t.gid: t.words for t in texts(comparison_figure.figure(COMPARISONS["08 and 09"]()))}
    assert drawn["facts"] == f"6 y 3 m → 7 y 4 m  ·  28 Feb 2026 → 30 Mar 2027  ·  Stemwise {load().version}"
    assert drawn["value:sensory_integration"] == "42 → 68"
    assert drawn["moved:relational"] == "level"


def test_what_was_not_asked_alike_has_a_struck_arrow_no_mark_of_movement_and_is_explained() -> None:
    figures = load().figures.model_copy(update={"earlier_versions": {"0.2.0": ("sleep", "language")}})
    using = load().model_copy(update={"figures": figures})
    before, after = (vector(number).case for number in ("08", "09"))
    comparison = compare(assess(replace(before, taken_with_version="0.2.0"), using), assess(after, using))
    figure = comparison_figure.figure(comparison)
    found, drawn = artists(figure), texts(figure)
    assert {gid.partition(":")[2] for gid in found if gid.startswith("struck:")} == {"sleep", "language"}
    assert "moved:sleep" not in found
    assert overlaps(drawn) == []
    words = {t.gid: t.words for t in drawn}
    assert " ".join(t.words for t in drawn if t.gid.startswith("note:")) == "Struck arrow: not asked alike."
    assert words["facts"].endswith(f"Stemwise 0.2.0 → {load().version}")
    assert words["notice:0"].startswith("No change here shows a cause.")
    assert words["moved:relational"] == ("not alike" if "relational" in comparison.versions.domains else "level")
    assert "struck:sleep" not in artists(comparison_figure.figure(COMPARISONS["08 and 09"]()))

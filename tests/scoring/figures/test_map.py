"""The map's cells: in order, in their regions, with what belongs into each."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Patch

from scoring.figures import brain_map, palette
from scoring.figures.layout import LayoutError, map_cells
from scoring.figures.silhouette import silhouette
from scoring.instrument import load
from scoring.result import Result
from tests.scoring.figures.made import EVERY, EXTREMES, NUMBERS, artists, inside, made, rated, texts, vector

FIGURES = load().figures
CELLS = {cell.id: cell for cell in map_cells(FIGURES)}
REGION = {f.id: f.region for f in FIGURES.functions}
CASES = {**{f"example {n}": n for n in NUMBERS}, **{name: name for name in EXTREMES}}


def result_of(case: str) -> Result:
    return vector(CASES[case]) if CASES[case] in NUMBERS else made(**EXTREMES[case])


def fill(artist: object) -> str:
    assert isinstance(artist, Patch)
    return to_hex(artist.get_facecolor()).upper()


# --- the layout ------------------------------------------------------------------------------------------------------


def test_every_function_has_one_cell_inside_a_shape_of_its_region() -> None:
    assert list(CELLS) == EVERY
    shapes = silhouette().shapes
    assert {s.region for s in shapes} == set(FIGURES.regions)
    for cell in CELLS.values():
        holds = [s for s in shapes if inside(cell.outline, s.outline).all()]
        assert [s.region for s in holds] == [REGION[cell.id]], cell.id


def test_no_cell_touches_another() -> None:
    for one, other in combinations(CELLS.values(), 2):
        gaps = np.hypot(*(one.outline[:, None] - other.outline[None]).transpose(2, 0, 1))
        assert gaps.min() > 3, (one.id, other.id)
        assert not inside(one.outline, other.outline).any()


def test_the_regions_stand_bottom_up_and_the_forehead_is_on_the_left() -> None:
    middle = {r: np.mean([CELLS[i].room.centre for i in EVERY if REGION[i] == r], axis=0) for r in FIGURES.regions}
    heights = [middle[r][1] for r in ("brainstem", "diencephalon_cerebellum", "limbic")]
    cortex = max(middle["cortex"][1], middle["frontal_cortex"][1])
    assert all(lower > upper + 100 for lower, upper in pairwise([*heights, cortex]))
    assert middle["frontal_cortex"][0] < 400 < 680 < middle["cortex"][0]
    for below, above in (("brainstem", "diencephalon_cerebellum"), ("diencephalon_cerebellum", "limbic")):
        lowest = max(CELLS[i].room.bottom for i in EVERY if REGION[i] == above)
        assert min(CELLS[i].room.top for i in EVERY if REGION[i] == below) > lowest - 10, below


def test_within_a_region_the_rows_of_the_instrument_are_kept() -> None:
    for one, other in combinations(FIGURES.functions, 2):
        same = one.region == other.region and {one.id, other.id}.isdisjoint(
            ("fine_movement", "balance_and_large_movement")
        )
        if same and one.place.row > other.place.row:
            assert CELLS[one.id].room.centre[1] < CELLS[other.id].room.centre[1] + 20, (one.id, other.id)


def test_an_instrument_with_more_functions_than_places_is_refused_in_words() -> None:
    more = FIGURES.model_copy(update={"functions": (*FIGURES.functions, FIGURES.functions[0])})
    with pytest.raises(LayoutError, match="brainstem: 7 functions, 6 places"):
        map_cells(more)


# --- what a cell shows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_names_and_numbers_lie_inside_their_cells(case: str) -> None:
    for drawn in texts(brain_map.figure(result_of(case))):
        kind, _, name = drawn.gid.partition(":")
        if kind in ("name", "rating", "expected"):
            assert inside(drawn.corners(), CELLS[name.split(":")[0]].outline).all(), (drawn.gid, drawn.words)


@pytest.mark.parametrize("case", CASES)
def test_each_cell_says_its_name_its_rating_and_what_is_expected(case: str) -> None:
    result = result_of(case)
    drawn = {t.gid: t for t in texts(brain_map.figure(result))}
    for function in result.profile.functions:
        name = " ".join(t.words for gid, t in sorted(drawn.items()) if gid.startswith(f"name:{function.id}:"))
        assert name == load().words.functions[function.id].short
        rating, expected = drawn.get(f"rating:{function.id}"), drawn.get(f"expected:{function.id}")
        if function.expected is None:
            assert expected is None
            assert (rating and rating.words) == (function.rating and f"rated {function.rating}")
            continue
        assert rating is not None
        assert expected is not None
        unrated = "–" if function.status == "set_aside" else "?"
        assert rating.words == (unrated if function.rating is None else str(function.rating))
        assert expected.words == f"of {function.expected}"
        assert rating.size_px >= 38
        assert "Bold" in str(rating.text.get_fontproperties().get_file())
        assert rating.box[2] + 12 <= expected.box[0]


@pytest.mark.parametrize("case", CASES)
def test_the_colour_of_a_cell_is_its_distance_and_what_has_none_is_marked_instead(case: str) -> None:
    result = result_of(case)
    found = artists(brain_map.figure(result))
    for function in result.profile.functions:
        name = function.id
        if function.expected is None:
            assert f"cap:{name}" not in found
            assert f"hatch:{name}" not in found
            assert to_hex(found[f"cell:{name}"].get_facecolor(), keep_alpha=True).endswith("00"), "blank"  # type: ignore[attr-defined]
        elif function.status == "set_aside":
            assert f"cap:{name}" not in found
            assert fill(found[f"cell:{name}"]) == palette.ASIDE
            assert found[f"edge:{name}"].get_linestyle() not in ("solid", "-"), "dashed"  # type: ignore[attr-defined]
        elif function.rating is None:
            assert f"cap:{name}" not in found
            assert f"hatch:{name}" in found
        else:
            assert function.gap is not None
            assert fill(found[f"cap:{name}"]) == palette.step_of(function.gap).colour
            assert f"hatch:{name}" not in found


def test_ahead_where_it_counts_for_nothing_has_the_colour_of_as_expected() -> None:
    result = rated(12)
    found = artists(brain_map.figure(result))
    flat = [f.id for f in FIGURES.functions if not f.ahead_counts]
    assert flat
    for name in flat:
        assert fill(found[f"cap:{name}"]) == palette.STEPS[1].colour


def test_all_that_is_behind_still_shows_where_it_is_worst() -> None:
    result = vector("08")
    found = artists(brain_map.figure(result))
    assert {f.status for f in result.profile.functions} <= {"behind", "far_behind"}
    assert len({fill(found[f"cap:{i}"]) for i in EVERY}) >= 3


@pytest.mark.parametrize("words", ["Everyday senses", "Looking forward", "Sharing with us"])
def test_a_name_of_fifteen_characters_fits_every_cell_above_the_stem(words: str) -> None:
    texts_of = load().words
    short = {
        name: text.model_copy(update={"short": words if REGION[name] not in ("brainstem", "diencephalon_cerebellum") else "Temperature"})
        for name, text in texts_of.functions.items()
    }  # fmt: skip
    renamed = load().model_copy(update={"texts": {"en": texts_of.model_copy(update={"functions": short})}})
    result = rated(12)
    figure = brain_map.figure(Result(result.case, result.profile, result.plan, renamed))
    for drawn in texts(figure):
        kind, _, name = drawn.gid.partition(":")
        if kind in ("name", "rating", "expected"):
            corners = drawn.corners()
            if kind != "name":  # these letters end at the baseline; the box has room for a descender as well
                corners[2:, 1] -= 0.2 * drawn.size_px
            assert inside(corners, CELLS[name.split(":")[0]].outline).all(), (drawn.gid, drawn.words)
            assert not drawn.words.endswith("…")


# --- around the cells ------------------------------------------------------------------------------------------------


def words_of(result: Result) -> dict[str, str]:
    return {t.gid: t.words for t in texts(brain_map.figure(result))}


@pytest.mark.parametrize("case", CASES)
def test_the_five_regions_are_named_and_the_notice_stands_whole(case: str) -> None:
    result = result_of(case)
    drawn = words_of(result)
    for region in FIGURES.regions:
        lines = [drawn[gid] for gid in sorted(drawn) if gid.startswith(f"region-name:{region}:")]
        assert " ".join(lines) == load().words.regions[region].name
    notice = " ".join(drawn[gid] for gid in sorted(drawn) if gid.startswith("notice:"))
    assert notice == " ".join(load().words.notice.short.split())


def test_the_legend_explains_number_colours_hatch_outline_and_mark() -> None:
    drawn = words_of(vector("15"))
    assert drawn["legend:number"] == "5 of 9: rated, expected"
    assert [drawn[f"legend:{i}"] for i in range(len(palette.STEPS))] == [step.label for step in palette.STEPS]
    assert {"legend:not known", "legend:not asked yet", "legend:set aside"} <= set(drawn)


def test_a_domain_shows_its_percent_with_a_range_that_is_hatched_only_where_something_is_unknown() -> None:
    all_known, some_unknown = artists(brain_map.figure(vector("01"))), artists(brain_map.figure(vector("15")))
    assert words_of(vector("08"))["value:sensory_integration"] == "42%"
    assert "range:cognitive" in all_known
    assert "hatch:cognitive" not in all_known
    assert "hatch:cognitive" in some_unknown


def test_where_not_enough_is_known_the_words_say_so_and_the_bounds_stay() -> None:
    result = vector("15")
    assert words_of(result)["value:relational"] == "not enough known"
    found = artists(brain_map.figure(result))
    assert "range:relational" in found
    assert "mark:relational" not in found


def test_an_infant_has_tiers_in_words_and_no_percent() -> None:
    drawn = words_of(vector("06"))
    assert drawn["value:sensory_integration"] == load().words.tiers["strengthen"].word
    assert not any("%" in words for words in drawn.values())


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("early by unknown weeks", "Born early, weeks not known: no tiers"),
        ("80 years", "Not made for this age: no tiers"),
        ("a birthday ago", "What is expected has just risen"),
    ],
)
def test_what_must_be_said_of_an_age_is_said(case: str, said: str) -> None:
    drawn = words_of(made(**EXTREMES[case]))
    assert " ".join(drawn[gid] for gid in sorted(drawn) if gid.startswith("note:")) == said


def test_the_header_has_label_age_day_and_version_and_the_age_that_counts_where_it_differs() -> None:
    drawn = words_of(vector("08"))
    assert drawn["title"] == "Example"
    assert drawn["facts"] == f"6 y 3 m  ·  28 Feb 2026  ·  Stemwise {load().version}"
    assert words_of(vector("11"))["facts"].startswith("6 months, 3 from the due date")
    assert words_of(made(label=None))["title"] == "No label"

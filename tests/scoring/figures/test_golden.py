"""Every picture of the gallery looks as it did when it was last looked at, and the measure of that sees what matters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageChops

from scoring.compare import compare
from scoring.figures import brain_map, palette
from scoring.figures import compare as comparison_figure
from scoring.figures import examples as people
from scoring.figures import trend as trend_figure
from scoring.figures.examples import Example, examples
from scoring.trend import trend
from tests.scoring.figures.golden_images import FOLDER, SMALLER, TOLERANCE, kept, small, worst_tile
from tests.scoring.figures.made import artists, pixels

EXAMPLES = {example.name: example for example in examples()}
BASE = people.at_age("eight_years", 99)


def redrawn(**changed: Any) -> Figure:
    """The map of the eight-year-old with some ratings changed."""
    ratings = {k: v for k, v in (dict(BASE.case.functions) | changed).items() if v is not None}
    return brain_map.figure(people.person(BASE.case.label, 99, functions=ratings))


def off(figure: Figure, name: str = "eight_years") -> int:
    return worst_tile(small(figure), kept(name))


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_a_picture_looks_as_it_was_kept(example: Example) -> None:
    found = off(example.draw(), example.name)
    assert found <= TOLERANCE, f"off by {found}: look at it, then run python -m tests.scoring.figures.golden_images"


def test_a_picture_is_kept_for_each_example_and_all_are_small() -> None:
    files = sorted(FOLDER.glob("*.png"))
    assert [path.stem for path in files] == sorted(EXAMPLES)
    assert sum(path.stat().st_size for path in files) < 1_000_000


# --- what the measure lets through ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["eight_years", "all_unknown", "before_and_after", "history", "course_with_gaps"])
def test_letters_with_other_rims_are_let_through(name: str) -> None:
    with matplotlib.rc_context({"text.hinting": "no_hinting"}):
        drawn = small(EXAMPLES[name].draw())
    assert drawn.tobytes() != small(EXAMPLES[name].draw()).tobytes()
    assert worst_tile(drawn, kept(name)) <= TOLERANCE


@pytest.mark.parametrize("name", ["eight_years", "course"])
def test_a_drawing_moved_by_a_pixel_is_let_through(name: str) -> None:
    moved = ImageChops.offset(_whole(EXAMPLES[name].draw()), 1, 1)
    assert worst_tile(moved.reduce(SMALLER), kept(name)) <= TOLERANCE


def test_a_drawing_made_larger_and_brought_back_is_let_through() -> None:
    figure = redrawn()
    figure.set_dpi(133)
    drawn = _whole(figure).resize(kept("eight_years").size, Image.Resampling.BOX)
    assert worst_tile(drawn, kept("eight_years")) <= TOLERANCE


def _whole(figure: Figure) -> Image.Image:
    return Image.fromarray(pixels(figure))


# --- what the measure finds -------------------------------------------------------------------------------------------


def by_three() -> Iterator[tuple[str, int]]:
    for i, (function, rating) in enumerate(BASE.case.functions.items()):
        if i % 3 == 0:
            yield function, rating + 3 if rating <= 9 else rating - 3
    yield "body_privacy_and_boundaries", BASE.case.functions["body_privacy_and_boundaries"] + 3  # the colour stays


@pytest.mark.parametrize(("function", "rating"), [*by_three()])
def test_one_rating_changed_by_three_is_found(function: str, rating: int) -> None:
    assert off(redrawn(**{function: rating})) > TOLERANCE


@pytest.mark.parametrize("function", ["sleep", "language", "closeness_and_attachment"])
def test_another_colour_of_one_cell_is_found(function: str) -> None:
    figure = redrawn()
    assert off(figure) <= TOLERANCE
    cap: Any = artists(figure)[f"cap:{function}"]
    step = next(s.colour for s in palette.STEPS if s.colour.lower() != matplotlib.colors.to_hex(cap.get_facecolor()))
    cap.set_facecolor(step)
    assert off(figure) > TOLERANCE


def test_one_answer_that_is_no_longer_known_is_found() -> None:
    assert off(redrawn(sleep=None)) > TOLERANCE


def test_a_mark_of_what_moved_that_is_missing_is_found() -> None:
    figure = comparison_figure.figure(compare(*people.before_and_after()))
    artists(figure)["moved-edge:mood_and_feelings"].set_visible(False)
    artists(figure)["moved:mood_and_feelings"].set_visible(False)
    assert off(figure, "before_and_after") > TOLERANCE


def test_a_line_drawn_across_what_is_not_known_is_found() -> None:
    figure = trend_figure.figure(trend(people.seven_encounters()))
    line: Any = artists(figure)["line:relational:1"]
    assert off(figure, "course_with_gaps") <= TOLERANCE
    start, end = line.get_xdata()
    line.set_xdata([start, start + 3 * (end - start)])
    assert off(figure, "course_with_gaps") > TOLERANCE

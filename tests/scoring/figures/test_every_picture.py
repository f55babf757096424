"""What holds for all three pictures, whatever the case: size, letters, room, contrast, calm."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import matplotlib
import pytest
from matplotlib.figure import Figure

from scoring.compare import compare
from scoring.figures import brain_map, draw_comparison, draw_history, draw_map, history
from scoring.figures import compare as comparison_figure
from scoring.figures.text import visible
from scoring.result import Result
from tests.scoring.figures.made import EXTREMES, LABELS, NUMBERS, contrasts, made, overlaps, rated, texts, vector

CASES: dict[str, Callable[[], Result]] = {
    **{f"example {number}": partial(vector, number) for number in NUMBERS},
    **{name: partial(made, **fields) for name, fields in EXTREMES.items()},
    **{f"label: {name}": partial(rated, 5, label=label) for name, label in LABELS.items()},
}
PICTURES: dict[str, Callable[[Result], Figure]] = {
    "map": brain_map.figure,
    "history": history.figure,
    "comparison": lambda result: comparison_figure.figure(compare(result, result)),
}
every_case = pytest.mark.parametrize("case", CASES)
every_picture = pytest.mark.parametrize("picture", PICTURES)
pytestmark = pytest.mark.filterwarnings("error")


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@every_case
def test_every_case_is_drawn_in_its_size_and_without_a_warning(case: str) -> None:
    result = CASES[case]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert size_of(draw_map(result)) == (1080, 1350)
        assert size_of(draw_comparison(compare(result, result))) == (1080, 1350)
        width, height = size_of(draw_history(result))
    assert width == 1080
    assert 700 <= height <= 1350


@every_picture
@every_case
def test_texts_are_large_enough_plain_bundled_within_the_sheet_and_not_over_one_another(
    case: str, picture: str
) -> None:
    figure = PICTURES[picture](CASES[case]())
    width, height = figure.get_size_inches() * figure.dpi
    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    drawn = texts(figure)
    for text in drawn:
        assert text.size_px >= 26 - 1e-6, text.gid
        assert not text.text.get_parse_math(), text.gid
        assert not text.text.get_usetex(), text.gid
        assert Path(str(text.text.get_fontproperties().get_file())).parent == fonts, text.gid
        left, top, right, bottom = text.box
        assert left >= 14, text.gid
        assert right <= width - 14, (text.gid, text.words)
        assert top >= 8, text.gid
        assert bottom <= height - 4, text.gid
    assert overlaps(drawn) == []


@every_picture
@pytest.mark.parametrize(
    "case", ["example 01", "example 05", "example 06", "example 08", "example 14", "example 15", "all 1", "all 12", "nothing known"]
)  # fmt: skip
def test_every_text_stands_out_from_all_that_lies_under_it(case: str, picture: str) -> None:
    for drawn, ratio in contrasts(PICTURES[picture](CASES[case]())):
        assert ratio >= 4.5, (drawn.gid, drawn.words, ratio)


@pytest.mark.parametrize("draw", [draw_map, draw_history], ids=["map", "history"])
def test_the_same_result_gives_the_same_bytes(draw: Callable[[Result], bytes]) -> None:
    assert draw(vector("15")) == draw(vector("15"))


@pytest.mark.parametrize("name", ["mathematics", "wide", "Arabic", "marks"])
def test_a_label_that_the_font_can_show_is_drawn_whole(name: str) -> None:
    title = next(t for t in texts(brain_map.figure(rated(5, label=LABELS[name]))) if t.gid == "title")
    assert title.words == LABELS[name]


def test_what_no_font_has_becomes_one_visible_mark_and_an_invisible_label_says_so() -> None:
    words = {
        name: next(t for t in texts(brain_map.figure(rated(5, label=LABELS[name]))) if t.gid == "title").words
        for name in LABELS
    }
    assert words["only what no font has"] == "▯▯"
    assert words["CJK"] == "▯▯▯ ▯▯"
    assert words["emoji"] == "Ana ▯ ▯▯▯ ▯▯ ▯"
    assert words["only invisible"] == "No label"
    assert visible("x\ud83dy") == "xy"
    assert words["very long"].endswith("…")

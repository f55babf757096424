"""The gallery's page says what its pictures show, and each of its pictures is there and small."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from scoring.figures import gallery, palette
from scoring.figures.examples import examples
from scoring.instrument import load

GALLERY = Path(__file__).parents[3] / "docs" / "gallery"
#: Shown by the README of the repository and made apart.
OF_THE_README = "map.png"
STALE = "is stale: run python -m scoring.figures.gallery"


def test_the_page_is_as_the_examples_say() -> None:
    assert (GALLERY / "README.md").read_text("utf-8") == f"{gallery.page()}\n", f"docs/gallery/README.md {STALE}"


def test_every_example_has_its_picture_and_every_picture_its_example() -> None:
    there = {path.name for path in GALLERY.glob("*.png")} - {OF_THE_README}
    assert there == {f"{example.name}.png" for example in examples()}, f"docs/gallery {STALE}"
    assert (GALLERY / OF_THE_README).exists()


@pytest.mark.parametrize("example", examples(), ids=lambda e: e.name)
def test_a_picture_is_small_and_its_words_stand_on_the_page(example) -> None:
    path = GALLERY / f"{example.name}.png"
    assert path.stat().st_size < 120_000
    with Image.open(path) as image:
        assert image.width == gallery.WIDTH_PX
    text = (GALLERY / "README.md").read_text("utf-8")
    assert example.alt() in text
    assert load().words.notice.short in example.alt()


def test_the_gallery_has_every_age_every_region_the_unknown_the_typical_and_every_kind_of_picture() -> None:
    names = {example.name for example in examples()}
    assert {f"weak_{region}" for region in load().figures.regions} <= names
    assert {"infant", "four_years", "eight_years", "fifteen_years", "thirty_five_years"} <= names
    assert {"all_unknown", "typical", "before_and_after", "history", "course"} <= names


def test_a_rare_colour_stays_exact_in_the_palette() -> None:
    image = Image.effect_noise((200, 200), 60).convert("RGB")
    rare = tuple(int(palette.STEPS[-1].colour[i : i + 2], 16) for i in (1, 3, 5))
    image.paste(rare, (0, 0, 40, 40))
    assert gallery.in_palette(image, 16).convert("RGB").getpixel((20, 20)) == rare

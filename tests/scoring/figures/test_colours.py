"""The steps of colour keep their order and their difference for every eye, and on grey paper."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from scoring.figures import palette
from scoring.figures.palette import STEPS, contrast, step_of
from tests.scoring.figures.made import VISION, lab

STEP_COLOURS = [step.colour for step in STEPS]


def test_there_are_at_least_six_steps_and_every_gap_falls_into_one_in_order() -> None:
    assert len(STEPS) >= 6
    steps = [STEPS.index(step_of(gap)) for gap in range(-11, 11)]
    assert steps == sorted(steps)
    assert set(steps) == set(range(len(STEPS)))
    assert step_of(0) == step_of(1) != step_of(2)


@pytest.mark.parametrize("vision", VISION)
def test_lightness_falls_from_step_to_step_for_every_eye(vision: str) -> None:
    lightness = [lab(colour, vision)[0] for colour in STEP_COLOURS]
    assert all(one - other >= 6 for one, other in pairwise(lightness)), lightness


@pytest.mark.parametrize("vision", VISION)
def test_neighbouring_steps_can_be_told_apart_by_every_eye(vision: str) -> None:
    for one, other in pairwise(STEP_COLOURS):
        assert np.linalg.norm(lab(one, vision) - lab(other, vision)) >= 8, (one, other)


def test_nothing_is_the_red_of_an_alarm() -> None:
    for colour in (*STEP_COLOURS, palette.HEAVY, palette.HELD):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        assert not (red > 1.5 * green and red > 1.5 * blue), colour


def test_names_on_caps_and_numbers_on_panels_have_contrast() -> None:
    for colour in STEP_COLOURS:
        assert contrast(palette.ink_on(colour), colour) >= 4.5, colour
        for ink in (palette.INK, palette.SOFT_INK):
            assert contrast(ink, palette.panel_of(colour)) >= 4.5, colour
    for fill in (palette.PAPER, palette.TISSUE, palette.UNKNOWN, palette.ASIDE):
        assert contrast(palette.MUTED, fill) >= 4.5
        assert contrast(palette.INK, fill) >= 4.5


def test_contrast_is_that_of_the_web_guidelines() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("vision", VISION)
def test_what_was_heavy_and_what_held_are_told_apart(vision: str) -> None:
    assert np.linalg.norm(lab(palette.HEAVY, vision) - lab(palette.HELD, vision)) >= 6

"""A text recogniser reads the ratings from the whole picture, as it comes and under a threshold."""

from __future__ import annotations

import csv
import shutil
import subprocess
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from PIL import Image

from scoring.figures import draw_map
from scoring.figures.layout import map_cells
from scoring.instrument import load
from scoring.result import Result
from tests.scoring.figures.made import EVERY, made, vector

pytestmark = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
WANTED = 28
#: Page segmentation modes for text that stands about: as it is, and with a look at its orientation first.
SPARSE, TURNED = 11, 12
#: Every step of the colours, every rating, nothing unknown.
MIXED = {name: (i * 5) % 12 + 1 for i, name in enumerate(EVERY)}
CASES = {"typical": "01", "all behind": "08", "adult": "07"}


def ratings_read(result: Result, picture: Path, mode: int) -> int:
    """How many ratings are found as words of their own within their cells."""
    run = subprocess.run(
        ["tesseract", str(picture), "-", "--psm", str(mode), "tsv"],
        capture_output=True, text=True, check=True, timeout=120, env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/usr/local/bin"},
    )  # fmt: skip
    words = [w for w in csv.DictReader(StringIO(run.stdout), delimiter="\t", quoting=csv.QUOTE_NONE) if w["text"]]
    read = 0
    for cell, function in zip(map_cells(load().figures), result.profile.functions, strict=True):
        box = cell.room
        within = {
            word["text"]
            for word in words
            if box.left <= int(word["left"]) + int(word["width"]) / 2 <= box.right
            and box.top <= int(word["top"]) + int(word["height"]) / 2 <= box.bottom
        }
        read += str(function.rating) in within
    return read


@pytest.mark.parametrize(
    ("threshold", "mode"), [(None, SPARSE), (0.4, SPARSE), (0.5, SPARSE), (0.6, SPARSE), (0.5, TURNED)]
)
@pytest.mark.parametrize("case", [*CASES, "all lowest", "mixed"])
def test_nearly_all_ratings_are_read_from_the_whole_picture(
    case: str, threshold: float | None, mode: int, tmp_path: Path
) -> None:
    special = {"mixed": MIXED, "all lowest": dict.fromkeys(EVERY, 1)}
    result = made(functions=special[case]) if case in special else vector(CASES[case])
    assert all(f.rating is not None for f in result.profile.functions)
    grey = Image.open(BytesIO(draw_map(result))).convert("L")
    if threshold is not None:
        grey = grey.point([255 * (value >= 255 * threshold) for value in range(256)])
    grey.save(tmp_path / "map.png")
    assert ratings_read(result, tmp_path / "map.png", mode) >= WANTED

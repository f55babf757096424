"""Small kept pictures of the fictional people, and how far a drawing lies off its own.

`python -m tests.scoring.figures.golden_images` draws them anew, after a change that is meant. Look at each of them first.

A picture is compared by the mean colour of tiles: that lets through how the rims of letters and lines come out with another
version of a font library, and finds a digit that is another, or the colour of a cell.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image, ImageChops

from scoring.figures import canvas
from scoring.figures.examples import examples

FOLDER = Path(__file__).parent / "golden"
#: A kept picture has a quarter of the width and height.
SMALLER = 4
#: Side of a tile, pixels of the small picture: smaller than a digit of a rating, larger than a rim.
TILE_PX = 6
#: Most that a tile's mean may be off in one channel, of 255. Letters without hinting give up to 19, a shift by a pixel up to 18;
#: a rating that is another by three gives 22 or more, and 36 or more where it changes the colour of its cell.
TOLERANCE = 20


def small(figure: Figure) -> Image.Image:
    """A figure as it is kept and compared."""
    with Image.open(BytesIO(canvas.png(figure))) as image:
        return image.convert("RGB").reduce(SMALLER)


def kept(name: str) -> Image.Image:
    """The kept picture of that name."""
    with Image.open(FOLDER / f"{name}.png") as image:
        return image.convert("RGB")


def worst_tile(one: Image.Image, other: Image.Image) -> int:
    """How far apart two pictures of one size are where they are furthest apart: a tile's mean in one channel, 0–255."""
    assert one.size == other.size, f"{one.size} is not {other.size}"
    apart = ImageChops.difference(one.reduce(TILE_PX), other.reduce(TILE_PX))
    return max(high for _, high in apart.getextrema())


def write() -> list[Path]:
    """Keep every example as it is drawn now; a picture that belongs to none is removed."""
    FOLDER.mkdir(exist_ok=True)
    written = []
    for example in examples():
        written.append(FOLDER / f"{example.name}.png")
        # A palette made for the picture: a third of the bytes, and no tile off by more than three.
        palette = small(example.draw()).quantize(256, kmeans=3, dither=Image.Dither.NONE)
        palette.save(written[-1], optimize=True)
    for stray in set(FOLDER.glob("*.png")) - set(written):
        stray.unlink()
    return written


if __name__ == "__main__":
    for path in write():
        sys.stdout.write(f"{path}\n")

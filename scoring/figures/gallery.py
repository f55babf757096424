"""`python -m scoring.figures.gallery`: the pictures of fictional people and a page of them in `docs/gallery/`."""

from __future__ import annotations

import argparse
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

from scoring.figures import canvas
from scoring.figures.examples import Example, examples

FOLDER = Path("docs/gallery")
#: Twice the width at which the page shows a picture, and the colours of its palette: small enough to keep.
WIDTH_PX, COLOURS = 720, 128
HEAD = """\
# Gallery

Every picture that Stemwise draws, of fictional people. None of it is a real person, and nothing in it was measured. Under each picture
stands its alternative text: it says all that the picture shows. Made by `python -m scoring.figures.gallery`.
"""


def page() -> str:
    """The page with all pictures and their alternative texts, as Markdown."""
    made = examples()
    links = "\n".join(f"- [{example.title}](#{_anchor(example.title)})" for example in made)
    return "\n".join([HEAD, links, *(_section(example) for example in made)])


def _anchor(title: str) -> str:
    """The place of a heading on the page, as Markdown readers make it."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


def _section(example: Example) -> str:
    return f"""
## {example.title}

{example.about}

<img src="{example.name}.png" width="360" alt="{example.title}; the text below says all that it shows.">

<details><summary>In words</summary>

```text
{example.alt()}
```

</details>"""


def small(png: bytes) -> bytes:
    """The same picture smaller and in a palette: a file of a fifth of the size that looks alike."""
    with Image.open(BytesIO(png)) as image:
        buffer = BytesIO()
        in_palette(reduced(image, WIDTH_PX), COLOURS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def reduced(image: Image.Image, width_px: int) -> Image.Image:
    """A picture at another width, in its own proportions."""
    height = round(image.height * width_px / image.width)
    return image.convert("RGB").resize((width_px, height), Image.Resampling.BOX)


def in_palette(image: Image.Image, colours: int) -> Image.Image:
    """A picture in its own most frequent colours: so flat areas keep theirs exactly, however small, and rims take the nearest."""
    counted = image.getcolors(image.width * image.height) or []
    frequent = [colour for _, colour in sorted(counted, key=lambda pair: (-pair[0], pair[1]))[:colours]]
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for colour in frequent if isinstance(colour, tuple) for channel in colour])
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def write(folder: Path) -> list[Path]:
    """Draw everything anew into a folder; pictures that no example has any more are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for example in examples():
        written.append(folder / f"{example.name}.png")
        written[-1].write_bytes(small(canvas.png(example.draw())))
    written.append(folder / "README.md")
    written[-1].write_text(f"{page()}\n", "utf-8")
    return written


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scoring.figures.gallery", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help=f"where to write (default: {FOLDER})")
    for path in write(parser.parse_args(arguments).out):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

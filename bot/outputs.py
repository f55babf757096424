"""What a result is written to: profile, summary, pictures and documents, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from scoring.documents.blocks import Document, Paper, PictureName
from scoring.documents.voices import Voices
from scoring.result import Result, profile_json

REPORT_PAGES = 4
#: Called with the name of each file as it is begun.
Progress = Callable[[str], None]


def _quiet(_: str) -> None:
    """Says nothing."""


def picture(result: Result, name: PictureName) -> bytes:
    """One picture of a result as PNG bytes."""
    from scoring import figures

    return {"map": figures.draw_map, "history": figures.draw_history}[name](result)


def report_pdf(
    result: Result, pictures: Mapping[PictureName, bytes], voices: Voices | None = None, paper: Paper = "A4"
) -> bytes:
    """The clinician's report, with what the informants said where that is known."""
    from scoring import figures
    from scoring.documents.pdf import to_pdf
    from scoring.documents.report import report

    known = voices or Voices()
    document = report(
        result,
        answered_by=known.answered_by,
        flags=known.flags,
        disagreements=known.disagreements,
        bulk_confirmed=known.bulk_confirmed,
        map_alt=figures.map_alt(result),
        history_alt=figures.history_alt(result),
    )
    return to_pdf(document, pictures, paper=paper, most_pages=REPORT_PAGES)


def family_pdf(result: Result, paper: Paper = "A4") -> bytes:
    """The page for the family: an allow-list of sections, no picture."""
    from scoring.documents.family import family
    from scoring.documents.pdf import to_pdf

    return to_pdf(family(result), {}, paper=paper)


def summary_of(result: Result, voices: Voices | None = None) -> Document:
    """The recommendation summary, with where home and clinic differ."""
    from scoring.documents.summary import summary

    known = voices or Voices()
    return summary(result, bulk_confirmed=known.bulk_confirmed, disagreements=known.disagreements)


def summary_markdown(result: Result, voices: Voices | None) -> bytes:
    from scoring.documents.markdown import to_markdown

    return to_markdown(summary_of(result, voices)).encode()


def write_result(
    result: Result, folder: Path, progress: Progress = _quiet, voices: Voices | None = None, paper: Paper = "A4"
) -> list[Path]:
    """Write every file of a result into `folder`, 0600; nothing is left half-written."""
    pictures: dict[PictureName, bytes] = {}

    def drawn(name: PictureName) -> bytes:
        pictures[name] = picture(result, name)
        return pictures[name]

    files: list[tuple[str, Callable[[], bytes]]] = [
        ("profile.json", lambda: as_json(profile_json(result))),
        ("summary.md", lambda: summary_markdown(result, voices)),
        ("map.png", lambda: drawn("map")),
        ("history.png", lambda: drawn("history")),
        ("report.pdf", lambda: report_pdf(result, pictures, voices, paper)),
        ("family.pdf", lambda: family_pdf(result, paper)),
    ]
    return write_all(folder, files, progress)


def as_json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def write_all(
    folder: Path, files: Iterable[tuple[str, Callable[[], bytes]]], progress: Progress = _quiet
) -> list[Path]:
    """Make all files in a folder beside, then move them into place together."""
    make_private(folder.parent)
    beside = Path(tempfile.mkdtemp(prefix=".stemwise-", dir=folder.parent))
    try:
        names = []
        for name, content in files:
            progress(name)
            write_private(beside / name, content())
            names.append(name)
        folder.mkdir(exist_ok=True, mode=0o700)
        for name in names:
            (beside / name).replace(folder / name)
        return [folder / name for name in names]
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def make_private(folder: Path) -> None:
    """A folder, and those above it that are not there yet, only their owner's; what is there stays as it is."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)


def write_private(path: Path, content: bytes) -> None:
    """A file only its owner can read, also where there was one that others could."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if os.name == "posix":
            os.fchmod(descriptor, 0o600)
        file.write(content)

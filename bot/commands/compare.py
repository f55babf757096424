"""`stemwise compare BEFORE.json AFTER.json --out DIR`: two case files of one person, side by side.

Where the files are exports, with three results or more between them, the course of all of them comes too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.commands.files import progress, read_bounded
from bot.outputs import as_json, write_all
from bot.settings import Settings
from flows.exchange.record import SCHEMA as RECORD
from scoring.case import Case, case_from, read_json
from scoring.compare import Comparison, compare, compare_json
from scoring.documents.comparison import comparison as written
from scoring.documents.markdown import to_markdown
from scoring.instrument import Instrument, load
from scoring.problems import ContentError, Problem
from scoring.result import assess, profile_json
from scoring.trend import TREND_FROM, Trend, trend


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("compare", help="compare two case files of one person")
    parser.add_argument("before", type=Path, metavar="BEFORE.json")
    parser.add_argument("after", type=Path, metavar="AFTER.json")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class _Given:
    """A file that was named: the case on top, and all that is in it."""

    name: str
    case: Case
    content: dict[str, Any]


def run(options: argparse.Namespace, _: Settings) -> None:
    from scoring import figures

    instrument = load()
    given = [_read(path, instrument) for path in (options.before, options.after)]
    before, after = (assess(one.case, instrument) for one in given)
    comparison = compare(before, after)
    course = _course(given, instrument)
    files: list[tuple[str, Callable[[], bytes]]] = [
        ("compare.json", lambda: as_json(compare_json(comparison))),
        ("profile-before.json", lambda: as_json(profile_json(before))),
        ("profile-after.json", lambda: as_json(profile_json(after))),
        ("compare.png", lambda: figures.draw_comparison(comparison)),
        ("compare.md", lambda: _in_words(comparison, course)),
    ]
    if course is not None:
        files.append(("trend.png", lambda: figures.draw_trend(course)))
    for path in write_all(options.out, files, progress()):
        print(path)
    print(figures.comparison_alt(comparison))


def _read(path: Path, instrument: Instrument) -> _Given:
    content = read_json(read_bounded(path), str(path))
    return _Given(str(path), case_from(content, instrument, str(path)), content)


def _in_words(comparison: Comparison, course: Trend | None) -> bytes:
    """The comparison in full: every domain with its reason, and what the change may not be read as."""
    from scoring import figures

    course_alt = None if course is None else figures.trend_alt(course)
    document = written(comparison, alt=figures.comparison_alt(comparison), course=course, course_alt=course_alt)
    return to_markdown(document).encode()


def _course(given: list[_Given], instrument: Instrument) -> Trend | None:
    """The course of all results in the files, where there are enough; said on stderr where it cannot be drawn.

    Of an export these are the newest results of its encounters, of any other file it is the case on top. An encounter that is in
    both files counts once, as the later file has it.
    """
    found: dict[str, Case] = {}
    alone = []
    try:
        for one in given:
            encounters = _encounters(one)
            for encounter, content in encounters:
                found.pop(encounter, None)
                if content is not None:
                    found[encounter] = case_from(content, instrument, f"{one.name}: encounter {encounter}")
            if all(content is None for _, content in encounters):
                alone.append(one.case)
        cases = [*found.values(), *(case for case in alone if case not in found.values())]
        if len(cases) < TREND_FROM:
            return None
        return trend([assess(case, instrument) for case in sorted(cases, key=lambda case: case.assessed)])
    except ContentError as error:
        print(f"No course is drawn: {' '.join(str(error).split())}", file=sys.stderr)
        return None


def _encounters(given: _Given) -> list[tuple[str, Any]]:
    """Of each encounter of an export that has a result its id and the newest, or nothing where it was entered in error."""
    if given.content.get("record") != RECORD:
        return []
    try:
        return [
            (str(encounter["id"]), _newest(encounter) if encounter["state"] == "finished" else None)
            for encounter in given.content["encounters"]
            if encounter["results"]
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        problem = Problem(given.name, "encounters", "is not as an export has it", "export the case again")
        raise ContentError([problem]) from None


def _newest(encounter: dict[str, Any]) -> Any:
    return max(encounter["results"], key=lambda result: int(result["number"]))["case"]

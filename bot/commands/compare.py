"""`stemwise compare BEFORE.json AFTER.json --out DIR`: two case files of one person, side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bot.commands.files import progress, read_bounded
from bot.outputs import as_json, write_all
from bot.settings import Settings
from scoring.case import read_case
from scoring.compare import compare, compare_json
from scoring.instrument import load
from scoring.result import assess, profile_json


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("compare", help="compare two case files of one person")
    parser.add_argument("before", type=Path, metavar="BEFORE.json")
    parser.add_argument("after", type=Path, metavar="AFTER.json")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: Settings) -> None:
    from scoring import figures

    instrument = load()
    before, after = (
        assess(read_case(read_bounded(path), instrument, str(path)), instrument)
        for path in (options.before, options.after)
    )
    comparison = compare(before, after)
    files = [
        ("compare.json", lambda: as_json(compare_json(comparison))),
        ("profile-before.json", lambda: as_json(profile_json(before))),
        ("profile-after.json", lambda: as_json(profile_json(after))),
        ("compare.png", lambda: figures.draw_comparison(comparison)),
    ]
    for path in write_all(options.out, files, progress()):
        print(path)
    print(figures.comparison_alt(comparison))

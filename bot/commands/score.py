"""`stemwise score CASE.json --out DIR`: a case file to profile, summary, pictures and documents, without a database."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bot.commands.files import progress, read_bounded
from bot.outputs import write_result
from bot.settings import Settings
from scoring.case import read_case
from scoring.instrument import load
from scoring.result import assess


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("score", help="score a case file: profile, summary, pictures, documents")
    parser.add_argument("case", type=Path, metavar="CASE.json")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> None:
    instrument = load()
    case = read_case(read_bounded(options.case), instrument, str(options.case))
    for path in write_result(assess(case, instrument), options.out, progress(), paper=settings.paper):
        print(path)

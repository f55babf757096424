"""`stemwise export CASE --format F --out PATH` and `stemwise import FILE`: a case out and in again."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bot.cli import UsageError
from bot.commands.files import read_bounded
from bot.commands.naming import at_desk, the_case, the_clinician
from bot.outputs import as_json, write_private
from bot.settings import Settings
from flows.exchange.record import record_of, restore
from flows.storage.people import People
from scoring.problems import ContentError, Problem

FORMATS = ("json",)


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("export", help="write a case to a file")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="PATH")
    parser.set_defaults(run=run_export)
    importing = subparsers.add_parser("import", help="put an exported case back")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--clinician", metavar="NAME", help="whose case it becomes; the terminal's by default")
    importing.set_defaults(run=run_import)


def run_export(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        case = the_case(desk, options.case)
        content = as_json(record_of(desk, case.id))
        desk.tx.audit("operator", f"case.exported.{options.format}", case.id)
    beside = options.out.with_name(f".{options.out.name}.part")
    if not options.out.parent.is_dir():
        raise UsageError(f"{options.out.parent}: there is no such folder; make it first")
    write_private(beside, content)
    beside.replace(options.out)
    print(options.out)


def run_import(options: argparse.Namespace, settings: Settings) -> None:
    name = str(options.file)
    try:
        record = json.loads(read_bounded(options.file))
    except (ValueError, RecursionError):
        raise ContentError([Problem(name, "", "is not JSON", "give a file that `stemwise export` wrote")]) from None
    with at_desk(settings) as desk:
        if options.clinician:
            clinician_id = the_clinician(desk, options.clinician).id
        else:
            local = People(desk.tx).local_clinician().clinician_id
            assert local is not None
            clinician_id = local
        case_id = restore(desk, record, clinician_id, name)
    print(f"Imported as case {case_id}.")

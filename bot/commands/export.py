"""`stemwise export CASE --format F --out PATH` and `stemwise import FILE`: a case out and in again."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli import UsageError
from bot.commands.files import read_bounded
from bot.commands.naming import at_desk, the_case, the_clinician
from bot.outputs import as_json, picture, report_pdf, write_private
from bot.settings import Settings
from bot.terminal import Palette, lines_of
from flows.desk import Desk
from flows.exchange.record import informants_of, iso, latest_encounter, record_for_informant, record_of
from flows.exchange.restore import restore
from flows.exchange.table import to_csv
from flows.handing import before_it_leaves
from flows.storage.people import People
from flows.voices import voices_of
from scoring.case import case_from, read_json
from scoring.documents.blocks import Paper
from scoring.documents.voices import Voices
from scoring.problems import ContentError, Problem
from scoring.result import Result, assess, assess_kept

if TYPE_CHECKING:
    from flows.exchange.fhir import Report

FORMATS = ("json", "csv", "fhir", "pdf")
#: What can be given to one informant: their answers, and neither a score nor what was made of them.
FOR_INFORMANTS = ("json", "csv")


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("export", help="write a case to a file")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="PATH")
    parser.add_argument("--informant", metavar="ID", help="this informant's own answers only (json, csv)")
    parser.set_defaults(run=run_export)
    importing = subparsers.add_parser("import", help="put an exported case back")
    importing.add_argument("file", type=Path, metavar="FILE", help="what `export` wrote as json or fhir")
    importing.add_argument("--clinician", metavar="NAME", help="whose case it becomes; the terminal's by default")
    importing.add_argument("--label", metavar="TEXT", help="a label for a case from FHIR; the Patient's by default")
    importing.add_argument("--born", metavar="YYYY-MM-DD", help="its day of birth; the Patient's by default")
    importing.set_defaults(run=run_import)


def run_export(options: argparse.Namespace, settings: Settings) -> None:
    if options.informant and options.format not in FOR_INFORMANTS:
        raise UsageError(f"--informant: goes with --format {' or '.join(FOR_INFORMANTS)}, not {options.format}")
    if not options.out.parent.is_dir():
        raise UsageError(f"{options.out.parent}: there is no such folder; make it first")
    if options.out.is_dir():
        raise UsageError(f"{options.out}: is a folder; name a file in it")
    with at_desk(settings) as desk:
        case = the_case(desk, options.case)
        record = record_of(desk, case.id)
        if options.informant:
            record = _of_informant(record, options.informant)
        latest = _latest(desk, case.id) if options.format in ("fhir", "pdf") else None
        if options.format == "pdf" and latest is None:
            raise UsageError(f"{options.case}: nothing was asked yet, so there is no report; begin an encounter first")
        _say_who_must_not_learn(desk, case.id)
        desk.tx.audit("operator", f"case.exported.{options.format}", case.id)
    instrument = desk.instrument
    if options.format == "json":
        content = as_json(record)
    elif options.format == "csv":
        content = to_csv(record)
    elif options.format == "fhir":
        from flows.exchange.fhir import to_fhir

        content = to_fhir(record, instrument, _drawn(latest, settings.paper) if latest else None)
    else:
        assert latest is not None
        content = _drawn(latest, settings.paper).pdf
    write_beside(options.out, content)
    print(options.out)


def _say_who_must_not_learn(desk: Desk, case_id: str) -> None:
    """To somebody at a terminal, what the chat says before an export; nothing in a pipe, where nobody reads it."""
    if sys.stderr.isatty():
        for line in lines_of(before_it_leaves(desk, case_id), Palette(is_coloured=False)):
            print(line, file=sys.stderr)


def write_beside(path: Path, content: bytes) -> None:
    """A private file that is there whole or not at all."""
    beside = path.with_name(f".{path.name}.part")
    try:
        write_private(beside, content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _of_informant(record: dict[str, Any], informant: str) -> dict[str, Any]:
    informants = informants_of(record)
    if informant not in informants:
        known = ", ".join(f"{who} ({role})" for who, role in informants.items()) or "nobody"
        raise UsageError(f"--informant {informant}: has not answered in this case; these have: {known}")
    return record_for_informant(record, informant)


class _Latest:
    """The result an export shows, with what its informants said, before anything of it is drawn."""

    def __init__(self, result: Result, encounter_id: str, number: int | None, made_at: str, voices: Voices) -> None:
        self.result = result
        self.encounter_id = encounter_id
        self.number = number
        self.made_at = made_at
        self.voices = voices


def _latest(desk: Desk, case_id: str) -> _Latest | None:
    """The newest result of the latest finished encounter, or what the open one makes as things stand."""
    case = desk.cases.case(case_id)
    if found := desk.latest_result(case_id):
        encounter, number = found
        made = next(
            r["made_at"]
            for e in record_of(desk, case_id)["encounters"]
            if e["id"] == encounter.id
            for r in e["results"]
            if r["number"] == number
        )
        result = assess_kept(desk.kept(encounter.id, number), desk.instrument)
        return _Latest(result, encounter.id, number, made, voices_of(desk, encounter.id))
    opened = latest_encounter(desk, case_id)
    if opened is None:
        return None
    content = record_of(desk, case_id)  # a case file with more in it
    result = assess(case_from(content, desk.instrument), desk.instrument)
    return _Latest(result, opened.id, None, iso(case.last_activity_at) or "", voices_of(desk, opened.id))


def _drawn(latest: _Latest, paper: Paper) -> Report:
    """The report of a result with both its pictures."""
    from flows.exchange.fhir import Report

    drawn_map, drawn_history = picture(latest.result, "map"), picture(latest.result, "history")
    return Report(
        result=latest.result,
        encounter_id=latest.encounter_id,
        number=latest.number,
        made_at=latest.made_at,
        pdf=report_pdf(latest.result, {"map": drawn_map, "history": drawn_history}, latest.voices, paper),
        pictures={"Functional brain map": drawn_map, "History": drawn_history},
    )


def run_import(options: argparse.Namespace, settings: Settings) -> None:
    name = str(options.file)
    remedy = "give a file that `stemwise export` wrote"
    content = read_json(read_bounded(options.file), name, remedy)
    try:
        json.dumps(content, ensure_ascii=False).encode()  # half a character could be stored, and never be written again
    except (ValueError, RecursionError):
        raise ContentError([Problem(name, "", "is not JSON", remedy)]) from None
    is_fhir = isinstance(content, dict) and "resourceType" in content
    if (options.label or options.born) and not is_fhir:
        raise UsageError("--label and --born go with a FHIR file; an exported case brings its own")
    with at_desk(settings) as desk:
        if is_fhir:
            from flows.exchange.fhir_record import record_from

            content = record_from(content, desk.instrument, name, label=options.label, born=_day(options.born))
        if options.clinician:
            clinician_id = the_clinician(desk, options.clinician).id
        else:
            local = People(desk.tx).local_clinician().clinician_id
            assert local is not None
            clinician_id = local
        case_id = restore(desk, content, clinician_id, name)
    print(f"Imported as case {case_id}.")


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--born {text}: is not a day; write it as YYYY-MM-DD") from None

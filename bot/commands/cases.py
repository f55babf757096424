"""`stemwise cases [--json]` and `stemwise case move|hold`: which cases there are, and who has them."""

from __future__ import annotations

import argparse
import json
from typing import Any

from bot.commands.clinician import move
from bot.commands.naming import at_desk, the_case, the_clinician
from bot.settings import Settings


def add(subparsers: Any) -> None:
    listing = subparsers.add_parser("cases", help="list cases, the latest active first")
    listing.add_argument("--json", action="store_true", help="as JSON")
    listing.set_defaults(run=run_list)
    parser = subparsers.add_parser("case", help="move a case to another clinician, or hold it")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    moving = verbs.add_parser("move", help="hand a case over")
    moving.add_argument("case", metavar="CASE")
    moving.add_argument("--to", required=True, metavar="NAME")
    moving.set_defaults(run=run_move)
    holding = verbs.add_parser("hold", help="keep a case whatever the retention says")
    holding.add_argument("case", metavar="CASE")
    holding.add_argument("--off", action="store_true", help="end the hold")
    holding.set_defaults(run=run_hold)


def run_list(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        names = {c.id: c.name for c in desk.people.clinicians()}
        rows = [
            {
                "id": case.id,
                "label": case.label,
                "clinician": names[case.clinician_id],
                "state": desk.case_state(case),
                "open_flags": len(desk.open_flags(case.id)),
                "last_activity": desk.settings.local_day(case.last_activity_at).isoformat(),
            }
            for case in desk.cases.cases_of(None)
        ]
        desk.tx.audit("operator", "cases.listed")
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        flags = f" · open flags: {row['open_flags']}" if row["open_flags"] else ""
        print(f"{row['label']} · {row['state']} · {row['last_activity']} · {row['clinician']} · {row['id']}{flags}")
    if not rows:
        print("No cases yet. `stemwise chat` begins one.")


def run_move(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        case, other = the_case(desk, options.case), the_clinician(desk, options.to)
        if case.clinician_id != other.id:
            move(desk, case.id, other.id)
    print(f"Case {case.id} is with {other.name}.")


def run_hold(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        case = the_case(desk, options.case)
        desk.cases.set_hold(case.id, on_hold=not options.off)
        desk.tx.audit("operator", "case.hold_ended" if options.off else "case.held", case.id)
    print(f"Case {case.id} is {'no longer ' if options.off else ''}on hold.")

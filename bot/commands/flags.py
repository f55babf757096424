"""`stemwise flags [--clear ID --reason TEXT]`: open danger flags; only one with a reason is cleared."""

from __future__ import annotations

import argparse
from typing import Any

from bot.cli import UsageError
from bot.commands.naming import at_desk
from bot.settings import Settings
from flows.home_moves import REASON_MAX, REASON_MIN


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("flags", help="list open danger flags, or clear one with a reason")
    parser.add_argument("--clear", metavar="ID")
    parser.add_argument("--reason", metavar="TEXT")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> None:
    if bool(options.clear) != bool(options.reason):
        raise UsageError("--clear and --reason go together: stemwise flags --clear ID --reason TEXT")
    with at_desk(settings) as desk:
        if options.clear:
            info = desk.flags.info(options.clear)
            if info is None or info.state != "open":
                raise UsageError(f"{options.clear}: there is no open flag of that id; `stemwise flags` lists them")
            if not REASON_MIN <= len(options.reason.strip()) <= REASON_MAX:
                raise UsageError(f"a reason has {REASON_MIN} to {REASON_MAX} characters")
            desk.flags.clear(info.id, "operator", options.reason.strip())
            desk.tx.audit("operator", "flag.cleared", info.case_id)
            print(f"Flag {info.id} is cleared; it stays in the record with the reason.")
            return
        found = [
            (case, flag, desk.who_raised(flag))
            for case in desk.cases.cases_of(None)
            for flag in desk.open_flags(case.id)
        ]
        desk.tx.audit("operator", "flags.listed")
    for case, flag, who in found:
        print(
            f"{flag.id} · {case.label} ({case.id}) · {flag.words} · said by {who}, {flag.raised_at:%Y-%m-%d %H:%M} UTC"
        )
    if not found:
        print("No open flags.")

"""`stemwise clinician add|code|list|suspend|resume|remove`: who may work with this installation."""

from __future__ import annotations

import argparse
from typing import Any

from bot.cli import UsageError
from bot.commands.naming import at_desk, the_clinician
from bot.settings import Settings
from flows.desk import Desk
from flows.storage.people import CODE_HOURS

NAME_MAX = 60


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("clinician", help="clinicians: add, code, list, suspend, remove")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb, run, words in (
        ("add", run_add, "a new clinician, with a one-time code"),
        ("code", run_code, "another one-time code, for a new phone"),
        ("suspend", run_suspend, "refuse every tap at once, and list what went out in the last day"),
        ("resume", run_resume, "end a suspension"),
        ("remove", run_remove, "remove, handing the cases to another"),
    ):
        sub = verbs.add_parser(verb, help=words)
        sub.add_argument("name", metavar="NAME")
        if verb == "remove":
            sub.add_argument("--cases-to", metavar="OTHER", help="who takes the cases")
        sub.set_defaults(run=run)
    listing = verbs.add_parser("list", help="all clinicians")
    listing.set_defaults(run=run_list)


def _print_code(desk: Desk, clinician_id: str) -> None:
    code = desk.people.make_code(clinician_id)
    username = desk.installation.get("bot_username") or "YOUR_BOT"
    print(f"Send this to the bot, within {CODE_HOURS} hours, once:")
    print(f"/start {code}")
    print(f"or open: https://t.me/{username}?start={code}")


def run_add(options: argparse.Namespace, settings: Settings) -> None:
    name = " ".join(options.name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise UsageError(f"a display name has 1 to {NAME_MAX} characters")
    with at_desk(settings) as desk:
        if desk.people.clinician_named(name):
            raise UsageError(
                f"{name}: there is a clinician of that name; choose another, or use: stemwise clinician code"
            )
        _print_code(desk, desk.people.add_clinician(name).id)


def run_code(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        _print_code(desk, the_clinician(desk, options.name).id)


def run_list(_: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        for clinician in desk.people.clinicians():
            cases = desk.cases.count_cases(clinician.id)
            print(f"{clinician.name} · {clinician.state} · {cases} {'case' if cases == 1 else 'cases'}")


def run_suspend(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        clinician = the_clinician(desk, options.name)
        desk.people.set_clinician_state(clinician.id, "suspended")
        sent = desk.sent_in_last_day(clinician.id)
    print(f"{clinician.name} is suspended. Sent to them in the last day: {len(sent)}")
    for kind, case_id, at in sent:
        print(f"  {at:%Y-%m-%d %H:%M} UTC · {kind} · case {case_id or '-'}")


def run_resume(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        clinician = the_clinician(desk, options.name)
        desk.people.set_clinician_state(clinician.id, "active")
    print(f"{clinician.name} may work again.")


def run_remove(options: argparse.Namespace, settings: Settings) -> None:
    with at_desk(settings) as desk:
        clinician = the_clinician(desk, options.name)
        cases = desk.cases.cases_of(clinician.id)
        if cases and not options.cases_to:
            raise UsageError(f"{clinician.name} has {len(cases)} cases; say who takes them: --cases-to NAME")
        if cases:
            other = the_clinician(desk, options.cases_to)
            if other.id == clinician.id:
                raise UsageError("--cases-to must name another clinician")
            for case in cases:
                move(desk, case.id, other.id)
        desk.people.set_clinician_state(clinician.id, "removed")
    print(f"{clinician.name} is removed. Cases handed over: {len(cases)}")


def move(desk: Desk, case_id: str, clinician_id: str) -> None:
    """Hand a case over, and tell the other of a danger that is open; a label that they use already is refused."""
    case = desk.cases.case(case_id)
    if desk.cases.is_label_taken(clinician_id, case.label):
        raise UsageError(f"case {case_id}: its label is in use with the other clinician; erase or rename one first")
    desk.mail.drop_waiting([account.id for account in desk.people.accounts_of(case.clinician_id)], case_id)
    desk.cases.move_case(case_id, clinician_id)
    if any(flag.state == "open" for flag in desk.open_flags(case_id)):
        desk.mail.add(desk.alerts(case_id))
    desk.tx.audit("operator", "case.moved", case_id, clinician_id=clinician_id)

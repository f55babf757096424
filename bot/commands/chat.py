"""`stemwise chat`: the whole intake in the terminal, on the embedded database, without a token."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator
from typing import Any

from bot.app import App, build
from bot.cli import UsageError
from bot.commands.files import progress
from bot.commands.naming import the_case
from bot.settings import Settings
from bot.terminal import Terminal
from flows.conversation import Account
from flows.events import Event
from flows.inviting_moves import ROLES, SELF_FROM_MONTHS
from flows.itinerary import Role
from flows.storage.people import LOCAL_CHANNEL, People
from scoring.case import completed_months


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("chat", help="an intake in the terminal")
    parser.add_argument("--as", dest="role", choices=("clinician", *ROLES), default="clinician", help="who answers")
    parser.add_argument("--case", metavar="LABEL", help="the case that a carer, a school or the person answers for")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> None:
    if (options.role == "clinician") == bool(options.case):
        raise UsageError("--as carer, school or self needs --case LABEL, and the clinician's chat takes none")
    app = build(settings)
    try:
        app.engine.tick()
        account = _account(app, options.role, options.case)
        Terminal(
            app.engine,
            account,
            lines=_lines(),
            out=sys.stdout,
            results_folder=settings.results_folder,
            is_coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
            progress=progress(),
            paper=settings.paper,
        ).run()
        print(f"Your data is in {settings.home}.")
    finally:
        app.close()


def _account(app: App, role: Role, case_name: str | None) -> Account:
    """The terminal's clinician; or a local informant, let in by an invitation of its own."""
    with app.store.transaction() as tx:
        if role == "clinician":
            return People(tx).local_clinician()
        desk = app.engine.desk(tx)
        case = the_case(desk, case_name or "")
        address = f"{role}:{case.id}"
        account = desk.people.account(LOCAL_CHANNEL, address, "en")
        if account.informs:
            return account
        if role == "self" and completed_months(case.born, app.engine.settings.today(tx.now)) < SELF_FROM_MONTHS:
            raise UsageError("the person answers for themself from twelve years")
        token, _ = desk.invite(case.id, role, {"relation": "", "responsible": "not_known", "must_not_learn": ""})
    app.engine.take(
        Event("terminal", secrets.token_hex(16), LOCAL_CHANNEL, address, "command", action="start", arg=token)
    )
    return app.engine.account_of(account.id)


def _lines() -> Iterator[str]:
    """Lines as they are typed; bytes that are no text become a mark and not an error."""
    for raw in iter(sys.stdin.buffer.readline, b""):
        yield raw.decode("utf-8", "replace")

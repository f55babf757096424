"""`stemwise erase CASE [--yes]`: destroys the case's key, its rows, and the results that were written for it."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from bot.cli import UsageError, WorkFailed
from bot.commands.naming import opened, the_case
from bot.settings import Settings


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("erase", help="erase a case for good")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> None:
    with opened(settings) as app:
        with app.store.reading() as tx:
            case = the_case(app.engine.desk(tx), options.case)
            sent = app.engine.desk(tx).mail.sent_of_case(case.id)
        if case.on_hold:
            raise UsageError(f"case {case.id} is on hold; end it first: stemwise case hold {case.id} --off")
        if not options.yes:
            _ask(case.id)
        with app.store.transaction() as tx:
            app.engine.desk(tx).erase(case.id, "operator")
        if not app.engine.forget_erased():
            raise WorkFailed("the case is erased, but a reader holds the old pages; end it, then run: stemwise doctor")
    print(f"Case {case.id} is erased.")
    if sent:
        print(
            f"{len(sent)} messages about it are in chats: `stemwise serve` takes back what Telegram still lets it, within 48"
        )
        print("hours; older ones must be deleted there by hand.")
    print("Backups made before, and files handed out, are not reached; delete them by hand.")


def _ask(case_id: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("erasing needs --yes where nobody can be asked")
    answer = input(f"Erase case {case_id} for good? Type yes: ")
    if answer.strip().casefold() != "yes":
        raise UsageError("nothing was erased")

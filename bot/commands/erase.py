"""`stemwise erase CASE [--yes]`: destroys the case's key, its rows, and the results that were written for it."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from bot.app import App
from bot.cli import UsageError, WorkFailed
from bot.commands.naming import opened, the_case
from bot.settings import Settings


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("erase", help="erase a case for good")
    parser.add_argument("case", metavar="CASE")
    parser.add_argument("--informant", metavar="ID", help="only what one informant said, save danger answers")
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
        if options.informant:
            _erase_one(app, case.id, options.informant)
            return
        with app.store.transaction() as tx:
            desk = app.engine.desk(tx)
            desk.erase(case.id, "operator")
        app.engine.settings.erased.extend(desk.erased)
        if not app.engine.forget_erased():
            raise WorkFailed("the case is erased, but a reader holds the old pages; end it, then run: stemwise doctor")
    print(f"Case {case.id} is erased.")
    if sent:
        print(
            f"{len(sent)} messages about it are in chats: `stemwise serve` takes back what Telegram still lets it, within 48"
        )
        print("hours; older ones must be deleted there by hand.")
    print("Backups made before, and files handed out, are not reached; delete them by hand.")


def _erase_one(app: App, case_id: str, informant_id: str) -> None:
    """At an informant's request: their answers go, danger answers stay."""
    with app.store.transaction() as tx:
        desk = app.engine.desk(tx)
        today = app.engine.settings.today(tx.now)
        found = [
            info
            for encounter in desk.cases.encounters(case_id)
            for info in desk.cases.interviews(encounter.id)
            if info.informant_id == informant_id and info.role != "clinician"
        ]
        if not found:
            raise UsageError(f"{informant_id}: nobody of that id has answered; `stemwise export` names the informants")
        for info in found:
            interview = desk.cases.interview(info.id, today)
            desk.cases.erase_answers(interview)
            interview.state = "withdrawn"
            desk.cases.save_interview(interview, today)
        tx.audit("operator", "questionnaire.erased", case_id)
        app.engine.settings.erased.append("")
    app.engine.forget_erased()
    print("Erased what they said. Answers about danger stay with the case.")


def _ask(case_id: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("erasing needs --yes where nobody can be asked")
    answer = input(f"Erase case {case_id} for good? Type yes: ")
    if answer.strip().casefold() != "yes":
        raise UsageError("nothing was erased")

"""`stemwise db upgrade|check`: the store's schema and its health."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from bot.app import master_key, private_folder
from bot.checks import Finding, database_findings
from bot.commands.naming import opened
from bot.settings import Settings


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("db", help="the store: upgrade, check")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verbs.add_parser("upgrade", help="bring the schema to this version").set_defaults(run=run_upgrade)
    verbs.add_parser("check", help="look for what is wrong with the data").set_defaults(run=run_check)


def run_upgrade(_: argparse.Namespace, settings: Settings) -> None:
    with opened(settings) as app:
        print(f"The schema is current: {'yes' if app.store.is_current() else 'no'}")


def run_check(_: argparse.Namespace, settings: Settings) -> int:
    private_folder(settings.home)
    return report(list(database_findings(settings, master_key(settings))))


def report(findings: list[Finding]) -> int:
    """Print what was found; the exit code."""
    for finding in findings:
        print(f"{finding.name}: {finding.message} → {finding.remedy}", file=sys.stderr)
    if not findings:
        print("All is well.")
    return 1 if findings else 0

"""`stemwise doctor`: a self-test that names what is wrong and how to mend it."""

from __future__ import annotations

import argparse
from typing import Any

from bot.checks import installation_findings
from bot.commands.db import report
from bot.settings import Settings


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("doctor", help="a self-test that names what is wrong and how to mend it")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace, settings: Settings) -> int:
    return report(list(installation_findings(settings)))

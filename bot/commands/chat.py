"""`stemwise chat`: the whole intake in the terminal, on the embedded database, without a token."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Any

from bot.app import build
from bot.commands.files import progress
from bot.settings import Settings
from bot.terminal import Terminal
from flows.storage.people import People


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser("chat", help="an intake in the terminal")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace, settings: Settings) -> None:
    app = build(settings)
    try:
        with app.store.transaction() as tx:
            account = People(tx).local_clinician()
        Terminal(
            app.engine,
            account,
            lines=_lines(),
            out=sys.stdout,
            results_folder=settings.results_folder,
            is_coloured=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
            progress=progress(),
        ).run()
        print(f"Your data is in {settings.home}.")
    finally:
        app.close()


def _lines() -> Iterator[str]:
    """Lines as they are typed; bytes that are no text become a mark and not an error."""
    for raw in iter(sys.stdin.buffer.readline, b""):
        yield raw.decode("utf-8", "replace")

"""The command line: arguments, exit codes, one-line errors. It decides nothing.

Exit codes: 0 done; 1 the work failed, or a check found something; 2 wrong use or bad input.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from bot.settings import SettingsError, read_settings
from flows.storage.engines import StorageUnavailable, WrongStorageSettings
from flows.storage.keys import KeyFileError, SealError
from scoring.problems import ContentError

#: A command is a module of `bot.commands` with `add(subparsers)`; each sets `run` on its parser.
COMMANDS: tuple[str, ...] = (
    "chat",
    "demo",
    "serve",
    "score",
    "compare",
    "clinician",
    "cases",
    "flags",
    "invite",
    "export",
    "erase",
    "instrument",
    "db",
    "doctor",
)


class UsageError(Exception):
    """Wrong use or bad input: exit 2, one line that names the remedy."""


class WorkFailed(Exception):
    """The work could not be done: exit 1, one line that names the remedy."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _version() -> str:
    try:
        return version("stemwise")
    except PackageNotFoundError:
        return "0 (not installed)"


def parser() -> argparse.ArgumentParser:
    top = _Parser(
        prog="stemwise",
        description="A guided developmental intake in a chat. Independent and not validated; it is no diagnosis.",
    )
    top.add_argument("--version", action="version", version=f"stemwise {_version()}")
    top.add_argument("--debug", action="store_true", help="show the whole trace of an error")
    subparsers = top.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for name in COMMANDS:
        import_module(f"bot.commands.{name}").add(subparsers)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    try:
        options = parser().parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        settings = read_settings()
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        run: Callable[..., int | None] = options.run
        return run(options, settings) or 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 1
    except Exception as error:
        if options.debug:
            _print_where(error)
        code, line = _in_one_line(error)
        print(f"stemwise: {line}", file=sys.stderr)
        return code


def _print_where(error: BaseException) -> None:
    """Where an error came about, and where what caused it; never their texts, which could hold content."""
    if cause := error.__cause__ or error.__context__:
        _print_where(cause)
    print("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__, file=sys.stderr)


def _in_one_line(error: Exception) -> tuple[int, str]:
    """Exit code and line for an error; unforeseen ones name their kind only, since their text could hold content."""
    wrong_input = (UsageError, ContentError, SettingsError, KeyFileError)
    failed = (WorkFailed, StorageUnavailable, WrongStorageSettings, SealError)
    if isinstance(error, wrong_input):
        return 2, _flat(error)
    if isinstance(error, StorageUnavailable):
        return 1, f"the database cannot be used: {_flat(error)}; try again, or run: stemwise doctor"
    if isinstance(error, failed):
        return 1, _flat(error)
    if isinstance(error, OSError) and error.filename:
        return 1, f"{error.filename}: {error.strerror}; check the path and its rights"
    if isinstance(error, OSError) and error.errno:
        return 1, f"a file cannot be written or read: {os.strerror(error.errno)}; see to the disk, then run it again"
    return 1, f"something went wrong ({type(error).__name__}); run again with --debug to see where"


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())

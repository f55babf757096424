"""Reading files that people name: bounded in size, errors in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from scoring.case import MAX_FILE_BYTES
from scoring.problems import ContentError, Problem


def read_bounded(path: Path) -> bytes:
    """A file's bytes, at most 20 MB.

    Raises
    ------
    ContentError
        When it is missing, unreadable or larger.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise ContentError([Problem(str(path), "", "there is no such file", "check the path")]) from None
    except OSError as error:
        raise ContentError([Problem(str(path), "", f"cannot be read: {error.strerror}", "check the path")]) from None
    if len(data) > MAX_FILE_BYTES:
        raise ContentError([Problem(str(path), "", "is larger than 20 MB", "a case file has a few kilobytes")])
    return data


def progress() -> Callable[[str], None]:
    """Says what is being made, on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda name: print(f"making {name} …", file=sys.stderr)

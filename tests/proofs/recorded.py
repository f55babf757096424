"""A person answers on a database whose file operations are recorded from outside; each answer that was confirmed is marked.

Run by `power_cut.py` under strace. The marks go into a file of their own, one JSON line each, at the moment at which a channel
would show the person that their tap was taken.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import func, select
from support.walker import Clinic, Walker

from flows.storage import models

LABEL = "Robin"
DATABASE, MARKS, START = "stemwise.db", "marks", "start"
#: After how many turns the program is started again, which empties the log into the database and deletes it.
RESTARTS_AFTER = 90


class Marked(Walker):
    """Somebody whose every taken turn is marked."""

    def __init__(self, clinic: Clinic, address: str, marks: int) -> None:
        super().__init__(clinic, address)
        self.marks, self.turns = marks, 0
        self.looks_twice = False

    def send(self, event: Any, *, looks: bool = True) -> Any:
        taken = super().send(event, looks=looks)
        self.turns += 1
        with self.clinic.store.reading() as tx:
            responses = tx.session.scalar(select(func.count()).select_from(models.Response))
        mark = {"event": event.id, "responses": responses}
        os.write(self.marks, (json.dumps(mark) + "\n").encode())
        if self.turns % RESTARTS_AFTER == 0:
            self.clinic.restart()
        return taken


def begin(folder: Path) -> None:
    """An installation in a folder, and a copy of it as it is before anything is recorded."""
    clinic = Clinic(folder, rebuilds=False)
    clinic.clinician().new_case(LABEL)
    clinic.close()
    (folder / START).mkdir()
    shutil.copy(folder / DATABASE, folder / START / DATABASE)


def answer(folder: Path, rounds: int) -> None:
    """An intake, with every list gone over several times, up to its results."""
    clinic = Clinic(folder, rebuilds=False)
    marks = os.open(folder / MARKS, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    walker = Marked(clinic, "1", marks)
    walker.command("resume")
    while not walker.heading.startswith("Results"):
        for _ in range(rounds):
            for place in range(sum(b.action == "set" for b in walker.screen.buttons)):
                walker.tap_this(
                    next(b for b in walker.screen.buttons if b.action == "set" and b.arg.startswith(f"{place}:"))
                )
        ways = ("None of these", "All steady", "As expected for age", "Next", "No", "Finish")
        walker.tap(next(w for w in ways if walker.has(w)))
    clinic.close()
    os.close(marks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, required=True, help="how often each list is gone over")
    parser.add_argument("--synchronous", type=int, default=2, help="SQLite's setting; 0 is the negative control")
    options = parser.parse_args()
    with patch.dict("flows.storage.engines.PRAGMAS", {"synchronous": options.synchronous}):
        answer(options.folder, options.rounds)


if __name__ == "__main__":
    main()

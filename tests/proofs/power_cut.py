"""The power goes at any moment: of what was not synced any part may be on the disk, and every confirmed answer is there.

A person's intake runs under strace, which records every write, truncation and sync on the database and its log. Then the
power is cut again and again, at a random operation: each file is what its last sync left, and of the writes after it a random
part, also halves of pages. The result is opened with the product's own store.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from support.walker import Clinic

from flows.storage import models

from . import ROOT, TESTS, recorded
from .outcome import Outcome, Progress, run_by_hand
from .tracing import Operation
from .tracing import recorded as record

SECTOR = 512  # what a disk writes as a whole
LOG = f"{recorded.DATABASE}-wal"
FILES = (recorded.DATABASE, LOG)
ROUNDS = 4
Said = list[tuple[str, str, object, str]]


@dataclass(slots=True)
class Disk:
    """The files as they are on the disk after a cut."""

    files: dict[str, bytearray] = field(default_factory=dict)

    def apply(self, operation: Operation, dice: random.Random | None = None) -> None:
        """Do an operation, or with dice a part of its sectors."""
        name = operation.file
        if operation.kind == "unlink":
            self.files.pop(name, None)
        elif operation.kind == "truncate":
            content = self.files.setdefault(name, bytearray())
            del content[operation.at :]
            content.extend(bytes(operation.at - len(content)))
        elif operation.kind == "write":
            for at, piece in _pieces(operation):
                if dice is None or dice.random() < 0.5:
                    self._write(name, at, piece)

    def _write(self, name: str, at: int, data: bytes) -> None:
        content = self.files.setdefault(name, bytearray())
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(data)] = data


def _pieces(operation: Operation) -> list[tuple[int, bytes]]:
    """A write by the sectors it touches."""
    found, at, data = [], operation.at, operation.data
    while data:
        length = SECTOR - at % SECTOR
        found.append((at, data[:length]))
        at, data = at + length, data[length:]
    return found


@dataclass(frozen=True, slots=True)
class Mark:
    """A turn that was confirmed: how many file operations came before, which event it was, and how many answers there were."""

    after: int
    event: str
    responses: int


@dataclass(slots=True)
class Recording:
    """What was done to the database, with the marks in between.

    Attributes
    ----------
    start : the database before
    marks : turns that were confirmed, in order
    """

    start: bytes
    operations: list[Operation]
    marks: list[Mark]
    said: Said


def made_recording(folder: Path, *, rounds: int, synchronous: int = 2) -> Recording:
    """Have a person answer under strace."""
    recorded.begin(folder)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(TESTS)])}
    program = [sys.executable, "-m", "tests.proofs.recorded", str(folder), "--rounds", str(rounds)]
    done = record([*program, "--synchronous", str(synchronous)], folder, environment)
    operations: list[Operation] = []
    marks: list[Mark] = []
    for operation in done:
        if operation.file == recorded.MARKS:
            mark = json.loads(operation.data)
            marks.append(Mark(len(operations), mark["event"], mark["responses"]))
        elif operation.file in FILES:
            operations.append(operation)
    clinic = Clinic(folder, rebuilds=False)
    said = clinic.said(recorded.LABEL)
    clinic.close()
    return Recording((folder / recorded.START / recorded.DATABASE).read_bytes(), operations, marks, said)


def after_cut(recording: Recording, at: int, dice: random.Random) -> Disk:
    """The disk when the power goes after so many operations.

    Of what came after a file's last sync, nothing, everything in order up to some point, or any part is there.
    """
    disk = Disk({recorded.DATABASE: bytearray(recording.start)})
    for name in FILES:
        operations = [o for o in recording.operations[:at] if o.file == name]
        synced = max((n for n, o in enumerate(operations, start=1) if o.kind == "sync"), default=0)
        for operation in operations[:synced]:
            disk.apply(operation)
        _apply_unsynced(disk, operations[synced:], dice)
    return disk


def _apply_unsynced(disk: Disk, operations: list[Operation], dice: random.Random) -> None:
    """A part of what was not synced; where a file was deleted, either that or all that came of its name afterwards is undone."""
    deleted = next((n for n, o in enumerate(operations) if o.kind == "unlink"), None)
    if deleted is not None:
        if dice.random() < 0.5:
            operations = operations[:deleted]
        else:
            disk.apply(operations[deleted])
            operations = operations[deleted + 1 :]
    manner = dice.choice(["nothing", "prefix", "parts", "parts"])
    if manner == "prefix":
        for operation in operations[: dice.randint(0, len(operations))]:
            disk.apply(operation)
    elif manner == "parts":
        for operation in operations:
            if dice.random() < 0.7:
                disk.apply(operation, dice if dice.random() < 0.5 else None)


class Cuts:
    """Cuts the power, opens what is left, and compares it with what was confirmed."""

    def __init__(self, recording: Recording, folder: Path, outcome: Outcome, dice: random.Random) -> None:
        self.recording, self.folder, self.outcome, self.dice = recording, folder, outcome, dice

    def one(self) -> None:
        at = self.dice.randint(0, len(self.recording.operations))
        confirmed = [mark for mark in self.recording.marks if mark.after <= at]
        place = self.folder / "cut"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name, content in after_cut(self.recording, at, self.dice).files.items():
            (place / name).write_bytes(content)
        self.outcome.count("cuts")
        try:
            self._open(place, confirmed, f"cut after operation {at}")
        except Exception as error:  # a torn page can show as anything
            self.outcome.lost.append(f"cut after operation {at}: {type(error).__name__}: {error}")

    def _open(self, place: Path, confirmed: list[Mark], where: str) -> None:
        clinic = Clinic(place, rebuilds=False)
        try:
            kept = clinic.said(recorded.LABEL)
            with clinic.store.reading() as tx:
                taken = set(tx.session.scalars(select(models.Inbox.event_id)))
            self.outcome.count("confirmed turns looked for", len(confirmed))
            self.outcome.lost += [f"{where}: turn {mark.event}" for mark in confirmed if mark.event not in taken]
            if confirmed and len(kept) < confirmed[-1].responses:
                self.outcome.lost.append(f"{where}: {confirmed[-1].responses - len(kept)} answers")
            if kept != self.recording.said[: len(kept)]:
                self.outcome.wrong.append(f"{where}: the answers are others")
            self.outcome.wrong += [f"{where}: {fault}" for fault in clinic.faults()]
        finally:
            clinic.close()
        with sqlite3.connect(place / recorded.DATABASE) as raw:
            if (found := raw.execute("PRAGMA integrity_check").fetchone()) != ("ok",):
                self.outcome.wrong.append(f"{where}: {found}")


def prove(
    count: int, seed: int, progress: Progress = lambda _: None, *, rounds: int = ROUNDS, synchronous: int = 2
) -> Outcome:
    """Cut the power `count` times.

    Parameters
    ----------
    rounds : how often the recorded person goes over each list
    synchronous : SQLite's setting while it is recorded; 0 never syncs, for the negative control
    """
    outcome = Outcome("power_cut", seed)
    with tempfile.TemporaryDirectory(prefix="stemwise-power-") as folder:
        recording = made_recording(Path(folder), rounds=rounds, synchronous=synchronous)
        outcome.count("file operations recorded", len(recording.operations))
        outcome.count("of them syncs", sum(o.kind == "sync" for o in recording.operations))
        cuts = Cuts(recording, Path(folder), outcome, random.Random(seed))
        for number in range(count):
            cuts.one()
            progress(number + 1)
    return outcome


if __name__ == "__main__":
    sys.exit(run_by_hand(prove, count=1000, what="cuts"))

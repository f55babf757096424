"""The command line's part of the matrix: each verb in each state of the case, with the key and in the hands of somebody without it.

The operator has a shell and the key file; somebody who has the data folder and not the key reads nothing of a case and changes
nothing, whatever they run.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from bot import cli
from flows.storage.keys import make_key_file
from tests.proofs import access_rules as rules
from tests.proofs.access_world import COLLEAGUE, OWNER, World
from tests.proofs.key_file import write_key
from tests.proofs.outcome import Outcome

#: What is in the hands of who runs a verb.
HANDS = ("the key", "another key", "no key", "a key that all can read")
#: With the key a verb is done, but for these: no backup was verified yet, and nothing here is a bot's token.
WITH_THE_KEY = {"doctor": 1, "serve": 2}
#: Verbs that name the case, which is not there once it is erased.
OF_THE_CASE = frozenset({"case move", "case hold", "invite", "export", "erase"})


def verbs_in_code() -> set[str]:
    """Every verb that the command line has, with its second word where there is one."""
    return set(_verbs(cli.parser()))


def _verbs(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield before
    for group in groups:
        for name, sub in group.choices.items():
            yield from _verbs(sub, f"{before} {name}".strip())


def examples(world: World, folder: Path) -> dict[str, list[str]]:
    """A use of each verb that would show or change something of the case, if it were let through."""
    case, out = world.case_id, str(folder / "out")
    return {
        "chat": [],
        "cases": ["--json"],
        "case move": [case, "--to", COLLEAGUE],
        "case hold": [case],
        "flags": [],
        "invite": [case],
        "export": [case, "--format", "json", "--out", out],
        "import": [str(folder / "case.json")],
        "erase": [case, "--yes"],
        "clinician add": ["Dr New"],
        "clinician code": [OWNER],
        "clinician list": [],
        "clinician suspend": [OWNER],
        "clinician resume": [OWNER],
        "clinician remove": [OWNER, "--cases-to", COLLEAGUE],
        "doctor": [],
        "db upgrade": [],
        "db check": [],
        "db backup": ["--out", str(folder / "out.backup")],
        "db restore": [str(folder / "kept.backup"), "--yes"],
        "db rotate-key": [],
        "serve": [],
    }


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    words: str


class Shell:
    """`stemwise` in this process, on the world's folder, with one of the key files."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._folder = world, folder
        folder.mkdir(exist_ok=True)
        self._keys = {hands: folder / hands.replace(" ", "-") / "key" for hands in HANDS}
        for verb, arguments in (
            ("export", [world.case_id, "--format", "json", "--out", str(folder / "case.json")]),
            ("db backup", ["--out", str(folder / "kept.backup")]),
        ):
            made = self.run("the key", verb, arguments)
            assert made.code == 0, made.words

    def _lay_out_keys(self) -> None:
        """The key files as they are to be, whatever the verb before has made of them."""
        for path in self._keys.values():
            shutil.rmtree(path.parent, ignore_errors=True)
        write_key(self._keys["the key"], self._world.clinic.master.secret)
        write_key(self._keys["a key that all can read"], self._world.clinic.master.secret)
        self._keys["a key that all can read"].chmod(0o644)
        make_key_file(self._keys["another key"])

    def run(self, hands: str, verb: str, arguments: Sequence[str]) -> Ran:
        """One command; what it printed and wrote, and its exit code."""
        for left in self._folder.glob("out*"):
            left.unlink()
        self._lay_out_keys()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("STEMWISE_")}
        ours = {
            "STEMWISE_HOME": str(self._world.clinic.folder),
            "STEMWISE_KEY_FILE": str(self._keys[hands]),
            "STEMWISE_TIMEZONE": "UTC",
        }
        said = io.StringIO()
        with (
            patch.dict(os.environ, {**clean, **ours}, clear=True),
            patch("bot.app.clock", lambda: self._world.clinic.clock.now),
            patch("sys.stdin", io.TextIOWrapper(io.BytesIO(b""))),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = cli.main([*verb.split(), *arguments])
        written = b"".join(path.read_bytes() for path in self._folder.glob("out*"))
        return Ran(code, said.getvalue() + written.decode("utf-8", "replace"))


def faults_of_verbs(world: World, folder: Path, states: Sequence[str] = rules.STATES) -> Outcome:
    """Each verb in each state, in each pair of hands."""
    outcome = Outcome("access_matrix, verbs", 0)
    outcome.wrong += [f"verb {v}: no rule names it" for v in sorted(verbs_in_code() - set(rules.VERBS))]
    outcome.wrong += [f"verb {v}: the program does not know it" for v in sorted(set(rules.VERBS) - verbs_in_code())]
    world.put_back(world.copies["finished"])
    shell = Shell(world, folder)
    for state in states:
        for verb, arguments in examples(world, folder).items():
            for hands in HANDS:
                world.put_back(world.copies[state])
                before = world.kept()
                ran = shell.run(hands, verb, arguments)
                where = f"{verb}, case {state}, with {hands}"
                outcome.wrong += [f"{where}: {fault}" for fault in _faults(world, before, verb, hands, ran, state)]
                outcome.count("cells of the command line")
    return outcome


def _code(verb: str, state: str) -> int:
    """How a verb ends with the key: a held case is not erased, one that is there is not imported, and one that is gone is named."""
    stays_as_it_is = (
        (state == "erased" and verb in OF_THE_CASE)
        or (state != "erased" and verb == "import")
        or (state == "held" and verb == "erase")
    )
    return 2 if stays_as_it_is else WITH_THE_KEY.get(verb, 0)


def _faults(world: World, before: frozenset[object], verb: str, hands: str, ran: Ran, state: str) -> Iterator[str]:
    is_changed = world.kept() != before
    told = [s.words for s in rules.SECRETS if s.words in ran.words]
    if "Traceback" in ran.words:
        yield "a traceback was printed"
    if hands != "the key":
        if told:
            yield f"told {told}"
        if is_changed:
            yield "changed what is kept"
        if ran.code == 0 and verb != "db upgrade":
            yield "said that it is done"
        return
    if ran.code != _code(verb, state):
        yield f"ended with {ran.code}: {ran.words[-200:]}"
    if verb == "cases" and state != "erased" and rules.ROBIN not in told:
        yield "did not name the case"
    if verb == "erase" and ran.code == 0 and not is_changed:
        yield "erased nothing"

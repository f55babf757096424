"""Nothing told in confidence is found where it does not belong: random walks with logging at DEBUG, and crashes on the way.

`python -m tests.proofs.canary --count 200`. In each walk a clinician and a carer use words that are found nowhere else. Turns,
drawings and calls break with these words in their errors; some walks go through a real `stemwise serve` that is killed. Then
every file is searched: database, write-ahead log, backup, log, what was printed, temporary files, and the names of files. At last
the case is erased, and neither its words nor anything they were sealed to may be left.
"""

from __future__ import annotations

import contextlib
import logging
import random
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from support.walker import Clinic

from bot.commands.serve import quiet_libraries
from bot.drawing import DrawingFailed, Job
from flows.engine import Engine
from flows.events import tap_data
from flows.storage.keys import INSTALLATION
from flows.views import Button, Screen
from tests.proofs.canary_secrets import Secrets, found_in, sealed_pieces
from tests.proofs.canary_serving import killed_serving
from tests.proofs.door import Door, says, taps
from tests.proofs.key_file import write_key
from tests.proofs.outcome import Outcome, Progress, run_by_hand

CLINICIAN, CARER = 11, 21
STEPS = 45
#: Taps within which the clinician comes to the results, with turns that break on the way.
FINISHING = 160
#: One walk in so many goes through a real process that is killed.
KILLED_EACH = 20
QUICK = Path("/dev/shm")
ON = ("None of these", "All steady", "As expected for age", "All checked", "Next", "Finish", "Go on", "Start", "Send",
      "I agree", "About the same", "All of these, nearly always", "Parent", "Yes", "Since the start", "As they said",
      "Confirm all", "Yes, it is so", "Results")  # fmt: skip
LAST = frozenset({"yes_erase", "yes_erase_mine", "decline"})


class Breaking:
    """A drawer that fails now and then, with everything it was given in its error."""

    def __init__(self, dice: random.Random, outcome: Outcome) -> None:
        self._dice, self._outcome = dice, outcome

    def make(self, job: Job) -> bytes:
        self._outcome.count("drawings")
        if self._dice.random() < 0.3:
            raise DrawingFailed(type(ValueError(repr(job))).__name__)
        if self._dice.random() < 0.2:
            raise ValueError(repr(job))
        return b"\x89PNG" + bytes(200)

    def close(self) -> None:
        """Nothing runs."""


def _way_on(button: Button) -> int:
    """The order in which somebody taps who wants to be through: what others left is read before Finish."""
    return ON.index(button.words) if button.words in ON else -1


def _is_unread(button: Button) -> bool:
    return button.action == "notes" and "(0 new)" not in button.words


@dataclass
class Walk:
    """One installation on a folder of its own, from the first code to the erasure."""

    folder: Path
    seed: int
    outcome: Outcome
    dice: random.Random = field(init=False)
    secrets: Secrets = field(init=False)

    def __post_init__(self) -> None:
        self.dice, self.secrets = random.Random(self.seed), Secrets(self.seed)
        self.home = self.folder / "home"
        self.log = self.folder / "stemwise.log"
        for part in (self.home, self.folder / "tmp"):
            part.mkdir(parents=True, mode=0o700)
        write_key(self.folder / "config" / "key", self.secrets.key)

    # --- everything that is written anywhere is caught ---

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Logs at DEBUG into a file, what is printed into another, temporary files into a folder."""
        root, level = logging.getLogger(), logging.getLogger().level
        handler = logging.FileHandler(self.log)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        quiet_libraries()
        try:
            with (
                (self.folder / "printed.txt").open("a") as printed,
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
                patch.object(tempfile, "tempdir", str(self.folder / "tmp")),
            ):
                yield
        finally:
            root.setLevel(level)
            root.removeHandler(handler)
            handler.close()

    def run(self) -> None:
        with self.watched():
            self._run()

    def _run(self) -> None:
        self.clinic = Clinic(self.home, rebuilds=False, secret=self.secrets.key)
        self.door = Door(self.clinic.present, Breaking(self.dice, self.outcome))
        self.door.line.breaks = self._break_line
        try:
            self._begin()  # every turn in here works; only then do some break
            with patch.object(Engine, "_decide", self._deciding(Engine._decide)):
                for _ in range(STEPS):
                    self._step()
                self._finish()
            self._command("db", "backup", "--out", str(self.folder / "before.backup"))
            self._search("before erasing", self.secrets.needles())
            self._erase()
        finally:
            self.door.close()
            self.clinic.close()

    # --- the walk ---

    def _say(self, user: int, text: str) -> None:
        self.door.send(says(user, text))

    def _begin(self) -> None:
        """A case with a label and a birth, a carer with a link, and words in every field on the way."""
        code = self.secrets.keep(self.clinic.code_for(self.secrets.word("name")))
        for text in (f"/start {code}", "/new", self.secrets.word("label"), self.secrets.birth):
            self._say(CLINICIAN, text)
        told = {"relation": self.secrets.word("relation"), "must_not_learn": self.secrets.word("hidden")}
        with self.clinic.desk() as desk:
            self.case_id = desk.cases.cases_of(None)[0].id
            token = self.secrets.keep(desk.invite(self.case_id, "carer", told)[0])
        self._say(CARER, f"/start {token}")

    def _screen(self, user: int) -> Screen:
        with self.clinic.desk() as desk:
            account = desk.people.account("telegram", str(user), "en").id
        return self.clinic.present.screen_of(account)[0]

    def _tap(self, user: int, screen: Screen, button: Button) -> None:
        self.door.send(taps(user, tap_data(screen.number, button.action, button.arg)))

    def _finish(self) -> None:
        """The clinician goes on to the results, whatever breaks, and asks for all of them."""
        self._say(CLINICIAN, "/cases")
        for _ in range(FINISHING):
            screen = self._screen(CLINICIAN)
            if any(b.action == "again" for b in screen.buttons):
                break
            on = [b for b in screen.buttons if b.words in ON or b.action == "open" or _is_unread(b)]
            back = [b for b in screen.buttons if b.words in ("‹ Back", "Home")]
            if on and self.dice.random() < 0.97:
                self._tap(CLINICIAN, screen, min(on, key=_way_on))
            elif back:
                self._tap(CLINICIAN, screen, back[0])
            else:
                self._say(CLINICIAN, "/cases")
        for action in ("again", "history_picture", "report", "hand", "hand_over"):
            screen = self._screen(CLINICIAN)
            for button in [b for b in screen.buttons if b.action == action][:1]:
                self._tap(CLINICIAN, screen, button)

    def _step(self) -> None:
        """One of the two taps what stands before them, mostly on; or types."""
        user = self.dice.choice((CLINICIAN, CARER))
        screen = self._screen(user)
        buttons = [b for b in screen.buttons if b.action not in LAST]
        on = [b for b in buttons if b.words in ON]
        if screen.typed != "nothing" and self.dice.random() < 0.3:
            self._say(user, self.secrets.word("typed"))
        elif buttons and self.dice.random() < 0.9:
            self._tap(user, screen, self.dice.choice(on if on and self.dice.random() < 0.75 else buttons))
        else:
            self._say(user, self.dice.choice(("/start", "/cases", "/resume", "/start c_wrong")))
        self.outcome.count("steps")

    def _deciding(self, real: object) -> object:
        """A turn that fails now and then, after all it did, with the words of its person in the error."""
        dice, outcome = self.dice, self.outcome
        assert callable(real)

        def decide(engine: Engine, turn: object) -> object:
            told = real(engine, turn)
            if dice.random() < 0.06:
                outcome.count("turns that broke")
                raise ValueError(repr(turn))
            return told

        return decide

    def _break_line(self, url: str) -> None:
        if self.dice.random() < 0.03:
            self.outcome.count("calls that broke")
            raise RuntimeError(f"cannot reach {url}")

    # --- commands and files ---

    def _command(self, *arguments: str) -> None:
        from tests.proofs.canary_serving import command

        code = command(self.home, self.folder / "config" / "key", *arguments)
        if code:
            self.outcome.wrong.append(f"seed {self.seed}: {arguments[0]} ended with {code}")

    def _search(self, when: str, needles: dict[str, bytes]) -> None:
        for place, what in found_in(self.folder, needles, besides=("key",)):
            self.outcome.wrong.append(f"seed {self.seed}, {when}: {what} in {place}")
        self.outcome.count("searches")
        for path in (*self.home.rglob("*"), self.home, *self.folder.glob("*.backup")):
            loose = stat.S_IMODE(path.stat().st_mode) & 0o077
            if loose:
                self.outcome.wrong.append(f"seed {self.seed}: {path.name} can be read by others")

    def _erase(self) -> None:
        """Destroy every case; then neither words nor what they were sealed to may be left, in logs neither."""
        pieces = self._sealed()
        with self.clinic.desk() as desk:
            cases = [case.id for case in desk.cases.cases_of(None)]
            held = [case.id for case in desk.cases.cases_of(None) if case.on_hold]
        (self.folder / "before.backup").unlink()  # an older backup is not reached, as the documents say
        for case in held:
            self._command("case", "hold", case, "--off")
        for case in cases:
            self._command("erase", case, "--yes")
        self._command("db", "backup", "--out", str(self.folder / "after.backup"))
        self._search("after erasing", {**self.secrets.needles(), **pieces})

    def _sealed(self) -> dict[str, bytes]:
        """What the words of all cases were sealed to, and their wrapped keys."""
        with contextlib.closing(sqlite3.connect(self.clinic.path)) as raw:
            return sealed_pieces(raw, INSTALLATION)


def run(count: int, seed: int, progress: Progress = lambda _: None, *, killed_each: int = KILLED_EACH) -> Outcome:
    """`killed_each`: of so many walks one goes through a process that is killed; none where it is zero."""
    outcome = Outcome("canary", seed)
    for number in range(count):
        folder = Path(tempfile.mkdtemp(prefix="stemwise-proof-", dir=QUICK if QUICK.is_dir() else None))
        try:
            if killed_each and number % killed_each == 0:
                killed_serving(folder, seed + number, outcome)
            else:
                Walk(folder, seed + number, outcome).run()
            outcome.count("walks")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        progress(number + 1)
    return outcome


if __name__ == "__main__":
    raise SystemExit(run_by_hand(run, count=200, what="walks"))

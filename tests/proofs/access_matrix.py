"""Who may do what, cell by cell: every actor tries every action on a case in each of its states, through Telegram's door.

`python -m tests.proofs.access_matrix --count 0` runs all of it. What is expected comes from `access_rules`, which is written from
what the product promises. Looked at in each cell: what is kept and who did what, before and after; every word that went out, and
to whom; whether the person was answered.
"""

from __future__ import annotations

import logging
import random
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.telegram.commands import ANSWERING, CLINICIANS
from flows.access import MAY
from flows.curtain import CURTAIN
from flows.engine import FOLLOWS, NOT_ALLOWED
from flows.events import ANY_SCREEN, tap_data
from flows.machines import HOME, INTERVIEW
from flows.views import Screen
from tests.proofs import access_rules as rules
from tests.proofs.access_guessing import guessing
from tests.proofs.access_ledger import Ledger
from tests.proofs.access_verbs import faults_of_verbs
from tests.proofs.access_world import ACCOUNTS, OWNER, Copy, World
from tests.proofs.door import Call, Door, edits, person, private, says, taps
from tests.proofs.outcome import Outcome, Progress, run_by_hand

#: What can be typed anywhere.
TEXTS = ("hello", "7", "note: one more", "2015-03-14", "/unheard", "/open", "grandmother")
#: Cells of one actor in one state, where not all are run.
CELLS_OF_A_SHARE = 20
GROUP = {"id": -1001, "type": "supergroup", "title": "G"}
MAX_PLACES = 40
QUICK = Path("/dev/shm")

Pair = tuple[str, str]


def actions_in_code() -> set[str]:
    """Every action that the program knows, wherever it is written."""
    machines = {move.trigger for move in (*INTERVIEW.moves, *HOME.moves)}
    return machines | set(MAY) | set(CURTAIN) | set(FOLLOWS) | {"go_back"}


def commands_in_code() -> set[str]:
    return {name for menu in (*ANSWERING.values(), CLINICIANS) for name, _ in menu}


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing that one actor tries.

    Attributes
    ----------
    kind : tap, command, text, edited, other
    place : the database from which it is tried; where the actor stands is part of it
    stands : the action is on a button before them, with these very data
    screen : the number a tap carries
    """

    actor: str
    state: str
    kind: str
    name: str
    place: Copy
    arg: str = ""
    screen: int = ANY_SCREEN
    stands: bool = False

    def __str__(self) -> str:
        how = "on a button" if self.stands else "forged" if self.kind == "tap" else ""
        return f"{self.actor}, case {self.state}: {self.kind} {self.name} {self.arg} {how}".rstrip()

    def update(self) -> dict[str, Any]:
        """As Telegram would bring it; a bot speaks for itself, and a group is no private chat."""
        user = ACCOUNTS[self.actor]
        chat = GROUP if self.actor == "group" else private(user)
        sender = person(user, is_bot=self.actor == "bot")
        if self.kind == "tap":
            return taps(user, tap_data(self.screen, self.name, self.arg), sender=sender, chat=chat)
        if self.kind == "edited":
            return edits(user, self.name)
        text = {"command": f"/{self.name} {self.arg}".rstrip(), "text": self.name}.get(self.kind)
        return says(user, text, sender=sender, chat=chat)

    @property
    def is_allowed(self) -> bool:
        if self.kind == "tap":
            return rules.may_do(self.actor, self.name, self.state)
        if self.kind == "command":
            return rules.may_do(self.actor, self.name, self.state, rules.COMMANDS)
        return rules.NOBODY not in rules.roles_of(self.actor, self.state)


@dataclass(slots=True)
class Places:
    """Where an actor can come to from where they stand, and the buttons there.

    Attributes
    ----------
    buttons : by action: the place it stands at, its value, the screen's number
    """

    copies: list[tuple[Copy, Screen]] = field(default_factory=list)
    buttons: dict[str, tuple[Copy, str, int]] = field(default_factory=dict)


class Warnings(logging.Handler):
    """Collects what the program logs: a turn or a delivery that failed is a fault of its cell."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())

    def taken(self) -> list[str]:
        lines, self._lines = self._lines, []
        return lines

    def close(self) -> None:
        logging.getLogger().removeHandler(self)
        super().close()


class Matrix:
    """The cells of all actors and states over one clinic."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.world = World(folder)
        self.door = Door(self.world.clinic.present)
        self.ledger = Ledger(self.world)
        self._log = Warnings()
        self.worked: set[tuple[str, str]] = set()
        self._others_taps: dict[str, list[tuple[str, str, int]]] = {}

    def close(self) -> None:
        self._log.close()
        self.door.close()
        self.world.clinic.close()

    # --- where an actor stands ---

    def prepared(self, actor: str, state: str) -> Copy:
        """The case in its state, with what an operator has done to the actor."""
        self.world.put_back(self.world.copies[state])
        if actor == "suspended":
            self.world.set_state(OWNER, "suspended")
        elif actor == "removed":
            self.world.hand_over()
            self.world.set_state(OWNER, "removed")
        return self.world.copy()

    def explored(self, actor: str, start: Copy, most: int) -> Places:
        """Screens an actor comes to by tapping what stands there: one of each kind."""
        places, seen = Places(), set()
        waiting: list[Copy] = []
        for command in ("", "start", "cases"):
            self.world.put_back(start)
            walker = self.world.walker(actor)
            walker.command(command) if command else walker.send_other()
            waiting.append(self.world.copy())
        while waiting and len(places.copies) < most:
            copy = waiting.pop(0)
            self.world.put_back(copy)
            screen = self._screen(actor)
            kind = (frozenset(b.action for b in screen.buttons), screen.typed)
            if kind in seen:
                continue
            seen.add(kind)
            places.copies.append((copy, screen))
            tried = set()
            for button in screen.buttons:
                if button.action in tried or button.link:
                    continue
                tried.add(button.action)
                places.buttons.setdefault(button.action, (copy, button.arg, screen.number))
                waiting.append(self._after(actor, copy, button.action, button.arg, screen.number))
            if screen.typed == "text":
                waiting.append(self._after_typing(actor, copy))
            if not screen.buttons:  # behind the curtain /start offers the way back
                waiting.append(self._after_start(actor, copy))
        return places

    def _screen(self, actor: str) -> Screen:
        engine = self.world.clinic.present
        with self.world.clinic.desk() as desk:
            account = desk.people.account("telegram", str(ACCOUNTS[actor]), "en").id
        return engine.screen_of(account)[0]

    def _after(self, actor: str, copy: Copy, action: str, arg: str, screen: int) -> Copy:
        self.world.put_back(copy)
        self.world.walker(actor).forge(action, arg, screen)
        self.world.deliver_all()
        return self.world.copy()

    def _after_start(self, actor: str, copy: Copy) -> Copy:
        self.world.put_back(copy)
        self.world.walker(actor).command("start")
        return self.world.copy()

    def _after_typing(self, actor: str, copy: Copy) -> Copy:
        """A text that the screen takes: one that is a label, a reason, a relation, or else a birth."""
        self.world.put_back(copy)
        for text in ("Quite a word", "2012-03-14"):
            self.world.walker(actor).type(text)
        return self.world.copy()

    # --- cells ---

    def cells(self, actor: str, state: str, most: int = MAX_PLACES) -> Iterator[Cell]:
        """All that an actor tries while the case is in a state."""
        start = self.prepared(actor, state)
        screen = self._screen(actor)
        places = Places() if rules.roles_of(actor, state) == {rules.NOBODY} else self.explored(actor, start, most)
        if actor == "owner":
            self._others_taps[state] = [(a, arg, number) for a, (_, arg, number) in places.buttons.items()]
        fitting = self.ledger.fitting(start)
        for action in sorted(set(rules.ACTIONS) | actions_in_code()):
            if action in places.buttons:
                copy, arg, number = places.buttons[action]
                yield Cell(actor, state, "tap", action, copy, arg, number, stands=True)
            arg = fitting.get(action, "")
            yield Cell(actor, state, "tap", action, start, arg, screen.number)
            yield Cell(actor, state, "tap", action, start, self.dice.choice([arg, *self.ledger.ids(start)]))
        for action, arg, number in self._others_taps.get(state, []) if actor != "owner" else []:
            yield Cell(actor, state, "tap", action, start, arg, number)
        for copy, seen in places.copies:
            for action in self.dice.sample(sorted(rules.ACTIONS), 4):
                yield Cell(actor, state, "tap", action, copy, fitting.get(action, ""), seen.number)
        yield from self._written(actor, state, start, places)

    def _written(self, actor: str, state: str, start: Copy, places: Places) -> Iterator[Cell]:
        """What is typed and sent in place of a tap."""
        for name in sorted(set(rules.COMMANDS) | commands_in_code()):
            yield Cell(actor, state, "command", name, start)
        for who in sorted(self.world.links):
            yield Cell(actor, state, "command", "start", start, self.world.links[who])
        for text in TEXTS:
            yield Cell(actor, state, "text", text, start)
        for copy, _ in (p for p in places.copies if p[1].typed != "nothing"):
            yield Cell(actor, state, "text", self.dice.choice(TEXTS), copy)
        yield Cell(actor, state, "other", "voice", start)
        if actor not in ("bot", "group"):
            yield Cell(actor, state, "edited", "hello", start)

    # --- judging ---

    def faults(self, cell: Cell) -> list[str]:
        """What does not hold when a cell is tried."""
        self.world.put_back(cell.place)
        before = self.ledger.read()
        update = cell.update()
        calls = self.door.send(update)
        after = self.ledger.read()
        found = [*self._told(cell, calls), *self._answered(cell, calls)]
        changed = before.rows ^ after.rows
        allowed = cell.is_allowed or (cell.kind == "command" and cell.arg and cell.name == "start")
        if not allowed and changed:
            found.append(f"something changed: {sorted({str(row[0]) for row in changed})}")
        found += [f"out of reach, and changed: {row[0]}" for row in changed if not before.may_change(cell, row, after)]
        if cell.stands and cell.kind == "tap":
            if self._refused(calls):
                found.append(f"the button stood there and was refused: {self._refused(calls)}")
            else:
                self._note_as_working(cell)
        if changed or self.dice.random() < 0.1:
            self.door.send(update)
            if self.ledger.read().rows != after.rows:
                found.append("the same update a second time changed something")
        return [*found, *(f"logged: {line}" for line in self._log.taken())]

    def _note_as_working(self, cell: Cell) -> None:
        for role in rules.roles_of(cell.actor, cell.state) & rules.ACTIONS.get(cell.name, frozenset()):
            self.worked.add((role, cell.name))

    def _refused(self, calls: list[Call]) -> str:
        return next((c.toast for c in calls if c.toast), "")

    def _answered(self, cell: Cell, calls: list[Call]) -> Iterator[str]:
        """Every tap is answered; a refused one in words; what is not for an account says so."""
        if cell.actor in ("bot", "group"):
            return
        if cell.kind == "tap" and [c.endpoint for c in calls].count("answerCallbackQuery") != 1:
            yield "the tap was not answered once"
        if cell.kind != "tap" or cell.is_allowed:
            return
        refusal = self._refused(calls)
        if not refusal:
            yield "it was not refused"
        elif cell.screen == ANY_SCREEN and cell.name not in FOLLOWS and refusal != NOT_ALLOWED:
            yield f"it was refused as if it were for this account: {refusal}"

    def _told(self, cell: Cell, calls: list[Call]) -> Iterator[str]:
        """Whether anybody was sent what they may not read."""
        for call in calls:
            reader = self._reader(cell, call)
            for secret in rules.SECRETS:
                if secret.words in call.words and not rules.may_read(reader, secret, cell.state):
                    yield f"{reader} was sent {secret.words!r} by {call.endpoint}"
            if self.world.case_id in call.words and reader != rules.clinician_of(rules.ROBIN, cell.state):
                yield f"{reader} was sent the case's id by {call.endpoint}"
            words = call.values.get("text", "") + call.values.get("caption", "")
            if rules.ACTORS.get(reader) == rules.INFORMING and (found := rules.NOT_FOR_INFORMANTS.search(words)):
                yield f"{reader} was told of {found[0]!r}"

    def _reader(self, cell: Cell, call: Call) -> str:
        """Who reads a call: taps are answered to whoever tapped."""
        chat = call.chat or str(ACCOUNTS[cell.actor])
        if call.chat == str(GROUP["id"]):
            return "group"
        if chat == str(ACCOUNTS[cell.actor]):
            return cell.actor
        return next((actor for actor, account in ACCOUNTS.items() if str(account) == chat), "stranger")


def pairs() -> list[Pair]:
    return [(actor, state) for state in rules.STATES for actor in rules.ACTORS]


def share(count: int, dice: random.Random) -> list[Pair]:
    """Each actor in as many states as `count` cells allow; all pairs where it is zero."""
    if not count:
        return pairs()
    times = max(1, count // (CELLS_OF_A_SHARE * len(rules.ACTORS)))
    chosen = [(actor, state) for actor in rules.ACTORS for state in dice.sample(rules.STATES, min(times, 12))]
    return sorted(chosen, key=pairs().index)


def unnamed() -> list[str]:
    """What the program can do and the rules do not name, or the other way round."""
    return [
        *(f"action {a}: no rule names it" for a in sorted(actions_in_code() - set(rules.ACTIONS))),
        *(f"action {a}: the program does not know it" for a in sorted(set(rules.ACTIONS) - actions_in_code())),
        *(f"command {c}: no rule names it" for c in sorted(commands_in_code() - set(rules.COMMANDS))),
    ]


def run(count: int, seed: int, progress: Progress = lambda _: None, only: list[Pair] | None = None) -> Outcome:
    """The matrix, or a share of it; `only` chooses pairs of actor and state."""
    outcome = Outcome("access_matrix", seed)
    outcome.wrong += unnamed()
    folder = Path(tempfile.mkdtemp(prefix="stemwise-proof-", dir=QUICK if QUICK.is_dir() else None))
    (folder / "home").mkdir()
    matrix = Matrix(folder / "home", seed)
    try:
        for actor, state in only or share(count, matrix.dice):
            _run_pair(matrix, actor, state, count, outcome)
            progress(outcome.counts["cells"])
        if not count and not only:
            outcome.wrong += [f"{role} was never seen to {action}" for role, action in never_worked(matrix)]
            _add(outcome, guessing(matrix.world, accounts=300, guesses=6_000))
            _add(outcome, faults_of_verbs(matrix.world, folder / "shell"))
    finally:
        matrix.close()
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _run_pair(matrix: Matrix, actor: str, state: str, count: int, outcome: Outcome) -> None:
    cells = list(matrix.cells(actor, state, MAX_PLACES if not count else 4))
    most = max(CELLS_OF_A_SHARE, count // len(pairs())) if count else len(cells)
    for cell in matrix.dice.sample(cells, min(most, len(cells))):
        outcome.wrong += [f"{cell}: {fault}" for fault in matrix.faults(cell)]
        outcome.count("cells")
        outcome.count("cells that are allowed" if cell.is_allowed else "cells that are forbidden")


def _add(outcome: Outcome, part: Outcome) -> None:
    """What a part found, with its counts beside the others."""
    outcome.wrong += part.wrong
    for what, number in part.counts.items():
        outcome.count(what, number)


#: What no screen's button carries: it is typed, comes by a link, follows from a command, or stands under a reminder.
NOT_ON_BUTTONS = frozenset(
    {"write", "weeks", "word", "typed", "note", "enrol", "invited", "go_back", "here", "withdraw", "choose_place"}
    | {"stop_reminding"}
)
#: What an informant may do as far as the rules go, and is offered nowhere.
OFFERED_NOWHERE = {(rules.INFORMANT, "section"), (rules.INFORMANT, "page")}


def never_worked(matrix: Matrix) -> list[tuple[str, str]]:
    """What a role may do and no cell of the whole matrix has seen it do."""
    allowed = {(role, action) for action, roles in rules.ACTIONS.items() for role in roles - {rules.NOBODY}}
    return sorted((r, a) for r, a in allowed - matrix.worked - OFFERED_NOWHERE if a not in NOT_ON_BUTTONS)


if __name__ == "__main__":
    raise SystemExit(run_by_hand(run, count=0, what="cells"))

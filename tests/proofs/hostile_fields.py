"""Every text field with every kind of hostile text: kept or declined, shown again, drawn, written into files, read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.informants import invited
from support.walker import Clinic, Walker

from bot.drawing import Job, draw
from flows.exchange.fhir import to_fhir
from flows.exchange.record import record_of
from flows.exchange.table import to_csv
from tests.proofs.door import Door, says
from tests.proofs.hostile_words import LABELS, WORDS
from tests.proofs.outcome import Outcome

ON = ("None of these", "All steady", "As expected for age", "All checked", "Confirm all", "As they said", "Next")
CALM = ("About the same", "None of these", "All of these, nearly always", "No", "Next")
SIGNS = {"report": b"%PDF", "family": b"%PDF"}
CLINICIAN, CARER = 11, 12


class DrawnHere:
    """Draws in this process, so that what breaks is seen; every picture and document must be one."""

    def __init__(self, clinic: Clinic, outcome: Outcome) -> None:
        self._instrument, self._outcome = clinic.instrument, outcome

    def make(self, job: Job) -> bytes:
        try:
            made = draw(job, self._instrument)
        except Exception as error:
            self._outcome.wrong.append(f"{job.wanted} could not be drawn: {type(error).__name__}")
            return b""
        if not made.startswith(SIGNS.get(job.wanted, b"\x89PNG")) or len(made) < 1000:
            self._outcome.wrong.append(f"{job.wanted} is broken")
        self._outcome.count("pictures and documents")
        return made

    def close(self) -> None:
        """Nothing runs."""


class Fields:
    """One intake in which every field is filled with the same kind of text."""

    def __init__(self, folder: Path, name: str, outcome: Outcome) -> None:
        folder.mkdir(parents=True)
        self.name, self.outcome = name, outcome
        self.words, self.label = WORDS[name], LABELS.get(name, "Robin")
        self.clinic = Clinic(folder, rebuilds=False)
        self.door = Door(self.clinic.present, DrawnHere(self.clinic, outcome))
        self.walker, self.carer = self._phone(CLINICIAN), self._phone(CARER)

    def _phone(self, user: int) -> Walker:
        walker = Walker(self.clinic, str(user), "telegram")
        walker.may_fail, walker.looks_twice = True, False
        return walker

    def _type(self, walker: Walker, what: str, words: str | None = None) -> None:
        """Type into the field before somebody, as it comes off the wire; they must be able to go on."""
        words = self.words if words is None else words
        user = CLINICIAN if walker is self.walker else CARER
        if user == CLINICIAN:  # who has come in already, so that a code leads home and not into the field
            words = words.removeprefix("/start ")
        for call in self.door.send(json.loads(json.dumps(says(user, words)))):
            if "did not work" in call.words:
                self.outcome.wrong.append(f"{what} with {self.name}: the turn failed")
        walker.clinic.changes += 1
        self.outcome.count("fields")

    def _on(self, walker: Walker, until: Callable[[], bool], choices: tuple[str, ...]) -> None:
        for _ in range(200):
            if until():
                return
            words = next((w for w in choices if walker.has(w)), None)
            if words is None:
                walker.fail(f"stuck with {self.name}")
            walker.tap(words)

    def walk(self) -> None:
        """Label, birth, invitation, questionnaire, facts, notes, a reason, results."""
        self.walker.command("start", self.clinic.code_for("Dr A"))
        self._begin()
        self._ask()
        self._answer()
        self._interview()
        self._results()

    def _begin(self) -> None:
        self.walker.command("new")
        for attempt in (self.words, self.label, "Robin"):
            if "Type a label" in self.walker.text:
                self._type(self.walker, "a label", attempt)
        self._type(self.walker, "a birth")
        if "date of birth" in self.walker.text:
            self._type(self.walker, "a birth", "2016-02-29")
        self.walker.shows("The case is made")

    def _ask(self) -> None:
        self.walker.tap("Invite a carer first")
        self.walker.tap("A carer")
        self._type(self.walker, "a relation")
        if self.walker.has("Skip"):
            self.walker.tap("Skip")
        self.walker.tap("Yes")
        self._type(self.walker, "who must not learn of it")
        if self.walker.has("Nobody"):
            self.walker.tap("Nobody")

    def _answer(self) -> None:
        with self.clinic.desk() as desk:
            label = desk.cases.cases_of(None)[0].label
        carer = self.carer
        carer.command("start", invited(self.clinic, label))
        carer.tap("I agree")
        self._type(carer, "a word for the person")
        if "Who is it about" in carer.text:
            self._type(carer, "a word for the person", "K")
        for words in ("Parent", "Yes", "Since the start"):
            carer.tap(words)
        self._type(carer, "a carer's note", f"note: {self.words}")
        self._on(carer, lambda: "answer alone" in carer.text or carer.has("Send"), CALM)
        if not carer.has("Send"):
            carer.tap("Yes")
            carer.tap("Yes")  # a danger question
            carer.tap("Yes, it is so")
            self._type(carer, "a note on danger")
            self._on(carer, lambda: carer.has("Send"), CALM)
        carer.tap("Send")

    def _interview(self) -> None:
        walker = self.walker
        walker.command("start")
        walker.command("cases")
        walker.tap_this(next(b for b in walker.screen.buttons if b.action == "open"))
        walker.tap("Start")
        self._type(walker, "languages")
        self._type(walker, "a note", f"note: {self.words}")
        self._on(walker, lambda: walker.heading.startswith("Review") or walker.has("Finish"), ON)
        notes = [b for b in walker.screen.buttons if b.action == "notes"]
        if notes:
            walker.tap_this(notes[0])
            self._on(walker, lambda: not walker.has("More ›"), ("More ›",))
            walker.tap("Back")
        self._type(walker, "a note on the review", f"note: {self.words}")
        walker.tap("Finish")

    def _results(self) -> None:
        """Everything that can be made of the case is made, and sent."""
        walker = self.walker
        account = walker.account_id
        self.door.send(says(CLINICIAN, "/help"))  # map and summary go out
        with self.clinic.desk() as desk:
            case = desk.cases.cases_of(None)[0]
            flag = next(iter(desk.open_flags(case.id)), None)
            record = record_of(desk, case.id)
        self._files(record)
        for action in ("history_picture", "report"):
            walker.open_from_elsewhere("open", case.id)
            walker.tap("Results")
            walker.tap_this(next(b for b in walker.screen.buttons if b.action == action))
            self.door.send(says(CLINICIAN, "/help"))
        for which in ("family", "export"):
            walker.open_from_elsewhere("open", case.id)
            walker.tap("Results")
            walker.tap_this(next(b for b in walker.screen.buttons if b.arg == which))
            walker.tap("Send it to me")
            self.door.send(says(CLINICIAN, "/help"))
        if waiting := self.clinic.present.waiting_for(account):
            self.outcome.wrong.append(f"{self.name}: {[w.news.kind for w in waiting]} could not be delivered")
        if flag is not None:
            self._clear(case.id)

    def _clear(self, case_id: str) -> None:
        self.walker.open_from_elsewhere("open", case_id)
        self.walker.tap_this(next(b for b in self.walker.screen.buttons if b.action == "case_flags"))
        self.walker.tap_this(next(b for b in self.walker.screen.buttons if b.action == "clear"))
        self._type(self.walker, "a reason")
        if "Type the reason" in self.walker.text:
            self._type(self.walker, "a reason", "It was a slip of the tongue.")
        self.walker.shows("None.")

    def _files(self, record: dict[str, Any]) -> None:
        """What is kept can be shown and written anywhere, and no cell of the table is a formula."""
        if any(not c.isprintable() and c != "\n" for text in _texts(record) for c in text):
            self.outcome.wrong.append(f"{self.name}: what cannot be shown is kept")
        try:
            json.dumps(record, ensure_ascii=False).encode()
            table = to_csv(record).decode()
            to_fhir(record, self.clinic.instrument, None)
        except Exception as error:
            self.outcome.wrong.append(f"{self.name} could not be exported: {type(error).__name__}")
            return
        self.outcome.count("exports", 3)
        if any(cell[:1] in "=+-@" for line in table.splitlines() for cell in line.split(",") if cell):
            self.outcome.wrong.append(f"{self.name}: a cell of the table begins like a formula")

    def close(self) -> None:
        self.door.close()
        self.clinic.close()


def _texts(content: Any) -> Iterator[str]:
    """Every text in a record."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _texts(part)


def faults_of_fields(folder: Path, outcome: Outcome, most: int | None = None, only: str = "") -> None:
    """Walk each kind of text through every field; what does not hold is added to the outcome."""
    for number, name in enumerate([only] if only else list(WORDS)[:most]):
        fields = Fields(folder / f"fields-{number}", name, outcome)
        try:
            fields.walk()
        except AssertionError as error:
            outcome.wrong.append(f"{name}: {str(error).splitlines()[0]}")
        finally:
            fields.close()

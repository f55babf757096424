"""A share of the matrix of who may do what; and that it finds a guard that is missing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bot.telegram import serve
from bot.telegram.updates import ALLOWED
from flows.access import ANSWERING, MAY
from flows.desk import Desk
from flows.storage.mail import Mail
from flows.storage.people import People
from flows.storage.talks import Talks
from tests.proofs import access_rules as rules
from tests.proofs.access_guessing import guessing
from tests.proofs.access_matrix import QUICK, Cell, Matrix, _run_pair, unnamed
from tests.proofs.access_verbs import faults_of_verbs
from tests.proofs.outcome import Outcome


@pytest.fixture(scope="module")
def matrix() -> Iterator[Matrix]:
    folder = Path(tempfile.mkdtemp(prefix="stemwise-proof-", dir=QUICK if QUICK.is_dir() else None))
    made = Matrix(folder, seed=7)
    yield made
    made.close()
    shutil.rmtree(folder, ignore_errors=True)


def test_the_rules_name_everything_that_the_program_can_do() -> None:
    assert unnamed() == []
    assert set(ALLOWED) == set(rules.UPDATES)


def test_an_action_that_no_rule_names_is_found() -> None:
    with patch.dict(MAY, {"brand_new": ANSWERING}):
        assert unnamed() == ["action brand_new: no rule names it"]


@pytest.mark.parametrize("actor", rules.ACTORS)
def test_a_share_of_the_cells_of_each_actor(matrix: Matrix, actor: str) -> None:
    state = matrix.dice.choice(rules.STATES)
    outcome = Outcome("share", 7)
    _run_pair(matrix, actor, state, 1, outcome)
    assert outcome.counts["cells"] >= 10
    assert outcome.wrong == []


def test_each_verb_of_the_command_line_with_the_key_and_without(matrix: Matrix, tmp_path: Path) -> None:
    outcome = faults_of_verbs(matrix.world, tmp_path / "shell", states=["finished"])
    assert outcome.wrong == []
    assert sum(outcome.counts.values()) >= 80


def test_guesses_are_slowed_for_one_account_and_for_all_together(matrix: Matrix) -> None:
    outcome = guessing(matrix.world, accounts=60, guesses=200)
    assert outcome.wrong == []
    assert outcome.counts["guesses"] == 200
    with patch.object(People, "is_slowed", lambda *_: False):  # the control: without the guard all are looked at
        assert guessing(matrix.world, accounts=60, guesses=60).wrong != []


def test_hide_outside_of_a_questionnaire_is_refused_politely(matrix: Matrix) -> None:
    matrix.prepared("carer_begun", "history")
    matrix.world.walker("carer_begun").command("privacy")
    place = matrix.world.copy()
    assert matrix.faults(Cell("carer_begun", "history", "tap", "hide", place)) == []


# --- the controls: with a guard taken out, the same cells must find it -------------------------------------------------


def everybody_is_a_person(raw: Any, source: str) -> Any:
    """The door without its look at who is a bot."""
    for part in raw.values():
        if isinstance(part, dict) and "from" in part:
            part["from"]["is_bot"] = False
    return READ(raw, source)


READ = serve.read_update
MISSING_GUARDS = {
    "an informant may open a case": (patch.dict(MAY, {"open": ANSWERING}), "carer_begun", "finished", {"open"}),
    "a case is everybody's": (patch.object(Desk, "owns", lambda *_: True), "colleague", "finished", {"open"}),
    "a suspension is forgotten": (
        patch.object(People, "clinician_state", lambda *_: "active"),
        "suspended",
        "finished",
        {"cases", "results", "again"},
    ),
    "a case that was handed over stays open": (
        patch.object(Talks, "_is_anothers", lambda *_: False),
        "owner",
        "moved",
        {"voice", "hello"},
    ),
    "a bot is let in": (patch.object(serve, "read_update", everybody_is_a_person), "bot", "finished", {"cases"}),
    "an update may come twice": (
        patch.object(Mail, "claim", lambda *_: True),
        "owner",
        "functioning",
        {"note: one more"},
    ),
}


@pytest.mark.parametrize("name", MISSING_GUARDS)
def test_a_missing_guard_is_found(matrix: Matrix, name: str) -> None:
    guard, actor, state, names = MISSING_GUARDS[name]
    cells = [cell for cell in matrix.cells(actor, state, most=3) if cell.name in names]
    assert cells
    assert [fault for cell in cells for fault in matrix.faults(cell)] == [], "with the guard nothing is found"
    with guard:
        assert [fault for cell in cells for fault in matrix.faults(cell)] != []

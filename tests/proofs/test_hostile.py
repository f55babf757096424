"""A share of the hostile updates and texts; and that the same run finds a guard that is missing."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from support.informants import invited
from support.walker import Clinic, Walker

from bot.telegram import updates, webhook
from flows import interview_moves
from flows.access import MAY
from tests.proofs.door import Door, says, taps
from tests.proofs.hostile import run
from tests.proofs.hostile_fields import DrawnHere, faults_of_fields
from tests.proofs.outcome import Outcome

SHARE = 3_000


def test_a_share_of_the_updates() -> None:
    outcome = run(SHARE, seed=3, fields=0)
    assert outcome.wrong == []
    assert outcome.counts["updates"] == SHARE
    assert outcome.counts["turns of enrolled people"] >= SHARE // 10


@pytest.mark.parametrize("arg", ["c_\ud800", "i_\udc00", "\ud83d"])
def test_half_a_character_in_a_link_is_a_wrong_link(arg: str, tmp_path: Path) -> None:
    clinic = Clinic(tmp_path, rebuilds=False)
    door = Door(clinic.present)
    try:
        sent = door.send(json.loads(json.dumps(says(7, f"/start {arg}"))))
        walker = Walker(clinic, "7", "telegram")
        walker.send_other()
        assert "That code does not work" in "".join(call.words for call in sent)
    finally:
        door.close()
        clinic.close()


def test_half_a_character_in_the_data_of_any_action_fails_no_turn_of_anybody(tmp_path: Path) -> None:
    """It cannot even be looked for in a database: it is stopped where data is read."""
    clinic = Clinic(tmp_path, rebuilds=False)
    door = Door(clinic.present)
    try:
        clinician, carer = Walker(clinic, "7", "telegram"), Walker(clinic, "8", "telegram")
        clinician.command("start", clinic.code_for("Dr B"))
        clinician.new_case("Robin")
        carer.command("start", invited(clinic, "Robin"))
        for user, walker in ((7, clinician), (8, carer)):
            for screen in (0, walker.screen.number):
                for action in sorted(MAY):
                    update = json.loads(json.dumps(taps(user, f"{screen:x}.{action}.\ud83d")))
                    assert "did not work" not in "".join(call.words for call in door.send(update)), action
    finally:
        door.close()
        clinic.close()


def test_who_typed_what_made_a_turn_fail_is_told_so(tmp_path: Path) -> None:
    clinic = Clinic(tmp_path, rebuilds=False)
    door = Door(clinic.present)
    try:
        walker = Walker(clinic, "7", "telegram")
        walker.command("start", clinic.code_for("Dr B"))
        with patch("flows.engine.Engine._decide", side_effect=ZeroDivisionError):
            sent = door.send(says(7, "hello"))
        assert "Nothing was lost" in "".join(call.words for call in sent)
    finally:
        door.close()
        clinic.close()


def test_a_bit_of_everything_in_every_text_field(tmp_path: Path) -> None:
    outcome = Outcome("fields", 1)
    faults_of_fields(tmp_path, outcome, only="everything at once")
    assert outcome.counts["fields"] >= 12
    assert outcome.wrong == []


# --- the controls ------------------------------------------------------------------------------------------------------


def read_without_stepping_over(raw: Any, source: str) -> updates.Incoming | None:
    """The door as it would be if nothing malformed ever came."""
    return updates._read(raw, raw["update_id"], source)


def test_malformed_updates_that_are_not_stepped_over_are_found() -> None:
    with patch.object(webhook, "read_update", read_without_stepping_over), patch("tests.proofs.hostile.BATCH", 50):
        assert run(400, seed=3, fields=0).wrong != []


def test_a_note_that_is_kept_as_it_was_typed_is_found(tmp_path: Path) -> None:
    outcome = Outcome("fields", 1)
    with (
        patch.object(interview_moves, "clean", lambda text, most: text),
        patch("tests.proofs.hostile_fields.draw", lambda job, instrument: b"%PDF" * 500),
    ):
        faults_of_fields(tmp_path, outcome, only="control characters")
    assert "control characters: what cannot be shown is kept" in outcome.wrong


@pytest.mark.parametrize("made", [b"", b"\x89PNG", b"%PDF" + b"x" * 2000])
def test_a_picture_that_is_none_is_found(made: bytes) -> None:
    outcome = Outcome("fields", 1)
    drawer = DrawnHere(SimpleNamespace(instrument=None), outcome)  # type: ignore[arg-type]
    with patch("tests.proofs.hostile_fields.draw", lambda job, instrument: made):
        drawer.make(SimpleNamespace(wanted="map"))  # type: ignore[arg-type]
    assert outcome.wrong == ["map is broken"]

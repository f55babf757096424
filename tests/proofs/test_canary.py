"""A share of the search for what was told in confidence; and that it finds content in a log, an open column, a key that stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pytest

from flows.storage import keys
from flows.storage.store import Tx
from tests.proofs import canary
from tests.proofs.canary import run
from tests.proofs.outcome import Outcome


def test_a_share_of_the_walks() -> None:
    outcome = run(1, seed=1, killed_each=0)
    assert outcome.wrong == []
    assert outcome.counts["turns that broke"] > 0
    assert outcome.counts["drawings"] > 0
    assert outcome.counts["searches"] == 2


def test_a_process_that_was_killed_leaves_nothing_to_read() -> None:
    outcome = run(1, seed=2, killed_each=1)
    assert outcome.wrong == []
    assert outcome.counts["kills"] > 0


# --- the controls ------------------------------------------------------------------------------------------------------


@pytest.fixture
def short() -> Iterator[None]:
    """Walks that only begin; what a control leaves open lies there from the first answers on."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(canary, "STEPS", 30))
        stack.enter_context(patch.object(canary, "FINISHING", 0))
        yield


def found(outcome: Outcome, what: str, where: str) -> bool:
    return any(what in line and where in line for line in outcome.wrong)


@pytest.mark.usefixtures("short")
def test_an_error_whose_text_is_logged_is_found() -> None:
    with patch("flows.engine._where", str):
        assert found(run(1, seed=1, killed_each=0), "words", "stemwise.log")


SEAL, UNSEAL = keys.seal, keys.unseal


def seal_all_but_responses(key: bytes, value: Any, *place: str) -> bytes:
    return json.dumps(value).encode() if place[0] == "responses" else SEAL(key, value, *place)


def unseal_all_but_responses(key: bytes, sealed: bytes, *place: str) -> Any:
    return json.loads(sealed) if place[0] == "responses" else UNSEAL(key, sealed, *place)


@pytest.mark.usefixtures("short")
def test_a_column_that_is_not_sealed_is_found() -> None:
    with patch.object(keys, "seal", seal_all_but_responses), patch.object(keys, "unseal", unseal_all_but_responses):
        assert found(run(1, seed=1, killed_each=0), "words", "stemwise.db")


@pytest.mark.usefixtures("short")
def test_a_key_that_stays_after_erasing_is_found() -> None:
    with patch.object(Tx, "drop_key", lambda self, owner: None):
        assert found(run(1, seed=1, killed_each=0), "after erasing", "a wrapped key")


@pytest.mark.usefixtures("short")
def test_a_database_that_others_can_read_is_found() -> None:
    with patch("flows.storage.engines._make_private", lambda path: None):
        assert found(run(1, seed=1, killed_each=0), "stemwise.db", "can be read by others")

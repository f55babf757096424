"""A bounded share of the race (`racing.py`), on both databases, and what it says where a guard is missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from flows.storage.store import Store
from tests.flows.storage.conftest import cluster, postgres_url  # noqa: F401 (fixtures)

from .outcome import Outcome
from .racing import KEY, LIST, now, prove, prove_on


def test_no_update_is_lost_in_a_race() -> None:
    outcome = prove(300, seed=1)
    assert outcome.holds, outcome.faults()
    assert outcome.counts["turns"] >= 200
    assert outcome.counts["taken by both processes"] > 0


@pytest.mark.parametrize("guard", ["claim", "transaction"])
def test_the_race_finds_what_is_lost_without_a_guard(guard: str) -> None:
    outcome = prove(160, seed=2, guard=guard)
    assert not outcome.holds
    assert outcome.doubled if guard == "claim" else outcome.wrong


@pytest.mark.parametrize("guard", [None, "lock"])
def test_the_race_on_postgresql(postgres_url: Callable[[], str], tmp_path: Path, guard: str | None) -> None:  # noqa: F811
    outcome = Outcome("racing", seed=3)
    prove_on(postgres_url(), tmp_path, LIST, 200, 3, outcome, guard)
    assert outcome.holds is (guard is None), outcome.faults()


def test_the_time_of_a_turn_is_read_when_its_place_in_the_order_is_sure(tmp_path: Path) -> None:
    path = tmp_path / "stemwise.db"
    waits_for_us: list[bool] = []

    def clock() -> datetime:
        with sqlite3.connect(path, timeout=0, isolation_level=None) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
                waits_for_us.append(False)
            except sqlite3.OperationalError:
                waits_for_us.append(True)
        return now()

    store = Store(f"sqlite:///{path}", KEY, now)
    store.prepare()
    store._clock = clock
    with store.transaction() as tx:
        tx.audit("nobody", "nothing")
    store.close()
    assert waits_for_us == [True]

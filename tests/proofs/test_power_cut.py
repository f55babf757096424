"""A bounded share of the power cuts (`power_cut.py`), and what it says of a database that does not sync."""

from __future__ import annotations

import random

import pytest

from . import tracing
from .power_cut import Disk, Operation, Recording, after_cut, prove
from .recorded import DATABASE

needs_strace = pytest.mark.skipif(not tracing.is_available(), reason="strace is not installed, or may not trace here")


@needs_strace
def test_what_was_confirmed_survives_a_power_cut() -> None:
    outcome = prove(60, seed=1, rounds=1)
    assert outcome.holds, outcome.faults()
    assert outcome.counts["of them syncs"] > 100
    assert outcome.counts["confirmed turns looked for"] > 1000


@needs_strace
def test_a_database_that_does_not_sync_loses_what_was_confirmed() -> None:
    outcome = prove(15, seed=1, rounds=1, synchronous=0)
    assert outcome.lost


def test_a_cut_keeps_what_was_synced_and_any_part_of_the_rest() -> None:
    synced, later = bytes([1]) * 1024, bytes([2]) * 1024
    operations = [
        Operation("write", DATABASE, 0, synced),
        Operation("sync", DATABASE),
        Operation("write", DATABASE, 1024, later),
    ]
    recording = Recording(b"", operations, [], [])
    lengths = set()
    for seed in range(60):
        content = bytes(after_cut(recording, 3, random.Random(seed)).files[DATABASE])
        assert content[:1024] == synced
        lengths.add(len(content.rstrip(b"\0")))
    assert lengths == {1024, 1536, 2048}
    assert after_cut(recording, 0, random.Random(1)) == Disk({DATABASE: bytearray()})

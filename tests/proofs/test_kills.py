"""A bounded share of the kills (`kills.py`), and what it says where a guard is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.informants import begun, invited
from support.walker import Clinic

from .kills import Crowd, prove

SMALL = Crowd(clinicians=3, carers=1, rounds=2, bursts=4)
#: A clinician at the review, and a death right after each first message of the results.
AT_RESULTS = Crowd(
    clinicians=1, carers=0, rounds=0, bursts=2, walks_first=True, storms=False, points=("after_new_message",)
)


def test_nothing_is_lost_or_doubled_through_kills() -> None:
    outcome = prove(20, seed=1, crowd=SMALL)
    assert outcome.holds, outcome.faults()
    assert outcome.counts["kills"] == 20
    assert outcome.counts["of them at a labelled point"] >= 5
    assert outcome.counts["answers"] >= 100


def test_results_come_at_least_once_and_at_most_twice_through_kills() -> None:
    outcome = prove(2, seed=4, crowd=AT_RESULTS)
    assert outcome.holds, outcome.faults()
    assert outcome.counts["new messages"] == 1
    assert outcome.counts["of them twice"] == 1, "the answer to the first was lost with the process"


@pytest.mark.parametrize(("guard", "found"), [("confirmed_after_commit", "lost"), ("claimed_once", "doubled")])
def test_the_kills_find_what_is_lost_without_a_guard(guard: str, found: str) -> None:
    outcome = prove(10, seed=1, crowd=SMALL, without=guard)
    assert getattr(outcome, found)


def test_the_kills_find_a_message_that_is_sent_in_every_life() -> None:
    outcome = prove(5, seed=4, crowd=AT_RESULTS, without="marked_as_sent")
    assert any("maps for 1" in fault for fault in outcome.wrong)


def test_a_bulk_answer_is_kept_under_the_words_of_the_button_that_gave_it(tmp_path: Path) -> None:
    clinic = Clinic(tmp_path, rebuilds=False)
    clinic.clinician().new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "2")
    words = "All of these, nearly always"
    while not carer.has(words):
        carer.tap("None of these")
    carer.tap(words)
    kept = {label for item, _, _, label in clinic.said("Robin") if ".relational." in item}
    clinic.close()
    assert kept == {words}

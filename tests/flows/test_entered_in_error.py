"""An encounter entered in error: which one is said before, and nothing more is made of it on any phone."""

from __future__ import annotations

import pytest
from support.encounters import INFANT, finished
from support.walker import Walker

GONE = "was entered in error. It is kept, and counts nowhere"


@pytest.fixture
def robin(walker: Walker) -> Walker:
    """Two finished encounters, standing at the results of the second."""
    walker.new_case("Robin", INFANT)
    finished(walker)
    finished(walker, again=True)
    return walker


def at_marking(walker: Walker, address: str = "2") -> Walker:
    """Another phone of the same clinician, asked whether it is so."""
    other = walker.clinic.clinician(address=address)
    other.tap("My cases")
    other.tap(other.buttons[0])
    other.tap("Entered in error")
    return other


def sent(walker: Walker) -> int:
    return len(walker.clinic.engine.waiting_for(walker.account_id))


def states(walker: Walker) -> list[str]:
    return [e["state"] for e in walker.clinic.record("Robin")["encounters"]]


@pytest.mark.parametrize(
    "words",
    ["Report (PDF)", "For the family (PDF)", "Plan", "History picture", "Change an answer", "Export", "Send again"],
)
def test_nothing_is_made_any_more_of_what_another_phone_marked(robin: Walker, words: str) -> None:
    before, waiting = robin.screen, sent(robin)
    at_marking(robin).tap("Yes, entered in error")
    taken = robin.tap(words, on=before)
    assert taken.toast
    assert not taken.has_failed
    assert sent(robin) == waiting
    robin.shows(GONE)
    assert robin.buttons == ["Close", "‹ Back"]
    robin.tap("Back")
    robin.tap("Results")
    robin.hides(GONE)
    assert robin.has("Report (PDF)")


@pytest.mark.parametrize("way", [("For the family (PDF)",), ("Plan",), ("Plan", "Limits")])
def test_back_leads_out_of_what_another_phone_marked(robin: Walker, way: tuple[str, ...]) -> None:
    for words in way:
        robin.tap(words)
    at_marking(robin).tap("Yes, entered in error")
    waiting = sent(robin)
    if way[-1] == "For the family (PDF)":
        robin.tap("Send it to me", on=robin.screen)
    elif way[-1] == "Limits":
        robin.tap("At home only", on=robin.screen)
    assert sent(robin) == waiting
    for _ in way:
        robin.tap("Back")
    robin.shows(GONE)
    assert robin.clinic.record("Robin")["encounters"][1]["plan_edits"] == []


def test_the_screen_names_the_encounter_that_it_would_mark(robin: Walker) -> None:
    assessed = [e["assessed"] for e in robin.clinic.record("Robin")["encounters"]]
    assert assessed == ["2026-03-14", "2026-03-14"]
    other = at_marking(robin)
    other.shows("Encounter 2 of 14 Mar 2026 is kept, but never scored")
    other.tap("Yes, entered in error")
    assert states(robin) == ["finished", "entered_in_error"]
    other.tap("Entered in error")
    other.shows("Encounter 1 of 14 Mar 2026 is kept, but never scored")


def test_a_yes_to_one_encounter_never_marks_another(robin: Walker) -> None:
    first, second = at_marking(robin), at_marking(robin, "3")
    asked = second.screen
    first.tap("Yes, entered in error")
    assert second.tap("Yes, entered in error", on=asked).toast
    assert states(robin) == ["finished", "entered_in_error"]
    second.shows("Encounter 1 of")


def test_after_changing_an_answer_the_case_leads_to_the_results_that_count(robin: Walker) -> None:
    robin.tap("Change an answer")
    robin.tap("Pause")
    robin.command("cases")
    robin.tap(robin.buttons[0])
    robin.tap("Entered in error")
    robin.tap("Yes, entered in error")
    robin.tap("Results")
    robin.hides(GONE)
    assert robin.has("Report (PDF)")


def test_finish_makes_nothing_of_an_encounter_that_another_phone_marked_while_an_answer_was_changed(
    robin: Walker,
) -> None:
    robin.tap("Change an answer")
    waiting = sent(robin)
    at_marking(robin).tap("Yes, entered in error")
    robin.tap("Finish")
    robin.shows("It is kept, and counts nowhere")
    assert states(robin) == ["finished", "entered_in_error"]
    assert sent(robin) == waiting

"""Who is named in a report: only who was asked something, and who cleared a flag as who they are."""

from __future__ import annotations

import pytest
from support.informants import invited, opened, tells_of_danger
from support.walker import Clinic, Walker

from flows.voices import voices_of
from scoring.documents.voices import Voices


def voices(clinic: Clinic) -> Voices:
    case_id = clinic.case_id("Robin")
    with clinic.desk() as desk:
        return voices_of(desk, desk.cases.encounters(case_id)[0].id)


@pytest.fixture
def told(clinic: Clinic, walker: Walker) -> Clinic:
    """A case whose clinician has answered nothing yet, and whose carer has said that there is danger."""
    walker.new_case("Robin", "2025-11-20")
    tells_of_danger(clinic, "Robin")
    return clinic


def test_who_was_asked_nothing_is_not_named(told: Clinic, walker: Walker) -> None:
    opened(told, invited(told, "Robin", "school"), "204")
    (carer,) = voices(told).answered_by
    assert carer.who.startswith("Carer")
    assert carer.asked
    walker.tap("All checked")
    assert [person.who.partition(" ")[0] for person in voices(told).answered_by] == ["Clinician", "Carer"]


def test_a_flag_that_was_cleared_at_the_command_line_was_cleared_by_the_operator(told: Clinic) -> None:
    (standing,) = voices(told).flags
    assert standing.cleared_by is None
    with told.desk() as desk:
        (flag,) = desk.flags.infos(desk.cases.cases_of(None)[0].id)
        desk.flags.clear(flag.id, "operator", "Spoken about with the team")  # as `stemwise flags --clear` does
    (cleared,) = voices(told).flags
    assert (cleared.cleared_by, cleared.reason) == ("The operator", "Spoken about with the team")


def test_a_flag_that_was_cleared_in_the_chat_was_cleared_by_the_clinician(told: Clinic, walker: Walker) -> None:
    walker.command("start")
    walker.tap("Danger flags (1)")
    walker.tap_this(next(b for b in walker.screen.buttons if b.action == "clear"))
    walker.type("Seen; all is well")
    assert [flag.cleared_by for flag in voices(told).flags] == ["Clinician"]


def test_a_flag_says_who_raised_it_in_the_same_words_everywhere(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin", "2010-11-20")
    themself = opened(clinic, invited(clinic, "Robin", "self"), "205")
    themself.tap("I agree")
    for _ in range(120):
        if "right now?" in themself.text:
            break
        calm = ("About the same", "None of these", "All of these, nearly always", "No", "Next", "Yes")
        themself.tap(next(words for words in calm if themself.has(words)))
    themself.tap("Yes")
    themself.tap("Yes, it is so")
    assert [flag.raised_by for flag in voices(clinic).flags] == ["The person"]
    walker.command("start")
    walker.tap("Danger flags (1)")
    walker.shows("Said by: the person")

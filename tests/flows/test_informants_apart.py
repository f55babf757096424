"""Informants learn nothing of each other, a latched danger answer outlives the phone's next reader, reminders lead back."""

from __future__ import annotations

import pytest
from support.informants import answered, begun, flags, invited, opened, tick
from support.walker import Clinic, Walker, faults_of


@pytest.mark.parametrize("then", ["A slip", "Yes, it is so", "Hide", None])
def test_a_parents_tap_is_not_refused_for_what_the_other_says_of_danger(
    clinic: Clinic, walker: Walker, then: str | None
) -> None:
    """The screen stands on a phone while the other's answer comes in: a refused tap would tell of it."""
    walker.new_case("Robin")
    mother = begun(clinic, invited(clinic, "Robin"), "200")
    father = begun(clinic, invited(clinic, "Robin"), "201")
    answered(mother, until="right now?")
    on_the_phone = father.tap_event("None of these")
    mother.tap("Yes")
    assert father.send(on_the_phone).toast == ""
    on_the_phone = father.tap_event("All of these, nearly always")
    if then:
        mother.tap(then)
    else:
        clinic.clock.advance(minutes=9, seconds=50)
        tick(clinic)
    assert father.send(on_the_phone).toast == ""


@pytest.mark.parametrize("how", ["Yes, it is so", "Hide"])
def test_a_latched_danger_answer_is_taken_back_by_no_tap_of_who_gave_it(
    clinic: Clinic, walker: Walker, how: str
) -> None:
    """Phones are shared: who reads along goes back and taps No, and the flag stays all the same."""
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "202")
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.tap(how)
    if how == "Hide":
        carer.command("start")
        carer.tap("Go on")
    else:
        carer.tap("‹ Back")
    carer.shows("You said: Yes")
    carer.tap("No")
    assert flags(clinic) == [("danger_at_home_now", "open")]


def test_a_reminders_go_on_leads_back_from_behind_the_curtain(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "203")
    before = carer.text
    clinic.clock.advance(days=3, hours=1)
    tick(clinic)
    carer.shows("Nothing to see here")
    button = clinic.present.waiting_for(carer.account_id)[0].news.body["buttons"][0]
    assert carer.open_from_elsewhere(button["action"], button["arg"]).toast == ""
    assert carer.text == before


def test_who_paused_is_not_reminded_until_they_come_back(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "204")
    carer.tap("Pause")
    clinic.clock.advance(days=7)
    tick(clinic)
    assert clinic.present.waiting_for(carer.account_id) == []
    carer.command("start")
    carer.tap("Go on")
    carer.tap("Go on")
    carer.tap("None of these")
    clinic.clock.advance(days=3, hours=1)
    tick(clinic)
    assert len(clinic.present.waiting_for(carer.account_id)) == 1


def test_who_went_to_look_something_up_is_still_reminded(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "205")
    carer.command("help")
    clinic.clock.advance(days=3, hours=1)
    tick(clinic)
    assert len(clinic.present.waiting_for(carer.account_id)) == 1


def test_ones_own_link_once_more_leads_back_and_is_no_wrong_one(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    token, later = invited(clinic, "Robin"), invited(clinic, "Robin")
    carer = begun(clinic, token, "206")
    before = carer.text
    for _ in range(6):  # more than may be guessed
        carer.command("start", token)
        assert carer.text == before
    carer.tap("Hide")
    carer.command("start", token)
    carer.shows("Nothing to see here")
    carer.command("start", later)
    carer.shows("Before you begin")


def test_two_carers_are_told_apart_by_what_the_clinician_called_them(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    mother = begun(clinic, invited(clinic, "Robin", relation="mother"), "207")
    father = begun(clinic, invited(clinic, "Robin", relation="father"), "208")
    answered(mother)
    mother.tap("Send")
    answered(father, until="right now?")
    father.tap("Yes")
    father.tap("Yes, it is so")
    walker.until("Brainstem: what others say", "As they said", "All checked", "None of these", "All steady", "Next")
    walker.shows("Carer (mother): about the same; Carer (father): about the same")
    walker.command("start")
    walker.tap("Danger flags (1)")
    walker.shows("Said by: carer (father)")


def test_only_opened_is_never_reminded_and_a_second_link_is_its_own(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = opened(clinic, invited(clinic, "Robin"), "209")
    clinic.clock.advance(days=40)
    tick(clinic)
    assert clinic.present.waiting_for(carer.account_id) == []


# --- the clinician's review of what others said -----------------------------------------------------------------------


def test_the_review_leads_to_what_others_said_of_a_region(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "210")
    answered(carer)
    carer.tap("Send")
    walker.until("Review", "As they said", "All checked", "None of these", "All steady", "Confirm all", "Skip", "Next")
    walker.tap("Functioning")
    seen = list(walker.buttons)
    while walker.has("More"):
        walker.tap("More")
        seen += walker.buttons
    assert any("Brainstem, by others" in words for words in seen)


def test_many_long_notes_of_others_come_in_pages_and_are_read_with_the_last(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "211")
    notes = [f"{number} " + "x" * 1990 for number in range(5)]
    for note in notes:
        carer.type(note)
    walker.until("Review", "As they said", "All checked", "None of these", "All steady", "Skip", "Next")
    walker.tap("Notes from others (5 new)")
    found = walker.text
    walker.tap("Back")
    walker.shows("Review")
    assert walker.has("Notes from others (4 new)")
    walker.tap("Notes from others (4 new)")
    while walker.has("More"):
        walker.tap("More")
        found += walker.text
    assert all(note in found for note in notes)
    walker.tap("Back")
    assert walker.has("Notes from others (0 new)")
    assert clinic.faults() == []


def test_a_note_as_long_as_a_message_is_kept_whole_and_read_with_its_last_part(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "212")
    note = "She " + "🙂" * 4000 + " the very end."
    carer.type(note)
    assert "the end is not kept" not in carer.text
    walker.until("Review", "As they said", "All checked", "None of these", "All steady", "Skip", "Next")
    walker.tap("Notes from others (1 new)")
    walker.tap("Back")
    walker.tap("Notes from others (1 new)")
    found = walker.text
    while walker.has("More"):
        walker.tap("More")
        found += walker.text
    assert found.count("🙂") == 4000
    assert "the very end." in found
    walker.tap("Back")
    assert walker.has("Notes from others (0 new)")


def test_whoever_types_more_than_is_kept_is_told(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "213")
    carer.type("y" * 4097)
    carer.shows("That was very long: the end is not kept.")
    walker.command("cases")
    walker.tap("Robin · in progress · 14 Mar 2026")
    walker.tap("Invite")
    for words in ("A carer", "Skip", "Yes"):
        walker.tap(words)
    everybody = ", ".join(f"uncle {number}" for number in range(40))
    walker.type(everybody + "x" * 500)
    walker.shows("At most 500 letters")
    walker.type(everybody)
    walker.command("cases")
    walker.tap("Robin · in progress · 14 Mar 2026")
    walker.tap("Go on")
    walker.type("w" * 401)
    walker.shows("Languages kept, the first 400 letters.")
    walker.tap("Next")
    walker.type("z" * 4096)
    walker.shows("Note kept")
    assert "not kept" not in walker.text


def test_a_screen_shows_the_beginning_of_a_long_note_and_still_fits_a_message(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    walker.until("Infancy", "As they said", "All checked", "None of these", "All steady", "Skip", "Next")
    note = "🙂" * 4000
    walker.type(note)
    walker.shows("Notes: 1. The last: 🙂")
    assert faults_of(walker.screen) == []
    assert [s.response.note for s in clinic.stored("Robin") if s.response.note] == [note]


def test_many_short_notes_of_somebody_with_a_long_name_fit_their_pages(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin", relation="w" * 60), "214")
    for _ in range(40):
        carer.type("no")
    carer.type("\N{DEVANAGARI LETTER QA}" * 3000)  # composed, it takes twice as much
    carer.shows("the end is not kept")
    walker.until("Review", "As they said", "All checked", "None of these", "All steady", "Skip", "Next")
    walker.tap("Notes from others (41 new)")
    while walker.has("More"):
        assert faults_of(walker.screen) == []
        walker.tap("More")
    walker.tap("Back")
    assert walker.has("Notes from others (0 new)")

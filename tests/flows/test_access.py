"""Who may do what: a table without gaps, strangers who can only enrol, codes that are used once, cases that are nobody else's."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import get_args

import pytest
from sqlalchemy import func, select
from support.informants import set_state
from support.walker import Clinic, Walker, screen_text

from bot.commands.clinician import move
from flows import access
from flows.access import MAY, Actor
from flows.engine import CODE_REFUSED, NOT_ALLOWED
from flows.machines import HOME, INTERVIEW
from flows.storage import models

STRANGERS_SCREEN = "people who were given a code or a link"
TRIGGERS = sorted({move.trigger for move in (*INTERVIEW.moves, *HOME.moves)})


# --- the table -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_of_both_machines_says_who_may_fire_it(trigger: str) -> None:
    assert trigger in MAY
    assert MAY[trigger], "a trigger that nobody may fire"
    assert MAY[trigger] <= set(get_args(Actor))


def test_a_stranger_can_only_enrol_or_open_an_invitation() -> None:
    strangers = {trigger for trigger, actors in MAY.items() if "stranger" in actors}
    assert "enrol" in strangers
    assert strangers <= {"enrol", "invited"}
    assert {m.trigger for m in HOME.moves if m.source == "stranger"} <= strangers | {"mine"}


def test_only_a_clinician_rates_finishes_and_clears() -> None:
    for trigger in ("rate", "expected", "aside", "finish", "change", "clear", "open", "erase", "yes_erase", "results"):
        assert MAY[trigger] == {"clinician"}


def test_what_stands_in_no_table_is_refused_to_everybody(walker: Walker) -> None:
    walker.new_case()
    before = walker.screen.blocks
    for action in ("banana", "__init__", "state", "fire", "to_finished"):
        walker.forge(action)
        assert walker.toast
        assert walker.screen.blocks == before


# --- strangers -------------------------------------------------------------------------------------------------------


def test_whatever_a_stranger_does_there_is_one_polite_screen_and_nothing_is_kept(clinic: Clinic) -> None:
    clinician = clinic.clinician()
    clinician.new_case("Robin")
    clinician.type("English")
    case_id = clinic.case_id("Robin")
    stranger = clinic.stranger("999")
    actions = [(trigger, arg) for trigger in TRIGGERS for arg in ("", case_id, "0:1", "yes")]
    random.Random(1).shuffle(actions)
    stranger.type("hello")
    for trigger, arg in actions[:150]:
        stranger.forge(trigger, arg, screen=random.Random(arg).choice([0, 1, 5]))
        assert STRANGERS_SCREEN in stranger.text
    for name in ("new", "cases", "resume", "help", "privacy", "erase", "language", "invite", "start", "open"):
        stranger.command(name, "" if name == "start" else case_id)
        assert STRANGERS_SCREEN in stranger.text
    stranger.type("my neighbour hits his child")
    stranger.send_other()
    assert "Robin" not in stranger.text
    with clinic.desk() as desk:
        account = desk.people.account("phone", "999", "en")
        assert account.clinician_id is None
        assert desk.talks.get(account, clinic.clock.now.date()).home.draft == {}
        assert desk.tx.session.scalar(select(func.count()).select_from(models.Case)) == 1
        assert desk.tx.session.scalar(select(func.count()).select_from(models.Response)) == 1
        assert desk.mail.waiting(account.id) == []


# --- enrolment -------------------------------------------------------------------------------------------------------


def test_a_code_works_once_and_only_within_a_day(clinic: Clinic) -> None:
    code = clinic.code_for("A")
    first, second = clinic.stranger("1"), clinic.stranger("2")
    first.command("start", code)
    first.shows("New case")
    second.command("start", code)
    assert STRANGERS_SCREEN in second.text
    assert second.toast == CODE_REFUSED
    late = clinic.code_for("A")
    clinic.clock.advance(hours=24, seconds=1)
    second.command("start", late)
    assert STRANGERS_SCREEN in second.text
    second.command("start", clinic.code_for("A"))
    second.shows("New case")


def test_a_code_in_its_last_minute_still_works(clinic: Clinic) -> None:
    code = clinic.code_for("A")
    clinic.clock.advance(hours=23, minutes=59)
    walker = clinic.stranger("1")
    walker.command("start", code)
    walker.shows("New case")


@pytest.mark.parametrize("code", ["c_", "c_aaaa", "c_" + "a" * 32, "x" * 200, "i_" + "a" * 32, "'; --", "ünïcode", " "])
def test_a_wrong_code_is_refused_in_the_same_words(code: str, clinic: Clinic) -> None:
    clinic.code_for("A")
    walker = clinic.stranger("1")
    taken = walker.command("start", code)
    walker.shows(STRANGERS_SCREEN)
    assert taken.toast == CODE_REFUSED


def test_wrong_codes_slow_the_account_that_guesses_and_nobody_else(clinic: Clinic) -> None:
    good, other = clinic.code_for("A"), clinic.code_for("A")
    guesser = clinic.stranger("1")
    for number in range(8):
        guesser.command("start", f"c_{number}")
    guesser.command("start", good)
    assert STRANGERS_SCREEN in guesser.text, "even the right code does not help at once"
    honest = clinic.stranger("2")
    honest.command("start", other)
    honest.shows("New case")
    clinic.clock.advance(hours=2)
    guesser.command("start", good)
    guesser.shows("New case")


def test_a_few_slips_do_not_slow_anybody(clinic: Clinic) -> None:
    walker = clinic.stranger("1")
    for number in range(3):
        walker.command("start", f"c_{number}")
    walker.command("start", clinic.code_for("A"))
    walker.shows("New case")


def test_a_code_is_kept_as_a_hash_alone(clinic: Clinic) -> None:
    code = clinic.code_for("A")
    assert code.startswith("c_")
    assert len(code) <= 64
    assert len(code) - 2 >= 26, "at least 128 bits in base 32"
    clinic.close()
    assert code.encode() not in b"".join(path.read_bytes() for path in clinic.folder.iterdir())


def test_who_is_enrolled_already_keeps_their_place_with_another_code(clinic: Clinic) -> None:
    walker = clinic.clinician("A", "1")
    walker.new_case("Robin")
    walker.command("start", clinic.code_for("B"))
    with clinic.desk() as desk:
        mine = desk.people.clinician_named("A")
        assert mine is not None
        assert desk.people.account_by_id(walker.account_id).clinician_id == mine.id


# --- suspension ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["interview", "case", "results", "flags", "label"])
@pytest.mark.parametrize("state", ["suspended", "removed"])
def test_who_is_suspended_or_removed_is_refused_at_the_next_tap_and_sees_nothing(
    state: str, place: str, clinic: Clinic
) -> None:
    walker = clinic.clinician("A", "1")
    walker.new_case("Robin", "2025-11-20")
    walker.type("Volapük")
    walker.tap("Next")
    if place != "interview":
        walker.until("Safety", "Skip")
        walker.tap("Harmed lately")
        walker.tap("None of these")
        walker.tap("Finish")
    if place == "case":
        walker.tap("Back")
    elif place == "flags":
        walker.command("start")
        walker.tap("Danger flags (1)")
    elif place == "label":
        walker.command("new")
        walker.type("Hidden label")
    shown, before = walker.screen, clinic.record("Robin")
    set_state(clinic, "A", state)
    assert STRANGERS_SCREEN in walker.text
    for button in shown.buttons:
        taken = walker.forge(button.action, button.arg, shown.number)
        assert taken.toast == NOT_ALLOWED
        assert STRANGERS_SCREEN in screen_text(taken.screen)
        assert not taken.screen.buttons
    walker.type("7")
    walker.command("start")
    walker.command("cases")
    for word in ("Robin", "Volapük", "Hidden label"):
        walker.hides(word)
    assert clinic.record("Robin") == before


def test_who_may_work_again_stands_where_they_stood(clinic: Clinic) -> None:
    walker = clinic.clinician("A", "1")
    walker.new_case("Robin")
    walker.type("English")
    walker.tap("All checked")
    before = walker.screen
    set_state(clinic, "A", "suspended")
    walker.forge("fill", screen=before.number)
    walker.type("hello")
    set_state(clinic, "A", "active")
    assert (walker.screen.blocks, walker.screen.rows) == (before.blocks, before.rows)
    walker.tap("None of these")


# --- cases of others -------------------------------------------------------------------------------------------------


@pytest.fixture
def two(make_clinic: Callable[..., Clinic]) -> tuple[Walker, Walker, str]:
    """A clinician with a finished case that has a flag, another one, and the id of the case."""
    clinic = make_clinic(rebuilds=False)
    one, other = clinic.clinician("A", "1"), clinic.clinician("B", "2")
    one.new_case("Robin", "2025-11-20")
    one.type("Volapük")
    one.tap("Next")
    one.until("Safety", "Skip")
    one.tap("Harmed lately")
    one.tap("None of these")
    one.tap("Finish")
    return one, other, clinic.case_id("Robin")


def test_no_forged_tap_opens_anothers_case(two: tuple[Walker, Walker, str]) -> None:
    one, other, case_id = two
    clinic = one.clinic
    with clinic.desk() as desk:
        flag = desk.open_flags(case_id)[0].id
        encounter = desk.cases.encounters(case_id)[0].id
        interview = desk.cases.interviews(encounter)[0].id
    before = clinic.record("Robin")
    dice = random.Random(3)
    for command in ("cases", "start", "new", "help"):
        other.command(command)
        for trigger in TRIGGERS:
            other.open_from_elsewhere(trigger, dice.choice([case_id, case_id, flag, encounter, interview]))
            other.hides("Robin", "Volapük", case_id)
        other.command("open", case_id)
        other.hides("Robin")
    assert clinic.record("Robin") == before


def test_nobody_sees_anothers_case_among_their_own(two: tuple[Walker, Walker, str]) -> None:
    one, other, _ = two
    other.command("cases")
    other.shows("No cases yet")
    other.command("start")
    other.hides("Danger flags")
    other.new_case("Robin")  # the same label is free for another clinician
    assert len([case for case in one.clinic.cases() if case.label == "Robin"]) == 2


def test_ones_own_case_opens_from_a_message_of_its_own(two: tuple[Walker, Walker, str]) -> None:
    one, _, case_id = two
    for place in ("start", "cases", "help"):
        one.command(place)
        one.open_from_elsewhere("open", case_id)
        assert one.heading.startswith("Robin")


@pytest.mark.parametrize("place", ["interview", "case", "results", "erase", "flags", "ready"])
def test_a_case_that_was_handed_over_is_out_of_reach_where_one_stood_in_it(
    place: str, two: tuple[Walker, Walker, str]
) -> None:
    one, other, case_id = two
    clinic, label = one.clinic, "Robin"
    if place == "ready":
        label = "Sam"
        one.command("new")
        one.type(label)
        one.type("2018-01-10")
        case_id = clinic.case_id(label)
    elif place == "interview":
        one.tap("Change an answer")
        one.tap("Functioning")
        one.tap("Sleep")
    elif place == "flags":
        one.tap("Back")
        one.tap("Danger flags (1)")
    elif place != "results":
        one.tap("Back")
        if place == "erase":
            one.tap("Erase")
    shown = one.screen
    with clinic.desk() as desk:
        found = desk.people.clinician_named("B")
        assert found is not None
        move(desk, case_id, found.id)
    before = clinic.record(label)
    one.hides(label, "Volapük")
    for button in shown.buttons:
        one.forge(button.action, button.arg, shown.number)
        one.hides(label, "Volapük")
        one.command("start")
    one.open_from_elsewhere("open", case_id)
    one.hides(label, "Volapük")
    assert clinic.record(label) == before
    assert one.screen.buttons
    other.command("cases")
    other.shows(label)


def test_two_phones_of_one_clinician_see_the_same_cases(two: tuple[Walker, Walker, str]) -> None:
    one, _, case_id = two
    second = one.clinic.clinician("A", "3")
    second.command("cases")
    second.shows("Robin")
    second.open_from_elsewhere("open", case_id)
    second.tap("Erase")
    second.tap("Yes, erase")
    one.hides("Robin")
    assert one.heading == "Stemwise"
    one.command("cases")
    one.shows("No cases yet")


def test_an_actor_is_a_clinician_only_while_a_clinician(clinic: Clinic) -> None:
    walker = clinic.clinician("A", "1")
    with clinic.desk() as desk:
        day = clinic.clock.now.date()
        talk = desk.talks.get(desk.people.account_by_id(walker.account_id), day)
        assert access.actor_of(talk) == "clinician"
    set_state(clinic, "A", "suspended")
    with clinic.desk() as desk:
        talk = desk.talks.get(desk.people.account_by_id(walker.account_id), day)
        assert access.actor_of(talk) == "stranger"
        assert not any(access.permits(talk, t) for t in TRIGGERS if t not in ("enrol", "invited"))

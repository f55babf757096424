"""Somebody who is both clinician and informant; and what stands outside of a questionnaire for who answers one."""

from __future__ import annotations

import pytest
from support.informants import answered, begun, invited, opened, set_state, tells_of_danger
from support.walker import Clinic, Walker

from flows.labels import consent_text, item_text
from scoring.documents.blocks import Table
from scoring.documents.report import report
from scoring.instrument import load

NEUTRAL = "Nothing to see here"


@pytest.fixture
def both(clinic: Clinic, walker: Walker) -> Walker:
    """The clinician of Robin, who stands in a questionnaire on a colleague's Sam."""
    walker.new_case("Robin")
    clinic.clinician("Dr B", "2").new_case("Sam")
    begun_by(walker, invited(clinic, "Sam"))
    return walker


def begun_by(walker: Walker, token: str) -> None:
    walker.command("start", token)
    walker.tap("I agree")
    walker.type("K")


# --- both -----------------------------------------------------------------------------------------------------------


def test_an_alerts_open_leads_out_of_ones_own_questionnaire_to_the_case(clinic: Clinic, both: Walker) -> None:
    both.open_from_elsewhere("open", clinic.case_id("Robin"))
    both.shows("Robin")
    both.command("start")
    both.tap("Questions I answer")
    both.tap("K")
    assert both.has("Pause")


@pytest.mark.parametrize(("command", "heading"), [("cases", "My cases"), ("new", "New case")])
def test_a_clinicians_commands_lead_out_of_ones_own_questionnaire(both: Walker, command: str, heading: str) -> None:
    both.command(command)
    assert heading in both.heading


def test_who_is_both_can_erase_what_they_said_and_go_back_from_it(clinic: Clinic, both: Walker) -> None:
    both.command("privacy")
    both.tap("Erase what I said: K")
    both.tap("Back")
    both.tap("Erase what I said: K")
    both.tap("Yes, erase")
    both.shows("Nothing more is asked")
    assert clinic.stored("Sam") == []


def test_who_is_both_is_asked_where_to_while_what_they_answer_is_erased(clinic: Clinic, both: Walker) -> None:
    both.command("start")
    on_the_phone = both.tap_event("Questions I answer")
    erased = clinic.case_id("Sam")
    with clinic.desk() as desk:
        desk.erase(erased, "operator")
    assert both.send(on_the_phone).toast == ""
    both.shows("There is nothing to answer just now.")
    both.tap("My work")
    both.shows("My cases")


def test_back_from_erasing_works_for_a_clinician_who_may_work_again_meanwhile(clinic: Clinic, both: Walker) -> None:
    set_state(clinic, "Dr Sample", "suspended")
    both.command("privacy")
    both.tap("Erase what I said: K")
    set_state(clinic, "Dr Sample", "active")
    both.tap("Back")
    assert both.heading == "Privacy"


@pytest.mark.parametrize("place", ["cases", "new", "privacy"])
def test_a_suspended_clinician_who_answers_stands_at_their_questionnaires(
    clinic: Clinic, both: Walker, place: str
) -> None:
    both.command(place)
    set_state(clinic, "Dr Sample", "suspended")
    both.hides("Robin")
    taken = both.command("resume")
    assert not taken.has_failed
    both.tap("K")
    assert both.has("Pause")


# --- Hide outside of the questions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["privacy", "help", "language", "start", "erase"])
def test_hide_stands_on_the_screens_outside_of_the_questions_too(clinic: Clinic, walker: Walker, place: str) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "203")
    carer.command("privacy" if place in ("erase", "start") else place)
    if place == "erase":
        carer.tap("Erase what I said: K")
    elif place == "start":
        carer.tap("Back")
    before = carer.screen
    carer.tap("Hide")
    assert NEUTRAL in carer.text and not carer.buttons
    carer.type("hello")
    assert NEUTRAL in carer.text and not carer.buttons
    carer.command("start")
    assert carer.buttons == ["Go on"]
    carer.tap("Go on")
    assert (carer.screen.blocks, carer.screen.rows) == (before.blocks, before.rows)


def test_a_command_lifts_the_curtain_outside_of_the_questions(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "203")
    carer.command("privacy")
    carer.tap("Hide")
    carer.command("help")
    assert carer.heading == "Help"


@pytest.mark.parametrize("place", ["privacy", "start"])
def test_who_answers_ever_so_many_questionnaires_sees_the_latest(clinic: Clinic, walker: Walker, place: str) -> None:
    walker.new_case("Robin")
    carer = clinic.stranger("203")
    for _ in range(42):
        carer.command("start", invited(clinic, "Robin"))
        carer.tap("I agree")
    carer.command("privacy")
    if place == "start":
        carer.tap("Back")
    assert sum("Questions" in words for words in carer.buttons) == 40
    newest = next(b for b in carer.screen.buttons if "Questions" in b.words)
    with clinic.desk() as desk:
        assert newest.arg == desk.cases.informing(carer.account_id)[0].id


@pytest.mark.parametrize("days", [None, 400])
def test_privacy_says_for_how_long(clinic: Clinic, walker: Walker, days: int | None) -> None:
    clinic.rebuilds = False
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "203")
    clinic.present.settings.retention_days = days
    for one in (walker, carer):
        one.command("privacy")
        assert ("400 days" in one.text) is (days is not None)


# --- what is kept and told --------------------------------------------------------------------------------------------


def test_answers_are_kept_under_the_words_of_their_buttons_in_the_language_of_who_answered(
    clinic: Clinic, walker: Walker
) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "203")
    carer.command("language")
    carer.tap("Español")
    carer.tap("K")
    carer.tap("1. tocar para responder")
    first = carer.buttons[0].removeprefix("1. ")
    carer.tap("Nada de esto")
    carer.tap("No sé nada de esa época")
    while not carer.has("Más o menos igual"):
        carer.tap("Nada de esto" if carer.has("Nada de esto") else "Todo esto, casi siempre")
    labels = [label for item, _, _, label in clinic.said("Robin") if item.startswith("history.")]
    assert set(labels) == {first, "Nada de esto", "Todo esto, casi siempre", "No sé nada de esa época"}


def test_questions_on_who_answers_are_kept_as_they_stood_on_the_screen(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = opened(clinic, invited(clinic, "Robin"), "203")
    carer.tap("Language")
    carer.tap("Español")
    carer.tap("Preguntas 1")
    interview = clinic.interview_ids(clinic.case_id("Robin"))[-1]
    with clinic.desk() as desk:
        opening = desk.cases.interview(interview, clinic.clock.now.date())
    opening.locale = "es"
    agreed_to = consent_text(opening, clinic.instrument)
    assert set(agreed_to) <= set(carer.text.splitlines())
    assert item_text("consent", opening, clinic.instrument) == " ".join(agreed_to)
    carer.tap("De acuerdo")
    asked = [carer.heading]
    carer.type("K")
    for answer in ("Otro familiar", "Parte del tiempo", "En los dos primeros meses de vida", "No"):
        asked.append(carer.heading)
        carer.tap(answer)
    kept = [s.response for s in clinic.stored("Robin") if s.response.item.startswith("about.")]
    assert [response.text for response in kept] == asked
    assert len(set(asked)) == 5


def test_whether_one_answers_alone_is_kept_as_it_was_asked(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin", "2025-11-20")
    carer = begun(clinic, invited(clinic, "Robin"), "203")
    answered(carer, until="answer alone now")
    heading = carer.heading
    carer.tap("Yes")
    assert [s.response.text for s in clinic.stored("Robin") if s.response.item == "about.alone"] == [heading]


def test_a_report_names_each_flag_on_record_and_who_cleared_it(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin", "2025-11-20")
    tells_of_danger(clinic, "Robin")
    walker.type("English")
    walker.tap("Next")
    walker.until("Safety", "Confirm all", "Skip")
    walker.tap("Skip")
    while walker.has("Finish"):  # it says first what is open
        walker.tap("Finish")
    case_id = clinic.case_id("Robin")
    with clinic.desk() as desk:
        found = desk.latest_result(case_id)
        assert found is not None
    present = clinic.present
    document = report(present.result_of(found[0].id, found[1]), flags=present.voices_of(found[0].id).flags)
    safety = next(s for s in document.sections if s.name == "safety")
    table = next(b for b in safety.blocks if isinstance(b, Table))
    short = load().words.safety["danger_at_home_now"].short
    assert table.header == ("Open flags", "Raised by")
    assert [(row[0].casefold(), row[1].partition(",")[0]) for row in table.rows] == [(short.casefold(), "Carer")]

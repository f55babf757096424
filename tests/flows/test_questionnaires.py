"""Carers, school and the person themself, on the engine: what they are asked, what they can take back, what they never see."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from support.informants import answered, begun, flags, invited, opened, waiting
from support.walker import Clinic, Walker, screen_text

from scoring.instrument import load

#: Words that no screen of an informant may hold, even to deny them.
FORBIDDEN = re.compile(r"\b(scores?|ratings?|percent|map)\b|\d ?%", re.IGNORECASE)


def test_a_whole_questionnaire_of_an_eight_year_olds_carer_takes_at_most_90_taps(
    clinic: Clinic, walker: Walker
) -> None:
    walker.new_case("Robin", "2018-01-10")
    carer = opened(clinic, invited(clinic, "Robin"), "200")
    carer.tap("I agree")
    carer.type("K")
    carer.tap("Parent")
    carer.tap("Yes")
    carer.tap("Since the start")
    answered(carer)
    carer.tap("Send")
    carer.shows("Thank you")
    assert carer.taps <= 90
    assert waiting(clinic, walker) == ["Robin: the questionnaire is back."]
    assert clinic.faults() == []


def test_each_is_asked_only_what_the_figures_give_them(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin", "2010-01-10")
    figures = load().figures
    for number, role in enumerate(("carer", "school", "self")):
        with clinic.desk() as desk:
            token = desk.invite(desk.cases.cases_of(None)[0].id, role, {})[0]
        someone = opened(clinic, token, f"30{number}")
        with clinic.desk() as desk:
            info = desk.cases.informing(someone.account_id)[0]
            interview = desk.cases.interview(info.id, clinic.clock.now.date())
        from flows.answers import Answer

        interview.answers.of["about.alone"] = Answer("answer", "yes")
        items = {i for s in interview.steps(load()) for i in s.items if not i.startswith("about.")}
        allowed = {f"functions.{f.id}" for f in figures.functions if role in f.asked_of}
        allowed |= {f"safety.{s.id}" for s in figures.safety if role in s.asked_of}
        allowed |= {f"relational_now.{r.id}" for r in figures.relational_now if role in r.asked_of}
        allowed |= {
            f"history.{p.id}.adversity.{f.id}" for p in figures.periods for f in p.adversity if role in f.asked_of
        }
        if role != "school":
            allowed |= {f"history.{p.id}.relational.{r}" for p in figures.periods for r in p.relational}
        assert items <= allowed
        assert items


def test_a_slip_takes_a_danger_answer_back_and_asks_again(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "201")
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.shows("What you can do now")
    assert flags(clinic) == [("danger_at_home_now", "unconfirmed")]
    assert waiting(clinic, walker) == []
    carer.tap("A slip")
    carer.shows("right now?")
    assert flags(clinic) == [("danger_at_home_now", "withdrawn")]
    carer.tap("No")
    assert waiting(clinic, walker) == []


@pytest.mark.parametrize("how", ["Yes, it is so", "Hide", "Pause"])
def test_a_word_hide_or_pause_latches_and_alerts_in_the_same_turn(clinic: Clinic, walker: Walker, how: str) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "202")
    answered(carer, until="right now?")
    carer.tap("Yes")
    if how == "Pause":
        carer.forge("pause")
    else:
        carer.tap(how)
    assert flags(clinic) == [("danger_at_home_now", "open")]
    assert waiting(clinic, walker) == ["A case needs you now."]


def test_erasing_keeps_danger_answers_and_nothing_else(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "203")
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.tap("Yes, it is so")
    carer.command("privacy")
    carer.tap("Erase what I said: K")
    carer.tap("Yes, erase")
    carer.shows("Nothing more is asked")
    kept = clinic.stored("Robin")
    assert [r.response.item for r in kept] == ["safety.danger_at_home_now"]
    assert flags(clinic) == [("danger_at_home_now", "open")]


def test_a_link_opens_for_the_first_account_only(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    token = invited(clinic, "Robin")
    opened(clinic, token, "204")
    for wrong in (token, "i_" + "a" * 32):
        stranger = clinic.stranger("205")
        stranger.command("start", wrong)
        assert not stranger.has("I agree")
    assert not FORBIDDEN.search(stranger.text)


def test_leaving_the_danger_questions_out_and_later(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "206")
    answered(carer, until="answer alone now")
    carer.tap("Later")
    carer.shows("A last look")
    carer.tap("Send")
    carer.shows("answer alone now")  # asked once more before sending
    carer.tap("Leave these out")
    carer.shows("A last look")
    carer.tap("Send")
    carer.shows("Thank you")
    assert not [r for r in clinic.stored("Robin") if r.response.item.startswith("safety.")]


def test_somebody_who_came_later_is_not_asked_about_before(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin", "2018-01-10")
    carer = opened(clinic, invited(clinic, "Robin"), "207")
    carer.tap("I agree")
    carer.type("K")
    carer.tap("Foster carer")
    carer.tap("Yes")
    carer.tap("In their childhood (from four to ten)")
    carer.tap("No")
    carer.shows("In their childhood")


def test_a_clinician_sees_who_said_what_and_confirms_a_region_in_one_tap(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "208")
    answered(carer)
    carer.type("He sleeps badly since June")
    carer.shows("Nobody is reading this now")
    carer.tap("Send")
    walker.until("Brainstem: what others say", "As they said", "All checked", "None of these", "All steady", "Next")
    walker.shows("Carer (parent): about the same")
    walker.tap("Confirm all")
    confirmed = [r.response for r in clinic.stored("Robin", 0) if r.response.label == "Confirm all"]
    assert confirmed
    assert all(r.is_bulk for r in confirmed)
    assert {r.item for r in confirmed} <= {
        f"functions.{f.id}" for f in load().figures.functions if "carer" in f.asked_of
    }


@pytest.mark.parametrize("seed", range(12))
def test_random_walks_of_informants_show_no_result_and_nobody_else(
    make_clinic: Callable[..., Clinic], seed: int
) -> None:
    walk_informants(make_clinic(rebuilds=False), random.Random(seed), steps=60)


def walk_informants(clinic: Clinic, seed: random.Random, steps: int) -> int:
    """Two carers, a school and the person walk at random; every screen is read. Gives the number of screens read."""
    walker = clinic.clinician()
    walker.new_case("Zebedee", "2011-05-05")
    people = []
    for number, role in enumerate(("carer", "carer", "school", "self")):
        with clinic.desk() as desk:
            case = desk.cases.cases_of(None)[0]
            words = {"relation": f"relation{number}", "responsible": "yes", "must_not_learn": "quagga"}
            token = desk.invite(case.id, role, words)[0]
        people.append(opened(clinic, token, f"40{number}"))
    read = 0
    for _ in range(steps):
        someone = seed.choice(people)
        buttons = someone.screen.buttons
        if seed.random() < 0.1 or not buttons:
            if seed.random() < 0.5:
                someone.type(seed.choice(["K", "7", "note: hello", "a worry"]))
            else:
                someone.command(seed.choice(["start", "help", "privacy", "language", "resume"]))
        else:
            someone.tap_this(seed.choice(buttons))
        text = screen_text(someone.screen) + " ".join(b.words for b in someone.screen.buttons)
        assert not FORBIDDEN.search(text), text
        for secret in ("Zebedee", "quagga", *(f"relation{n}" for n in range(4))):
            assert secret not in text, text
        read += 1
    return read

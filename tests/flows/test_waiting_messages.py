"""What waits to be sent goes to nobody who may not read it any more, and is found by serving whoever queued it."""

from __future__ import annotations

import pytest
from support.informants import begun, invited, set_state
from support.walker import Clinic, Walker

from bot.commands.clinician import move
from flows.views import News


def kinds(clinic: Clinic, account: str) -> list[str]:
    return [waiting.news.kind for waiting in clinic.present.waiting_for(account)]


@pytest.fixture
def case_id(clinic: Clinic, walker: Walker) -> str:
    """A case about which a summary and an alert wait for its clinician, who answers another's questionnaire too."""
    walker.new_case("Robin")
    made = clinic.case_id("Robin")
    clinic.clinician("Dr Other", "2").new_case("Sasha")
    begun(clinic, invited(clinic, "Sasha"), "1")
    sasha = clinic.case_id("Sasha")
    with clinic.desk() as desk:
        desk.mail.add([News(walker.account_id, "notice", {"text": "Robin: something"}, made), *desk.alerts(made)])
        desk.mail.add([News(walker.account_id, "reminder", {"text": "Something waits."}, sasha)])
    return made


@pytest.mark.parametrize("state", ["suspended", "removed"])
def test_who_is_suspended_and_answers_besides_is_sent_nothing_of_their_cases(
    clinic: Clinic, walker: Walker, case_id: str, state: str
) -> None:
    assert kinds(clinic, walker.account_id) == ["notice", "alert", "reminder"]
    set_state(clinic, "Dr Sample", state)
    assert kinds(clinic, walker.account_id) == ["reminder"]


@pytest.mark.parametrize("is_open", [True, False])
def test_with_a_case_goes_what_waits_about_it(clinic: Clinic, walker: Walker, case_id: str, *, is_open: bool) -> None:
    if is_open:
        raise_flag(clinic, case_id)
    with clinic.desk() as desk:
        other = desk.people.clinician_named("Dr Other")
        assert other is not None
        move(desk, case_id, other.id)
        (phone,) = desk.people.accounts_of(other.id)
    assert kinds(clinic, walker.account_id) == ["reminder"]
    assert kinds(clinic, phone.id) == (["alert"] if is_open else []), "the new clinician is told of an open danger"


def raise_flag(clinic: Clinic, case_id: str) -> None:
    with clinic.desk() as desk:
        (encounter,) = desk.cases.encounters(case_id)
        (interview,) = desk.cases.interviews(encounter.id)
        desk.flags.raise_flag(
            case_id=case_id,
            encounter_id=encounter.id,
            interview_id=interview.id,
            informant_id=interview.informant_id,
            question=next(iter(clinic.instrument.words.safety)),
            words="danger",
            is_confirmed=True,
        )


def test_a_tick_finds_what_another_process_has_queued(clinic: Clinic, walker: Walker, case_id: str) -> None:
    serving = clinic.present
    serving.tick()
    clinic.clock.advance(hours=1)
    serving.tick()
    assert walker.account_id not in serving.tick(), "what has waited for long is not tried at every tick"
    with clinic.desk() as desk:
        desk.mail.add(desk.alerts(case_id))
    assert walker.account_id in serving.tick()

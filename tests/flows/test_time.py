"""Time as a channel: reminders, expiry, silence and retention under a moved clock, each done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from support.informants import answered, begun, invited, opened, tick, waiting
from support.walker import Clinic, Walker


def states(clinic: Clinic) -> list[str]:
    with clinic.desk() as desk:
        return [f.state for c in desk.cases.cases_of(None) for f in desk.flags.infos(c.id)]


REMINDER = "You have something here that is not finished."


def test_ten_minutes_of_silence_latch_a_danger_answer_and_empty_the_screen(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "200")
    answered(carer, until="right now?")
    carer.tap("Yes")
    clinic.clock.advance(minutes=9)
    tick(clinic)
    assert states(clinic) == ["unconfirmed"]
    clinic.clock.advance(minutes=2)
    touched = tick(clinic)
    assert states(clinic) == ["open"]
    assert waiting(clinic, walker) == ["A case needs you now."]
    assert carer.account_id in touched
    assert "hurt" not in carer.text
    tick(clinic)
    assert waiting(clinic, walker) == ["A case needs you now."]  # once, however often time is asked


def test_after_ten_idle_minutes_no_answer_stays_and_start_leads_back(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "201")
    before = carer.text
    clinic.clock.advance(minutes=11)
    tick(clinic)
    carer.shows("Nothing to see here")
    carer.command("start")
    carer.tap("Go on")
    assert carer.text == before


def test_two_reminders_at_most_in_daytime_and_only_to_who_has_begun(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "202")
    only_opened = opened(clinic, invited(clinic, "Robin"), "203")
    clinic.clock.advance(days=3)
    clinic.clock.now = clinic.clock.now.replace(hour=5)
    tick(clinic)
    assert waiting(clinic, carer) == []  # not at night
    clinic.clock.now = clinic.clock.now.replace(hour=10)
    tick(clinic)
    tick(clinic)
    assert waiting(clinic, carer) == [REMINDER]
    clinic.clock.advance(days=3)
    tick(clinic)
    clinic.clock.advance(days=30)
    tick(clinic)
    assert waiting(clinic, carer) == [REMINDER] * 2
    assert waiting(clinic, only_opened) == []


def test_stop_reminding_me_stops_it(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "204")
    clinic.clock.advance(days=3, hours=1)
    tick(clinic)
    assert waiting(clinic, carer) == [REMINDER]
    carer.open_from_elsewhere("stop_reminding")
    clinic.clock.advance(days=4)
    tick(clinic)
    assert waiting(clinic, carer) == [REMINDER]


def test_no_reminder_after_sending_or_declining(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "205")
    answered(carer)
    carer.tap("Send")
    refusing = opened(clinic, invited(clinic, "Robin"), "206")
    refusing.tap("No thanks")
    clinic.clock.advance(days=8)
    tick(clinic)
    assert waiting(clinic, carer) == []
    assert waiting(clinic, refusing) == []


def test_no_reminder_after_erasing_whatever_danger_answer_stays(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "209")
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.command("privacy")
    carer.tap("Erase what I said: K")
    carer.tap("Yes, erase")
    clinic.clock.advance(days=30)
    tick(clinic)
    assert waiting(clinic, carer) == []


@pytest.mark.parametrize("zone", ["UTC", "America/Mexico_City", "Asia/Kolkata"])
def test_no_reminder_comes_outside_of_the_clinics_day(make_clinic: Callable[..., Clinic], zone: str) -> None:
    """Asked at each hour of a day, half past: nothing before nine, and one reminder as soon as the clinic's day begins."""
    local = ZoneInfo(zone)
    clinic = make_clinic(rebuilds=False, zone=local)
    clinic.clinician().new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "210")
    evening = (clinic.clock.now + timedelta(days=4)).astimezone(local).replace(hour=19, minute=30)
    came = []
    for hours in range(24):
        clinic.clock.now = (evening + timedelta(hours=hours)).astimezone(UTC)
        tick(clinic)
        came.append(len(waiting(clinic, carer)))
    assert came == [0] * 14 + [1] * 10


def test_reminders_are_two_however_often_the_process_ends_in_between(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "211")
    for _ in range(12):
        clinic.clock.advance(days=1)
        for _ in range(2):
            clinic.restart()
            tick(clinic)
    assert waiting(clinic, carer) == [REMINDER] * 2


def test_an_unopened_invitation_expires_with_one_line_to_the_clinician(clinic: Clinic, walker: Walker) -> None:
    walker.new_case("Robin")
    token = invited(clinic, "Robin")
    clinic.clock.advance(days=8)
    tick(clinic)
    tick(clinic)
    assert waiting(clinic, walker) == ["Robin: an invitation was not opened in time and no longer works."]
    late = clinic.stranger("207")
    late.command("start", token)
    assert not late.has("I agree")


def test_retention_tells_a_week_before_and_spares_holds_and_open_flags(clinic: Clinic, walker: Walker) -> None:
    for label in ("Goes", "Held", "Flagged"):
        walker.new_case(label)
        walker.command("start")
    with clinic.desk() as desk:
        ids = {c.label: c.id for c in desk.cases.cases_of(None)}
        desk.cases.set_hold(ids["Held"], on_hold=True)
    carer = begun(clinic, invited(clinic, "Flagged"), "208")
    answered(carer, until="right now?")
    carer.tap("Yes")
    carer.tap("Yes, it is so")
    clinic.present.settings.retention_days = 30
    for days in (24, 8):
        clinic.clock.advance(days=days)
        engine = clinic.engine
        engine.settings.retention_days = 30
        clinic.changes += 1
        engine.tick()
        if days == 24:
            assert any("Goes will be deleted in 7 days" in text for text in waiting(clinic, walker))
            assert len(clinic.cases()) == 3
    assert sorted(c.label for c in clinic.cases()) == ["Flagged", "Held"]


def test_the_tests_clock_is_in_the_daytime(clinic: Clinic) -> None:
    assert clinic.clock.now.tzinfo is UTC
    assert 9 <= clinic.clock.now.hour < 19
    assert clinic.clock.now > datetime(2026, 1, 1, tzinfo=UTC)


def test_what_was_done_at_an_earlier_tick_costs_no_transaction_any_more(
    clinic: Clinic, walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who paused stays due for ever, and so does a clinician who left their phone in the middle of an intake."""
    walker.new_case("Robin")
    carer = begun(clinic, invited(clinic, "Robin"), "260")
    carer.tap("Pause")
    clinic.clock.advance(days=4)
    tick(clinic)
    writes: list[int] = []
    engine = clinic.engine
    transaction = engine.store.transaction
    monkeypatch.setattr(engine.store, "transaction", lambda: (writes.append(1), transaction())[1])
    engine.tick()
    assert len(writes) == 1, "only old ids are looked through"

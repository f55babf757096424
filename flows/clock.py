"""Time is a channel too: what is due becomes events, each under an id that says what and when, so that it is done once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from flows.desk import Desk
from flows.storage import models
from flows.views import News
from flows.wording import translator

#: After this silence a danger answer that nobody confirmed is latched, and no answer stays in a chat.
SILENCE = timedelta(minutes=10)
REMIND_AFTER_DAYS = (3, 6)
#: A case that retention will delete is named this long before.
TOLD_BEFORE_DAYS = 7
REMIND_FROM_HOUR, REMIND_TO_HOUR = 9, 19


def due(desk: Desk) -> Iterator[tuple[str, str, str]]:
    """What is due now: kind, what it is about, and the id of its event."""
    now = desk.tx.now
    for flag in desk.flags.unconfirmed_since(now - SILENCE):
        yield "latch", flag.id, f"due:latch:{flag.id}"
    quiet = select(models.Conversation).where(
        models.Conversation.kind == "interview",
        models.Conversation.is_hidden.is_(False),
        models.Conversation.updated_at <= now - SILENCE,
    )
    for row in desk.tx.session.scalars(quiet):
        yield "rest", row.account_id, f"due:rest:{row.account_id}:{row.screen_version}"
    for invitation in desk.invitations.expired():
        yield "expire", invitation.id, f"due:expire:{invitation.id}"
    yield from _retention(desk, now)
    if REMIND_FROM_HOUR <= now.astimezone(desk.settings.zone).hour < REMIND_TO_HOUR:
        yield from _reminders(desk, now)


def _reminders(desk: Desk, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Questionnaires that somebody has begun and left for days; two reminders at most."""
    begun = select(models.Interview, models.Informant).join(
        models.Informant, models.Informant.id == models.Interview.informant_id
    )
    begun = begun.where(
        models.Informant.role != "clinician",
        models.Interview.wants_reminders.is_(True),
        models.Interview.responses_count > 0,
        models.Interview.reminders_sent < len(REMIND_AFTER_DAYS),
        models.Interview.state.not_in(("finished", "withdrawn")),
    )
    for interview, _ in desk.tx.session.execute(begun):
        days = REMIND_AFTER_DAYS[interview.reminders_sent]
        if interview.updated_at + timedelta(days=days) <= now:
            since = int(interview.updated_at.timestamp())  # who paused, and went on since, can be reminded again
            yield "remind", interview.id, f"due:remind:{interview.id}:{interview.reminders_sent}:{since}"


def _is_paused_by_request(desk: Desk, row: models.Interview) -> bool:
    """Whether somebody tapped Pause; a way home pauses as well, and is still reminded."""
    return row.state == "paused" and desk.cases.interview(row.id, desk.settings.today(desk.tx.now)).paused_by_request


def _retention(desk: Desk, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Cases whose time is over, told a week before; never one on hold or with an open flag."""
    days = desk.settings.retention_days
    if days is None:
        return
    told_from = now - timedelta(days=days - TOLD_BEFORE_DAYS)
    for case_id, last in desk.cases.untouched_since(told_from):
        if any(f.state in ("open", "unconfirmed") for f in desk.flags.of_case(case_id)):
            continue
        stamp = int(last.timestamp())
        if last + timedelta(days=days) > now:
            yield "announce", case_id, f"due:announce:{case_id}:{stamp}"
        elif desk.mail.is_claimed("clock", f"due:announce:{case_id}:{stamp}", now - timedelta(days=TOLD_BEFORE_DAYS)):
            yield "retire", case_id, f"due:retire:{case_id}:{stamp}"
        else:
            yield "announce", case_id, f"due:announce:{case_id}:{stamp}"


def do(desk: Desk, kind: str, what: str) -> None:
    """Do one thing that is due, where it still is."""
    {"latch": _latch, "rest": _rest, "expire": _expire, "remind": _remind, "announce": _announce, "retire": _retire}[
        kind
    ](desk, what)


def _latch(desk: Desk, flag_id: str) -> None:
    info = desk.flags.info(flag_id)
    if info is None or info.state != "unconfirmed":
        return
    desk.flags.confirm(flag_id)
    desk.tx.audit("clock", "flag.latched", info.case_id)
    desk.mail.add(desk.alerts(info.case_id))
    informant = desk.tx.session.get_one(models.Informant, info.informant_id)
    if informant.account_id:
        desk.talks.raise_version(informant.account_id)
        desk.mail.added.add(informant.account_id)


def _rest(desk: Desk, account_id: str) -> None:
    """A questionnaire that rests shows no answer; /start and Go on lead back into it."""
    row = desk.tx.session.get(models.Conversation, account_id)
    if row is None or row.interview_id is None or row.is_hidden:
        return
    interview = desk.tx.session.get_one(models.Interview, row.interview_id)
    informant = desk.tx.session.get_one(models.Informant, interview.informant_id)
    if informant.role == "clinician" or interview.state in ("finished", "withdrawn"):
        return
    desk.talks.hide(account_id)
    desk.mail.added.add(account_id)


def _expire(desk: Desk, invitation_id: str) -> None:
    info = desk.invitations.info(invitation_id)
    if info is None or info.state != "open":
        return
    desk.invitations.end(invitation_id, "expired")
    case = desk.cases.case(info.case_id)
    text = f"{case.label}: an invitation was not opened in time and no longer works."
    for account in desk.people.accounts_of(case.clinician_id):
        desk.mail.add([News(account.id, "notice", {"text": text}, case.id, is_protected=True)])
    desk.tx.audit("clock", "invitation.expired", case.id)


def _remind(desk: Desk, interview_id: str) -> None:
    """A neutral line that names neither person nor subject, with a way to have no more of them."""
    row = desk.tx.session.get(models.Interview, interview_id)
    if row is None or not row.wants_reminders or row.state in ("finished", "withdrawn"):
        return
    if _is_paused_by_request(desk, row):
        return
    informant = desk.tx.session.get_one(models.Informant, row.informant_id)
    row.reminders_sent += 1
    if informant.account_id is None:
        return
    account = desk.people.account_by_id(informant.account_id)
    t = translator(account.locale)
    buttons = [
        {"words": t("Go on"), "action": "go_on_with", "arg": interview_id},
        {"words": t("Stop reminding me"), "action": "stop_reminding", "arg": ""},
    ]
    body = {"text": t("You have something here that is not finished."), "buttons": buttons}
    desk.mail.add([News(account.id, "reminder", body, informant.case_id)])
    desk.tx.audit("clock", "reminder.sent", informant.case_id)


def _announce(desk: Desk, case_id: str) -> None:
    """A week before retention deletes a case, its clinician is told, with the way to keep it."""
    if not desk.cases.has_case(case_id):
        return
    case = desk.cases.case(case_id)
    text = f"{case.label} will be deleted in {TOLD_BEFORE_DAYS} days, as your service's retention says. Hold keeps it."
    body = {"text": text, "buttons": [{"words": "Open", "action": "open", "arg": case_id}]}
    for account in desk.people.accounts_of(case.clinician_id):
        desk.mail.add([News(account.id, "notice", body, case_id, is_protected=True)])
    desk.tx.audit("clock", "retention.announced", case_id)


def _retire(desk: Desk, case_id: str) -> None:
    if desk.cases.has_case(case_id) and not desk.cases.case(case_id).on_hold:
        desk.erase(case_id, "clock")

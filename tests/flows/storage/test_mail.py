"""Inbox and outbox, rule by rule: an event is taken once, a message waits for its account until it was sent or given up."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from support.walker import Clinic

from flows.desk import Desk
from flows.storage import keys, models
from flows.storage.mail import KEEP_IDS_DAYS, Mail, Waiting
from flows.storage.store import Store
from flows.views import News


@pytest.fixture
def people(clinic: Clinic) -> tuple[str, str]:
    """Two accounts."""
    with clinic.desk() as desk:
        return tuple(desk.people.account("phone", address, "en").id for address in ("1", "2"))  # type: ignore[return-value]


@pytest.fixture
def case_id(clinic: Clinic) -> str:
    with clinic.desk() as desk:
        return desk.cases.add_case(desk.people.add_clinician("Dr Sample").id, "Robin", date(2018, 3, 14)).id


def queue(clinic: Clinic, *news: News) -> None:
    with clinic.desk() as desk:
        desk.mail.add(news)


def waiting(clinic: Clinic, account_id: str) -> list[Waiting]:
    with clinic.desk() as desk:
        return desk.mail.waiting(account_id)


def text(account_id: str, words: str = "hello", case_id: str | None = None) -> News:
    return News(account_id, "text", {"text": words}, case_id)


def inbox(desk: Desk) -> dict[tuple[str, str], models.Inbox]:
    return {(row.source, row.event_id): row for row in desk.tx.session.scalars(select(models.Inbox))}


def rows(desk: Desk) -> list[models.Outbox]:
    return list(desk.tx.session.scalars(select(models.Outbox).order_by(models.Outbox.id)))


# --- inbox ---


def test_an_event_is_taken_once_and_another_source_has_ids_of_its_own(clinic: Clinic) -> None:
    with clinic.desk() as desk:
        assert desk.mail.claim("telegram", "7") is True
        assert desk.mail.claim("telegram", "7") is False
        assert desk.mail.claim("terminal", "7") is True
        assert desk.mail.claim("telegram", "8") is True
    with clinic.desk() as desk:
        assert desk.mail.claim("telegram", "7") is False
        assert set(inbox(desk)) == {("telegram", "7"), ("terminal", "7"), ("telegram", "8")}


def test_a_taken_event_is_not_a_failed_one_and_bears_its_time(clinic: Clinic) -> None:
    with clinic.desk() as desk:
        desk.mail.claim("telegram", "7")
        row = inbox(desk)["telegram", "7"]
        assert (row.failed, row.taken_at) == (False, desk.tx.now)


def test_an_event_that_another_took_in_between_is_not_taken_and_spoils_nothing_else(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clinic.desk() as desk:
        desk.mail.claim("telegram", "7")
    with clinic.desk() as desk:
        with monkeypatch.context() as blind:  # as if the row had come after the look
            blind.setattr(desk.tx.session, "get", lambda *_: None)
            assert desk.mail.claim("telegram", "7") is False
        assert desk.mail.claim("telegram", "8") is True
    with clinic.desk() as desk:
        assert set(inbox(desk)) == {("telegram", "7"), ("telegram", "8")}


def test_of_many_who_take_the_same_event_at_once_one_does(clinic: Clinic) -> None:
    got: list[bool] = []
    together = threading.Barrier(4)

    def take(store: Store) -> None:
        together.wait(timeout=60)
        for number in range(5):
            with store.transaction() as tx:
                got.append(Mail(tx).claim("telegram", str(number)))

    stores = [Store(f"sqlite:///{clinic.path}", clinic.master, clinic.clock) for _ in range(4)]
    threads = [threading.Thread(target=take, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    for store in stores:
        store.close()
    assert sorted(got) == [False] * 15 + [True] * 5


def test_whether_an_event_was_taken_counts_from_its_very_moment(clinic: Clinic) -> None:
    with clinic.desk() as desk:
        desk.mail.claim("clock", "due")
        now, moment = desk.tx.now, timedelta(microseconds=1)
        assert desk.mail.is_claimed("clock", "due", now) is True
        assert desk.mail.is_claimed("clock", "due", now - moment) is False
        assert desk.mail.is_claimed("clock", "due", now + moment) is True
        assert desk.mail.is_claimed("clock", "another", now) is False
        assert desk.mail.is_claimed("telegram", "due", now) is False


@pytest.mark.parametrize("is_known", [True, False])
def test_a_failed_event_is_marked_and_never_taken_again(is_known: bool, clinic: Clinic) -> None:
    with clinic.desk() as desk:
        if is_known:
            desk.mail.claim("telegram", "7")
    with clinic.desk() as desk:
        desk.mail.mark_failed("telegram", "7")
    with clinic.desk() as desk:
        assert inbox(desk)["telegram", "7"].failed is True
        assert inbox(desk)["telegram", "7"].taken_at <= desk.tx.now
        assert desk.mail.claim("telegram", "7") is False


def test_old_ids_are_forgotten_after_seven_days_and_of_the_clocks_only_those_of_rests(clinic: Clinic) -> None:
    assert KEEP_IDS_DAYS == 7
    with clinic.desk() as desk:
        for source, event_id, age in (
            ("telegram", "older", timedelta(days=7, microseconds=1)),
            ("terminal", "older", timedelta(days=400)),
            ("telegram", "seven days", timedelta(days=7)),
            ("clock", "older", timedelta(days=400)),
            ("clock", "due:rest:a:1", timedelta(days=8)),
            ("clock", "due:rest:a:2", timedelta(days=6)),
        ):
            desk.tx.session.add(
                models.Inbox(source=source, event_id=event_id, taken_at=desk.tx.now - age, failed=False)
            )
        desk.tx.session.flush()
        assert desk.mail.prune() == 3
        desk.tx.session.expire_all()
        assert set(inbox(desk)) == {("telegram", "seven days"), ("clock", "older"), ("clock", "due:rest:a:2")}


# --- outbox ---


def test_a_message_waits_as_it_was_given(clinic: Clinic, people: tuple[str, str], case_id: str) -> None:
    given = [
        News(people[0], "alert", {"text": "a", "buttons": []}, case_id, is_protected=True, is_silent=False),
        News(people[0], "reminder", {"text": "b"}, None, is_protected=False, is_silent=True, extra={"k": 1}),
    ]
    queue(clinic, *given)
    found = waiting(clinic, people[0])
    assert [w.news for w in found] == given
    assert [(w.account_id, w.attempts) for w in found] == [(people[0], 0)] * 2
    assert found[0].id < found[1].id


def test_a_message_waits_for_its_account_alone(clinic: Clinic, people: tuple[str, str]) -> None:
    queue(clinic, text(people[0]))
    assert len(waiting(clinic, people[0])) == 1
    assert waiting(clinic, people[1]) == []


def test_messages_leave_in_the_order_in_which_they_came(clinic: Clinic, people: tuple[str, str]) -> None:
    """Also where the database would give them in another one."""
    queue(clinic, *[text(people[0], str(number)) for number in range(6)])
    with clinic.desk() as desk:
        first, second = rows(desk)[:2]
        highest = rows(desk)[-1].id
        first.id, second.state = highest + 1, "sent"
        desk.tx.session.flush()
    found = waiting(clinic, people[0])
    assert [w.news.body["text"] for w in found] == ["2", "3", "4", "5", "0"]
    assert [w.id for w in found] == sorted(w.id for w in found)


def test_a_transaction_knows_for_whom_it_has_queued_something(clinic: Clinic, people: tuple[str, str]) -> None:
    with clinic.desk() as desk:
        assert desk.mail.added == set()
        desk.mail.add([text(people[1]), text(people[1])])
        assert desk.mail.added == {people[1]}
    with clinic.desk() as desk:
        assert desk.mail.added == set()


def test_a_queued_message_is_in_the_database_before_anything_else_is_asked_of_it(
    clinic: Clinic, people: tuple[str, str]
) -> None:
    """The order of the numbers is the order of the messages, whatever else the transaction writes."""
    with clinic.desk() as desk:
        desk.mail.add([text(people[0], "a"), text(people[0], "b")])
        assert not desk.tx.session.new
        assert [row.state for row in rows(desk)] == ["waiting", "waiting"]
        assert {row.created_at for row in rows(desk)} == {desk.tx.now}
        assert {row.sent_at for row in rows(desk)} == {None}
        assert len({row.token for row in rows(desk)}) == 2


def test_what_belongs_to_a_case_is_sealed_with_the_cases_key(
    clinic: Clinic, people: tuple[str, str], case_id: str
) -> None:
    queue(clinic, text(people[0], "of the case", case_id), text(people[0], "of no case"))
    with clinic.desk() as desk:
        of_case, of_none = rows(desk)
        place = ("outbox", of_case.token, "body")
        assert desk.tx.unseal(case_id, of_case.sealed_body, *place)["body"] == {"text": "of the case"}
        with pytest.raises(keys.SealError):
            desk.tx.unseal(keys.INSTALLATION, of_case.sealed_body, *place)
        assert desk.tx.unseal(keys.INSTALLATION, of_none.sealed_body, "outbox", of_none.token, "body")
        assert b"of the case" not in of_case.sealed_body


def test_a_sent_message_waits_no_more_and_bears_its_time(clinic: Clinic, people: tuple[str, str]) -> None:
    queue(clinic, text(people[0], "a"), text(people[0], "b"))
    first = waiting(clinic, people[0])[0].id
    with clinic.desk() as desk:
        desk.mail.mark_sent(first)
        row = desk.tx.session.get_one(models.Outbox, first)
        assert (row.state, row.sent_at) == ("sent", desk.tx.now)
    assert [w.news.body["text"] for w in waiting(clinic, people[0])] == ["b"]


def test_a_sent_invitation_is_gone_with_the_token_in_it(clinic: Clinic, people: tuple[str, str]) -> None:
    queue(clinic, replace(text(people[0]), kind="invitation"), text(people[0], "stays"))
    with clinic.desk() as desk:
        desk.mail.mark_sent(rows(desk)[0].id)
        desk.tx.session.flush()
        assert [row.kind for row in rows(desk)] == ["text"]


def test_a_message_is_tried_again_until_it_is_given_up(clinic: Clinic, people: tuple[str, str]) -> None:
    queue(clinic, text(people[0]))
    number = waiting(clinic, people[0])[0].id
    for attempts in (1, 2, 3):
        with clinic.desk() as desk:
            desk.mail.mark_attempt(number, gives_up=False)
        assert [w.attempts for w in waiting(clinic, people[0])] == [attempts]
    with clinic.desk() as desk:
        assert desk.mail.undelivered(people) == 0
        desk.mail.mark_attempt(number, gives_up=True)
    assert waiting(clinic, people[0]) == []
    with clinic.desk() as desk:
        assert rows(desk)[0].state == "failed"
        assert desk.mail.undelivered(people) == 1
        assert desk.mail.undelivered([people[1]]) == 0
        assert desk.mail.undelivered([]) == 0


def test_what_is_gone_is_neither_sent_nor_tried_nor_read(clinic: Clinic) -> None:
    with clinic.desk() as desk:
        desk.mail.mark_sent(99)
        desk.mail.mark_attempt(99, gives_up=True)
        assert desk.mail.body_of(99) is None
        assert rows(desk) == []


def test_the_body_of_a_message_can_be_looked_up(clinic: Clinic, people: tuple[str, str]) -> None:
    queue(clinic, text(people[0], "a"))
    with clinic.desk() as desk:
        assert desk.mail.body_of(rows(desk)[0].id) == {"text": "a"}


# --- who has something undelivered ---


def set_versions(clinic: Clinic, account_id: str, *, screen: int, delivered: int) -> None:
    """A conversation that stands at one version and was delivered at another."""
    with clinic.desk() as desk:
        day = clinic.clock.now.date()
        talk = desk.talks.get(desk.people.account_by_id(account_id), day)
        talk.screen_version = screen
        desk.talks.save(talk, day)
        desk.tx.session.flush()
        row = desk.tx.session.get_one(models.Conversation, account_id)
        row.screen_version, row.delivered_version = screen, delivered


@pytest.mark.parametrize(("screen", "delivered", "waits"), [(3, 2, True), (3, 3, False), (3, 4, False)])
def test_a_screen_that_is_newer_than_what_was_shown_is_undelivered(
    screen: int, delivered: int, waits: bool, clinic: Clinic, people: tuple[str, str]
) -> None:
    set_versions(clinic, people[0], screen=screen, delivered=delivered)
    with clinic.desk() as desk:
        assert desk.mail.accounts_waiting() == ([people[0]] if waits else [])


def test_a_waiting_message_is_undelivered_and_a_sent_or_failed_one_is_not(
    clinic: Clinic, people: tuple[str, str]
) -> None:
    queue(clinic, text(people[1]), text(people[0]), text(people[1]))
    with clinic.desk() as desk:
        assert desk.mail.accounts_waiting() == sorted(people)
        first, second, third = (row.id for row in rows(desk))
        desk.mail.mark_sent(second)
        desk.mail.mark_attempt(first, gives_up=True)
        desk.tx.session.flush()
        assert desk.mail.accounts_waiting() == [people[1]]
        desk.mail.mark_sent(third)
        desk.tx.session.flush()
        assert desk.mail.accounts_waiting() == []


# --- what was sent about a case ---


def sent(clinic: Clinic, account_id: str, message: str, case_id: str | None, kind: str = "map") -> None:
    with clinic.desk() as desk:
        desk.mail.remember_sent(account_id, message, case_id, kind)


def test_what_was_sent_about_a_case_can_be_found_to_take_it_back(
    clinic: Clinic, people: tuple[str, str], case_id: str
) -> None:
    sent(clinic, people[0], "11", case_id)
    sent(clinic, people[1], "11", None, "notice")
    with clinic.desk() as desk:
        ((account, message, kind, _),) = desk.mail.sent_of_case(case_id)
        assert (account, message, kind) == (people[0], "11", "map")


def test_a_message_is_remembered_once_as_it_was_first(clinic: Clinic, people: tuple[str, str], case_id: str) -> None:
    sent(clinic, people[0], "11", case_id)
    sent(clinic, people[0], "11", None, "notice")
    with clinic.desk() as desk:
        assert [(m, k) for _, m, k, _ in desk.mail.sent_of_case(case_id)] == [("11", "map")]
        assert desk.tx.session.scalar(select(func.count()).select_from(models.SentMessage)) == 1


def test_what_went_out_since_a_time_is_listed_newest_first(
    clinic: Clinic, people: tuple[str, str], case_id: str
) -> None:
    sent(clinic, people[0], "11", case_id, "map")
    with clinic.desk() as desk:
        since = desk.mail.sent_of_case(case_id)[0][3]
    sent(clinic, people[1], "12", None, "summary")
    sent(clinic, people[0], "13", None, "file")
    with clinic.desk() as desk:
        found = desk.mail.sent_since(people, since)
        assert [(kind, case) for kind, case, _ in found] == [("file", None), ("summary", None), ("map", case_id)]
        assert [at for *_, at in found] == sorted((at for *_, at in found), reverse=True)
        assert [kind for kind, *_ in desk.mail.sent_since([people[0]], since)] == ["file", "map"]
        assert [kind for kind, *_ in desk.mail.sent_since(people, since + timedelta(microseconds=1))] == [
            "file",
            "summary",
        ]
        assert desk.mail.sent_since([], since) == []


def test_what_was_queued_since_a_time_and_waits_names_its_accounts_once(
    clinic: Clinic, people: tuple[str, str], case_id: str
) -> None:
    queue(clinic, text(people[0]), text(people[0]), text(people[1]))
    with clinic.desk() as desk:
        first, _, other = rows(desk)
        at = first.created_at
        assert desk.mail.waiting_since(at) == sorted(people)
        assert desk.mail.waiting_since(at + timedelta(microseconds=1)) == []
        desk.mail.mark_sent(other.id)
        assert desk.mail.waiting_since(at) == [people[0]]


def test_what_waits_about_a_case_for_some_is_dropped_and_nothing_else(
    clinic: Clinic, people: tuple[str, str], case_id: str
) -> None:
    reminder = News(people[0], "reminder", {"text": "r"}, case_id)
    queue(clinic, text(people[0], "sent", case_id), text(people[0], "dropped", case_id), text(people[0], "no case"))
    queue(clinic, text(people[1], "another's", case_id), reminder)
    with clinic.desk() as desk:
        desk.mail.mark_sent(rows(desk)[0].id)
        desk.mail.drop_waiting([people[0]], case_id)
    with clinic.desk() as desk:
        kept = {(row.account_id, row.kind, row.state, row.case_id) for row in rows(desk)}
        assert kept == {
            (people[0], "text", "sent", case_id),
            (people[0], "text", "waiting", None),
            (people[0], "reminder", "waiting", case_id),
            (people[1], "text", "waiting", case_id),
        }

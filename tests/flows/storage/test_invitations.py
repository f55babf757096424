"""Invitations, rule by rule: a token opens one place, once, for a time, and is kept as a hash alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from support.walker import Clinic

from flows.desk import Desk
from flows.storage import keys, models
from flows.storage.invitations import PREFIX, InvitationInfo

WORDS = {"relation": "aunt", "responsible": "yes", "must_not_learn": ""}
DAYS = 14


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody can be invited to."""

    case_id: str
    encounter_id: str


@pytest.fixture
def place(clinic: Clinic) -> Place:
    with clinic.desk() as desk:
        return _place(desk, desk.people.add_clinician("Dr Sample").id, "Robin")


def _place(desk: Desk, clinician_id: str, label: str) -> Place:
    case = desk.cases.add_case(clinician_id, label, date(2018, 3, 14))
    return Place(case.id, desk.cases.add_encounter(case.id).id)


def made(clinic: Clinic, place: Place, *, days: int = DAYS) -> tuple[str, InvitationInfo]:
    with clinic.desk() as desk:
        return desk.invitations.make(
            case_id=place.case_id, encounter_id=place.encounter_id, role="carer", words=WORDS, days=days
        )


def is_usable(clinic: Clinic, token: str) -> bool:
    with clinic.desk() as desk:
        return desk.invitations.usable(token) is not None


def row_of(desk: Desk, invitation_id: str) -> models.Invitation:
    return desk.tx.session.get_one(models.Invitation, invitation_id)


def test_an_invitation_says_who_is_invited_to_what_and_for_how_long(clinic: Clinic, place: Place) -> None:
    _, info = made(clinic, place)
    assert (info.case_id, info.encounter_id, info.role, info.state) == (
        place.case_id,
        place.encounter_id,
        "carer",
        "open",
    )
    assert info.words == WORDS
    assert info.informant_id is None
    assert info.expires_at - info.created_at == timedelta(days=DAYS)
    with clinic.desk() as desk:
        assert desk.invitations.info(info.id) == info
        assert row_of(desk, info.id).ended_at is None


def test_a_token_is_long_random_and_kept_as_a_hash_alone(clinic: Clinic, place: Place) -> None:
    (one, info), (other, _) = made(clinic, place), made(clinic, place)
    assert one != other
    assert re.fullmatch(rf"{PREFIX}[a-z2-7]{{32}}", one), "160 bits in letters that a link can hold"
    assert PREFIX == "i_"
    with clinic.desk() as desk:
        row = row_of(desk, info.id)
        assert row.token_hash == keys.token_hash(one)
        assert one.encode() not in b"".join((row.token_hash, row.sealed_words))
        assert b"aunt" not in row.sealed_words


def test_a_new_invitation_can_be_looked_up_in_the_same_transaction(clinic: Clinic, place: Place) -> None:
    with clinic.desk() as desk, desk.tx.session.no_autoflush:
        token, info = desk.invitations.make(
            case_id=place.case_id, encounter_id=place.encounter_id, role="school", words=WORDS, days=1
        )
        assert desk.invitations.usable(token) == info


def test_a_token_opens_its_own_invitation_and_no_other(clinic: Clinic, place: Place) -> None:
    (one, first), (other, second) = made(clinic, place), made(clinic, place)
    with clinic.desk() as desk:
        assert desk.invitations.usable(one) == first
        assert desk.invitations.usable(other) == second
        for wrong in ("", PREFIX, one[:-1], one + "a", one.upper(), first.id, "i_" + "a" * 32):
            assert desk.invitations.usable(wrong) is None


def test_a_hash_that_is_only_alike_opens_nothing(clinic: Clinic, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that compares loosely must not open a door: the found hash is compared once more."""
    token, info = made(clinic, place)
    with clinic.desk() as desk:
        row = row_of(desk, info.id)
        row.token_hash = keys.token_hash("another")
        monkeypatch.setattr(desk.tx.session, "scalar", lambda _: row)
        assert desk.invitations.usable(token) is None
        assert desk.invitations.usable("another") is not None


@pytest.mark.parametrize(("before_the_end", "opens"), [(1, True), (0, False), (-1, False)])
def test_an_invitation_ends_at_its_very_moment(before_the_end: int, opens: bool, clinic: Clinic, place: Place) -> None:
    token, info = made(clinic, place)
    with clinic.desk() as desk:
        desk.tx.now = info.expires_at - timedelta(microseconds=before_the_end)
        assert (desk.invitations.usable(token) is not None) is opens
        assert ([e.id for e in desk.invitations.expired()] == [info.id]) is not opens


def test_a_used_invitation_opens_no_more_and_names_who_came(clinic: Clinic, place: Place) -> None:
    token, info = made(clinic, place)
    other, _ = made(clinic, place)
    with clinic.desk() as desk:
        informant = desk.cases.informant(place.case_id, "carer", None, {})
        desk.invitations.use(info.id, informant)
        row = row_of(desk, info.id)
        assert (row.state, row.informant_id, row.ended_at) == ("used", informant, desk.tx.now)
    assert not is_usable(clinic, token)
    assert is_usable(clinic, other), "the other invitation of the case was not used"


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
def test_an_open_invitation_can_be_ended(how: str, clinic: Clinic, place: Place) -> None:
    token, info = made(clinic, place)
    with clinic.desk() as desk:
        desk.invitations.end(info.id, how)
        row = row_of(desk, info.id)
        assert (row.state, row.ended_at) == (how, desk.tx.now)
    assert not is_usable(clinic, token)


def test_what_is_used_cannot_be_withdrawn_any_more(clinic: Clinic, place: Place) -> None:
    """Else the record would no longer say by which way somebody came in."""
    _, info = made(clinic, place)
    with clinic.desk() as desk:
        informant = desk.cases.informant(place.case_id, "carer", None, {})
        desk.invitations.use(info.id, informant)
        used_at = desk.tx.now
    with clinic.desk() as desk:
        desk.invitations.end(info.id, "withdrawn")
        row = row_of(desk, info.id)
        assert (row.state, row.ended_at, row.informant_id) == ("used", used_at, informant)


def test_only_open_invitations_run_out(clinic: Clinic, place: Place) -> None:
    infos = [made(clinic, place)[1] for _ in range(3)]
    late = made(clinic, place, days=DAYS + 1)[1]
    with clinic.desk() as desk:
        desk.invitations.use(infos[0].id, desk.cases.informant(place.case_id, "carer", None, {}))
        desk.invitations.end(infos[1].id, "withdrawn")
        assert desk.invitations.expired() == []
        desk.tx.now = infos[2].expires_at
        desk.tx.session.flush()
        assert [i.id for i in desk.invitations.expired()] == [infos[2].id]
        desk.tx.now = late.expires_at
        assert {i.id for i in desk.invitations.expired()} == {infos[2].id, late.id}


def test_the_invitations_of_a_case_are_its_own_in_the_order_they_were_made(clinic: Clinic, place: Place) -> None:
    infos = [made(clinic, place)[1] for _ in range(4)]
    with clinic.desk() as desk:
        (clinician,) = desk.people.clinicians()
        elsewhere = _place(desk, clinician.id, "Sasha")
    other = made(clinic, elsewhere)[1]
    with clinic.desk() as desk:
        oldest = infos[2]
        row_of(desk, oldest.id).created_at = oldest.created_at - timedelta(days=1)
        desk.tx.session.flush()
        found = [i.id for i in desk.invitations.of_case(place.case_id)]
        assert found == [infos[i].id for i in (2, 0, 1, 3)]
        assert [i.id for i in desk.invitations.of_case(elsewhere.case_id)] == [other.id]


def test_there_is_no_invitation_where_none_was_made(clinic: Clinic, place: Place) -> None:
    with clinic.desk() as desk:
        assert desk.invitations.info("none") is None
        assert desk.invitations.of_case(place.case_id) == []
        assert desk.invitations.expired() == []
        assert desk.tx.session.scalar(select(models.Invitation)) is None


def test_a_used_token_still_tells_whom_it_let_in_and_any_other_nobody(clinic: Clinic, place: Place) -> None:
    token, invitation = made(clinic, place)
    other, _ = made(clinic, place)
    with clinic.desk() as desk:
        account = desk.people.account("phone", "7", "en")
        informant = desk.cases.informant(place.case_id, "carer", account.id, WORDS)
        assert desk.invitations.informant_of(token) is None
        desk.invitations.use(invitation.id, informant)
        assert desk.invitations.informant_of(token) == informant
        assert desk.invitations.informant_of(other) is None
        assert desk.invitations.informant_of("i_nobody") is None

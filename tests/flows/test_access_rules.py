"""The table of who may do what, against a second list of it, and each role where it stands.

The lists below are written from what each role is for, and not copied from `flows/access.py`: an action that moves from one
group to another has to be moved in both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, get_args

import pytest

from flows.access import ANSWERING, CLINICIAN, EVERYBODY, INFORMANTS, MAY, Actor, actor_of, permits
from flows.conversation import Account
from flows.machines import HOME, INTERVIEW

#: Answering, looking back, resting: whoever answers.
WHO_ANSWERS = """set fill not_known not_sure skip say next forward back why note pause resume section page edit
go_on_with stop_reminding mine choose_place set_language language help privacy"""
#: What only who was invited does: agreeing, saying who they are, sending, taking back, hiding, erasing their own.
WHO_WAS_INVITED = """agree decline choose word compare confirm slip send withdraw hide show here erase_one
yes_erase_mine"""
#: What changes or shows ratings, cases, results, flags, invitations.
WHO_ASSESSES = """rate expected aside write weeks finish change confirm_all one_by_one as_said notes contact invite role
responsible nobody withdraw_invitation home go_back new typed start cases open go_on reassess results finished again
history_picture report hand hand_over compare_results hold erase yes_erase in_error yes_in_error case_flags flags clear
plan plan_activity plan_as_computed plan_drop plan_drop_for plan_limit plan_limits plan_send plan_swap plan_swap_for"""
ANYBODY = "invited"
#: Only who is nobody here yet.
NOBODY_YET = "enrol"

INFORMANT_ROLES = frozenset({"carer", "school", "self"})
TABLE: dict[str, frozenset[str]] = {
    **dict.fromkeys(WHO_ANSWERS.split(), INFORMANT_ROLES | {"clinician"}),
    **dict.fromkeys(WHO_WAS_INVITED.split(), INFORMANT_ROLES),
    **dict.fromkeys(WHO_ASSESSES.split(), frozenset({"clinician"})),
    ANYBODY: INFORMANT_ROLES | {"clinician", "stranger"},
    NOBODY_YET: frozenset({"stranger"}),
}
TRIGGERS = sorted({move.trigger for move in (*INTERVIEW.moves, *HOME.moves)})
ACTORS = get_args(Actor)


@dataclass
class Interview:
    role: str


@dataclass
class Talk:
    """As much of a conversation as says who acts."""

    account: Account
    interview: Any = field(default=None)


def talk_of(actor: str) -> Any:
    """A conversation in which somebody acts in a role."""
    if actor == "stranger":
        return Talk(account())
    if actor == "clinician":
        return Talk(account(clinician_id="c"))
    return Talk(account(informs=True), Interview(actor))


def account(clinician_id: str | None = None, *, informs: bool = False) -> Account:
    return Account("a", "phone", "1", clinician_id, informs=informs)


def test_the_groups_are_who_they_say() -> None:
    assert set(CLINICIAN) == {"clinician"}
    assert set(INFORMANTS) == INFORMANT_ROLES
    assert set(ANSWERING) == INFORMANT_ROLES | {"clinician"}
    assert set(EVERYBODY) == set(ACTORS) == INFORMANT_ROLES | {"clinician", "stranger"}


@pytest.mark.parametrize("action", sorted({*TABLE, *MAY, *TRIGGERS}))
def test_an_action_is_for_whom_this_list_says(action: str) -> None:
    assert MAY.get(action) == TABLE.get(action), f"{action}: the table and this list differ, or one lacks it"


@pytest.mark.parametrize("actor", ACTORS)
def test_each_role_may_do_what_the_list_says_and_nothing_else(actor: str) -> None:
    talk = talk_of(actor)
    assert actor_of(talk) == actor
    for action in (*TABLE, "banana", "", "__init__"):
        assert permits(talk, action) is (actor in TABLE.get(action, ()))


@pytest.mark.parametrize("role", sorted(INFORMANT_ROLES))
def test_a_clinician_who_answers_a_questionnaire_can_leave_it_for_their_own_cases_and_rates_nothing_in_it(
    role: str,
) -> None:
    both = Talk(account(clinician_id="c", informs=True), Interview(role))
    assert actor_of(both) == role
    ways_out = {a for a in TABLE if permits(both, a) and role not in TABLE[a]}
    assert ways_out == {"home", "cases", "flags", "new", "open"}


def test_a_clinician_who_answers_a_questionnaire_besides_can_erase_what_they_said_and_no_other_can() -> None:
    both = Talk(account(clinician_id="c", informs=True))
    assert {a for a in TABLE if permits(both, a) and "clinician" not in TABLE[a]} == {"erase_one", "yes_erase_mine"}


@pytest.mark.parametrize(
    ("clinician_id", "informs", "role", "actor"),
    [
        (None, False, None, "stranger"),
        (None, True, None, "carer"),
        ("c", False, None, "clinician"),
        ("c", True, None, "clinician"),
        ("c", False, "clinician", "clinician"),
        (None, True, "school", "school"),
        (None, True, "self", "self"),
        # inside a questionnaire a clinician is who was invited, and sees no more than that
        ("c", True, "carer", "carer"),
        ("c", False, "self", "self"),
        # an account that is no clinician's any more gains nothing from standing in a clinician's interview
        (None, False, "clinician", "stranger"),
        (None, True, "clinician", "carer"),
    ],
)
def test_a_role_follows_from_the_questionnaire_then_the_account(
    clinician_id: str | None, informs: bool, role: str | None, actor: str
) -> None:
    talk: Any = Talk(account(clinician_id, informs=informs), role and Interview(role))
    assert actor_of(talk) == actor

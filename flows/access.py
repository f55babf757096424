"""Who may do what: one table of role by action. An action that names nobody fails a test, and is refused to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from flows.conversation import Talk

Actor = Literal["clinician", "carer", "school", "self", "stranger"]

CLINICIAN: frozenset[Actor] = frozenset({"clinician"})
ANSWERING: frozenset[Actor] = frozenset({"clinician", "carer", "school", "self"})
INFORMANTS: frozenset[Actor] = frozenset({"carer", "school", "self"})
EVERYBODY: frozenset[Actor] = ANSWERING | {"stranger"}

#: Every trigger of both machines.
MAY: Mapping[str, frozenset[Actor]] = {
    # an interview
    "set": ANSWERING,
    "fill": ANSWERING,
    "not_known": ANSWERING,
    "not_sure": ANSWERING,
    "skip": ANSWERING,
    "say": ANSWERING,
    "next": ANSWERING,
    "forward": ANSWERING,
    "back": ANSWERING,
    "why": ANSWERING,
    "note": ANSWERING,
    "pause": ANSWERING,
    "resume": ANSWERING,
    "section": ANSWERING,
    "page": ANSWERING,
    "edit": ANSWERING,
    "rate": CLINICIAN,
    "expected": CLINICIAN,
    "aside": CLINICIAN,
    "write": CLINICIAN,
    "weeks": CLINICIAN,
    "finish": CLINICIAN,
    "change": CLINICIAN,
    # a questionnaire
    "agree": INFORMANTS,
    "decline": INFORMANTS,
    "choose": INFORMANTS,
    "word": INFORMANTS,
    "compare": INFORMANTS,
    "confirm": INFORMANTS,
    "slip": INFORMANTS,
    "send": INFORMANTS,
    "withdraw": INFORMANTS,
    "hide": INFORMANTS,
    "show": INFORMANTS,
    "here": INFORMANTS,
    "erase_one": INFORMANTS,
    "yes_erase_mine": INFORMANTS,
    "go_on_with": ANSWERING,
    "stop_reminding": ANSWERING,
    "mine": ANSWERING,
    "choose_place": ANSWERING,
    "invited": EVERYBODY,
    "set_language": ANSWERING,
    "language": ANSWERING,
    # others' answers
    "confirm_all": CLINICIAN,
    "one_by_one": CLINICIAN,
    "as_said": CLINICIAN,
    "notes": CLINICIAN,
    "contact": CLINICIAN,
    # inviting
    "invite": CLINICIAN,
    "role": CLINICIAN,
    "responsible": CLINICIAN,
    "nobody": CLINICIAN,
    "withdraw_invitation": CLINICIAN,
    # the home
    "enrol": frozenset({"stranger"}),
    "home": CLINICIAN,
    "go_back": CLINICIAN,
    "new": CLINICIAN,
    "typed": CLINICIAN,
    "start": CLINICIAN,
    "cases": CLINICIAN,
    "open": CLINICIAN,
    "go_on": CLINICIAN,
    "reassess": CLINICIAN,
    "results": CLINICIAN,
    "finished": CLINICIAN,
    "again": CLINICIAN,
    "plan": CLINICIAN,
    "plan_activity": CLINICIAN,
    "plan_swap": CLINICIAN,
    "plan_swap_for": CLINICIAN,
    "plan_drop": CLINICIAN,
    "plan_drop_for": CLINICIAN,
    "plan_limits": CLINICIAN,
    "plan_limit": CLINICIAN,
    "plan_as_computed": CLINICIAN,
    "plan_send": CLINICIAN,
    "history_picture": CLINICIAN,
    "report": CLINICIAN,
    "hand": CLINICIAN,
    "hand_over": CLINICIAN,
    "compare_results": CLINICIAN,
    "hold": CLINICIAN,
    "erase": CLINICIAN,
    "yes_erase": CLINICIAN,
    "in_error": CLINICIAN,
    "yes_in_error": CLINICIAN,
    "case_flags": CLINICIAN,
    "flags": CLINICIAN,
    "clear": CLINICIAN,
    "help": ANSWERING,
    "privacy": ANSWERING,
}

#: What leads out of a questionnaire to somebody's own cases: a clinician who answers one is still their clinician.
TO_OWN_CASES = frozenset({"home", "cases", "flags", "new", "open"})
#: What somebody does with their own answers from outside of a questionnaire: a clinician who answers one is its informant too.
WITH_OWN_ANSWERS = frozenset({"erase_one", "yes_erase_mine"})


def actor_of(talk: Talk) -> Actor:
    """In which role an account acts just now."""
    if talk.interview and talk.interview.role != "clinician":
        return talk.interview.role
    if talk.account.clinician_id:
        return "clinician"
    return "carer" if talk.account.informs else "stranger"


def permits(talk: Talk, trigger: str) -> bool:
    """Whether the account may fire a trigger where it stands."""
    is_both = talk.account.informs and talk.account.clinician_id is not None
    if is_both and trigger in TO_OWN_CASES | WITH_OWN_ANSWERS:
        return True
    return actor_of(talk) in MAY.get(trigger, frozenset())

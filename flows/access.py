"""Who may do what: one table of role by action. An action that names nobody fails a test, and is refused to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from flows.conversation import Talk

Actor = Literal["clinician", "carer", "school", "self", "stranger"]

CLINICIAN: frozenset[Actor] = frozenset({"clinician"})
ANSWERING: frozenset[Actor] = frozenset({"clinician", "carer", "school", "self"})
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
    # the home
    "enrol": frozenset({"stranger"}),
    "home": CLINICIAN,
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
    "history_picture": CLINICIAN,
    "hold": CLINICIAN,
    "erase": CLINICIAN,
    "yes_erase": CLINICIAN,
    "in_error": CLINICIAN,
    "yes_in_error": CLINICIAN,
    "case_flags": CLINICIAN,
    "flags": CLINICIAN,
    "clear": CLINICIAN,
    "help": CLINICIAN,
    "privacy": CLINICIAN,
}


def actor_of(talk: Talk) -> Actor:
    """In which role an account acts just now."""
    if talk.interview and talk.interview.role != "clinician":
        return talk.interview.role
    return "clinician" if talk.account.clinician_id else "stranger"


def permits(talk: Talk, trigger: str) -> bool:
    """Whether the account may fire a trigger where it stands."""
    return actor_of(talk) in MAY.get(trigger, frozenset())

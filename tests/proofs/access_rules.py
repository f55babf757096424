"""Who may do what, said once more and apart from the program: written from what the product promises, not from its tables.

A role is what an account is towards a case, not what a table calls it. Each action names the roles it is for; whatever the
program can do and is not named here fails the proof. Each word that was told in confidence names the people who may read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: What an account can be. `nobody`: strangers, suspended and removed clinicians, bots, groups, links that ran out.
CLINICIAN, INFORMANT, NOBODY = "clinician", "informant", "nobody"

WORKING = frozenset({CLINICIAN})
INFORMING = frozenset({INFORMANT})
BOTH = frozenset({CLINICIAN, INFORMANT})
ANYBODY = frozenset({CLINICIAN, INFORMANT, NOBODY})
FROM_OUTSIDE_NEVER: frozenset[str] = frozenset()

#: Every action a button can carry.
ACTIONS: Mapping[str, frozenset[str]] = {
    # answering: a clinician in their own interview, an informant in their own questionnaire
    **dict.fromkeys(
        ("set", "fill", "not_known", "not_sure", "skip", "say", "next", "back", "why", "note", "pause", "resume"), BOTH
    ),
    **dict.fromkeys(("section", "page", "edit", "help", "privacy", "language", "set_language"), BOTH),
    # judging: ratings, facts and what others said are the clinician's
    **dict.fromkeys(("rate", "expected", "aside", "write", "weeks", "finish", "change", "contact", "notes"), WORKING),
    **dict.fromkeys(("confirm_all", "one_by_one", "as_said"), WORKING),
    # a questionnaire: consent, danger, sending and stopping are the informant's
    **dict.fromkeys(
        ("agree", "decline", "choose", "word", "compare", "confirm", "slip", "send", "withdraw"), INFORMING
    ),
    **dict.fromkeys(("hide", "show", "here", "erase_one", "yes_erase_mine"), INFORMING),
    # somebody who is both chooses where to go; a clinician who answers for no case finds nothing there
    **dict.fromkeys(("go_on_with", "stop_reminding", "mine", "choose_place"), BOTH),
    # a clinician's own cases
    **dict.fromkeys(("home", "go_back", "new", "typed", "cases", "open", "start", "go_on", "reassess"), WORKING),
    **dict.fromkeys(("results", "again", "history_picture", "report", "hand", "hand_over", "compare_results"), WORKING),
    **dict.fromkeys(("hold", "erase", "yes_erase", "in_error", "yes_in_error"), WORKING),
    **dict.fromkeys(("case_flags", "flags", "clear"), WORKING),
    # a plan as its clinician edits it
    **dict.fromkeys(("plan", "plan_activity", "plan_as_computed", "plan_drop", "plan_drop_for", "plan_limit"), WORKING),
    **dict.fromkeys(("plan_limits", "plan_send", "plan_swap", "plan_swap_for"), WORKING),
    **dict.fromkeys(("invite", "role", "responsible", "nobody", "withdraw_invitation"), WORKING),
    # ways in: only with a code or link that works
    "invited": ANYBODY,
    "enrol": frozenset({NOBODY}),
    # what follows by itself never comes from outside: it would lead past a question
    "forward": FROM_OUTSIDE_NEVER,
    "finished": FROM_OUTSIDE_NEVER,
}

#: Commands a person can type. `start` alone leads everybody to where they belong, and shows nobody anything.
COMMANDS: Mapping[str, frozenset[str]] = {
    "start": ANYBODY,
    "new": WORKING,
    "cases": WORKING,
    "resume": BOTH,
    "invite": WORKING,
    "help": BOTH,
    "privacy": BOTH,
    "language": BOTH,
    "erase": BOTH,  # an informant's leads to Privacy, where their own questionnaire can be erased
}

#: Kinds of updates that are let in, with who is heard through them.
UPDATES: Mapping[str, frozenset[str]] = {
    "message": ANYBODY,
    "edited_message": ANYBODY,  # one line that says what works
    "callback_query": ANYBODY,
    "my_chat_member": ANYBODY,  # the bot was blocked, or put into a group, which it leaves
}

#: Verbs of the command line: all of them are the operator's, who holds the key file. Those that touch no case need none.
OPERATOR, WITHOUT_KEY = "with the key", "without the key"
VERBS: Mapping[str, str] = {
    **dict.fromkeys(
        ("chat", "serve", "cases", "case move", "case hold", "flags", "invite", "export", "import"), OPERATOR
    ),
    **dict.fromkeys(("erase", "clinician add", "clinician code", "clinician list", "clinician suspend"), OPERATOR),
    **dict.fromkeys(("clinician resume", "clinician remove", "doctor"), OPERATOR),
    **dict.fromkeys(("db upgrade", "db check", "db backup", "db restore", "db rotate-key"), OPERATOR),
    **dict.fromkeys(("demo", "score", "compare", "instrument check", "instrument show"), WITHOUT_KEY),
    "instrument preview": WITHOUT_KEY,
}

#: Words an informant never meets, not even denied.
NOT_FOR_INFORMANTS = re.compile(r"\b(scores?|ratings?|percent|map)\b|%", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """Something told in confidence: who said it of which case, and who may read it besides the case's clinician."""

    words: str
    case: str
    told_by: str = ""


#: The case that everything is about, and the one of a colleague.
ROBIN, OTHER = "Robin-Zorbelia", "Sam-Quendrix"
SECRETS = (
    Secret(ROBIN, ROBIN),
    Secret(OTHER, OTHER),
    Secret("languages-volapuk", ROBIN),
    Secret("clinicians-note-quetzal", ROBIN),
    Secret("relation-gander", ROBIN),
    Secret("hidden-from-uncle-otter", ROBIN),
    Secret("begun-note-ibis", ROBIN, "carer_begun"),
    Secret("sent-note-stoat", ROBIN, "carer_sent"),
    Secret("school-note-lemur", ROBIN, "school"),
    Secret("self-note-tapir", ROBIN, "self"),
    Secret("both-note-okapi", ROBIN, "both"),
    Secret("other-note-civet", OTHER, "carer_other"),
)
NOTES = {s.told_by: s.words for s in SECRETS if s.told_by}

#: Actors with the role they have while their case is there.
ACTORS: Mapping[str, frozenset[str]] = {
    "owner": WORKING,
    "colleague": WORKING,
    "suspended": frozenset({NOBODY}),
    "removed": frozenset({NOBODY}),
    "carer_begun": INFORMING,
    "carer_sent": INFORMING,
    "carer_withdrawn": INFORMING,
    "carer_expired": frozenset({NOBODY}),
    "carer_danger": INFORMING,  # has just said yes to a danger question
    "carer_last": INFORMING,  # before Send
    "carer_other": INFORMING,
    "school": INFORMING,
    "self": INFORMING,
    "both": BOTH,
    "stranger": frozenset({NOBODY}),
    "bot": frozenset({NOBODY}),
    "group": frozenset({NOBODY}),
}
INFORMANTS_OF_ROBIN = frozenset(ACTORS) & frozenset(
    {"carer_begun", "carer_sent", "carer_withdrawn", "carer_danger", "carer_last", "school", "self", "both"}
)
STATES = (
    "waiting",
    "history",
    "functioning",
    "relationships",
    "safety",
    "review",
    "finished",
    "reassessed",
    "held",
    "in_error",
    "erased",
    "moved",
)


def roles_of(actor: str, state: str) -> frozenset[str]:
    """What an actor is in a state of the case: with the case gone, who only answered for it is nobody again."""
    if state == "erased" and actor in INFORMANTS_OF_ROBIN:
        return WORKING if actor == "both" else frozenset({NOBODY})
    return ACTORS[actor]


def clinician_of(case: str, state: str) -> str:
    """Whose case it is."""
    if case == OTHER:
        return "colleague"
    return "colleague" if state == "moved" else "owner"


def may_do(actor: str, action: str, state: str, rules: Mapping[str, frozenset[str]] = ACTIONS) -> bool:
    """Whether an action is for what the actor is; an action that is named nowhere is for nobody."""
    return bool(roles_of(actor, state) & rules.get(action, FROM_OUTSIDE_NEVER))


def may_read(reader: str, secret: Secret, state: str) -> bool:
    """The clinician of the case reads all of it; whoever said something reads that again."""
    return reader in (clinician_of(secret.case, state), secret.told_by)

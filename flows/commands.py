"""What a typed command stands for: the trigger that it fires where the conversation stands."""

from __future__ import annotations

from flows.conversation import Turn
from flows.storage.invitations import PREFIX as INVITATION


def trigger_of(turn: Turn) -> str:
    """What a command does: most lead home or to a home screen; `/start CODE` enrols or opens an invitation."""
    name, arg = turn.event.action, turn.event.arg
    talk = turn.talk
    if name == "start" and arg:
        return _opened(turn, arg)
    if name == "start" and talk.account.informs and talk.account.clinician_id:
        return "choose_place"
    is_answering = talk.interview is not None and talk.interview.role != "clinician"
    if name in ("start", "resume") and (is_answering or talk.is_hidden):
        return "here"
    if talk.account.clinician_id is None:
        return {"erase": "privacy", "start": "mine", "resume": "mine"}.get(name, name)
    return {"start": "home", "resume": "go_back", "erase": "cases"}.get(name, name)


def _opened(turn: Turn, token: str) -> str:
    """A link with a code or an invitation; a wrong one slows the account that tries it, and looks like a used one."""
    account, desk = turn.talk.account, turn.desk
    is_invitation = token.startswith(INVITATION)
    if is_invitation and (own := desk.opened_before(account.id, token)):
        turn.arg = own  # one's own link once more leads back to where the questionnaire stands
        return "here" if turn.talk.is_hidden else "go_on_with"
    known = desk.invitations.usable(token) if is_invitation else desk.people.clinician_of_code(token)
    if known is None or desk.people.is_slowed(account.id):
        desk.people.count_wrong_token(account.id)
    if is_invitation:
        return "invited"
    return "enrol" if account.clinician_id is None else "home"

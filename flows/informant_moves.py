"""What an informant does outside a questionnaire: come in by a link, go on with one, erase it, choose a language."""

from __future__ import annotations

from flows.conversation import Turn
from flows.wording import languages


def is_clinician(turn: Turn) -> bool:
    return turn.talk.account.clinician_id is not None


def is_informant(turn: Turn) -> bool:
    return turn.talk.account.informs


def is_only_informant(turn: Turn) -> bool:
    return is_informant(turn) and not is_clinician(turn)


def is_both(turn: Turn) -> bool:
    return is_informant(turn) and is_clinician(turn)


def has_invitation(turn: Turn) -> bool:
    return not turn.desk.people.is_slowed(turn.talk.account.id) and turn.desk.invitations.usable(turn.arg) is not None


def accept_invitation(turn: Turn) -> None:
    invitation = turn.desk.invitations.usable(turn.arg)
    assert invitation is not None
    turn.desk.accept(turn, invitation)
    turn.talk.home.draft = {}


def is_mine(turn: Turn) -> bool:
    return any(info.id == turn.arg for info in turn.desk.cases.informing(turn.talk.account.id))


def open_mine(turn: Turn) -> None:
    turn.desk.open_interview(turn, turn.arg)
    turn.talk.home.draft = {}


def choose_mine_to_erase(turn: Turn) -> None:
    turn.talk.home.draft = {"erase": turn.arg}


def knows_mine(turn: Turn) -> bool:
    chosen = turn.talk.home.draft.get("erase")
    return any(info.id == chosen for info in turn.desk.cases.informing(turn.talk.account.id))


def erase_mine(turn: Turn) -> None:
    """Into the questionnaire and out of it by its own transition: withdrawn, with nothing kept but danger answers."""
    turn.desk.open_interview(turn, turn.talk.home.draft["erase"])
    turn.then = "withdraw"
    turn.talk.home.draft = {}


def is_language(turn: Turn) -> bool:
    return turn.arg in languages()


def set_language(turn: Turn) -> None:
    turn.desk.people.set_locale(turn.talk.account.id, turn.arg)
    turn.talk.account = turn.desk.people.account_by_id(turn.talk.account.id)

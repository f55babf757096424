"""What works over every screen of somebody who answers, whatever its state: Hide and the way back, and no more reminders."""

from __future__ import annotations

from flows.conversation import Turn
from flows.wording import translator


def _hide(turn: Turn) -> None:
    """Something neutral at once; a danger answer left standing is meant."""
    if turn.talk.interview:
        turn.desk.latch_unconfirmed(turn)
    turn.talk.is_hidden = True
    turn.talk.home.draft.pop("offers_return", None)


def _show(turn: Turn) -> None:
    turn.talk.is_hidden = False
    turn.talk.home.draft.pop("offers_return", None)


def _here(turn: Turn) -> None:
    """`/start`: the place where the conversation stands; behind the curtain, a way back."""
    if turn.talk.is_hidden:
        turn.talk.home.draft["offers_return"] = True


def _stop_reminding(turn: Turn) -> None:
    for info in turn.desk.cases.informing(turn.talk.account.id):
        turn.desk.cases.stop_reminding(info.id)
    turn.say(translator(turn.talk.account.locale)("You will not be reminded any more."))


#: What is done, by trigger.
CURTAIN = {"hide": _hide, "show": _show, "here": _here, "stop_reminding": _stop_reminding}

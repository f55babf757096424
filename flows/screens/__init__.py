"""Conversation → screen, purely: which words stand there, and which buttons the machine's transitions allow."""

from __future__ import annotations

from flows.conversation import Turn
from flows.screens.carer import carer_screen, hidden_screen
from flows.screens.home import home_screen
from flows.screens.interview import interview_screen
from flows.screens.parts import Rendered
from flows.views import Screen
from scoring.documents.blocks import Block, Paragraph


def _rendered(turn: Turn) -> Rendered:
    interview = turn.talk.interview
    if turn.talk.is_hidden:
        return hidden_screen(turn)
    if interview is None:
        return home_screen(turn)
    return interview_screen(turn) if interview.role == "clinician" else carer_screen(turn)


def show(turn: Turn) -> Screen:
    """The screen of a conversation as it stands now; the turn is only read."""
    talk = turn.talk
    blocks, rows, typed = _rendered(turn)
    hint: tuple[Block, ...] = (Paragraph(talk.hint, "strong"),) if talk.hint else ()
    return Screen(
        account_id=talk.account.id,
        number=talk.screen_number,
        version=talk.screen_version,
        blocks=(*hint, *blocks),
        rows=rows,
        typed=typed,
        leaves_nothing=talk.account.clinician_id is None and talk.account.informs,
    )


__all__ = ["show"]

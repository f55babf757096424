"""What typed words do: a rating, weeks, languages, a note, or the text a screen asks for; a bare number is never a note."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.conversation import Turn
from flows.itinerary import STAGES

NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?\Z")
NOTE = re.compile(r"note\s*:\s*", re.IGNORECASE)
ASKS_FOR_TEXT = frozenset({"label", "born", "clearing", "plan_drop", "invite_relation", "invite_hidden_from"})


@dataclass(frozen=True, slots=True)
class Read:
    """The trigger that a text stands for, or one line that says why it stands for none."""

    trigger: str = ""
    arg: str = ""
    text: str = ""
    refusal: str = ""


def read_text(turn: Turn) -> Read:
    """What a typed text means where the conversation stands."""
    text = turn.event.text.strip()
    interview = turn.talk.interview
    if interview is None:
        if turn.talk.home.state in ASKS_FOR_TEXT:
            return Read("typed", text=text)
        return Read(refusal="Nothing to type here. Use the buttons below.")
    if interview.state not in STAGES:
        return Read(refusal="This is paused. Tap Go on, and type then.")
    if prefix := NOTE.match(text):
        return Read("note", text=text[prefix.end() :])
    step = turn.step
    if step.key == "about.word":
        return Read("word", text=text)
    if interview.role != "clinician" and interview.state == "consent":
        return Read(refusal="Nothing to type here. Use the buttons below.")
    if NUMBER.fullmatch(text):
        return _number(turn, text)
    if step.kind == "facts" and text:
        return Read("write", text=text)
    return Read("note", text=text)


def _number(turn: Turn, text: str) -> Read:
    step, scale = turn.step, turn.instrument.figures.rating
    if step.kind == "function" and turn.interview.role == "clinician":
        if text.isdecimal() and scale.min <= int(text) <= scale.max:
            return Read("rate", arg=str(int(text)))
        return Read(
            refusal=f"A rating is a whole number from {scale.min} to {scale.max}. “note: {text[:12]}” keeps it as a note."
        )
    if "weeks_early" in step.items:
        if text.isdecimal() and int(text) <= 18:
            return Read("weeks", arg=str(int(text)))
        return Read(refusal="Weeks born early go from 0 to 18.")
    return Read(refusal="A number alone is not kept here. Tap a button, or write “note: …”.")

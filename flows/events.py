"""What arrives: one frozen record for a tap, a text, a command or a due time, whatever channel it came through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EventKind = Literal["tap", "text", "command", "other", "due"]

#: Screen number of buttons that stand under a message of their own (an alert's Open) and not under a question.
ANY_SCREEN = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes
    ----------
    source, id : together unique; an event that comes again under the same id changes nothing
    channel, address : whose account it is ("telegram", the chat's id)
    action : what a tap does, a command's name, or the kind of a due time
    arg : the value a tap sets, a command's argument, or the id a due time is for
    screen : the number of the screen that a tap answers; `ANY_SCREEN` for buttons under messages of their own
    locale : the account's language as the channel tells it, for a first screen
    """

    source: str
    id: str
    channel: str
    address: str
    kind: EventKind
    action: str = ""
    arg: str = ""
    text: str = ""
    screen: int | None = None
    locale: str = "en"


def tap_data(screen: int, action: str, arg: str = "") -> str:
    """What a button carries, at most 64 bytes: the screen it answers, what it does, the value it sets."""
    data = f"{screen:x}.{action}.{arg}" if arg else f"{screen:x}.{action}"
    assert len(data.encode()) <= 64, data
    return data


def parse_tap(data: str) -> tuple[int, str, str] | None:
    """Screen, action and value of what a button carried; `None` for what no screen of ours has made."""
    screen, _, rest = data.partition(".")
    action, _, arg = rest.partition(".")
    if not (
        action.isidentifier() and action.isascii() and 0 < len(screen) <= 8 and screen.isascii() and screen.isalnum()
    ):
        return None
    if not (arg.isascii() and arg.isprintable()):
        return None  # a half character could not even be looked for in a database
    try:
        return int(screen, 16), action, arg
    except ValueError:
        return None

"""What leaves: screens (the one live message) and news (new messages), as data that any channel can render."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from flows.events import tap_data
from scoring.documents.blocks import Block

#: What typed words do on a screen: set a rating, make a note, give the text that is asked for, or nothing.
Typed = Literal["rating", "note", "text", "nothing"]


@dataclass(frozen=True, slots=True)
class Button:
    """`words` stand on the button; `action` and `arg` say what a tap does. `is_chosen` marks the present answer."""

    words: str
    action: str
    arg: str = ""
    is_chosen: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen of a conversation: blocks of text and rows of buttons.

    `number` changes when the screen moves on, so that a tap on an old one is known; `version` rises with every accepted
    turn, so that a channel knows whether what it has shown is still true. `leaves_nothing` asks a channel to take an
    older message away and not only its buttons, where somebody may read along.
    """

    account_id: str
    number: int
    version: int
    blocks: tuple[Block, ...]
    rows: tuple[tuple[Button, ...], ...] = ()
    typed: Typed = "nothing"
    leaves_nothing: bool = False

    def data_of(self, button: Button) -> str:
        return tap_data(self.number, button.action, button.arg)

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(b for row in self.rows for b in row)


NewsKind = Literal[
    "text",
    "map",
    "history",
    "compare",
    "trend",
    "summary",
    "file",
    "alert",
    "notice",
    "invitation",
    "reminder",
    "take_away",
]


@dataclass(frozen=True, slots=True)
class News:
    """A new message for one account. A picture or document names encounter and result, and is drawn at delivery.

    `body` is JSON: `text` and `buttons` for a text; `encounter` and `number` for what is made from a result, with `before` and
    `before_number` for a comparison, and with `earlier`, encounters and numbers in order of time, for a course.
    """

    account_id: str
    kind: NewsKind
    body: dict[str, Any]
    case_id: str | None = None
    is_protected: bool = False
    is_silent: bool = True
    extra: dict[str, Any] = field(default_factory=dict)

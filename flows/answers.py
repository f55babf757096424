"""The current answers of an interview: what its responses add up to, the latest for an item counting.

Items are named by their path in a case file: `facts.hearing_checked`, `weeks_early`,
`history.PERIOD.adversity.ID`, `history.PERIOD.relational.ID`, `still_happening.ID`, `functions.ID`, `relational_now.ID`,
`safety.ID`. Not sure, skipped and never reached are three different things and all unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

#: What stands in the place of a button's words where an answer was taken over from the encounter before.
PREFILLED = "as recorded before"

ResponseKind = Literal["answer", "not_sure", "skipped", "note", "set_aside", "counted_again", "agreed", "slip"]


@dataclass(frozen=True, slots=True)
class Response:
    """One response as it was given: what was shown, what was tapped or typed, and what it means.

    `value` is a rating 1–12, a factor 0–3, true or false, a text, or `None` where nothing is known. `label` is what stood on
    the button. `is_bulk` marks one of several that a single tap gave.
    """

    item: str
    kind: ResponseKind
    value: int | bool | str | None
    label: str
    text: str
    is_bulk: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What counts for an item now."""

    kind: ResponseKind
    value: int | bool | str | None
    is_bulk: bool = False


@dataclass(slots=True)
class Answers:
    """All current answers of an interview, its notes, and what was set aside."""

    of: dict[str, Answer] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    set_aside: list[str] = field(default_factory=list)

    def take(self, response: Response) -> None:
        """Let one more response count."""
        if response.kind == "note":
            assert response.note is not None
            self.notes.setdefault(response.item, []).append(response.note)
        elif response.kind == "set_aside":
            if response.item not in self.set_aside:
                self.set_aside.append(response.item)
        elif response.kind == "counted_again":
            if response.item in self.set_aside:
                self.set_aside.remove(response.item)
        elif response.kind == "slip":
            self.of.pop(response.item, None)  # tapped by mistake: the question is open again
        else:
            self.of[response.item] = Answer(response.kind, response.value, response.is_bulk)

    def value(self, item: str) -> Any:
        """The known value of an item, `None` where it is unknown for whatever reason."""
        answer = self.of.get(item)
        return None if answer is None or answer.kind != "answer" else answer.value

    def is_reached(self, item: str) -> bool:
        """Whether there is any response, be it not sure or skipped."""
        return item in self.of

    def to_json(self) -> dict[str, Any]:
        return {
            "of": {item: [a.kind, a.value, a.is_bulk] for item, a in self.of.items()},
            "notes": self.notes,
            "set_aside": self.set_aside,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Answers:
        return cls(
            of={item: Answer(kind, value, bulk) for item, (kind, value, bulk) in data["of"].items()},
            notes={item: list(notes) for item, notes in data["notes"].items()},
            set_aside=list(data["set_aside"]),
        )

"""The values a tap steps through on a list, and the words that stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from flows.answers import Answers

ListKind = Literal["hard", "held", "relationships", "safety", "facts"]
#: Values in the order in which taps step through them; "?" is not known. From unanswered a tap sets the first.
CYCLES: dict[str, tuple[str, ...]] = {
    "hard": ("1", "2", "3", "0", "?"),
    "held": ("3", "2", "1", "0", "?"),
    "relationships": ("3", "2", "1", "0", "?"),
    "safety": ("yes", "no"),
    "facts": ("yes", "no", "?"),
    "weeks": tuple(str(n) for n in range(19)),
}
NOT_KNOWN = "?"
YES_NO = {"yes": True, "no": False}


def cycle_of(kind: str, item: str) -> tuple[str, ...]:
    return CYCLES["weeks"] if item == "weeks_early" else CYCLES[kind]


def token_of(answers: Answers, item: str) -> str | None:
    """The present value of an item as a button's value; `None` where it is not answered at all."""
    if not answers.is_reached(item):
        return None
    value = answers.value(item)
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def next_token(cycle: Sequence[str], token: str | None) -> str:
    """What one more tap sets."""
    if token is None or token not in cycle:
        return cycle[0]
    return cycle[(cycle.index(token) + 1) % len(cycle)]


def value_of(token: str) -> int | bool | None:
    """What a button's value means in a case."""
    if token == NOT_KNOWN:
        return None
    return YES_NO[token] if token in YES_NO else int(token)

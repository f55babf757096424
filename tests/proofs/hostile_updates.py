"""Updates that no good Telegram would send, and those it sends all day to whoever it is not meant for."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from tests.proofs.door import edits, person, private, says, taps
from tests.proofs.hostile_words import WORDS

#: Values that stand where another kind of value is meant.
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 2**31, 2**53, 2**63, -(2**63), 10**30, "", "x", "0", "null", [], [[]], {}, {"id": {}},
    [1, 2, 3], {"type": "private"}, "x" * 5000, "\x00", "\ud800", "🙂" * 300, {"a": {"b": {"c": {}}}},
)  # fmt: skip
STRANGERS = range(60_000, 60_300)
LANGUAGES = ("en", "es", "pt-BR", "zh-hans", "x" * 60, "\ud800", "", "en_US.UTF-8", "../es", "ES")
DATA = ("", ".", "..", "1", "1.", "zzz.open", "ffffffffff.open", "1.__init__", "1.open.", "0.open." + "x" * 90, "1.set.٧:x",
        "1.set." + "9" * 50 + ":1", "1.page." + "9" * 60, "\x00.\x00", "1.rate.٧", "-1.open", "1.edit.99999", "1.\ud800", "1.open.\ud800")  # fmt: skip

Update = dict[str, Any]


def hostile_words(dice: random.Random) -> str:
    return dice.choice(list(WORDS.values()))


def from_strangers(dice: random.Random) -> Update:
    """Well-formed, and from somebody who was given no link; or from a group, a channel, a bot."""
    user = dice.choice(STRANGERS)
    kinds: tuple[Callable[[], Update], ...] = (
        lambda: says(user, hostile_words(dice)),
        lambda: says(user, None),
        lambda: edits(user, hostile_words(dice)),
        lambda: taps(user, dice.choice(DATA)),
        lambda: says(user, "/start " + dice.choice(("", "c_", "i_")) + hostile_words(dice)[:80]),
        lambda: says(user, "hello", sender={**person(user), "language_code": dice.choice(LANGUAGES)}),
        lambda: says(user, "hello", sender=person(user, is_bot=True)),
        lambda: says(user, "hello", chat={"id": -user, "type": dice.choice(("group", "supergroup", "channel"))}),
        lambda: taps(user, "1.open", chat={"id": -user, "type": "group"}),
        lambda: _membership(user, dice),
    )
    return dice.choice(kinds)()


def _membership(user: int, dice: random.Random) -> Update:
    chat = private(user) if dice.random() < 0.5 else {"id": -user, "type": "group"}
    member = {"status": dice.choice(("kicked", "member", "left", "administrator", ""))}
    update = says(user, "")
    return {"update_id": update["update_id"], "my_chat_member": {"chat": chat, "new_chat_member": member}}


def broken(dice: random.Random, update: Update) -> Update:
    """A copy with one to three of its values taken out or replaced by something that does not belong there."""
    made = copy.deepcopy(update)
    for _ in range(dice.randint(1, 3)):
        holder, key = _somewhere(dice, made)
        if dice.random() < 0.3:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(dice.choice(JUNK))
        if not made:
            break
    return made


def _somewhere(dice: random.Random, update: Update) -> tuple[dict[str, Any], str]:
    """A place in an update, the deeper ones as likely as the others."""
    places = list(_places(update))
    return dice.choice(places)


def _places(holder: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    found = [(holder, key) for key in holder]
    for value in holder.values():
        if isinstance(value, dict):
            found += _places(value)
    return found


def on_the_wire(dice: random.Random, update: Any) -> bytes:
    """As it is posted: now and then cut off, not UTF-8, or no JSON at all."""
    body = json.dumps(update).encode()
    if dice.random() < 0.01:
        return dice.choice((body[: len(body) // 2], b"\xff" + body, b"", b"[" * 5000, b"NaN", b'"x"', body + b"}"))
    return body

"""Codes and links by brute force: how many guesses are looked at, of one account and of many together."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from datetime import timedelta

from support.walker import Walker

from flows.storage.people import GUESSES_A_MINUTE
from tests.proofs.access_world import World
from tests.proofs.outcome import Outcome

#: What one account may have looked at within the hour that the guesses of a run take: a few slips, and hardly more.
LOOKED_AT_OF_ONE = 20
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def guessing(world: World, *, accounts: int, guesses: int, seed: int = 1) -> Outcome:
    """Guess from one account for an hour, then from many at once; a guess while slowed is not looked at."""
    outcome, dice = Outcome("guessing", seed), random.Random(seed)
    tick = world.clinic.clock.tick
    try:
        world.put_back(world.copies["finished"])
        world.clinic.clock.tick = timedelta(seconds=max(0.1, 3600 / guesses / 4))
        _of_one(world, guesses // 2, dice, outcome)
        world.put_back(world.copies["finished"])
        world.clinic.clock.tick = timedelta(milliseconds=10)
        _of_many(world, accounts, guesses // 2, dice, outcome)
    finally:
        world.clinic.clock.tick = tick
    return outcome


def _guess(dice: random.Random) -> str:
    return dice.choice(("c_", "i_")) + "".join(dice.choices(LETTERS, k=32))


def _is_looked_at(world: World, walker: Walker, dice: random.Random, outcome: Outcome) -> bool:
    """One guess; whether it was held against what is kept."""
    with world.clinic.desk() as desk:
        account = desk.people.account("telegram", walker.address, "en")
        is_slowed = desk.people.is_slowed(account.id)
    walker.command("start", _guess(dice))
    outcome.count("guesses")
    if walker.screen.buttons:
        outcome.wrong.append("a guess let somebody in")
    return not is_slowed


def _of_one(world: World, guesses: int, dice: random.Random, outcome: Outcome) -> None:
    walker = Walker(world.clinic, "7001", "telegram")
    looked_at = sum(_is_looked_at(world, walker, dice, outcome) for _ in range(guesses))
    outcome.count("guesses looked at", looked_at)
    if looked_at > LOOKED_AT_OF_ONE:
        outcome.wrong.append(f"one account had {looked_at} of {guesses} guesses looked at within an hour")


def _of_many(world: World, accounts: int, guesses: int, dice: random.Random, outcome: Outcome) -> None:
    a_minute: Counter[str] = Counter()
    for number in itertools.islice(itertools.cycle(range(accounts)), guesses):
        walker = Walker(world.clinic, str(8000 + number), "telegram")
        if _is_looked_at(world, walker, dice, outcome):
            a_minute[f"{world.clinic.clock.now:%Y-%m-%d %H:%M}"] += 1
    outcome.count("guesses looked at", sum(a_minute.values()))
    for minute, looked_at in a_minute.items():
        if looked_at > GUESSES_A_MINUTE + 1:  # one that began in the minute before
            outcome.wrong.append(f"{looked_at} guesses of {accounts} accounts were looked at in the minute {minute}")

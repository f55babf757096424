"""What can go wrong on the way: scripted faults and seeded storms."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: 429, any other status (5xx with an HTML page, 4xx as JSON), and what happens to the line.
KINDS = ("drop", "applied_but_dropped", "slow", "bad_json", "timeout")
STORM_KINDS = ("429", "500", "502", "504", "drop", "applied_but_dropped", "slow", "bad_json")


@dataclass
class Fault:
    """One scripted fault; `hits` counts the requests it met.

    Attributes
    ----------
    method : method it waits for, ``*`` for any
    kind : a status ("429", "502", "409", …) or one of `KINDS`
    times : how many requests it meets, `None` for all
    chat : only requests for this chat (an answered tap counts for its chat)
    after : matching requests let through first
    applied : the request takes effect although its answer fails
    retry_after : seconds, with 429
    enforce : requests that come before `retry_after` is over meet a 429 too (they are marked ``early`` in any case)
    seconds : how long ``slow`` and ``timeout`` take
    description : words of a 4xx
    """

    method: str
    kind: str
    times: int | None = 1
    chat: int | None = None
    after: int = 0
    applied: bool = False
    retry_after: int = 1
    enforce: bool = False
    seconds: float = 1.0
    description: str = ""
    hits: int = 0
    passed: int = 0
    cancelled: bool = False

    def __post_init__(self) -> None:
        if not (self.kind in KINDS or (self.kind.isdecimal() and 400 <= int(self.kind) <= 599)):
            raise ValueError(f"no fault is called {self.kind!r}: a status from 400 to 599, or one of {KINDS}")
        if self.kind == "applied_but_dropped":
            self.applied = True

    @property
    def status(self) -> int:
        """HTTP status, 0 for what happens to the line."""
        return int(self.kind) if self.kind.isdecimal() else 0

    def cancel(self) -> None:
        """Meet no further request."""
        self.cancelled = True

    def meets(self, method: str, chat: int | None) -> bool:
        """Whether this request gets the fault; counts it."""
        if self.cancelled or (self.times is not None and self.hits >= self.times):
            return False
        if self.method not in ("*", method.lower()) or self.chat not in (None, chat):
            return False
        if self.passed < self.after:
            self.passed += 1
            return False
        self.hits += 1
        return True


class Storm:
    """Faults at random: each method has its own seeded dice, so its n-th request always meets the same.

    Parameters
    ----------
    rate : probability a request, for all methods or by method (``*`` for the others)
    kinds : kinds to choose from
    """

    def __init__(self, rate: float | Mapping[str, float], seed: int, kinds: Sequence[str] = STORM_KINDS) -> None:
        rates = rate if isinstance(rate, Mapping) else {"*": rate}
        self.rates = {name.lower(): chance for name, chance in rates.items()}
        self.seed = seed
        self.kinds = tuple(str(kind) for kind in kinds)
        self.hits = 0
        self._dice: dict[str, random.Random] = {}

    def strike(self, method: str, chat: int | None) -> Fault | None:
        """The fault this request meets, if any."""
        name = method.lower()
        dice = self._dice.setdefault(name, random.Random(f"{self.seed}:{name}"))
        chance, kind, seconds = dice.random(), dice.choice(self.kinds), dice.uniform(0.02, 0.2)
        if chance >= self.rates.get(name, self.rates.get("*", 0.0)):
            return None
        self.hits += 1
        return Fault(name, kind, chat=chat, seconds=seconds, hits=1)


class FaultBook:
    """All faults in force, the holds that 429s leave behind, and the pacing of each chat."""

    def __init__(self, *, strict_pacing: bool = False, burst: int = 20) -> None:
        self.faults: list[Fault] = []
        self.storm: Storm | None = None
        self.strict_pacing = strict_pacing
        self.burst = burst
        self._holds: dict[int | None, tuple[float, bool]] = {}
        self._sent: dict[int, tuple[float, float]] = {}

    def pick(self, method: str, chat: int | None) -> Fault | None:
        """The fault that meets a request: a scripted one, else one of the storm's."""
        for fault in self.faults:
            if fault.meets(method, chat):
                return fault
        return self.storm.strike(method, chat) if self.storm else None

    def hold(self, fault: Fault, now: float) -> None:
        """Remember until when a 429 asks to wait."""
        self._holds[fault.chat] = (now + fault.retry_after, fault.enforce)

    def held(self, chat: int | None, now: float) -> tuple[float, bool]:
        """Seconds left of a 429's wait, and whether it is enforced; (0, False) without one."""
        left = [
            (until - now, enforce) for key in {None, chat} for until, enforce in (self._holds.get(key, (0, False)),)
        ]
        seconds, enforce = max(left)
        return (seconds, enforce) if seconds > 0 else (0.0, False)

    def pace(self, chat: int, now: float) -> int:
        """Seconds to wait before one more message to `chat`: a bucket of `burst` that refills by one a second."""
        if not self.strict_pacing:
            return 0
        level, since = self._sent.get(chat, (0.0, now))
        level = max(0.0, level - (now - since))
        if level + 1 > self.burst:
            return max(1, round(level + 1 - self.burst))
        self._sent[chat] = (level + 1, now)
        return 0

    def clear(self) -> None:
        """No fault any more."""
        self.faults.clear()
        self.storm = None
        self._holds.clear()

"""A clock for tests: it stands still between readings and ticks at each one, so that order shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)


class TickingClock:
    """Gives an aware time that is later at every call.

    Parameters
    ----------
    now : what the first reading comes right after
    tick : how far each reading moves it on
    """

    def __init__(self, now: datetime = START, tick: timedelta = timedelta(seconds=1)) -> None:
        self.now = now
        self.tick = tick
        self.readings = 0

    def __call__(self) -> datetime:
        self.readings += 1
        self.now += self.tick
        return self.now

    def advance(self, **parts: float) -> None:
        """Let time pass: `advance(days=2, hours=1)`."""
        self.now += timedelta(**parts)

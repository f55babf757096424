"""Encounters of one case, from the first screen to the results, by the shortest way."""

from __future__ import annotations

from support.walker import Walker

#: Few functions are asked about at two months.
INFANT = "2026-01-10"


def finished(walker: Walker, *, again: bool = False) -> None:
    """One more encounter of a case, from its beginning to its results."""
    if again:
        walker.tap("Back")
        walker.tap("Reassess")
    walker.fill_until("Review")
    walker.tap("Finish")
